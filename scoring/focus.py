"""What the province took points for becomes the next plan's focus (R31).

The marks stand on the scorecard; :func:`write_focus` writes them down at the tasks of the plan that covers
the next year, where pages of lower apps show them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.history import Actor, record
from plans.models import Indicator, Plan, Task, TaskFocus
from plans.numbers import show_number
from scoring.models import LeafScore, Scorecard
from scoring.scorecards import compute, period_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scoring.scorecards import Card


@dataclass(frozen=True)
class Written:
    """How many points of focus stand in the next plan, and the marked leaves that none of its tasks takes up."""

    plan: Plan | None
    year: int
    rows: int = 0
    without_task: tuple[str, ...] = ()


@transaction.atomic
def write_focus(*, scorecard: Scorecard, by: Actor) -> Written:
    """Write the marked leaves of ``scorecard`` to the tasks of the plan of the year after it.

    Tasks are those whose indicators the leaf's rule reads; in another plan, those of the same code. What is
    no longer marked goes. Safe to run again, for example once the next plan has been imported.
    """
    scorecard = Scorecard.objects.select_for_update().get(pk=scorecard.pk)
    year = scorecard.year + 1
    plan, following = (_plan_of(scorecard, of) for of in (scorecard.year, year))
    if following is None:
        return Written(None, year)
    marked = list(scorecard.scores.filter(focus=True).select_related("criterion"))
    tasks = _tasks_behind(marked, plan or following, following)
    lost = _lost(scorecard) if marked else {}
    wanted = {
        (task.pk, score.criterion.code): TaskFocus(
            task=task,
            year=year,
            criterion=score.criterion.code,
            order=score.criterion.order,
            text=_words(score, lost.get(score.criterion_id), scorecard.year),
        )
        for score in marked
        for task in tasks[score.pk]
    }
    _replace(following, year, wanted, by)
    return Written(
        following,
        year,
        len(wanted),
        tuple(score.criterion.code for score in marked if not tasks[score.pk]),
    )


def write_all_focus() -> int:
    """Write the focus of every scorecard that has one, where a plan came or changed since; how many rows stand."""
    marked = Scorecard.objects.filter(scores__focus=True).distinct()
    by = Actor.system("Kế hoạch thay đổi sau khi đánh dấu trọng tâm")
    return sum(write_focus(scorecard=scorecard, by=by).rows for scorecard in marked)


def _plan_of(scorecard: Scorecard, year: int) -> Plan | None:
    plans = Plan.objects.filter(agency_id=scorecard.agency_id)
    return next((plan for plan in plans if year in plan.years), None)


def _tasks_behind(
    marked: Iterable[LeafScore], plan: Plan, following: Plan
) -> dict[int, list[Task]]:
    """Key of the score -> the tasks of ``following`` that its leaf's figures come from, in the plan's order."""
    of_code: dict[str, set[object]] = defaultdict(set)
    for indicator in Indicator.objects.filter(task__area__plan=plan).select_related("task"):
        of_code[indicator.code].add(indicator.task_id if plan == following else indicator.task.code)
    there = Task.objects.filter(
        area__plan=following, retired_at=None, area__retired_at=None
    ).order_by("area__order", "order")
    tasks = list(there)
    found = {}
    for score in marked:
        names = {name for code in score.criterion.indicator_codes for name in of_code[code]}
        found[score.pk] = [t for t in tasks if (t.pk if plan == following else t.code) in names]
    return found


def _lost(scorecard: Scorecard) -> dict[int, Fraction]:
    """Key of the leaf -> the points that it was short of its maximum."""
    period = period_of(scorecard)
    if period is None or scorecard.criteria_set is None:
        return {}
    card = compute(period, scorecard.criteria_set)
    return {leaf.criterion.pk: leaf.now.to_win for leaf in card.leaves}


def _words(score: LeafScore, lost: Fraction | None, year: int) -> str:
    """«1.2.1 Thực hiện kế hoạch: mất 0,50 điểm năm 2019 – Nộp trễ. Việc cần làm: …»"""
    words = f"{score.criterion.code} {score.criterion.name.rstrip(' .;:')}"
    if lost:
        words += f": mất {show_number(lost, 2)} điểm năm {year}"
    if score.loss:
        words += f" – {score.get_loss_display()}"
    words += "."
    if score.focus_note.strip():
        words += f" Việc cần làm: {score.focus_note.strip().rstrip('.')}."
    return words


def _replace(
    following: Plan, year: int, wanted: dict[tuple[int, str], TaskFocus], by: Actor
) -> None:
    """Make the rows of ``year`` those of ``wanted``; what changed goes into the plan's history."""
    stored = TaskFocus.objects.filter(task__area__plan=following, year=year)
    before = {(row.task_id, row.criterion): row for row in stored.select_related("task")}
    changes: dict[str, list[str]] = {}
    for key in sorted({*before, *wanted}):
        old, new = before.get(key), wanted.get(key)
        if new is None:
            assert old is not None
            old.delete()
        elif old is None:
            new.save()
        elif (old.text, old.order) != (new.text, new.order):
            TaskFocus.objects.filter(pk=old.pk).update(text=new.text, order=new.order)
        else:
            continue
        task = (new or old).task  # type: ignore[union-attr]  # one of the two is there
        label = f"Nhiệm vụ {task.code}, tiêu chí {key[1]}"
        changes[label] = [old.text if old else "", new.text if new else ""]
    if changes:
        record(
            by=by,
            agency=following.agency_id,
            action=f"Ghi trọng tâm năm {year} theo kết quả thẩm định",
            of=following,
            changes=dict(sorted(changes.items())),
        )


def focus_of(card: Card, focus: Mapping[int, Iterable[TaskFocus]]) -> dict[int, list[TaskFocus]]:
    """Key of the leaf of ``card`` -> what ``focus`` of its tasks is about it.

    By the criterion's code, else by the code it had in the set before; what no leaf goes on from stands at
    every leaf of its task.
    """
    named: dict[str, set[int]] = defaultdict(set)
    for leaf in card.leaves:
        for code in {leaf.criterion.code, *leaf.criterion.old_codes}:
            named[code].add(leaf.criterion.pk)
    found: dict[int, list[TaskFocus]] = {}
    for leaf in card.leaves:
        rows = {row.pk: row for r in leaf.results for row in focus.get(r.indicator.task_id, ())}
        about = [
            row
            for row in rows.values()
            if not named.get(row.criterion) or leaf.criterion.pk in named[row.criterion]
        ]
        if about:
            found[leaf.criterion.pk] = about
    return found
