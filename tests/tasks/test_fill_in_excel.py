"""The Excel way: reports taken away as a workbook, filled in, given back; nothing lost, all or nothing (R18b)."""

import datetime as dt
import io
import subprocess
import zipfile
from decimal import Decimal
from shutil import which

import made_files
import pytest
import time_machine
from conftest import need
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from filled_sheets import (
    FIGURES,
    HEADING_ROW,
    TEXTS,
    cell_of,
    columns,
    download,
    fill,
    give_back,
    open_book,
    saved,
    write,
)
from openpyxl import Workbook
from report_office import Office, at, sign_in, text_of

from accounts.models import AuditEntry, Role
from plans.models import Period
from tasks import services
from tasks.models import Answer, Report
from tasks.sheets import reading

pytestmark = pytest.mark.django_db

FULL = {
    "1.1-a Tử số": 9,
    "1.1-a Mẫu số": 10,
    "1.1-b Giá trị": 4,
    "1.1-c Giá trị": 1234.5,
    "1.1-d Có / Không": "Có",
    "1.1-e Số, ký hiệu": "12/KH-SGDĐT",
    "1.1-e Ngày": dt.date(2019, 1, 15),
    "1.1-e Cơ quan ban hành": "Sở GDĐT",
    "1.1-f Ngày": "01/02/2019",
    "1.1-g Tử số": "9,8",
    "1.1-g Mẫu số": 9.8,
    "1.1-h Cách trả lời": "Không phát sinh",
    "1.1-h Lý do": "Không có hồ sơ",
    "1.1 Kết quả thực hiện": "Đã làm xong.\nĐủ cả.",
    "1.2 Khó khăn, vướng mắc": "Thiếu người",
}


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9), tick=False):
        yield


@pytest.fixture
def office(morning):
    return Office()


@pytest.fixture
def taken(client, office):
    return download(client, office.writer, office.period)


def upload(client, office, content, **more):
    return give_back(client, office.writer, office.period, content, **more)


def preview(client, office, content):
    page = upload(client, office, content, follow=True)
    assert page.status_code == 200, text_of(page)
    assert page.templates[0].name == "tasks/sheet_preview.html"
    return page


def nothing_written():
    return not Answer.objects.exists() and not Report.objects.exclude(version=0).exists()


# -- There and back -------------------------------------------------------------------------------


def test_what_is_filled_in_is_stored_as_if_typed_into_the_form(client, office, taken):
    page = preview(client, office, fill(taken, FULL))
    words = text_of(page)
    assert nothing_written()  # a preview writes nothing
    assert "1.1-a Chỉ tiêu 1.1-a Mức đặt ra: ≥ 80% trống 9/10" in words
    assert "12/KH-SGDĐT ngày 15/01/2019 Sở GDĐT" in words
    assert "sẽ trả lời 8/8 chỉ tiêu" in words
    done = write(client, page)
    assert "Đã ghi 2 báo cáo từ tệp." in text_of(done)
    assert done.redirect_chain[-1][0].startswith(reverse("todo"))
    report = office.find("1.1")
    assert (report.state, report.version, report.assignee) == ("draft", 1, office.writer)
    assert report.text == "Đã làm xong.\nĐủ cả."
    assert office.find("1.2").difficulties == "Thiếu người"
    assert office.find("1.3").version == 0
    answers = {a.indicator.code: a for a in report.answers.select_related("document", "indicator")}
    assert (answers["1.1-a"].numerator, answers["1.1-a"].denominator) == (9, 10)
    assert answers["1.1-b"].amount == 4
    assert answers["1.1-c"].amount == Decimal("1234.5")
    assert answers["1.1-d"].holds is True
    assert str(answers["1.1-e"].document) == "12/KH-SGDĐT ngày 15/01/2019"
    assert answers["1.1-f"].day == dt.date(2019, 2, 1)
    assert answers["1.1-g"].numerator == answers["1.1-g"].denominator == Decimal("9.8")
    assert (answers["1.1-h"].state, answers["1.1-h"].reason) == ("not_arising", "Không có hồ sơ")
    (entry,) = AuditEntry.objects.filter(object_id=report.pk, action=services.SAVED)
    assert entry.changes["1.1-a"] == [None, "9/10"]
    assert entry.actor == office.writer


def test_a_file_taken_away_again_holds_it_all_and_changes_nothing(client, office, taken):
    write(client, preview(client, office, fill(taken, FULL)))
    again = download(client, office.writer, office.period)
    book = open_book(again)
    assert cell_of(book, "1.1-c", "Giá trị").value == 1234.5
    assert cell_of(book, "1.1-e", "Ngày").value.date() == dt.date(2019, 1, 15)
    assert cell_of(book, "1.1-d", "Có / Không").value == "Có"
    assert cell_of(book, "1.1-h", "Cách trả lời").value == "Không phát sinh"
    assert cell_of(book, "1.1", "Kết quả thực hiện").value == "Đã làm xong.\nĐủ cả."
    page = preview(client, office, saved(book))
    assert "Không có gì thay đổi" in text_of(page)
    assert page.context["kept"]["entries"] == []
    cleared = {key: None for key in FULL if key.startswith(("1.1-a", "1.1-h"))}
    write(client, preview(client, office, fill(again, cleared)))
    assert office.find("1.1").answers.count() == 6  # emptied cells empty the answers


def test_the_same_reports_make_the_same_bytes(client, office, taken):
    with time_machine.travel(at(2019, 11, 13, 17), tick=False):
        assert download(client, office.writer, office.period) == taken


def test_the_workbook_guides_and_guards(client, office, taken):
    book = open_book(taken)
    assert book.sheetnames == [FIGURES, TEXTS, "Hướng dẫn", "_cchc"]
    assert book["_cchc"].sheet_state == "veryHidden"
    ws = book[FIGURES]
    assert ws.protection.sheet
    assert not ws.protection.password
    assert ws.freeze_panes == "E5"
    for heading, locked in (("Tử số", False), ("Giá trị", True), ("Chỉ tiêu", True)):
        assert cell_of(book, "1.1-a", heading).protection.locked is locked
    lists = {
        str(cell): rule.formula1
        for rule in ws.data_validations.dataValidation
        for cell in str(rule.sqref).split()
        if rule.type == "list"
    }
    state = cell_of(book, "1.1-e", "Cách trả lời").coordinate
    assert lists[state] == '"Đã ban hành,Chưa ban hành,Không phát sinh,Không thuộc đơn vị này"'
    assert len(ws.data_validations.dataValidation) >= 10


def test_words_never_become_formulas(client, office):
    office.save(text="=1+1")
    office.indicators["1.1-a"].name = "@SUM(A1)"
    office.indicators["1.1-a"].save()
    book = open_book(download(client, office.writer, office.period))
    assert cell_of(book, "1.1", "Kết quả thực hiện").data_type == "s"
    assert cell_of(book, "1.1-a", "Chỉ tiêu").data_type == "s"
    assert cell_of(book, "1.1-a", "Chỉ tiêu").quotePrefix
    assert "Không có gì thay đổi" in text_of(preview(client, office, saved(book)))


def test_what_was_typed_and_not_understood_goes_along(client, office):
    report = office.report
    name = office.field("1.1-a", "numerator")
    Report.objects.filter(pk=report.pk).update(
        unread={name: "mười", office.field("1.1-a", "denominator"): "10"}, version=1, state="draft"
    )
    content = download(client, office.writer, office.period)
    assert cell_of(open_book(content), "1.1-a", "Tử số").value == "mười"
    write(client, preview(client, office, fill(content, {"1.1-b Giá trị": 2})))
    assert office.find("1.1").unread[name] == "mười"  # untouched in the file, untouched here
    write(client, preview(client, office, fill(content, {"1.1-a Tử số": 8})))
    assert office.find("1.1").unread == {}
    assert office.find("1.1").answers.count() == 2


def test_sent_reports_are_not_in_the_file(client, office):
    office.send("1.2")
    book = open_book(download(client, office.writer, office.period))
    with pytest.raises(LookupError):
        cell_of(book, "1.2", "Kết quả thực hiện")
    helped = " ".join(str(row[0].value) for row in book["Hướng dẫn"].iter_rows())
    assert "1.2: Báo cáo đã gửi, đang chờ Văn phòng Sở duyệt" in helped


def test_columns_in_another_order_more_sheets_and_columns(client, office, taken):
    book = open_book(fill(taken, FULL))
    ws = book[FIGURES]
    places = columns(ws)
    a, b = places["Tử số"], places["Lý do"]
    for row in range(HEADING_ROW, ws.max_row + 1):
        one, two = ws.cell(row, a).value, ws.cell(row, b).value
        ws.cell(row, a).value, ws.cell(row, b).value = two, one
    ws.cell(HEADING_ROW, 20).value = "Ghi chú riêng"
    ws.cell(HEADING_ROW + 1, 20).value = "=1+1"
    book.create_sheet("Nháp")["A1"] = "=SUM(B1:B2)"
    book.move_sheet(TEXTS, -1)
    ws.insert_rows(1)
    page = preview(client, office, saved(book))
    words = text_of(page)
    assert "Bỏ qua trang «Nháp»" in words
    assert "Bỏ qua cột «Ghi chú riêng» ở trang «Báo cáo»" in words
    write(client, page)
    assert office.find("1.1").answers.count() == 8


def test_lines_taken_out_stay_as_they_are(client, office):
    office.save(text="Cũ")
    book = open_book(download(client, office.writer, office.period))
    book[TEXTS].delete_rows(HEADING_ROW + 1)
    book[FIGURES].delete_rows(HEADING_ROW + 1)
    page = preview(client, office, saved(book))
    assert "giữ nguyên: 1.1-a, nội dung 1.1" in text_of(page)
    assert "Không có gì thay đổi" in text_of(page)


# -- Bad files ------------------------------------------------------------------------------------

BAD_CELLS = [
    ("1.1-a Tử số", "=4+5", "là công thức; hãy dán giá trị"),
    ("1.1-a Tử số", "mười", "Tử số «mười» không phải là số"),
    ("1.1-a Tử số", 11, "Tử số 11 lớn hơn mẫu số 10"),
    ("1.1-a Tử số", dt.date(2019, 10, 9), "là ngày tháng (09/10/2019), không phải số"),
    ("1.1-a Giá trị", 5, "chỉ tiêu 1.1-a không dùng cột này"),
    ("1.1-a Lý do", "Vì", "có lý do nhưng chỉ tiêu 1.1-a đang trả lời «Có số liệu»"),
    ("1.1-a Cách trả lời", "Chưa ban hành", "không có trong danh sách: Có số liệu"),
    ("1.1-a Cách trả lời", "Không phát sinh", "phải để trống vì đã chọn «Không phát sinh»"),
    ("1.1-a Mã nhiệm vụ", "1.2", "có thể các dòng đã bị xáo trộn"),
    ("1.1-b Giá trị", -5, "Số lượng -5 là số âm"),
    ("1.1-b Giá trị", 1.5, "phải là số nguyên"),
    ("1.1-d Có / Không", "Chắc là có", "chỉ chọn Có hoặc Không"),
    ("1.1-e Ngày", dt.date(2019, 11, 14), "ở sau ngày hôm nay"),
    ("1.1-f Ngày", "31/02/2019", "Ngày «31/02/2019» không đúng"),
    ("1.1-b Mã chỉ tiêu", "9.9-z", "Chỉ tiêu «9.9-z» không có trong các báo cáo của đơn vị"),
    ("1.1-b Mã chỉ tiêu", "1.1-a", "đã có ở dòng 5"),
    ("1.1-b Mã chỉ tiêu", None, "không có «Mã chỉ tiêu»"),
    ("1.1 Kết quả thực hiện", "ă" * 20_001, "quá mức 20.000; hãy rút gọn"),
    ("1.2 Mã nhiệm vụ", "7.7", "Nhiệm vụ «7.7» không có trong các báo cáo"),
]


@pytest.mark.parametrize(("place", "value", "words"), BAD_CELLS)
def test_a_bad_cell_is_named_and_nothing_is_written(client, office, taken, place, value, words):
    code, _, heading = place.partition(" ")
    cell = cell_of(open_book(taken), code, heading)
    page = upload(client, office, fill(taken, FULL | {place: value}))
    assert page.status_code == 422
    assert words in text_of(page)
    fault = next(f for f in page.context["faults"] if words in f.message)
    assert (fault.sheet, fault.row) == (cell.parent.title, cell.row)
    assert fault.column in columns(cell.parent)
    assert nothing_written()
    assert "sheet_upload" not in client.session
    follow = client.post(reverse("sheet_preview", args=[office.period.pk]), {"token": "x"})
    assert follow.status_code == 302
    assert nothing_written()


def test_every_fault_is_listed_at_once(client, office, taken):
    page = upload(
        client,
        office,
        fill(taken, FULL | {"1.1-a Tử số": "mười", "1.1-b Giá trị": -1, "1.1-f Ngày": "x"}),
    )
    assert [f.cell[0] for f in page.context["faults"]] == ["G", "I", "L"]
    assert "Tệp có 3 chỗ phải sửa; chưa ghi gì" in text_of(page)


def test_a_percentage_is_no_count(client, office, taken):
    book = open_book(taken)
    cell = cell_of(book, "1.1-a", "Tử số")
    cell.value, cell.number_format = 0.85, "0%"
    assert "dạng phần trăm" in text_of(upload(client, office, saved(book)))


def test_merged_cells_are_refused(client, office, taken):
    book = open_book(fill(taken, FULL))
    book[FIGURES].merge_cells("G5:G7")
    page = upload(client, office, saved(book))
    assert page.status_code == 422
    assert "Các ô G5:G7 bị gộp" in text_of(page)
    assert page.context["faults"][0].column == "Tử số"


@pytest.mark.parametrize("sheet", [FIGURES, TEXTS])
def test_a_renamed_sheet_and_a_renamed_heading(client, office, taken, sheet):
    book = open_book(taken)
    heading = {FIGURES: "Tử số", TEXTS: "Khó khăn, vướng mắc"}[sheet]
    ws = book[sheet]
    ws.cell(HEADING_ROW, columns(ws)[heading]).value = heading + " mới"
    page = upload(client, office, saved(book))
    (fault,) = page.context["faults"]
    assert (fault.sheet, fault.row, fault.column) == (sheet, HEADING_ROW, heading)
    assert f"có phải cột «{heading} mới»" in fault.message
    ws.title = "Khác"
    (fault,) = upload(client, office, saved(book)).context["faults"]
    assert fault.sheet == sheet
    assert "Tệp không có trang này" in fault.message


def test_a_heading_twice(client, office, taken):
    book = open_book(taken)
    book[FIGURES].cell(HEADING_ROW, 20).value = "Tử số"
    (fault,) = upload(client, office, saved(book)).context["faults"]
    assert (fault.column, fault.message) == ("Tử số", "Cột này có hai lần; hãy xóa bớt một cột.")


def test_a_hundred_thousand_rows(client, office, taken):
    row = b'<row r="%d"><c r="C%d" t="inlineStr"><is><t>1.1-a</t></is></c></row>'
    rows = b"".join(row % (n, n) for n in range(100, 100_100))
    content = repacked(
        taken,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>"),
    )
    page = upload(client, office, content)
    assert page.status_code == 422
    assert "Trang có quá nhiều dòng" in text_of(page)
    assert len(page.content) < 200_000


def repacked(content, name, change):
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", 8) as new:
        for part in old.infolist():
            body = old.read(part)
            new.writestr(part.filename, change(body) if part.filename == name else body)
    return stream.getvalue()


def with_part(content, name, body):
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a", 8) as archive:
        archive.writestr(name, body)
    return stream.getvalue()


def blank_book():
    return saved(Workbook())


@pytest.mark.parametrize(
    ("make", "name", "words"),
    [
        (lambda c: with_part(c, "xl/vbaProject.bin", b"x"), "b.xlsx", "có chứa macro"),
        (lambda c: c, "b.xlsm", "có đuôi .xlsm"),
        (lambda c: with_part(c, "xl/embeddings/a.exe", b"MZ"), "b.xlsx", "nhúng chương trình"),
        (lambda c: with_part(c, "xl/big.xml", b" " * 70_000_000), "b.xlsx", "phình to bất thường"),
        (lambda c: made_files.docx(), "b.docx", "là Word (.docx)"),
        (lambda c: made_files.pdf(), "b.pdf", "không phải là sổ tính Excel"),
        (lambda c: "mã,chỉ tiêu\n1,2".encode(), "b.csv", "không phải là sổ tính Excel"),
        (lambda c: b"", "b.xlsx", "trống (0 byte)"),
        (lambda c: c[: len(c) // 2], "b.xlsx", "bị hỏng"),
        (lambda c: b"PK\x03\x04" + b"x" * 6_000_000, "b.xlsx", "quá giới hạn 5 MB"),
        (lambda c: blank_book(), "b.xlsx", "không phải là tệp tải về"),
        (
            lambda c: repacked(c, "xl/worksheets/sheet1.xml", lambda xml: xml[:-300]),
            "b.xlsx",
            "Không mở được sổ tính",
        ),
    ],
)
def test_a_file_that_is_none(client, office, taken, make, name, words):
    page = upload(client, office, make(taken), name=name)
    assert page.status_code == 422
    assert words in text_of(page)
    assert nothing_written()


def test_an_upload_cut_off_and_one_without_a_file(client, office, taken):
    page = upload(client, office, taken, whole=False)
    assert page.status_code == 422
    assert "đứt giữa chừng" in text_of(page)
    page = client.post(reverse("sheet_upload", args=[office.period.pk]), {"whole": "1"})
    assert "Hãy chọn tệp" in text_of(page)


def test_sheets_larger_when_unpacked_than_any_of_ours(client, office, taken, monkeypatch):
    monkeypatch.setattr(reading, "MAX_UNPACKED", 10_000)
    assert "quá lớn khi mở ra" in text_of(upload(client, office, taken))


def test_another_units_another_agencys_and_another_periods_file(client, office):
    stranger = Office("SNV")
    other = office.period
    second = Period.objects.create(
        plan=office.plan,
        year=2019,
        kind="h1",
        starts_on=dt.date(2019, 1, 1),
        due_before=dt.date(2019, 11, 30),
        closes_on=dt.date(2019, 12, 31),
        opened_at=at(2019, 11, 1),
    )
    for user, period, words in (
        (office.other_head, office.period, "Tệp này của đơn vị khác (mã KHTC)"),
        (stranger.writer, stranger.period, "Tệp này của cơ quan khác"),
        (office.writer, second, "Tệp này của kỳ báo cáo khác (6 tháng năm 2019)"),
    ):
        content = download(client, user, period)
        page = give_back(client, office.writer, other, content)
        assert page.status_code == 422
        assert words in text_of(page)


# -- Somebody else meanwhile ----------------------------------------------------------------------


def test_a_stale_file_loses_nothing_of_either(client, office, taken):
    office.save(by=office.second_writer, text="Của người khác")
    content = fill(taken, FULL)
    page = preview(client, office, content)
    words = text_of(page)
    assert "1 chỗ đã được sửa trên hệ thống sau khi bạn tải tệp về" in words
    assert "Của người khác" in words
    assert "Đã làm xong." in words
    write(client, page)  # the saved words stay unless chosen otherwise
    report = office.find("1.1")
    assert report.text == "Của người khác"
    assert report.answers.count() == 8
    page = preview(client, office, content)
    write(client, page, **{f"giu-{report.pk}-text": "file"})
    assert office.find("1.1").text == "Đã làm xong.\nĐủ cả."


def test_what_the_file_did_not_touch_stays_as_saved_meanwhile(client, office, taken):
    office.save(by=office.second_writer, text="Của người khác")
    page = preview(client, office, fill(taken, {"1.1-b Giá trị": 7}))
    assert not page.context["comparison"].conflicts
    write(client, page)
    report = office.find("1.1")
    assert (report.text, report.answers.get().amount) == ("Của người khác", 7)


def test_saved_between_preview_and_writing(client, office, taken):
    page = preview(client, office, fill(taken, FULL))
    office.save(by=office.second_writer, text="Của người khác")
    again = write(client, page)
    assert again.status_code == 409
    assert "chưa ghi gì" in text_of(again)
    assert "Của người khác" in text_of(again)
    assert not Answer.objects.exists()
    assert office.find("1.2").version == 0
    write(client, again)
    assert office.find("1.1").text == "Của người khác"
    assert office.find("1.1").answers.count() == 8


def test_sent_between_taking_away_and_giving_back(client, office, taken):
    office.send("1.2")
    page = upload(client, office, fill(taken, FULL))
    assert page.status_code == 422
    assert "Báo cáo 1.2 không ghi được nữa: Báo cáo đã gửi" in text_of(page)
    untouched = {k: v for k, v in FULL.items() if not k.startswith("1.2")}
    write(client, preview(client, office, fill(taken, untouched)))
    assert office.find("1.1").version == 1


def test_sent_between_preview_and_writing_all_or_nothing(client, office, taken):
    page = preview(client, office, fill(taken, FULL))
    office.send("1.2")
    again = write(client, page)
    assert again.status_code == 409
    assert "Không ghi được tệp này" in text_of(again)
    assert office.find("1.1").version == 0


def test_a_conflict_in_the_last_report_takes_the_first_back(client, office, taken, monkeypatch):
    page = preview(client, office, fill(taken, FULL))
    save = services.save

    def fails(*, report, **rest):
        if report.task.code == "1.2":
            raise services.Conflict(report)
        return save(report=report, **rest)

    monkeypatch.setattr(services, "save", fails)
    assert write(client, page).status_code == 409
    assert nothing_written()


def test_writing_twice_does_nothing_twice(client, office, taken):
    page = preview(client, office, fill(taken, FULL))
    write(client, page)
    count = AuditEntry.objects.count()
    again = write(client, page)
    assert "Tệp này đã được ghi" in text_of(again)
    assert office.find("1.1").version == 1
    assert AuditEntry.objects.count() == count


def test_dropping_the_file(client, office, taken):
    page = preview(client, office, fill(taken, FULL))
    write(client, page, bo="1")
    assert nothing_written()
    assert "sheet_upload" not in client.session


# -- Who and when ---------------------------------------------------------------------------------

NAMES = ("sheet_upload", "sheet_download", "sheet_preview")


def test_only_writers_of_the_unit_and_only_in_their_agency(client, office):
    stranger = Office("SNV")
    for user, status in (
        (office.leader, 403),
        (office.administrator, 403),
        (stranger.writer, 404),
        (stranger.coordinator, 404),
    ):
        sign_in(client, user)
        for name in NAMES:
            assert client.get(reverse(name, args=[office.period.pk])).status_code == status
    assert client.get(reverse("sheet_upload", args=[10**9])).status_code == 404


def test_a_closed_period_refuses_and_says_why(client, office, taken):
    page = preview(client, office, fill(taken, FULL))
    Period.objects.filter(pk=office.period.pk).update(closed_at=at(2019, 11, 12, 8))
    for answer in (upload(client, office, taken), write(client, page)):
        assert answer.status_code == 403
        assert "đã khóa ngày 12/11/2019" in text_of(answer)
    assert client.get(reverse("sheet_download", args=[office.period.pk])).status_code == 403
    assert nothing_written()


def test_another_persons_file_is_not_at_hand(client, office, taken):
    page = preview(client, office, fill(taken, FULL))
    sign_in(client, office.second_writer)
    assert "Tệp này đã được ghi, đã bỏ" in text_of(write(client, page))
    assert nothing_written()


# -- Queries --------------------------------------------------------------------------------------


def test_queries_do_not_grow_with_rows(client, office):
    def counts():
        content = download(client, office.writer, office.period)
        found = []
        for call in (
            lambda: download(client, office.writer, office.period),
            lambda: upload(client, office, fill(content, FULL)),
            lambda: client.get(reverse("sheet_preview", args=[office.period.pk])),
        ):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                call()
            found.append(len(queries))
        return found

    counts()
    before = counts()
    for task in office.tasks[1:]:
        for n in range(20):
            office.add_indicator(f"{task.code}-{n}", "count", task=task)
    assert counts() == before


def test_writing_needs_as_many_queries_for_one_figure_as_for_many(client, office):
    for n in range(30):
        office.add_indicator(f"1.2-{n}", "count", task=office.tasks[1])
    found = []
    for many, value in ((1, 5), (30, 6)):
        content = download(client, office.writer, office.period)
        page = preview(
            client, office, fill(content, {f"1.2-{n} Giá trị": value for n in range(many)})
        )
        with CaptureQueriesContext(connection) as queries:
            write(client, page)
        found.append(len([q for q in queries if "tasks_" in q["sql"]]))
    assert found[1] <= found[0]


# -- Sending all ----------------------------------------------------------------------------------


def test_the_head_sends_all_complete_reports_after_a_summary(client, office):
    for task in ("1.2", "1.3"):
        office.save(office.find(task))
    address = reverse("todo_submit_all", args=[office.period.pk])
    sign_in(client, office.head)
    page = client.get(address)
    assert [report.task.code for report in page.context["ready"]] == ["1.2", "1.3"]
    assert "2 báo cáo còn thiếu" in text_of(page)
    assert "2 báo cáo chưa có tài liệu kiểm chứng nào" in text_of(page)
    chosen = [report.pk for report in page.context["ready"]] + [office.report.pk]
    done = client.post(address, {"bao-cao": chosen}, follow=True)
    assert "Đã gửi 2 báo cáo cho Văn phòng Sở." in text_of(done)
    assert office.find("1.2").state == office.find("1.3").state == "submitted"
    assert office.find("1.1").state == "not_started"
    again = client.post(address, {"bao-cao": chosen}, follow=True)
    assert "Chưa có báo cáo nào được gửi" in text_of(again)
    assert office.find("1.2").versions.count() == 1
    assert sign_in(client, office.writer).get(address).status_code == 403
    assert office.find("1.2").transitions.last().acted_as == Role.HEAD.label


# -- LibreOffice ----------------------------------------------------------------------------------


@pytest.mark.service
def test_libreoffice_opens_it_and_what_it_saves_can_be_given_back(client, office, taken, tmp_path):
    need(which("soffice"), "LibreOffice")
    path = tmp_path / "vao" / "bao-cao.xlsx"
    path.parent.mkdir()
    path.write_bytes(fill(taken, FULL))
    subprocess.run(
        [
            which("soffice"),
            f"-env:UserInstallation=file://{tmp_path}/profile",
            "--headless",
            "--convert-to",
            "xlsx",
            "--outdir",
            str(tmp_path),
            str(path),
        ],
        check=True,
        timeout=180,
        capture_output=True,
    )
    page = preview(client, office, (tmp_path / "bao-cao.xlsx").read_bytes())
    write(client, page)
    assert office.find("1.1").answers.count() == 8
    assert office.find("1.1").text == "Đã làm xong.\nĐủ cả."
