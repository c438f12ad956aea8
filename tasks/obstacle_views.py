"""Pages of difficulties: the list, one of them, raising it, and what the office and the leaders do about it (R18)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.http import agency_of
from accounts.models import AuditEntry, Role
from accounts.text import fold
from tasks import obstacles
from tasks.models import Direction, Obstacle, Report
from tasks.obstacle_forms import BasisForm, DirectionRows, ObstacleForm
from tasks.overview import opened_periods
from tasks.permissions import can, require, why_not_finish
from tasks.services import Refused

if TYPE_CHECKING:
    from accounts.http import SignedIn
    from accounts.models import User
    from tasks.models import ObstacleQuerySet

State = Obstacle.State
PAGE = 25
OPEN, OVERDUE, EVERY = "", "qua-han", "tat-ca"
STATES = (
    (OPEN, "Chưa giải quyết xong"),
    (State.RAISED, State.RAISED.label),
    (State.PASSED_ON, State.PASSED_ON.label),
    (State.ANSWERED, State.ANSWERED.label),
    (OVERDUE, "Chỉ đạo quá hạn"),
    (State.CLOSED, State.CLOSED.label),
    (EVERY, "Tất cả"),
)
# What each role looks at first: what waits for it.
ORDER = (State.RAISED, State.PASSED_ON, State.ANSWERED, State.CLOSED)


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; every part of it is in the address."""

    state: str = ""
    unit: str = ""
    period: str = ""
    text: str = ""


def wanted_of(request: SignedIn) -> Wanted:
    get = request.GET
    state = get.get("trang-thai", "")
    return Wanted(
        state=state if state in {name for name, _ in STATES} else "",
        unit=get.get("don-vi", "")[:30],
        period=get.get("ky", "")[:12],
        text=get.get("tim", "").strip()[:200],
    )


def narrowed(seen: ObstacleQuerySet, wanted: Wanted) -> ObstacleQuerySet:
    today = timezone.localdate()
    if wanted.state == OPEN:
        seen = seen.open()
    elif wanted.state == OVERDUE:
        late = Direction.objects.overdue(today).filter(obstacle=OuterRef("pk"))
        seen = seen.filter(Exists(late))
    elif wanted.state != EVERY:
        seen = seen.filter(state=wanted.state)
    if wanted.unit:
        directed = Direction.objects.filter(owner__code=wanted.unit).values("obstacle_id")
        seen = seen.filter(Q(unit__code=wanted.unit) | Q(pk__in=directed))
    if wanted.period.isascii() and wanted.period.isdigit():
        seen = seen.filter(period_id=int(wanted.period))
    if wanted.text:
        words = fold(wanted.text).split()
        texts = seen.order_by().values_list("pk", "text", "proposal", "outcome", "unit__name")
        hits = [pk for pk, *parts in texts if _holds(fold(" ".join(parts)), words)]
        seen = seen.filter(pk__in=hits)
    return seen


def _holds(text: str, words: list[str]) -> bool:
    return all(word in text for word in words)


def counts_of(user: User) -> dict[str, int]:
    """How many are open in each state, and how many directions are overdue. Two queries."""
    seen = Obstacle.objects.visible_to(user)
    found = dict(seen.order_by().values_list("state").annotate(Count("pk")))
    counts = {state.value: found.get(state, 0) for state in State if state != State.CLOSED}
    overdue = Direction.objects.visible_to(user).overdue(timezone.localdate())
    return {**counts, "overdue": overdue.count()}


@require_safe
@signed_in
def obstacle_list(request: SignedIn) -> HttpResponse:
    """What the person may see, open ones first; as many queries for any number of rows (R36)."""
    user = request.user
    require(user, "obstacle_read")
    wanted = wanted_of(request)
    order = Case(
        *(When(state=state, then=Value(place)) for place, state in enumerate(ORDER)),
        output_field=IntegerField(),
    )
    rows = (
        narrowed(Obstacle.objects.visible_to(user), wanted)
        .select_related("unit", "task", "period", "raised_by")
        .prefetch_related("directions__owner")
        .order_by(order, F("closed_at").desc(nulls_first=True), "raised_at", "pk")
    )
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "tasks/obstacle_list.html",
        {
            "page": page,
            "wanted": wanted,
            "narrowed": wanted != Wanted(),
            "any": Obstacle.objects.visible_to(user).exists(),
            "states": STATES[:1] + STATES[2:] if _only_leads(user) else STATES,
            "counts": counts_of(user),
            "units": agency_of(request).units.all() if can(user, "overview") else [],
            "periods": opened_periods(user),
            "today": timezone.localdate(),
            "office": user.is_coordinator,
            "may_raise": can(user, "obstacle_raise"),
        },
    )


def _only_leads(user: User) -> bool:
    """Sees nothing before the office has passed it on."""
    return not user.roles & {Role.COORDINATOR, Role.HEAD, Role.REPORTER}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def obstacle_raise(request: SignedIn) -> HttpResponse:
    """A unit says what it cannot solve alone; ``?bao-cao=`` fills in what its report says of it."""
    user = request.user
    require(user, "obstacle_raise")
    assert user.unit is not None
    unit = user.unit
    periods = [period for period in opened_periods(user) if not period.is_closed()]
    report = _report_of(request)
    if report is not None and report.period not in periods:
        periods.append(report.period)
    if request.method == "POST":
        form = ObstacleForm(request.POST, unit=unit, periods=periods)
        if form.is_valid():
            data = form.cleaned_data
            try:
                obstacle = obstacles.raise_obstacle(
                    unit=unit,
                    by=Actor.in_first(request, Role.HEAD, Role.REPORTER),
                    text=data["text"],
                    proposal=data["proposal"],
                    report=data["report"],
                )
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "Đã gửi vướng mắc cho Văn phòng Sở.")
                return redirect("obstacle_detail", obstacle.pk)
    else:
        initial = {"report": report.pk, "text": report.difficulties} if report else {}
        form = ObstacleForm(initial=initial, unit=unit, periods=periods)
    open_ones = Obstacle.objects.visible_to(user).open().filter(unit=unit)
    return render(
        request,
        "tasks/obstacle_form.html",
        {
            "form": form,
            "report": report,
            "open_ones": open_ones.filter(report=report) if report else [],
        },
        status=422 if form.errors else 200,
    )


def _report_of(request: SignedIn) -> Report | None:
    """404 for another agency's report, 403 for another unit's."""
    wanted = request.GET.get("bao-cao", "")
    if not wanted:
        return None
    report = get_object_or_404(
        Report.objects.in_agency_of(request.user).with_names(),
        pk=int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else 0,
    )
    if report.unit_id != request.user.unit_id:
        raise PermissionDenied("Chỉ nêu vướng mắc từ báo cáo của chính đơn vị mình.")
    return report


def get_obstacle(user: User, pk: int) -> Obstacle:
    """404 for another agency's, 403 for one the person may not read yet."""
    require(user, "obstacle_read")
    named = Obstacle.objects.select_related(
        "unit", "task__area", "period__plan", "report", "raised_by"
    )
    obstacle = get_object_or_404(named.filter(agency=user.agency), pk=pk)
    if not Obstacle.objects.visible_to(user).filter(pk=pk).exists():
        raise PermissionDenied(
            "Vướng mắc này Văn phòng Sở đang xem, chưa trình Lãnh đạo Sở."
            if user.is_leader
            else "Chỉ đơn vị nêu, đơn vị được giao thực hiện, Văn phòng Sở và Lãnh đạo Sở xem được vướng mắc này."
        )
    return obstacle


@require_safe
@signed_in
def obstacle_detail(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, get_obstacle(request.user, pk))


def _page(
    request: SignedIn,
    obstacle: Obstacle,
    *,
    error: str = "",
    failed: str = "",
    rows: DirectionRows | None = None,
    basis: BasisForm | None = None,
) -> HttpResponse:
    """The page; after a refusal with what was typed into the form ``failed`` and why (422)."""
    user = request.user
    agency = agency_of(request)
    directions = list(obstacle.directions.select_related("owner"))
    is_open = obstacle.state != State.CLOSED
    may_direct = can(user, "obstacle_direct") and obstacle.state in {
        State.PASSED_ON,
        State.ANSWERED,
    }
    may_record = can(user, "direction_record") and is_open
    left = sum(direction.done_at is None for direction in directions)
    may_close = can(user, "obstacle_close") and is_open
    return render(
        request,
        "tasks/obstacle_detail.html",
        {
            "obstacle": obstacle,
            "directions": [
                (
                    direction,
                    is_open and why_not_finish(user, direction) is None,
                    f"done-{direction.pk}",  # the form's name, as ``failed``
                )
                for direction in directions
            ],
            "today": timezone.localdate(),
            "history": _history(obstacle, directions),
            "report_readable": obstacle.report is not None
            and Report.objects.visible_to(user).filter(pk=obstacle.report.pk).exists(),
            "may_pass_on": can(user, "obstacle_pass_on") and obstacle.state == State.RAISED,
            "direct_rows": _rows(request, obstacle, rows, failed, "direct") if may_direct else None,
            "record_rows": _rows(request, obstacle, rows, failed, "record") if may_record else None,
            "basis": (basis or BasisForm(agency=agency)) if may_record else None,
            "may_close": may_close and not left,
            "left": left if may_close else 0,
            "reason_to_close": not directions and not user.is_leader,
            "may_reopen": can(user, "obstacle_reopen") and not is_open,
            "error": error,
            "failed": failed,
            "typed": request.POST,
        },
        status=422 if failed else 200,
    )


def _rows(
    request: SignedIn, obstacle: Obstacle, rows: DirectionRows | None, failed: str, name: str
) -> DirectionRows:
    if rows is not None and failed == name:
        return rows
    return DirectionRows(agency_of(request), prefix=name, owner=obstacle.unit)


def _history(obstacle: Obstacle, directions: list[Direction]) -> list[AuditEntry]:
    ids = [direction.pk for direction in directions]
    of_these = Q(object_type=Obstacle._meta.label_lower, object_id=obstacle.pk)
    of_these |= Q(object_type=Direction._meta.label_lower, object_id__in=ids)
    found = AuditEntry.objects.filter(of_these, agency=obstacle.agency_id)
    return list(found.select_related("for_unit").order_by("-at", "-pk"))


@require_POST
@signed_in
def obstacle_pass_on(request: SignedIn, pk: int) -> HttpResponse:
    require(request.user, "obstacle_pass_on")
    obstacle = get_obstacle(request.user, pk)
    try:
        passed = obstacles.pass_on(
            obstacle=obstacle,
            by=Actor.in_first(request, Role.COORDINATOR),
            note=request.POST.get("note", ""),
        )
    except Refused as error:
        return _page(request, obstacle, error=str(error), failed="pass_on")
    if passed:
        messages.success(request, "Đã trình Lãnh đạo Sở và gửi thư báo.")
    else:
        messages.info(request, "Vướng mắc này đã được trình Lãnh đạo Sở.")
    return redirect("obstacle_detail", pk)


@require_POST
@signed_in
def obstacle_direct(request: SignedIn, pk: int) -> HttpResponse:
    """A leader's answer: one or more directions."""
    user = request.user
    require(user, "obstacle_direct")
    obstacle = get_obstacle(user, pk)
    rows = DirectionRows(agency_of(request), request.POST, prefix="direct", owner=obstacle.unit)
    if not rows.is_valid():
        return _page(request, obstacle, failed="direct", rows=rows)
    try:
        given = obstacles.direct(
            obstacle=obstacle,
            by=Actor.in_first(request, Role.LEADER),
            leader=user,
            directions=rows.given,
        )
    except Refused as error:
        return _page(request, obstacle, error=str(error), failed="direct", rows=rows)
    _say_given(request, len(given))
    return redirect("obstacle_detail", pk)


@require_POST
@signed_in
def direction_record(request: SignedIn, pk: int) -> HttpResponse:
    """The office writes down what a leader directed on paper or at a briefing (R2b)."""
    require(request.user, "direction_record")
    obstacle = get_obstacle(request.user, pk)
    agency = agency_of(request)
    rows = DirectionRows(agency, request.POST, prefix="record", owner=obstacle.unit)
    basis = BasisForm(request.POST, agency=agency)
    if not all([rows.is_valid(), basis.is_valid()]):
        return _page(request, obstacle, failed="record", rows=rows, basis=basis)
    try:
        given = obstacles.direct(
            obstacle=obstacle,
            by=Actor.in_first(request, Role.COORDINATOR),
            leader=basis.cleaned_data["leader"],
            given_on=basis.cleaned_data["given_on"],
            basis=basis.cleaned_data["basis"],
            directions=rows.given,
        )
    except Refused as error:
        return _page(request, obstacle, error=str(error), failed="record", rows=rows, basis=basis)
    _say_given(request, len(given))
    return redirect("obstacle_detail", pk)


def _say_given(request: SignedIn, count: int) -> None:
    if count:
        messages.success(request, f"Đã ghi {count} ý kiến chỉ đạo và gửi thư báo các đơn vị.")
    else:
        messages.info(request, "Ý kiến chỉ đạo này đã được ghi trước đó.")


@require_POST
@signed_in
def direction_done(request: SignedIn, pk: int, direction_pk: int) -> HttpResponse:
    """The owner says how it carried a direction out; the office may for it."""
    user = request.user
    obstacle = get_obstacle(user, pk)
    direction = get_object_or_404(
        obstacle.directions.select_related("owner", "leader__unit__agency", "obstacle__unit"),
        pk=direction_pk,
    )
    reason = why_not_finish(user, direction)
    if reason:
        raise PermissionDenied(reason)
    roles = (
        (Role.HEAD, Role.REPORTER, Role.COORDINATOR)
        if direction.owner_id == user.unit_id
        else (Role.COORDINATOR,)
    )
    try:
        done = obstacles.finish(
            direction=direction,
            by=Actor.in_first(request, *roles),
            note=request.POST.get("note", ""),
        )
    except Refused as error:
        return _page(request, obstacle, error=str(error), failed=f"done-{direction.pk}")
    if done:
        messages.success(request, "Đã ghi kết quả thực hiện ý kiến chỉ đạo.")
    else:
        messages.info(request, "Ý kiến chỉ đạo này đã được báo thực hiện xong.")
    return redirect("obstacle_detail", pk)


@require_POST
@signed_in
def obstacle_close(request: SignedIn, pk: int) -> HttpResponse:
    require(request.user, "obstacle_close")
    obstacle = get_obstacle(request.user, pk)
    try:
        closed = obstacles.close(
            obstacle=obstacle,
            by=Actor.in_first(request, Role.COORDINATOR, Role.LEADER),
            outcome=request.POST.get("outcome", ""),
            reason=request.POST.get("reason", ""),
        )
    except Refused as error:
        obstacle.refresh_from_db(fields=["state"])
        return _page(request, obstacle, error=str(error), failed="close")
    if closed:
        messages.success(request, "Đã đóng vướng mắc và gửi thư báo đơn vị.")
    else:
        messages.info(request, "Vướng mắc này đã được đóng trước đó.")
    return redirect("obstacle_detail", pk)


@require_POST
@signed_in
def obstacle_reopen(request: SignedIn, pk: int) -> HttpResponse:
    require(request.user, "obstacle_reopen")
    obstacle = get_obstacle(request.user, pk)
    try:
        reopened = obstacles.reopen(
            obstacle=obstacle,
            by=Actor.in_first(request, Role.COORDINATOR, Role.LEADER),
            reason=request.POST.get("reason", ""),
        )
    except Refused as error:
        return _page(request, obstacle, error=str(error), failed="reopen")
    if reopened:
        messages.success(request, "Đã mở lại vướng mắc và gửi thư báo.")
    else:
        messages.info(request, "Vướng mắc này đang mở.")
    return redirect("obstacle_detail", pk)
