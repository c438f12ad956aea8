"""Files that people hand us: whatever they hold, they are read, or refused with the line and in Vietnamese."""

import datetime as dt
import io
import os
import zipfile
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from accounts.reading import (
    Code,
    Day,
    Entry,
    Fault,
    Faulty,
    Moment,
    Number,
    Text,
    Year,
    read_table,
    read_yaml,
    refuse,
    validate,
)


@pytest.fixture
def file(tmp_path):
    def write(content, name="tep.yaml"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def faults(call, *args, **kwargs):
    with pytest.raises(Faulty) as caught:
        call(*args, **kwargs)
    return [str(fault) for fault in caught.value.faults]


# -- YAML ----------------------------------------------------------------------------------------


def test_values_are_those_of_yaml_1_2(file):
    source = read_yaml(
        file(
            "no: no\non: on\nyes: yes\ntime: 1:30\ncode: 1.1-a\nquoted: '1.1'\nempty:\nnull: ~\n"
            "true: true\nnumber: -12\noct: 017\nday: 2019-11-20\nat: 2019-11-15T16:20:00+07:00\n"
            "zulu: 2019-11-15 16:20Z\n1.1: key\nblock: |\n  a\n  b\nunder: 1_000\n"
        )
    )
    vietnam = dt.timezone(dt.timedelta(hours=7))
    assert source.faults == {}
    assert source.data == {
        "no": "no",
        "on": "on",
        "yes": "yes",
        "time": "1:30",
        "code": "1.1-a",
        "quoted": "1.1",
        "empty": None,
        "null": None,
        "true": True,
        "number": -12,
        "oct": 17,
        "day": dt.date(2019, 11, 20),
        "at": dt.datetime(2019, 11, 15, 16, 20, tzinfo=vietnam),
        "zulu": dt.datetime(2019, 11, 15, 16, 20, tzinfo=dt.UTC),
        "1.1": "key",
        "block": "a\nb\n",
        "under": "1_000",
    }


def test_every_part_knows_its_line_and_name(file):
    source = read_yaml(
        file("areas:\n  - code: '3'\n    tasks:\n      - {code: '3.1', op: x}\n      - {op: y}\n")
    )
    assert source.line("areas") == 1
    assert source.line("areas", 0, "tasks", 0, "op") == 4
    assert source.line("areas", 0, "tasks", 1) == 5
    assert source.line("areas", 7) is None
    assert source.nearest_line("areas", 0, "tasks", 1, "title") == 5
    assert source.place("areas", 0, "name") == "areas 3, name"
    assert source.place("areas", 0, "tasks", 0, "op") == "3.1, op"
    assert source.place("areas", 0, "tasks", 1, "op") == "areas 3, tasks, mục 2, op"
    assert str(source.fault("sai", "areas", 0, "tasks", 0, "op")) == "dòng 4, 3.1, op: sai"


def test_a_byte_order_mark_is_no_part_of_the_text(file):
    assert read_yaml(file(b"\xef\xbb\xbfa: 1")).data == {"a": 1}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Tệp rỗng."),
        (b" \n\t\n", "Tệp rỗng."),
        (b"# ch\xc3\xba th\xc3\xadch\n", "Tệp rỗng."),
        (b"\x89PNG\r\n\x1a\n\0\0", "không phải là văn bản"),
        (b"a: 1\nb: \xe9\n", "dòng 2: Tệp không phải là văn bản UTF-8"),
        ("a: 1".encode("utf-16"), "UTF-16"),
        (b"a: 1\nb: \x07\n", "dòng 2: Có ký tự không phải văn bản (mã 0007)"),
        (b"a: " + b"x" * (5 * 1024 * 1024), "Tệp quá lớn, tối đa 5 MB"),
        (b"a: [1, 2\nb: 3", "dòng 2: YAML viết sai: danh sách […] thiếu dấu"),
        (b"a: 1\nb: {c: 1\n", "nhóm {…} thiếu dấu"),
        (b"a: 1\nb: 'x\n", "dấu ngoặc kép mở mà không đóng"),
        (b"a:\n\t- b", "dòng 2: YAML viết sai: thụt lề phải bằng dấu cách, không bằng phím Tab"),
        (b"a: 1\nb: c: d", "dòng 2: YAML viết sai: dấu «:» không đúng chỗ"),
        (b"a: 1\nb: @x", "dòng 2: YAML viết sai: chữ bắt đầu bằng «@»"),
        (b"a:\n  b: 1\n c: 2", "dòng 3: YAML viết sai: thụt lề không đều"),
        (b"a: *x", "Tham chiếu «*x» đến một phần không có"),
        (b"a: &x [*x]", "đến một phần nằm trong chính nó"),
        (b"? [a]\n: b", "Khóa phải là một từ"),
        (b"a: 1\n---\nb: 2", "dòng 2: Tệp có nhiều tài liệu YAML"),
        (b"- " * 5000, "lồng nhau quá 30 tầng"),
        (b"[" * 5000, "lồng nhau quá 30 tầng"),
        (b"- a\n" * 100_001, "quá nhiều giá trị (hơn 100.000)"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_line(file, content, said):
    (fault,) = faults(read_yaml, file(content))
    assert said in fault


def test_a_bomb_of_aliases_is_refused(file):
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
    )
    assert "quá nhiều giá trị" in faults(read_yaml, file(bomb))[0]


def test_a_few_aliases_are_fine(file):
    source = read_yaml(file("a: &a {b: 1}\nc: [*a, *a]\n"))
    assert source.data["c"] == [{"b": 1}, {"b": 1}]
    assert source.line("c", 1, "b") == 1


def test_files_that_are_none(tmp_path):
    assert "Không có tệp" in faults(read_yaml, tmp_path / "khong-co.yaml")[0]
    assert "là một thư mục" in faults(read_yaml, tmp_path)[0]
    os.mkfifo(tmp_path / "ong")
    assert "không phải là tệp thường" in faults(read_yaml, tmp_path / "ong")[0]
    assert faults(read_yaml, "a\0b")


# -- Against a schema ----------------------------------------------------------------------------


class Part(Entry):
    code: Code
    kind: Literal["ratio", "count"] = "ratio"
    target: Number | None = None
    focus: bool = False


class Whole(Entry):
    title: Text
    year: Year
    day: Day | None = None
    at: Moment | None = None
    parts: list[Part] = []
    named: dict[str, Part] = {}


def test_a_good_file_becomes_a_model(file):
    source = read_yaml(
        file(
            "title: '  Kế   hoạch '\nyear: 2019\nday: 2019-11-20\nat: 2019-11-20T08:00:00+07:00\n"
            "parts: [{code: 1.1-a, target: '70.69'}, {code: '2', target: 100}]\n"
        )
    )
    whole = validate(Whole, source)
    assert whole.title == "Kế hoạch"
    assert [part.target for part in whole.parts] == [Decimal("70.69"), Decimal(100)]


def test_text_comes_out_composed(file):
    decomposed = "Ho\u0302\u0300 sơ"
    assert validate(Whole, read_yaml(file(f"title: {decomposed}\nyear: 2019"))).title == "Hồ sơ"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("year: 2019", "dòng 1: thiếu «title»"),
        ("title: ' '\nyear: 2019", "dòng 1, title: không được để trống"),
        ("title:\nyear: 2019", "dòng 1, title: không được để trống"),
        ("title: 12\nyear: 2019", 'dòng 1, title: phải là chữ; hãy đặt trong ngoặc kép: "12"'),
        ("title: [a]\nyear: 2019", "dòng 1, title: phải là chữ, không phải danh sách hay nhóm"),
        ("title: a\nyear: 1999", "dòng 2, year: «1999» nhỏ hơn 2000"),
        ("title: a\nyear: 2101", "dòng 2, year: «2101» lớn hơn 2100"),
        ("title: a\nyear: '2019'", "dòng 2, year: «2019» không phải là số nguyên"),
        ("title: a\nyear: true", "dòng 2, year: «true» không phải là số nguyên"),
        ("title: a\nyear: 2019\nday: 20/11", "dòng 3, day: «20/11» không phải là ngày dạng"),
        ("title: a\nyear: 2019\nday: 2019-02-30", "dòng 3, day: không có ngày, giờ «2019-02-30»"),
        ("title: a\nyear: 2019\nat: 2019-11-20", "dòng 3, at: phải là ngày giờ có múi giờ"),
        ("title: a\nyear: 2019\nat: 2019-11-20T08:00:00", "dòng 3, at: giờ «2019-11-20T08:00:00»"),
        ("title: a\nyear: 2019\ntitle: b", "khóa «title» có hai lần (dòng 1 và dòng 3)"),
        ("title: a\nyear: 2019\ntitel: b", "khóa «titel» không có trong mẫu"),
        ("title: a\nyear: 2019\nparts: {}", "dòng 3, parts: phải là một danh sách"),
        ("title: a\nyear: 2019\nparts: [x]", "parts, mục 1: phải là một nhóm «khóa: giá trị»"),
        ("- a", "dòng 1: phải là một nhóm «khóa: giá trị»"),
        ("a", "dòng 1: phải là một nhóm «khóa: giá trị»"),
    ],
)
def test_each_fault_names_line_and_field(file, content, said):
    found = faults(lambda: validate(Whole, read_yaml(file(content))))
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("{code: 1.1}", 'code: số thập phân, mã có dấu chấm phải đặt trong ngoặc kép: "1.1"'),
        ("{code: 1}", '1, code: phải là chữ; hãy đặt trong ngoặc kép: "1"'),
        ("{code: 'a b'}", "mã «a b» có dấu cách"),
        ("{code: a, target: 70.69}", "a, target: số thập phân"),
        ("{code: a, target: '70,69'}", 'viết bằng dấu chấm: "70.69"'),
        ("{code: a, target: nhiều}", "a, target: «nhiều» không phải là số"),
        ("{code: a, target: '1.00001'}", "có quá bốn chữ số thập phân"),
        ("{code: a, target: true}", "a, target: phải là số"),
        ("{code: a, target: NaN}", "a, target: «NaN» không phải là số"),
        ("{code: a, target: .nan}", "a, target: số thập phân"),
        ("{code: a, kind: tỷ}", "a, kind: «tỷ» không đúng; chỉ nhận «ratio», «count»"),
        ("{code: a, focus: yes}", "a, focus: «yes» không phải là true hoặc false"),
        ("{code: a, kinds: x}", "khóa «kinds» không có trong mẫu; có phải «kind»?"),
        (
            "{code: a, zzz: x}",
            "khóa «zzz» không có trong mẫu (các khóa: code, kind, target, focus)",
        ),
        ("{code: a, target: 12345678901234567890}", "số quá lớn"),
    ],
)
def test_faults_inside_a_list_name_the_entry(file, part, said):
    content = f"title: a\nyear: 2019\nparts:\n  - {part}\n"
    found = faults(lambda: validate(Whole, read_yaml(file(content))))
    assert any(said in fault and fault.startswith("dòng 4, ") for fault in found), found


def test_unknown_keys_below_names_of_the_file_know_the_nearest(file):
    content = "title: a\nyear: 2019\nnamed:\n  1.1-a: {code: x, targt: '1'}\n"
    (found,) = faults(lambda: validate(Whole, read_yaml(file(content))))
    assert "có phải «target»?" in found


def test_all_faults_come_together_in_the_order_of_the_file(file):
    def also(source):
        yield source.fault("ghi sau cùng", "parts", 0, "code")
        yield source.fault("ghi sau cùng", "parts", 0, "code")

    content = "title: ''\nyear: 1.5\nparts:\n  - {code: a, kind: x}\nother: 1\n"
    found = faults(lambda: validate(Whole, read_yaml(file(content)), also=also))
    assert [fault.split(":")[0] for fault in found] == [
        "dòng 1, title",
        "dòng 2, year",
        "dòng 4, a, kind",
        "dòng 4, a, code",
        "dòng 5, other",
    ]


def test_words_of_a_refusal_are_kept_as_they_are():
    with pytest.raises(Exception, match=r"\{a\} 100%"):
        refuse("{a} 100%")
    assert str(Fault("sai")) == "sai"


# -- Tables --------------------------------------------------------------------------------------

HEADINGS = ("agency", "email", "name")


def book(rows, *more):
    made = Workbook()
    for row in rows:
        made.active.append(row)
    for title in more:
        made.create_sheet(title)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        "agency,email,name\nSGDDT,a@b.vn,Trần  Văn A\n\n,,\nSGDDT,c@d.vn,Lê B\n",
        "\ufeffagency;email;name\r\nSGDDT;a@b.vn;Trần Văn A\r\n\r\n;;\r\nSGDDT;c@d.vn;Lê B\r\n",
        " Name ,AGENCY,Email\nTrần Văn A,SGDDT,a@b.vn\n\n\nLê B,SGDDT,c@d.vn\n",
        'agency,email,name\nSGDDT,a@b.vn,"Trần Văn A"\n\n\nSGDDT,c@d.vn,"Lê B"',
        book([HEADINGS, ("SGDDT", "a@b.vn", "Trần Văn A "), (), (), ("SGDDT", "c@d.vn", "Lê B")]),
        book([(" NAME", "e-mail"[:1] + "mail", "agency"), ("Trần Văn A", "a@b.vn", "SGDDT"), (), (), ("Lê B", "c@d.vn", "SGDDT")], "Ghi chú"),
    ],
)  # fmt: skip
def test_tables_of_each_sort_read_alike(file, content):
    rows = read_table(file(content), HEADINGS)
    assert [(row.line, row["agency"], row["email"], row["name"]) for row in rows] == [
        (2, "SGDDT", "a@b.vn", "Trần Văn A"),
        (5, "SGDDT", "c@d.vn", "Lê B"),
    ]


def test_rows_count_the_lines_of_the_file(file):
    rows = read_table(
        file('sep=;\nagency;email;name\nS;a@b.vn;"Trần\nVăn A"\nS;c@d.vn;B\n'), HEADINGS
    )
    assert [(row.line, row["name"]) for row in rows] == [(3, "Trần Văn A"), (5, "B")]


def test_numbers_and_days_of_a_workbook_are_text(file):
    (row,) = read_table(file(book([HEADINGS, (12, 1.5, dt.date(2019, 11, 20))])), HEADINGS)
    assert list(row.cells.values()) == ["12", "1.5", "2019-11-20"]


def test_a_formula_without_its_result_is_no_empty_cell(file):
    """Spreadsheets keep a result beside it; a program that wrote the file did not."""
    content = book([HEADINGS, ("SGDDT", "=40+40", "A"), ("SGDDT", "c@d.vn", "B"), ("=1", "", "")])
    said = faults(read_table, file(content, "bang.xlsx"), HEADINGS)
    assert len(said) == 2
    assert "B2" in said[0]
    assert "A4" in said[1]
    assert all("công thức chưa có kết quả" in words for words in said)


def packed(names, size=1):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name in names:
            target.writestr(name, b"0" * size)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Tệp rỗng."),
        ("agency,name\nS,A\n", "dòng 1: thiếu cột «email»"),
        ("agency,emial,name\n", "cột «emial» không có trong mẫu; có phải «email»?"),
        ("agency,email,name,phone\n", "cột «phone» không có trong mẫu"),
        ("agency,email,name,Email\n", "cột «email» có hai lần"),
        ("agency,email,name\nS,a@b.vn,A,thừa\n", "dòng 2: có ô nằm ngoài các cột: «thừa»"),
        ('agency,email,name\nS,a@b.vn,"A\n', "dòng 2: CSV viết sai"),
        ("agency,email,name\nS,a@b.vn," + "x" * 200_000, "dòng 2: CSV viết sai: có ô quá dài"),
        ("agency,email,name\n" + "S,a,b\n" * 10_001, "quá 10000 dòng"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "Excel kiểu cũ"),
        (b"PK\x03\x04" + b"rac" * 50, "Không mở được sổ tính"),
        (packed(["mimetype"]), "không phải là sổ tính"),
        (packed(["[Content_Types].xml", "xl/workbook.xml"]), "Không mở được sổ tính"),
        (packed(["[Content_Types].xml", "xl/a.xml"], 61 * 1024 * 1024), "quá lớn khi giải nén"),
        (book([]), "Bảng rỗng."),
    ],
)  # fmt: skip
def test_tables_that_are_none_are_refused(file, content, said):
    assert any(said in fault for fault in faults(read_table, file(content, "bang.csv"), HEADINGS))


# -- Whatever comes ------------------------------------------------------------------------------

garbage = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.text(alphabet="ab:-[]{}&*!|>'\"\n \t,#?%@`~1.0<=\\", max_size=120).map(str.encode),
    st.binary(max_size=100).map(lambda tail: b"PK\x03\x04" + tail),
    st.binary(max_size=100).map(lambda tail: book([HEADINGS])[:-200] + tail),
)


@settings(max_examples=300, deadline=None)
@given(garbage)
@example(b"a: !<!> x")
@example(b"? !!binary a\n: &x")
def test_garbage_is_never_more_than_faulty(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "rac"
    path.write_bytes(content)
    for read in (
        lambda: validate(Whole, read_yaml(path)),
        lambda: read_table(path, HEADINGS),
    ):
        try:
            read()
        except Faulty as error:
            assert error.faults
            assert all(str(fault) for fault in error.faults)
