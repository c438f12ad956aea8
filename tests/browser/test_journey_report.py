"""A head reports: from signing in to the submitted report, with each kind of figure and a file."""

import pytest

from plans.numbers import show_number
from tasks.models import Answer, Report, StoredFile
from tasks.states import State
from tests.browser.browsing import field, fill_all, reread, saved, sign_in
from tests.tasks.made_files import pdf

pytest_plugins = ["tests.browser.browsing"]
pytestmark = pytest.mark.browser


def test_from_signing_in_to_the_submitted_report(visit, office):
    from playwright.sync_api import expect

    page = visit()
    page.goto("/")
    sign_in(page, office.head)
    expect(page.get_by_role("heading", level=1)).to_have_text("Việc của đơn vị")
    page.get_by_role("link", name="1.1 Nhiệm vụ thứ 1", exact=True).click()

    # The figure is judged while it is typed: 15 of 20 is 75 %, 80 % are wanted.
    field(page, office, "1.1-a", "numerator").fill("15")
    field(page, office, "1.1-a", "denominator").fill("20")
    ratio = page.locator("fieldset.question", has_text="1.1-a")
    expect(ratio.locator(".question-verdict")).to_contain_text("cần thêm 1 hồ sơ")
    expect(ratio.locator(".question-verdict")).to_contain_text("75")
    expect(page.locator("#answered")).to_have_text("1")

    fill_all(page, office, **{"1.1-a numerator": "15", "1.1-a denominator": "20"})
    expect(page.locator("#answered")).to_have_text("8")
    saved(page)
    assert reread(office.report).state == State.DRAFT
    page.reload()
    expect(field(page, office, "1.1-a", "numerator")).to_have_value("15")
    expect(field(page, office, "1.1-c", "amount")).to_have_value("1.234,5")
    expect(field(page, office, "1.1-d", "holds").first).to_be_checked()
    expect(page.locator("#text")).to_have_value("Đã làm xong.")

    evidence = page.locator("#evidence")
    evidence.locator("input[type=file]:not([data-upload-camera])").set_input_files(
        {"name": "Kế hoạch.pdf", "mimeType": "application/pdf", "buffer": pdf()}
    )
    evidence.get_by_role("button", name="Thêm tài liệu").click()
    expect(evidence.get_by_role("link", name="Kế hoạch.pdf")).to_be_visible()
    expect(page.locator("#text")).to_have_value("Đã làm xong.")  # the form beside it stays

    page.get_by_role("button", name="Gửi Văn phòng Sở").click()
    expect(page.locator(".message.is-success")).to_be_visible()
    assert reread(office.report).state == State.SUBMITTED
    amount = Answer.objects.get(report=office.report, indicator=office.indicators["1.1-c"]).amount
    assert show_number(amount) == "1.234,5"
    assert StoredFile.objects.get().name == "Kế hoạch.pdf"


def test_what_is_missing_is_named_and_one_click_away(visit, office):
    from playwright.sync_api import expect

    page = visit(office.head, expects=("422",))
    page.goto(f"/bao-cao/{office.report.pk}/soan/")
    fill_all(page, office, **{"1.1-b amount": "", "1.1-c amount": "nhiều lắm"})
    page.get_by_role("button", name="Gửi Văn phòng Sở").click()
    page.get_by_role("dialog").get_by_role("button", name="Vẫn gửi").click()  # no evidence
    faults = page.locator("#faults")
    expect(faults).to_be_focused()
    expect(faults).to_contain_text("Chưa gửi: còn 2 chỗ")
    faults.get_by_role("link").first.click()
    expect(page.locator(f"#a{office.indicators['1.1-b'].pk} input:focus")).to_have_count(1)
    expect(field(page, office, "1.1-c", "amount")).to_have_value("nhiều lắm")  # kept as typed
    field(page, office, "1.1-b", "amount").fill("4")
    field(page, office, "1.1-c", "amount").fill("0,5")
    page.get_by_role("button", name="Gửi Văn phòng Sở").click()
    page.get_by_role("dialog").get_by_role("button", name="Vẫn gửi").click()
    expect(page.locator(".message.is-success")).to_be_visible()
    assert Report.objects.get(pk=office.report.pk).state == State.SUBMITTED


def test_a_writer_hands_up_and_the_head_sends(visit, office):
    from playwright.sync_api import expect

    writer = visit(office.writer)
    writer.goto(f"/bao-cao/{office.report.pk}/soan/")
    expect(writer.get_by_role("button", name="Gửi Văn phòng Sở")).to_have_count(0)
    fill_all(writer, office)
    writer.get_by_role("button", name="Trình trưởng đơn vị").click()
    expect(writer.locator(".message.is-success")).to_be_visible()
    assert reread(office.report).state == State.DRAFT
    assert office.report.handed_up_at

    head = visit(office.head)
    head.goto("/viec/")
    head.get_by_role("link", name="1.1 Nhiệm vụ thứ 1", exact=True).click()
    expect(head.locator(".report-note")).to_contain_text("Lê Văn Soạn đã trình")
    head.get_by_label("Lý do, điều cần sửa").fill("Bổ sung số kế hoạch.")
    head.get_by_role("button", name="Chuyển lại", exact=True).click()
    expect(head.locator(".message.is-success")).to_be_visible()

    writer.goto(f"/bao-cao/{office.report.pk}/soan/")
    expect(writer.locator(".report-note")).to_contain_text("Bổ sung số kế hoạch.")
    writer.locator("#text").fill("Đã ban hành 4 kế hoạch.")
    writer.get_by_role("button", name="Trình trưởng đơn vị").click()
    expect(writer.locator(".message.is-success")).to_be_visible()

    head.goto(f"/bao-cao/{office.report.pk}/soan/")
    expect(head.locator("#text")).to_have_value("Đã ban hành 4 kế hoạch.")
    head.get_by_role("button", name="Gửi Văn phòng Sở").click()
    head.get_by_role("dialog").get_by_role("button", name="Vẫn gửi").click()
    expect(head.locator(".message.is-success")).to_be_visible()
    assert reread(office.report).state == State.SUBMITTED
