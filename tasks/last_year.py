"""What a unit itself reported the year before, beside each field of its form, and starting from it.

Only what was sent then, matched as consolidation matches years (R9): the same plan's final period of the
year before, else that of the plan before by the same codes. Figures and reasons can be started from. What
is only true once it is done this year (a yes, a date, a document) is shown and never filled in.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from plans.models import Period
from plans.targets import Kind
from tasks.answer_forms import FIELDS, field_name, stored_values
from tasks.contents import describe, draft_of
from tasks.models import Answer, Report
from tasks.states import EXPECTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.http import QueryDict

    from plans.models import Indicator

# Kinds whose figures of last year are something to start from.
STARTABLE = frozenset({Kind.RATIO, Kind.COUNT, Kind.AMOUNT})
REASONED = frozenset({Answer.State.NOT_ARISING, Answer.State.NOT_OURS})


@dataclass(frozen=True)
class Before:
    """One answer of the year before: in words, and as the texts of this year's fields where these may be filled."""

    words: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LastYear:
    """The report of the year before; empty where the unit had none."""

    year: int
    text: str = ""
    report: int | None = None
    answers: Mapping[int, Before] = field(default_factory=dict)  # by this year's indicator

    @property
    def can_start(self) -> bool:
        return bool(self.text) or any(before.fields for before in self.answers.values())


def last_year(report: Report, indicators: Iterable[Indicator]) -> LastYear:
    """What ``report``'s unit sent the year before. Two queries, however many indicators."""
    year = report.period.year - 1
    before = {
        "period__year": year,
        "period__kind": Period.FINAL,
        "period__plan__agency_id": report.unit.agency_id,
        "unit_id": report.unit_id,
        "state__in": [str(state) for state in EXPECTED],
        "released_at": None,
    }

    def place(row: Report) -> tuple[Any, ...]:
        plan = row.period.plan
        return plan.pk == report.period.plan_id, plan.issued_on or dt.date.min, plan.pk

    reports = sorted(
        Report.objects.filter(**before, task__code=report.task.code)
        .select_related("period__plan")
        .order_by("pk"),
        key=place,
    )
    by_code = {indicator.code: indicator for indicator in indicators}
    answers = Answer.objects.filter(
        **{f"report__{name}": value for name, value in before.items()}, indicator__code__in=by_code
    ).select_related("indicator", "document", "report__period__plan")
    found = {
        by_code[answer.indicator.code].pk: _before(by_code[answer.indicator.code], answer)
        for answer in sorted(answers.order_by("pk"), key=lambda a: place(a.report))
    }
    last = reports[-1] if reports else None
    return LastYear(year, last.text if last else "", last.pk if last else None, found)


def _before(indicator: Indicator, answer: Answer) -> Before:
    words = describe(draft_of(answer)) or ""
    startable = answer.indicator.kind == indicator.kind and (
        answer.state in REASONED
        or (answer.state == Answer.State.GIVEN and Kind(indicator.kind) in STARTABLE)
    )
    if not startable:
        return Before(words)
    values = stored_values(indicator, answer)
    names = ("reason",) if answer.state in REASONED else FIELDS[indicator.kind]
    return Before(words, {field_name(indicator, n): values[n] for n in ("state", *names)})


def fill_empty(
    post: QueryDict, last: LastYear, indicators: Iterable[Indicator]
) -> tuple[QueryDict, int]:
    """A posted form with last year's answers where nothing is typed, and how many places that were."""
    filled, places = post.copy(), 0
    for indicator in indicators:
        before = last.answers.get(indicator.pk)
        names = [field_name(indicator, name) for name in (*FIELDS[indicator.kind], "reason")]
        chosen = post.get(field_name(indicator, "state"), Answer.State.GIVEN)
        if not before or not before.fields or chosen != Answer.State.GIVEN:
            continue
        if any(post.get(name, "").strip() for name in names):
            continue
        for name, value in before.fields.items():
            filled[name] = value
        places += 1
    if last.text and not post.get("text", "").strip():
        filled["text"] = last.text
        places += 1
    return filled, places
