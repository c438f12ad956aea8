"""Files people hand in: checked by what they hold, not by what they are called (R17).

A file is taken only if its content is one of :data:`TYPES`; its name must then agree. Every refusal
is a sentence for the person and names the file. ``tasks.storing`` puts on disk what is taken.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from dataclasses import dataclass
from fractions import Fraction
from typing import IO, TYPE_CHECKING
from zlib import error as zlib_error

import filetype
from django.conf import settings

from plans.numbers import show_number
from tasks.compound import Damaged, stream_names

if TYPE_CHECKING:
    from django.core.files import File

MAX_NAME = 120  # characters
MAX_NAME_BYTES = 240  # most disks end a name at 255
MAX_UNPACKED = 400 * 1024 * 1024
MAX_RATIO = 250  # of a whole archive; office documents stay below 50
MAX_PARTS = 20_000
MAX_EMBEDDED = 32 * 1024 * 1024  # looked at in one embedded object
TAIL = 64 * 1024
# fmt: off
_PROGRAM_ENDINGS = (
    ".exe", ".dll", ".scr", ".com", ".pif", ".cpl", ".msi", ".bat", ".cmd", ".ps1", ".vbs", ".vbe",
    ".js", ".jse", ".wsf", ".wsh", ".hta", ".jar", ".lnk", ".sh", ".reg",
)
# fmt: on
_MACRO_ENDINGS = (
    ".docm",
    ".dotm",
    ".xlsm",
    ".xltm",
    ".xlsb",
    ".pptm",
)  # also as embedded documents
_PROGRAM_NAME = re.compile(
    rb"\.(?:exe|dll|scr|pif|cpl|msi|bat|cmd|ps1|vbs|vbe|jse?|wsf|hta|jar|lnk)\0", re.IGNORECASE
)
_DOS_STUB = b"This program cannot be run in DOS mode"


class BadFile(Exception):
    """The file is not taken; the message says which and why."""


@dataclass(frozen=True)
class FileType:
    """One kind of file that is taken. The first of ``endings`` is the usual one."""

    label: str
    content_type: str
    endings: tuple[str, ...]


_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
TYPES = {
    "pdf": FileType("PDF", "application/pdf", (".pdf",)),
    "docx": FileType("Word (.docx)", _OPEN_XML + "wordprocessingml.document", (".docx",)),
    "xlsx": FileType("Excel (.xlsx)", _OPEN_XML + "spreadsheetml.sheet", (".xlsx",)),
    "doc": FileType("Word 97–2003 (.doc)", "application/msword", (".doc",)),
    "xls": FileType("Excel 97–2003 (.xls)", "application/vnd.ms-excel", (".xls",)),
    "odt": FileType("OpenDocument (.odt)", _ODF + "text", (".odt",)),
    "ods": FileType("OpenDocument (.ods)", _ODF + "spreadsheet", (".ods",)),
    "png": FileType("ảnh PNG", "image/png", (".png",)),
    "jpeg": FileType("ảnh JPEG", "image/jpeg", (".jpg", ".jpeg", ".jpe", ".jfif")),
    "heic": FileType("ảnh HEIC", "image/heic", (".heic", ".heif")),
}
KINDS_TEXT = "PDF, Word, Excel, OpenDocument (.odt, .ods), ảnh JPEG, PNG, HEIC"
ACCEPT = ",".join(ending for kind in TYPES.values() for ending in kind.endings)
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
_FOUND_TEXT = {
    "exe": "chương trình máy tính",
    "elf": "chương trình máy tính",
    "zip": "tệp nén ZIP",
    "rar": "tệp nén RAR",
    "7z": "tệp nén 7-Zip",
    "gz": "tệp nén GZIP",
    "pptx": "PowerPoint",
    "ppt": "PowerPoint",
    "rtf": "RTF",
    "mp4": "phim MP4",
    "avif": "ảnh AVIF",
}


@dataclass(frozen=True)
class Checked:
    """A file that may be taken: the name to show, its type and size in bytes."""

    name: str
    type: FileType
    size: int


def clean_name(raw: str) -> str:
    """The name to show: NFC, no folders, no control or direction characters, not too long; emoji stay."""
    name = unicodedata.normalize("NFC", raw).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(c for c in name if not _is_hidden(c))
    name = re.sub(r"\s+", " ", re.sub(r'[<>:"|?*]', "-", name)).strip(" .")
    stem, ending = _split(name)
    stem = stem.strip(" .")[: MAX_NAME - len(ending)]
    stem = stem.encode()[: MAX_NAME_BYTES - len(ending)].decode(errors="ignore").rstrip(" .")
    return (stem or "tep") + ending


def check(upload: File, *, max_mb: int | None = None) -> Checked:
    """Look at the content of ``upload``; BadFile where it is not taken."""
    name = clean_name(upload.name or "")
    max_mb = settings.MAX_UPLOAD_MB if max_mb is None else max_mb
    size = upload.size or 0
    if size == 0:
        raise BadFile(f"Tệp “{name}” trống (0 byte). Hãy kiểm tra rồi chọn lại.")
    if size > max_mb * 1024 * 1024:
        # Rounded up: a file just above the limit must not seem to be as large as the limit.
        tenths = -(-size * 10 // (1024 * 1024))
        raise BadFile(
            f"Tệp “{name}” nặng {show_number(Fraction(tenths, 10), 1)} MB, quá giới hạn {max_mb} MB một tệp."
        )
    stream: IO[bytes] = upload.file  # type: ignore[assignment]  # an upload always has one
    stream.seek(0)
    kind = _sniff(stream, size, name)
    stream.seek(0)
    found = TYPES[kind]
    ending = _split(name)[1].lower()
    if not ending:
        raise BadFile(
            f"Tệp “{name}” không có phần đuôi; nội dung là {found.label}. "
            f"Hãy đổi tên thành “{name}{found.endings[0]}” rồi chọn lại."
        )
    if ending not in found.endings:
        raise BadFile(
            f"Tệp “{name}” có đuôi {ending} nhưng nội dung là {found.label}. "
            f"Hãy đổi đuôi thành {found.endings[0]} hoặc chọn đúng tệp."
        )
    return Checked(name=name, type=found, size=size)


# -- What a file is -----------------------------------------------------------------------------


def _sniff(stream: IO[bytes], size: int, name: str) -> str:
    """The key of :data:`TYPES` for the content; BadFile for anything else."""
    head = stream.read(8192)
    stream.seek(max(0, size - TAIL))
    tail = stream.read(TAIL)
    stream.seek(0)
    if head.startswith(b"PK\x03\x04"):
        return _sniff_zip(stream, name)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _sniff_compound(stream, name)
    if head.startswith(b"%PDF-"):
        if b"%%EOF" not in tail:
            raise BadFile(f"Tệp “{name}” là PDF nhưng bị hỏng hoặc chưa tải về đủ.")
        if _starts_a_program(stream):
            raise BadFile(
                f"Tệp “{name}” là PDF có lệnh tự mở chương trình. Hãy in lại thành PDF khác rồi chọn lại."
            )
        return "pdf"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        if head[12:16] != b"IHDR" or b"IEND" not in tail:
            raise BadFile(f"Tệp “{name}” là ảnh PNG nhưng bị hỏng.")
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head[4:8] == b"ftyp":
        length = min(int.from_bytes(head[:4], "big"), len(head))
        brands = {head[8:12], *(head[at : at + 4] for at in range(16, length, 4))}
        if brands & _HEIC_BRANDS and head[8:12] != b"avif":
            return "heic"
    raise BadFile(_not_taken(name, _describe(head)))


def _starts_a_program(stream: IO[bytes]) -> bool:
    """A PDF with the action that starts a program (ISO 32000-1, 12.6.4.5), as far as it is not packed."""
    stream.seek(0)
    before = b""
    found = False
    while not found and (chunk := stream.read(1024 * 1024)):
        found = re.search(rb"/S\s*/Launch\b", before + chunk) is not None
        before = chunk[-32:]
    stream.seek(0)
    return found


def _sniff_zip(stream: IO[bytes], name: str) -> str:
    """Office documents are archives; any other archive is not taken."""
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = archive.infolist()
            packed = sum(part.compress_size for part in parts)
            unpacked = sum(part.file_size for part in parts)
            if (
                len(parts) > MAX_PARTS
                or unpacked > MAX_UNPACKED
                or (unpacked > 10 * 1024 * 1024 and unpacked > MAX_RATIO * max(packed, 1))
            ):
                raise BadFile(
                    f"Tệp “{name}” phình to bất thường khi mở; không nhận để bảo đảm an toàn."
                )
            names = {part.filename for part in parts}
            locked = any(part.flag_bits & 1 for part in parts)
            kind = "locked" if locked else _kind_of_archive(archive, names)
            lowered = {part.lower() for part in names}
            program = None if locked else _program_inside(archive, parts)
    except (
        zipfile.BadZipFile,
        zlib_error,
        EOFError,
        OSError,
        NotImplementedError,
        ValueError,
    ) as error:
        raise BadFile(f"Tệp “{name}” bị hỏng, không mở được.") from error
    if kind == "locked":
        raise BadFile(f"Tệp “{name}” có đặt mật khẩu. Hãy bỏ mật khẩu rồi chọn lại.")
    if program:
        raise BadFile(
            f"Tệp “{name}” có nhúng chương trình hoặc tập lệnh ({program}). Hãy bỏ phần nhúng rồi chọn lại."
        )
    macros = any(
        part.endswith(("vbaproject.bin", "vbadata.xml", *_MACRO_ENDINGS)) or "/macrosheets/" in part
        for part in lowered
    )
    if kind in {"odt", "ods"}:
        macros |= any(part.startswith(("basic/", "scripts/")) for part in lowered)
    if macros or kind == "macro":
        raise BadFile(f"Tệp “{name}” có chứa macro. Hãy lưu lại bản không có macro rồi chọn lại.")
    if kind not in TYPES:
        raise BadFile(_not_taken(name, _FOUND_TEXT.get(kind, "tệp nén ZIP")))
    return kind


def _program_inside(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> str | None:
    """A program or script among the parts or in an embedded object: its name; None where there is none."""
    for part in parts:
        lowered = part.filename.lower()
        if lowered.endswith(_PROGRAM_ENDINGS):
            return clean_name(part.filename)
        if "/embeddings/" in lowered or lowered.startswith(("object", "activex/")):
            with archive.open(part) as stream:
                content = stream.read(MAX_EMBEDDED)
            if content.startswith((b"MZ", b"\x7fELF")) or _DOS_STUB in content:
                return clean_name(part.filename)
            # A packed file names itself, its name ended by a zero byte ([MS-OLEDS] 2.3.6).
            found = _PROGRAM_NAME.search(content)
            if found and b"Ole10Native" in content.replace(b"\0", b""):
                shown = re.split(
                    rb"[^\w .-]", content[max(0, found.start() - 80) : found.end() - 1]
                )
                return clean_name(shown[-1].decode("ascii", "replace"))
    return None


def _kind_of_archive(archive: zipfile.ZipFile, names: set[str]) -> str:
    if "mimetype" in names:
        kind = _read_part(archive, "mimetype").strip()
        if "META-INF/manifest.xml" in names and "encryption-data" in _read_part(
            archive, "META-INF/manifest.xml"
        ):
            return "locked"
        return {_ODF + "text": "odt", _ODF + "spreadsheet": "ods"}.get(kind, "zip")
    if "[Content_Types].xml" not in names:
        return "zip"
    types = _read_part(archive, "[Content_Types].xml")
    if "macroEnabled" in types:
        return "macro"
    if _OPEN_XML + "wordprocessingml.document.main+xml" in types and "word/document.xml" in names:
        return "docx"
    if _OPEN_XML + "spreadsheetml.sheet.main+xml" in types and "xl/workbook.xml" in names:
        return "xlsx"
    return "pptx" if "presentationml" in types else "zip"


def _read_part(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as part:
        content = part.read(1024 * 1024)
    coding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8"
    return content.decode(coding, "replace")


def _sniff_compound(stream: IO[bytes], name: str) -> str:
    """The older Word and Excel: a small file system, told apart by what it holds."""
    try:
        names = stream_names(stream)
    except Damaged as error:
        raise BadFile(f"Tệp “{name}” bị hỏng, không mở được.") from error
    if "EncryptedPackage" in names:
        raise BadFile(f"Tệp “{name}” có đặt mật khẩu. Hãy bỏ mật khẩu rồi chọn lại.")
    if names & {"Macros", "_VBA_PROJECT_CUR", "_VBA_PROJECT", "VBA"}:
        raise BadFile(f"Tệp “{name}” có chứa macro. Hãy lưu lại bản không có macro rồi chọn lại.")
    if "WordDocument" in names:
        return "doc"
    if names & {"Workbook", "Book"}:
        return "xls"
    found = "PowerPoint" if "PowerPoint Document" in names else "tệp không rõ loại"
    raise BadFile(_not_taken(name, found))


def _describe(head: bytes) -> str:
    """What a content that is not taken looks like, for the message."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in start[:1024]:
        return "ảnh SVG"
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<script", b"<body")):
        return "trang web (HTML)"
    if head.startswith(b"MZ"):
        return _FOUND_TEXT["exe"]
    guess = filetype.guess(head)
    if guess is not None:
        return _FOUND_TEXT.get(guess.extension, f"tệp {guess.extension.upper()}")
    return "tệp văn bản thuần" if b"\x00" not in head else "tệp không rõ loại"


def _not_taken(name: str, found: str) -> str:
    return f"Tệp “{name}” có nội dung là {found}, không thuộc loại được nhận ({KINDS_TEXT})."


# -- Names --------------------------------------------------------------------------------------


def _split(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    if not dot or not stem or not re.fullmatch(r"[A-Za-z0-9]{1,8}", ending):
        return name, ""
    return stem, "." + ending


def _is_hidden(char: str) -> bool:
    """Control characters, and those that turn the direction of writing («gpj.exe» shown as «exe.jpg»)."""
    if char == "\u200d":  # joins emoji
        return False
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
