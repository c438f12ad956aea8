"""The consolidated result of a task: merged from what was accepted, approved, frozen, opened again (R19)."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from review_office import TODAY, ReviewOffice

from accounts.models import AuditEntry, Role
from plans.models import Duty
from tasks import results
from tasks.models import Answer, Report, TaskResult

pytestmark = pytest.mark.django_db
TEXTS = {"text": "Cả Sở đã làm xong.", "difficulties": "Thiếu người."}


@pytest.fixture(autouse=True)
def in_november():
    with time_machine.travel(TODAY):
        yield


@pytest.fixture
def office():
    return ReviewOffice()


def address(office, name="task_result", task="2.1"):
    return reverse(name, args=[office.period.pk, office.tasks[task].pk])


def stored(office, task="2.1"):
    return TaskResult.objects.get(period=office.period, task=office.tasks[task])


def save(office, task="2.1", version=0, **texts):
    return results.save_result(
        period=office.period,
        task=office.tasks[task],
        by=office.actor("office"),
        base_version=version,
        **(TEXTS | texts),
    )


def approve(office, task="2.1", version=1, **texts):
    return results.approve_result(
        period=office.period,
        task=office.tasks[task],
        by=office.actor("office"),
        base_version=version,
        **texts,
    )


# -- Merging -------------------------------------------------------------------------------------


def test_the_draft_is_what_was_accepted_unit_by_unit(office):
    office.accept("KHTC", "2.1", text="KHTC đã làm")
    report = office.accept("TCCB", "2.1", text="TCCB đã làm")
    Report.objects.filter(pk=report.pk).update(difficulties="Thiếu máy")
    office.send("TTRA", "2.1", text="Chưa duyệt")
    assert results.draft_text(office.period, office.tasks["2.1"]) == {
        "text": "Phòng Tổ chức cán bộ\nTCCB đã làm\n\nPhòng Kế hoạch tài chính\nKHTC đã làm",
        "difficulties": "Phòng Tổ chức cán bộ\nThiếu máy",
    }


def test_a_released_report_is_not_merged(office):
    report = office.accept("TCCB", "2.1", text="TCCB đã làm")
    Report.objects.filter(pk=report.pk).update(released_at=TODAY, released_reason="Không có")
    assert results.draft_text(office.period, office.tasks["2.1"])["text"] == ""


def test_the_editor_starts_from_the_reports_and_names_what_is_missing(client, office):
    office.accept("TCCB", "2.1", text="TCCB đã làm")
    office.send("KHTC", "2.1")
    office.sign_in(client, "office")
    page = client.get(address(office))
    assert page.context["texts"]["text"] == "Phòng Tổ chức cán bộ\nTCCB đã làm"
    text = page.content.decode()
    assert "Phòng Thanh tra (chưa gửi)" in text
    assert "Phòng Kế hoạch tài chính (chờ duyệt)" in text
    assert "Đơn vị tổng hợp: Văn phòng Sở." in text
    assert not TaskResult.objects.exists(), "looking writes nothing"


def test_what_is_saved_is_not_merged_over_until_asked(client, office):
    office.accept("TCCB", "2.1", text="TCCB đã làm")
    save(office, text="Bản của Văn phòng")
    office.sign_in(client, "office")
    assert client.get(address(office)).context["texts"]["text"] == "Bản của Văn phòng"
    typed = {"text": "Đang nhập dở", "difficulties": "", "version": "1", "then": "refill"}
    page = client.post(address(office, "task_result_save"), typed)
    assert page.context["texts"]["text"].endswith("TCCB đã làm")
    assert "Đang nhập dở" in page.content.decode()
    assert stored(office).text == "Bản của Văn phòng"


# -- Who -----------------------------------------------------------------------------------------


def test_the_unit_named_merges(client, office):
    Duty.objects.create(
        period=office.period,
        task=office.tasks["2.1"],
        unit=office.units["KHTC"],
        role="consolidate",
    )
    for name, status in (("other_head", 302), ("head", 403), ("leader", 403), ("office", 302)):
        version = TaskResult.objects.values_list("version", flat=True).first() or 0
        office.sign_in(client, name)
        typed = TEXTS | {"text": f"Bản của {name}", "version": version}
        page = client.post(address(office, "task_result_save"), typed)
        assert page.status_code == status, name
    assert stored(office).text == "Bản của office"
    assert stored(office).version == 2


def test_the_one_lead_merges_two_leads_leave_it_to_who_receives_the_results(office):
    task = office.tasks["1.1"]
    who = results.merging(office.period, task)
    assert [unit.code for unit in who.units] == ["VP"]
    assert who.may_write(office.people["vp_head"])
    Duty.objects.filter(task=task).update(unit=office.units["TCCB"])
    assert results.merging(office.period, task).may_write(office.people["head"])
    Duty.objects.create(period=office.period, task=task, unit=office.units["KHTC"], role="lead")
    who = results.merging(office.period, task)
    assert [unit.code for unit in who.units] == ["VP"]
    for name in ("head", "other_head", "vp_head", "leader", "administrator"):
        assert not who.may_write(office.people[name]), name
    assert who.may_write(office.people["office"])


def test_without_anybody_named_the_office_merges(client, office):
    office.plan.receiving_unit = None
    office.plan.save()
    office.sign_in(client, "office")
    page = client.get(address(office)).content.decode()
    assert "Kế hoạch không nêu đơn vị tổng hợp" in page


def test_only_the_office_approves_and_opens_again(client, office):
    Duty.objects.filter(task=office.tasks["2.1"], unit=office.units["TCCB"]).update(role="lead")
    save(office)
    for name in ("head", "officer", "other_head", "leader", "administrator"):
        office.sign_in(client, name)
        for view in ("task_result_approve", "task_result_reopen"):
            typed = TEXTS | {"version": "1", "reason": "Sai"}
            assert client.post(address(office, view), typed).status_code == 403, (name, view)
    assert stored(office).state == "draft"


def test_a_draft_is_not_shown_to_units_that_do_not_merge(client, office):
    save(office, text="Chưa ai được đọc")
    office.sign_in(client, "other_head")
    assert "Chưa ai được đọc" not in client.get(address(office)).content.decode()
    approve(office)
    assert "Chưa ai được đọc" in client.get(address(office)).content.decode()


# -- Saving --------------------------------------------------------------------------------------


def test_a_save_is_in_the_trail_and_the_same_words_are_not(office):
    save(office)
    save(office)
    entry = AuditEntry.objects.get(object_type="tasks.taskresult")
    assert entry.action == "Sửa kết quả tổng hợp"
    assert entry.changes["text"] == ["", TEXTS["text"]]
    assert stored(office).version == 1


def test_the_later_of_two_editors_sees_both_texts_and_loses_nothing(client, office):
    save(office, text="Bản của người trước")
    office.sign_in(client, "office")
    typed = {"text": "Bản của tôi", "difficulties": "", "version": "0"}
    page = client.post(address(office, "task_result_save"), typed)
    assert page.status_code == 409
    text = page.content.decode()
    assert "Bản của người trước" in text and "Bản của tôi" in text
    assert stored(office).text == "Bản của người trước"
    again = typed | {"version": page.context["result_version"]}
    assert client.post(address(office, "task_result_save"), again).status_code == 302
    assert stored(office).text == "Bản của tôi"


def test_text_that_is_too_long_is_refused_and_stays(client, office):
    office.sign_in(client, "office")
    typed = {"text": "ă" * 100_001, "version": "0"}
    page = client.post(address(office, "task_result_save"), typed)
    assert page.status_code == 422
    assert "dài quá" in page.content.decode() and typed["text"] in page.content.decode()


# -- Approving -----------------------------------------------------------------------------------


def test_approving_freezes_the_figures_exactly(office):
    office.accept("TCCB", "2.1", numerator=8, denominator=10, amount=3)
    save(office)
    approve(office)
    result = stored(office)
    assert (result.state, result.approved_by.name) == ("approved", "Người office")
    ratio = result.figures["indicators"]["2.1-a"]
    assert ratio["words"] == "8/10 (80%)"
    assert (ratio["parts"]["numerator"], ratio["parts"]["denominator"]) == ("8", "10")
    assert (ratio["given"], ratio["owed"]) == (1, 3)
    assert result.figures["missing"] == ["Phòng Kế hoạch tài chính", "Phòng Thanh tra"]


def test_figures_that_change_afterwards_show_as_a_difference(client, office):
    office.accept("TCCB", "2.1", numerator=12, denominator=15, amount=3)
    save(office)
    approve(office)
    Answer.objects.filter(indicator=office.indicators["2.1-a"]).update(numerator=13)
    office.sign_in(client, "leader")
    page = client.get(address(office))
    ratio, count = page.context["columns"]
    assert ratio.shown.words == "12/15 (80%)" and ratio.moved and not count.moved
    text = page.content.decode()
    assert "lúc chốt 12/15 (80%), nay 13/15 (86,67%)" in text
    assert stored(office).figures["indicators"]["2.1-a"]["words"] == "12/15 (80%)"


@pytest.mark.parametrize(
    "columns",
    [
        {"state": "not_arising", "reason": "Không có"},
        {"state": "not_ours", "reason": "Không phải"},
        {"numerator": "0.1", "denominator": "3"},
    ],
)
def test_a_frozen_figure_that_has_not_changed_is_no_difference(client, office, columns):
    report = office.accept("TCCB", "2.1")
    Answer.objects.filter(report=report, indicator=office.indicators["2.1-a"]).update(**columns)
    save(office)
    approve(office)
    office.sign_in(client, "office")
    assert not any(c.moved for c in client.get(address(office)).context["columns"])


def test_what_stands_in_the_editor_is_approved(client, office):
    office.sign_in(client, "office")
    page = client.post(address(office, "task_result_approve"), TEXTS | {"version": "0"})
    assert page.status_code == 302
    assert (stored(office).state, stored(office).text) == ("approved", TEXTS["text"])
    # the same click again does nothing
    client.post(address(office, "task_result_approve"), TEXTS | {"version": "0"})
    assert stored(office).version == 2
    actions = AuditEntry.objects.filter(object_type="tasks.taskresult").values_list("action")
    assert sorted(a for (a,) in actions) == ["Chốt kết quả tổng hợp", "Sửa kết quả tổng hợp"]


def test_nothing_is_not_approved(client, office):
    office.sign_in(client, "office")
    page = client.post(address(office, "task_result_approve"), {"version": "0"})
    assert page.status_code == 422
    assert "Chưa có nội dung kết quả tổng hợp để chốt." in page.content.decode()
    assert not TaskResult.objects.exists()


def test_another_text_than_the_one_stored_meanwhile_is_not_approved(client, office):
    save(office, text="Bản của người trước")
    office.sign_in(client, "office")
    page = client.post(address(office, "task_result_approve"), TEXTS | {"version": "0"})
    assert page.status_code == 409
    assert (stored(office).state, stored(office).text) == ("draft", "Bản của người trước")


def test_an_approved_result_is_not_written_over(client, office):
    save(office)
    approve(office)
    office.sign_in(client, "office")
    typed = {"text": "Sửa sau khi chốt", "version": "2"}
    page = client.post(address(office, "task_result_save"), typed)
    assert page.status_code == 422
    assert "Sửa sau khi chốt" in page.content.decode(), "what was typed is still there"
    assert stored(office).text == TEXTS["text"]


# -- Opening again -------------------------------------------------------------------------------


def test_opening_again_needs_a_reason_and_keeps_what_was_approved_in_the_trail(client, office):
    office.accept("TCCB", "2.1", numerator=8, denominator=10)
    save(office)
    approve(office)
    office.sign_in(client, "office")
    url = address(office, "task_result_reopen")
    assert client.post(url, {"version": "2", "reason": "  "}).status_code == 422
    assert stored(office).state == "approved"
    assert client.post(url, {"version": "1", "reason": "Sai số"}).status_code == 409
    assert client.post(url, {"version": "2", "reason": "Sai số"}).status_code == 302
    result = stored(office)
    assert (result.state, result.approved_at, result.figures) == ("draft", None, {})
    entry = AuditEntry.objects.get(action="Mở lại kết quả tổng hợp")
    assert entry.reason == "Sai số"
    assert entry.changes["2.1-a"] == ["8/10 (80%)", ""]
    assert client.post(url, {"version": "3", "reason": "Lần nữa"}).status_code == 422


def test_in_a_closed_period_nothing_changes(client, office):
    save(office)
    with time_machine.travel(TODAY + dt.timedelta(days=60)):
        office.sign_in(client, "office")
        for name in ("task_result_save", "task_result_approve", "task_result_reopen"):
            typed = {"text": "Sau khi khóa", "version": "1", "reason": "Sai"}
            page = client.post(address(office, name), typed)
            assert page.status_code == 403, name
            assert "đã khóa" in page.content.decode()
        page = client.get(address(office)).content.decode()
        assert "<form" not in page.split("<main", 1)[1].split("</main>")[0]
    assert (stored(office).text, stored(office).version) == (TEXTS["text"], 1)


# -- The grid ------------------------------------------------------------------------------------


def test_each_waiting_cell_has_its_return_button(client, office):
    sent = office.send("TCCB", "2.1")
    office.accept("KHTC", "2.1")
    office.sign_in(client, "office")
    page = client.get(address(office)).content.decode()
    url = reverse("report_return", args=[sent.pk])
    assert page.count(f'action="{url}"') == 2, "one for each figure"
    assert "Số liệu 2.1-a: </textarea>" in page
    back = address(office)
    answer = client.post(url, {"reason": "Số liệu 2.1-a: sai mẫu số", "next": back})
    assert answer.url == back
    sent.refresh_from_db()
    assert sent.state == "returned"
    assert f'action="{url}"' not in client.get(back).content.decode()
    office.sign_in(client, "leader")
    assert "Trả lại báo cáo" not in client.get(back).content.decode()


def test_texts_are_escaped(client, office):
    save(office, text="<script>alert(1)</script>")
    office.sign_in(client, "leader")
    assert "<script>alert" not in client.get(address(office)).content.decode()


def test_queries_do_not_grow(client, office):
    office.accept("TCCB", "2.1")
    office.send("KHTC", "2.1")
    save(office)
    approve(office)
    office.sign_in(client, "office")

    def count():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(office)).status_code == 200
        return len(captured)

    before = count()
    office.grow()
    assert count() == before


def test_a_lead_that_merges_saves_in_its_own_role(client, office):
    Duty.objects.filter(task=office.tasks["2.1"], unit=office.units["TCCB"]).update(role="lead")
    office.sign_in(client, "head")
    client.post(address(office, "task_result_save"), TEXTS | {"version": "0"})
    entry = AuditEntry.objects.get(object_type="tasks.taskresult")
    assert (entry.actor_name, entry.acted_as) == ("Người head", Role.HEAD.label)
    assert not Report.objects.filter(version__gt=0).exists()
