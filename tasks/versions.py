"""Two submissions of one report beside each other, field by field (R13). Pure: kept contents in, differences out."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Any

TEXTS = (("text", "Kết quả thực hiện"), ("difficulties", "Khó khăn, vướng mắc"))
_WORDS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True)
class Piece:
    """A run of words: ``same``, only ``before``, or only ``after``."""

    kind: str
    text: str


@dataclass(frozen=True)
class Difference:
    """One field of a report in two submissions. ``pieces`` only of long texts, word by word."""

    part: str
    label: str
    before: str
    after: str
    pieces: tuple[Piece, ...] = ()

    @property
    def is_change(self) -> bool:
        return self.before != self.after


def compare(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """Every field of either content, in the order of the form: figures, texts, evidence."""
    return [*_answers(before, after), *_texts(before, after), *_evidence(before, after)]


def _answers(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    old = {answer["code"]: answer for answer in before.get("answers", [])}
    new = {answer["code"]: answer for answer in after.get("answers", [])}
    return [
        Difference(
            "Số liệu",
            f"{code} {(new.get(code) or old[code])['name']}",
            (old.get(code) or {}).get("words") or "",
            (new.get(code) or {}).get("words") or "",
        )
        for code in dict.fromkeys([*old, *new])
    ]


def _texts(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    found = []
    for name, label in TEXTS:
        old, new = before.get(name) or "", after.get(name) or ""
        if old or new:
            found.append(Difference("Nội dung", label, old, new, tuple(word_pieces(old, new))))
    return found


def word_pieces(before: str, after: str) -> list[Piece]:
    """The two texts as runs of words kept, taken out and put in; either text can be read off them."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    pieces = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(Piece("same", "".join(old[a:b])))
            continue
        if b > a:
            pieces.append(Piece("before", "".join(old[a:b])))
        if d > c:
            pieces.append(Piece("after", "".join(new[c:d])))
    return pieces


def _evidence(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    old, new = _by_document(before), _by_document(after)
    return [
        Difference(
            "Tài liệu kiểm chứng",
            f"chứng minh {key[1]}" if key[1] else "chứng minh cả báo cáo",
            old.get(key, ""),
            new.get(key, ""),
        )
        for key in dict.fromkeys([*old, *new])
    ]


def _by_document(content: dict[str, Any]) -> dict[tuple[Any, Any], str]:
    found = {}
    for item in content.get("evidence", []):
        words = [item.get("number") or item.get("subject") or "tài liệu chưa có số"]
        day = item.get("issued_on")
        if day:
            words.append("ngày " + "/".join(reversed(day.split("-"))))
        if item.get("issuer"):
            words.append(item["issuer"])
        if item.get("section"):
            words.append(f"({item['section']})")
        files = [file["name"] for file in item.get("files", [])]
        if files:
            words.append(f"– tệp: {', '.join(files)}")
        found[item.get("id"), item.get("indicator")] = " ".join(words)
    return found
