"""The sheet «Thông tin chung»: what is said of the set as a whole."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from accounts.text import clean, fold, read_day
from scoring.criteria_sheets import little
from scoring.criteria_sheets.cells import CellSource, Place, one_of
from scoring.criteria_sheets.layout import ABOUT, ITEMS, NO, POLICIES, YES
from scoring.criteria_sheets.little import Unreadable

if TYPE_CHECKING:
    from accounts.reading import SheetRows


def read_about(sheet: SheetRows, source: CellSource) -> None:
    by_label = {fold(item.label): item for item in ITEMS}
    seen: set[str] = set()
    for row, cells in sheet.rows:
        label, text = clean(cells[0]), cells[1].strip() if len(cells) > 1 else ""
        item = by_label.get(fold(label))
        if item is None:
            # The heading, and lines above it, name nothing to read.
            if text and fold(label) != fold("Mục"):
                near = difflib.get_close_matches(fold(label), by_label, n=1, cutoff=0.6)
                hint = f"; có phải «{by_label[near[0]].label}»?" if near else ""
                place = Place(ABOUT, row, 0)
                source.refuse((ABOUT, row), place, f"không có mục «{label[:60]}»{hint}")
            continue
        place = Place(ABOUT, row, 1, item.label)
        if item.label in seen:
            source.refuse((ABOUT, row), place, "mục này có hai lần")
            continue
        seen.add(item.label)
        if not text:
            source.places[item.path] = place
            continue
        target = source.data
        for key in item.path[:-1]:
            target = target.setdefault(key, {})
        source.places[item.path] = place
        try:
            target[item.path[-1]] = _item(item.path[-1], text)
        except Unreadable as error:
            target[item.path[-1]] = text
            source.refuse(item.path, place, str(error))
    for item in ITEMS:  # what lacks a row is missing at the sheet
        source.places.setdefault(item.path, Place(ABOUT, 1, None, item.label))
    source.places.setdefault(("decision",), source.places["decision", "number"])


def _item(key: str, text: str) -> Any:
    match key:
        case "valid_from":
            if not text.isdecimal():
                raise Unreadable(f"«{text[:60]}» không phải là năm")
            return int(text)
        case "issued_on":
            try:
                return read_day(text)
            except ValueError:
                raise Unreadable(f"«{text[:60]}» không phải là ngày, ví dụ: 05/09/2019") from None
        case "sample":
            if fold(text) not in {fold(YES), fold(NO)}:
                raise Unreadable(f"«{text[:60]}» không đúng; chỉ nhận {YES} hoặc {NO}")
            return fold(text) == fold(YES)
        case "not_applicable":
            return one_of(text, POLICIES)
        case "bonus_cap" | "penalty_cap":
            return little.number(text)
        case "bands":
            return little.read_bands(text)
    return clean(text)
