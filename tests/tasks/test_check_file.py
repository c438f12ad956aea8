"""What a file holds decides whether it is taken; its name is cleaned and must agree (R17, R35, R35a)."""

import io
import zipfile

import made_files as made
import openpyxl
import pytest

from tasks import files

# -- What is taken ------------------------------------------------------------------------------

TAKEN = {
    "Kế hoạch.pdf": made.pdf(),
    "BAO CAO.PDF": made.pdf(),
    "a.docx": made.docx(),
    "a.xlsx": made.xlsx(),
    "a.odt": made.odf("text"),
    "a.ods": made.odf("spreadsheet"),
    "a.doc": made.compound("WordDocument", "1Table"),
    "a.xls": made.compound("Workbook"),
    "old.xls": made.compound("Book", size=4096),
    "a.png": made.png(),
    "a.jpg": made.jpeg(),
    "a.jpeg": made.jpeg(),
    "IMG_0001.HEIC": made.heic(),
    "b.heif": made.heic(b"mif1"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_each_kind_is_taken_by_its_content(name):
    checked = files.check(made.upload(name, TAKEN[name]))
    assert checked.name == name
    assert checked.size == len(TAKEN[name])


def test_a_workbook_made_by_a_library_is_taken():
    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    assert files.check(made.upload("số liệu.xlsx", buffer.getvalue())).type is files.TYPES["xlsx"]


def test_a_utf16_content_list_is_read():
    kind = made.OPEN_XML + "wordprocessingml.document.main+xml"
    content = made.archive(
        {"[Content_Types].xml": f"<T>{kind}</T>".encode("utf-16"), "word/document.xml": "<a/>"}
    )
    assert files.check(made.upload("a.docx", content)).type is files.TYPES["docx"]


# -- What is refused ----------------------------------------------------------------------------


def locked_archive():
    content = bytearray(made.docx())
    for at_ in (content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8):
        content[at_] |= 1
    return bytes(content)


def bomb():
    return made.archive(
        {"[Content_Types].xml": "<a/>", "word/document.xml": b"\0" * (30 * 1024 * 1024)}
    )


REFUSED = {
    "trống.pdf": (b"", "trống (0 byte)"),
    "a.pdf": (b"MZ\x90\x00" + b"\0" * 200, "nội dung là chương trình máy tính"),
    "b.docx": (made.pdf(), "có đuôi .docx nhưng nội dung là PDF"),
    "c.pdf": (made.docx(), "có đuôi .pdf nhưng nội dung là Word (.docx)"),
    "d.jpg": (made.png(), "có đuôi .jpg nhưng nội dung là ảnh PNG"),
    "e.xlsx": (made.docx(), "có đuôi .xlsx nhưng nội dung là Word (.docx)"),
    "e.doc": (made.compound("Workbook"), "có đuôi .doc nhưng nội dung là Excel 97–2003"),
    "f.pdf": (b"<!DOCTYPE html><script>alert(1)</script>", "trang web (HTML)"),
    "g.png": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "ảnh SVG"),
    "h.zip": (made.archive({"a.txt": "x"}), "nội dung là tệp nén ZIP"),
    "h.docx": (made.archive({"a.txt": "x"}), "nội dung là tệp nén ZIP"),
    "i.rar": (b"Rar!\x1a\x07\x01\x00" + b"\0" * 50, "nội dung là tệp nén RAR"),
    "k.txt": ("Kế hoạch".encode(), "tệp văn bản thuần"),
    "l.pdf": (b"\x00\x01\x02\x03" * 30, "tệp không rõ loại"),
    "m.pdf": (made.pdf()[:-8], "bị hỏng hoặc chưa tải về đủ"),
    "n.png": (made.png()[:-8], "bị hỏng"),
    "o.docx": (made.docx()[:-30], "bị hỏng, không mở được"),
    "o2.docx": (b"PK\x03\x04" + b"\0" * 60, "bị hỏng, không mở được"),
    "p.docx": (made.docx(extra={"word/vbaProject.bin": b"x"}), "có chứa macro"),
    "q.docm": (
        made.docx(content_type="application/vnd.ms-word.document.macroEnabled.main+xml"),
        "có chứa macro",
    ),
    "r.odt": (made.odf(extra={"Basic/Standard/Module1.xml": "x"}), "có chứa macro"),
    "s.doc": (made.compound("WordDocument", "Macros"), "có chứa macro"),
    "t.docx": (locked_archive(), "có đặt mật khẩu"),
    "t2.docx": (made.compound("EncryptedPackage", "EncryptionInfo"), "có đặt mật khẩu"),
    "t3.odt": (
        made.odf(extra={"META-INF/manifest.xml": "<manifest:encryption-data/>"}),
        "có đặt mật khẩu",
    ),
    "u.docx": (bomb(), "phình to bất thường"),
    "v.pptx": (
        made.open_xml("presentationml.presentation", "ppt/presentation.xml"),
        "nội dung là PowerPoint",
    ),
    "w.ppt": (made.compound("PowerPoint Document"), "nội dung là PowerPoint"),
    "x.doc": (made.compound("WordDocument")[:600], "bị hỏng, không mở được"),
    "y.avif": (made.heic(b"avif", (b"mif1", b"avif")), "không thuộc loại được nhận"),
    "z": (made.pdf(), "không có phần đuôi; nội dung là PDF. Hãy đổi tên thành “z.pdf”"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_each_refusal_names_the_file_and_the_reason(name):
    content, words = REFUSED[name]
    with pytest.raises(files.BadFile) as refusal:
        files.check(made.upload(name, content))
    assert f"“{name}”" in str(refusal.value)
    assert words in str(refusal.value)


def test_too_large(settings):
    settings.MAX_UPLOAD_MB = 1
    with pytest.raises(files.BadFile, match="nặng 1,1 MB, quá giới hạn 1 MB"):
        files.check(made.upload("a.pdf", made.pdf(b"x" * (1024 * 1024))))


def test_a_compound_file_that_runs_in_circles_is_broken():
    content = bytearray(made.compound("WordDocument", "a", "b", "c", "d"))
    content[512 + 8 : 512 + 12] = (1).to_bytes(
        4, "little"
    )  # the directory's second sector leads to its first
    with pytest.raises(files.BadFile, match="bị hỏng"):
        files.check(made.upload("a.doc", bytes(content)))


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Hồ sơ\\Kế hoạch.pdf", "Kế hoạch.pdf"),
        ("Kê\u0301 hoa\u0323ch 📎✅.pdf", "Kế hoạch 📎✅.pdf"),
        ("a\x00b\r\nc\u202efdp.exe.pdf", "abcfdp.exe.pdf"),
        ('12/KH: "mới"?.pdf', "KH- -mới--.pdf"),
        (" ..pdf", "pdf"),
        ("", "tep"),
        ("…/.pdf", "pdf"),
        ("dài" * 100 + ".docx", ("dài" * 100)[:115] + ".docx"),
    ],
)
def test_names_are_cleaned_and_stay_readable(raw, shown):
    assert files.clean_name(raw) == shown


def test_a_long_name_of_emoji_fits_on_a_disk():
    name = files.clean_name("😀" * 200 + ".pdf")
    assert len(name.encode()) <= 240
    assert name.endswith("😀.pdf")


def test_a_zip_made_with_another_method_is_refused_not_raised():
    content = bytearray(made.archive({"[Content_Types].xml": "x"}, zipfile.ZIP_STORED))
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at_ = content.index(mark) + offset
        content[at_ : at_ + 2] = (99).to_bytes(2, "little")
    with pytest.raises(files.BadFile, match="bị hỏng"):
        files.check(made.upload("a.docx", bytes(content)))
