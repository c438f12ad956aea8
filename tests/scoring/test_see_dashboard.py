"""The overview of a period: what each role sees, its figures against a count by hand, filters, where it leads."""

import datetime as dt
import random
import re

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Unit
from plans.models import Task
from tasks import services
from tasks.consolidation import consolidate
from tasks.models import Report
from tasks.states import OWED, State
from tests.tasks.review_office import REASON, TODAY, ReviewOffice

pytestmark = pytest.mark.django_db
URL = "/tong-quan/"


@pytest.fixture(autouse=True)
def in_november():
    with time_machine.travel(TODAY):
        yield


@pytest.fixture
def office():
    """Reports in every state, some of them late, one released, one retired."""
    office = ReviewOffice()
    office.accept("VP", "1.1", numerator=8, denominator=10)
    office.accept("TCCB", "2.1", numerator=9, denominator=10)
    office.send("KHTC", "2.1", at=TODAY - dt.timedelta(days=4))
    returned = office.send("TTRA", "2.1")
    services.send_back(report=returned, by=office.actor("office"), reason=REASON)
    office.fill("KHTC", "2.2")
    for unit, column in (("TTRA", "released_at"), ("TCCB", "retired_at")):
        Report.objects.filter(pk=office.reports[unit, "2.2"].pk).update(**{column: TODAY})
    return office


@pytest.fixture
def client(client, office):
    return office.sign_in(client, "office")


def seen(client, **query):
    return client.get(URL, query).context["seen"]


def main(client, **query):
    answer = client.get(URL, query)
    assert answer.status_code == 200
    return answer.content.decode().split("<main", 1)[1].split("</main>")[0]


# -- Who -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status", "home"),
    [
        ("office", 200, "/tong-quan/"),
        ("chief", 200, "/tong-quan/"),
        ("leader", 200, "/tong-quan/"),
        ("head", 403, "/viec/"),
        ("officer", 403, "/viec/"),
        ("administrator", 403, "/ke-hoach/"),
    ],
)
def test_each_role_has_its_home(client, office, name, status, home):
    office.sign_in(client, name)
    assert client.get(URL).status_code == status
    assert client.get("/").url == home


def test_another_agencys_period_is_not_shown(client, office):
    stranger = ReviewOffice("SNV")
    stranger.accept("TCCB", "2.1")
    answer = client.get(URL, {"ky": stranger.period.pk})
    assert answer.context["period"] == office.period
    assert "SNV" not in answer.content.decode()


def test_leaders_page_has_no_controls(client, office):
    report = office.reports["TCCB", "2.1"]
    Report.objects.filter(pk=report.pk).update(difficulties="Đường truyền chậm")
    office.sign_in(client, "leader")
    page = main(client)
    assert "<form" not in page and "<select" not in page and "<button" not in page
    assert "Cần Lãnh đạo Sở quan tâm" in page
    assert "cần thêm 1 hồ sơ để đạt 90%" in page  # what blocks
    assert "Đường truyền chậm" in page
    assert "/duyet/" not in page
    # Filters of an address that somebody sent on do not narrow it without showing so.
    assert seen(client, **{"don-vi": "VP"}).total == seen(client).total


def test_chief_sees_what_the_own_unit_owes(client, office):
    office.sign_in(client, "chief")
    assert client.get(URL).context["own_owed"] == 1
    assert "còn 1 báo cáo phải gửi" in main(client)
    office.sign_in(client, "office")
    assert client.get(URL).context["own_owed"] == 0


# -- Figures -------------------------------------------------------------------------------------


def by_hand(period, today, wanted=lambda report: True):
    """The same figures counted one report at a time."""
    found = {"total": 0, "sent": 0, "owed": 0, "late": 0, "overdue": 0, "released": 0}
    for report in period.reports.select_related("unit", "task__area", "period"):
        if report.retired_at:
            continue
        if report.released_at:
            found["released"] += wanted(report)
            continue
        if not wanted(report):
            continue
        found["total"] += 1
        found["sent"] += report.state in {"submitted", "accepted"}
        found["owed"] += report.state in OWED
        found["late"] += report.is_late
        found["overdue"] += report.is_overdue(today)
    return found


def shuffle(office):
    """A larger period in a random state, the same every time."""
    chance = random.Random(2019)
    office.grow()
    for report in office.period.reports.all():
        state = chance.choice(list(State))
        sent = state in {State.SUBMITTED, State.ACCEPTED, State.RETURNED}
        Report.objects.filter(pk=report.pk).update(
            state=state,
            first_submitted_at=TODAY if sent else None,
            submitted_at=TODAY if sent else None,
            is_late=sent and chance.random() < 0.3,
            released_at=TODAY if chance.random() < 0.1 else None,
            retired_at=TODAY if chance.random() < 0.1 else None,
            extended_to=dt.date(2019, 12, 15) if chance.random() < 0.1 else None,
        )


@pytest.mark.parametrize("day", [13, 20, 30])
def test_figures_agree_with_a_count_by_hand(client, office, day):
    shuffle(office)
    with time_machine.travel(TODAY.replace(day=day)):
        office.sign_in(client, "office")
        today = dt.date(2019, 11, day)
        found = seen(client)
        names = ("total", "sent", "owed", "late", "overdue", "released")
        assert {name: getattr(found, name) for name in names} == by_hand(office.period, today)
        for unit in Unit.objects.filter(agency=office.agency):
            one = seen(client, **{"don-vi": unit.code})
            wanted = by_hand(office.period, today, lambda r, u=unit: r.unit_id == u.pk)
            assert {name: getattr(one, name) for name in names} == wanted
        in_area = seen(client, **{"linh-vuc": "2"})
        wanted = by_hand(office.period, today, lambda r: r.task.area.code == "2")
        assert {name: getattr(in_area, name) for name in names} == wanted


def test_filters_by_state_and_lateness(client, office):
    shuffle(office)
    with time_machine.travel(TODAY.replace(day=25)):
        office.sign_in(client, "office")
        live = [r for r in office.period.reports.select_related("period") if not r.released_at]
        live = [r for r in live if not r.retired_at]
        for state in State:
            assert set(seen(client, **{"trang-thai": state}).counts) <= {state}
            assert seen(client, **{"trang-thai": state}).total == sum(
                r.state == state for r in live
            )
        late = seen(client, **{"trang-thai": "late"})
        assert late.total == sum(r.is_late or r.is_overdue() for r in live)


def test_days_to_the_date(client, office):
    for day, words in ((18, "1 ngày"), (19, "Hôm nay"), (20, "Quá hạn")):
        with time_machine.travel(TODAY.replace(day=day)):
            office.sign_in(client, "leader")
            assert f'<span class="stat-tile-value">{words}</span>' in main(client)


def test_who_is_behind_most_first(client, office):
    with time_machine.travel(TODAY.replace(day=25)):
        office.sign_in(client, "office")
        rows = [(r.unit.code, r.owed, r.overdue) for r in seen(client).behind]
    assert rows == [("VP", 1, 1), ("KHTC", 1, 1), ("TTRA", 1, 1)]


def test_waiting_longest_first(client, office):
    later = office.send("VP", "1.2", at=TODAY - dt.timedelta(days=1))
    waiting = client.get(URL).context["waiting"]
    assert [(cell.pk, days) for cell, days in waiting] == [
        (office.reports["KHTC", "2.1"].pk, 4),
        (later.pk, 1),
    ]


def test_bars_are_the_whole_agencys_results(client, office):
    answer = client.get(URL)
    results = consolidate(office.period).values()
    for row in answer.context["bars"]:
        code = row["label"].split(".")[0]
        of_area = [r for r in results if r.indicator.task.area.code == code]
        assert row["total"] == len(of_area) == sum(part["count"] for part in row["parts"])
        counts = {part["css"]: part["count"] for part in row["parts"]}
        assert counts["is-met"] == sum(r.verdict.status == "met" for r in of_area)
        assert counts["is-not-met"] == sum(r.verdict.status == "not_met" for r in of_area)
    found = answer.context["seen"]
    assert (found.met, found.not_met) == (1, 1)
    # A filter by unit narrows the reports, not the figures of the whole Sở.
    assert seen(client, **{"don-vi": "KHTC"}).met == 1


# -- The matrix ----------------------------------------------------------------------------------


def cells(page):
    """href -> class and text of every linked cell."""
    found = re.findall(r'<a class="(matrix-cell[^"]*)" href="([^"]+)"[^>]*>(.*?)</a>', page)
    return {
        href.replace("&amp;", "&"): (css, re.sub(r"<[^>]+>", "", text)) for css, href, text in found
    }


def test_every_cell_leads_somewhere_its_reader_may_go(client, office):
    for name in ("office", "leader"):
        office.sign_in(client, name)
        links = cells(main(client))
        assert len(links) > 6
        for href in links:
            assert client.get(href).status_code == 200, (name, href)


def test_cells_of_areas_agree_with_their_lists(client, office):
    shuffle(office)
    for href, (_css, text) in cells(main(client)).items():
        if href.startswith("/bao-cao/?"):
            listed = client.get(href).context["page"].paginator.object_list
            live = [report for report in listed if not report.released_at]
            accepted, total = re.match(r"(\d+)/(\d+)", text).groups()
            assert (int(accepted), int(total)) == (
                sum(report.state == "accepted" for report in live),
                len(live),
            )


def test_cell_takes_the_look_of_what_is_most_in_the_way(client, office):
    links = cells(main(client))
    for unit, css, words in (
        ("VP", "is-not-started", "1/2 đã duyệt; 1 đã duyệt, 1 chưa bắt đầu"),
        ("KHTC", "is-draft", "0/2 đã duyệt; 1 chờ duyệt, 1 đang soạn"),
        ("TTRA", "is-returned", "0/1 đã duyệt; 1 bị trả lại"),
        ("TCCB", "is-accepted", "1/1 đã duyệt; 1 đã duyệt"),
    ):
        area = "1" if unit == "VP" else "2"
        href = f"/bao-cao/?ky={office.period.pk}&linh-vuc={area}&don-vi={unit}"
        assert links[href] == (f"matrix-cell {css}", words)


def test_late_is_said_in_words_too(client, office):
    with time_machine.travel(TODAY.replace(day=25)):
        office.sign_in(client, "office")
        links = cells(main(client))
    href = f"/duyet/{office.reports['KHTC', '2.2'].pk}/"
    assert links[href] == ("matrix-cell is-draft is-late", "Đang soạn, trễ hạn")


def test_tasks_open_by_address(client, office):
    area1 = office.tasks["1.1"].area_id
    area2 = office.tasks["2.1"].area_id

    def hidden(page):
        return {int(pk) for pk in re.findall(r'<tbody id="nhiem-vu-(\d+)" hidden>', page)}

    assert hidden(main(client)) == {area1, area2}
    assert hidden(main(client, mo="2")) == {area1}
    assert hidden(main(client, mo="tat-ca")) == set()
    assert hidden(main(client, **{"trang-thai": "draft"})) == set()


def test_names_are_escaped(client, office):
    Task.objects.filter(code="2.1").update(title='<b>"A" & B</b>')
    Unit.objects.filter(pk=office.units["KHTC"].pk).update(code="K&H'", name="<i>x</i>")
    page = main(client)
    assert "<b>" not in page and "<i>" not in page
    for href in cells(page):
        assert client.get(href).status_code == 200


# -- Filters, parts ------------------------------------------------------------------------------


def test_filters_stay_in_the_address(client, office):
    page = main(client, **{"don-vi": "KHTC", "linh-vuc": "2"})
    assert '<option value="KHTC" selected>' in page
    assert "Bỏ lọc" in page
    query = f"ky={office.period.pk}&amp;linh-vuc=2&amp;don-vi=KHTC"
    assert f"/bao-cao/?{query}&amp;trang-thai=accepted" in page
    assert len(seen(client, **{"don-vi": "KHTC"}).all_units) == 4  # all may still be chosen


def test_htmx_gets_the_part_alone_and_caches_keep_it_apart(client):
    whole = client.get(URL)
    part = client.get(URL, headers={"HX-Request": "true"})
    assert b"<html" in whole.content and b"<html" not in part.content
    assert b'id="overview-subtitle" hx-swap-oob' in part.content
    assert "HX-Request" in whole["Vary"] and "HX-Request" in part["Vary"]


def test_no_filter_matches(client):
    page = main(client, **{"don-vi": "LD"})
    assert "Không có báo cáo nào khớp bộ lọc" in page


# -- Nothing yet ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["office", "leader"])
def test_no_period_open_says_what_to_do(client, name):
    empty = ReviewOffice("SNV", opened=False)
    empty.sign_in(client, name)
    page = main(client)
    assert "Chưa có kỳ báo cáo nào được mở" in page
    link = reverse("period_open", args=[empty.plan.pk])
    assert (link in page) is (name == "office")


def test_no_plan_says_what_to_do(client):
    empty = ReviewOffice("SNV", opened=False)
    empty.plan.delete()
    empty.sign_in(client, "office")
    assert "import_plan" in main(client)


def test_closed_period_says_so(client, office):
    with time_machine.travel(dt.datetime(2020, 1, 6, 8, tzinfo=TODAY.tzinfo)):
        office.sign_in(client, "office")
        page = main(client)
    assert "Năm 2019 đã khóa" in page


# -- Cost ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["office", "chief", "leader"])
def test_queries_do_not_grow(client, office, name):
    office.sign_in(client, name)
    with CaptureQueriesContext(connection) as before:
        client.get(URL)
    office.grow()
    with CaptureQueriesContext(connection) as after:
        client.get(URL)
    assert len(after) == len(before) <= 16
