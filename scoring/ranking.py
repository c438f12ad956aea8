"""Where an index stands among those of other agencies, and a pasted table of theirs read. Pure, exact.

A rank is one more than the number of agencies strictly above; who has the same index shares the rank.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from accounts.text import clean, fold
from plans.numbers import NotANumber, read_number, round_half_up, show_number

PUBLISHED_PLACES = 2  # an index is published with two decimals
LOWEST, HIGHEST = Decimal(0), Decimal(110)  # bonus points may lead above 100
NAME_LIMIT = 200
MAX_LINES = 500
_HEADING = re.compile(r"\b(chi so|diem|co quan|don vi|ten|xep hang|hang|stt|tt)\b")


@dataclass(frozen=True)
class Standing:
    """Our place among ``agencies``, ours counted."""

    index: Decimal  # as it would be published
    rank: int
    agencies: int
    tied: int  # others with the same index
    gap: Decimal | None = None  # to the next one above; None on the first place
    next_rank: int | None = None  # the rank shared with it then

    @property
    def words(self) -> str:
        """«cần thêm 0,35 điểm để lên hạng 14»"""
        tied = f"bằng điểm {self.tied} cơ quan khác; " if self.tied else ""
        if self.gap is None:
            return f"{tied}đứng đầu"
        places = max(_places(self.gap), PUBLISHED_PLACES)
        return f"{tied}cần thêm {show_number(self.gap, places)} điểm để lên hạng {self.next_rank}"


def rank_of(index: Decimal | Fraction, others: Iterable[Decimal]) -> int:
    """One more than the number of ``others`` strictly above ``index``."""
    return 1 + sum(other > index for other in others)


def standing(index: Decimal | Fraction, others: Sequence[Decimal]) -> Standing:
    """Our rank among ``others``, ours rounded as theirs are: what is published is compared, not its tail."""
    ours = as_published(index, others)
    above = [other for other in others if other > ours]
    nearest = min(above, default=None)
    return Standing(
        index=ours,
        rank=1 + len(above),
        agencies=1 + len(others),
        tied=sum(other == ours for other in others),
        gap=None if nearest is None else nearest - ours,
        next_rank=None if nearest is None else rank_of(nearest, others),
    )


def as_published(index: Decimal | Fraction, others: Iterable[Decimal] = ()) -> Decimal:
    """``index`` with the two decimals it is published with, or as many as one of ``others`` has."""
    places = max((_places(other) for other in others), default=PUBLISHED_PLACES)
    return round_half_up(Fraction(index), max(places, PUBLISHED_PLACES))


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


# -- A table of other agencies' scores ----------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """One line that cannot be taken, and why."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"dòng {self.line}: {self.message}"


@dataclass
class Peers:
    """A table as read: name -> index, what is wrong with it, and what was left out."""

    found: dict[str, Decimal] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    own: Decimal | None = None  # our own line, which comes from the scorecard


def split_lines(text: str) -> list[list[str]]:
    """Pasted text as rows of cells: tabs as Excel copies them, else semicolons."""
    rows = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        separator = "\t" if "\t" in line else ";"
        rows.append([clean(cell) for cell in line.split(separator)])
    return rows


def read_peers(rows: Iterable[Sequence[str]], *, own_name: str = "") -> Peers:
    """Name and index of each row. A number before the name is its place in the list; headings are left out."""
    peers = Peers()
    seen: dict[str, int] = {}
    for line, raw in enumerate(rows, 1):
        cells = [cell for cell in raw if cell]
        if not cells:
            continue
        if line > MAX_LINES:
            peers.faults.append(Fault(line, f"bảng có quá {MAX_LINES} dòng"))
            break
        try:
            pair = _read_row(cells)
        except ValueError as error:
            peers.faults.append(Fault(line, str(error)))
            continue
        if pair is None:
            continue
        name, index = pair
        key = fold(name)
        if key in seen:
            words = f"«{name[:60]}» đã có ở dòng {seen[key]}"
            peers.faults.append(Fault(line, words))
            continue
        seen[key] = line
        if key == fold(own_name):
            peers.own = index
        else:
            peers.found[name] = index
    return peers


def _read_row(cells: Sequence[str]) -> tuple[str, Decimal] | None:
    """None for a line of headings; ValueError says what is wrong."""
    names = [n for n, cell in enumerate(cells) if any(char.isalpha() for char in cell)]
    numbers = [n for n in range(len(cells)) if n not in names]
    if not numbers and names and _HEADING.search(fold(" ".join(cells))) and len(cells) > 1:
        return None
    if not names:
        raise ValueError("thiếu tên cơ quan")
    name = cells[names[0]]
    if len(name) > NAME_LIMIT:
        raise ValueError(f"tên cơ quan dài quá {NAME_LIMIT} ký tự")
    after = [cell for n, cell in enumerate(cells) if n > names[0]]
    if not after:
        raise ValueError(f"«{name[:60]}» chưa có chỉ số; mỗi dòng gồm tên cơ quan và chỉ số")
    if len(after) > 1:
        raise ValueError(
            f"sau «{name[:60]}» có {len(after)} cột; chỉ để lại cột chỉ số để không nhầm với cột khác"
        )
    return name, read_index(after[0])


def read_index(text: str) -> Decimal:
    """An index as typed: decimal comma or point, at most four decimals. ValueError says why not."""
    text = text.strip().removesuffix("%").strip()
    try:
        index = read_number(text)
    except NotANumber:
        raise ValueError(f"«{text[:40]}» không phải là số") from None
    if _places(index) > 4:
        raise ValueError(f"«{text[:40]}» có quá bốn chữ số thập phân")
    if not LOWEST <= index <= HIGHEST:
        raise ValueError(
            f"chỉ số {show_number(index)} không thể là chỉ số theo thang 100; "
            f"hãy ghi từ {show_number(LOWEST)} đến {show_number(HIGHEST)}"
        )
    return index
