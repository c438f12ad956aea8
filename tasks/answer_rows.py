"""Answers as rows of the database, and the documents they name, each registered once (R17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.text import fold
from plans.targets import Kind
from tasks import answers as rules
from tasks.models import Answer, Document

if TYPE_CHECKING:
    import datetime as dt

    from plans.models import Indicator
    from tasks.models import Report


def as_row(report: Report, indicator: Indicator, draft: rules.Draft, old: Answer | None) -> Answer:
    """What was understood as a row, not saved yet; a document it names is registered (R17)."""
    document = None
    if (
        indicator.kind == Kind.DOCUMENT
        and draft.state == Answer.State.GIVEN
        and draft.number
        and draft.issued_on
    ):
        document = register_document(
            report=report,
            number=draft.number,
            issued_on=draft.issued_on,
            issuer=draft.issuer,
            subject=indicator.name,
            replacing=old.document if old else None,
        )
    return answer_of(report, indicator, draft, document)


def answer_of(
    report: Report, indicator: Indicator, draft: rules.Draft, document: Document | None
) -> Answer:
    """The columns of an answer, of a form and of a file alike."""
    return Answer(
        report=report,
        indicator=indicator,
        state=draft.state,
        numerator=draft.numerator,
        denominator=draft.denominator,
        amount=draft.amount,
        holds=draft.holds,
        day=draft.day,
        document=document,
        reason=draft.reason,
    )


def register_document(
    *,
    report: Report,
    number: str,
    issued_on: dt.date | None,
    issuer: str,
    subject: str,
    replacing: Document | None = None,
) -> Document:
    """The document with this number, date and issuer, registered once in the agency (R17).

    ``replacing`` is the one typed before into the same place: while nothing else refers to it, it is
    corrected in place, so that typing leaves no trail of half numbers in the register.
    """
    agency = report.unit.agency_id
    known = (
        Document.objects.filter(
            agency_id=agency, number=number, issued_on=issued_on, issuer=issuer
        ).first()
        if number
        else None
    )
    if known:
        return known
    folded = fold(" ".join((number, issuer, subject)))
    if replacing and not used_elsewhere(replacing, report):
        Document.objects.filter(pk=replacing.pk).update(
            number=number, issued_on=issued_on, issuer=issuer, folded=folded
        )
        return replacing
    rest = {"unit_id": report.unit_id, "subject": subject, "folded": folded}
    if not number:
        return Document.objects.create(agency_id=agency, issued_on=issued_on, issuer=issuer, **rest)
    # Two units may register the same document at the same moment: the constraint decides.
    document, _ = Document.objects.get_or_create(
        agency_id=agency, number=number, issued_on=issued_on, issuer=issuer, defaults=rest
    )
    return document


def used_elsewhere(document: Document, report: Report) -> bool:
    return (
        document.evidence.exists()
        or document.explained.exists()
        or document.files.exists()
        or report.first_submitted_at is not None
        or document.answers.exclude(report=report).exists()
        or document.answers.count() > 1
    )
