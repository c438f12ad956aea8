"""The documents an explanation rests on (R17): tied to it and taken off while its unit writes it.

A document is described once in the register, like those of reports; ``Refused`` carries what to tell the person.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.text import clean
from tasks import evidence, register
from tasks.models import Document, Explanation, ExplanationDocument
from tasks.permissions import why_not_explain
from tasks.services import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.files import File

    from accounts.history import Actor
    from tasks.storing import Stored


@transaction.atomic
def add_document(
    *,
    explanation: Explanation,
    by: Actor,
    number: str = "",
    issued_on: dt.date | None = None,
    issuer: str = "",
    subject: str = "",
    section: str = "",
    is_draft: bool = False,
    url: str = "",
    in_force_until: dt.date | None = None,
    uploads: Sequence[File] = (),
    document: Document | None = None,
) -> ExplanationDocument:
    """Tie ``document``, registered before, or the one described here. The same one twice adds to its files."""
    explanation = _lock(explanation, by)
    number, issuer = clean(number), clean(issuer)
    checked = register.check_all(uploads)
    if document is None:
        if not number and not checked and not url:
            raise Refused(evidence.NOTHING)
        if issued_on and issued_on > timezone.localdate():
            raise Refused(f"Ngày ban hành {issued_on:%d/%m/%Y} ở sau ngày hôm nay.")
    elif document.agency_id != explanation.agency_id:
        raise Refused("Không tìm thấy tài liệu đã chọn.")
    contents = register.store_checked(checked)
    if document is None and not number:
        document = _tied_before(explanation, contents, url)
    if document is None:
        named_by = checked[0][1].name if checked and not number else ""
        document = evidence.register_or_complete(
            unit=explanation.unit,
            number=number,
            issued_on=issued_on,
            issuer=issuer,
            subject=clean(subject) or named_by.rpartition(".")[0],
            is_draft=is_draft,
            url=url,
            in_force_until=in_force_until,
        )
    stored = evidence.add_files(document, contents, by)
    section = clean(section)
    proof, created = ExplanationDocument.objects.get_or_create(
        explanation=explanation, document=document, defaults={"section": section}
    )
    if not created and not stored and proof.section == section:
        raise Refused(f"Tài liệu {document} đã có trong danh sách tài liệu của giải trình này.")
    if not created and section:
        proof.section = section
        proof.save(update_fields=["section"])
    return proof


@transaction.atomic
def remove_document(*, proof: ExplanationDocument, by: Actor) -> None:
    """Take a document off an answer that is being written.

    It leaves the register with it only if nothing refers to it and it was not sent before, so that a file
    chosen by mistake is out of everybody's reach.
    """
    explanation = _lock(proof.explanation, by)
    document = proof.document
    if not ExplanationDocument.objects.filter(pk=proof.pk).delete()[0]:
        return
    sent = explanation.answered_at is not None and proof.added_at <= explanation.answered_at
    digests = list(document.files.values_list("sha256", flat=True))
    if (
        not sent
        and document.unit_id == explanation.unit_id
        and not evidence.is_used(document)
        and not register.in_a_version(digests)
    ):
        document.delete()


def _lock(explanation: Explanation, by: Actor) -> Explanation:
    """The row as it is now, locked; PermissionDenied where the person may not write it."""
    current = (
        Explanation.objects.select_for_update(of=("self",))
        .select_related("unit")
        .get(pk=explanation.pk)
    )
    if by.user is not None:
        why = why_not_explain(by.user, current)
        if why:
            raise PermissionDenied(why)
    return current


def _tied_before(explanation: Explanation, contents: Sequence[Stored], url: str) -> Document | None:
    """The document without a number that is this very file or link here: the same form sent twice."""
    mine = Document.objects.filter(number="", explained__explanation=explanation)
    if contents:
        return mine.filter(files__sha256=contents[0].sha256).first()
    return mine.filter(url=url).first()
