"""What was done is kept: history is added to, never changed, in code and in the database (R12, R13)."""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from season import Office

from accounts import guard
from accounts.history import Actor, record, unguarded
from accounts.models import AppendOnlyError, AuditEntry, HistoryRow
from tasks.models import Transition, Version

MODELS = (AuditEntry, Transition, Version)


@pytest.fixture
def rows(db):
    """One row of each history, by model."""
    office = Office(tasks=1)
    report = office.reports["TCCB", "1.1"]
    return {
        AuditEntry: record(by=Actor.system(), agency=office.agency, action="Sửa", of=report),
        Transition: Transition.objects.create(
            report=report,
            action="start",
            from_state="not_started",
            to_state="draft",
            actor_name="Nguyễn Văn An",
            reason="như thật",
        ),
        Version: Version.objects.create(
            report=report, number=1, content={"text": "như thật"}, actor_name="Nguyễn Văn An"
        ),
    }


def run(sql, *params):
    """Past every model, as somebody with the database's own prompt would; a savepoint of its own."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.rowcount


def test_these_are_the_histories(rows):
    assert {m for m in apps.get_models() if issubclass(m, HistoryRow)} >= set(MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_code_refuses_each_way_of_changing_a_row(rows, model):
    row = rows[model]
    row.actor_name = "Người khác"
    for change in (
        row.save,
        row.delete,
        lambda: model.objects.filter(pk=row.pk).update(actor_name="Người khác"),
        lambda: model.objects.filter(pk=row.pk).delete(),
        lambda: model.objects.bulk_update([row], ["actor_name"]),
    ):
        with pytest.raises(AppendOnlyError):
            change()
    assert model.objects.get(pk=row.pk).actor_name != "Người khác"


@pytest.mark.parametrize("model", MODELS)
def test_the_database_refuses_what_goes_past_the_models(rows, model):
    table = model._meta.db_table
    before = model.objects.values().get(pk=rows[model].pk)
    for change in (
        lambda: run(f"UPDATE {table} SET actor_name = 'Người khác'"),
        lambda: run(f"UPDATE {table} SET reason = reason WHERE id = %s", rows[model].pk),
        lambda: run(f"DELETE FROM {table}"),
        lambda: model._base_manager.filter(pk=rows[model].pk).update(actor_name="Người khác"),
        lambda: model._base_manager.filter(pk=rows[model].pk)._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
    assert model.objects.values().get(pk=rows[model].pk) == before


def test_every_history_of_every_app_is_guarded(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger"
            if connection.vendor == "postgresql"
            else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        )
        made = {name for (name,) in cursor.fetchall()}
    for model in apps.get_models():
        if issubclass(model, HistoryRow):
            for event in ("update", "delete"):
                assert guard.trigger_name(model._meta.db_table, event) in made, model


@pytest.mark.django_db(transaction=True)
def test_a_guard_that_was_lost_comes_back_with_the_next_migrate():
    """SQLite rebuilds a table to change its columns, and its triggers go with the old one."""
    name = guard.trigger_name("tasks_transition", "update")
    on = " ON tasks_transition" if connection.vendor == "postgresql" else ""
    run(f"DROP TRIGGER {name}{on}")
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM pg_trigger WHERE tgname = '{name}'"
            if connection.vendor == "postgresql"
            else f"SELECT count(*) FROM sqlite_master WHERE name = '{name}'"
        )
        assert cursor.fetchone() == (1,)


def test_on_purpose_it_is_possible_and_only_inside(rows):
    transition = rows[Transition]
    with unguarded():
        assert Transition._base_manager.filter(pk=transition.pk).delete()[0] == 1
    with pytest.raises(IntegrityError):
        run("DELETE FROM tasks_version")


def test_a_failure_on_the_way_guards_again_and_brings_the_rows_back(rows):
    with pytest.raises(ZeroDivisionError), unguarded():
        Transition._base_manager.all().delete()
        raise ZeroDivisionError
    assert Transition.objects.count() == 1
    with pytest.raises(IntegrityError):
        run("DELETE FROM tasks_transition")


@pytest.mark.django_db(transaction=True)
def test_emptying_after_a_test_with_real_transactions_works():
    """The fixture of conftest that lets it: without it this test's tear-down would fail on SQLite."""
    office = Office(tasks=1)
    record(by=Actor.system(), agency=office.agency, action="Sửa", of=office.agency)
    call_command("flush", interactive=False, verbosity=0)
    assert not AuditEntry.objects.exists()
