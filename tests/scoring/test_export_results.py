"""The workbook of results against the database, figure by figure (R8, R11, R32, R33, R35a)."""

import datetime as dt
import io
import os
import random
import shutil
import subprocess
import unicodedata
import zipfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook
from results_office import SENT_AT, ResultsOffice

from plans import workbook
from plans.models import Indicator, Period, Plan
from plans.targets import Kind, merge
from plans.workbook import Band, Column, Percent, Sheet
from scoring.exporting import write_results
from scoring.results import gather, situation
from tasks.models import Answer, Report
from tasks.states import State

NOW = dt.datetime(2019, 11, 20, 7, 30, tzinfo=SENT_AT.tzinfo)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def office(db):
    with time_machine.travel(NOW):
        yield ResultsOffice().fill()


def moment(*parts):
    return dt.datetime(*parts)  # noqa: DTZ001  # a cell knows no zone


def opened(period):
    """The workbook of ``period``, written and read again."""
    stream = io.BytesIO()
    counts = write_results(
        gather(Period.objects.select_related("plan__agency").get(pk=period.pk)), stream
    )
    return load_workbook(stream), counts


def table(ws):
    """Rows as dicts by heading; bands under ``band``."""
    start = int(ws.auto_filter.ref.split(":")[0].lstrip("A"))
    headings = [cell.value for cell in ws[start]]
    rows = []
    for row in ws.iter_rows(min_row=start + 1, values_only=True):
        filled = [value for value in row if value is not None]
        if len(filled) == 1 and str(filled[0]).startswith("Lĩnh vực"):
            rows.append({"band": filled[0]})
        else:
            rows.append(dict(zip(headings, row, strict=True)))
    return rows


def results_of(book):
    return {row["Mã chỉ tiêu"]: row for row in table(book.worksheets[0]) if row.get("Mã chỉ tiêu")}


# -- Sheet 1 ------------------------------------------------------------------------------------


def test_three_sheets_with_their_areas_and_state(office):
    book, counts = opened(office.period)
    assert book.sheetnames == ["Kết quả 2 lĩnh vực", "Báo cáo của đơn vị", "Tài liệu kiểm chứng"]
    first = book.worksheets[0]
    assert first["A1"].value == "SỞ GIÁO DỤC VÀ ĐÀO TẠO – BÀ RỊA – VŨNG TÀU"
    assert first["A2"].value == "KẾT QUẢ THỰC HIỆN KẾ HOẠCH CẢI CÁCH HÀNH CHÍNH – NĂM 2019"
    assert "số 04/KH ngày 18/06/2019; gửi trước ngày 20/11/2019" in first["A3"].value
    assert first["A4"].value.startswith(
        "Số liệu đã duyệt (4/11 báo cáo); 3/3 đơn vị chưa gửi đủ; 1 báo cáo chờ duyệt"
    )
    assert first["A4"].value.endswith("Lập lúc 07:30 ngày 20/11/2019.")
    bands = [row["band"] for row in table(first) if "band" in row]
    assert bands == ["Lĩnh vực 1. Chỉ đạo, điều hành", "Lĩnh vực 2. Cải cách tài chính công"]
    assert (counts.tasks, counts.reports, counts.evidence) == (4, 12, 4)


def test_sums_of_accepted_reports_only_as_numbers(office):
    row = results_of(opened(office.period)[0])["1.1-a"]
    assert (row["Tử số"], row["Mẫu số"]) == (93, 103)
    assert row["Kết quả tổng hợp"] == pytest.approx(93 / 103, abs=1e-15)
    assert row["Đánh giá"] == "Chưa đạt"
    assert row["Còn thiếu"] == "cần thêm 3 hồ sơ để đạt 92,5%"
    assert row["Tiến độ số liệu"] == "tạm tính 2/3 đơn vị"
    assert row["Mục tiêu"] == "≥ 92,5%\nNguyên văn: đạt từ 92,5% trở lên"
    assert (
        row["Đơn vị chủ trì / thực hiện"]
        == "Chủ trì: Văn phòng Sở\nThực hiện: Các phòng thuộc Sở (2)"
    )
    assert row["Khó khăn, vướng mắc"] == (
        "Văn phòng Sở: Thiếu kinh phí\nPhòng Tổ chức cán bộ: =Thiếu người"
    )


def test_each_kind_of_figure(office):
    rows = results_of(opened(office.period)[0])
    assert (rows["1.1-b"]["Kết quả tổng hợp"], rows["1.1-b"]["Đánh giá"]) == (1237.5, "Đạt")
    assert rows["1.2-a"]["Kết quả tổng hợp"] == moment(2019, 6, 28)
    assert rows["1.2-a"]["Mục tiêu"] == "Được ban hành, chậm nhất ngày 30/06/2019"
    assert rows["1.2-a"]["Tài liệu kiểm chứng"] == (
        "12/KH-SGDĐT ngày 28/06/2019\nChung cho nhiệm vụ: -99/BC ngày 01/07/2019"
    )
    assert (rows["1.2-b"]["Kết quả tổng hợp"], rows["1.2-b"]["Đánh giá"]) == ("Có", "Đạt")
    assert rows["1.2-c"]["Kết quả tổng hợp"] == moment(2019, 3, 1)
    assert (rows["2.1-a"]["Kết quả tổng hợp"], rows["2.1-a"]["Còn thiếu"]) == (
        50.25,
        "cần thêm 49,75 để đạt 100",
    )
    assert rows["2.1-a"]["Mục tiêu"] == "≥ 100 (suy ra từ kế hoạch)"
    assert rows["2.1-b"]["Kết quả tổng hợp"] == rows["2.1-b"]["Đánh giá"] == "Không phát sinh"
    assert rows["2.1-b"]["Mục tiêu"] == "> năm trước"
    task = next(
        row
        for row in table(opened(office.period)[0].worksheets[0])
        if row.get("Mã nhiệm vụ") == "2.2"
    )
    assert task["Mã chỉ tiêu"] is None


def test_a_complete_period_says_so(office):
    Report.objects.all().update(
        state=State.ACCEPTED, first_submitted_at=SENT_AT, submitted_at=SENT_AT
    )
    rows = results_of(opened(office.period)[0])
    assert rows["1.1-a"]["Tiến độ số liệu"] == "đủ 3/3 đơn vị"
    assert situation(office.period).text() == "Số liệu đã duyệt (11/11 báo cáo)."


# -- Sheets 2 and 3 -----------------------------------------------------------------------------


def test_each_report_by_indicator_with_what_was_sent(office):
    rows = table(opened(office.period)[0].worksheets[1])
    assert len(rows) == 3 * (
        len(office.indicators) + 1
    )  # the task without indicators has one row a unit
    found = {(row["Đơn vị"], row["Mã chỉ tiêu"] or row["Mã nhiệm vụ"]): row for row in rows}
    accepted = found["Phòng Tổ chức cán bộ", "1.1-a"]
    assert (accepted["Tử số"], accepted["Mẫu số"]) == (80.5, 90)
    assert accepted["Số liệu"] == pytest.approx(80.5 / 90, abs=1e-15)
    assert (accepted["Diễn giải"], accepted["Trả lời"]) == ("80,5/90", "Có số liệu")
    assert (accepted["Trạng thái"], accepted["Thời hạn"]) == ("Đã duyệt", "Trễ hạn")
    assert accepted["Gửi lần đầu"] == moment(2019, 11, 15, 16, 20)
    assert accepted["Khó khăn, vướng mắc"] == "=Thiếu người"
    assert found["Văn phòng Sở", "1.1-b"]["Kết quả thực hiện"] == "Đã làm xong"
    nothing = found["Phòng Kế hoạch tài chính", "2.1-b"]
    assert (nothing["Tử số"], nothing["Số liệu"], nothing["Trả lời"]) == (
        0,
        "Không phát sinh",
        "Không phát sinh",
    )
    assert "(Không có)" in nothing["Diễn giải"]
    waiting = found["Phòng Tổ chức cán bộ", "1.2-b"]
    assert (waiting["Trạng thái"], waiting["Số liệu"]) == ("Chờ duyệt", "Không")
    assert "chưa tính vào kết quả" in waiting["Ghi chú"]
    assert found["Văn phòng Sở", "2.2"]["Ghi chú"] == "Được miễn: Không có chức năng này"
    assert found["Văn phòng Sở", "2.1-a"]["Thời hạn"] == "Quá hạn"


def test_drafts_stay_in_their_unit(office):
    book, _ = opened(office.period)
    for ws in book:
        for row in ws.iter_rows(values_only=True):
            assert not any(
                secret in str(value) for value in row for secret in ("BÍ MẬT", "999", "888")
            )
    rows = table(book.worksheets[1])
    draft = next(
        r for r in rows if r["Đơn vị"] == "Phòng Kế hoạch tài chính" and r["Mã chỉ tiêu"] == "1.1-a"
    )
    assert (draft["Trạng thái"], draft["Tử số"], draft["Kết quả thực hiện"]) == (
        "Đang soạn",
        None,
        None,
    )
    returned = next(
        r for r in rows if r["Đơn vị"] == "Phòng Tổ chức cán bộ" and r["Mã chỉ tiêu"] == "2.1-a"
    )
    assert (returned["Số liệu"], returned["Kết quả thực hiện"]) == (7, "Bản đã gửi")
    assert returned["Ghi chú"].startswith("Nội dung của lần gửi thứ 1")


def test_the_index_of_evidence(office):
    rows = {row["Số, ký hiệu"]: row for row in table(opened(office.period)[0].worksheets[2])}
    assert set(rows) == {"12/KH-SGDĐT", "-99/BC", "7/TB", "8/TB"}
    plan = rows["12/KH-SGDĐT"]
    assert plan["Ngày ban hành"] == moment(2019, 6, 28)
    assert (plan["Mã chỉ tiêu"], plan["Mục, trang"]) == ("1.2-a", "cả văn bản")
    assert (plan["Tên tệp"], plan["SHA-256"]) == ("quyết định.pdf", "ab" * 32)
    assert rows["-99/BC"]["Cơ quan ban hành"] == "@UBND"
    assert rows["8/TB"]["Trạng thái báo cáo"] == "Bị trả lại"


def test_the_document_of_an_indicator_is_evidence_too(office):
    document = office.document("55/QĐ")
    Report.objects.filter(pk=office.reports["KHTC", "1.2"].pk).update(
        state=State.ACCEPTED, first_submitted_at=SENT_AT, submitted_at=SENT_AT
    )
    office.answer("KHTC", "1.2-a", document=document)
    book, _ = opened(office.period)
    row = next(row for row in table(book.worksheets[2]) if row["Số, ký hiệu"] == "55/QĐ")
    assert row["Dùng làm"] == "Văn bản của chỉ tiêu"
    assert "55/QĐ ngày 28/06/2019" in results_of(book)["1.2-a"]["Tài liệu kiểm chứng"]


# -- The writer ---------------------------------------------------------------------------------


def written(rows, columns=3):
    stream = io.BytesIO()
    workbook.write(
        [Sheet("Thử", [Column(f"Cột {n}") for n in range(columns)], rows, ["Cơ quan", "Tên"])],
        stream,
    )
    return load_workbook(stream).active, stream


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+84 903",
        "-5",
        "@SUM(A1)",
        "\t=1",
        "\n=1",
        '=HYPERLINK("x")',
        "#N/A",
        "＝1+1",
        "1234",
        "01/02/2019",
    ],
)
def test_text_never_becomes_a_formula_or_a_number(text):
    ws, stream = written([[text, text, None]])
    assert ws["A4"].value == text
    assert ws["A4"].data_type == "s"
    assert ws["A4"].quotePrefix is (text[0] in "=+-@\t\n＝")
    with zipfile.ZipFile(stream) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def test_control_characters_and_huge_text():
    ws, _ = written(
        [["a\x00\x0b\ud800b", "ấ" * 40_000, "😀" * 20_000], ["a\r\nb\rc", "e\u0302\u0301", ""]]
    )
    assert ws["A4"].value == "ab"
    for cell in ("B4", "C4"):
        assert len(ws[cell].value.encode("utf-16-le")) // 2 <= 32767
        assert ws[cell].value.endswith("(đã cắt bớt; xem đầy đủ trên hệ thống)")
    assert ws["A5"].value == "a\nb\nc"
    assert ws["B5"].value == "ế"
    assert unicodedata.is_normalized("NFC", ws["B4"].value)


def test_numbers_and_dates_are_numbers_and_dates():
    ws, _ = written(
        [
            [Decimal("1234567.5"), 12, Percent(Fraction(2, 3))],
            [Percent(Fraction(99_999_999, 100_000_000)), dt.date(2019, 11, 20), True],
            [
                dt.datetime(2019, 11, 20, 7, 30, 59, tzinfo=SENT_AT.tzinfo),
                dt.date(1890, 1, 2),
                Fraction(1, 4),
            ],
            Band("Phần hai"),
        ]
    )
    seen = [(cell.value, cell.number_format) for row in ws["A4:C6"] for cell in row]
    assert seen[0] == (1234567.5, "#,##0.####")
    assert seen[1] == (12, "#,##0")
    assert seen[2] == (pytest.approx(2 / 3, abs=1e-15), "0.00%")
    assert seen[3][1] == "0.0000%"  # less than all never shows as 100%
    assert seen[4] == (moment(2019, 11, 20), "dd/mm/yyyy")
    assert seen[5][0] == "Có"
    assert seen[6] == (moment(2019, 11, 20, 7, 30), "hh:mm dd/mm/yyyy")
    assert seen[7][0] == "02/01/1890"
    assert seen[8][0] == 0.25
    with pytest.raises(TypeError, match="float"):
        written([[0.1, None, None]])


def test_a_sheet_prints_on_a4_and_filters(office):
    for ws in opened(office.period)[0]:
        assert (ws.page_setup.orientation, int(ws.page_setup.paperSize)) == ("landscape", 9)
        assert ws.sheet_properties.pageSetUpPr.fitToPage
        assert (ws.page_setup.fitToWidth, ws.page_setup.fitToHeight) == (1, 0)
        assert ws.print_title_rows == "$5:$5"
        assert ws.freeze_panes[1:] == "6"
        assert ws.auto_filter.ref.startswith("A5:")
        assert ws.oddFooter.right.text == "Trang &P/&N"
        assert ws["A5"].font.name == "Times New Roman"
        assert ws["A5"].alignment.wrap_text
        assert len(ws.title) <= 31


def test_sheet_names_are_made_possible():
    stream = io.BytesIO()
    names = ["A/B[1]", "a b 1", "", "x" * 40]
    workbook.write([Sheet(name, [Column("c")], []) for name in names], stream)
    assert load_workbook(stream).sheetnames == ["A B 1", "a b 1 (2)", "Bảng", "x" * 31]


# -- Command and queries ------------------------------------------------------------------------


def test_the_command_writes_the_file_whole(office, tmp_path, capsys):
    target = tmp_path / "kết quả.xlsx"
    target.write_bytes(b"old")
    call_command("export_results", agency="SGDDT", year=2019, output=str(target))
    assert capsys.readouterr().out.splitlines()[-1] == "4 tasks, 12 reports, 4 evidence"
    assert results_of(load_workbook(target))["1.1-a"]["Tử số"] == 93
    assert [path.name for path in tmp_path.iterdir()] == ["kết quả.xlsx"]


def test_the_command_names_what_is_wrong(office, tmp_path):
    good = str(tmp_path / "a.xlsx")

    def fails(words, **changes):
        with pytest.raises(CommandError, match=words):
            call_command(
                "export_results", **{"agency": "SGDDT", "year": 2019, "output": good, **changes}
            )
        assert list(tmp_path.iterdir()) == []

    fails("Không có cơ quan mã «X» \\(hiện có: SGDDT\\)", agency="X")
    fails("Năm 2031 không có kỳ báo cáo nào như vậy \\(các năm có kỳ: 2019\\)", year=2031)
    fails("Không có thư mục", output=str(tmp_path / "no" / "a.xlsx"))
    fails("kết thúc bằng .xlsx", output=str(tmp_path / "a.xls"))
    fails("không có kế hoạch mã «KHÁC»", plan="KHÁC")
    other = Plan.objects.create(
        agency=office.agency, code="KH2", title="Kế hoạch hai", years=[2019]
    )
    second = Period.objects.create(
        plan=other,
        year=2019,
        starts_on=dt.date(2019, 1, 1),
        due_before=dt.date(2019, 11, 20),
        closes_on=dt.date(2019, 12, 31),
    )
    fails("hãy thêm --plan MÃ \\(các mã: KH, KH2\\)")
    fails("chưa mở", plan=second.plan.code)


def test_queries_do_not_grow_with_reports(office):
    def count():
        with CaptureQueriesContext(connection) as queries:
            opened(office.period)
        return len(queries)

    before = count()
    for name in ("VP", "TCCB", "KHTC"):
        for number in range(8):
            document = office.document(f"{number}/{name}")
            office.attach(document)
            office.prove(name, "1.1", document)
    Report.objects.all().update(
        state=State.ACCEPTED, first_submitted_at=SENT_AT, submitted_at=SENT_AT
    )
    assert count() == before


# -- The real plan ------------------------------------------------------------------------------


@pytest.fixture
def real_plan(db):
    """The department's own plan for 2019 with made-up answers to everything, nine of ten accepted."""
    call_command("import_plan", str(ROOT / "data" / "plan-2019-2020.yaml"), verbosity=0)
    call_command("open_period", plan="KH-CCHC-2019-2020", year=2019, verbosity=0)
    chance = random.Random(2019)
    period = Period.objects.select_related("plan__agency").get(year=2019)
    indicators = list(Indicator.objects.all())
    for report in period.reports.all():
        report.state = chance.choices([State.ACCEPTED, State.SUBMITTED], [9, 1])[0]
        report.first_submitted_at = report.submitted_at = SENT_AT
        report.text = "Đã thực hiện đầy đủ các nội dung theo kế hoạch. " * chance.randint(1, 4)
        report.difficulties = "Nhân sự còn kiêm nhiệm." if chance.random() < 0.2 else ""
        report.save()
        for indicator in indicators:
            if indicator.task_id == report.task_id:
                made_up_answer(report, indicator, chance)
    return period


def made_up_answer(report, indicator, chance):
    columns = {}
    match Kind(indicator.kind):
        case Kind.RATIO:
            columns["denominator"] = Decimal(chance.randint(0, 5000)) / 4
            columns["numerator"] = columns["denominator"] * chance.randint(0, 4) / 4
            columns = {name: value.quantize(Decimal("0.0001")) for name, value in columns.items()}
        case Kind.COUNT | Kind.AMOUNT:
            columns["amount"] = Decimal(chance.randint(0, 10**9)) / 10000
        case Kind.BOOLEAN:
            columns["holds"] = chance.random() < 0.9
        case _:
            columns["day"] = dt.date(2019, 1, 1) + dt.timedelta(chance.randint(0, 300))
    if indicator.kind == Kind.DOCUMENT:
        columns["document"] = report.unit.documents.create(
            agency_id=report.unit.agency_id,
            number=f"{report.pk}-{indicator.pk}/KH",
            issued_on=columns.pop("day"),
            issuer="Sở GDĐT",
            subject="Kế hoạch",
        )
    Answer.objects.create(report=report, indicator=indicator, **columns)


def test_the_real_plan_figure_by_figure(real_plan):
    book, counts = opened(real_plan)
    assert (counts.tasks, counts.reports) == (31, 131)
    assert book.sheetnames[0] == "Kết quả 8 lĩnh vực"
    rows = results_of(book)
    indicators = Indicator.objects.all()
    assert len(rows) == indicators.count() == 64
    for indicator in indicators:
        kind = Kind(indicator.kind)
        answers = Answer.objects.filter(
            indicator=indicator, report__state=State.ACCEPTED
        ).select_related("document")
        # The pure merging of plans.targets, not the database's sums that the workbook is made from.
        value = merge(kind, [answer.value(kind) for answer in answers])
        row = rows[indicator.code]
        shown = row["Kết quả tổng hợp"]
        if not value.reported:
            assert shown is None
        elif value.not_arising:
            assert shown == "Không phát sinh"
        elif kind is Kind.RATIO:
            assert Decimal(str(row["Tử số"])) == value.numerator
            assert Decimal(str(row["Mẫu số"])) == value.denominator
            assert shown == pytest.approx(float(value.ratio), abs=1e-14)
        elif kind in {Kind.COUNT, Kind.AMOUNT}:
            assert Decimal(str(shown)) == value.amount
        elif kind is Kind.BOOLEAN:
            assert shown == ("Có" if value.holds else "Không")
        else:
            assert shown.date() == value.day
    answered = [row for row in table(book.worksheets[1]) if row["Trả lời"]]
    assert len(answered) == Answer.objects.count()
    assert counts.evidence == Answer.objects.filter(document__isnull=False).count()


@pytest.mark.service
def test_it_opens_in_libreoffice(real_plan, tmp_path):
    office_program = shutil.which("soffice")
    if office_program is None:
        assert not os.environ.get("CCHC_REQUIRE_SERVICES"), "LibreOffice is missing"
        pytest.skip("LibreOffice is missing")
    target = tmp_path / "ket-qua.xlsx"
    call_command("export_results", agency="SGDDT", year=2019, output=str(target), verbosity=0)
    for kind in ("pdf", "ods"):
        done = subprocess.run(
            [
                office_program,
                f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
                "--headless",
                "--convert-to",
                kind,
                "--outdir",
                str(tmp_path),
                str(target),
            ],
            capture_output=True,
            text=True,
            timeout=180,
            check=True,
        )
        assert "rror" not in done.stderr
    assert (tmp_path / "ket-qua.pdf").read_bytes().startswith(b"%PDF")
    again = tmp_path / "again"
    again.mkdir()
    subprocess.run(
        [
            office_program,
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            "--headless",
            "--convert-to",
            "xlsx",
            "--outdir",
            str(again),
            str(tmp_path / "ket-qua.ods"),
        ],
        capture_output=True,
        timeout=180,
        check=True,
    )
    ours, theirs = load_workbook(target), load_workbook(again / "ket-qua.xlsx")
    assert theirs.sheetnames == ours.sheetnames
    for ws in ours:
        for row in ws.iter_rows():
            for cell in row:
                seen = theirs[ws.title][cell.coordinate].value
                if isinstance(cell.value, float):
                    assert seen == pytest.approx(cell.value, rel=1e-12)
                else:
                    assert seen == cell.value, cell.coordinate
