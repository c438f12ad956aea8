"""Vietnamese text: one spelling for the same letters, search without diacritics, order of names."""

import datetime as dt
import re
import unicodedata

_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
_LETTERS = {
    letter: index for index, letter in enumerate("aăâbcdđeêfghijklmnoôơpqrstuưvwxyz", start=1)
}


def clean(text: str) -> str:
    """``text`` in NFC, without control characters, its white space folded into single spaces."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    return re.sub(r"\s+", " ", text).strip()


def clean_paragraphs(text: str) -> str:
    """Like :func:`clean`, but line breaks stay (at most one empty line between paragraphs)."""
    lines = [clean(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def fold(text: str) -> str:
    """What search compares: lower case, no diacritics, đ as d."""
    text = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(c for c in text if not unicodedata.combining(c))


def sort_key(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Vietnamese order: letters first (a ă â b … d đ), tones only between equal letters."""
    letters: list[int] = []
    tones: list[int] = []
    for char in unicodedata.normalize("NFC", text.casefold()):
        tone = 0
        base = ""
        for part in unicodedata.normalize("NFD", char):
            if part in _TONES:
                tone = _TONES[part]
            else:
                base += part
        base = unicodedata.normalize("NFC", base)
        letters.append(
            _LETTERS.get(base, 100 + ord(base[0]) if base.isalpha() else ord(base[:1] or " ") - 200)
        )
        tones.append(tone)
    return tuple(letters), tuple(tones)


def person_sort_key(name: str) -> tuple[object, ...]:
    """People are listed by given name, the last word, then by the rest."""
    words = name.split()
    return (sort_key(words[-1]), sort_key(name)) if words else (sort_key(""), sort_key(""))


def read_day(text: str) -> dt.date:
    """A day typed as 19/11/2019, 19-11-2019, 19.11.2019 or 2019-11-19; ValueError otherwise."""
    text = unicodedata.normalize("NFKC", text).replace(" ", "")
    parts = text.replace("-", "/").replace(".", "/").split("/")
    if len(parts) != 3 or not all(
        part.isascii() and part.isdigit() and len(part) <= 4 for part in parts
    ):
        raise ValueError(text)
    if len(parts[0]) == 4:
        parts.reverse()
    day, month, year = (int(part) for part in parts)
    return dt.date(year + 2000 if len(parts[2]) <= 2 else year, month, day)
