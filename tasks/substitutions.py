"""The office enters and sends a report for its unit (R2b): on a basis, and the unit is told and may object.

Only where nothing of the unit's is in it: what a unit types is its own until it sends it (R3). While it goes
on, the unit sees the report and may take it over. Each function is one transaction and leaves its history.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import mail
from accounts.history import record
from accounts.models import User
from accounts.text import clean, clean_paragraphs
from tasks import services
from tasks.contents import content_of
from tasks.models import Report, Substitution
from tasks.permissions import require
from tasks.services import Refused, lock
from tasks.states import Action, State
from tasks.versions import compare

if TYPE_CHECKING:
    import datetime as dt

    from accounts.history import Actor
    from accounts.models import HistoryRow

TEXT_LIMIT = 2000
KINDS = {
    "report_entered": "Báo cáo được nhập thay",
    "objection_answered": "Trả lời ý kiến về báo cáo nhập thay",
}
End = Substitution.End


def acting(by: Actor, report: Report) -> Actor:
    """``by``, for the unit and on the basis of the entering that goes on; as it is for the unit's own people."""
    entry = report.substitution
    if entry is None or not entry.is_running or by.user is None:
        return by
    if by.user.unit_id == report.unit_id:
        return by
    return _for_unit(by, entry, report)


def _for_unit(by: Actor, entry: Substitution, report: Report) -> Actor:
    return replace(by, for_unit=report.unit, basis=entry.basis_words, basis_date=entry.basis_date)


# -- Entering -----------------------------------------------------------------------------------


def typed_by_unit(report: Report) -> str | None:
    """Why the office cannot enter ``report``: something of the unit's is in it; None where nothing is."""
    name = report.unit.name
    if report.state == State.RETURNED:
        last = report.versions.order_by("-number").first()
        as_sent = last is not None and not any(
            one.is_change for one in compare(last.content, content_of(report))
        )
        if as_sent and not report.unread:
            return None
        return f"{name} đã sửa tiếp báo cáo sau khi được trả lại; phần sửa chỉ đơn vị xem được."
    empty = not (
        report.text.strip()
        or report.difficulties.strip()
        or report.unread
        or report.answers.exists()
        or report.evidence.exists()
    )
    return None if empty else f"{name} đang soạn báo cáo này; bản đang soạn chỉ đơn vị xem được."


@transaction.atomic
def start(*, report: Report, by: Actor, kind: str, basis: str, basis_date: dt.date) -> Substitution:
    """Begin to enter ``report`` for its unit; Refused where somebody does already, or the unit has typed something.

    PermissionDenied where the office may not enter it at all.
    """
    basis = clean(basis)
    _refuse_basis(kind, basis, basis_date)
    current = lock(report)
    if by.user is None:
        raise Refused("Chỉ người của Văn phòng Sở nhập thay được.")
    require(by.user, "report_enter", current)
    if current.being_entered:
        raise Refused("Báo cáo này đang được nhập thay.")
    reason = typed_by_unit(current)
    if reason:
        raise Refused(reason)
    # One left behind by a file of results that took the place of what was being entered.
    _running(current).update(ended_at=timezone.now(), ended_by=by.user, end=End.STOPPED)
    entry = Substitution.objects.create(
        report=current, kind=kind, basis=basis, basis_date=basis_date, by=by.user
    )
    _point(report, entry)
    record(
        by=_for_unit(by, entry, report),
        agency=report.unit.agency_id,
        action="Bắt đầu nhập thay đơn vị",
        of=report,
    )
    return entry


def _refuse_basis(kind: str, basis: str, basis_date: dt.date) -> None:
    if kind not in Substitution.Kind.values:
        raise Refused("Chưa chọn loại căn cứ.")
    if not basis or len(basis) > Substitution.BASIS_LIMIT:
        raise Refused(f"Hãy ghi căn cứ, tối đa {Substitution.BASIS_LIMIT} ký tự.")
    if basis_date > timezone.localdate():
        raise Refused(f"Ngày của căn cứ {basis_date:%d/%m/%Y} ở sau ngày hôm nay.")


@transaction.atomic
def stop(*, report: Report, by: Actor) -> bool:
    """The office enters it no longer, what is typed stays with the unit; False where it did not (any more)."""
    return _give_to_unit(report, by, End.STOPPED, "Thôi nhập thay đơn vị")


@transaction.atomic
def take_over(*, report: Report, by: Actor) -> bool:
    """The unit goes on itself with what the office has typed; False where the office enters it no longer."""
    return _give_to_unit(report, by, End.TAKEN_OVER, "Đơn vị tự làm, không để nhập thay")


def _give_to_unit(report: Report, by: Actor, end: End, action: str) -> bool:
    current = lock(report)
    entry = current.substitution
    if entry is None or not current.being_entered:
        return False
    _running(current).update(ended_at=timezone.now(), ended_by=by.user, end=end)
    _point(report, None)
    record(by=acting(by, current), agency=current.unit.agency_id, action=action, of=current)
    return True


@transaction.atomic
def send(*, report: Report, by: Actor) -> bool:
    """Send what was entered for the unit and tell it; False where it was sent already. Refused as any submission."""
    sent = services.submit(report=report, by=by)
    if not sent:
        return False
    _running(report).update(ended_at=report.submitted_at, ended_by=by.user, end=End.SENT)
    report.refresh_from_db()
    step = report.transitions.filter(action=Action.SUBMIT).latest("at", "id")
    _tell(report, step, "report_entered")
    return True


def _running(report: Report) -> Any:
    return Substitution.objects.filter(report=report, ended_at__isnull=True)


def _point(report: Report, entry: Substitution | None) -> None:
    """Who has the form of the report open now saves nothing more without being told (R14)."""
    Report.objects.filter(pk=report.pk).update(
        substitution=entry, version=F("version") + 1, updated_at=timezone.now()
    )
    report.refresh_from_db()


# -- The unit's objection -----------------------------------------------------------------------


@transaction.atomic
def object_to(*, report: Report, by: Actor, text: str) -> bool:
    """The unit says what is wrong with what was sent for it; False where it has said so before.

    Until the office answers, the report is not accepted.
    """
    text = clean_paragraphs(text)
    if not text:
        raise Refused("Hãy ghi ý kiến của đơn vị.")
    if len(text) > TEXT_LIMIT:
        raise Refused(f"Ý kiến dài quá {TEXT_LIMIT} ký tự; hãy rút gọn.")
    current = lock(report)
    entry = current.substitution
    if entry is None or not entry.is_sent or current.state != State.SUBMITTED:
        raise Refused("Chỉ có ý kiến được về báo cáo nhập thay đang chờ duyệt.")
    changed = Substitution.objects.filter(pk=entry.pk, objected_at__isnull=True).update(
        objection=text, objected_at=timezone.now(), objected_by=by.user
    )
    if changed:
        report.refresh_from_db()
        record(
            by=by,
            agency=current.unit.agency_id,
            action="Đơn vị có ý kiến về báo cáo nhập thay",
            of=current,
            reason=text,
        )
    return bool(changed)


@transaction.atomic
def answer_objection(*, report: Report, by: Actor, answer: str) -> bool:
    """The office says why what it entered stands; the unit is told. False where nothing waits for an answer."""
    answer = clean_paragraphs(answer)
    if not answer:
        raise Refused("Hãy ghi lý do giữ nguyên báo cáo; đơn vị sẽ đọc được.")
    if len(answer) > TEXT_LIMIT:
        raise Refused(f"Trả lời dài quá {TEXT_LIMIT} ký tự; hãy rút gọn.")
    current = lock(report)
    entry = current.substitution
    changed = entry is not None and Substitution.objects.filter(
        pk=entry.pk, objected_at__isnull=False, answered_at__isnull=True
    ).update(answer=answer, answered_at=timezone.now(), answered_by=by.user)
    if changed:
        report.refresh_from_db()
        step = record(
            by=by,
            agency=current.unit.agency_id,
            action="Trả lời ý kiến về báo cáo nhập thay",
            of=current,
            reason=answer,
        )
        _tell(report, step, "objection_answered")
    return bool(changed)


def _tell(report: Report, step: HistoryRow, template: str) -> None:
    """Tell the unit's heads and the report's assignee; where it has neither, everybody of it who writes."""
    people = User.objects.with_role("head", "reporter").filter(unit_id=report.unit_id)
    everybody = list(people.select_related("unit__agency"))
    chosen = [p for p in everybody if p.is_head or p.pk == report.assignee_id] or everybody
    for person in chosen:
        mail.put(
            key=f"{template}:{step.pk}:{person.pk}",
            kind=template,
            user=person,
            template=template,
            context={"report": report, "entry": report.substitution, "by": step.actor_name},
        )
