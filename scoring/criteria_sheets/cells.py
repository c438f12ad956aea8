"""Where the parts of a set stand in a workbook, so that every fault names sheet, row and column."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field

from openpyxl.utils import get_column_letter

from accounts.reading import Fault, Source
from accounts.text import clean, fold
from scoring.criteria_schema import in_words
from scoring.criteria_sheets.layout import BY_KEY
from scoring.criteria_sheets.little import Unreadable

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """A cell or a whole row of a sheet."""

    sheet: str
    row: int
    column: int | None = None
    heading: str = ""
    code: str = ""

    def __str__(self) -> str:
        where = f"trang «{self.sheet}»"
        if self.column is not None:
            where = f"ô {get_column_letter(self.column + 1)}{self.row} {where}"
        what = ", ".join(part for part in (self.code, self.heading) if part)
        return f"{where} ({what})" if what else where


@dataclass
class CellSource(Source):
    """Data that stands in cells: faults name sheet, row and column."""

    places: dict[KeyPath, Place] = field(default_factory=dict)

    def _nearest(self, path: KeyPath) -> Place | None:
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path)

    def line(self, *path: str | int) -> int | None:
        found = self.places.get(path)
        return found.row if found else None

    def nearest_line(self, *path: str | int) -> int | None:
        found = self._nearest(path)
        return found.row if found else None

    def place(self, *path: str | int) -> str:
        return str(self._nearest(path) or "")

    def fault(self, message: str, *path: str | int) -> Fault:
        # Here the kind of rule stands in one column, its fields in others.
        words = in_words(message.replace("«rule»", f"«{BY_KEY['kind'].heading}»"))
        return super().fault(words, *path)

    def missing(self, key: str, *path: str | int) -> Fault:
        return self.fault(f"thiếu «{key}»", *path, key)

    def refuse(self, path: KeyPath, place: Place, message: str) -> None:
        """What stands at ``place`` cannot be read as ``path`` wants it."""
        self.places[path] = place
        self.faults.setdefault(path, Fault(message, place.row))


def one_of(text: str, words: dict[str, str]) -> str:
    """The key of ``text`` in ``words``, by its words or itself."""
    known = {fold(key): key for key in words} | {fold(label): key for key, label in words.items()}
    if found := known.get(fold(clean(text))):
        return found
    near = difflib.get_close_matches(fold(text), known, n=1, cutoff=0.6)
    hint = f"; có phải «{words[known[near[0]]]}»?" if near else ""
    listed = ", ".join(f"«{label}»" for label in words.values())
    raise Unreadable(f"«{text[:60]}» không đúng{hint or f'; chỉ nhận {listed}'}")
