"""What is typed in the report form, read into answers; what cannot be read is kept as it was typed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from accounts.text import clean, clean_paragraphs
from plans.numbers import NotANumber, read_number, show_number
from plans.targets import Kind
from tasks.answers import LABELS, Draft, problems
from tasks.models import Answer
from tasks.services import Content, draft_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from plans.models import Indicator

# The fields each kind of indicator asks for when there is a figure.
FIELDS: Mapping[str, tuple[str, ...]] = {
    Kind.RATIO: ("numerator", "denominator"),
    Kind.COUNT: ("amount",),
    Kind.AMOUNT: ("amount",),
    Kind.BOOLEAN: ("holds",),
    Kind.DOCUMENT: ("number", "issued_on", "issuer"),
    Kind.DATE: ("day",),
}
NUMBERS = frozenset({"numerator", "denominator", "amount"})
DAYS = frozenset({"day", "issued_on"})
LONGEST = {"number": 60, "issuer": 200, "reason": 500}
TEXT_LIMIT = 20_000


@dataclass
class Typed:
    """The form as typed: what was understood, and per field why something was not."""

    content: Content
    errors: dict[str, str] = field(default_factory=dict)


def field_name(indicator: Indicator, name: str) -> str:
    return f"a{indicator.pk}-{name}"


def read_day(text: str) -> dt.date:
    """A day typed as 19/11/2019, 19-11-2019, 19.11.2019 or 2019-11-19; ValueError otherwise."""
    text = text.strip().replace("-", "/").replace(".", "/")
    parts = text.split("/")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(text)
    if len(parts[0]) == 4:
        parts.reverse()
    day, month, year = (int(part) for part in parts)
    return dt.date(year + 2000 if year < 100 else year, month, day)


def read_form(post: Mapping[str, str], indicators: Iterable[Indicator], *, today: dt.date) -> Typed:
    """Read a posted report form. Never fails: what is wrong is named in ``errors`` and kept in ``unread``."""
    typed = Typed(
        Content(
            text=clean_paragraphs(post.get("text", ""))[:TEXT_LIMIT],
            difficulties=clean_paragraphs(post.get("difficulties", ""))[:TEXT_LIMIT],
        )
    )
    for name in ("text", "difficulties"):
        if len(post.get(name, "")) > TEXT_LIMIT:
            typed.errors[name] = (
                f"Nội dung dài quá {show_number(TEXT_LIMIT)} ký tự; phần cuối chưa được lưu."
            )
    for indicator in indicators:
        _read_indicator(post, indicator, typed, today)
    return typed


def _read_indicator(
    post: Mapping[str, str], indicator: Indicator, typed: Typed, today: dt.date
) -> None:
    state = post.get(field_name(indicator, "state"), Answer.State.GIVEN)
    if state not in Answer.State.values:
        state = Answer.State.GIVEN
    names = FIELDS[indicator.kind] if state == Answer.State.GIVEN else ()
    if state in {Answer.State.NOT_ARISING, Answer.State.NOT_OURS}:
        names = ("reason",)
    raw = {name: clean(post.get(field_name(indicator, name), "")) for name in names}
    values: dict[str, object] = {}
    wrong: dict[str, str] = {}
    for name, text in raw.items():
        try:
            values[name] = _read(name, text)
        except ValueError as error:
            wrong[name] = str(error)
    draft = Draft(state=state, **values)  # type: ignore[arg-type]
    if not wrong:
        wrong = dict(
            problems(draft, kind=indicator.kind, may_exceed=indicator.may_exceed, today=today)
        )
    if wrong:
        # Nothing half right is counted: the whole indicator waits, as typed, until it is right.
        typed.errors |= {field_name(indicator, name): message for name, message in wrong.items()}
        typed.content.unread |= {
            field_name(indicator, name): text for name, text in raw.items() if text
        }
        if state != Answer.State.GIVEN:
            typed.content.unread[field_name(indicator, "state")] = state
    elif state != Answer.State.GIVEN or any(raw.values()):
        typed.content.answers[indicator.pk] = draft
        if (
            indicator.kind == Kind.DOCUMENT
            and state == Answer.State.GIVEN
            and not (draft.number and draft.issued_on)
        ):
            # A document is registered once it has number and day; until then it stays as typed.
            del typed.content.answers[indicator.pk]
            typed.content.unread |= {
                field_name(indicator, name): text for name, text in raw.items() if text
            }


def _read(name: str, text: str) -> object:
    if name in NUMBERS:
        if not text:
            return None
        try:
            return read_number(text)
        except NotANumber:
            raise ValueError(
                f"{LABELS[name]} «{text}» không phải là số. Viết như 12 hoặc 9,8."
            ) from None
    if name in DAYS:
        if not text:
            return None
        try:
            return read_day(text)
        except ValueError:
            raise ValueError(f"{LABELS[name]} «{text}» không đúng. Viết như 19/11/2019.") from None
    if name == "holds":
        return {"yes": True, "no": False}.get(text)
    if len(text) > LONGEST[name]:
        raise ValueError(f"{LABELS[name]} dài quá {LONGEST[name]} ký tự.")
    return text


@dataclass
class Input:
    """One field as the page shows it."""

    name: str
    id: str
    label: str
    value: str
    error: str = ""


@dataclass
class Question:
    """One indicator of the form: its state of answer, its fields, and what they say."""

    indicator: Indicator
    state: str
    inputs: list[Input]
    reason: Input
    answered: bool

    @property
    def error(self) -> str:
        return next((i.error for i in [*self.inputs, self.reason] if i.error), "")

    @property
    def states(self) -> list[tuple[str, str]]:
        """The answers this kind allows: a figure, «không phát sinh», «không thuộc đơn vị này» (R7a)."""
        given = {
            Kind.BOOLEAN: "Có / không",
            Kind.DOCUMENT: "Đã ban hành",
            Kind.DATE: "Đã thực hiện",
        }.get(Kind(self.indicator.kind), "Có số liệu")
        found = [(str(Answer.State.GIVEN), given)]
        if self.indicator.kind in {Kind.DOCUMENT, Kind.DATE}:
            found.append(
                (
                    str(Answer.State.MISSING),
                    "Chưa ban hành" if self.indicator.kind == Kind.DOCUMENT else "Chưa thực hiện",
                )
            )
        return [
            *found,
            (str(Answer.State.NOT_ARISING), Answer.State.NOT_ARISING.label),
            (str(Answer.State.NOT_OURS), Answer.State.NOT_OURS.label),
        ]


def questions(
    indicators: Iterable[Indicator],
    answers: Mapping[int, Answer],
    unread: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
) -> list[Question]:
    """The form as it stands: stored answers, over them what was typed and not understood, or ``typed`` whole."""
    errors = errors or {}
    found = []
    for indicator in indicators:
        answer = answers.get(indicator.pk)
        shown = stored_values(indicator, answer)
        prefix = f"a{indicator.pk}-"
        kept = {k.removeprefix(prefix): v for k, v in unread.items() if k.startswith(prefix)}
        if kept:
            shown = {"state": shown["state"], **kept}
        if typed is not None:
            shown = {
                name: typed.get(prefix + name, "")
                for name in ("state", "reason", *FIELDS[indicator.kind])
            }
        found.append(
            Question(
                indicator=indicator,
                state=shown.get("state") or Answer.State.GIVEN,
                inputs=[_input(indicator, name, shown, errors) for name in FIELDS[indicator.kind]],
                reason=_input(indicator, "reason", shown, errors),
                answered=answer is not None and not kept,
            )
        )
    return found


def _input(
    indicator: Indicator, name: str, shown: Mapping[str, str], errors: Mapping[str, str]
) -> Input:
    full = field_name(indicator, name)
    return Input(
        name=name,
        id=full,
        label=LABELS[name],
        value=shown.get(name, ""),
        error=errors.get(full, ""),
    )


def stored_values(indicator: Indicator, answer: Answer | None) -> dict[str, str]:
    """A stored answer as the texts of its fields."""
    if answer is None:
        return {"state": str(Answer.State.GIVEN)}
    draft = draft_of(answer)
    values = {"state": str(answer.state), "reason": answer.reason}
    for name in FIELDS[indicator.kind]:
        value = getattr(draft, name)
        if isinstance(value, bool):
            values[name] = "yes" if value else "no"
        elif isinstance(value, Decimal):
            values[name] = show_number(value)
        elif isinstance(value, dt.date):
            values[name] = f"{value:%d/%m/%Y}"
        else:
            values[name] = value or ""
    return values
