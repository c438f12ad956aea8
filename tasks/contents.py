"""What a report says: as typed, as stored, in words, what differs, and whole as a version keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from plans.numbers import show_number
from tasks import answers as rules
from tasks.models import Answer, Document, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from plans.models import Indicator

TEXTS = ("text", "difficulties")


@dataclass
class Content:
    """What is typed in a report: its text and, per indicator, an answer that was understood.

    ``unread`` keeps, per field, what was typed and could not be: nothing typed is lost.
    """

    text: str = ""
    difficulties: str = ""
    answers: dict[int, rules.Draft] = field(default_factory=dict)  # by indicator
    unread: dict[str, str] = field(default_factory=dict)

    def unread_of(self, indicator: int) -> dict[str, str]:
        """What was typed for one indicator and not understood, by the field's own name."""
        prefix = f"a{indicator}-"
        return {
            name.removeprefix(prefix): value
            for name, value in self.unread.items()
            if name.startswith(prefix)
        }

    def complete(self, indicators: Iterable[Indicator]) -> int:
        """How many of ``indicators`` are answered with nothing missing."""
        return sum(
            i.pk in self.answers and not rules.missing(self.answers[i.pk], kind=i.kind)
            for i in indicators
        )

    def words(self, indicator: int) -> str:
        """One indicator's answer in words, understood or not."""
        unread = self.unread_of(indicator)
        if unread:
            return " / ".join(value for name, value in unread.items() if name != "state")
        return describe(self.answers.get(indicator)) or ""

    def take(self, other: Content, *, texts: Iterable[str], indicators: Iterable[int]) -> None:
        """Put ``other``'s words in the place of these, for some texts and some indicators."""
        for name in texts:
            setattr(self, name, getattr(other, name))
            self._take_unread(other, name, exact=True)
        for indicator in indicators:
            self.answers.pop(indicator, None)
            if indicator in other.answers:
                self.answers[indicator] = other.answers[indicator]
            self._take_unread(other, f"a{indicator}-")

    def _take_unread(self, other: Content, prefix: str, *, exact: bool = False) -> None:
        def ours(name: str) -> bool:
            return name == prefix if exact else name.startswith(prefix)

        kept = {name: value for name, value in self.unread.items() if not ours(name)}
        self.unread = kept | {n: value for n, value in other.unread.items() if ours(n)}


def stored_content(report: Report, answers: Mapping[int, Answer]) -> Content:
    """What is stored, as it would be typed again. ``answers``: the report's, by indicator."""
    return Content(
        text=report.text,
        difficulties=report.difficulties,
        answers={indicator: draft_of(answer) for indicator, answer in answers.items()},
        unread=dict(report.unread),
    )


def differences(
    report: Report,
    content: Content,
    indicators: Iterable[Indicator],
    answers: Mapping[int, Answer],
) -> dict[str, list[Any]]:
    """Field or indicator code -> [stored, typed], where the two are not the same."""
    changes: dict[str, list[Any]] = {}
    for name in TEXTS:
        before, after = getattr(report, name), getattr(content, name)
        if before != after:
            changes[name] = [before, after]
    if report.unread != content.unread:
        changes["unread"] = [report.unread, content.unread]
    for indicator in indicators:
        old = answers.get(indicator.pk)
        before = describe(draft_of(old) if old else None)
        after = describe(content.answers.get(indicator.pk))
        if before != after:
            changes[indicator.code] = [before, after]
    return changes


def draft_of(answer: Answer) -> rules.Draft:
    """A stored answer as it would be typed again."""
    document = answer.document
    return rules.Draft(
        state=answer.state,
        numerator=answer.numerator,
        denominator=answer.denominator,
        amount=answer.amount,
        holds=answer.holds,
        day=answer.day,
        number=document.number if document else "",
        issued_on=document.issued_on if document else None,
        issuer=document.issuer if document else "",
        reason=answer.reason,
    )


def describe(draft: rules.Draft | None) -> str | None:
    """An answer in words, for history and for comparing: «12/15», «Có», «12/KH ngày 15/01/2019»."""
    if draft is None:
        return None
    words = []
    if draft.numerator is not None or draft.denominator is not None:
        words.append(
            "/".join(
                "…" if n is None else show_number(n) for n in (draft.numerator, draft.denominator)
            )
        )
    if draft.amount is not None:
        words.append(show_number(draft.amount))
    if draft.holds is not None:
        words.append("Có" if draft.holds else "Không")
    if draft.day:
        words.append(f"{draft.day:%d/%m/%Y}")
    if draft.number:
        words.append(draft.number)
    if draft.issued_on:
        words.append(f"ngày {draft.issued_on:%d/%m/%Y}")
    if draft.issuer:
        words.append(draft.issuer)
    if draft.state != Answer.State.GIVEN:
        words.insert(0, Answer.State(draft.state).label)
    if draft.reason:
        words.append(f"({draft.reason})")
    return " ".join(words)


def content_of(report: Report) -> dict[str, Any]:
    """Everything a report says, as plain data: what a version keeps and what pages show of one."""
    evidence = report.evidence.select_related("document", "indicator").prefetch_related(
        "document__files"
    )
    return {
        "text": report.text,
        "difficulties": report.difficulties,
        "answers": [
            {
                "code": answer.indicator.code,
                "name": answer.indicator.name,
                "kind": answer.indicator.kind,
                "state": answer.state,
                "numerator": _plain(answer.numerator),
                "denominator": _plain(answer.denominator),
                "amount": _plain(answer.amount),
                "holds": answer.holds,
                "day": answer.day.isoformat() if answer.day else None,
                "document": _document(answer.document) if answer.document else None,
                "reason": answer.reason,
                "words": describe(draft_of(answer)),
            }
            for answer in report.answers.select_related("indicator", "document").order_by(
                "indicator__order"
            )
        ],
        "evidence": [
            {
                **_document(item.document),
                "indicator": item.indicator.code if item.indicator else None,
                "section": item.section,
                "files": [
                    {"id": f.pk, "name": f.name, "sha256": f.sha256, "size": f.size}
                    for f in item.document.files.all()
                ],
            }
            for item in evidence
        ],
    }


def _document(document: Document) -> dict[str, Any]:
    return {
        "id": document.pk,
        "number": document.number,
        "issued_on": document.issued_on.isoformat() if document.issued_on else None,
        "issuer": document.issuer,
        "subject": document.subject,
    }


def _plain(value: Any) -> str | None:
    return None if value is None else str(value)
