"""``cchc-plan/1``: what a plan's file may say, and the faults between its parts. Reads no database."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from accounts.reading import Code, Day, Entry, Number, Text, Year, number, refuse
from accounts.text import clean
from plans import targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from accounts.reading import Fault, Source

ROLES = ("lead", "coordinate", "consolidate", "implement")
PREVIOUS_YEAR = "previous_year"
WITH_TARGET = {"ratio", "count", "amount"}
WITH_DUE = {"document", "date"}
_DAY_OF_YEAR = re.compile(r"([0-9]{1,2})\s*/\s*([0-9]{1,2})")


def day_of_year(text: str) -> tuple[int, int]:
    """``"20/11"`` as (20, 11); ValueError for what is not a day of every year."""
    found = _DAY_OF_YEAR.fullmatch(text.strip())
    if not found:
        raise ValueError(text)
    day, month = int(found[1]), int(found[2])
    dt.date(2019, month, day)  # a year without 29/02: the plan may run for several
    return day, month


def _due_before(value: Any) -> Any:
    try:
        day, month = day_of_year(value)
    except (ValueError, TypeError, AttributeError):
        if value is None:
            refuse("không được để trống")
        hint = " (năm nhuận mới có)" if str(value).replace("0", "") in {"29/2"} else ""
        refuse(f'«{str(value)[:40]}» không phải là một ngày trong năm{hint}, ví dụ "20/11"')
    if (day, month) == (1, 1):
        refuse("«trước ngày 01/01» là trước khi năm bắt đầu")
    return day, month


def _target(value: Any) -> Decimal | str | None:
    if value is None:
        return None
    if isinstance(value, str):
        if value.strip() == PREVIOUS_YEAR:
            return PREVIOUS_YEAR
        if not any(char.isdigit() for char in value):
            refuse(f"«{value[:60]}» không phải là số, cũng không phải «{PREVIOUS_YEAR}»")
    return _not_negative(number(value))


def _not_negative(value: Decimal) -> Decimal:
    return refuse("không được âm") if value < 0 else value


DueBefore = Annotated[tuple[int, int], BeforeValidator(_due_before)]
Positive = Annotated[int, Field(ge=1, le=9999)]
Short = Annotated[Text, Field(max_length=60)]
AreaCode = Annotated[Code, Field(max_length=20)]
Codes = Annotated[list[Code], Field(min_length=1)]
NotNegative = Annotated[Number, AfterValidator(_not_negative)]


class AgencyEntry(Entry):
    code: Code
    name: Annotated[Text, Field(max_length=200)]
    province: Annotated[Text, Field(max_length=100)] | None = None


class LegalBasisEntry(Entry):
    number: Short | None = None
    issued_on: Day | None = None
    issuer: Annotated[Text, Field(max_length=200)] | None = None
    subject: Annotated[Text, Field(max_length=500)]


class BaselineEntry(Entry):
    year: Year
    index: Annotated[NotNegative, Field(le=Decimal(999))]
    rank: Positive | None = None
    ranked_agencies: Positive | None = None


class ObjectivesEntry(Entry):
    general: list[Text] = []
    maintain: list[AreaCode] = []


class PeriodEntry(Entry):
    """A period before the final one (R4): each plan year has it."""

    kind: Literal["q1", "h1", "q3"]
    due_before: DueBefore


class PlanEntry(Entry):
    code: Annotated[Code, Field(max_length=60)]
    title: Annotated[Text, Field(max_length=500)]
    number: Short | None = None
    issued_on: Day | None = None
    issued_at: Annotated[Text, Field(max_length=100)] | None = None
    signed_by: Annotated[Text, Field(max_length=100)] | None = None
    years: Annotated[list[Year], Field(min_length=1)]
    due_before: DueBefore
    receiving_unit: Code | None = None
    recipients: list[Text] = []
    legal_basis: list[LegalBasisEntry] = []
    baseline: BaselineEntry | None = None
    objectives: ObjectivesEntry = ObjectivesEntry()
    periods: list[PeriodEntry] = []


class UnitEntry(Entry):
    code: Code
    name: Annotated[Text, Field(max_length=200)]
    kind: Literal["office", "division", "subordinate", "leadership"] = "division"
    placeholder: bool = False


class GroupEntry(Entry):
    code: Code
    name: Annotated[Text, Field(max_length=200)]
    members: Codes


class AssignmentsEntry(Entry):
    """Role → codes of units and groups."""

    lead: Codes | None = None
    coordinate: Codes | None = None
    consolidate: Codes | None = None
    implement: Codes | None = None

    def pairs(self) -> Iterator[tuple[str, str]]:
        """(role, code), in the order of :data:`ROLES`."""
        for role in ROLES:
            for code in getattr(self, role) or ():
                yield role, code


class DueEntry(Entry):
    quarter: Annotated[int, Field(ge=1, le=4)]
    year_offset: Annotated[int, Field(ge=-5, le=5)] = 0


class IndicatorEntry(Entry):
    code: Code
    name: Annotated[Text, Field(max_length=500)]
    kind: Literal["ratio", "count", "amount", "boolean", "document", "date"]
    op: Literal[">=", ">", "=", "<=", "<"] | None = None
    target: Annotated[Any, BeforeValidator(_target)] = None  # Decimal, PREVIOUS_YEAR or None
    due: DueEntry | None = None
    wording: Annotated[Text, Field(max_length=1000)] | None = None
    assumed: bool = False
    may_exceed: bool = False
    interim: bool = False
    source: Code | None = None
    counted: Annotated[Text, Field(max_length=40)] | None = None


class TaskEntry(Entry):
    code: AreaCode
    title: Annotated[Text, Field(max_length=1000)]
    focus: bool = False
    legal_basis: list[Text] = []
    assignments: AssignmentsEntry = AssignmentsEntry()
    indicators: Annotated[list[IndicatorEntry], Field(min_length=1)] | None = None


class AreaEntry(Entry):
    code: AreaCode
    name: Annotated[Text, Field(max_length=300)]
    assignments: AssignmentsEntry = AssignmentsEntry()
    tasks: Annotated[list[TaskEntry], Field(min_length=1)]


class PlanFile(Entry):
    """One plan with everything that it needs to be understood."""

    format: Literal["cchc-plan/1"] = Field(alias="schema")
    agency: AgencyEntry
    plan: PlanEntry
    units: Annotated[list[UnitEntry], Field(min_length=1)]
    groups: list[GroupEntry] = []
    areas: Annotated[list[AreaEntry], Field(min_length=1)]

    @property
    def tasks(self) -> list[TaskEntry]:
        return [task for area in self.areas for task in area.tasks]

    @property
    def periods(self) -> int:
        return len(self.plan.years) * (1 + len(self.plan.periods))

    def figures(self) -> str:
        """The last line of ``import_plan``."""
        indicators = sum(len(task.indicators or ()) for task in self.tasks)
        return (
            f"{len(self.areas)} areas, {len(self.tasks)} tasks, {indicators} indicators, "
            f"{len(self.units)} units, {self.periods} periods"
        )


# -- Between the parts: over the file as read, whatever shape it has -------------------------------


def cross_checks(source: Source) -> Iterator[Fault]:
    """Codes that do not exist or come twice, and what does not fit together. Says nothing of shapes."""
    data = source.data if isinstance(source.data, dict) else {}
    units, groups, areas = (_entries(data, key) for key in ("units", "groups", "areas"))
    tasks = [
        ((*path, *below), task) for path, area in areas for below, task in _entries(area, "tasks")
    ]
    indicators = [
        ((*path, *below), indicator)
        for path, task in tasks
        for below, indicator in _entries(task, "indicators")
    ]
    for entries, what in (
        (units + groups, "đơn vị hoặc nhóm"),
        (areas, "lĩnh vực"),
        (tasks, "nhiệm vụ"),
        (indicators, "chỉ tiêu"),
    ):
        yield from _twice(source, entries, what)
    unit_codes, group_codes, area_codes = (_codes(part) for part in (units, groups, areas))
    for path, group in groups:
        for below, code in _words(group, "members"):
            yield from _known(source, code, unit_codes, "đơn vị", *path, *below)
        yield from _repeated(source, group, path, "members")
    plan = _part(data, "plan")
    yield from _plan(source, plan, unit_codes, area_codes)
    both = [*unit_codes, *group_codes]
    for path, place in areas + tasks:
        named = _part(place, "assignments")
        for role in ROLES:
            for below, code in _words(named, role):
                yield from _known(source, code, both, "đơn vị, nhóm", *path, "assignments", *below)
            yield from _repeated(source, named, (*path, "assignments"), role)
    for path, area in areas:
        yield from _nobody(source, area, path)
    for path, indicator in indicators:
        yield from _indicator(source, indicator, path)
        answering = indicator.get("source")
        if isinstance(answering, str):
            yield from _known(source, clean(answering), unit_codes, "đơn vị", *path, "source")


Path = tuple[str | int, ...]
Entries = list[tuple[Path, dict[str, Any]]]


def _plan(
    source: Source, plan: dict[str, Any], units: list[str], areas: list[str]
) -> Iterator[Fault]:
    receiving = plan.get("receiving_unit")
    if isinstance(receiving, str):
        yield from _known(source, clean(receiving), units, "đơn vị", "plan", "receiving_unit")
    objectives = _part(plan, "objectives")
    for below, code in _words(objectives, "maintain"):
        yield from _known(source, code, areas, "lĩnh vực", "plan", "objectives", *below)
    yield from _repeated(source, objectives, ("plan", "objectives"), "maintain")
    years = plan.get("years")
    if isinstance(years, list):
        for index, year in enumerate(years):
            if isinstance(year, int) and year in years[:index]:
                yield source.fault(f"năm {year} có hai lần", "plan", "years", index)
    baseline = _part(plan, "baseline")
    rank, ranked = baseline.get("rank"), baseline.get("ranked_agencies")
    if isinstance(rank, int) and isinstance(ranked, int) and rank > ranked:
        yield source.fault(f"hạng {rank} trong {ranked} cơ quan", "plan", "baseline", "rank")
    kinds: list[Any] = []
    for path, period in _entries(plan, "periods"):
        if period.get("kind") in kinds:
            yield source.fault(f"kỳ «{period['kind']}» có hai lần", "plan", *path, "kind")
        kinds.append(period.get("kind"))
        early, final = (_month_day(one.get("due_before")) for one in (period, plan))
        if early and final and early >= final:
            yield source.fault("phải trước ngày của kỳ cả năm", "plan", *path, "due_before")


def _month_day(text: Any) -> tuple[int, int] | None:
    try:
        return day_of_year(text)[::-1]
    except (ValueError, TypeError, AttributeError):
        return None


def _nobody(source: Source, area: dict[str, Any], path: Path) -> Iterator[Fault]:
    """An area that nobody leads or implements is nobody's to report (R6), unless each task names somebody."""
    if _reports(area):
        return
    tasks = _entries(area, "tasks")
    left = [_code(task) for _, task in tasks if not _reports(task)]
    if tasks and not left:
        return
    where = f" (nhiệm vụ {', '.join(left[:5])})" if len(left) < len(tasks) else ""
    yield source.fault(
        f"không đơn vị nào chủ trì (lead) hoặc thực hiện (implement){where}, nên không ai báo cáo",
        *path,
        "assignments",
    )


def _reports(place: dict[str, Any]) -> bool:
    named = _part(place, "assignments")
    return any(_words(named, role) for role in ("lead", "implement"))


def _indicator(source: Source, entry: dict[str, Any], path: Path) -> Iterator[Fault]:
    """What the kind of an indicator can have, and what belongs together."""
    kind, op, target = entry.get("kind"), entry.get("op"), entry.get("target")
    kind = kind if isinstance(kind, str) else ""
    if kind in WITH_DUE | {"boolean"}:
        for key in ("op", "target"):
            if entry.get(key) is not None:
                yield source.fault(f"loại «{kind}» không có «{key}»", *path, key)
    elif target is not None and op is None:
        yield source.fault("có «target» nhưng thiếu «op» (so sánh)", *path, "target")
    elif op is not None and target is None:
        yield source.fault("có «op» nhưng thiếu «target» (mức chỉ tiêu)", *path, "op")
    if entry.get("due") is not None and kind in WITH_TARGET | {"boolean"}:
        yield source.fault(f"loại «{kind}» không có «due» (chỉ document, date)", *path, "due")
    if entry.get("may_exceed") is True and kind in (WITH_TARGET | WITH_DUE | {"boolean"}) - {
        "ratio"
    }:
        yield source.fault(f"loại «{kind}» không có «may_exceed» (chỉ ratio)", *path, "may_exceed")
    if kind == "ratio" and entry.get("may_exceed") is not True and op in targets.OPS:
        at = _decimal(target)
        if at is not None and (at > 100 or (at == 100 and op == ">")):
            yield source.fault(
                f"tỷ lệ không thể {targets.OP_TEXT[op]} {target}% khi chưa ghi «may_exceed: true»",
                *path,
                "target",
            )


def _decimal(value: Any) -> Decimal | None:
    try:
        figure = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return None
    return figure if figure is not None and figure.is_finite() else None


def _twice(source: Source, entries: Entries, what: str) -> Iterator[Fault]:
    first: dict[str, Path] = {}
    for path, entry in entries:
        code = _code(entry)
        if not code:
            continue
        # In the database a code comes once whatever its case.
        there = first.setdefault(code.casefold(), path)
        if there != path:
            line = source.line(*there, "code")
            yield source.fault(f"mã {what} «{code}» đã có ở dòng {line}", *path, "code")


def _repeated(source: Source, entry: dict[str, Any], path: Path, key: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for below, code in _words(entry, key):
        if code in seen:
            yield source.fault(f"«{code}» có hai lần", *path, *below)
        seen.add(code)


def _known(
    source: Source, code: str, codes: Iterable[str], what: str, *path: str | int
) -> Iterator[Fault]:
    if not code or code in codes:
        return
    by_fold = {known.casefold(): known for known in codes}
    near = difflib.get_close_matches(code.casefold(), by_fold, n=1, cutoff=0.6)
    hint = f"; có phải «{by_fold[near[0]]}»?" if near else ""
    yield source.fault(f"không có {what} mã «{code}»{hint}", *path)


def _part(data: Any, key: str) -> dict[str, Any]:
    part = data.get(key) if isinstance(data, dict) else None
    return part if isinstance(part, dict) else {}


def _entries(data: dict[str, Any], key: str) -> Entries:
    part = data.get(key)
    if not isinstance(part, list):
        return []
    return [((key, index), entry) for index, entry in enumerate(part) if isinstance(entry, dict)]


def _words(data: dict[str, Any], key: str) -> list[tuple[Path, str]]:
    part = data.get(key)
    if not isinstance(part, list):
        return []
    return [((key, n), clean(word)) for n, word in enumerate(part) if isinstance(word, str)]


def _code(entry: dict[str, Any]) -> str:
    # A code without quotes is a number, which the schema refuses; it is the same code all the same.
    code = entry.get("code")
    return clean(str(code)) if isinstance(code, (str, int)) and not isinstance(code, bool) else ""


def _codes(entries: Entries) -> list[str]:
    return [code for _, entry in entries if (code := _code(entry))]
