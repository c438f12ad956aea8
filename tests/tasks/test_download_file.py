"""Downloading a file of evidence: who may, under which name, and what a lost file says (R3, R17, R35a)."""

from pathlib import Path
from urllib.parse import quote

import made_files as made
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from season import Office, at

from accounts.history import Actor
from plans.models import Duty
from tasks.evidence import add_evidence
from tasks.models import Report

pytestmark = pytest.mark.django_db
BACKEND = "accounts.backends.EmailBackend"
NAME = "Kế hoạch số 12 – năm 2019 📎.pdf"


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9)):
        yield


@pytest.fixture
def office(morning, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    office = Office()
    office.report = office.reports["TCCB", "1.1"]
    evidence = add_evidence(
        report=office.report,
        by=Actor.of(office.writers["TCCB"]),
        number="12/KH",
        uploads=[made.upload(NAME, made.pdf())],
    )
    office.file = evidence.document.files.get()
    return office


@pytest.fixture
def get(client, office):
    def call(user=None, pk=None):
        if user:
            client.force_login(user, backend=BACKEND)
        return client.get(reverse("file_download", args=[pk or office.file.pk]))

    return call


def submit(office):
    Report.objects.filter(pk=office.report.pk).update(
        state="submitted", first_submitted_at=timezone.now()
    )


def test_a_file_comes_whole_as_a_download_under_its_name(get, office):
    page = get(office.writers["TCCB"])
    assert page.status_code == 200
    assert b"".join(page.streaming_content) == made.pdf()
    assert page["Content-Disposition"] == f"attachment; filename*=utf-8''{quote(NAME)}"
    assert page["Content-Type"] == "application/pdf"
    assert page["Content-Length"] == str(len(made.pdf()))
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["Cache-Control"] == "private, no-store"


def test_a_drafts_file_is_its_own_units(get, office):
    assert get(office.heads["TCCB"]).status_code == 200
    for person in (office.heads["VP"], office.director, office.writers["KHTC"]):
        page = get(person)
        assert page.status_code == 403
        assert "Phòng TCCB đăng ký" in page.content.decode()


def test_a_sent_reports_file_is_also_the_offices_the_leaders_and_the_same_tasks(get, office):
    submit(office)
    assert get(office.heads["VP"]).status_code == 200
    assert get(office.director).status_code == 200
    assert get(office.writers["KHTC"]).status_code == 403
    Duty.objects.create(
        period=office.period, task=office.tasks[0], unit=office.units["KHTC"], role="coordinate"
    )
    assert get(office.writers["KHTC"]).status_code == 200


def test_another_agencys_file_does_not_exist(get, office):
    submit(office)
    stranger = Office("SNV")
    for person in (stranger.heads["VP"], stranger.writers["TCCB"], stranger.director):
        assert get(person).status_code == 404
    assert get(office.writers["TCCB"], pk=999_999).status_code == 404


def test_signed_out_people_sign_in_first(get):
    page = get()
    assert page.status_code == 302
    assert reverse("sign_in") in page.url


@pytest.mark.parametrize("damage", ["gone", "short", "a folder"])
def test_a_lost_file_is_said_and_logged(get, office, settings, caplog, damage):
    path = Path(settings.MEDIA_ROOT) / office.file.path
    path.unlink()
    if damage == "short":
        path.write_bytes(b"%PDF")
    elif damage == "a folder":
        path.mkdir()
    page = get(office.writers["TCCB"])
    assert page.status_code == 410
    assert "Tệp không còn trên máy chủ" in page.content.decode()
    assert office.file.sha256[:16] in page.content.decode()
    assert office.file.path in caplog.text


def test_only_reading(client, office):
    client.force_login(office.writers["TCCB"], backend=BACKEND)
    assert client.post(reverse("file_download", args=[office.file.pk])).status_code == 405


def test_a_download_asks_little_of_the_database(get, office):
    submit(office)
    get(office.heads["VP"])
    with CaptureQueriesContext(connection) as queries:
        get()
    assert len(queries) <= 5
