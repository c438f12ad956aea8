"""Points at risk as pages: what is missing, who holds it, by unit and area; one order with to-do list and mail (R30)."""

import datetime as dt
from fractions import Fraction

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from made_results import ScoringOffice, load, make_year

from accounts.models import Unit, User
from plans.models import TaskFocus
from plans.numbers import show_number
from scoring.frozen import freeze
from scoring.models import Scorecard
from scoring.risk import risks_of
from scoring.scorecards import compute
from scoring.stakes import write_stakes
from tasks.models import Report
from tasks.reminders import plan_reminders

NOW = dt.datetime(2019, 11, 13, 9, tzinfo=timezone.get_default_timezone())
TODAY = NOW.date()


def pair(top, whole):
    return {"numerator": str(top), "denominator": str(whole)}


def report(unit, task, state="accepted", **values):
    return {"unit": unit, "task": task, "state": state, "values": values}


RESULTS = {
    "reports": [
        report("VP", "1.2", **{"1.2-a": pair(92, 100), "1.2-b": {"value": "2"}}),
        report("VP", "1.3", "submitted", **{"1.3-a": pair(4, 5)}),
        report("VP", "8.2", **{"8.2-a": pair(9, 100)}),
        report("TCCB", "4.1", **{"4.1-a": {"value": False}}),
        report("TCCB", "4.2", "submitted"),
        report("TCCB", "4.3", "returned", **{"4.3-a": pair(4, 4)}),
    ],
    "scores": [],
    "adjustments": [],
}


@pytest.fixture
def office(db, tmp_path):
    with time_machine.travel(NOW):
        office = ScoringOffice(tmp_path, load("plan-2019-2020.yaml"), load("criteria-sample.yaml"))
        office.put(RESULTS)
        leaders = Unit.objects.create(agency=office.agency, code="LD", name="Lãnh đạo Sở", order=99)
        office.people = {
            role: User.objects.create_user(
                f"{role}@example.vn", name=f"Họ {role}", unit=unit, roles=[role]
            )
            for role, unit in (
                ("coordinator", office.units["VP"]),
                ("leader", leaders),
                ("head", office.units["TCCB"]),
            )
        }
        yield office


@pytest.fixture
def see(client, office):
    def seen(name="risk_list", role="coordinator", **query):
        client.force_login(office.people[role], backend="accounts.backends.EmailBackend")
        answer = client.get(reverse(name), {k.replace("_", "-"): v for k, v in query.items()})
        assert answer.status_code == 200, answer.status_code
        return answer

    return seen


def text_of(answer):
    return " ".join(answer.content.decode().split())


def found(office, **more):
    return risks_of(compute(office.period, office.sets[0]), on=TODAY, **more)


def codes(risks):
    return [row.leaf.criterion.code for row in risks.rows]


# -- By area, by unit ----------------------------------------------------------------------------


def test_every_leaf_belongs_to_the_areas_of_its_tasks(office):
    risks = found(office)
    by_area = {tally.code: tally for tally in risks.by_area}
    assert set(by_area) >= {"1", "4", "8"}
    assert (
        sum(tally.to_win for tally in risks.by_area) == risks.to_win
    )  # each leaf of one area here
    assert sum(tally.winnable for tally in risks.by_area) == risks.winnable
    of_4 = [row for row in risks.rows if [area.code for area in row.areas] == ["4"]]
    assert (by_area["4"].leaves, by_area["4"].winnable) == (
        len(of_4),
        sum(row.winnable for row in of_4),
    )


def test_points_of_no_task_have_a_line_of_their_own(office, see):
    office.sets[0].criteria.filter(code="1.2.1").update(rule={"type": "manual"})
    tally = next(t for t in found(office).by_area if not t.code)
    assert (tally.leaves, tally.to_win) == (1, Fraction(3, 2))
    page = text_of(see())
    assert "Không thuộc nhiệm vụ nào của kế hoạch" in page
    assert "Văn phòng Sở chấm điểm" in page


def test_the_list_can_be_narrowed_to_an_area_and_to_a_unit(office, see):
    area = office.indicators["4.1-a"].task.area
    some = found(office, area=area)
    assert some.rows
    assert set(codes(some)) < set(codes(found(office)))
    assert all(area in row.areas for row in some.rows)
    assert see(linh_vuc="4").context["risks"].to_win == some.to_win
    both = see(linh_vuc="4", don_vi="TCCB").context["risks"]
    assert both.rows
    assert all(
        any(r.unit.code == "TCCB" for r in row.holders) or not row.holders for row in both.rows
    )
    assert codes(see(linh_vuc="không có").context["risks"]) == codes(found(office))


# -- Who holds it -------------------------------------------------------------------------------


def test_each_holder_is_a_link_that_the_reader_may_follow(client, office, see):
    for role in ("coordinator", "leader"):
        page = see(role=role)
        addresses = {
            part.split('"')[0]
            for part in page.content.decode().split('<span class="cell-line"><a href="')[1:]
        }
        assert addresses
        for address in sorted(addresses)[:12]:
            assert client.get(address).status_code == 200, (role, address)


def test_a_leaf_has_its_page_once_the_year_s_card_has_begun(office, see):
    assert "/tieu-chi/" not in text_of(see())
    card = Scorecard.objects.create(agency=office.agency, year=2019, criteria_set=office.sets[0])
    address = reverse("leaf_detail", args=[card.pk, "4.1.1"])
    assert address in text_of(see())
    # Its page is the office's and the leaders'; a unit's people are not sent to a locked door.
    assert "/tieu-chi/" not in text_of(see("unit_risks", role="head"))


def test_what_was_sent_can_win_nothing_more_and_says_so(office, see):
    card = Scorecard.objects.create(agency=office.agency, year=2019, criteria_set=office.sets[0])
    assert found(office).winnable > 0
    card.sent = freeze(compute(office.period, office.sets[0]))
    card.state, card.sent_number, card.sent_on = "sent", "1/BC", TODAY
    card.save()
    assert found(office).winnable == 0
    assert "đã gửi tỉnh" in text_of(see())


# -- The unit's own page ------------------------------------------------------------------------


def test_a_unit_sees_its_own_reports_with_what_waits_for_each(office, see):
    page = see("unit_risks", role="head")
    owed = page.context["owed"]
    assert {one.report.unit.code for one in owed} == {"TCCB"}
    assert "4.3" in [one.report.task.code for one in owed]  # returned: owed again
    assert [one.report.task.code for one in page.context["waiting"]] == ["4.2"]
    text = text_of(page)
    for one in owed:
        assert reverse("report_form", args=[one.report.pk]) in text
        assert one.stake == sum(
            row.winnable for row in found(office).rows if one.report in row.holders
        )
    assert "Đã gửi, chờ Văn phòng Sở duyệt" in text
    # Accepted with «no»: nothing of it is the unit's to do any more.
    assert "4.1" not in [one.report.task.code for one in owed]


def test_to_do_list_reminder_and_this_page_have_one_order(office, see):
    unit = office.units["TCCB"]
    # A report with a new date, and one that no points wait for, are in their places too.
    late = Report.objects.get(period=office.period, unit=unit, task__code="5.2")
    Report.objects.filter(pk=late.pk).update(extended_to=dt.date(2019, 11, 25))
    write_stakes(office.period, on=TODAY)
    risk = [one.report.pk for one in see("unit_risks", role="head").context["owed"]]
    todo = list(see("todo", role="head").context["owed"])
    assert [one.pk for one in todo if one.pk in set(risk)] == risk
    assert len(risk) > 5
    assert all(not one.stake for one in todo if one.pk not in set(risk))
    stakes = [one.stake for one in todo if one.pk in set(risk) and one.pk != late.pk]
    assert stakes == sorted(stakes, reverse=True)
    assert len(set(stakes)) > 2
    (mail,) = [m for m in plan_reminders(office.agency, TODAY) if m.user == office.people["head"]]
    mailed = [item.thing.pk for item in mail.items if item.thing.pk in set(risk)]
    assert mailed == risk


def test_the_points_of_the_list_are_those_of_the_page(office, see):
    write_stakes(office.period, on=TODAY)
    page = see("unit_risks", role="head").context["owed"]
    stored = dict(Report.objects.values_list("pk", "stake"))
    for one in page:
        assert abs(Fraction(stored[one.report.pk] or 0) - one.stake) <= Fraction(1, 20_000)


# -- Focus --------------------------------------------------------------------------------------


def focus(office, criterion, task="4.1"):
    task = office.indicators[f"{task}-a"].task
    TaskFocus.objects.create(task=task, year=2019, criterion=criterion, text=f"Vì {criterion}.")


def test_last_year_s_lost_points_are_marked_at_their_leaf(office, see):
    focus(office, "1.2.1", "1.2")
    page = text_of(see())
    assert page.count("Vì 1.2.1.") == 1
    assert "Trọng tâm 2019" in page
    assert see().context["focus"].keys() == {office.sets[0].criteria.get(code="1.2.1").pk}


def test_an_old_code_is_followed_and_an_unknown_one_stands_at_the_whole_task(office, see):
    focus(office, "CU.7", "1.2")
    here = {row.pk for row in office.sets[0].criteria.filter(code__in=["1.2.1", "1.2.2"])}
    assert see().context["focus"].keys() == here
    office.sets[0].criteria.filter(code="1.2.2").update(old_codes=["CU.7"])
    (only,) = see().context["focus"]
    assert only == office.sets[0].criteria.get(code="1.2.2").pk


# -- Cost ---------------------------------------------------------------------------------------


def test_queries_do_not_grow(client, office, see):
    def count(name, role, **query):
        client.force_login(office.people[role], backend="accounts.backends.EmailBackend")
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(name), query).status_code == 200
        return len(captured)

    def all_of():
        return [
            count("risk_list", "coordinator"),
            count("risk_list", "leader", **{"don-vi": "TCCB", "linh-vuc": "4"}),
            count("unit_risks", "head"),
        ]

    all_of()
    few = all_of()
    results, history, proofs = make_year(
        7, load("plan-2019-2020.yaml"), load("criteria-sample.yaml")
    )
    office.put(results, history, proofs)
    for code in ("1.2.1", "4.1.1", "8.1.3"):
        focus(office, code)
    assert all_of() == few
    assert max(few) <= 24


# -- What may be lost ----------------------------------------------------------------------------


def test_what_a_waiting_report_takes_away_is_a_risk_but_nothing_to_win(office, see):
    before = found(office)
    assert before.falls == []
    # Another unit of the same task has reported a worse figure, not yet accepted.
    office.put(
        RESULTS
        | {
            "reports": [
                *RESULTS["reports"],
                report("TCCB", "8.2", "submitted", **{"8.2-a": pair(0, 200)}),
            ]
        }
    )
    risks = found(office)
    (fall,) = risks.falls
    assert fall.points == fall.leaf.now.points - fall.leaf.expected.points > 0
    assert [(r.unit.code, r.task.code) for r in fall.holders] == [("TCCB", "8.2")]
    assert risks.winnable == sum(row.winnable for row in risks.rows)
    assert risks.winnable == before.winnable
    page = text_of(see())
    assert "Có thể mất điểm" in page
    assert (
        f"có thể mất {show_number(fall.points, 2)} điểm</strong> khi duyệt báo cáo đang chờ" in page
    )
    # Narrowed as the list is, and gone once nothing can change any more.
    assert len(found(office, unit=office.units["TCCB"]).falls) == 1
    assert found(office, area=office.indicators["4.1-a"].task.area).falls == []
    office.period.closed_at = NOW
    office.period.save()
    assert found(office).falls == []


def test_a_mark_does_not_repeat_the_leaf_s_title(office, see):
    leaf = office.sets[0].criteria.get(code="1.2.1")
    task = office.indicators["1.2-a"].task
    title = f"{leaf.code} {leaf.name.rstrip(' .;:')}"
    TaskFocus.objects.create(
        task=task, year=2019, criterion="1.2.1", text=f"{title}: mất 0,50 điểm năm 2018.", order=1
    )
    page = text_of(see())
    assert "Trọng tâm 2019</span> mất 0,50 điểm năm 2018." in page
