"""The matrix of areas, tasks and units as HTML.

Made here and not in a template: a template of 400 cells costs several times the rest of the page.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from tasks.overview import WORST_FIRST, AreaRow, Cell, Filters, Overview
from tasks.states import STATE_TEXT, State
from tasks.templatetags.reports import STATE_ICON

if TYPE_CHECKING:
    from collections.abc import Iterator

CSS = {state: f"is-{state.replace('_', '-')}" for state in State}
NONE = '<td><span class="matrix-cell is-none">–</span></td>'
ALL_OPEN = "tat-ca"


@dataclass(frozen=True)
class Addresses:
    """Where cells lead. One address is looked up and the others follow: reverse() is slow 140 times over."""

    listed: str  # with its query
    page: str
    report: str
    unsent: str
    period: int

    @classmethod
    def of(cls, seen: Overview, filters: Filters, *, office: bool) -> Addresses:
        name = "review_report" if office else "report_detail"
        report = reverse(name, args=[0]).replace("/0/", "/%d/")
        unsent = reverse("task_result", args=[seen.period.pk, 0]).replace("/0/", "/%d/")
        query = escape(filters.query(seen.period))
        return cls(
            listed=f"{reverse('report_list')}?{query}",
            page=f"{reverse('dashboard')}?{query}",
            report=report,
            # Drafts are their unit's own (R3): only the office has a page for them, without content.
            unsent=report if office else unsent,
            period=seen.period.pk,
        )

    def cell(self, task: int, cell: Cell) -> str:
        if cell.state in {State.NOT_STARTED, State.DRAFT} and self.unsent != self.report:
            return self.unsent % task
        return self.report % cell.pk


def matrix_html(
    seen: Overview, filters: Filters, *, office: bool, opened: frozenset[str] = frozenset()
) -> SafeString:
    """The whole table; every cell leads to its report or to the reports of its area and unit.

    ``opened`` are the codes of the areas whose tasks show at once; a link opens the others, with
    scripts in place.
    """
    to = Addresses.of(seen, filters, office=office)
    sprite = static("vendor/icons.svg")
    icons = {
        state: f'<svg class="icon" aria-hidden="true"><use href="{sprite}#{name}"/></svg>'
        for state, name in STATE_ICON.items()
    }
    chevron = f'<svg class="icon" aria-hidden="true"><use href="{sprite}#chevron-right"/></svg>'
    if filters.area or filters.task or filters.state:
        opened = frozenset({ALL_OPEN})
    parts = [
        '<table class="matrix"><caption class="visually-hidden">Số báo cáo đã duyệt trên tổng số báo cáo phải gửi, '
        "theo lĩnh vực và đơn vị</caption>"
        '<thead><tr><th scope="col" class="matrix-corner">Lĩnh vực, nhiệm vụ</th>',
        *(
            f'<th scope="col"><a href="{to.listed}&amp;don-vi={quote(row.unit.code)}">'
            f'<abbr title="{escape(row.unit.name)}">{escape(row.unit.code)}</abbr></a></th>'
            for row in seen.units
        ),
        '<th scope="col">Cả Sở</th></tr></thead>',
    ]
    for row in seen.areas:
        is_open = ALL_OPEN in opened or row.area.code in opened
        parts.extend(_area(seen, row, to, icons, chevron, is_open))
    parts.extend(_total(seen))
    parts.append("</table>")
    return mark_safe("".join(parts))  # noqa: S308 - every value above is escaped or a number


def _area(
    seen: Overview,
    row: AreaRow,
    to: Addresses,
    icons: dict[State, str],
    chevron: str,
    is_open: bool,
) -> Iterator[str]:
    code = escape(row.area.code)
    group = f"nhiem-vu-{row.area.pk}"
    link = f"{to.page}&amp;mo={quote(row.area.code)}#linh-vuc-{row.area.pk}"
    expanded = "true" if is_open else "false"
    yield (
        f'<tbody><tr class="matrix-area" id="linh-vuc-{row.area.pk}"><th scope="row">'
        f'<a class="matrix-toggle" href="{link}" data-opens="{group}" data-area="{code}" aria-expanded="{expanded}">'
        f"{chevron}<span>{code}. {escape(row.area.name)}</span></a></th>"
    )
    of_area = f"{to.listed}&amp;linh-vuc={quote(row.area.code)}"
    units = [(unit.unit.pk, unit.unit.code) for unit in seen.units]
    lines = [
        (task, task.pk, [seen.cells.get((task.pk, unit)) for unit, _ in units])
        for task in row.tasks
    ]
    for number, (_, unit_code) in enumerate(units):
        cells = [cell for _, _, line in lines if (cell := line[number])]
        yield _sum(cells, f"{of_area}&amp;don-vi={quote(unit_code)}", icons) if cells else NONE
    everything = [cell for _, _, line in lines for cell in line if cell]
    yield f"{_sum(everything, of_area, icons) if everything else NONE}</tr></tbody>"
    yield f'<tbody id="{group}"{"" if is_open else " hidden"}>'
    task_url = reverse("task_result", args=[to.period, 0]).replace("/0/", "/%d/")
    codes = [escape(unit_code) for _, unit_code in units]
    for task, task_pk, line in lines:
        yield (
            f'<tr class="matrix-task"><th scope="row"><a href="{task_url % task_pk}" title="{escape(task.title)}">'
            f'<span class="code">{escape(task.code)}</span> {escape(_short(task.title))}</a></th>'
        )
        total = accepted = 0
        for unit_code, cell in zip(codes, line, strict=True):
            if cell is None:
                yield NONE
                continue
            total += 1
            accepted += cell.state is State.ACCEPTED
            late = ", trễ hạn" if cell.late else ""
            yield (
                f'<td><a class="matrix-cell {CSS[cell.state]}{" is-late" if late else ""}" href="{to.cell(task_pk, cell)}"'
                f' title="{unit_code}: {STATE_TEXT[cell.state]}{late}">{icons[cell.state]}'
                f'<span class="visually-hidden">{STATE_TEXT[cell.state]}{late}</span></a></td>'
            )
        yield f'<td><span class="matrix-cell is-sum">{accepted}/{total}</span></td></tr>'
    yield "</tbody>"


def _sum(cells: list[Cell], url: str, icons: dict[State, str]) -> str:
    """One cell for several reports: how many are accepted, in the look of the one that is most in the way."""
    counts = Counter(cell.state for cell in cells)
    late = sum(cell.late for cell in cells)
    words = ", ".join(
        f"{counts[state]} {STATE_TEXT[state].lower()}"
        for state in reversed(WORST_FIRST)
        if counts[state]
    )
    if late:
        words += f"; {late} trễ hạn"
    worst = next(state for state in WORST_FIRST if counts[state])
    return (
        f'<td><a class="matrix-cell {CSS[worst]}{" is-late" if late else ""}" href="{url}" title="{words}">'
        f"{icons[worst]}{counts[State.ACCEPTED]}/{len(cells)}"
        f'<span class="visually-hidden"> đã duyệt; {words}</span></a></td>'
    )


def _total(seen: Overview) -> Iterator[str]:
    yield '<tbody><tr class="matrix-total"><th scope="row">Đã duyệt</th>'
    for unit in seen.units:
        yield f'<td><span class="matrix-cell is-sum">{unit.accepted}/{unit.total}</span></td>'
    yield f'<td><span class="matrix-cell is-sum">{seen.accepted}/{seen.total}</span></td></tr></tbody>'


def _short(text: str, length: int = 70) -> str:
    """The beginning of a title, cut between words."""
    if len(text) <= length:
        return text
    return text[:length].rsplit(" ", 1)[0].rstrip(",;:") + "…"
