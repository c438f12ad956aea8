"""The demo office: made once, the same every time, never into somebody's data; its pages work for every role."""

import datetime as dt
import hashlib
import io
import re
import zipfile
from collections import Counter
from decimal import Decimal
from io import StringIO

import openpyxl
import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agency, AuditEntry, Mail, Role, Unit, User
from accounts.views import DEMO_PASSWORD
from plans.models import Indicator, Period, TaskFocus
from plans.numbers import round_half_up
from plans.targets import Status
from scoring.demo import files, seed
from scoring.demo.clock import at, moment
from scoring.demo.removal import remove_demo
from scoring.models import LeafScore, PeerScore, Scorecard, ScorecardEvent
from scoring.scorecards import compute, survey_estimate
from tasks.consolidation import consolidate, previous_values
from tasks.models import (
    Answer,
    Document,
    Evidence,
    Explanation,
    Report,
    StoredFile,
    Transition,
)
from tasks.reminders import plan_reminders
from tasks.states import State

TODAY = dt.datetime(2026, 9, 16, 10, tzinfo=timezone.get_default_timezone())
LINE = "seed_demo: 1 agency, 2 plans, 393 reports, 26 people, 5 files"
PAGES = 40  # a role's crawl


def run(*args):
    out = StringIO()
    call_command("seed_demo", *args, stdout=out)
    return out.getvalue().splitlines()


def digest():
    """Everything a visitor can tell two demo offices apart by, without the database's own numbers."""
    rows = [
        Report.objects.values_list(
            "period__plan__code",
            "period__year",
            "unit__code",
            "task__code",
            "state",
            "text",
            "difficulties",
            "first_submitted_at",
            "submitted_at",
            "accepted_at",
            "is_late",
            "extended_to",
            "released_at",
            "assignee__email",
            "updated_at",
        ),
        Answer.objects.values_list(
            "report__period__year",
            "report__unit__code",
            "indicator__code",
            "state",
            "numerator",
            "denominator",
            "amount",
            "holds",
            "document__number",
            "document__issued_on",
            "reason",
        ),
        Transition.objects.values_list(
            "report__period__year",
            "report__unit__code",
            "report__task__code",
            "action",
            "at",
            "actor_name",
            "acted_as",
            "reason",
            "basis",
        ),
        Document.objects.values_list("number", "issued_on", "issuer", "subject", "unit__code"),
        StoredFile.objects.values_list("name", "sha256", "size", "content_type"),
        User.objects.values_list("email", "name", "unit__code", "is_head", "is_coordinator"),
        Mail.objects.values_list("to", "subject", "state", "created_at"),
        AuditEntry.objects.values_list("action", "at", "actor_name", "changes"),
        LeafScore.objects.values_list(
            "scorecard__year", "criterion__code", "override", "appraised_1", "appraised", "survey"
        ),
        ScorecardEvent.objects.values_list("scorecard__year", "action", "at", "actor_name"),
        Explanation.objects.values_list("code", "unit__code", "state", "answer"),
    ]
    text = "\n".join(sorted(repr(row) for table in rows for row in table))
    return hashlib.sha256(text.encode()).hexdigest()


class Demo(TestCase):
    @classmethod
    def setUpTestData(cls):
        with time_machine.travel(TODAY, tick=False):
            cls.lines = run()
        cls.agency = Agency.objects.get()
        cls.plan = cls.agency.plans.get(code="KH-CCHC-2026")

    def setUp(self):
        travel = time_machine.travel(TODAY, tick=False)
        travel.start()
        self.addCleanup(travel.stop)

    def reports(self, year):
        return Report.objects.filter(period__year=year, period__is_history=False)

    def period(self, year):
        return Period.objects.get(year=year, is_history=False)

    def test_one_last_line(self):
        assert self.lines == [LINE]
        assert self.agency.is_demo

    def test_2019_is_complete_and_closed(self):
        assert self.period(2019).is_closed()
        assert Counter(self.reports(2019).values_list("state", flat=True)) == {"accepted": 131}
        assert 0 < self.reports(2019).filter(is_late=True).count() < 30
        results = consolidate(self.period(2019)).values()
        assert all(result.complete and result.value.reported for result in results)

    def test_2020_is_closed_with_gaps(self):
        assert self.period(2020).is_closed()
        states = Counter(self.reports(2020).values_list("state", flat=True))
        assert set(states) == set(State)
        assert states["accepted"] > 90
        returned = Transition.objects.filter(report__period__year=2020, action="return")
        assert all(returned.values_list("reason", flat=True))

    def test_this_year_is_in_the_middle_of_its_season(self):
        period = self.period(2026)
        assert (period.due_before - timezone.localdate()).days == 14
        assert not period.is_closed()
        reports = self.reports(2026)
        assert reports.count() == 131
        states = Counter(reports.values_list("state", flat=True))
        assert set(states) == set(State)
        sent = states["submitted"] + states["accepted"]
        assert 0.5 < sent / 131 < 0.6
        drafts = reports.filter(state=State.DRAFT)
        assert drafts.filter(handed_up_at__isnull=False).exists()
        assert reports.filter(released_at__isnull=False).count() == 1
        reopened = reports.get(extended_to__isnull=False)
        assert reopened.extended_to >= timezone.localdate()
        assert not reports.filter(is_late=True).exists()
        assert Transition.objects.filter(report__in=reports, action="hand_back").exists()

    def test_history_is_in_order_and_past(self):
        for report in self.reports(2026).prefetch_related("transitions"):
            state, last = State.NOT_STARTED, None
            for move in report.transitions.all():
                assert move.from_state == state
                assert last is None or move.at >= last
                assert move.at < TODAY
                state, last = move.to_state, move.at
            assert state == report.state
        assert not AuditEntry.objects.filter(at__gte=TODAY).exists()
        assert not Document.objects.filter(issued_on__gt=TODAY.date()).exists()

    def test_targets_that_are_missed_are_seen(self):
        for year in (2019, 2026):
            period = self.period(year)
            results = {r.indicator.code: r for r in consolidate(period).values()}
            postal, pleased = results["8.2-a"], results["8.3-a"]
            assert float(postal.value.ratio) == 0.098
            assert postal.verdict.status is Status.NOT_MET
            assert "cần thêm 3 hồ sơ" in postal.verdict.missing
            assert float(pleased.value.ratio) == 0.91
            assert pleased.verdict.status is Status.MET
            assert postal.complete and pleased.complete
        assert Answer.objects.filter(state="not_arising").exclude(reason="").count() > 3

    def test_the_year_before_has_its_figure(self):
        for year in (2019, 2026):
            period = self.period(year)
            indicator = Indicator.objects.get(task__area__plan=period.plan, code="7.3-b")
            assert previous_values(period, [indicator])["7.3-b"].ratio is not None

    def test_scorecards_from_draft_to_publication(self):
        cards = {card.year: card for card in self.agency.scorecards.all()}
        assert sorted(cards) == [2019, 2020, 2025, 2026]
        assert {cards[year].state for year in (2019, 2020, 2025)} == {"published"}
        assert cards[2026].state == "draft"
        assert not ScorecardEvent.objects.filter(at__gte=TODAY).exists()
        steps = [event.to_state for event in cards[2019].events.all()]
        assert list(dict.fromkeys(steps)) == list(Scorecard.State.values)
        assert {one.state for one in Explanation.objects.all()} == {"taken"}
        for year, card in cards.items():
            found = compute(Period.objects.filter(year=year).first(), card.criteria_set)
            if year < 2026:
                assert round_half_up(found.total, 2) == card.published_index
                others = PeerScore.objects.filter(year=year)
                above = sum(other.index > card.published_index for other in others)
                assert card.ranked_agencies == others.count() + 1
                assert card.published_rank == above + 1
            else:
                assert survey_estimate(found) is not None
        assert cards[2025].published_index == Decimal("78.35")

    def test_what_the_province_took_is_the_running_plans_focus(self):
        assert set(TaskFocus.objects.filter(year=2026).values_list("task__code", flat=True)) == {
            "1.4",
            "8.2",
        }

    def test_people_of_every_unit_and_role(self):
        for role in Role:
            assert User.objects.with_role(role).exists()
        owing = Unit.objects.filter(reports__isnull=False).distinct()
        assert owing.count() == 10
        for unit in owing:
            assert unit.people.filter(is_head=True).exists(), unit
            assert unit.people.filter(is_reporter=True).exists(), unit
        first = list(User.objects.order_by("pk")[:3])
        assert [user.roles_text for user in first] == [
            "Trưởng đơn vị, Văn phòng Sở",
            "Lãnh đạo Sở",
            "Quản trị",
        ]
        deputies = Unit.objects.filter(deputy_director__isnull=False)
        assert deputies.count() > 2
        assert all(unit.deputy_director.is_leader for unit in deputies)

    def test_the_sign_in_page_lists_accounts_that_work(self):
        page = self.client.get(reverse("sign_in")).content.decode()
        assert DEMO_PASSWORD in page
        emails = re.findall(r"[\w.]+@sgddt\.example", page)
        assert emails[0] == "vp.chanhvanphong@sgddt.example"
        assert len(set(emails)) == 26
        answer = self.client.post(
            reverse("sign_in"), {"username": emails[0], "password": DEMO_PASSWORD}
        )
        assert answer.status_code == 302

    def test_nothing_waits_in_the_outbox_and_no_past_day_bursts_out(self):
        assert Mail.objects.exists()
        assert not Mail.objects.exclude(state=Mail.State.SENT).exists()
        steps = {
            told.step.day for m in plan_reminders(self.agency, TODAY.date()) for told in m.told
        }
        assert steps <= {TODAY.date()}

    def test_files_are_real(self):
        assert StoredFile.objects.count() == 5
        kinds = Counter(StoredFile.objects.values_list("content_type", flat=True))
        assert len(kinds) == 4
        assert Evidence.objects.filter(indicator__isnull=False).count() == 5
        book = openpyxl.load_workbook(io.BytesIO(files.xlsx([["Tên", 12]])))
        assert [c.value for c in book.active[1]] == ["Tên", 12]
        with zipfile.ZipFile(io.BytesIO(files.docx(["Điều 1"]))) as word:
            assert "Điều 1" in word.read("word/document.xml").decode()

    def test_pages_answer_for_every_role(self):
        for address in (
            "vp.chanhvanphong",
            "giamdoc",
            "vp.quantri",
            "tccb.truongphong",
            "cttt.chuyenvien",
            "dvtt1.thutruong",
        ):
            user = User.objects.get(email=f"{address}@sgddt.example")
            self.client.force_login(user)
            seen, waiting = set(), ["/"]
            while waiting and len(seen) < PAGES:
                url = waiting.pop(0)
                if url in seen:
                    continue
                seen.add(url)
                answer = self.client.get(url, follow=True)
                assert answer.status_code == 200, (address, url)
                if "text/html" not in answer.headers["Content-Type"]:
                    continue
                links = re.findall(r'href="(/[^"#]*)"', answer.content.decode())
                waiting += [
                    link.replace("&amp;", "&") for link in links if not link.startswith("/static/")
                ]
            assert len(seen) > 4, address

    def test_again_by_force_is_the_same_and_leaves_real_agencies_alone(self):
        before = digest()
        real = Agency.objects.create(code="SNV", name="Sở Nội vụ")
        unit = Unit.objects.create(agency=real, code="VP", name="Văn phòng")
        person = User.objects.create_user("vp@snv.example", name="Người thật", unit=unit)
        assert run("--force") == [LINE]
        assert Agency.objects.filter(is_demo=True).count() == 1
        person.refresh_from_db()
        assert Agency.objects.get(pk=real.pk).is_demo is False
        person.delete()
        assert digest() == before

    def test_not_without_force(self):
        with pytest.raises(CommandError, match="đã có dữ liệu"):
            run()


@pytest.mark.django_db
class TestRefused:
    def test_where_an_agency_is(self):
        Agency.objects.create(code="SNV", name="Sở Nội vụ")
        with pytest.raises(CommandError, match="đã có dữ liệu"):
            run()
        assert not User.objects.get_queryset().exists()

    def test_where_an_operator_is(self):
        User.objects.create_superuser("root@example.vn", "x")
        with pytest.raises(CommandError, match="đã có dữ liệu"):
            run()

    def test_a_real_agency_is_never_replaced(self):
        real = Agency.objects.create(code="SGDDT", name="Sở Giáo dục và Đào tạo")
        with pytest.raises(CommandError, match="là cơ quan thật"):
            run("--force")
        assert Agency.objects.get() == real
        with pytest.raises(ValueError, match="no demo"):
            remove_demo(real)


@pytest.mark.django_db
@time_machine.travel(dt.datetime(2027, 12, 28, 10, tzinfo=dt.UTC), tick=False)
def test_at_the_end_of_a_year_the_date_lies_in_the_next():
    """Such a date no plan's file can say."""
    seed()
    period = Period.objects.get(year=2027)
    assert period.due_before == dt.date(2028, 1, 11)
    assert period.closes_on > period.due_before
    assert not period.is_closed()


def test_the_clock_stops_and_goes_on():
    before = timezone.now()
    past = moment(dt.date(2019, 11, 15), 16, 20)
    with at(past):
        assert timezone.now() == past
        assert timezone.localdate() == dt.date(2019, 11, 15)
    assert timezone.now() >= before
