"""The page «Hồ sơ nộp»: asking for a workbook, watching it, taking it; and the worker behind it (R3, R33)."""

import datetime as dt
import hashlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from results_office import SENT_AT, ResultsOffice

from accounts import queue
from accounts.history import Actor
from accounts.models import AuditEntry
from plans.models import Period
from scoring import exporting, jobs
from scoring.exporting import make, make_waiting, request_due, request_export
from scoring.models import Export
from tasks.models import Report
from tasks.states import State

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
BACKEND = "accounts.backends.EmailBackend"
publish = queue.publish  # the real one; most tests replace it
HTMX = {"HX-Request": "true"}
NOW = dt.datetime(2019, 11, 20, 9, 5, tzinfo=SENT_AT.tzinfo)


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(NOW):
        yield


@pytest.fixture(autouse=True)
def queued(monkeypatch):
    """What is handed to the broker; no worker runs here."""
    sent = []
    monkeypatch.setattr(queue, "publish", lambda job, *args: sent.append((job.name, *args)))
    return sent


@pytest.fixture
def office(morning, db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    return ResultsOffice().fill()


@pytest.fixture
def see(client, office):
    def get(user, name="export_list", pk=None, htmx=False, **query):
        client.force_login(user, backend=BACKEND)
        return client.get(
            reverse(name, args=[pk] if pk else []), query, headers=HTMX if htmx else {}
        )

    return get


@pytest.fixture
def ask(client, office, django_capture_on_commit_callbacks):
    def post(user, period=None, **data):
        client.force_login(user, backend=BACKEND)
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(
                reverse("export_request"), {"ky": (period or office.period).pk, **data}, follow=True
            )

    return post


def wanted(office, **columns):
    return Export.objects.create(agency=office.agency, period=office.period, **columns)


# -- Asking and watching ------------------------------------------------------------------------


def test_from_the_button_to_the_file(office, ask, see, queued):
    page = ask(office.office)
    export = Export.objects.get()
    text = page.content.decode()
    assert page.redirect_chain[-1][0].endswith(f"?ky={office.period.pk}")
    assert "Đang tạo bảng kết quả" in text
    assert f'hx-get="/ho-so-nop/{export.pk}/"' in text
    assert "Tải lại" in text  # the way on without JavaScript
    assert queued == [("scoring.jobs.make_export", export.pk)]
    assert AuditEntry.objects.get(object_type="scoring.export").actor == office.office

    assert make(export.pk)
    export.refresh_from_db()
    assert (export.state, export.progress, export.attempts) == ("done", 100, 1)
    assert export.name == "Ket-qua-CCHC-SGDDT-2019-20191120-0905.xlsx"
    assert export.requested_by == office.office
    assert export.summary["states"]["accepted"] == 4
    assert export.summary["units_behind"] == [["KHTC", 3], ["TCCB", 2], ["VP", 1]]

    row = see(office.office, "export_progress", export.pk, htmx=True).content.decode()
    assert "hx-get" not in row  # the asking stops
    assert export.name in row
    assert "Đã tạo xong tệp" in row
    file = see(office.office, "export_download", export.pk)
    content = b"".join(file.streaming_content)
    assert hashlib.sha256(content).hexdigest() == export.sha256
    assert len(content) == export.size
    assert file["X-Content-Type-Options"] == "nosniff"
    assert file["Content-Disposition"] == f'attachment; filename="{export.name}"'
    assert "no-store" in file["Cache-Control"]
    listed = see(office.office).content.decode()
    assert export.sha256[:12] in listed
    assert "Họ sgddt.office" in listed


def test_gaps_are_shown_first(office, see):
    text = see(office.office).content.decode()
    assert text.index("Trước khi xuất") < text.index("Các bảng kết quả đã tạo")
    assert "3/3 đơn vị chưa gửi đủ" in text
    assert "1 báo cáo chờ duyệt" in text
    assert "tạm tính 2/3 đơn vị" in text
    Report.objects.all().update(
        state=State.ACCEPTED, first_submitted_at=SENT_AT, submitted_at=SENT_AT
    )
    for code in ("1.2-a", "1.1-a"):
        assert f"{code} " not in see(office.office).content.decode()


def test_without_javascript_the_row_leads_to_the_list(office, see):
    export = wanted(office)
    answer = see(office.office, "export_progress", export.pk)
    assert answer.status_code == 302
    assert answer["Location"].endswith(f"/ho-so-nop/?ky={office.period.pk}")


def test_progress_is_shown_while_it_is_made(office, see):
    export = wanted(office, state="running", progress=60, claimed_at=timezone.now())
    row = see(office.office, "export_progress", export.pk, htmx=True).content.decode()
    assert "60%" in row
    assert "hx-trigger" in row
    assert "Đang tạo" in row


def test_a_double_click_makes_one(office, ask, queued):
    ask(office.office)
    ask(office.office)
    assert Export.objects.count() == len(queued) == 1
    make(Export.objects.get().pk)
    ask(office.office)
    assert Export.objects.count() == 2


def test_no_period_no_export(office, see, ask, client):
    Period.objects.update(opened_at=None)
    assert "Chưa có kỳ báo cáo nào được mở" in see(office.office).content.decode()
    assert ask(office.office).status_code == 404
    for typed in ("", "x", "1" * 30, "²"):
        assert client.post(reverse("export_request"), {"ky": typed}).status_code == 404
    assert client.get(reverse("export_request")).status_code == 405


# -- Who may ------------------------------------------------------------------------------------


def test_leaders_read_and_take_but_do_not_make(office, see, ask):
    export = wanted(office)
    make(export.pk)
    text = see(office.leader).content.decode()
    assert "Ket-qua-CCHC" in text
    assert reverse("export_request") not in text
    assert see(office.leader, "export_download", export.pk).status_code == 200
    assert ask(office.leader).status_code == 403


@pytest.mark.parametrize("who", ["head", "writer", "admin"])
def test_others_of_the_agency_may_not(office, see, ask, who):
    user, export = getattr(office, who), wanted(office)
    make(export.pk)
    assert see(user).status_code == 403
    for name in ("export_progress", "export_download"):
        assert see(user, name, export.pk).status_code == 403
    assert ask(user).status_code == 403
    assert Export.objects.count() == 1


def test_another_agency_sees_nothing(office, see, ask):
    export = wanted(office)
    make(export.pk)
    stranger = ResultsOffice("SYT").office
    for name in ("export_progress", "export_download"):
        assert see(stranger, name, export.pk).status_code == 404
    assert ask(stranger, office.period).status_code == 404
    assert "Ket-qua-CCHC" not in see(stranger, ky=office.period.pk).content.decode()


def test_what_is_not_ready_or_gone_is_not_found(office, see, settings):
    export = wanted(office)
    assert see(office.office, "export_download", export.pk).status_code == 404
    make(export.pk)
    export.refresh_from_db()
    (Path(settings.MEDIA_ROOT) / export.path).unlink()
    assert see(office.office, "export_download", export.pk).status_code == 404
    outside = Path(settings.MEDIA_ROOT).parent / "secret.xlsx"
    outside.write_bytes(b"x")
    Export.objects.filter(pk=export.pk).update(path="../secret.xlsx")
    assert see(office.office, "export_download", export.pk).status_code == 404


def test_a_name_with_diacritics_downloads_whole(office, see):
    export = wanted(office)
    make(export.pk)
    Export.objects.filter(pk=export.pk).update(name="Kết quả năm 2019.xlsx")
    header = see(office.office, "export_download", export.pk)["Content-Disposition"]
    assert unquote(header).endswith("Kết quả năm 2019.xlsx")


# -- The worker ---------------------------------------------------------------------------------


def test_a_broker_that_is_down_does_not_fail_the_request(office, ask, monkeypatch):
    monkeypatch.setattr(queue, "publish", publish)
    monkeypatch.setattr(queue, "_quiet_until", 0.0)

    def refuse(*args, **kwargs):
        raise ConnectionRefusedError

    monkeypatch.setitem(jobs.make_export.app.conf, "task_always_eager", False)
    monkeypatch.setattr(jobs.make_export.app, "connection_for_write", refuse)
    assert ask(office.office).status_code == 200
    assert queue._quiet_until > 0  # it was tried
    assert Export.objects.get().state == "waiting"
    assert make_waiting() == 1  # the sweep needs no broker's message
    assert Export.objects.get().state == "done"


def test_a_job_run_twice_makes_one_file(office, settings):
    export = wanted(office)
    assert make(export.pk)
    before = Export.objects.get()
    assert not make(export.pk)
    jobs.make_export(export.pk)
    jobs.make_export(export.pk + 99)
    assert Export.objects.get().sha256 == before.sha256
    assert len(list((Path(settings.MEDIA_ROOT) / "exports").iterdir())) == 1


def test_what_a_killed_worker_left_is_taken_up_in_time(office):
    export = wanted(office, state="running", attempts=1, progress=30, claimed_at=timezone.now())
    assert make_waiting() == 0
    with time_machine.travel(NOW + exporting.STALE + dt.timedelta(seconds=1)):
        assert make_waiting() == 1
    export.refresh_from_db()
    assert (export.state, export.attempts) == ("done", 2)


def test_after_three_killed_workers_it_is_given_up_and_can_be_asked_for_again(office, ask):
    old = NOW - dt.timedelta(hours=1)
    export = wanted(office, state="running", attempts=3, claimed_at=old)
    assert make_waiting() == 0
    export.refresh_from_db()
    assert export.state == "failed"
    assert "bị ngắt 3 lần" in export.error
    assert "bị ngắt 3 lần" in ask(office.office).content.decode()
    assert Export.objects.filter(state="waiting").count() == 1


def test_a_worker_that_wakes_up_late_changes_nothing(office, settings, monkeypatch):
    export = wanted(office)
    rows = exporting.gather

    def taken_over(period):
        Export.objects.filter(pk=export.pk).update(attempts=2, claimed_at=timezone.now())
        return rows(period)

    monkeypatch.setattr(exporting, "gather", taken_over)
    assert not make(export.pk)
    export.refresh_from_db()
    assert (export.state, export.attempts, export.name) == ("running", 2, "")
    folder = Path(settings.MEDIA_ROOT) / "exports"
    assert not folder.exists() or not list(folder.iterdir())


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device"), "Hết dung lượng đĩa"),
        (PermissionError(13, "Permission denied"), "không ghi được vào thư mục"),
        (ZeroDivisionError("x"), "Lỗi không lường trước (ZeroDivisionError)"),
    ],
)
def test_a_failure_says_why_and_leaves_no_half_file(
    office, see, settings, monkeypatch, caplog, error, words
):
    export = wanted(office)

    def fail(results, stream, progress):
        stream.write(b"half")
        raise error

    monkeypatch.setattr(exporting, "write_results", fail)
    assert not make(export.pk)
    export.refresh_from_db()
    assert export.state == "failed"
    assert words in export.error
    assert "Traceback" in caplog.text
    assert words in see(office.office).content.decode()
    assert list((Path(settings.MEDIA_ROOT) / "exports").iterdir()) == []


def test_leftovers_of_killed_workers_are_swept(office, settings):
    folder = Path(settings.MEDIA_ROOT) / "exports"
    folder.mkdir(parents=True)
    old, fresh = folder / ".1-ab.xlsx.cd.part", folder / ".2-ab.xlsx.cd.part"
    for path in (old, fresh):
        path.write_bytes(b"x")
        os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    os.utime(old, (NOW.timestamp() - 3600, NOW.timestamp() - 3600))
    make_waiting()
    assert [path.name for path in folder.iterdir()] == [fresh.name]


# -- By itself on the due date ------------------------------------------------------------------


def due(day, hour=8):
    return request_due(day, dt.time(hour))


def test_on_the_due_date_it_makes_itself_once(office, see):
    assert due(dt.date(2019, 11, 19)) == []
    assert due(dt.date(2019, 11, 20), 7) == []  # before the office's own hour
    (export,) = due(dt.date(2019, 11, 20))
    assert (export.automatic, export.requested_by) == (True, None)
    assert due(dt.date(2019, 11, 20)) == due(dt.date(2019, 11, 21)) == []
    assert request_export(period=office.period, by=Actor.system(), automatic=True) == export
    jobs.export_due()
    assert Export.objects.count() == 1
    make(export.pk)
    text = see(office.office).content.decode()
    assert "Tự động" in text
    assert "Hệ thống" in text


def test_a_missed_day_is_made_up_within_a_week(office):
    assert due(dt.date(2019, 11, 28)) == []
    assert len(due(dt.date(2019, 11, 27), 0)) == 1


@pytest.mark.parametrize("columns", [{"is_history": True}, {"opened_at": None}, {"kind": "q3"}])
def test_not_for_history_nor_interim_nor_unopened_periods(office, columns):
    Period.objects.update(**columns)
    assert due(dt.date(2019, 11, 20)) == []


def test_an_automatic_one_that_fails_tries_again_by_itself(office, monkeypatch):
    (export,) = due(dt.date(2019, 11, 20))

    def fail(*args):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(exporting, "write_results", fail)
    states = []
    for _ in range(3):
        make_waiting()
        export.refresh_from_db()
        states.append(export.state)
    assert states == ["waiting", "waiting", "failed"]


def test_queries_do_not_grow_with_exports_and_reports(office, client):
    client.force_login(office.office, backend=BACKEND)

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("export_list")).status_code == 200
        return len(queries)

    wanted(office, requested_by=office.office)
    before = count()
    for _ in range(12):
        wanted(
            office, requested_by=office.leader, state="done", name="a.xlsx", summary={"text": "x"}
        )
    assert count() == before


# -- Real processes -----------------------------------------------------------------------------

BUILD = """
import sys; sys.path.insert(0, "tests/scoring")
from results_office import ResultsOffice
from scoring.models import Export
office = ResultsOffice().fill()
Export.objects.create(agency=office.agency, period=office.period)
"""
MAKE = "from scoring.exporting import make_waiting; print(make_waiting())"
SLEEP = """
import time
from scoring import exporting
told = exporting.result_sheets
def slow(results):
    for sheet in told(results):
        yield sheet
        time.sleep(60)
exporting.result_sheets = slow
exporting.make(1)
"""


def run_python(folder, code):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE", "EMAIL_URL"}
    }
    environment |= {
        "CCHC_IGNORE_DOTENV": "1",
        "DJANGO_SETTINGS_MODULE": "cchc_tracker.settings",
        "VAR_DIR": str(folder),
        "LOG_LEVEL": "ERROR",
    }
    return subprocess.Popen(
        [sys.executable, "-c", f"import django; django.setup()\n{code}"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.strip()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    finish(
        run_python(
            folder,
            "from django.core.management import call_command; call_command('migrate', verbosity=0)",
        )
    )
    finish(run_python(folder, BUILD))
    return folder


@pytest.fixture
def house(built, tmp_path):
    """A folder with a database of its own and one export that waits, as real processes see it."""
    shutil.copytree(built, tmp_path / "var")
    return tmp_path / "var"


def row(house):
    with sqlite3.connect(house / "db.sqlite3") as database:
        return database.execute(
            "SELECT state, progress, attempts, path, sha256 FROM scoring_export"
        ).fetchone()


def test_killed_in_the_middle_it_is_made_by_the_next_worker(house):
    process = run_python(house, SLEEP)
    until = time.monotonic() + 60
    while row(house)[1] < 20 and time.monotonic() < until:
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert row(house)[0] == "running"
    assert finish(run_python(house, MAKE)) == "0"  # it may still be alive
    with sqlite3.connect(house / "db.sqlite3") as database:
        database.execute("UPDATE scoring_export SET claimed_at = '2019-01-01 00:00:00'")
    assert finish(run_python(house, MAKE)) == "1"
    state, progress, attempts, path, sha256 = row(house)
    assert (state, progress, attempts) == ("done", 100, 2)
    file = house / "files" / path
    assert hashlib.sha256(file.read_bytes()).hexdigest() == sha256
    assert load_workbook(file).sheetnames[1] == "Báo cáo của đơn vị"


def test_two_workers_at_once_make_one(house):
    both = [run_python(house, MAKE) for _ in range(2)]
    assert sum(int(finish(process)) for process in both) == 1
    assert row(house)[0] == "done"
    names = [path.name for path in (house / "files" / "exports").iterdir()]
    assert len(names) == 1
    assert re.fullmatch(r"1-[0-9a-f]{8}\.xlsx", names[0])
