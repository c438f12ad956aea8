"""What a workbook would change in what is stored now, line by line, in words (R18b, R14)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from plans.wording import target_text
from tasks.answer_forms import TEXT_LABELS, field_name, read_form
from tasks.contents import TEXTS
from tasks.sheets.layout import digest

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from tasks.contents import Content
    from tasks.sheets.desk import Paper
    from tasks.sheets.reading import SheetFault
    from tasks.sheets.understanding import Entry


@dataclass(frozen=True)
class Change:
    """One field: what is stored, what the file says, and whether somebody changed it since."""

    entry: Entry
    label: str
    target: str
    before: str
    after: str
    is_conflict: bool

    @property
    def name(self) -> str:
        """Of the choice in the form."""
        return f"giu-{self.entry.report}-{self.entry.key}"

    @property
    def where(self) -> str:
        return f"{self.entry.sheet}, dòng {self.entry.row}"


@dataclass
class PaperChange:
    """One report and what would change in it."""

    paper: Paper
    typed: Content
    changes: list[Change] = field(default_factory=list)

    def content(self, chosen: set[str]) -> Content:
        """What would be stored; of the conflicts, only those named in ``chosen`` as the file says."""
        content = self.paper.content
        taken = [c.entry.key for c in self.changes if not c.is_conflict or c.name in chosen]
        content.take(
            self.typed,
            texts=[key for key in taken if key in TEXTS],
            indicators=[int(key) for key in taken if key not in TEXTS],
        )
        return content

    @property
    def answered(self) -> int:
        return self.content(set()).complete(self.paper.indicators)


@dataclass
class Comparison:
    papers: list[PaperChange] = field(default_factory=list)
    faults: list[SheetFault] = field(default_factory=list)

    @property
    def changes(self) -> int:
        return sum(len(one.changes) for one in self.papers)

    @property
    def conflicts(self) -> list[Change]:
        return [c for one in self.papers for c in one.changes if c.is_conflict]

    @property
    def seen(self) -> str:
        """A mark of the reports as compared: changed by any save in between."""
        versions = ",".join(f"{p.paper.report.pk}:{p.paper.report.version}" for p in self.papers)
        return hashlib.sha256(versions.encode()).hexdigest()[:16]


def compare(entries: Iterable[Entry], papers: list[Paper], *, today: dt.date) -> Comparison:
    """Set each entry against what is stored. What reads the same already is left out."""
    by_report: dict[int, list[Entry]] = {}
    for entry in entries:
        by_report.setdefault(entry.report, []).append(entry)
    result = Comparison()
    for paper in papers:
        different = [
            (entry, stored)
            for entry in by_report.get(paper.report.pk, [])
            if digest(entry.typed) != digest(stored := paper.values(entry.key))
        ]
        if not different:
            continue
        if paper.locked is not None:
            first = different[0][0]
            words = f"Báo cáo {paper.report.task.code} không ghi được nữa: {paper.locked}"
            result.faults.append(
                first.fault("state" if "state" in first.typed else first.key, words)
            )
            continue
        _compare_paper(paper, different, result, today)
    return result


def _compare_paper(
    paper: Paper,
    different: list[tuple[Entry, dict[str, str]]],
    result: Comparison,
    today: dt.date,
) -> None:
    indicators = [i for entry, _ in different if (i := paper.indicator(entry.key))]
    post: dict[str, str] = {}
    for entry, _ in different:
        post |= entry.posted(paper.indicator(entry.key))
    typed = read_form(post, indicators, today=today)
    one = PaperChange(paper, typed.content)
    for entry, stored in different:
        indicator = paper.indicator(entry.key)
        for name in entry.typed:
            key = field_name(indicator, name) if indicator else name
            if key in typed.errors:
                result.faults.append(entry.fault(name, typed.errors[key]))
        one.changes.append(
            Change(
                entry=entry,
                label=f"{indicator.code} {indicator.name}" if indicator else TEXT_LABELS[entry.key],
                target=target_text(indicator, paper.report.period.year) if indicator else "",
                before=paper.words(entry.key),
                after=(
                    typed.content.words(indicator.pk)
                    if indicator
                    else str(getattr(typed.content, entry.key))
                ),
                is_conflict=digest(stored) != entry.base,
            )
        )
    result.papers.append(one)
