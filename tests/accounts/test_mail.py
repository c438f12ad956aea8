"""The outbox against live mail servers: normal, refusing, slow, dead; killed workers; two at once (R23)."""

import asyncio
import datetime as dt
import email
import email.policy
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from celery import Celery
from django.utils import timezone

from accounts import mail, queue
from accounts.history import Actor
from accounts.models import Agency, AuditEntry, Mail, Unit, User

ROOT = Path(__file__).resolve().parents[2]
SMTP = "django.core.mail.backends.smtp.EmailBackend"
FILES = "django.core.mail.backends.filebased.EmailBackend"


class Sink:
    """A mail server that keeps what it took, and answers or waits as a test wants."""

    def __init__(self):
        self.taken = []
        self.mail_answer = self.rcpt_answer = self.data_answer = None
        self.wait_in = ""
        self.wait_for = 60.0
        self.reached = threading.Event()

    async def _wait(self, where):
        if self.wait_in == where:
            self.reached.set()
            await asyncio.sleep(self.wait_for)

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.mail_answer:
            return self.mail_answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        await self._wait("RCPT")
        if self.rcpt_answer:
            return self.rcpt_answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.data_answer:
            return self.data_answer
        self.taken.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        await self._wait("DATA")
        return "250 OK"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def sink(settings):
    handler = Sink()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port(), ready_timeout=10)
    controller.start()
    handler.port = controller.port
    settings.EMAIL_BACKEND = SMTP
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", handler.port, 2
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.SITE_URL = "https://cchc.example.vn"
    yield handler
    controller.stop(no_assert=True)


@pytest.fixture
def person(db):
    agency = Agency.objects.create(code="THU", name="Sở Thư")
    unit = Unit.objects.create(agency=agency, code="VP", name="Văn phòng")
    return User.objects.create_user("truongphong.vp@example.vn", name="Trần Thị Hằng", unit=unit)


def write(user=None, key="reminder:1:2019-11-13", **columns):
    return Mail.objects.create(
        **{
            "agency": user.unit.agency if user else None,
            "user": user,
            "key": key,
            "kind": "reminder",
            "to": user.email if user else "a@example.vn",
            "subject": "Còn 7 ngày: 11 báo cáo CCHC chưa gửi (trước 20/11/2019)",
            "text": "Kính gửi bà Hằng,\nĐơn vị còn 11 báo cáo & tài liệu.\n",
            "html": "<p>Kính gửi bà Hằng, đơn vị còn 11 báo cáo.</p>",
            **columns,
        }
    )


def test_a_message_arrives_with_its_vietnamese_whole(person, sink):
    row = write(person)
    assert mail.send(row.pk) == "sent"
    row.refresh_from_db()
    assert (row.state, row.attempts, row.error) == ("sent", 1, "")
    assert row.sent_at is not None
    [message] = sink.taken
    assert message["Subject"] == row.subject
    assert message["To"] == "truongphong.vp@example.vn"
    assert message["Message-ID"].endswith("@cchc.example.vn>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-CCHC-File"] is None
    assert message.get_content_type() == "multipart/alternative"
    parts = {part.get_content_type(): part.get_content() for part in message.iter_parts()}
    assert "Đơn vị còn 11 báo cáo & tài liệu." in parts["text/plain"]
    assert "Kính gửi bà Hằng" in parts["text/html"]


def test_a_sent_message_is_not_sent_again(person, sink):
    row = write(person)
    assert mail.send(row.pk) == "sent"
    assert mail.send(row.pk) is None
    mail.send_waiting()
    assert len(sink.taken) == 1


def test_a_message_for_later_waits(person, sink):
    row = write(person, next_try_at=timezone.now() + dt.timedelta(hours=1))
    assert mail.send(row.pk) is None
    assert sink.taken == []


@pytest.mark.parametrize(
    ("answer", "value", "state", "words"),
    [
        (
            "rcpt_answer",
            "550 5.1.1 no such user",
            "failed",
            "từ chối địa chỉ người nhận: 550 5.1.1",
        ),
        ("rcpt_answer", "451 4.7.1 greylisted", "waiting", "từ chối địa chỉ người nhận: 451"),
        ("data_answer", "554 5.6.0 refused", "failed", "từ chối thư: 554"),
        ("data_answer", "452 4.3.1 full", "waiting", "từ chối thư: 452"),
        ("mail_answer", "553 5.7.1 not yours", "waiting", "từ chối địa chỉ gửi: 553"),
    ],
)
def test_refusals_are_kept_with_the_reason(person, sink, answer, value, state, words):
    setattr(sink, answer, value)
    row = write(person)
    before = timezone.now()
    assert mail.send(row.pk) == state
    row.refresh_from_db()
    assert words in row.error
    assert row.attempts == 1
    if state == "waiting":
        assert dt.timedelta(seconds=55) < row.next_try_at - before < dt.timedelta(seconds=70)


def test_one_refused_address_does_not_hold_up_the_others(person, sink):
    sink.rcpt_answer = "451 4.7.1 greylisted"
    for number in range(3):
        write(person, key=f"k{number}")
    assert mail.send_waiting() == 0
    assert list(Mail.objects.values_list("attempts", flat=True)) == [1, 1, 1]


def test_a_dead_server_is_tried_with_growing_pauses_then_given_up(person, sink, settings):
    settings.EMAIL_PORT = free_port()
    row = write(person)
    pauses = []
    for _ in range(mail.MAX_ATTEMPTS):
        Mail.objects.filter(pk=row.pk).update(next_try_at=timezone.now())
        now = timezone.now()
        state = mail.send(row.pk)
        row.refresh_from_db()
        pauses.append(round((row.next_try_at - now).total_seconds() / 60))
    assert state == row.state == "failed"
    assert pauses[:-1] == [1, 5, 15, 60, 240, 480, 720]
    assert "không nhận kết nối" in row.error
    settings.EMAIL_PORT = sink.port
    assert mail.retry(row, by=Actor.of(person))
    assert AuditEntry.objects.get().action == "Gửi lại thư"
    assert mail.send(row.pk) == "sent"
    assert len(sink.taken) == 1
    assert not mail.retry(row, by=Actor.of(person))


def test_a_dead_server_does_not_use_up_every_message(person, sink, settings):
    settings.EMAIL_PORT = free_port()
    for number in range(5):
        write(person, key=f"k{number}")
    mail.send_waiting()
    assert sum(Mail.objects.values_list("attempts", flat=True)) == 1


def test_a_server_that_never_greets(person, sink, settings):
    settings.EMAIL_TIMEOUT = 1
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        settings.EMAIL_PORT = deaf.getsockname()[1]
        row = write(person)
        assert mail.send(row.pk) == "waiting"
    row.refresh_from_db()
    assert "Máy chủ thư" in row.error


def test_no_answer_after_the_content_is_unclear_and_never_repeated(person, sink, settings):
    settings.EMAIL_TIMEOUT = 1
    sink.wait_in, sink.wait_for = "DATA", 3
    row = write(person)
    assert mail.send(row.pk) == "unclear"
    row.refresh_from_db()
    assert "có thể đã được gửi" in row.error
    mail.send_waiting()
    assert len(sink.taken) == 1


def test_whoever_lost_the_claim_sends_nothing(person, sink, monkeypatch):
    row = write(person)
    original = mail._move

    def taken_over(*args, **columns):
        Mail.objects.filter(pk=row.pk).update(claimed_by="elsewhere:1:x")
        return original(*args, **columns)

    monkeypatch.setattr(mail, "_move", taken_over)
    assert mail.send(row.pk) is None
    assert sink.taken == []
    row.refresh_from_db()
    assert row.state == "claimed"


def test_what_workers_elsewhere_left_behind_is_taken_back_in_time(person, sink):
    fresh, stale = (
        timezone.now() - dt.timedelta(minutes=9),
        timezone.now() - dt.timedelta(minutes=11),
    )
    rows = {
        name: write(person, key=name, state=state, claimed_at=at, claimed_by="elsewhere:1:x")
        for name, state, at in (
            ("claimed", "claimed", fresh),
            ("stale claimed", "claimed", stale),
            ("handed", "handed", fresh),
            ("stale handed", "handed", stale),
        )
    }
    mail.release_stale()
    states = {name: Mail.objects.get(pk=row.pk).state for name, row in rows.items()}
    assert states == {
        "claimed": "claimed",
        "stale claimed": "waiting",
        "handed": "handed",
        "stale handed": "unclear",
    }
    assert "gửi lại bằng tay" in Mail.objects.get(key="stale handed").error


# -- Files --------------------------------------------------------------------------------------


def test_messages_as_files_are_written_once_however_often_they_are_sent(person, settings, tmp_path):
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = FILES, str(tmp_path / "mail")
    row = write(person)
    assert mail.send(row.pk) == "sent"
    # As after a crash between the file and the row.
    Mail.objects.filter(pk=row.pk).update(state="waiting")
    assert mail.send(row.pk) == "sent"
    [path] = (tmp_path / "mail").iterdir()
    assert path.name.endswith(f"truongphong.vp@example.vn-{row.pk}.eml")
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert message["Subject"] == row.subject
    assert message["X-CCHC-File"] is None


def test_a_folder_that_cannot_be_written_is_tried_again(person, settings, tmp_path):
    (tmp_path / "mail").write_text("không phải thư mục")
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = FILES, str(tmp_path / "mail")
    row = write(person)
    assert mail.send(row.pk) == "waiting"


# -- The queue ----------------------------------------------------------------------------------


@pytest.mark.parametrize("deaf", [False, True], ids=["nobody listens", "never answers"])
def test_a_broker_that_is_down_costs_a_second_at_most(monkeypatch, deaf):
    monkeypatch.setattr(queue, "_quiet_until", 0.0)
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)  # Celery would prefer it to ours
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if deaf:
            listener.listen()
        port = listener.getsockname()[1]
        app = Celery("t", broker=f"redis://127.0.0.1:{port}/0", set_as_current=False)

        @app.task(name="t.job")
        def job():
            pass

        start = time.monotonic()
        assert queue.publish(job) is False
        assert time.monotonic() - start < 2.5
        start = time.monotonic()
        assert queue.publish(job) is False  # not tried again at once
        assert time.monotonic() - start < 0.1


# -- Real processes -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outbox")
    run_python(
        folder,
        0,
        "from django.core.management import call_command; call_command('migrate', verbosity=0)",
    ).communicate(timeout=120)
    return folder


@pytest.fixture
def house(empty_database, tmp_path):
    """A folder with a database of its own, as real processes see it."""
    shutil.copytree(empty_database, tmp_path, dirs_exist_ok=True)
    return tmp_path


def run_python(folder, port, code):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE"}
    }
    environment |= {
        "CCHC_IGNORE_DOTENV": "1",
        "DJANGO_SETTINGS_MODULE": "cchc_tracker.settings",
        "VAR_DIR": str(folder),
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
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
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.strip()


def put_rows(house, count):
    code = f"""
from accounts.models import Mail
for n in range({count}):
    Mail.objects.create(key=f"k{{n}}", kind="reminder", to=f"a{{n}}@example.vn", subject="Nhắc", text="Kính gửi")
"""
    finish(run_python(house, 0, code))


def states(house):
    with sqlite3.connect(house / "db.sqlite3") as connection:
        return [row[0] for row in connection.execute("SELECT state FROM accounts_mail ORDER BY id")]


SEND = "from accounts import mail; print(mail.send_waiting())"


def test_killed_before_the_content_it_is_sent_by_the_next_worker(house, sink):
    put_rows(house, 1)
    sink.wait_in = "RCPT"
    process = run_python(house, sink.port, SEND)
    assert sink.reached.wait(30)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert states(house) == ["claimed"]
    assert sink.taken == []
    sink.wait_in = ""
    assert finish(run_python(house, sink.port, SEND)) == "1"
    assert states(house) == ["sent"]
    assert len(sink.taken) == 1


def test_killed_after_the_content_it_is_shown_as_unclear_and_not_repeated(house, sink):
    put_rows(house, 1)
    sink.wait_in = "DATA"
    process = run_python(house, sink.port, SEND)
    assert sink.reached.wait(30)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert states(house) == ["handed"]
    sink.wait_in = ""
    assert finish(run_python(house, sink.port, SEND)) == "0"
    assert states(house) == ["unclear"]
    assert len(sink.taken) == 1
    again = """
from accounts import mail; from accounts.history import Actor; from accounts.models import Mail
mail.retry(Mail.objects.get(), by=Actor.system()); print(mail.send(1))
"""
    assert finish(run_python(house, sink.port, again)) == "sent"
    assert len({message["Message-ID"] for message in sink.taken}) == 1


def test_two_senders_at_once_send_each_message_once(house, sink):
    put_rows(house, 12)
    sink.wait_in, sink.wait_for = "DATA", 0.05
    both = [run_python(house, sink.port, SEND) for _ in range(2)]
    assert sum(int(finish(process)) for process in both) == 12
    assert states(house) == ["sent"] * 12
    assert sorted(message["To"] for message in sink.taken) == sorted(
        f"a{n}@example.vn" for n in range(12)
    )
