"""The office returns, the unit corrects, the office accepts, the figures move; then the workbook is taken away."""

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts import queue
from scoring import jobs
from scoring.models import Export
from tasks.models import Answer, Report, Version
from tasks.states import State
from tests.browser.browsing import fill_all, reread

pytest_plugins = ["tests.browser.browsing"]
pytestmark = pytest.mark.browser
REASON = "Kế hoạch còn thiếu số, ký hiệu."


def tile(page, label):
    named = page.locator(".stat-tile-label", has_text=label)
    return page.locator(".stat-tile", has=named).locator(".stat-tile-value")


def send_from_form(page):
    page.get_by_role("button", name="Gửi Văn phòng Sở").click()
    page.get_by_role("dialog").get_by_role("button", name="Vẫn gửi").click()
    page.locator(".message.is-success").wait_for()


def test_returned_corrected_accepted_and_the_dashboard_follows(visit, office):
    from playwright.sync_api import expect

    head, chief = visit(office.head), visit(office.coordinator)
    head.goto(f"/bao-cao/{office.report.pk}/soan/")
    fill_all(head, office, **{"1.1-a numerator": "7"})
    send_from_form(head)

    chief.goto("/tong-quan/")
    expect(tile(chief, "Đã gửi")).to_have_text("1/8")
    expect(tile(chief, "Đã duyệt")).to_have_text("0/8")
    expect(tile(chief, "Chờ duyệt")).to_have_text("1")
    chief.get_by_role("navigation", name="Menu chính").get_by_role("link", name="Duyệt").click()
    chief.get_by_role("link", name="1.1 Nhiệm vụ thứ 1").click()
    chief.locator(".reasons button").first.click()  # ready wording, then words of one's own
    expect(chief.locator("#reason")).not_to_have_value("")
    chief.locator("#reason").fill(REASON)
    chief.get_by_role("button", name="Trả lại đơn vị").click()
    expect(chief.locator(".message.is-success")).to_be_visible()
    assert reread(office.report).state == State.RETURNED

    head.goto("/viec/")
    expect(head.locator(".worklist-reason")).to_contain_text(REASON)
    head.get_by_role("link", name="1.1 Nhiệm vụ thứ 1", exact=True).click()
    expect(head.locator(".report-note.is-danger")).to_contain_text(REASON)
    fill_all(head, office, **{"1.1-a numerator": "9"})
    send_from_form(head)
    assert Version.objects.filter(report=office.report).count() == 2  # both as they were sent

    chief.goto("/duyet/")
    chief.get_by_role("link", name="1.1 Nhiệm vụ thứ 1").click()
    expect(chief.locator(".history")).to_contain_text(REASON)
    chief.get_by_role("button", name="Duyệt báo cáo").click()
    expect(chief.locator(".message.is-success")).to_be_visible()
    assert reread(office.report).state == State.ACCEPTED
    chief.goto("/tong-quan/")
    expect(tile(chief, "Đã duyệt")).to_have_text("1/8")
    expect(tile(chief, "Chờ duyệt")).to_have_text("0")
    chief.goto(reverse("task_result", args=[office.period.pk, office.tasks[0].pk]))
    expect(chief.locator("main")).to_contain_text("90")


def test_the_matrix_opens_and_a_filter_keeps_its_address(visit, office):
    from playwright.sync_api import expect

    office.send("1.2")
    page = visit(office.coordinator)
    page.goto("/tong-quan/")
    page.locator("a.matrix-toggle").first.click()
    expect(page.locator("tr.matrix-task").first).to_be_visible()
    page.locator("#loc-don-vi").select_option("TCCB")
    page.wait_for_url("**don-vi=TCCB**")
    expect(tile(page, "Đã gửi")).to_have_text("1/4")
    page.reload()
    expect(tile(page, "Đã gửi")).to_have_text("1/4")
    page.go_back()
    expect(tile(page, "Đã gửi")).to_have_text("1/8")


def test_the_workbook_is_made_meanwhile_and_says_what_the_database_says(
    visit, office, tmp_path, settings, monkeypatch
):
    from playwright.sync_api import expect

    settings.MEDIA_ROOT = tmp_path / "files"
    asked = []
    monkeypatch.setattr(queue, "publish", lambda job, *args: asked.append((job, args)))
    answer = Answer.objects.create(
        report=office.report,
        indicator=office.indicators["1.1-a"],
        numerator="17",
        denominator="20",
    )
    now = timezone.now()
    times = dict.fromkeys(("first_submitted_at", "submitted_at", "accepted_at"), now)
    Report.objects.filter(pk=office.report.pk).update(state=State.ACCEPTED, text="Xong.", **times)
    page = visit(office.coordinator)
    page.goto("/ho-so-nop/")
    page.get_by_role("button", name="Tạo bảng kết quả (.xlsx)").click()
    row = page.locator("tr[id^=export-]")
    expect(row).to_contain_text("Tải lại")  # it waits for a worker
    (job, args) = asked.pop()
    assert job == jobs.make_export
    with page.expect_response(lambda response: response.url.endswith(f"/ho-so-nop/{args[0]}/")):
        pass  # the page asks by itself
    job(*args)  # what a worker does
    link = row.get_by_role("link", name=".xlsx")
    expect(link).to_be_visible()
    expect(page.locator("#live")).to_contain_text("Đã tạo xong tệp")
    with page.expect_download() as download:
        link.click()
    target = tmp_path / "taken.xlsx"
    download.value.save_as(target)
    assert download.value.suggested_filename == Export.objects.get().name

    sheet = load_workbook(target).worksheets[0]
    rows = [[cell.value for cell in line] for line in sheet.iter_rows()]
    heading = next(line for line in rows if "Mã chỉ tiêu" in line)
    found = next(line for line in rows if line[heading.index("Mã chỉ tiêu")] == "1.1-a")
    by_name = dict(zip(heading, found, strict=True))
    answer.refresh_from_db()
    assert (by_name["Tử số"], by_name["Mẫu số"]) == (answer.numerator, answer.denominator)
