"""«Đối chiếu»: ours beside the province's after the appraisal, and what becomes the next plan's focus (R31)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import signed_in
from accounts.text import clean
from plans.models import Task
from plans.workbook import Cell, Column, Sheet, write
from scoring import appraisal, focus_marks
from scoring.appraisal_sheet_views import workbook
from scoring.appraisal_views import actor, get_scorecard, is_sent
from scoring.comparing import Compared, Comparison, Tally, compare
from scoring.permissions import can
from tasks.models import Report
from tasks.services import Refused

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn
    from accounts.models import Unit
    from plans.models import Indicator
    from scoring.models import Scorecard
    from scoring.scorecards import Card

DIFFERING, LOST, EVERY = "", "mat-diem", "tat-ca"
FILTERS = ((DIFFERING, "Chênh với tỉnh"), (LOST, "Dưới điểm tối đa"), (EVERY, "Tất cả"))


def load(scorecard: Scorecard) -> tuple[Card, Comparison]:
    """The card with both scores. Refused where there is nothing to compute from."""
    card = appraisal.card_of_year(scorecard)
    scores = {score.criterion_id: score for score in scorecard.scores.all()}
    return card, compare(card, scores, _units(card))


def _units(card: Card) -> dict[int, list[Unit]]:
    """Key of the indicator -> the units that owe it, in their order. One query."""
    results = card.results.values()
    of_task: dict[int, list[Unit]] = {}
    for report in (
        Report.objects.active()
        .filter(period=card.period, task__in={r.indicator.task_id for r in results})
        .select_related("unit")
        .order_by("unit__order", "unit_id")
    ):
        of_task.setdefault(report.task_id, []).append(report.unit)
    return {
        # R6a: a figure with a source is asked of that unit alone.
        r.indicator.pk: [
            unit
            for unit in of_task.get(r.indicator.task_id, [])
            if r.indicator.source_id in {None, unit.pk}
        ]
        for r in results
    }


@require_safe
@signed_in
def appraisal_compare(request: SignedIn, pk: int) -> HttpResponse:
    """Differences first, the largest loss first; reasons, fields and units with their sums; the focus."""
    scorecard = get_scorecard(request, pk, "scorecard_read")
    return _page(request, scorecard)


def _page(
    request: SignedIn, scorecard: Scorecard, *, error: str = "", status: int = 200
) -> HttpResponse:
    wanted = request.GET.get("loc", DIFFERING)
    chosen = wanted if wanted in {value for value, _ in FILTERS} else DIFFERING
    context: dict[str, object] = {
        "scorecard": scorecard,
        "heading": f"Đối chiếu điểm năm {scorecard.year}",
        "filters": FILTERS,
        "chosen": chosen,
        "error": error,
        "writable": can(request.user, "appraisal_write"),
        "is_sent": is_sent(scorecard),
        "next_year": scorecard.year + 1,
    }
    if scorecard.criteria_set_id is not None:
        try:
            card, found = load(scorecard)
        except Refused as refused:
            context["nothing"] = str(refused)
        else:
            context |= {
                "card": card,
                "found": found,
                "rows": [row for row in found.rows if _shown(row, chosen)],
                "focus": _focus(found),
            }
    return render(request, "scoring/appraisal_compare.html", context, status=status)


def _shown(row: Compared, chosen: str) -> bool:
    if chosen == EVERY:
        return True
    return row.focus or (row.differs if chosen == DIFFERING else row.lost > 0)


def _focus(found: Comparison) -> list[tuple[Compared, list[tuple[Task, list[Indicator]]]]]:
    """The marked criteria, each with the tasks and indicators that its figures come from."""
    tasks = _tasks(found.focus)
    rows = []
    for row in found.focus:
        behind: dict[int, list[Indicator]] = {}
        for result in row.results:
            behind.setdefault(result.indicator.task_id, []).append(result.indicator)
        rows.append((row, [(tasks[pk], indicators) for pk, indicators in behind.items()]))
    return rows


def _tasks(rows: Iterable[Compared]) -> dict[int, Task]:
    """The tasks behind the focus, by key. One query, none without focus."""
    wanted = {result.indicator.task_id for row in rows for result in row.results}
    return Task.objects.in_bulk(wanted) if wanted else {}


@require_POST
@signed_in
def focus_save(request: SignedIn, pk: int) -> HttpResponse:
    """Mark criteria as the next plan's focus, with what is to be done."""
    scorecard = get_scorecard(request, pk, "appraisal_write")
    shown = set(request.POST.getlist("shown"))
    marked = set(request.POST.getlist("focus"))
    marks = {code: (code in marked, clean(request.POST.get(f"note-{code}", ""))) for code in shown}
    try:
        saved = focus_marks.save(scorecard=scorecard, marks=marks, by=actor(request))
    except Refused as error:
        return _page(request, scorecard, error=str(error), status=422)
    for words in saved.words:
        messages.success(request, words)
    chosen = request.POST.get("loc", "")
    query = f"?loc={chosen}" if chosen in {LOST, EVERY} else ""
    response = redirect("appraisal_compare", scorecard.pk)
    response["Location"] += f"{query}#trong-tam"
    return response


# -- The workbook -------------------------------------------------------------------------------------


@require_safe
@signed_in
def compare_sheet(request: SignedIn, pk: int) -> HttpResponse:
    scorecard = get_scorecard(request, pk, "scorecard_read")
    if scorecard.criteria_set_id is None:
        raise PermissionDenied(appraisal.why_locked(scorecard))
    try:
        _, found = load(scorecard)
    except Refused as error:
        raise PermissionDenied(str(error)) from None
    content = io.BytesIO()
    title = f"Đối chiếu điểm tự chấm và điểm thẩm định năm {scorecard.year}"
    write(_sheets(scorecard, found, title), content, title=title)
    return workbook(content.getvalue(), f"doi chieu {scorecard.agency.code} {scorecard.year}")


def _sheets(scorecard: Scorecard, found: Comparison, title: str) -> Iterator[Sheet]:
    above = [scorecard.agency.name, title]
    tasks = _tasks(found.focus)
    yield Sheet(
        "Đối chiếu",
        [
            Column("Mã", 10, centred=True),
            Column("Lĩnh vực", 28),
            Column("Tiêu chí", 44),
            Column("Điểm tối đa", 9),
            Column("Tự chấm", 9),
            Column("Thẩm định lần 1", 11),
            Column("Tỉnh chấm", 11),
            Column("Chênh so với tự chấm", 11),
            Column("Mất so với tối đa", 11),
            Column("Nguyên nhân mất điểm", 26),
            Column("Ý kiến của tỉnh", 40),
            Column("Yêu cầu giải trình", 30),
            Column("Giải trình của Sở", 40),
            Column("Đơn vị", 30),
        ],
        (_line(row) for row in found.rows),
        above,
        frozen_columns=3,
    )
    for name, tallies, heading in (
        ("Nguyên nhân mất điểm", found.reasons, "Nguyên nhân mất điểm"),
        ("Theo lĩnh vực", found.fields, "Lĩnh vực"),
        ("Theo đơn vị", found.units, "Đơn vị"),
    ):
        yield _tally_sheet(name, heading, tallies, above)
    yield Sheet(
        f"Trọng tâm {scorecard.year + 1}",
        [
            Column("Mã", 10, centred=True),
            Column("Tiêu chí", 44),
            Column("Điểm mất", 10),
            Column("Việc cần làm", 50),
            Column("Nhiệm vụ", 50),
            Column("Chỉ tiêu", 20),
            Column("Đơn vị", 40),
        ],
        (
            [
                row.criterion.code,
                row.criterion.name,
                row.lost,
                row.focus_note or None,
                "\n".join(
                    dict.fromkeys(
                        str(tasks[r.indicator.task_id])
                        for r in row.results
                        if r.indicator.task_id in tasks
                    )
                )
                or None,
                ", ".join(r.indicator.code for r in row.results) or None,
                "; ".join(unit.name for unit in row.units) or None,
            ]
            for row in found.focus
        ),
        [scorecard.agency.name, f"Trọng tâm năm {scorecard.year + 1}"],
        frozen_columns=2,
    )


def _line(row: Compared) -> list[Cell]:
    return [
        row.criterion.code,
        row.field.name,
        row.criterion.name,
        row.maximum,
        row.ours,
        row.first,
        row.final,
        -row.cut if row.final is not None and row.ours is not None else None,
        -row.lost if row.final is not None else None,
        row.reason_text or None,
        row.note or None,
        row.asked or None,
        row.explained or None,
        "; ".join(unit.name for unit in row.units) or None,
    ]


def _tally_sheet(name: str, heading: str, tallies: list[Tally], above: list[str]) -> Sheet:
    return Sheet(
        name,
        [
            Column(heading, 46),
            Column("Số tiêu chí", 10),
            Column("Điểm tối đa", 10),
            Column("Tự chấm", 10),
            Column("Tỉnh chấm", 10),
            Column("Chênh so với tự chấm", 12),
            Column("Mất so với tối đa", 12),
        ],
        (
            [
                t.name,
                t.leaves,
                t.maximum,
                t.ours if t.scored else None,
                t.final,
                -t.cut if t.scored else None,
                -t.lost,
            ]
            for t in tallies
        ),
        above,
    )
