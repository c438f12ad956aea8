"""What an official does besides one form: Excel and sending all, obstacles, contributions, deputies, results, corrections."""

import datetime as dt

import pytest
from openpyxl import load_workbook

from accounts.models import Mail
from plans.models import Duty
from tasks.models import Answer, Contribution, Correction, Obstacle, Report, TaskResult, Transition
from tasks.states import State
from tests.browser.browsing import field, fill_all, reread, saved

pytest_plugins = ["tests.browser.browsing"]
pytestmark = pytest.mark.browser
HEADING_ROW = 4
DEPUTY = "KT. Trưởng đơn vị"


def told(page, words):
    """Wait for the message that something was done."""
    page.locator(".message.is-success", has_text=words).wait_for()


def day(date):
    return date.strftime("%d/%m/%Y")


def put(sheet, code, key, values):
    """Write ``values``, heading: value, into the row where the column ``key`` says ``code``."""
    places = {cell.value: cell.column for cell in sheet[HEADING_ROW] if cell.value}
    row = next(
        r
        for r in range(HEADING_ROW + 1, sheet.max_row + 1)
        if sheet.cell(r, places[key]).value == code
    )
    for heading, value in values.items():
        sheet.cell(row, places[heading]).value = value


def take_workbook(page, path):
    """From the to-do page to the saved file."""
    page.goto("/viec/")
    page.get_by_role("link", name="Làm bằng Excel").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Tải tệp Excel về").click()
    download.value.save_as(path)


def give_workbook(page, path):
    page.get_by_label("Tệp Excel (.xlsx)").set_input_files(path)
    page.get_by_role("button", name="Xem trước").click()


def send_report(page):
    page.get_by_role("button", name="Gửi Văn phòng Sở").click()
    page.get_by_role("dialog").get_by_role("button", name="Vẫn gửi").click()
    told(page, "Đã gửi báo cáo")


def test_by_excel_and_then_all_complete_ones_at_once(visit, office, tmp_path):
    from playwright.sync_api import expect

    other = office.find("1.2")
    Answer.objects.create(
        report=office.report, indicator=office.indicators["1.1-b"], amount="3", state="given"
    )
    page = visit(office.head)
    path = tmp_path / "bao-cao.xlsx"
    take_workbook(page, path)
    book = load_workbook(path)
    put(book["Báo cáo"], "1.1-a", "Mã chỉ tiêu", {"Tử số": 9, "Mẫu số": 10})
    put(book["Báo cáo"], "1.1-b", "Mã chỉ tiêu", {"Giá trị": 5})
    put(book["Nội dung"], "1.2", "Mã nhiệm vụ", {"Kết quả thực hiện": "Đã làm trong tệp."})
    book.save(path)

    give_workbook(page, path)
    changed = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="1.1-b"))
    expect(changed.get_by_role("cell").nth(0)).to_have_text("3")
    expect(changed.get_by_role("cell").nth(1)).to_have_text("5")
    assert reread(other).text == ""  # nothing is written before it is confirmed
    page.get_by_role("button", name="Ghi vào 2 báo cáo").click()
    told(page, "Đã ghi 2 báo cáo")
    page.get_by_role("link", name="1.1 Nhiệm vụ thứ 1", exact=True).click()
    expect(field(page, office, "1.1-a", "numerator")).to_have_value("9")
    expect(field(page, office, "1.1-a", "denominator")).to_have_value("10")
    expect(field(page, office, "1.1-b", "amount")).to_have_value("5")

    page.goto("/viec/")
    page.get_by_role("link", name="Gửi các báo cáo đã đủ").click()
    expect(page.get_by_role("checkbox")).to_have_count(1)
    expect(page.get_by_role("checkbox", name="1.2 Nhiệm vụ thứ 2")).to_be_checked()
    page.get_by_role("button", name="Gửi các báo cáo đã chọn").click()
    told(page, "Đã gửi 1 báo cáo")
    assert reread(other).state == State.SUBMITTED
    assert reread(office.report).state == State.DRAFT


def test_an_obstacle_from_the_unit_to_the_leader_and_back(visit, office):
    from playwright.sync_api import expect

    due = office.today + dt.timedelta(days=5)
    writer = visit(office.writer)
    writer.goto("/vuong-mac/neu/")
    writer.get_by_label("Khó khăn, vướng mắc").fill("Thiếu kinh phí số hóa hồ sơ.")
    writer.get_by_label("Báo cáo liên quan").select_option(str(office.report.pk))
    writer.get_by_role("button", name="Gửi Văn phòng Sở").click()
    told(writer, "Đã gửi vướng mắc")
    address = f"/vuong-mac/{Obstacle.objects.get().pk}/"

    chief = visit(office.coordinator)
    chief.goto("/vuong-mac/")
    chief.get_by_role("link", name="Thiếu kinh phí số hóa hồ sơ.").click()
    chief.get_by_label("Ý kiến Văn phòng Sở").fill("Đề nghị xem xét.")
    chief.get_by_role("button", name="Trình Lãnh đạo Sở").click()
    told(chief, "Đã trình Lãnh đạo Sở")

    leader = visit(office.leader)
    leader.goto(address)
    expect(leader.locator("main")).to_contain_text("Đề nghị xem xét.")
    answer = leader.get_by_role("group", name="Ý kiến 1")
    answer.get_by_label("Nội dung chỉ đạo").fill("Bố trí kinh phí trong quý.")
    answer.get_by_label("Đơn vị thực hiện").select_option(label="Phòng Kế hoạch tài chính")
    answer.get_by_label("Hoàn thành trước hết ngày").fill(day(due))
    leader.get_by_role("button", name="Gửi ý kiến chỉ đạo").click()
    told(leader, "Đã ghi 1 ý kiến chỉ đạo")

    owner = visit(office.other_head)
    owner.goto("/viec/")
    asked = owner.get_by_role("region", name="Ý kiến chỉ đạo phải thực hiện")
    expect(asked).to_contain_text(f"hết ngày {day(due)}")
    asked.get_by_role("link", name="Bố trí kinh phí trong quý.").click()
    owner.get_by_text("Báo thực hiện xong").click()
    owner.get_by_label("Kết quả thực hiện").fill("Đã bố trí.")
    owner.get_by_role("button", name="Ghi đã thực hiện xong").click()
    told(owner, "Đã ghi kết quả thực hiện")
    owner.goto("/viec/")
    expect(owner.get_by_text("Bố trí kinh phí trong quý.")).to_have_count(0)

    chief.goto(address)
    chief.get_by_text("Đóng vướng mắc", exact=True).first.click()
    chief.get_by_label("Kết quả giải quyết").fill("Đã cấp kinh phí.")
    chief.get_by_role("button", name="Đóng vướng mắc").click()
    told(chief, "Đã đóng vướng mắc")
    writer.goto(address)
    expect(writer.locator("main")).to_contain_text("Đã cấp kinh phí.")
    assert Obstacle.objects.get().state == Obstacle.State.CLOSED


def test_a_contribution_is_taken_over_into_the_leads_report(visit, office):
    from playwright.sync_api import expect

    Report.objects.filter(task=office.tasks[0], unit=office.units["KHTC"]).delete()
    Duty.objects.filter(task=office.tasks[0], unit=office.units["KHTC"]).update(role="coordinate")
    Duty.objects.filter(task=office.tasks[0], unit=office.units["TCCB"]).update(role="lead")
    helper = visit(office.other_head)
    helper.goto("/viec/")
    helper.get_by_role("region", name="Phối hợp").get_by_role("link", name="1.1").click()
    helper.get_by_label("Đơn vị đã phối hợp làm gì, kết quả ra sao").fill("Đã bố trí 120 triệu.")
    helper.get_by_role("button", name="Gửi đơn vị chủ trì").click()
    told(helper, "Đã gửi nội dung phối hợp")
    assert Contribution.objects.get().state == Contribution.State.GIVEN

    lead = visit(office.writer)
    lead.goto(f"/bao-cao/{office.report.pk}/soan/")
    text = lead.get_by_label("Đơn vị đã làm gì, kết quả ra sao")
    text.fill("Đã ban hành kế hoạch.")
    lead.get_by_role("button", name="Thêm nội dung của Phòng Kế hoạch tài chính").click()
    expect(text).to_have_value("Đã ban hành kế hoạch.\nĐã bố trí 120 triệu.")
    saved(lead)
    assert "Đã bố trí 120 triệu." in reread(office.report).text


def test_a_deputy_sends_in_the_heads_absence_and_the_history_says_so(visit, office):
    from playwright.sync_api import expect

    report = office.find("1.2")
    head, deputy = visit(office.head), visit(office.writer)
    deputy.goto(f"/bao-cao/{report.pk}/soan/")
    expect(deputy.get_by_role("button", name="Lưu bản đang soạn")).to_be_visible()
    expect(deputy.get_by_role("button", name="Gửi Văn phòng Sở")).to_have_count(0)
    head.goto("/uy-quyen/")
    head.get_by_label("Người ký thay").select_option(label="Lê Văn Soạn")
    head.get_by_label("Từ ngày").fill(day(office.today))
    head.get_by_label("Đến hết ngày").fill(day(office.today + dt.timedelta(days=7)))
    head.get_by_label("Căn cứ").fill("Giấy ủy quyền 05/GUQ-TCCB")
    head.get_by_role("button", name="Ủy quyền", exact=True).click()
    told(head, "Lê Văn Soạn ký thay trưởng Phòng Tổ chức cán bộ")
    expect(head.get_by_role("row", name="Lê Văn Soạn")).to_contain_text("đang ký thay")

    deputy.reload()
    deputy.get_by_label("Đơn vị đã làm gì, kết quả ra sao").fill("Đã làm xong.")
    send_report(deputy)
    assert Transition.objects.get(report=report, action="submit").acted_as == DEPUTY
    head.goto(f"/bao-cao/{report.pk}/")
    history = head.locator(".history-card")
    if not history.evaluate("fold => fold.open"):
        history.locator("summary").click()
    expect(history.locator("li", has_text="Gửi")).to_contain_text(f"Lê Văn Soạn, {DEPUTY}")


def test_the_office_corrects_a_figure_and_approves_the_result(visit, office):
    from playwright.sync_api import expect

    head, chief = visit(office.head), visit(office.coordinator)
    head.goto(f"/bao-cao/{office.report.pk}/soan/")
    fill_all(head, office)
    send_report(head)

    chief.goto(f"/duyet/{office.report.pk}/")
    correcting = chief.get_by_role("region", name="Đính chính số liệu")
    correcting.get_by_text("Đính chính 1.1-a", exact=True).click()
    field(correcting, office, "1.1-a", "numerator").fill("8")
    correcting.get_by_label("Lý do đính chính 1.1-a").fill("Đếm trùng một hồ sơ.")
    correcting.get_by_role("button", name="Đính chính và báo đơn vị").locator(
        "visible=true"
    ).click()
    told(chief, "Đã đính chính 1.1-a")
    chief.get_by_role("button", name="Duyệt báo cáo").click()
    told(chief, "Đã duyệt báo cáo 1.1")
    fix = Correction.objects.get()
    assert Mail.objects.filter(user=office.head, kind="report_corrected").exists()
    head.goto(f"/bao-cao/{office.report.pk}/")
    told_unit = head.get_by_role("region", name="Số liệu Văn phòng Sở đã đính chính")
    expect(told_unit).to_contain_text(f"{fix.before} → {fix.after}")
    expect(told_unit).to_contain_text("Đếm trùng một hồ sơ.")

    chief.goto(f"/ket-qua/{office.period.pk}/{office.tasks[0].pk}/")
    text = chief.get_by_label("Kết quả thực hiện của cả Sở")
    expect(text).to_have_value("Phòng Tổ chức cán bộ\nĐã làm xong.")
    text.fill("Cả Sở đã làm xong.")
    chief.get_by_role("button", name="Lưu và chốt").click()
    chief.get_by_role("dialog").get_by_role("button").last.click()
    told(chief, "Đã chốt kết quả tổng hợp")
    merged = chief.get_by_role("region", name="Kết quả tổng hợp")
    expect(merged).to_contain_text("Đã chốt")
    expect(merged).to_contain_text("Cả Sở đã làm xong.")
    assert TaskResult.objects.get().approved_by == office.coordinator
