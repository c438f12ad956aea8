"""What each role may do with reports, periods and reminders (R2, R3). The only place that says so.

Every view, download, partial and job asks here: first the row through ``visible_to`` or
``in_agency_of`` (404), then one capability (403, with the reason).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.utils import timezone

from accounts.models import Role
from accounts.permissions import allows, refuse_unless
from tasks.models import Report
from tasks.states import EDITABLE, Action, State

if TYPE_CHECKING:
    import datetime as dt

    from accounts.models import User
    from tasks.models import Direction, Explanation

UNIT = frozenset({Role.REPORTER, Role.HEAD})
HEAD = frozenset({Role.HEAD})
OFFICE = frozenset({Role.COORDINATOR})
OVERSIGHT = frozenset({Role.COORDINATOR, Role.LEADER})

TABLE = {
    # Of one's own only: the address of one's calendar.
    "calendar_own": frozenset(Role),
    # Of one's own unit only.
    "unit_todo": UNIT,
    "report_write": UNIT,
    "report_hand_up": frozenset({Role.REPORTER}),
    "report_hand_back": HEAD,
    "report_submit": HEAD,
    "report_take_over": UNIT,  # from the office that enters it for the unit (R2b)
    "report_object": UNIT,  # to what the office sent for the unit
    "document_write": UNIT,
    "contribute": UNIT,  # to tasks one's own unit coordinates in (tasks.contributions)
    # Of the whole agency.
    "register_read": UNIT | OVERSIGHT,
    "document_correct": OFFICE,
    "faults_read": UNIT | OVERSIGHT,
    "overview": OVERSIGHT,
    "review": OFFICE,
    "report_accept": OFFICE,
    "report_return": OFFICE,
    "report_reopen": OFFICE,
    "report_release": OFFICE,
    "report_correct": OFFICE,
    "report_enter": OFFICE,  # for its unit, on a basis (R2b); which, says tasks.substitutions
    "result_write": UNIT | OFFICE,  # of a task one's own unit merges (tasks.results.Merging)
    "result_approve": OFFICE,
    "result_reopen": OFFICE,
    "period_manage": OFFICE,
    "history_read": frozenset(Role),  # each as far as the rows may be known (tasks.trail)
    "reminders_read": frozenset({Role.COORDINATOR, Role.LEADER, Role.ADMINISTRATOR}),
    "mail_retry": frozenset({Role.COORDINATOR, Role.ADMINISTRATOR}),
    # Obstacles: which ones, says Obstacle.objects.visible_to.
    "obstacle_read": UNIT | OVERSIGHT,
    "obstacle_raise": UNIT,  # of one's own unit
    "obstacle_pass_on": OFFICE,
    "obstacle_direct": frozenset({Role.LEADER}),
    "direction_record": OFFICE,  # given on paper (R2b)
    "direction_done": UNIT | OFFICE,  # the owner's own, the office for it
    "obstacle_close": OVERSIGHT,
    "obstacle_reopen": OVERSIGHT,
    # Explanations: which ones, says Explanation.objects.visible_to.
    "explanation_read": UNIT | OVERSIGHT,
    "explanation_write": UNIT,  # of one's own unit (why_not_explain)
    "explanation_send": HEAD,
    "explanation_ask": OFFICE,
    "explanation_return": OFFICE,
    "explanation_take": OFFICE,
    "explanation_withdraw": OFFICE,
}
WRITING = frozenset({"report_write", "report_hand_up", "report_hand_back", "report_submit"})
OF_OWN_UNIT = WRITING | {"report_take_over", "report_object"}
# What who enters a report for its unit may do with it, as long as that goes on.
FOR_THE_UNIT = frozenset({"report_write", "report_submit"})
IN_A_LIVE_PERIOD = OF_OWN_UNIT | {
    "report_accept",
    "report_return",
    "report_reopen",
    "report_release",
    "report_correct",
    "report_enter",
}


def can(user: User, action: str, report: Report | None = None) -> bool:
    return why_not(user, action, report) is None


def require(user: User, action: str, report: Report | None = None) -> None:
    """403 with the reason (R3: a locked page says why)."""
    if report is None:
        refuse_unless(TABLE, user, action)
        return
    reason = why_not(user, action, report)
    if reason:
        raise PermissionDenied(reason)


def why_not(
    user: User, action: str, report: Report | None = None, *, on: dt.date | None = None
) -> str | None:
    """Why ``user`` may not do ``action`` (with ``report``), in Vietnamese; None where they may."""
    if report is None:
        return None if allows(TABLE, user, action) else "Vai trò của bạn không làm được việc này."
    if report.unit.agency_id != user.agency_id:  # a view has said 404 before; a job may not have
        return "Báo cáo này không thuộc cơ quan của bạn."
    for_the_unit = action in FOR_THE_UNIT and enters(user, report)
    if action in OF_OWN_UNIT and report.unit_id != user.unit_id and not for_the_unit:
        return f"Báo cáo này của {report.unit.name}; chỉ đơn vị đó được sửa và gửi."
    if not allows(TABLE, user, action) and not for_the_unit:
        if action == "report_submit":
            return "Chỉ trưởng đơn vị được gửi báo cáo cho Văn phòng Sở. Hãy trình trưởng đơn vị."
        return "Vai trò của bạn không làm được việc này."
    if action in IN_A_LIVE_PERIOD and report.period.is_closed(on or timezone.localdate()):
        return locked_text(report)
    if report.retired_at:
        return "Nhiệm vụ này đã thôi áp dụng trong kế hoạch; báo cáo chỉ còn để tra cứu."
    if report.released_at and action != "report_release":
        return f"Đơn vị đã được miễn báo cáo này: {report.released_reason.rstrip('. ')}."
    if action in WRITING and report.state not in EDITABLE:
        if report.state == State.SUBMITTED:
            return "Báo cáo đã gửi, đang chờ Văn phòng Sở duyệt. Cần sửa, hãy đề nghị Văn phòng Sở trả lại."
        return "Báo cáo đã được duyệt. Cần sửa, hãy đề nghị Văn phòng Sở mở lại."
    return _why_not_substituted(user, action, report, for_the_unit=for_the_unit)


def enters(user: User, report: Report) -> bool:
    """Is ``user`` of the office that enters this report for its unit now (R2b)?"""
    return (
        report.being_entered
        and report.unit_id != user.unit_id
        and allows(TABLE, user, "report_enter")
    )


def _why_not_substituted(
    user: User, action: str, report: Report, *, for_the_unit: bool
) -> str | None:
    """What the office's entering for a unit, and the unit's objection to it, leave open."""
    if action in WRITING and report.being_entered and not for_the_unit:
        return (
            "Văn phòng Sở đang nhập thay đơn vị báo cáo này. Muốn tự làm, hãy bấm «Đơn vị tự làm»."
        )
    if action == "report_enter" and report.state not in EDITABLE:
        return "Báo cáo đã được gửi. Cần sửa, hãy đính chính số liệu hoặc trả lại đơn vị."
    if action == "report_enter" and report.unit_id == user.unit_id:
        return "Đây là báo cáo của chính đơn vị bạn; hãy soạn ở «Việc của đơn vị»."
    if action == "report_accept" and report.substitution and report.substitution.is_objected:
        return (
            f"{report.unit.name} có ý kiến về báo cáo được nhập thay. Hãy trả lời ý kiến đó hoặc trả lại "
            "báo cáo trước khi duyệt."
        )
    return None


def why_not_finish(user: User, direction: Direction) -> str | None:
    """Why ``user`` may not say that ``direction`` is carried out; None where they may."""
    if not allows(TABLE, user, "direction_done"):
        return "Vai trò của bạn không làm được việc này."
    if direction.owner_id == user.unit_id and user.roles & UNIT:
        return None
    if allows(TABLE, user, "direction_record"):
        return None
    return f"Ý kiến chỉ đạo này giao {direction.owner.name}; chỉ đơn vị đó báo thực hiện xong."


def why_not_explain(
    user: User, explanation: Explanation, action: str = "explanation_write"
) -> str | None:
    """Why ``user`` may not write (or send) this answer; None where they may."""
    if not allows(TABLE, user, "explanation_write"):
        return "Vai trò của bạn không làm được việc này."
    if explanation.unit_id != user.unit_id:
        return f"Giải trình này của {explanation.unit.name}; chỉ đơn vị đó soạn và gửi."
    if not allows(TABLE, user, action):
        return "Chỉ trưởng đơn vị được gửi giải trình cho Văn phòng Sở. Hãy trình trưởng đơn vị."
    return explanation.locked_text or None


def locked_text(report: Report) -> str:
    period = report.period
    if period.is_history:
        return f"Số liệu {period} là số liệu lịch sử, chỉ để tra cứu."
    day = timezone.localdate(period.closed_at) if period.closed_at else period.closes_on
    return f"Kỳ báo cáo {period} đã khóa ngày {day:%d/%m/%Y}. Cần sửa, hãy đề nghị Văn phòng Sở mở lại kỳ."


def require_read(user: User, report: Report) -> None:
    """The content of ``report``: R3. Call it on a report fetched through ``in_agency_of``."""
    if Report.objects.visible_to(user).filter(pk=report.pk).exists():
        return
    if report.first_submitted_at is None:
        raise PermissionDenied(
            f"{report.unit.name} chưa gửi báo cáo này; bản đang soạn chỉ đơn vị xem được."
        )
    raise PermissionDenied(
        "Chỉ Văn phòng Sở, Lãnh đạo Sở và các đơn vị cùng nhiệm vụ xem được báo cáo này."
    )


def steps_known_to(user: User) -> Q:
    """Which changes of state ``user`` may know of: what a writer and the head say to each other is their unit's (R3)."""
    inside = Q(action__in=[Action.HAND_UP, Action.HAND_BACK])
    if user.roles & UNIT:
        return ~inside | Q(report__unit_id=user.unit_id)
    return ~inside
