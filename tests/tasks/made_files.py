"""Real bytes of each kind of file, made here: what is taken, and what is not."""

import io
import struct
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile

OPEN_XML = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."


def upload(name, content):
    """An uploaded file. Its name is set past Django's own clean-up, as a careless caller would."""
    file = SimpleUploadedFile("x", content)
    file._name = name
    return file


def pdf(text=b"KH"):
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Note("
        + text
        + b")>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )


def png():
    return (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + b"\x00" * 17 + b"\x00\x00\x00\x00IEND\xaeB`\x82"
    )


def jpeg():
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 40 + b"\xff\xd9"


def heic(brand=b"heic", compatible=(b"mif1", b"heic")):
    body = b"ftyp" + brand + b"\x00\x00\x00\x00" + b"".join(compatible)
    return struct.pack(">I", len(body) + 4) + body + b"\x00" * 64


def archive(parts, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return buffer.getvalue()


def open_xml(kind, main, extra=(), content_type=None):
    kind = content_type or f"{OPEN_XML}{kind}.main+xml"
    types = f'<Types><Override PartName="/{main}" ContentType="{kind}"/></Types>'
    return archive({"[Content_Types].xml": types, main: "<a/>", **dict(extra)})


def docx(**extra):
    return open_xml("wordprocessingml.document", "word/document.xml", **extra)


def xlsx(**extra):
    return open_xml("spreadsheetml.sheet", "xl/workbook.xml", **extra)


def odf(kind="text", extra=()):
    return archive({"mimetype": ODF + kind, "content.xml": "<a/>", **dict(extra)})


def compound(*names, size=512):
    """A compound file whose directory holds ``names``: the frame of .doc and .xls."""
    entries = [("Root Entry", 5), *((name, 2) for name in names)]
    directory = b""
    for name, kind in entries:
        text = name.encode("utf-16-le") + b"\0\0"
        directory += text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1)
        directory += struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF).ljust(60, b"\0")
    sectors = -(-len(directory) // size)
    directory = directory.ljust(sectors * size, b"\0")
    fat = [0xFFFFFFFD, *range(2, sectors + 1), 0xFFFFFFFE]
    fat += [0xFFFFFFFF] * (size // 4 - len(fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, size.bit_length() - 1, 6) + b"\0" * 6
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    return header.ljust(size, b"\0") + struct.pack(f"<{size // 4}I", *fat) + directory
