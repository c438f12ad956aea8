"""Lost points become the next plan's focus: written by scoring, read on the pages of plans and tasks (R31)."""

import copy
import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from made_results import SYSTEM, ScoringOffice, load, write_yaml

from accounts.models import AuditEntry, User
from plans.importing import import_plan
from plans.models import Period, Plan, TaskFocus
from scoring.focus import write_all_focus, write_focus
from scoring.models import LeafScore, Scorecard
from tasks.models import Report
from tasks.periods import open_period

NOW = dt.datetime(2020, 3, 10, 9, tzinfo=timezone.get_default_timezone())
BACKEND = "accounts.backends.EmailBackend"


@pytest.fixture
def office(db, tmp_path):
    with time_machine.travel(NOW):
        office = ScoringOffice(tmp_path, load("plan-2019-2020.yaml"), load("criteria-sample.yaml"))
        office.card = Scorecard.objects.create(
            agency=office.agency, year=2019, criteria_set=office.sets[0]
        )
        yield office


def mark(office, code, appraised="0.5", **more):
    leaf = office.sets[0].criteria.get(code=code)
    score, _ = LeafScore.objects.update_or_create(
        scorecard=office.card,
        criterion=leaf,
        defaults={"appraised": Decimal(appraised), "focus": True, **more},
    )
    return score


def rows():
    return {(r.task.code, r.criterion): r.text for r in TaskFocus.objects.select_related("task")}


def test_a_marked_leaf_stands_at_its_task_with_what_it_cost(office):
    mark(office, "1.2.1", "1", loss="evidence", focus_note="Lưu minh chứng từng đợt.")
    done = write_focus(scorecard=office.card, by=SYSTEM)
    assert (done.plan, done.year, done.rows, done.without_task) == (office.plan, 2020, 1, ())
    name = office.sets[0].criteria.get(code="1.2.1").name
    assert rows() == {
        (
            "1.2",
            "1.2.1",
        ): f"1.2.1 {name}: mất 0,50 điểm năm 2019 – Thiếu hoặc sai tài liệu kiểm chứng. "
        "Việc cần làm: Lưu minh chứng từng đợt."
    }
    assert set(TaskFocus.objects.values_list("year", flat=True)) == {2020}


def test_a_rule_of_several_tasks_stands_at_each_and_one_of_none_is_named(office):
    survey = office.sets[0].criteria.get(code="9.1.1")
    mark(office, survey.code, "3")
    rule = {"type": "boolean", "all_of": ["1.1-d", "4.1-a"]}
    office.sets[0].criteria.filter(code="1.2.1").update(rule=rule)
    mark(office, "1.2.1")
    done = write_focus(scorecard=office.card, by=SYSTEM)
    assert set(rows()) == {("1.1", "1.2.1"), ("4.1", "1.2.1")}
    assert done.without_task == ("9.1.1",)


def test_again_changes_nothing_and_a_mark_taken_back_goes(office):
    first, second = mark(office, "1.2.1"), mark(office, "4.1.1")
    write_focus(scorecard=office.card, by=SYSTEM)
    kept = list(TaskFocus.objects.order_by("pk").values_list("pk", flat=True))
    entries = AuditEntry.objects.filter(object_type="plans.plan").count()
    write_focus(scorecard=office.card, by=SYSTEM)
    assert list(TaskFocus.objects.order_by("pk").values_list("pk", flat=True)) == kept
    assert AuditEntry.objects.filter(object_type="plans.plan").count() == entries
    LeafScore.objects.filter(pk=second.pk).update(focus=False)
    LeafScore.objects.filter(pk=first.pk).update(focus_note="Làm sớm")
    write_focus(scorecard=office.card, by=SYSTEM)
    assert [key for key, text in rows().items() if "Làm sớm" in text] == [("1.2", "1.2.1")]
    assert len(rows()) == 1
    entry = AuditEntry.objects.filter(object_type="plans.plan").first()
    assert set(entry.changes) == {
        "Nhiệm vụ 1.2, tiêu chí 1.2.1",
        "Nhiệm vụ 4.1, tiêu chí 4.1.1",
    }
    assert entry.changes["Nhiệm vụ 4.1, tiêu chí 4.1.1"][1] == ""


def test_without_a_loss_or_a_note_no_empty_words(office):
    top = office.sets[0].criteria.get(code="1.2.1").maximum
    mark(office, "1.2.1", str(top))
    write_focus(scorecard=office.card, by=SYSTEM)
    (text,) = rows().values()
    assert "mất" not in text
    assert "–" not in text
    assert "Việc cần làm" not in text


def test_the_plan_after_this_one_gets_them_once_it_is_there(office, tmp_path):
    office.card.year = 2020
    office.card.save()
    mark(office, "1.2.1")
    done = write_focus(scorecard=office.card, by=SYSTEM)
    assert (done.plan, done.rows) == (None, 0)
    plan = copy.deepcopy(load("plan-2019-2020.yaml"))
    plan["plan"] |= {"code": "KH-2021", "years": [2021], "issued_on": "2020-12-01"}
    for area in plan["areas"]:
        area["tasks"] = [task for task in area["tasks"] if task["code"] != "4.1"]
        for task in area["tasks"]:
            for indicator in task.get("indicators", []):
                indicator["code"] = indicator["code"].replace("-", "-x")
    import_plan(write_yaml(tmp_path / "next.yaml", plan), by=SYSTEM)
    mark(office, "4.1.1")
    assert write_all_focus() == 1
    row = TaskFocus.objects.select_related("task__area__plan").get()
    assert row.task.area.plan == Plan.objects.get(code="KH-2021")
    assert (row.task.code, row.year) == ("1.2", 2021)


def test_a_task_that_left_the_plan_takes_nothing(office):
    mark(office, "1.2.1")
    office.indicators["1.2-a"].task.__class__.objects.filter(code="1.2").update(retired_at=NOW)
    assert write_focus(scorecard=office.card, by=SYSTEM).without_task == ("1.2.1",)


def test_other_agencies_and_years_are_left_alone(office):
    task = office.indicators["4.1-a"].task
    TaskFocus.objects.create(task=task, year=2019, criterion="X", text="Năm trước")
    mark(office, "1.2.1")
    write_focus(scorecard=office.card, by=SYSTEM)
    assert ("4.1", "X") in rows()


@pytest.fixture
def seen(office, client):
    mark(office, "1.2.1", focus_note="Lưu minh chứng", loss="late")
    write_focus(scorecard=office.card, by=SYSTEM)
    open_period(plan=office.plan, year=2020, by=SYSTEM)
    head = User.objects.create_user(
        "truong@example.vn", name="Trưởng", unit=office.units["VP"], roles=["head"]
    )
    client.force_login(head, backend=BACKEND)

    def see(name, *args, **query):
        answer = client.get(reverse(name, args=args), query)
        assert answer.status_code == 200
        return " ".join(answer.content.decode().split())

    return see


WORDS = "– Nộp trễ, ban hành trễ. Việc cần làm: Lưu minh chứng."


def test_it_is_read_on_the_plan_the_list_and_the_form_of_that_year_only(office, seen):
    period = Period.objects.get(year=2020)
    report = Report.objects.get(period=period, task__code="1.2", unit__code="VP")
    for page in (
        seen("plan_detail", office.plan.pk, nam=2020),
        seen("unit_share", office.plan.pk, office.units["VP"].pk, nam=2020),
        seen("todo", ky=period.pk),
        seen("report_form", report.pk),
    ):
        assert page.count(WORDS) == 1
        assert "Trọng tâm" in page
        assert "2020" in page
    for page in (
        seen("plan_detail", office.plan.pk, nam=2019),
        seen("unit_share", office.plan.pk, office.units["VP"].pk, nam=2019),
    ):
        assert WORDS not in page


def test_no_query_more_for_more_rows(office, seen, django_assert_max_num_queries):
    period = Period.objects.get(year=2020)

    def count():
        with django_assert_max_num_queries(80) as captured:
            seen("todo", ky=period.pk)
            seen("plan_detail", office.plan.pk, nam=2020)
        return len(captured)

    count()  # what a process reads once is read now
    few = count()
    for code in ("1.2.2", "1.3.1", "4.1.1", "1.1.1"):
        mark(office, code)
    assert write_focus(scorecard=office.card, by=SYSTEM).rows > 4
    assert count() == few
