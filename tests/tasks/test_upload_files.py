"""Uploading: programs inside documents, a scanner, a full disk, a connection that breaks off (R17, R35)."""

import errno
import os
import socket
import struct
import threading
from pathlib import Path

import made_files as made
import pytest
import time_machine
from django.core.files import uploadhandler
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.urls import reverse
from season import Office, at

from accounts.history import Actor
from tasks import files, storing
from tasks.evidence import add_evidence
from tasks.models import Document, StoredFile
from tasks.scanning import scan
from tasks.services import Refused

pytestmark = pytest.mark.django_db
BACKEND = "accounts.backends.EmailBackend"


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9), tick=True):
        yield


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    return settings.MEDIA_ROOT


@pytest.fixture
def office(morning):
    office = Office()
    office.report = office.reports["TCCB", "1.1"]
    return office


@pytest.fixture
def add(office):
    def call(*uploads, **given):
        return add_evidence(
            report=office.report, by=Actor.of(office.writers["TCCB"]), uploads=uploads, **given
        )

    return call


def on_disk(media):
    return [path for path in Path(media).rglob("*") if path.is_file()]


# -- What hides inside --------------------------------------------------------------------------

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "\x01Ole10Native".encode("utf-16-le")
HIDDEN = {
    "a program as a part": made.docx(extra={"word/media/setup.exe": b"MZ"}),
    "a script as a part": made.xlsx(extra={"xl/run.VBS": b"x"}),
    "a program under another name": made.docx(
        extra={"word/embeddings/oleObject1.bin": b"MZ\x90\0" + b"\0" * 60}
    ),
    "a program packed into an object": made.docx(
        extra={"word/embeddings/oleObject1.bin": OLE + b"\0\0Cai dat.exe\0C:\\x\0"}
    ),
    "a program inside an object": made.odf(
        extra={"Object 1/content": b"\0" * 9 + b"!This program cannot be run in DOS mode.\r\n"}
    ),
}


@pytest.mark.parametrize("what", HIDDEN)
def test_a_program_inside_a_document_is_refused(what):
    ending = ".xlsx" if b"xl/workbook.xml" in HIDDEN[what] else ".docx"
    ending = ".odt" if b"opendocument" in HIDDEN[what] else ending
    with pytest.raises(files.BadFile, match="nhúng chương trình hoặc tập lệnh"):
        files.check(made.upload("a" + ending, HIDDEN[what]))


@pytest.mark.parametrize(
    "parts",
    [{"word/embeddings/Book1.xlsm": b"PK"}, {"xl/macrosheets/sheet1.xml": b"<x/>"}],
)
def test_macros_in_other_places_are_refused(parts):
    with pytest.raises(files.BadFile, match="có chứa macro"):
        files.check(made.upload("a.docx", made.docx(extra=parts)))


def test_an_embedded_workbook_is_taken():
    content = made.docx(extra={"word/embeddings/Book1.xlsx": made.xlsx(), "word/media/a.png": "x"})
    assert files.check(made.upload("a.docx", content))


def test_a_pdf_that_starts_a_program_is_refused():
    with pytest.raises(files.BadFile, match="lệnh tự mở chương trình"):
        files.check(made.upload("a.pdf", made.pdf(b")/A<</S /Launch/F(cmd.exe)>>(")))
    assert files.check(made.upload("a.pdf", made.pdf(b"Lo trinh /LaunchPlan")))


# -- clamd --------------------------------------------------------------------------------------


@pytest.fixture
def clamd(tmp_path, settings):
    """A clamd that finds «EICAR» and speaks the real protocol on a socket in the file system."""
    path = str(tmp_path / "clamd.ctl")
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen()

    def read(connection, size):
        content = b""
        while len(content) < size and (part := connection.recv(size - len(content))):
            content += part
        return content

    def serve():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                assert read(connection, 10) == b"zINSTREAM\0"
                content = b""
                while size := struct.unpack(">I", read(connection, 4))[0]:
                    content += read(connection, size)
                answer = b"Eicar-Signature FOUND" if b"EICAR" in content else b"OK"
                connection.sendall(b"stream: " + answer + b"\0")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    settings.CLAMD_SOCKET = path
    yield path
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)


def test_clamd_lets_clean_files_through_and_names_infected_ones(clamd, add, media):
    add(made.upload("a.pdf", made.pdf(b"x" * 200_000)))
    with pytest.raises(Refused, match=r"“b\.pdf” có chứa mã độc"):
        add(made.upload("c.pdf", made.pdf(b"c")), made.upload("b.pdf", made.pdf(b"EICAR")))
    assert StoredFile.objects.count() == 1
    assert len(on_disk(media)) == 1


def test_a_clamd_that_does_not_answer_lets_nothing_through(settings, tmp_path, add, caplog):
    settings.CLAMD_SOCKET = str(tmp_path / "nobody.ctl")
    with pytest.raises(Refused, match=r"Chưa kiểm tra được vi-rút cho tệp “a\.pdf”"):
        add(made.upload("a.pdf", made.pdf()))
    settings.CLAMD_SOCKET = "127.0.0.1:không phải cổng"
    with pytest.raises(files.BadFile, match="Chưa kiểm tra được"):
        scan(made.upload("a.pdf", made.pdf()), "a.pdf")
    assert not StoredFile.objects.exists()


# -- The disk -----------------------------------------------------------------------------------


def test_a_disk_that_fills_up_at_the_second_file_keeps_neither(add, media, monkeypatch, caplog):
    real, calls = storing._write, []

    def write(upload, target, size):
        calls.append(target)
        if len(calls) == 2:
            target.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(upload, target, size)

    monkeypatch.setattr(storing, "_write", write)
    with pytest.raises(
        Refused, match=r"hết chỗ lưu nên chưa nhận được tệp “b\.png”; không có tệp nào"
    ):
        add(made.upload("a.pdf", made.pdf()), made.upload("b.png", made.png()))
    assert on_disk(media) == []
    assert not Document.objects.exists()


def test_an_upload_shorter_than_checked_is_not_stored(media, caplog):
    upload = made.upload("a.pdf", made.pdf())
    found = files.check(upload)
    upload.file.truncate(20)
    with pytest.raises(files.BadFile, match="chưa lưu được"):
        storing.store_all([(upload, found)])
    assert on_disk(media) == []


@pytest.fixture
def post(client, office):
    def call(**data):
        client.force_login(office.writers["TCCB"], backend=BACKEND)
        return client.post(reverse("evidence_add", args=[office.report.pk]), data)

    return call


def large():
    return SimpleUploadedFile("a.pdf", made.pdf(os.urandom(16) * 200_000))


def test_a_disk_full_while_receiving_is_a_message(post, monkeypatch, caplog):
    class Full(TemporaryUploadedFile):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(uploadhandler, "TemporaryUploadedFile", Full)
    page = post(number="12/KH", uploads=[large()], whole="1")
    assert page.status_code == 422
    assert "Máy chủ đã hết chỗ lưu nên chưa nhận được tệp “a.pdf”" in page.content.decode()
    assert 'value="12/KH"' in page.content.decode()
    assert not Document.objects.exists()


def test_a_large_upload_arrives(post):
    assert post(uploads=[large()], whole="1").status_code == 302
    assert StoredFile.objects.get().size > 3_000_000


def test_an_upload_that_breaks_off_stores_nothing(client, office, media):
    """The body ends inside the file: what came after it, the mark of a whole form too, is missing."""
    client.force_login(office.writers["TCCB"], backend=BACKEND)
    body = (
        b'--x\r\nContent-Disposition: form-data; name="number"\r\n\r\n12/KH\r\n--x\r\n'
        b'Content-Disposition: form-data; name="uploads"; filename="a.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n" + made.jpeg()
    )
    page = client.post(
        reverse("evidence_add", args=[office.report.pk]),
        data=body,
        content_type="multipart/form-data; boundary=x",
    )
    assert page.status_code == 422
    assert "bị đứt giữa chừng" in page.content.decode()
    assert not Document.objects.exists()
    assert on_disk(media) == []
