"""A criteria set as a workbook: out and in again nothing changes; what cannot be read is named by sheet, row, column."""

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given as given_values
from hypothesis import strategies as st
from made_results import ROOT, SYSTEM, load, wide_criteria, wide_plan, write_yaml
from openpyxl import Workbook, load_workbook

from accounts.models import Agency
from accounts.reading import Faulty
from plans.importing import import_plan
from scoring.criteria_data import data_of
from scoring.criteria_importing import import_criteria
from scoring.criteria_sheets import little, write_set, write_template
from scoring.criteria_sheets.layout import HEADINGS, KINDS
from scoring.models import CriteriaSet, Criterion, Scorecard
from scoring.rules import BY_TYPE

COLUMN = {heading.key: n for n, heading in enumerate(HEADINGS, 1)}
ABOUT, TREE = "Thông tin chung", "Tiêu chí"


@pytest.fixture
def agency(db):
    import_plan(ROOT / "data" / "plan-2019-2020.yaml", by=SYSTEM)
    return Agency.objects.get()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "bo.xlsx"


def book_of(data):
    stream = io.BytesIO()
    write_set(data, stream)
    return load_workbook(io.BytesIO(stream.getvalue()))


def read(book, path):
    book.save(path)
    return import_criteria(path, by=SYSTEM)


def faults(book, path):
    with pytest.raises(Faulty) as caught:
        read(book, path)
    assert not CriteriaSet.objects.exists()
    assert not Criterion.objects.exists()
    return [str(fault) for fault in caught.value.faults]


def row_of(book, code):
    sheet = book[TREE]
    return next(r for r in range(2, sheet.max_row + 1) if sheet.cell(r, 1).value == code)


def put(book, of, **cells):
    row = row_of(book, of)
    for key, value in cells.items():
        book[TREE].cell(row, COLUMN[key]).value = value
    return row


def about(book, label, value):
    for row in book[ABOUT].iter_rows():
        if row[0].value == label:
            row[1].value = value
            return row[1].coordinate
    raise LookupError(label)


def test_the_sample_goes_out_and_comes_back_unchanged(agency, path):
    sample = import_criteria(ROOT / "data" / "criteria-sample.yaml", by=SYSTEM).criteria_set
    done = read(book_of(data_of(sample)), path)
    assert (done.change, done.figures) == ("unchanged", "9 fields, 53 criteria, 100 points")


def test_a_workbook_alone_makes_the_same_set(agency, path):
    done = read(book_of(load("criteria-sample.yaml")), path)
    assert (done.change, done.figures) == ("created", "9 fields, 53 criteria, 100 points")
    assert data_of(done.criteria_set) == load("criteria-sample.yaml")


@pytest.mark.parametrize("policy", ["exclude", "full", "zero"])
def test_every_kind_of_rule_goes_out_and_comes_back(db, tmp_path, path, policy):
    import_plan(write_yaml(tmp_path / "kh.yaml", wide_plan()), by=SYSTEM)
    data = wide_criteria(policy) | {
        "decision": {"number": "=2319/QĐ", "issued_on": dt.date(2019, 9, 5), "issuer": "UBND tỉnh"},
        "adjustments": {"bonus_cap": "0", "penalty_cap": "0.75"},
    }
    leaf = data["fields"][0]["criteria"][0]
    leaf |= {"name": "=1+1", "scale": "Một\nHai", "evidence": ["- gạch", "+ cộng", "a; b"]}
    found = import_criteria(write_yaml(tmp_path / "bo.yaml", data), by=SYSTEM).criteria_set
    assert set(BY_TYPE) == {
        node.rule["type"] for node in found.criteria.all() if node.rule is not None
    }
    assert read(book_of(data_of(found)), path).change == "unchanged"


def test_codes_of_the_set_before_go_along(agency, path):
    import_criteria(ROOT / "data" / "criteria-sample.yaml", by=SYSTEM)
    data = load("criteria-sample.yaml") | {"code": "MOI", "previous": "MINH-HOA"}
    data["fields"][0]["criteria"][0]["children"][0]["old_codes"] = ["1.1.1", "1.1.2"]
    found = read(book_of(data), path).criteria_set
    assert found.criteria.get(code="1.1.1").old_codes == ["1.1.1", "1.1.2"]
    assert found.previous.code == "MINH-HOA"
    assert read(book_of(data_of(found)), path).change == "unchanged"


def test_what_an_official_types_by_hand_is_read(agency, path):
    book = book_of(load("criteria-sample.yaml"))
    put(book, "1.1.1", parent=None, max="1,0", **{"due.quarter": "II", "due.year_offset": "-1"})
    put(book, "1.1.1", on_time=1, late="0,5", missing=0)
    put(book, "1.4.1", tiers="≥ 100%: 2 điểm; từ 90:1", otherwise="0")
    put(book, "1.1.3", events="1.1-d thiếu 0,5")
    row = put(book, "1.2.1", floor=0.8)
    book[TREE].cell(row, COLUMN["floor"]).number_format = "0%"
    put(book, "1.2.2", note="xem lại", kind="đếm số lượng")
    put(book, "1.3.1", full=100.0, evidence="Báo cáo\n\n Biên bản ")
    about(book, "Bộ minh họa", "không")
    about(book, "Số quyết định", "12/QĐ")
    about(book, "Ngày quyết định", "5/9/2019")
    about(book, "Xếp loại", ">= 50,5: Đạt; từ 0: Chưa đạt")
    found = read(book, path).criteria_set
    rules = {node.code: node.rule for node in found.criteria.all()}
    assert rules["1.1.1"] == {
        "type": "date",
        "indicator": "1.1-a",
        "due": {"quarter": 2, "year_offset": -1},
        "on_time": "1",
        "late": "0.5",
        "missing": "0",
    }
    assert [(tier["op"], tier["at"], tier["points"]) for tier in rules["1.4.1"]["tiers"]] == [
        (">=", "100", "2"),
        (">=", "90", "1"),
    ]
    assert rules["1.1.3"]["events"] == [
        {"indicator": "1.1-d", "count": "shortfall", "points": "0.5"}
    ]
    assert rules["1.2.1"]["floor"] == "80"
    assert found.criteria.get(code="1.3.1").evidence == ["Báo cáo", "Biên bản"]
    assert (found.is_sample, found.decision_issued_on) == (False, dt.date(2019, 9, 5))
    assert found.bands == [
        {"op": ">=", "at": "50.5", "name": "Đạt"},
        {"op": ">=", "at": "0", "name": "Chưa đạt"},
    ]


def test_columns_and_rows_may_stand_otherwise(agency, path):
    given = book_of(load("criteria-sample.yaml"))
    rows = [[cell.value for cell in row] for row in given[TREE].iter_rows()]
    book = Workbook()
    tree = book.active
    tree.title = "TIÊU CHÍ"
    tree.append(["Bộ tiêu chí của tỉnh"])
    tree.append([None])
    for row in rows:
        tree.append(row[::-1])
    sheet = book.create_sheet(ABOUT)
    for row in given[ABOUT].iter_rows(values_only=True):
        sheet.append(row)
    assert read(book, path).figures == "9 fields, 53 criteria, 100 points"


FAULTS = [
    ("1.2.1", {"codes": "1.2-z"}, "codes", "không có chỉ tiêu «1.2-z»"),
    ("1.2.1", {"floor": 101}, "floor", "mức sàn 101% lớn hơn"),
    ("1.2.1", {"full": None}, "full", "«Theo tỷ lệ» cần «Đủ điểm từ (%)»"),
    ("1.2.1", {"full": "cao"}, "full", "«cao» không phải là số"),
    ("1.2.1", {"full": "1,23456"}, "full", "quá bốn chữ số thập phân"),
    ("1.2.1", {"codes": "1.2-a, 1.3-a"}, "codes", "chỉ đọc một chỉ tiêu"),
    ("1.2.1", {"codes": ";"}, "codes", "«;» không phải là mã chỉ tiêu"),
    ("1.1.3", {"events": "a" * 30_000}, "events", "thiếu đếm"),
    ("1.2.1", {"each": "0,5"}, "each", "«Theo tỷ lệ» không dùng cột này"),
    ("1.2.1", {"kind": "Theo tỉ lệ phần"}, "kind", "có phải «Theo tỷ lệ»?"),
    ("1.2.1", {"kind": "xyz"}, "kind", "chỉ nhận «Có đủ hoặc không»"),
    ("1.2.1", {"kind": None}, "kind", "thiếu «Cách tính điểm»"),
    ("1.2.1", {"max": None}, "max", "thiếu «Điểm tối đa»"),
    ("1.2.1", {"max": "một"}, "max", "«một» không phải là số"),
    ("1.2.1", {"max": 0}, "max", "phải lớn hơn 0"),
    ("1.2.1", {"name": None}, "name", "thiếu «Tên»"),
    ("1.1", {"max": 5}, "max", "điểm ghi là 5 nhưng các tiêu chí con cộng lại là 4"),
    ("5.2.1", {"min": 3}, "min", "điểm tối thiểu 3 lớn hơn điểm tối đa 2"),
    ("1.4.1", {"tiers": ">= 90: 1\n>= 100: 2"}, "tiers", "không bao giờ được dùng"),
    ("1.4.1", {"tiers": ">= 90: 2\n<= 90: 1"}, "tiers", "chồng lên nhau"),
    ("1.4.1", {"tiers": ">= 90: 2\n< 80: 1"}, "tiers", "khoảng trống"),
    ("1.4.1", {"tiers": "khoảng 90: 1"}, "tiers", "thiếu so sánh"),
    ("1.4.1", {"tiers": ">= chín: 1"}, "tiers", "thiếu ngưỡng"),
    ("1.4.1", {"tiers": ">= 90: 1 hoặc 2"}, "tiers", "có phần thừa"),
    ("1.1.3", {"events": "1.1-d: 0,5"}, "events", "thiếu đếm"),
    ("1.1.1", {"due.quarter": "5"}, "due.quarter", "«5» không phải là quý"),
    ("1.1.1", {"due.year_offset": "năm kia"}, "due.year_offset", "không phải là năm của hạn"),
    ("1.1.1", {"late": 3}, "late", "điểm phải giảm dần"),
    ("1.1", {"codes": "1.1-a"}, "codes", "dòng này có các dòng con"),
    ("1", {"kind": "Theo tỷ lệ"}, "kind", "dòng này có các dòng con"),
    ("1.1.1", {"parent": "1.7"}, "parent", "không có dòng nào mã «1.7»"),
    ("1.1.2", {"code": "1.1.1"}, "code", "mã «1.1.1» đã có ở dòng"),
    ("1.1", {"parent": "1.1.1"}, "parent", "nằm trong chính nó: 1.1 → 1.1.1 → 1.1"),
    ("1.1.1", {"parent": "1.1.1"}, "parent", "nằm trong chính nó: 1.1.1 → 1.1.1"),
    ("9.1.1", {"codes": "1.1-a"}, "codes", "«Điều tra xã hội học» không dùng cột này"),
]


@pytest.mark.parametrize(
    ("code", "cells", "column", "words"), FAULTS, ids=[f"{f[0]} {f[3][:30]}" for f in FAULTS]
)
def test_faults_are_named_by_sheet_row_and_column(agency, path, code, cells, column, words):
    book = book_of(load("criteria-sample.yaml"))
    row = put(book, code, **cells)
    where = f"dòng {row}, ô {book[TREE].cell(row, COLUMN[column]).coordinate} "
    found = faults(book, path)
    assert [f for f in found if f.startswith(where + "trang «Tiêu chí»") and words in f], found


ABOUT_FAULTS = [
    ("Mã bộ tiêu chí", None, "thiếu «Mã»"),
    ("Mã bộ tiêu chí", "A B", "dấu cách"),
    ("Áp dụng từ năm", "năm nay", "«năm nay» không phải là năm"),
    ("Áp dụng từ năm", 1999, "1999"),
    ("Ngày quyết định", "hôm qua", "không phải là ngày"),
    ("Số quyết định", "12/QĐ", "thiếu «Ngày quyết định»"),
    ("Bộ minh họa", "chắc vậy", "chỉ nhận Có hoặc Không"),
    ("Kế thừa từ bộ", "CU", "cơ quan không có bộ tiêu chí «CU»"),
    ("Tiêu chí không áp dụng", "bỏ", "chỉ nhận «Không tính vào tổng điểm»"),
    ("Điểm thưởng tối đa", "-1", "nhỏ hơn 0"),
    ("Điểm trừ tối đa", "ít", "không phải là số"),
    ("Xếp loại", "Tốt trên 90", "phải có dạng"),
    ("Xếp loại", ">= 0: Yếu\n>= 90: Tốt", "không bao giờ được dùng"),
]


@pytest.mark.parametrize(
    ("label", "value", "words"), ABOUT_FAULTS, ids=[f[2] for f in ABOUT_FAULTS]
)
def test_faults_of_the_set_itself_too(agency, path, label, value, words):
    book = book_of(load("criteria-sample.yaml"))
    about(book, label, value)
    if label == "Ngày quyết định":
        about(book, "Số quyết định", "12/QĐ")
    found = faults(book, path)
    assert len(found) == 1
    assert words in found[0]
    assert f"trang «{ABOUT}»" in found[0]
    shown = "Ngày quyết định" if label == "Số quyết định" else label
    assert f"({shown})" in found[0]


def test_every_fault_is_said_at_once(agency, path):
    book = book_of(load("criteria-sample.yaml"))
    for code, cells, _, _ in (FAULTS[1], FAULTS[17], FAULTS[21], FAULTS[30]):
        put(book, code, **cells)
    about(book, "Áp dụng từ năm", "năm nay")
    found = faults(book, path)
    for _, _, _, words in (FAULTS[1], FAULTS[17], FAULTS[21], FAULTS[30]):
        assert [f for f in found if words in f], words
    assert [f for f in found if "không phải là năm" in f]


def test_a_chain_of_rows_is_no_set(agency, path):
    book = book_of(load("criteria-sample.yaml"))
    tree = book[TREE]
    for n in range(1, 1500):
        tree.append([f"x{n}", f"x{n - 1}" if n > 1 else "1", "Tên"])
    found = faults(book, path)
    assert len([f for f in found if "lồng nhau quá 6 cấp" in f]) == 1500 - 6
    for n in range(1000):
        tree.append([f"y{n}", "1", "Tên"])
    assert faults(book, path) == [f"dòng {found_row(tree)}: Trang «Tiêu chí» có quá 2000 dòng."]


def found_row(tree):
    filled = [row for row in range(2, tree.max_row + 1) if tree.cell(row, 1).value]
    return filled[2000]


def test_a_large_loop_is_said_once(agency, path):
    book = book_of(load("criteria-sample.yaml"))
    for n in range(4):
        book[TREE].append([f"x{n}", f"x{(n + 1) % 4}", "Tên"])
    (loop,) = [f for f in faults(book, path) if "nằm trong chính nó" in f]
    assert loop.endswith("x0 → x1 → x2 → x3 → x0")


def test_sheets_columns_and_labels_that_are_not_there(agency, path):
    book = book_of(load("criteria-sample.yaml"))
    del book[ABOUT]
    assert faults(book, path) == [
        "Sổ tính không có trang «Thông tin chung»; hãy tải mẫu và điền vào đó."
    ]
    book = book_of(load("criteria-sample.yaml"))
    book[TREE].cell(1, COLUMN["max"]).value = "Điểm tối đ"
    found = faults(book, path)
    assert "cột «Điểm tối đ» không có trong mẫu; có phải «Điểm tối đa»?" in found[0]
    assert "thiếu cột «Điểm tối đa»" in found[1]
    book = book_of(load("criteria-sample.yaml"))
    book[ABOUT].append(["Điểm thưởng", "2"])
    assert "có phải «Điểm thưởng tối đa»?" in faults(book, path)[0]
    book[ABOUT].cell(book[ABOUT].max_row, 1).value = "Điểm thưởng tối đa"
    assert "mục này có hai lần" in faults(book, path)[0]


def test_the_template_explains_itself_and_is_read_as_empty(agency, path, capsys):
    call_command("import_criteria", "--template", str(path))
    assert "Đã ghi mẫu" in capsys.readouterr().out
    book = load_workbook(path)
    assert book.sheetnames == [ABOUT, TREE, "Hướng dẫn", "Ví dụ"]
    help_text = "\n".join(str(cell.value) for row in book["Hướng dẫn"] for cell in row)
    for words in (*KINDS.values(), *(heading.heading for heading in HEADINGS)):
        assert words in help_text
    assert {
        next(iter(v.sqref.ranges)).min_col for v in book[TREE].data_validations.dataValidation
    } == {
        COLUMN["kind"],
        COLUMN["due.quarter"],
        COLUMN["due.year_offset"],
    }
    assert book[TREE].cell(5, COLUMN["code"]).number_format == "@"  # 1.10 stays 1.10
    found = faults(book, path)
    assert [f for f in found if "thiếu «Mã»" in f]
    assert [f for f in found if "bộ tiêu chí chưa có lĩnh vực nào" in f]


def test_the_template_writes_over_nothing(tmp_path):
    path = tmp_path / "mau.xlsx"
    path.write_text("đã điền")
    with pytest.raises(CommandError, match="Đã có tệp"):
        call_command("import_criteria", "--template", str(path))
    assert path.read_text() == "đã điền"
    with pytest.raises(CommandError, match="Không ghi được"):
        call_command("import_criteria", "--template", str(tmp_path / "khong" / "mau.xlsx"))
    with pytest.raises(CommandError, match="Hãy nêu tệp"):
        call_command("import_criteria")


def test_the_example_of_the_template_is_a_sound_set(agency, path):
    stream = io.BytesIO()
    write_template(stream)
    book = load_workbook(io.BytesIO(stream.getvalue()))
    examples, tree = book["Ví dụ"], book[TREE]
    for n, row in enumerate(examples.iter_rows(min_row=3, values_only=True), 1):
        for column, value in enumerate(row, 1):
            tree.cell(n, column).value = value
    about(book, "Mã bộ tiêu chí", "VD")
    about(book, "Tên bộ tiêu chí", "Ví dụ")
    about(book, "Áp dụng từ năm", 2019)
    found = read(book, path).criteria_set
    kinds = {node.rule["type"] for node in found.criteria.all() if node.rule}
    assert kinds == set(BY_TYPE)


def test_a_used_set_is_not_changed_by_a_workbook(agency, path):
    data = load("criteria-sample.yaml")
    found = read(book_of(data), path).criteria_set
    Scorecard.objects.create(agency=agency, year=2019, criteria_set=found)
    assert read(book_of(data), path).change == "unchanged"
    book = book_of(data)
    put(book, "1.2.1", floor=70)
    with pytest.raises(Faulty, match=r"đang được phiếu điểm năm 2019 sử dụng.*1\.2\.1, quy tắc"):
        read(book, path)


def test_rubbish_is_refused(agency, tmp_path):
    for content in (b"PK\x03\x04rubbish", b"\xd0\xcf\x11\xe0old"):
        path = tmp_path / "rac.xlsx"
        path.write_bytes(content)
        with pytest.raises(Faulty, match="xlsx"):
            import_criteria(path, by=SYSTEM)
    book = Workbook()
    book.active.title = ABOUT
    book.create_sheet(TREE)
    assert "thiếu cột «Mã»" in faults(book, tmp_path / "trong.xlsx")[0]


OPS = st.sampled_from([">=", ">", "=", "<=", "<"])
FIGURES = st.decimals(min_value=-9999, max_value=9999, places=4, allow_nan=False).map(little.plain)


@given_values(st.lists(st.tuples(OPS, FIGURES, FIGURES), min_size=1, max_size=6))
def test_tiers_are_written_and_read_alike(steps):
    rows = [{"op": op, "at": at, "points": points} for op, at, points in steps]
    (ask,) = [ask for ask in BY_TYPE["tiers"].asks if ask.name == "tiers"]
    assert little.read_rows(little.say_rows(rows, ask.columns), ask.columns) == rows


@given_values(
    st.lists(
        st.tuples(
            st.sampled_from(["1.1-d", "thiếu", "A"]),
            st.sampled_from(["shortfall", "value"]),
            FIGURES,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_events_are_written_and_read_alike(events):
    rows = [{"indicator": a, "count": count, "points": points} for a, count, points in events]
    (ask,) = [ask for ask in BY_TYPE["deduction"].asks if ask.name == "events"]
    assert little.read_rows(little.say_rows(rows, ask.columns), ask.columns) == rows


@given_values(st.decimals(min_value=-1000, max_value=1000, places=4, allow_nan=False))
def test_a_number_keeps_every_digit(figure):
    text = f"{figure:f}".replace(".", ",")
    assert Decimal(little.number(text)) == figure
