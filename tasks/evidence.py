"""Evidence of a report: an official document, a file of it, or both (R17). Nothing else writes to it.

Each function is one transaction and leaves a line in the trail. ``Refused`` carries what to tell the
person; nothing is stored then.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from accounts.history import record
from accounts.text import clean, fold
from tasks import services
from tasks.files import BadFile, check, store
from tasks.models import Document, Evidence, Report, StoredFile, Version
from tasks.permissions import require
from tasks.states import Action, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.files import File

    from accounts.history import Actor
    from plans.models import Indicator
    from tasks.files import Checked, Stored

MAX_FILES = 20  # in one go


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
    uploads: Sequence[File] = (),
    document: Document | None = None,
) -> Evidence:
    """Tie a document to a draft: ``document``, registered before, or the one described here.

    The same document for the same indicator is one piece of evidence: its files are added to.
    PermissionDenied where the draft may not be written; Refused with every fault otherwise.
    """
    report = _lock(report, by)
    number, issuer = clean(number), clean(issuer)
    checked = _check_all(uploads)
    if document is None:
        if not number and not checked:
            raise services.Refused("Hãy ghi số, ký hiệu văn bản hoặc đính kèm ít nhất một tệp.")
        if issued_on and issued_on > timezone.localdate():
            raise services.Refused(f"Ngày ban hành {issued_on:%d/%m/%Y} ở sau ngày hôm nay.")
    if indicator is not None and all(
        i.pk != indicator.pk for i in services.asked_indicators(report)
    ):
        raise services.Refused(
            "Chỉ tiêu được chọn không thuộc phần đơn vị phải trả lời của báo cáo này."
        )
    contents = _store_all(checked)
    if document is None and not number:
        document = _same_file(report, contents)
    if document is None:
        document = services.register_document(
            report=report,
            number=number,
            issued_on=issued_on,
            issuer=issuer,
            subject=clean(subject) or (checked[0][1].name.rpartition(".")[0] if checked else ""),
        )
        _fill_subject(document, clean(subject))
    elif document.agency_id != report.unit.agency_id:
        raise services.Refused("Không tìm thấy tài liệu đã chọn.")
    stored = _keep_files(document, contents, by)
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
    used = document.evidence.exists() or document.answers.exists()
    if not used and document.unit_id == report.unit_id and not _in_a_version(document):
        document.delete()


def _lock(report: Report, by: Actor) -> Report:
    """The report as it is now, its row locked: a submission at the same moment comes before or after."""
    current = Report.objects.select_for_update(of=("self",)).with_names().get(pk=report.pk)
    if by.user is not None:
        require(by.user, "report_write", current)
    return current


def _check_all(uploads: Sequence[File]) -> list[tuple[File, Checked]]:
    """All files looked at before any is stored; Refused names every one that is not taken."""
    if len(uploads) > MAX_FILES:
        raise services.Refused(f"Mỗi lần chỉ đính kèm tối đa {MAX_FILES} tệp.")
    checked, faults = [], []
    for upload in uploads:
        try:
            checked.append((upload, check(upload)))
        except BadFile as error:
            faults.append(str(error))
    if faults:
        raise services.Refused("\n".join(faults))
    return checked


def _store_all(checked: list[tuple[File, Checked]]) -> list[Stored]:
    try:
        return [store(upload, found) for upload, found in checked]
    except BadFile as error:
        raise services.Refused(str(error)) from error


def _same_file(report: Report, contents: list[Stored]) -> Document | None:
    """The document without a number that holds this very file in this report: the same form sent twice."""
    return Document.objects.filter(
        number="", unit_id=report.unit_id, evidence__report=report, files__sha256=contents[0].sha256
    ).first()


def _keep_files(document: Document, contents: list[Stored], by: Actor) -> list[StoredFile]:
    """Rows for the files that the document does not have yet."""
    added = []
    for content in contents:
        file, created = StoredFile.objects.get_or_create(
            document=document,
            sha256=content.sha256,
            defaults={
                "name": content.name,
                "path": content.path,
                "size": content.size,
                "content_type": content.content_type,
                "uploaded_by": by.user,
            },
        )
        if created:
            added.append(file)
    return added


def _fill_subject(document: Document, subject: str) -> None:
    """A document registered without a subject (by the figure it stands for) takes the one given now."""
    if subject and not document.subject:
        document.subject = subject
        document.folded = fold(" ".join((document.number, document.issuer, subject)))
        document.save(update_fields=["subject", "folded"])


def _start(report: Report, by: Actor) -> None:
    """The first evidence begins the draft, as the first figure does."""
    if report.state != State.NOT_STARTED:
        return
    begun = Report.objects.filter(pk=report.pk, state=State.NOT_STARTED).update(
        state=State.DRAFT, assignee=report.assignee_id or (by.user.pk if by.user else None)
    )
    if begun:
        services._write_transition(report, Action.START, State.DRAFT, by=by)


def _in_a_version(document: Document) -> bool:
    return any(
        Version.objects.filter(content__icontains=digest).exists()
        for digest in document.files.values_list("sha256", flat=True)
    )
