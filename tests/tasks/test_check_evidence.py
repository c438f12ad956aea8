"""``manage.py check_evidence``: files that vanished or were altered are found, named and remembered (R17)."""

from pathlib import Path

import made_files as made
import pytest
import time_machine
from django.core.management import call_command
from season import Office, at

from accounts.history import Actor
from tasks import jobs
from tasks.evidence import add_evidence
from tasks.models import StoredFile

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(at(2019, 11, 13, 9)):
        office = Office()
        for n, task in enumerate(("1.1", "1.2", "1.3")):
            add_evidence(
                report=office.reports["TCCB", task],
                by=Actor.of(office.writers["TCCB"]),
                number=f"{n}/KH",
                # The first two hold the same content, stored once.
                uploads=[made.upload(f"{n}.pdf", made.pdf(b"khac" if n == 2 else b"KH"))],
            )
        yield office


def path_of(settings, name):
    return Path(settings.MEDIA_ROOT) / StoredFile.objects.get(name=name).path


def run(capsys):
    code = 0
    try:
        call_command("check_evidence")
    except SystemExit as stop:
        code = stop.code
    return code, capsys.readouterr().out.splitlines()


def test_all_is_well(office, capsys):
    assert run(capsys) == (0, ["3 files, 0 missing, 0 altered"])
    assert set(StoredFile.objects.values_list("problem", flat=True)) == {""}
    assert not StoredFile.objects.filter(checked_at=None).exists()


def test_missing_and_altered_files_are_named_with_what_rests_on_them(
    office, settings, capsys, caplog
):
    path_of(settings, "0.pdf").unlink()
    altered = path_of(settings, "2.pdf")
    altered.write_bytes(altered.read_bytes().replace(b"khac", b"KHAC"))  # of the same size
    code, lines = run(capsys)
    assert code == 1
    assert lines[-1] == "3 files, 2 missing, 1 altered"
    assert any(
        "0.pdf: không còn trên máy chủ – 0/KH (Phòng TCCB) – 1.1 – Phòng TCCB" in line
        for line in lines
    )
    assert any(line.startswith("2.pdf: nội dung khác lúc tải lên") for line in lines)
    assert StoredFile.objects.get(name="1.pdf").problem == "missing"
    assert StoredFile.objects.get(name="2.pdf").problem == "altered"


def test_a_file_that_came_back_is_well_again(office, settings, capsys, caplog):
    path = path_of(settings, "2.pdf")
    content = path.read_bytes()
    path.unlink()
    assert run(capsys)[0] == 1
    path.write_bytes(content)
    assert run(capsys) == (0, ["3 files, 0 missing, 0 altered"])
    assert StoredFile.objects.get(name="2.pdf").problem == ""


def test_the_same_content_uploaded_again_mends_it(office, settings, capsys, caplog):
    path_of(settings, "2.pdf").write_bytes(b"%PDF")
    assert run(capsys)[0] == 1
    evidence = office.reports["TCCB", "1.3"].evidence.get()
    add_evidence(
        report=evidence.report,
        by=Actor.of(office.writers["TCCB"]),
        document=evidence.document,
        section="trang 2",
        uploads=[made.upload("2.pdf", made.pdf(b"khac"))],
    )
    assert StoredFile.objects.get(name="2.pdf").problem == ""
    assert run(capsys)[0] == 0


def test_a_folder_in_a_files_place_is_a_missing_file(office, settings, capsys, caplog):
    path = path_of(settings, "2.pdf")
    path.unlink()
    path.mkdir()
    assert run(capsys)[1][-1] == "3 files, 1 missing, 0 altered"


def test_no_files_at_all(db, capsys):
    assert run(capsys) == (0, ["0 files, 0 missing, 0 altered"])


def test_the_weekly_job_remembers(office, settings, caplog):
    path_of(settings, "2.pdf").unlink()
    jobs.check_evidence()
    assert StoredFile.objects.get(name="2.pdf").problem == "missing"
