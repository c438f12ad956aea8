"""«Điểm»: the scorecard and the points that can still be won, as the office, a leader and a unit see them."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from made_results import ScoringOffice, load, make_year

from accounts.models import Unit, User
from scoring.models import LeafScore, Scorecard
from scoring.risk import risks_of
from scoring.scorecards import compute, survey_estimate

NOW = dt.datetime(2019, 11, 13, 9, tzinfo=timezone.get_default_timezone())


def pair(top, whole):
    return {"numerator": str(top), "denominator": str(whole)}


def entry(unit, task, state="accepted", **values):
    return {
        "unit": unit,
        "task": task,
        "state": state,
        "values": {
            k.replace("_", "-").replace("i", "", 1).replace("d", ".", 1): v
            for k, v in values.items()
        },
    }


RESULTS = {
    "reports": [
        entry("VP", "1.2", i1d2_a=pair(92, 100), i1d2_b={"value": "2"}),
        entry("VP", "1.3", "submitted", i1d3_a=pair(4, 5)),
        entry("VP", "8.2", i8d2_a=pair(9, 100)),
        entry("TCCB", "4.1", i4d1_a={"value": False}),
        entry("TCCB", "4.3", i4d3_a=pair(4, 4)),
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
    def seen(name="scorecard_detail", role="coordinator", **query):
        client.force_login(office.people[role], backend="accounts.backends.EmailBackend")
        answer = client.get(reverse(name), query)
        assert answer.status_code == 200, answer.status_code
        return " ".join(answer.content.decode().split())

    return seen


def test_the_scorecard_says_how_each_point_came_about(see):
    page = see()
    assert "92% ≥ 80% → 1,5 × 92% = 1,38 điểm" in page
    assert "92/100 (92%)" in page
    assert "chưa có kết quả điều tra" in page
    assert "minh họa" in page
    assert "Số liệu chưa đủ" in page
    # Without the survey there are points of 70, never an index beside a published one.
    assert "Điểm đã duyệt, chưa có điều tra" in page
    assert "/ 70,00</span>" in page
    assert "70,69" in page
    assert "15/21" in page
    assert "chưa so sánh được" in page
    assert "tạm tính 1/2 đơn vị" in page
    assert see(role="leader").count("<h2") == page.count("<h2")


def test_with_the_survey_it_is_an_index(office, see):
    card = Scorecard.objects.create(agency=office.agency, year=2019, criteria_set=office.sets[0])
    for code in ("9.1.1", "9.1.2", "9.1.3"):
        leaf = office.sets[0].criteria.get(code=code)
        LeafScore.objects.create(scorecard=card, criterion=leaf, survey=8)
    page = see()
    assert "Chỉ số theo báo cáo đã duyệt" in page
    assert "chưa so sánh được" not in page
    assert "kết quả điều tra 8 điểm" in page


def test_last_years_survey_gives_an_estimate_marked_as_one(office, see):
    before = Scorecard.objects.create(agency=office.agency, year=2018, criteria_set=office.sets[0])
    leaf = office.sets[0].criteria.get(code="9.1.1")
    LeafScore.objects.create(scorecard=before, criterion=leaf, survey=8)
    card = compute(office.period, office.sets[0])
    assert survey_estimate(card) == card.sums.points + 24  # of 100: 80 % of 30
    assert "Ước tính chỉ số" in see()


def test_risks_are_in_order_with_what_is_missing_and_who_holds_it(office, see):
    found = risks_of(compute(office.period, office.sets[0]), on=NOW.date())
    rows = {row.leaf.criterion.code: row for row in found.rows}
    reachable = [row.reachable for row in found.rows]
    assert reachable == sorted(reachable, reverse=True)
    first = [row.winnable for row in found.rows if row.reachable]
    assert first == sorted(first, reverse=True)
    assert "9.1.1" not in rows  # not in the index yet: nothing to win
    # Accepted by all who owe it, so it stays: 8 of a hundred are short of full marks, one of three forms is missing.
    assert rows["1.2.1"].missing == (
        "cần thêm 8 nội dung để đạt 100% (1,5 điểm), với mẫu số hiện nay là 100",
    )
    assert not rows["1.2.1"].reachable
    assert rows["1.2.2"].missing == ("1.2-b: cần thêm 1 trường hợp để đủ điểm",)
    assert rows["4.1.1"].missing == ("4.1-a: chưa thực hiện",)
    # One of two units has been accepted: at more than 10 % the full points are still possible.
    post = rows["8.1.3"]
    assert post.missing == ("cần thêm 2 hồ sơ để vượt 10% (1,5 điểm), với mẫu số hiện nay là 100",)
    assert (str(post.to_win), str(post.winnable)) == ("3/4", "3/4")
    assert [unit.code for unit in post.units] == ["TCCB"]
    assert post.days_left(NOW.date()) == 6
    (lacking,) = rows["1.3.1"].missing  # by its name, its code beside it
    assert lacking == f"chưa có số liệu: {office.indicators['1.3-a'].name} (1.3-a)"
    page = see("risk_list")
    assert "cần thêm 2 hồ sơ để vượt 10% (1,5 điểm)" in page
    assert "không còn đạt được trong năm nay" in page
    assert "còn 6 ngày" in page


def test_a_closed_period_can_win_nothing(office, see):
    found = risks_of(compute(office.period, office.sets[0]), on=dt.date(2020, 1, 1))
    assert found.rows
    assert found.winnable == 0


def test_the_office_can_look_at_one_unit(office, see):
    page = see("risk_list", **{"don-vi": "KHTC"})
    assert "6.1.1" in page
    assert "1.2.1" not in page


def test_a_unit_sees_its_own_leaves_only(see):
    page = see("unit_risks", role="head")
    assert "4.1.1" in page
    assert "8.1.3" in page
    assert "6.1.1" not in page
    assert "Theo đơn vị đang giữ" not in page


def test_choices_that_do_not_exist_fall_back(see):
    for query in ({"ky": "x"}, {"ky": "99999999999999999999"}, {"bo": "x"}, {"don-vi": "x"}):
        assert "MINH-HOA" in see("risk_list", **query) or "minh họa" in see("risk_list", **query)


def test_without_a_set_the_page_says_what_to_do(office, see):
    office.sets[0].delete()
    assert reverse("criteria_list") in see().split("Chưa có bộ tiêu chí")[1]
    assert "chưa nạp bộ tiêu chí" in see("unit_risks", role="head")


def test_queries_do_not_grow_with_reports(client, office):
    client.force_login(office.people["coordinator"], backend="accounts.backends.EmailBackend")

    def count(name):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(name)).status_code == 200
        return len(captured)

    few = {name: count(name) for name in ("scorecard_detail", "risk_list")}
    results, history, proofs = make_year(
        5, load("plan-2019-2020.yaml"), load("criteria-sample.yaml")
    )
    office.put(results, history, proofs)
    assert {name: count(name) for name in few} == few
    assert max(few.values()) <= 24


def test_get_only(client, office):
    client.force_login(office.people["coordinator"], backend="accounts.backends.EmailBackend")
    for name in ("scorecard_detail", "risk_list", "unit_risks"):
        assert client.post(reverse(name)).status_code == 405
