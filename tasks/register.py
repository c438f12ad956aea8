"""The agency's register of documents (R17): finding, correcting, files, joining what is one. Nothing else does.

A document is its unit's to correct while no report that was sent rests on it; then it is the office's,
with a reason. Each function is one transaction and leaves a line in the trail; ``Refused`` carries
what to tell the person.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.history import record
from accounts.text import clean, fold
from tasks.files import BadFile, check
from tasks.models import (
    Answer,
    Document,
    Evidence,
    Explanation,
    ExplanationDocument,
    Report,
    StoredFile,
    Version,
)
from tasks.models.evidence import in_sight_of
from tasks.permissions import can
from tasks.scanning import scan
from tasks.services import Refused
from tasks.states import State
from tasks.storing import Stored, store_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.core.files import File

    from accounts.history import Actor
    from accounts.models import Unit, User
    from plans.models import Indicator
    from tasks.files import Checked
    from tasks.models import DocumentQuerySet

MAX_FILES = 20  # in one go
FIELDS = ("number", "issued_on", "issuer", "subject", "is_draft", "url", "in_force_until")
# What a figure is made of: the value of a `document` indicator.
FIGURE = ("number", "issued_on", "issuer")


# -- Finding ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """What the register is narrowed to, as the address says it; empty parts narrow nothing."""

    text: str = ""
    unit: str = ""  # code
    year: int | None = None
    files: str = ""  # "co", "khong"
    draft: bool = False
    used: str = ""  # "co", "khong"


def find(user: User, wanted: Wanted) -> DocumentQuerySet:
    """The documents ``user`` may see that fit, newest first. Words in any order, without diacritics (R35a)."""
    found = Document.objects.visible_to(user).select_related("unit")
    for word in fold(clean(wanted.text)).split()[:10]:
        found = found.filter(folded__contains=word)
    if wanted.unit:
        found = found.filter(unit__code=wanted.unit)
    if wanted.year:
        found = found.filter(issued_on__year=wanted.year)
    if wanted.draft:
        found = found.filter(is_draft=True)
    if wanted.files:
        has = Exists(StoredFile.objects.filter(document=OuterRef("pk")))
        found = found.filter(has if wanted.files == "co" else ~has)
    if wanted.used:
        used = Q(pk__in=[])
        for ties in (_evidence(user), _figures(user), _explained(user)):
            used |= Q(Exists(ties.filter(document=OuterRef("pk"))))
        found = found.filter(used if wanted.used == "co" else ~used)
    return found.order_by("-issued_on", "-pk")


def _evidence(user: User) -> Any:
    return Evidence.objects.visible_to(user)


def _explained(user: User) -> Any:
    return ExplanationDocument.objects.visible_to(user)


def _figures(user: User) -> Any:
    return Answer.objects.filter(
        in_sight_of(user, tied_at="document__created_at"), document__isnull=False
    )


@dataclass(frozen=True)
class Use:
    """One place a document is used in: the value of an indicator, or proof with its section."""

    report: Report
    indicator: Indicator | None
    section: str
    is_value: bool


def uses(user: User, documents: Iterable[Document]) -> dict[int, list[Use]]:
    """Where documents are used, as far as ``user`` may read the reports (R3); two queries for any number."""
    ids = [document.pk for document in documents]
    names = ("report__unit", "report__task__area", "report__period__plan", "indicator")
    found: dict[int, list[Use]] = defaultdict(list)
    for answer in _figures(user).filter(document__in=ids).select_related(*names):
        found[answer.document_id].append(Use(answer.report, answer.indicator, "", True))
    for item in _evidence(user).filter(document__in=ids).select_related(*names):
        found[item.document_id].append(Use(item.report, item.indicator, item.section, False))
    for rows in found.values():
        rows.sort(
            key=lambda use: (
                -use.report.period.year,
                use.report.task.area.order,
                use.report.task.order,
                use.report.unit.order,
            )
        )
    return found


def explanations_on(user: User, document: Document) -> list[ExplanationDocument]:
    """The explanations that rest on ``document``, as far as ``user`` may know of them."""
    found = _explained(user).filter(document=document)
    return list(found.select_related("explanation__unit", "explanation__period__plan"))


def near_copies(document: Document) -> DocumentQuerySet:
    """Others with the same number and date: one document whose issuer was spelled in two ways."""
    if not document.number:
        return Document.objects.none()
    return Document.objects.filter(
        agency_id=document.agency_id, number__iexact=document.number, issued_on=document.issued_on
    ).exclude(pk=document.pk)


# -- Who may correct ----------------------------------------------------------------------------


def _reports_on(document: Document) -> Any:
    return Report.objects.filter(Q(evidence__document=document) | Q(answers__document=document))


# Which reports keep a unit from what: to correct, and to add a file, which alters nothing that was sent.
SENT = (State.SUBMITTED, State.ACCEPTED)
ACCEPTED = (State.ACCEPTED,)
# … and which explanations do.
EXPLAINING = {SENT: Explanation.SENT, ACCEPTED: (Explanation.State.TAKEN,)}


def why_not(user: User, document: Document, locking: tuple[State, ...] = SENT) -> str | None:
    """Why ``user`` may not change ``document``, in Vietnamese; None where they may."""
    return None if can(user, "document_correct") else _why_not_own(user, document, locking)


def needs_reason(user: User, document: Document, locking: tuple[State, ...] = SENT) -> bool:
    """The office corrects with a reason; a unit its own without."""
    return _why_not_own(user, document, locking) is not None


def _why_not_own(user: User, document: Document, locking: tuple[State, ...]) -> str | None:
    if not can(user, "document_write"):
        return "Vai trò của bạn chỉ xem được sổ tài liệu."
    if document.unit_id != user.unit_id:
        return (
            f"Tài liệu này do {document.unit.name} đăng ký; chỉ đơn vị đó và Văn phòng Sở sửa được."
        )
    if document.explained.filter(explanation__state__in=EXPLAINING[locking]).exists():
        return (
            "Tài liệu đang dùng trong giải trình đã gửi. Cần sửa, hãy đề nghị Văn phòng Sở sửa hoặc trả lại "
            "giải trình."
        )
    if _reports_on(document).filter(state__in=locking).exists():
        return (
            "Tài liệu đang dùng trong báo cáo đã gửi hoặc đã duyệt. Cần sửa, hãy đề nghị Văn phòng Sở sửa "
            "hoặc trả lại báo cáo."
        )
    return None


def frozen_fields(document: Document) -> tuple[str, ...]:
    """What nobody changes: figures of a closed period (R16)."""
    today = timezone.localdate()
    reports = Report.objects.filter(answers__document=document).select_related("period")
    return FIGURE if any(report.period.is_closed(today) for report in reports) else ()


def _lock(
    document: Document, by: Actor, reason: str, locking: tuple[State, ...] = SENT
) -> Document:
    """The document as it is now, its row locked; PermissionDenied or Refused where it may not be changed."""
    current = (
        Document.objects.select_for_update(of=("self",)).select_related("unit").get(pk=document.pk)
    )
    if by.user is not None:
        refusal = why_not(by.user, current, locking)
        if refusal:
            raise PermissionDenied(refusal)
        if needs_reason(by.user, current, locking) and not reason.strip():
            raise Refused("Hãy nêu lý do: Văn phòng Sở sửa tài liệu luôn kèm lý do.")
    return current


# -- Registering and correcting -----------------------------------------------------------------


def register(
    *, unit: Unit, number: str, issued_on: dt.date | None, issuer: str, **details: Any
) -> tuple[Document, bool]:
    """The document with this number, date and issuer, once in the agency; and whether it is new.

    Two units may register it at the same moment: the constraint decides, both get one row.
    """
    if not number:
        return (
            Document.objects.create(
                agency_id=unit.agency_id, unit=unit, issued_on=issued_on, issuer=issuer, **details
            ),
            True,
        )
    return Document.objects.get_or_create(
        agency_id=unit.agency_id,
        number=number,
        issued_on=issued_on,
        issuer=issuer,
        defaults={"unit": unit, **details},
    )


@transaction.atomic
def change(*, document: Document, by: Actor, fields: dict[str, Any], reason: str = "") -> bool:
    """Correct what the register says of a document; False where nothing is different."""
    current = _lock(document, by, reason)
    changes = {}
    for name in FIELDS:
        before, after = getattr(current, name), fields.get(name, getattr(current, name))
        if before != after:
            changes[name] = [_plain(before), _plain(after)]
            setattr(current, name, after)
    if not changes:
        return False
    if set(changes) & set(frozen_fields(current)):
        raise Refused(
            "Tài liệu là số liệu của một kỳ báo cáo đã khóa: không sửa được số, ngày, cơ quan ban hành. "
            "Cần sửa, hãy mở lại kỳ đó trước."
        )
    has_files = current.files.exists()
    if not (current.number or current.subject or has_files):
        raise Refused("Hãy ghi số, ký hiệu hoặc trích yếu của tài liệu.")
    if not current.number and current.answers.exists():
        raise Refused("Tài liệu đang là số liệu của một chỉ tiêu nên phải có số, ký hiệu.")
    if not current.issued_on and current.answers.exists():
        raise Refused("Tài liệu đang là số liệu của một chỉ tiêu nên phải có ngày ban hành.")
    try:
        with transaction.atomic():
            current.save()
    except IntegrityError as error:
        raise Refused(
            f"Sổ tài liệu đã có {current} của {current.issuer or 'cùng cơ quan'}. Một văn bản chỉ đăng ký một lần; "
            "hãy dùng tài liệu có sẵn hoặc đề nghị Văn phòng Sở gộp hai tài liệu."
        ) from error
    _write_down(current, by, "Sửa tài liệu", changes, reason)
    return True


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _write_down(
    document: Document, by: Actor, action: str, changes: dict[str, list[Any]], reason: str = ""
) -> None:
    record(
        by=by,
        agency=document.agency_id,
        action=action,
        of=document,
        changes=changes,
        reason=reason.strip(),
    )


# -- Files --------------------------------------------------------------------------------------


def check_all(uploads: Sequence[File]) -> list[tuple[File, Checked]]:
    """All files looked at before any is stored; Refused names every one that is not taken."""
    if len(uploads) > MAX_FILES:
        raise Refused(f"Mỗi lần chỉ đính kèm tối đa {MAX_FILES} tệp.")
    checked, faults = [], []
    for upload in uploads:
        try:
            found = check(upload)
            scan(upload, found.name)
            checked.append((upload, found))
        except BadFile as error:
            faults.append(str(error))
    if faults:
        raise Refused("\n".join(faults))
    return checked


def store_checked(checked: list[tuple[File, Checked]]) -> list[Stored]:
    try:
        return store_all(checked)
    except BadFile as error:
        raise Refused(str(error)) from error


def keep_files(document: Document, contents: list[Stored], by: Actor) -> list[StoredFile]:
    """Rows for the files that the document does not have yet; content that is whole again is no longer broken."""
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
    digests = [content.sha256 for content in contents]
    StoredFile.objects.filter(sha256__in=digests).exclude(problem="").update(problem="")
    return added


@transaction.atomic
def attach(
    *, document: Document, by: Actor, uploads: Sequence[File], reason: str = ""
) -> list[StoredFile]:
    """Add files to a registered document. Refused with every fault; none of them is kept then."""
    current = _lock(document, by, reason, ACCEPTED)
    if not uploads:
        raise Refused("Hãy chọn ít nhất một tệp.")
    broken = set(current.files.exclude(problem="").values_list("sha256", flat=True))
    contents = store_checked(check_all(uploads))
    added = keep_files(current, contents, by)
    names = [file.name for file in added]
    names += [content.name for content in contents if content.sha256 in broken]
    if not names:
        raise Refused("Tài liệu đã có các tệp này.")
    _write_down(current, by, "Thêm tệp", {"files": [None, ", ".join(names)]}, reason)
    return added


@transaction.atomic
def detach(*, file: StoredFile, by: Actor, reason: str = "") -> None:
    """Take a file off its document, unless a report sent before holds it (R13)."""
    current = _lock(file.document, by, reason)
    if in_a_version([file.sha256]):
        raise Refused(
            f"Tệp {file.name} nằm trong báo cáo đã gửi nên phải giữ lại. Nếu tệp sai, hãy thêm tệp đúng."
        )
    name = file.name
    if file.pk and StoredFile.objects.filter(pk=file.pk).delete()[0]:
        _write_down(current, by, "Bỏ tệp", {"files": [name, None]}, reason)


def in_a_version(digests: Iterable[str]) -> bool:
    """Does a kept submission hold one of these contents (R13)?"""
    return any(Version.objects.filter(content__icontains=digest).exists() for digest in digests)


# -- Joining ------------------------------------------------------------------------------------


@transaction.atomic
def merge(*, keep: Document, drop: Document, by: Actor, reason: str) -> Document:
    """Two rows that are one document: what rests on ``drop`` rests on ``keep``, which gets its files.

    Only rows of one number and date: no figure changes by it. The trail of both stays.
    """
    if not reason.strip():
        raise Refused("Hãy nêu lý do gộp.")
    rows = Document.objects.select_for_update().in_bulk([keep.pk, drop.pk])
    if len(rows) < 2:
        raise Refused("Không tìm thấy một trong hai tài liệu; có thể vừa được gộp.")
    keep, drop = rows[keep.pk], rows[drop.pk]
    same = (
        keep.agency_id == drop.agency_id
        and keep.number.casefold() == drop.number.casefold()
        and keep.issued_on == drop.issued_on
    )
    if not same or not keep.number:
        raise Refused("Chỉ gộp được hai tài liệu cùng số, ký hiệu và cùng ngày ban hành.")
    Answer.objects.filter(document=drop).update(document=keep)
    there = set(keep.evidence.values_list("report_id", "indicator_id"))
    for item in drop.evidence.all():
        if (item.report_id, item.indicator_id) in there:
            item.delete()
        else:
            Evidence.objects.filter(pk=item.pk).update(document=keep)
    explained = set(keep.explained.values_list("explanation_id", flat=True))
    drop.explained.filter(explanation__in=explained).delete()
    drop.explained.update(document=keep)
    known = set(keep.files.values_list("sha256", flat=True))
    StoredFile.objects.filter(document=drop).exclude(sha256__in=known).update(document=keep)
    for name in ("subject", "url", "in_force_until"):
        if not getattr(keep, name):
            setattr(keep, name, getattr(drop, name))
    keep.is_draft = keep.is_draft and drop.is_draft
    keep.save()
    words = f"{drop} – {drop.issuer}" if drop.issuer else str(drop)
    kept = f"{keep} – {keep.issuer}" if keep.issuer else str(keep)
    _write_down(drop, by, "Gộp tài liệu", {"merged": [words, kept]}, reason)
    _write_down(keep, by, "Gộp tài liệu", {"merged": [words, kept]}, reason)
    drop.delete()
    return keep
