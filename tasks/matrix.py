"""The matrix of areas, tasks and units as HTML.

Made here and not in a template: a template of 400 cells costs several times the rest of the page.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from tasks.overview import WORST_FIRST, AreaRow, Filters, Overview
from tasks.states import STATE_TEXT, State

if TYPE_CHECKING:
    from collections.abc import Iterator

CSS = {state: f"is-{state.replace('_', '-')}" for state in State}
GLYPH = {
    State.NOT_STARTED: "–",
    State.DRAFT: "✎",
    State.SUBMITTED: "●",
    State.RETURNED: "↩",
    State.ACCEPTED: "✓",
}


def matrix_html(seen: Overview, filters: Filters) -> SafeString:
    """The whole table; every cell leads to its report or to the reports of its area and unit."""
    # One address is looked up and the others follow its form: reverse() is slow 140 times over.
    report_url = reverse("report_detail", args=[0]).replace("/0/", "/%d/")
    list_url = reverse("report_list")
    query = filters.query(seen.period)
    parts = [
        '<table class="matrix"><thead><tr><th scope="col" class="matrix-corner">Lĩnh vực, nhiệm vụ</th>',
        *(
            f'<th scope="col" class="matrix-unit"><abbr title="{escape(row.unit.name)}">{escape(row.unit.code)}</abbr></th>'
            for row in seen.units
        ),
        '<th scope="col" class="matrix-total">Đã duyệt</th></tr></thead>',
    ]
    for row in seen.areas:
        parts.extend(_area(seen, row, f"{list_url}?{query}", report_url))
    parts.append("</table>")
    return mark_safe("".join(parts))  # noqa: S308 - every value above is escaped or a number


def _area(seen: Overview, row: AreaRow, list_url: str, report_url: str) -> Iterator[str]:
    code = escape(row.area.code)
    yield (
        f'<tbody class="matrix-group" data-matrix-group="{code}"><tr class="matrix-area"><th scope="row">'
        f'<span class="matrix-code">{code}</span> {escape(row.area.name)}</th>'
    )
    of_area = f"{list_url}&amp;linh-vuc={quote(row.area.code)}"
    for unit in seen.units:
        cells = [cell for task in row.tasks if (cell := seen.cells.get((task.pk, unit.unit.pk)))]
        if not cells:
            yield '<td class="matrix-cell is-none"></td>'
            continue
        counts = Counter(cell.state for cell in cells)
        late = sum(cell.late for cell in cells)
        words = ", ".join(
            f"{counts[state]} {STATE_TEXT[state].lower()}"
            for state in reversed(WORST_FIRST)
            if counts[state]
        )
        if late:
            words += f", {late} trễ hạn"
        worst = next(state for state in WORST_FIRST if counts[state])
        yield (
            f'<td class="matrix-cell {CSS[worst]}{" is-late" if late else ""}">'
            f'<a href="{of_area}&amp;don-vi={quote(unit.unit.code)}" title="{escape(unit.unit.name)}: {words}">'
            f'{counts[State.ACCEPTED]}/{len(cells)}<span class="visually-hidden"> {words}</span></a></td>'
        )
    yield f'<td class="matrix-total">{row.counts[State.ACCEPTED]}/{row.total}</td></tr>'
    for task in row.tasks:
        yield (
            f'<tr class="matrix-task"><th scope="row" title="{escape(task.title)}"><span class="matrix-code">'
            f"{escape(task.code)}</span> {escape(_short(task.title))}</th>"
        )
        total = accepted = 0
        for unit in seen.units:
            cell = seen.cells.get((task.pk, unit.unit.pk))
            if cell is None:
                yield '<td class="matrix-cell is-none"></td>'
                continue
            total += 1
            accepted += cell.state is State.ACCEPTED
            words = STATE_TEXT[cell.state] + (", trễ hạn" if cell.late else "")
            yield (
                f'<td class="matrix-cell {CSS[cell.state]}{" is-late" if cell.late else ""}">'
                f'<a href="{report_url % cell.pk}" title="{words}">{GLYPH[cell.state]}'
                f'<span class="visually-hidden"> {words}</span></a></td>'
            )
        yield f'<td class="matrix-total">{accepted}/{total}</td></tr>'
    yield "</tbody>"


def _short(text: str, length: int = 70) -> str:
    """The beginning of a title, cut between words."""
    if len(text) <= length:
        return text
    return text[:length].rsplit(" ", 1)[0].rstrip(",;:") + "…"
