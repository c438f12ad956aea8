"""Keeping what was tried (R30): saved by name, overwritten, renamed, shared, deleted. They change no points.

Each function is one transaction. Only who made a scenario changes it. What others could see leaves a
trace in the history; one's own attempts do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from accounts.history import Actor, record
from accounts.models import User
from accounts.text import clean
from scoring.models import CriteriaSet, Scenario
from tasks.services import Refused

if TYPE_CHECKING:
    from accounts.history import Actor

MOST = 50  # of one person, one year, one set
LONGEST_NAME = 150


class NameTaken(Refused):
    """The person has another scenario of this name; it is overwritten only where that is asked for."""


@transaction.atomic
def save_scenario(
    *,
    by: Actor,
    year: int,
    criteria_set: CriteriaSet,
    name: str,
    inputs: dict[str, Any],
    shared: bool = False,
    of: Scenario | None = None,
    overwrite: bool = False,
) -> Scenario:
    """Keep ``inputs`` (as ``what_if_data.pack`` makes them) under ``name``.

    ``of``: the scenario that was opened; under its own name it is replaced without asking. The same name
    with the same contents is the same scenario (R14).
    """
    name = _name(name)
    user = _locked(by)
    mine = Scenario.objects.filter(made_by=user, year=year, criteria_set=criteria_set)
    found = mine.filter(name=name).first()
    if found is None:
        if mine.count() >= MOST:
            raise Refused(
                f"Bạn đã lưu {MOST} phương án của năm {year}. Hãy xóa bớt phương án không dùng nữa."
            )
        made = Scenario.objects.create(
            agency_id=criteria_set.agency_id,
            year=year,
            criteria_set=criteria_set,
            name=name,
            inputs=inputs,
            shared=shared,
            made_by=user,
        )
        if shared:
            _write(made, by, "Chia sẻ phương án thử")
        return made
    if found.inputs == inputs and found.shared == shared:
        return found
    if not overwrite and (of is None or of.pk != found.pk) and found.inputs != inputs:
        raise NameTaken(f"Bạn đã có phương án «{name}». Chọn tên khác, hoặc đánh dấu «Ghi đè».")
    was_shared = found.shared
    found.inputs, found.shared = inputs, shared
    found.save(update_fields=["inputs", "shared", "updated_at"])
    if shared or was_shared:
        _write(found, by, "Sửa phương án thử đã chia sẻ", _sharing(was_shared, shared))
    return found


@transaction.atomic
def change_scenario(*, scenario: Scenario, by: Actor, name: str, shared: bool) -> bool:
    """Give it another name, share it or take that back; False where nothing changes."""
    name = _name(name)
    user = _locked(by)
    scenario = _own(scenario, user)
    if (scenario.name, scenario.shared) == (name, shared):
        return False
    same = Scenario.objects.filter(
        made_by=user, year=scenario.year, criteria_set=scenario.criteria_set_id, name=name
    ).exclude(pk=scenario.pk)
    if same.exists():
        raise NameTaken(f"Bạn đã có phương án khác tên «{name}».")
    was = (scenario.name, scenario.shared)
    scenario.name, scenario.shared = name, shared
    scenario.save(update_fields=["name", "shared", "updated_at"])
    if shared or was[1]:
        changes = {"tên": [was[0], name]} if was[0] != name else {}
        action = (
            "Sửa phương án thử đã chia sẻ"
            if was[1] == shared
            else ("Chia sẻ phương án thử" if shared else "Thôi chia sẻ phương án thử")
        )
        _write(scenario, by, action, changes | _sharing(was[1], shared))
    return True


@transaction.atomic
def delete_scenario(*, scenario: Scenario, by: Actor) -> bool:
    """Take it away; False where it is gone already."""
    user = _locked(by)
    found = Scenario.objects.filter(pk=scenario.pk).first()
    if found is None:
        return False
    found = _own(found, user)
    if found.shared:
        _write(found, by, "Xóa phương án thử đã chia sẻ")
    found.delete()
    return True


def _name(name: str) -> str:
    name = clean(name)
    if not name:
        raise Refused("Hãy đặt tên cho phương án.")
    if len(name) > LONGEST_NAME:
        raise Refused(f"Tên phương án dài {len(name)} ký tự, quá mức {LONGEST_NAME}.")
    return name


def _locked(by: Actor) -> User:
    """Two saves of one person wait for each other."""
    if by.user is None:
        raise Refused("Chỉ người dùng mới lưu được phương án.")
    return User.objects.select_for_update(of=("self",)).get(pk=by.user.pk)


def _own(scenario: Scenario, user: User) -> Scenario:
    if scenario.made_by_id != user.pk:
        raise Refused("Chỉ người lập mới sửa hoặc xóa được phương án này.")
    return scenario


def _sharing(before: bool, after: bool) -> dict[str, list[Any]]:
    words = {True: "có", False: "không"}
    return {} if before == after else {"chia sẻ": [words[before], words[after]]}


def _write(
    scenario: Scenario, by: Actor, action: str, changes: dict[str, list[Any]] | None = None
) -> None:
    record(
        by=by,
        agency=scenario.agency_id,
        action=action,
        of=scenario,
        label=f"Phương án thử: {scenario.name}",
        changes=changes,
    )
