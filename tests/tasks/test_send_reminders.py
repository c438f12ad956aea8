"""Reminders of a season: who is told what on which day, once (R20–R23)."""

import datetime as dt
import os
import sqlite3
import subprocess
import sys
import threading
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from season import UNITS, Office, at, person

from accounts.history import Actor
from accounts.models import Agency, Mail, Role, User
from plans.models import CalendarDay, Period
from tasks import explanations, jobs, reminders
from tasks.models import Reminder, ReminderRun, Report
from tasks.owing import moment_of, owed_for_unit, owed_items
from tasks.reminders import coming, plan_reminders, remind
from tasks.states import Action, State

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
FIRST, LAST = dt.date(2019, 10, 15), dt.date(2019, 12, 12)
SEASON = [
    dt.date(2019, month, day)
    for month, day in (
        (10, 21),
        (11, 6),
        (11, 13),
        (11, 15),
        (11, 19),
        (11, 20),
        (11, 21),
        (11, 22),
        (11, 25),
        (11, 26),
        (12, 3),
        (12, 10),
    )
]


@pytest.fixture
def office(db):
    return Office()


def command(*args):
    out, err = StringIO(), StringIO()
    call_command("send_reminders", *args, stdout=out, stderr=err)
    return out.getvalue().splitlines(), err.getvalue()


def to(lines):
    return {line.email.split("@")[0]: (line.step, line.owed) for line in lines}


def days(start, end):
    return [start + dt.timedelta(days=n) for n in range((end - start).days + 1)]


# -- The season ---------------------------------------------------------------------------------


def test_the_season_of_2019_goes_out_on_its_twelve_days_once(office):
    sent = {}
    for day in days(FIRST, LAST):
        lines, _ = command("--on", day.isoformat())
        if lines:
            sent[day] = lines
    assert list(sent) == SEASON
    assert sent[dt.date(2019, 11, 13)] == [
        f"{who}.{unit}@example.vn before-7 4"
        for unit in ("vp", "tccb", "khtc")
        for who in ("head", "writer")
    ]
    before = Mail.objects.count()
    for day in days(FIRST, LAST):
        assert command("--on", day.isoformat())[0] == []
    assert Mail.objects.count() == before == sum(map(len, sent.values()))
    assert ReminderRun.objects.count() == len(days(FIRST, LAST))
    assert Mail.objects.filter(state="waiting").count() == before


def test_a_dry_run_writes_nothing(office):
    lines, summary = command("--on", "2019-11-13", "--dry-run")
    assert len(lines) == 6
    assert "sẽ gửi 6 thư" in summary
    assert not Mail.objects.exists()
    assert not ReminderRun.objects.exists()
    assert command("--on", "2019-11-13")[0] == lines


@pytest.mark.parametrize("text", ["13/11/2019", "2019-13-01", "mai", ""])
def test_a_bad_day_is_one_clear_line(office, text):
    if text:
        with pytest.raises(CommandError, match="không phải là ngày"):
            command("--on", text)
    with pytest.raises(CommandError, match="Không có cơ quan"):
        command("--agency", "KHAC")


def test_one_agency_at_a_time(office):
    Office("SYT")
    assert len(command("--on", "2019-11-13", "--agency", "syt")[0]) == 6
    assert all("syt." not in line for line in command("--on", "2019-11-13")[0])


# -- Who and what -------------------------------------------------------------------------------


def test_nothing_owed_no_mail(office):
    office.send_all("TCCB", at(2019, 11, 1, 9))
    assert {"head.tccb", "writer.tccb"}.isdisjoint(to(remind(office.agency, dt.date(2019, 11, 13))))


def test_states_are_those_of_that_day(office):
    office.send_all("TCCB", at(2019, 11, 13, 8))  # half an hour after the reminder
    office.send("VP", "1.1", at(2019, 11, 13, 7))
    found = {
        m.user.email.split("@")[0]: m.owed
        for m in plan_reminders(office.agency, dt.date(2019, 11, 13))
    }
    assert found["head.tccb"] == 4
    assert found["head.vp"] == 3
    found = {
        m.user.email.split("@")[0] for m in plan_reminders(office.agency, dt.date(2019, 11, 15))
    }
    assert "head.tccb" not in found


def test_a_returned_report_is_owed_and_says_why(office):
    office.send_all("TCCB", at(2019, 11, 1, 9))
    office.move(
        "TCCB",
        "1.2",
        at(2019, 11, 12, 9),
        Action.RETURN,
        State.RETURNED,
        reason="Thiếu tài liệu kiểm chứng.",
    )
    assert to(remind(office.agency, dt.date(2019, 11, 13)))["head.tccb"] == ("before-7", 1)
    mail = Mail.objects.get(to="head.tccb@example.vn")
    report = office.reports["TCCB", "1.2"]
    assert mail.subject == "Còn 7 ngày: 1 báo cáo CCHC chưa gửi (trước 20/11/2019)"
    for text in (mail.text, mail.html):
        assert "Bị trả lại" in text
        assert "Thiếu tài liệu kiểm chứng." in text
        assert f"/bao-cao/{report.pk}/soan/" in text
        assert "Kính gửi" in text
        assert "1. Chỉ đạo, điều hành" in text
    assert "Nhiệm vụ thứ 2 & tài liệu" in mail.text
    assert "Nhiệm vụ thứ 2 &amp; tài liệu" in mail.html
    assert mail.state == "waiting"


def test_released_retired_and_closed_is_not_owed(office):
    Report.objects.filter(unit=office.units["VP"]).update(released_at=timezone.now())
    Report.objects.filter(unit=office.units["TCCB"]).update(retired_at=timezone.now())
    day = dt.date(2019, 11, 13)
    assert set(to(remind(office.agency, day))) == {"head.khtc", "writer.khtc"}
    ReminderRun.objects.all().delete()
    Reminder.objects.all().delete()
    office.period.closed_at = at(2019, 11, 12, 15)
    office.period.save()
    assert plan_reminders(office.agency, day) == []
    assert plan_reminders(office.agency, dt.date(2019, 11, 6)) != []


@pytest.mark.parametrize(
    "columns", [{"opened_at": None}, {"is_history": True}, {"starts_on": dt.date(2019, 11, 14)}]
)
def test_a_period_that_does_not_run_reminds_nobody(office, columns):
    Period.objects.filter(pk=office.period.pk).update(**columns)
    assert plan_reminders(office.agency, dt.date(2019, 11, 13)) == []


def test_overdue_goes_up(office):
    office.send_all("VP", at(2019, 11, 1, 9))

    def run(day):
        return to(remind(office.agency, day))

    first = run(dt.date(2019, 11, 20))
    assert set(first) == {"head.vp", "head.tccb", "writer.tccb", "head.khtc", "writer.khtc"}
    assert first["head.vp"] == ("overdue-1", 8)  # the office: a summary over the units
    assert "director" not in run(dt.date(2019, 11, 21))
    third = run(dt.date(2019, 11, 22))
    assert third["director"] == ("overdue-3", 4)  # TCCB has nobody in charge: all leaders
    assert third["deputy"] == ("overdue-3", 8)  # and KHTC, of which this one is in charge
    mail = Mail.objects.get(to="director@example.vn")
    assert "Phòng TCCB: 4 báo cáo, quá hạn 3 ngày" in mail.text
    assert "/soan/" not in mail.text
    summary = Mail.objects.get(key=f"reminder:{office.heads['VP'].pk}:2019-11-20")
    assert summary.subject == "Quá hạn 1 ngày: 8 báo cáo CCHC của 2 đơn vị chưa gửi"


def test_leaders_get_a_unit_whose_deputy_left(office):
    User.objects.filter(pk=office.deputy.pk).update(is_active=False)
    found = to(remind(office.agency, dt.date(2019, 11, 22)))
    assert found["director"] == ("overdue-3", 12)
    assert "deputy" not in found


def test_who_is_head_of_the_office_and_coordinator_gets_one_message(office):
    remind(office.agency, dt.date(2019, 11, 20))
    mail = Mail.objects.get(user=office.heads["VP"])
    assert "còn 4 báo cáo kết quả cải cách hành chính chưa gửi" in mail.text
    assert "TỔNG HỢP QUÁ HẠN" in mail.text
    assert Reminder.objects.get(user=office.heads["VP"]).owed == 12


def test_most_points_first_within_a_date(office):
    Report.objects.filter(pk=office.reports["VP", "1.3"].pk).update(stake="1.5")
    codes = [r.task.code for r in owed_for_unit(office.units["VP"], dt.date(2019, 11, 13))]
    assert codes == ["1.3", "1.1", "1.2", "1.4"]


def test_a_reopened_report_has_steps_of_its_own_date(office):
    for unit in UNITS:
        office.send_all(unit, at(2019, 11, 1, 9))
    office.move(
        "TCCB",
        "1.1",
        at(2019, 11, 18, 9),
        Action.REOPEN,
        State.RETURNED,
        reason="Bổ sung số liệu.",
        extended_to=dt.date(2019, 12, 10),
    )
    assert remind(office.agency, dt.date(2019, 11, 20)) == []
    lines = remind(office.agency, dt.date(2019, 12, 4))  # 7 days before 11/12
    assert to(lines) == dict.fromkeys(("head.tccb", "writer.tccb"), ("before-7@191211", 1))
    assert "trước 11/12/2019" in Mail.objects.first().subject
    # Before it was reopened its date was the period's.
    day = dt.date(2019, 10, 21)
    [item] = [
        i
        for i in owed_items(office.agency, day, moment_of(office.agency, day))
        if i.report.unit.code == "TCCB" and i.report.task.code == "1.1"
    ]
    assert item.due_before == dt.date(2019, 11, 20)


# -- Once, and made up --------------------------------------------------------------------------


def test_a_missed_morning_is_made_up(office):
    remind(office.agency, dt.date(2019, 11, 12))
    assert {step for step, _ in to(remind(office.agency, dt.date(2019, 11, 14))).values()} == {
        "before-7"
    }
    reminder = Reminder.objects.first()
    assert (reminder.step_day, reminder.day) == (dt.date(2019, 11, 13), dt.date(2019, 11, 14))
    assert {step for step, _ in to(remind(office.agency, dt.date(2019, 11, 15))).values()} == {
        "before-3"
    }


def test_an_older_step_lapses(office):
    remind(office.agency, dt.date(2019, 11, 5))
    assert remind(office.agency, dt.date(2019, 11, 9)) == []


def test_a_step_is_told_once_though_its_day_moves(office):
    remind(office.agency, dt.date(2019, 11, 12))
    remind(office.agency, dt.date(2019, 11, 13))
    # Announced too late: the 15th is off, so that step moves to the 14th; and the date itself moves
    # a step already told onto a day still to come.
    CalendarDay.objects.create(agency=office.agency, day=dt.date(2019, 11, 15), is_working=False)
    assert {step for step, _ in to(remind(office.agency, dt.date(2019, 11, 14))).values()} == {
        "before-3"
    }
    Period.objects.filter(pk=office.period.pk).update(due_before=dt.date(2019, 11, 25))
    assert remind(office.agency, dt.date(2019, 11, 18)) == []  # before-7 again


def test_a_crash_leaves_nothing_half(office, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(Reminder.objects, "bulk_create", broken)
    with pytest.raises(RuntimeError):
        remind(office.agency, dt.date(2019, 11, 13))
    assert not Mail.objects.exists()
    assert not ReminderRun.objects.exists()
    monkeypatch.undo()
    assert len(remind(office.agency, dt.date(2019, 11, 13))) == 6


@pytest.mark.django_db(transaction=True)
def test_four_at_once_write_one_morning(office):
    start = threading.Barrier(4)
    written = []

    def run():
        try:
            start.wait(10)
            written.append(len(remind(office.agency, dt.date(2019, 11, 13))))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(written) == [0, 0, 0, 6]
    assert Mail.objects.count() == Reminder.objects.count() == 6


TWO_PROCESSES = """
import sys; sys.path.insert(0, "tests/tasks")
import datetime as dt
from season import Office
from accounts.models import Agency
from tasks.reminders import remind
if sys.argv[1] == "set up":
    from django.core.management import call_command
    call_command("migrate", verbosity=0); Office()
else:
    print(len(remind(Agency.objects.get(), dt.date(2019, 11, 13))))
"""


def test_two_processes_write_one_morning(tmp_path):
    def start(what):
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "CELERY_BROKER_URL", "EMAIL_URL"}
        }
        environment |= {
            "CCHC_IGNORE_DOTENV": "1",
            "DJANGO_SETTINGS_MODULE": "cchc_tracker.settings",
            "VAR_DIR": str(tmp_path),
        }
        return subprocess.Popen(
            [sys.executable, "-c", f"import django; django.setup()\n{TWO_PROCESSES}", what],
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

    finish(start("set up"))
    assert sorted(finish(process) for process in [start("remind"), start("remind")]) == ["0", "6"]
    with sqlite3.connect(tmp_path / "db.sqlite3") as database:
        assert database.execute("SELECT COUNT(*) FROM accounts_mail").fetchone() == (6,)


# -- The job ------------------------------------------------------------------------------------


def test_the_job_waits_for_the_hour_of_each_agency(office):
    late = Office("SYT").agency
    Agency.objects.filter(pk=late.pk).update(reminder_time=dt.time(9, 0))
    with time_machine.travel(at(2019, 11, 13, 7, 25), tick=False):
        jobs.remind()
        assert not ReminderRun.objects.exists()
    with time_machine.travel(at(2019, 11, 13, 7, 30), tick=False):
        jobs.remind()
        jobs.remind()
        assert [run.agency for run in ReminderRun.objects.all()] == [office.agency]
    with time_machine.travel(at(2019, 11, 13, 18, 0), tick=False):
        jobs.remind()
    assert Mail.objects.count() == 12


def test_trouble_in_one_agency_does_not_silence_the_others(office, monkeypatch):
    Office("SYT")
    original = reminders.remind

    def sometimes(agency, day):
        if agency.pk == office.agency.pk:
            raise RuntimeError
        return original(agency, day)

    monkeypatch.setattr(jobs, "remind_agency", sometimes)
    with time_machine.travel(at(2019, 11, 13, 8)):
        jobs.remind()
    assert Mail.objects.count() == 6


def test_queries_do_not_grow_with_people_and_reports(office):
    def count(agency, day):
        with CaptureQueriesContext(connection) as queries:
            remind(agency, day)
        return len(queries)

    big = Office("SYT", tasks=15)
    for name in UNITS:
        for n in range(4):
            person(big.units[name], f"more.{name.lower()}{n}", "reporter")
    day = dt.date(2019, 11, 22)
    assert count(big.agency, day) == count(office.agency, day)


def test_what_comes_next(office):
    office.send_all("TCCB", at(2019, 11, 1, 9))
    today = dt.date(2019, 11, 19)
    with time_machine.travel(at(2019, 11, 19, 7)):
        mornings = coming(office.agency, today)
        assert [(m.day.day, m.people, m.reports) for m in mornings] == [
            (19, 4, 8),
            (20, 4, 8),
            (21, 4, 8),
        ]
        remind(office.agency, today)
        assert [m.day.day for m in coming(office.agency, today)] == [20, 21, 22]
    assert [told.code for told in mornings[1].told] == ["overdue-1"]


# -- Explanations -------------------------------------------------------------------------------


def ask(office, *codes, unit="TCCB", due=dt.date(2019, 11, 28), on=(2019, 11, 13)):
    with time_machine.travel(at(*on, 9)):
        return explanations.ask(
            period=office.period,
            by=Actor.of(office.heads["VP"], role=Role.COORDINATOR),
            due_before=due,
            questions=[
                explanations.Question(
                    unit=office.units[unit], code=code, title="Tập huấn", text="Vì sao thiếu?"
                )
                for code in codes
            ],
        )


def mornings(office, start, end):
    """Day -> {person: step} of what went out."""
    sent = {}
    for day in days(start, end):
        with time_machine.travel(at(day.year, day.month, day.day, 7, 30)):
            lines = remind(office.agency, day)
            assert remind(office.agency, day) == []
        if lines:
            sent[day] = {line.email.split("@")[0]: line.step for line in lines}
    return sent


def test_an_explanation_is_reminded_of_ahead_overdue_and_upwards(office):
    Report.objects.all().delete()
    (explanation,) = ask(office, "1.2.1")
    sent = mornings(office, dt.date(2019, 11, 14), dt.date(2019, 12, 12))
    assert {f"{day:%d/%m}": people["head.tccb"] for day, people in sent.items()} == {
        "14/11": "before-14@191128",
        "21/11": "before-7@191128",
        "25/11": "before-3@191128",
        "27/11": "before-1@191128",
        "28/11": "overdue-1@191128",
        "29/11": "overdue-2@191128",
        "02/12": "overdue-3@191128",
        "03/12": "overdue-4@191128",
        "04/12": "overdue-5@191128",
        "11/12": "weekly-1@191128",
    }
    own = {"head.tccb", "writer.tccb"}
    assert set(sent[dt.date(2019, 11, 27)]) == own
    assert set(sent[dt.date(2019, 11, 28)]) == own | {"head.vp"}
    # R22: TCCB has no deputy director of its own, so all leaders.
    assert set(sent[dt.date(2019, 12, 2)]) == own | {"head.vp", "director", "deputy"}

    def mail(user, step):
        found = Mail.objects.filter(kind="reminder", user=user, reminders__step__startswith=step)
        return found.get()

    ahead = mail(office.heads["TCCB"], "before-7")
    assert ahead.subject == "Còn 7 ngày: giải trình tiêu chí 1.2.1 chưa gửi (trước 28/11/2019)"
    assert "Giải trình tiêu chí 1.2.1: Tập huấn" in ahead.text
    assert "Vì sao thiếu?" in ahead.text and "Vì sao thiếu?" in ahead.html
    assert f"/giai-trinh/{explanation.pk}/" in ahead.text
    assert "Phòng TCCB được giao giải trình với tỉnh" in ahead.text
    above = mail(office.director, "overdue-3")
    assert above.subject == "Quá hạn 5 ngày: giải trình tiêu chí 1.2.1 của 1 đơn vị chưa gửi"
    assert "1 giải trình đã quá hạn mà chưa gửi" in above.text
    assert "- Phòng TCCB: 1 giải trình, quá hạn 5 ngày" in above.text
    assert "1 giải trình</strong> đã quá hạn mà chưa gửi" in above.html
    assert "báo cáo đã quá hạn" not in above.text and "ý kiến chỉ đạo" not in above.text


def test_what_was_answered_is_reminded_of_no_more_and_a_new_date_counts_anew(office):
    Report.objects.all().delete()
    (explanation,) = ask(office, "1.2.1")
    assert mornings(office, dt.date(2019, 11, 14), dt.date(2019, 11, 21))
    with time_machine.travel(at(2019, 11, 22, 9)):
        head = Actor.of(office.heads["TCCB"], role=Role.HEAD)
        explanations.answer(explanation=explanation, by=head, text="Vì thế.", version=0)
    assert mornings(office, dt.date(2019, 11, 22), dt.date(2019, 11, 29)) == {}
    with time_machine.travel(at(2019, 11, 29, 9)):
        explanations.return_(
            explanation=explanation,
            by=Actor.of(office.heads["VP"]),
            reason="Thiếu danh sách",
            due_before=dt.date(2019, 12, 12),
        )
    sent = mornings(office, dt.date(2019, 11, 30), dt.date(2019, 12, 6))
    assert {day: people["head.tccb"] for day, people in sent.items()} == {
        dt.date(2019, 12, 5): "before-7@191212"  # told before of the old date
    }
    mail = Mail.objects.get(
        kind="reminder", user=office.heads["TCCB"], created_at__gte=at(2019, 12, 5)
    )
    assert "Bị trả lại, lý do: Thiếu danh sách" in mail.text


def test_reports_and_explanations_come_in_one_message(office):
    asked = ask(office, "1.2.1", "1.2.2", due=dt.date(2019, 11, 20))
    day = dt.date(2019, 11, 15)
    with time_machine.travel(at(2019, 11, 15, 7, 30)):
        assert to(remind(office.agency, day))["head.tccb"] == ("before-3", 6)
    mail = Mail.objects.get(kind="reminder", user=office.heads["TCCB"])
    assert mail.subject == "Còn 5 ngày: 4 báo cáo CCHC, 2 giải trình chưa gửi (trước 20/11/2019)"
    told = Reminder.objects.filter(user=office.heads["TCCB"])
    assert {one.explanation for one in told} == {None, *asked}
    assert told.count() == 3
    assert {one.step_text for one in told} == {"Trước hạn 3 ngày"}


def test_what_goes_out_next_names_explanations_of_one_day_once(office):
    Report.objects.all().delete()
    ask(office, "1.2.1", "1.2.2")
    with time_machine.travel(at(2019, 11, 14, 7)):
        morning = coming(office.agency, dt.date(2019, 11, 14))[0]
    assert morning.steps == ["Trước hạn 14 ngày (giải trình, trước ngày 28/11/2019)"]
    assert (morning.people, morning.reports) == (2, 2)


def test_a_reminder_is_of_one_thing_and_once(office):
    (explanation,) = ask(office, "1.2.1")
    columns = {
        "mail": Mail.objects.first(), "user": office.heads["TCCB"], "step": "before-7@191128",
        "step_day": dt.date(2019, 11, 21), "day": dt.date(2019, 11, 21), "owed": 1,
    }  # fmt: skip
    Reminder.objects.create(explanation=explanation, **columns)
    for source in (
        {"explanation": explanation},
        {"explanation": explanation, "period": office.period},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Reminder.objects.create(**source, **columns)


def test_queries_do_not_grow_with_explanations(office):
    def count():
        with CaptureQueriesContext(connection) as queries:
            plan_reminders(office.agency, dt.date(2019, 11, 28))
        return len(queries)

    ask(office, "1.2.1")
    before = count()
    ask(office, *(f"3.{n}" for n in range(5)))
    assert count() == before
