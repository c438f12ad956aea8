"""One report as others read it (R3), and one task's result over its units (R19)."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from review_office import REASON, TODAY, ReviewOffice

from tasks import services
from tasks.models import Answer, Report

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_november():
    with time_machine.travel(TODAY):
        yield


@pytest.fixture
def office():
    return ReviewOffice()


def detail(client, report):
    return client.get(reverse("report_detail", args=[report.pk]))


def result(client, office, task="2.1", **query):
    url = reverse("task_result", args=[office.period.pk, office.tasks[task].pk])
    return client.get(url, query)


def queries(client, url):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


# -- One report ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "draft", "sent"),
    [
        ("head", 200, 200),
        ("officer", 200, 200),
        ("other_head", 403, 200),  # the same task
        ("vp_head", 403, 403),  # no part in it
        ("office", 403, 200),
        ("leader", 403, 200),
        ("administrator", 403, 403),
    ],
)
def test_who_reads_a_report(client, office, name, draft, sent):
    office.sign_in(client, name)
    report = office.fill("TCCB", "2.1")
    assert detail(client, report).status_code == draft
    services.submit(report=report, by=office.actor("head"))
    assert detail(client, report).status_code == sent


def test_refusal_says_why(client, office):
    office.sign_in(client, "leader")
    page = detail(client, office.fill("TCCB", "2.1")).content.decode()
    assert "Phòng Tổ chức cán bộ chưa gửi báo cáo này" in page


def test_another_agencys_report_does_not_exist(client, office):
    stranger = ReviewOffice("SNV")
    office.sign_in(client, "office")
    assert detail(client, stranger.accept("TCCB", "2.1")).status_code == 404


def test_unit_sees_its_own_draft_others_what_was_sent(client, office):
    report = office.send("TCCB", "2.1", text="Bản đã gửi")
    services.send_back(report=report, by=office.actor("office"), reason=REASON)
    Report.objects.filter(pk=report.pk).update(text="Đang sửa")
    Answer.objects.filter(report=report).update(amount=4444)
    office.sign_in(client, "head")
    page = detail(client, report).content.decode()
    assert "Đang sửa" in page and REASON in page and "Sửa báo cáo" in page
    office.sign_in(client, "other_head")
    page = detail(client, report).content.decode()
    assert "Bản đã gửi" in page and "Đang sửa" not in page and "4.444" not in page
    assert "Sửa báo cáo" not in page


def test_readers_get_no_controls(client, office):
    report = office.send("TCCB", "2.1")
    for name in ("leader", "other_head", "office"):
        office.sign_in(client, name)
        page = detail(client, report).content.decode()
        main = page.split("<main", 1)[1].split("</main>")[0]
        assert "<form" not in main, name


def test_text_is_escaped(client, office):
    report = office.send("TCCB", "2.1", text="<script>alert(1)</script> & xong")
    office.sign_in(client, "leader")
    for answer in (detail(client, report), result(client, office)):
        page = answer.content.decode()
        assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page


# -- One task's result ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("office", 200),
        ("leader", 200),
        ("head", 200),
        ("officer", 200),
        ("vp_head", 403),
        ("administrator", 403),
    ],
)
def test_who_sees_a_tasks_result(client, office, name, status):
    office.sign_in(client, name)
    assert result(client, office).status_code == status


def test_another_agencys_task_does_not_exist(client, office):
    stranger = ReviewOffice("SNV")
    office.sign_in(client, "office")
    assert result(client, stranger).status_code == 404
    url = reverse("task_result", args=[office.period.pk, stranger.tasks["2.1"].pk])
    assert client.get(url).status_code == 404
    url = reverse("task_result", args=[stranger.period.pk, office.tasks["2.1"].pk])
    assert client.get(url).status_code == 404


def test_figures_and_who_is_missing(client, office):
    office.accept("TCCB", "2.1", numerator=8, denominator=10, amount=3)
    office.send("KHTC", "2.1", numerator=10, denominator=10, amount=4)
    office.fill("TTRA", "2.1", numerator=1, denominator=10, amount=8888)
    office.sign_in(client, "leader")
    answer = result(client, office)
    ratio, count = answer.context["columns"]
    assert (ratio.result.words, ratio.expected.words) == ("8/10 (80%)", "18/20 (90%)")
    assert (count.result.words, count.expected.words) == ("3", "7")
    assert ratio.result.provisional_text == "tạm tính 1/3 đơn vị"
    assert [r.unit.code for r in answer.context["missing"]] == ["TTRA"]
    assert [r.unit.code for r in answer.context["waiting"]] == ["KHTC"]
    page = answer.content.decode()
    assert "Tạm tính 1/3 đơn vị." in page and "cần thêm 1 hồ sơ để đạt 90%" in page
    assert "8.888" not in page  # a draft


def test_returned_and_released_reports_count_for_nothing(client, office):
    report = office.send("TCCB", "2.1", numerator=1, denominator=10, amount=4444)
    services.send_back(report=report, by=office.actor("office"), reason=REASON)
    gone = office.accept("KHTC", "2.1")
    Report.objects.filter(pk=gone.pk).update(released_at=TODAY, released_reason="Không có việc")
    office.sign_in(client, "office")
    answer = result(client, office)
    assert answer.context["columns"][0].result.words == "Chưa có số liệu"
    assert answer.context["total"] == 2
    page = answer.content.decode()
    assert "4.444" not in page and "Không có việc" in page


def test_reasons_of_no_figure_are_shown(client, office):
    report = office.reports["TCCB", "2.1"]
    for letter, state in (("a", "not_arising"), ("b", "not_ours")):
        Answer.objects.create(
            report=report,
            indicator=office.indicators[f"2.1-{letter}"],
            state=state,
            reason=f"Vì {state}",
        )
    Report.objects.filter(pk=report.pk).update(text="Xong")
    services.submit(report=report, by=office.actor("head"))
    services.accept(reports=[report], by=office.actor("office"))
    office.sign_in(client, "office")
    answer = result(client, office)
    assert [c.words for c in answer.context["rows"][0].cells] == [
        "Không phát sinh",
        "Không thuộc đơn vị này",
    ]
    assert [c.result.words for c in answer.context["columns"]] == [
        "Không phát sinh",
        "Chưa có số liệu",
    ]
    page = answer.content.decode()
    assert "Vì not_arising" in page and "Vì not_ours" in page


def test_units_texts_and_difficulties_by_unit(client, office):
    report = office.accept("TCCB", "2.1", text="Đã rà soát 12 thủ tục")
    Report.objects.filter(pk=report.pk).update(difficulties="Thiếu người")
    office.sign_in(client, "other_head")
    page = result(client, office).content.decode()
    assert "Đã rà soát 12 thủ tục" in page and "Thiếu người" in page


def test_queries_of_report_and_result_do_not_grow(client, office):
    report = office.accept("TCCB", "2.1")
    for unit in ("KHTC", "TTRA"):
        office.send(unit, "2.1")
    office.sign_in(client, "office")
    urls = [
        reverse("report_detail", args=[report.pk]),
        reverse("task_result", args=[office.period.pk, office.tasks["2.1"].pk]),
    ]
    before = [queries(client, url) for url in urls]
    office.grow()
    assert [queries(client, url) for url in urls] == before


def test_accepted_figures_of_a_closed_period_stay_readable(client, office):
    office.accept("TCCB", "2.1")
    with time_machine.travel(TODAY + dt.timedelta(days=60)):
        office.sign_in(client, "leader")
        assert result(client, office).context["columns"][1].result.words == "3"
