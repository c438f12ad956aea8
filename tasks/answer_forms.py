"""What is typed in the report form, read into answers; what cannot be read is kept as it was typed."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from accounts.text import clean, clean_paragraphs, read_day
from plans.numbers import NotANumber, read_number, show_number
from plans.targets import Kind
from tasks.answers import CAN_BE_MISSING, LABELS, NEEDS_REASON, Draft, label, problems
from tasks.contents import TEXTS, Content, draft_of
from tasks.models import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from plans.models import Indicator
    from tasks.last_year import Before
    from tasks.verdicts import Shown

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
YES_NO = {"yes": True, "no": False}
LONGEST = {"number": 60, "issuer": 200, "reason": 500}
LONGEST_FIGURE = 40
TEXT_LIMIT = 20_000
KEPT_LIMIT = 200_000  # of one field that was not understood


TEXT_LABELS = {"text": "Kết quả thực hiện", "difficulties": "Khó khăn, vướng mắc"}


@dataclass
class Typed:
    """The form as typed: what was understood, and per field why something was not."""

    content: Content
    errors: dict[str, str] = field(default_factory=dict)


def field_name(indicator: Indicator, name: str) -> str:
    return f"a{indicator.pk}-{name}"


def read_form(post: Mapping[str, str], indicators: Iterable[Indicator], *, today: dt.date) -> Typed:
    """Read a posted report form. Never fails: what is wrong is named in ``errors`` and kept in ``unread``."""
    typed = Typed(Content())
    for name in TEXTS:
        words = clean_paragraphs(post.get(name, ""))
        setattr(typed.content, name, words[:TEXT_LIMIT].rstrip())
        if len(words) > TEXT_LIMIT:
            typed.content.unread[name] = words[:KEPT_LIMIT]
            typed.errors[name] = (
                f"{TEXT_LABELS[name]} dài {show_number(len(words))} ký tự, quá mức "
                f"{show_number(TEXT_LIMIT)}; hãy rút gọn."
            )
    for indicator in indicators:
        _read_indicator(post, indicator, typed, today)
    return typed


def _read_indicator(
    post: Mapping[str, str], indicator: Indicator, typed: Typed, today: dt.date
) -> None:
    state = post.get(field_name(indicator, "state"), Answer.State.GIVEN)
    if state not in Answer.State.values or (
        state == Answer.State.MISSING and indicator.kind not in CAN_BE_MISSING
    ):
        state = Answer.State.GIVEN
    names = FIELDS[indicator.kind] if state == Answer.State.GIVEN else ()
    if state in NEEDS_REASON:
        names = ("reason",)
    raw = {name: clean(post.get(field_name(indicator, name), "")) for name in names}
    if raw.get("holds") not in YES_NO:
        raw.pop("holds", None)
    values: dict[str, object] = {}
    wrong: dict[str, str] = {}
    for name, text in raw.items():
        try:
            values[name] = _read(name, text, indicator.kind)
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
            field_name(indicator, name): text[:KEPT_LIMIT] for name, text in raw.items() if text
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
                field_name(indicator, name): text[:KEPT_LIMIT] for name, text in raw.items() if text
            }


def _read(name: str, text: str, kind: str) -> object:
    if name == "holds":
        return YES_NO[text]
    called = label(name, kind)
    limit = LONGEST.get(name, LONGEST_FIGURE)
    if len(text) > limit:
        raise ValueError(f"{called} dài quá {limit} ký tự.")
    if name in NUMBERS:
        try:
            return read_figure(text) if text else None
        except NotANumber:
            raise ValueError(f"{called} «{text}» không phải là số. Viết như 12 hoặc 9,8.") from None
    if name in DAYS:
        try:
            return read_day(text) if text else None
        except ValueError:
            raise ValueError(f"{called} «{text}» không đúng. Viết như 19/11/2019.") from None
    return text


def read_figure(text: str) -> Decimal:
    """A number as it may be typed or pasted: also full-width digits and blanks of any kind between thousands."""
    return read_number(unicodedata.normalize("NFKC", text))


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
    target: str = ""
    verdict: Shown | None = None
    before: Before | None = None  # what the unit said the year before

    @property
    def has_error(self) -> bool:
        return any(i.error for i in [*self.inputs, self.reason])

    @property
    def states(self) -> list[tuple[str, str]]:
        return states_of(self.indicator.kind)


def states_of(kind: str) -> list[tuple[str, str]]:
    """The answers a kind allows: a figure, «không phát sinh», «không thuộc đơn vị này» (R7a)."""
    given = {
        Kind.BOOLEAN: "Có / không",
        Kind.DOCUMENT: "Đã ban hành",
        Kind.DATE: "Đã thực hiện",
    }.get(Kind(kind), "Có số liệu")
    found = [(str(Answer.State.GIVEN), given)]
    if kind in CAN_BE_MISSING:
        found.append(
            (
                str(Answer.State.MISSING),
                "Chưa ban hành" if kind == Kind.DOCUMENT else "Chưa thực hiện",
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
    errors: Mapping[str, str],
    typed: Mapping[str, str] | None = None,
) -> list[Question]:
    """The form as it stands: stored answers, over them what was typed and not understood, or ``typed`` whole."""
    found = []
    for indicator in indicators:
        answer = answers.get(indicator.pk)
        shown = shown_values(indicator, answer, unread)
        if typed is not None:
            shown = {
                name: typed.get(field_name(indicator, name), "")
                for name in ("state", "reason", *FIELDS[indicator.kind])
            }
        found.append(
            Question(
                indicator=indicator,
                state=shown.get("state") or Answer.State.GIVEN,
                inputs=[_input(indicator, name, shown, errors) for name in FIELDS[indicator.kind]],
                reason=_input(indicator, "reason", shown, errors),
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
        label=label(name, indicator.kind) if name != "reason" else LABELS[name],
        value=shown.get(name, ""),
        error=errors.get(full, ""),
    )


def shown_values(
    indicator: Indicator, answer: Answer | None, unread: Mapping[str, str]
) -> dict[str, str]:
    """The texts of an indicator's fields: as stored, over them what was typed and not understood."""
    shown = stored_values(indicator, answer)
    prefix = f"a{indicator.pk}-"
    kept = {k.removeprefix(prefix): v for k, v in unread.items() if k.startswith(prefix)}
    return {"state": shown["state"], **kept} if kept else shown


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
