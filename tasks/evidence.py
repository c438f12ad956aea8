"""Evidence of a report: an official document, a file of it, or both (R17). Nothing else writes to it.

Each function is one transaction and leaves a line in the trail. ``Refused`` carries what to tell the
person; nothing is stored then.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from accounts.history import record
from accounts.text import clean
from tasks import register, services
from tasks.models import Document, Evidence, Report, StoredFile
from tasks.permissions import require
from tasks.states import Action, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.files import File

    from accounts.history import Actor
    from accounts.models import Unit
    from plans.models import Indicator
    from tasks.storing import Stored

NOTHING = "Hãy ghi số, ký hiệu văn bản, liên kết hoặc đính kèm ít nhất một tệp."


@transaction.atomic
def add_evidence(
    *,
    report: Report,
    by: Actor,
    number: str = "",
    issued_on: dt.date | None = None,
    issuer: str = "",
    subject: str = "",
    section: str = "",
    indicator: Indicator | None = None,
    is_draft: bool = False,
    url: str = "",
    in_force_until: dt.date | None = None,
    uploads: Sequence[File] = (),
    document: Document | None = None,
) -> Evidence:
    """Tie a document to a draft: ``document``, registered before, or the one described here.

    The same document for the same indicator is one piece of evidence: its files are added to.
    PermissionDenied where the draft may not be written; Refused with every fault otherwise.
    """
    report = _lock(report, by)
    number, issuer = clean(number), clean(issuer)
    checked = register.check_all(uploads)
    if document is None:
        if not number and not checked and not url:
            raise services.Refused(NOTHING)
        if issued_on and issued_on > timezone.localdate():
            raise services.Refused(f"Ngày ban hành {issued_on:%d/%m/%Y} ở sau ngày hôm nay.")
    if indicator is not None and all(
        i.pk != indicator.pk for i in services.asked_indicators(report)
    ):
        raise services.Refused(
            "Chỉ tiêu được chọn không thuộc phần đơn vị phải trả lời của báo cáo này."
        )
    if document is not None and document.agency_id != report.unit.agency_id:
        raise services.Refused("Không tìm thấy tài liệu đã chọn.")
    contents = register.store_checked(checked)
    if document is None and not number:
        document = _sent_before(report, contents, url)
    if document is None:
        named_by = checked[0][1].name if checked and not number else ""
        document = register_or_complete(
            unit=report.unit,
            number=number,
            issued_on=issued_on,
            issuer=issuer,
            subject=clean(subject) or named_by.rpartition(".")[0],
            is_draft=is_draft,
            url=url,
            in_force_until=in_force_until,
        )
    stored = add_files(document, contents, by)
    evidence, created = Evidence.objects.get_or_create(
        report=report, document=document, indicator=indicator, defaults={"section": clean(section)}
    )
    if not created and not stored and evidence.section == clean(section):
        raise services.Refused(
            f"Tài liệu {document} đã có trong danh sách kiểm chứng của báo cáo này."
        )
    if not created and section:
        Evidence.objects.filter(pk=evidence.pk).update(section=clean(section))
    _start(report, by)
    words = [str(document)]
    if indicator:
        words.append(f"chứng minh {indicator.code}")
    words += [f"tệp {file.name}" for file in stored]
    record(
        by=by,
        agency=report.unit.agency_id,
        action="Thêm tài liệu kiểm chứng",
        of=report,
        changes={"evidence": [None, ", ".join(words)]},
    )
    return evidence


@transaction.atomic
def remove_evidence(*, evidence: Evidence, by: Actor) -> None:
    """Take one piece of evidence off a draft.

    The document leaves the register with it only if nothing refers to it and no kept version holds
    its files (R13): a file chosen by mistake is then out of everybody's reach.
    """
    report = _lock(evidence.report, by)
    document = evidence.document
    words = str(document)
    if not Evidence.objects.filter(pk=evidence.pk).delete()[0]:
        return
    record(
        by=by,
        agency=report.unit.agency_id,
        action="Bỏ tài liệu kiểm chứng",
        of=report,
        changes={"evidence": [words, None]},
    )
    digests = list(document.files.values_list("sha256", flat=True))
    if (
        document.unit_id == report.unit_id
        and not is_used(document)
        and not register.in_a_version(digests)
    ):
        document.delete()


def is_used(document: Document) -> bool:
    """Does any report or explanation rest on it?"""
    return document.evidence.exists() or document.answers.exists() or document.explained.exists()


def _lock(report: Report, by: Actor) -> Report:
    """The report as it is now, its row locked: a submission at the same moment comes before or after."""
    current = services.lock(report)
    if by.user is not None:
        require(by.user, "report_write", current)
    return current


def _sent_before(report: Report, contents: list[Stored], url: str) -> Document | None:
    """The document without a number that is this very file or link in this report: the same form sent twice."""
    mine = Document.objects.filter(number="", unit_id=report.unit_id, evidence__report=report)
    if contents:
        return mine.filter(files__sha256=contents[0].sha256).first()
    return mine.filter(url=url).first()


def add_files(document: Document, contents: list[Stored], by: Actor) -> list[StoredFile]:
    """Files for the document; Refused where it is not the person's to add new ones to."""
    known = set(document.files.values_list("sha256", flat=True))
    if by.user is not None and any(content.sha256 not in known for content in contents):
        why = register.why_not(by.user, document, register.ACCEPTED)
        if why:
            raise services.Refused(
                f"Tài liệu {document} đã đăng ký và không thêm tệp được. {why} "
                "Bạn vẫn dùng lại được tài liệu này: hãy bỏ tệp đính kèm rồi thêm lại."
            )
    return register.keep_files(document, contents, by)


def register_or_complete(
    *, unit: Unit, number: str, issued_on: dt.date | None, issuer: str, **details: Any
) -> Document:
    """The document as it was named: registered, or what its own unit now knows of it added."""
    document, is_new = register.register(
        unit=unit, number=number, issued_on=issued_on, issuer=issuer, **details
    )
    if not is_new:
        _complete(document, unit.pk, details)
    return document


def _complete(document: Document, unit_id: int, details: dict[str, Any]) -> None:
    """What its unit knows now and the register did not: only empty columns are filled."""
    if document.unit_id != unit_id:
        return
    empty = {
        name: value for name, value in details.items() if value and not getattr(document, name)
    }
    empty.pop("is_draft", None)
    for name, value in empty.items():
        setattr(document, name, value)
    if empty:
        document.save(update_fields=list(empty))


def _start(report: Report, by: Actor) -> None:
    """The first evidence begins the draft, as the first figure does."""
    if report.state != State.NOT_STARTED:
        return
    begun = Report.objects.filter(pk=report.pk, state=State.NOT_STARTED).update(
        state=State.DRAFT, assignee=report.assignee_id or services.writer_of(by)
    )
    if begun:
        services.write_transition(report, Action.START, State.DRAFT, by=by)
