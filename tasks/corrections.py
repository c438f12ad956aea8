"""One figure of a report that lies with the office, corrected by it with a reason that the unit sees.

Nothing of the report is sent back and its state stays: the unit is told by mail, and the report's page,
its submissions and the history say what stood there before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from plans.models import Indicator
from plans.wording import target_text
from tasks import answers as rules
from tasks import services
from tasks.answer_forms import Question, questions
from tasks.answer_rows import as_row
from tasks.contents import describe, draft_of
from tasks.models import Answer, Correction, Report
from tasks.states import EXPECTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.history import Actor

PARTS = ("numerator", "denominator", "amount", "holds", "day", "document", "reason")
REASON_LIMIT = 2000


@transaction.atomic
def correct_figure(
    *,
    report: Report,
    indicator: Indicator,
    draft: rules.Draft,
    by: Actor,
    reason: str,
    base_version: int | None = None,
) -> Correction:
    """Write ``draft`` as the answer of ``report`` to ``indicator``; services.Refused says why not.

    ``base_version`` is the version that was looked at: what the unit or a colleague changed since is not
    corrected unseen.
    """
    reason = reason.strip()[:REASON_LIMIT]
    if not reason:
        raise services.Refused("Hãy nêu lý do đính chính; đơn vị sẽ đọc được.")
    now = timezone.now()
    current = Report.objects.select_for_update(of=("self",)).with_names().get(pk=report.pk)
    _refuse_unless_open(current)
    if not services.is_asked(indicator, current) or indicator.task_id != current.task_id:
        raise services.Refused(f"Báo cáo này không trả lời chỉ tiêu {indicator.code}.")
    _refuse_faults(draft, indicator)
    version = current.version if base_version is None else base_version
    changed = Report.objects.filter(pk=current.pk, version=version, state=current.state).update(
        version=version + 1, updated_at=now
    )
    if not changed:
        raise services.Refused(
            "Báo cáo vừa được người khác thay đổi; hãy xem lại số liệu rồi đính chính."
        )
    old = (
        Answer.objects.filter(report=current, indicator=indicator)
        .select_related("document")
        .first()
    )
    before, after = describe(draft_of(old) if old else None) or "", describe(draft) or ""
    if before == after:
        raise services.Refused("Số liệu không khác số đang ghi trong báo cáo.")
    fresh = as_row(current, indicator, draft, old)
    Answer.objects.update_or_create(
        report=current,
        indicator=indicator,
        defaults={"state": fresh.state, **{name: getattr(fresh, name) for name in PARTS}},
    )
    report.refresh_from_db()
    correction = Correction.objects.create(
        **by.columns(),
        report=report,
        indicator=indicator,
        before=before[:1000],
        after=after[:1000],
        reason=reason,
        at=now,
    )
    services.keep_version(report, by=by, at=now, reason=f"Đính chính {indicator.code}: {reason}")
    services.tell_unit(
        report, correction, template="report_corrected", correction=correction, reason=reason
    )
    return correction


def _refuse_unless_open(report: Report) -> None:
    if report.period.is_closed():
        raise services.Refused(f"Kỳ báo cáo {report.period} đã khóa.")
    if report.retired_at or report.released_at:
        raise services.Refused("Đơn vị không còn phải gửi báo cáo này.")
    if report.state not in EXPECTED:
        raise services.Refused(
            "Chỉ đính chính được báo cáo đang chờ duyệt hoặc đã duyệt; báo cáo này đơn vị đang sửa."
        )


def _refuse_faults(draft: rules.Draft, indicator: Indicator) -> None:
    """The same rules, in the same words, as for what a unit types (R7, R7a)."""
    wrong = rules.problems(
        draft, kind=indicator.kind, may_exceed=indicator.may_exceed, today=timezone.localdate()
    )
    faults = list(wrong.values()) or [
        words for _, words in rules.missing(draft, kind=indicator.kind)
    ]
    if faults:
        raise services.Refused(f"{indicator.code}: {faults[0][:1].lower()}{faults[0][1:]}")


def form_name(indicator: int) -> str:
    """How the page calls the form of one figure, when it comes back with a fault."""
    return f"correct-{indicator}"


def to_correct(
    report: Report, typed: Mapping[str, str], failed: str, faults: Mapping[str, str]
) -> list[Question]:
    """The figures of ``report`` as fields; those of the form that ``failed`` as they were typed."""
    indicators = services.asked_indicators(report)
    stored = {answer.indicator_id: answer for answer in report.answers.select_related("document")}
    found = questions(indicators, stored, {}, errors=faults)
    for place, indicator in enumerate(indicators):
        if form_name(indicator.pk) == failed:
            found[place : place + 1] = questions(
                [indicator], stored, {}, errors=faults, typed=typed
            )
    for question in found:
        question.target = target_text(question.indicator, report.period.year)
    return found
