"""The reports of one unit in one period, with all that the workbook needs of them, in a few queries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from accounts.text import clean_paragraphs, read_day
from plans.models import Indicator
from plans.numbers import NotANumber, show_number
from plans.workbook import clean_text
from tasks.answer_forms import DAYS, NUMBERS, read_figure, shown_values
from tasks.contents import TEXTS, stored_content
from tasks.models import Answer, Report
from tasks.permissions import why_not
from tasks.services import is_asked

if TYPE_CHECKING:
    from accounts.models import User
    from plans.models import Period
    from tasks.contents import Content


@dataclass
class Paper:
    """One report as it is stored now."""

    report: Report
    locked: str | None  # why it cannot be written
    indicators: list[Indicator] = field(default_factory=list)
    answers: dict[int, Answer] = field(default_factory=dict)

    @property
    def content(self) -> Content:
        return stored_content(self.report, self.answers)

    def fields(self) -> list[str]:
        """What can be filled in: an indicator by its number, then the texts."""
        return [*(str(indicator.pk) for indicator in self.indicators), *TEXTS]

    def indicator(self, key: str) -> Indicator | None:
        return next((i for i in self.indicators if str(i.pk) == key), None)

    def values(self, key: str) -> dict[str, str]:
        """The stored words of one key as the workbook shows them and gives them back."""
        if key in TEXTS:
            text = self.report.unread.get(key) or getattr(self.report, key)
            return {key: clean_paragraphs(clean_text(text))}
        indicator = self.indicator(key)
        assert indicator is not None
        shown = shown_values(indicator, self.answers.get(indicator.pk), self.report.unread)
        return {name: same_writing(name, text) for name, text in shown.items() if text}

    def words(self, key: str) -> str:
        """The stored words of one key for reading."""
        content = self.content
        if key in TEXTS:
            return content.unread.get(key) or str(getattr(content, key))
        return content.words(int(key))


def same_writing(name: str, text: str) -> str:
    """One writing of the same figure or day, however it was typed; other words as they are."""
    try:
        if text and name in NUMBERS:
            return show_number(read_figure(text))
        if text and name in DAYS:
            return f"{read_day(text):%d/%m/%Y}"
    except (NotANumber, ValueError):
        pass
    return text


def load(user: User, period: Period) -> list[Paper]:
    """Every report of the person's unit in ``period``, in the order of the plan; three queries."""
    assert user.unit is not None
    reports = list(
        Report.objects.filter(period=period, unit=user.unit)
        .with_names()
        .order_by("task__area__order", "task__order", "pk")
    )
    papers = {report.pk: Paper(report, why_not(user, "report_write", report)) for report in reports}
    asked = defaultdict(list)
    for indicator in Indicator.objects.filter(task__in={r.task_id for r in reports}).order_by(
        "order", "pk"
    ):
        asked[indicator.task_id].append(indicator)
    for paper in papers.values():
        paper.indicators = [i for i in asked[paper.report.task_id] if is_asked(i, paper.report)]
    for answer in Answer.objects.filter(report__in=reports).select_related("document"):
        papers[answer.report_id].answers[answer.indicator_id] = answer
    return list(papers.values())


def writable(papers: list[Paper]) -> list[Paper]:
    return [paper for paper in papers if paper.locked is None]
