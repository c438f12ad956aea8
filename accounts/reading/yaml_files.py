"""YAML 1.2 core, read event by event so that every value keeps its line and no file can explode.

PyYAML's own resolver is YAML 1.1 (``no`` is false, ``1:30`` is 90), so scalars are read here. Decimals
must be quoted: a plain ``70.69`` is a binary float in every other tool (R11), and ``1.10`` would lose its zero.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from accounts.reading.faults import Fault, Faulty, decode, read_bytes

MAX_DEPTH = 30
MAX_VALUES = 100_000  # aliases counted as often as they are used: ten lines can ask for billions
MAX_KEPT = 200  # faults of one file's YAML; the rest would be noise

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = {"", "~", "null", "Null", "NULL"}
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False}
_BOOLEAN["FALSE"] = False
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?P<zone> ?(?:Z|[-+][0-9]{2}:?[0-9]{2}))?"
)
# What YAML takes for no character of a text.
_NOT_TEXT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STRING = "tag:yaml.org,2002:str"
_PLAIN_TAGS = {None, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}

KeyPath = tuple[str | int, ...]


@dataclass
class _Node:
    value: Any
    line: int
    size: int = 1  # values in it, itself counted
    parts: dict[str | int, _Node] = field(default_factory=dict)


@dataclass
class Source:
    """A file that parses: ``data`` is plain Python, ``line`` says where each part of it stands.

    ``faults`` are those of single values (a plain decimal, a key twice); ``validate`` reports them
    together with the schema's.
    """

    data: Any
    faults: dict[KeyPath, Fault]
    _root: _Node

    def line(self, *path: str | int) -> int | None:
        """The line of the key or entry at ``path``; None if there is none."""
        node = self._root
        for step in path:
            found = node.parts.get(step)
            if found is None:
                return None
            node = found
        return node.line or None

    def nearest_line(self, *path: str | int) -> int | None:
        """Like :meth:`line`, of the innermost part of ``path`` that exists."""
        while path and self.line(*path) is None:
            path = path[:-1]
        return self.line(*path)

    def place(self, *path: str | int) -> str:
        """``path`` in words: the code of the innermost entry that has one, then the keys below it."""
        words: list[str] = []
        data = self.data
        above = ""
        for step in path:
            try:
                data = data[step]
            except (KeyError, IndexError, TypeError):
                data = None
            if isinstance(step, int):
                name = _name(data)
                if name:
                    words = [f"{above} {name}" if name.isdigit() else name]
                else:
                    words.append(f"mục {step + 1}")
            else:
                above = step
                words.append(step)
        return ", ".join(words)

    def fault(self, message: str, *path: str | int) -> Fault:
        """A fault at ``path``, with its line and place."""
        return Fault(message, self.nearest_line(*path), self.place(*path), path)

    def missing(self, key: str, *path: str | int) -> Fault:
        """A fault of what has no ``key``: said of the entry at ``path``."""
        found = self.fault(f"thiếu «{key}»", *path, key)
        return replace(found, place=self.place(*path))

    @classmethod
    def of(cls, data: Any) -> Source:
        """Data that stands in no file of lines; its faults have a place and a path."""
        return cls(data, {}, _Node(data, 0))


def _name(entry: Any) -> str:
    """What people call an entry of a list: its code, or the unit and task of a report."""
    if not isinstance(entry, dict):
        return ""
    for keys in (("code",), ("unit", "task"), ("criterion",)):
        parts = [entry.get(key) for key in keys]
        if all(isinstance(part, (str, int)) and str(part).strip() for part in parts):
            return " ".join(str(part) for part in parts)[:60]
    return ""


def read_yaml(path: str | Path) -> Source:
    """Read one YAML document. Raises :class:`Faulty` where it is none, or is out of all proportion."""
    text = decode(read_bytes(path))
    bad = _NOT_TEXT.search(text)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        raise Faulty([Fault(f"Có ký tự không phải văn bản (mã {ord(bad[0]):04X}).", line)])
    builder = _Builder(text)
    try:
        root = builder.document()
    except yaml.MarkedYAMLError as error:
        raise Faulty([_parse_fault(error, text)]) from None
    except yaml.YAMLError:
        raise Faulty([Fault("Tệp không phải là YAML.")]) from None
    return Source(root.value, builder.faults, root)


class _Builder:
    """Events in, nodes out."""

    def __init__(self, text: str) -> None:
        self._events = yaml.parse(text, Loader=_LOADER)
        self._anchors: dict[str, _Node | None] = {}
        self._values = 0
        self.faults: dict[KeyPath, Fault] = {}

    def document(self) -> _Node:
        next(self._events)  # the stream's start
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise Faulty([Fault("Tệp rỗng.")])
        root = self._node(next(self._events), ())
        next(self._events)  # the document's end
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            line = _line(event)
            raise Faulty([Fault("Tệp có nhiều tài liệu YAML (dấu «---»); chỉ được một.", line)])
        return root

    def _count(self, size: int, line: int) -> None:
        self._values += size
        if self._values > MAX_VALUES:
            raise Faulty(
                [Fault(f"Tệp có quá nhiều giá trị (hơn {MAX_VALUES:_}).".replace("_", "."), line)]
            )

    def _fault(self, message: str, line: int, path: KeyPath) -> None:
        if len(self.faults) < MAX_KEPT:
            self.faults.setdefault(path, Fault(message, line, ""))

    def _node(self, event: Any, path: KeyPath) -> _Node:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, line)
        self._count(1, line)
        if len(path) > MAX_DEPTH:
            raise Faulty([Fault(f"Các nhóm lồng nhau quá {MAX_DEPTH} tầng.", line)])
        if event.anchor:
            self._anchors[event.anchor] = None  # not to be used inside itself
        if isinstance(event, yaml.ScalarEvent):
            node = _Node(self._scalar(event, line, path), line)
        else:
            if event.tag not in _PLAIN_TAGS:
                self._fault(f"không dùng nhãn kiểu «{event.tag}»", line, path)
            is_list = isinstance(event, yaml.SequenceStartEvent)
            node = self._list(line, path) if is_list else self._mapping(line, path)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any, line: int) -> _Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            what = "nằm trong chính nó" if event.anchor in self._anchors else "không có"
            raise Faulty([Fault(f"Tham chiếu «*{event.anchor}» đến một phần {what}.", line)])
        self._count(node.size, line)
        return _Node(node.value, line, node.size, node.parts)

    def _list(self, line: int, path: KeyPath) -> _Node:
        node = _Node([], line)
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            index = len(node.value)
            part = self._node(event, (*path, index))
            node.value.append(part.value)
            node.parts[index] = part
            node.size += part.size
        return node

    def _mapping(self, line: int, path: KeyPath) -> _Node:
        node = _Node({}, line)
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key_line = _line(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise Faulty(
                    [Fault("Khóa phải là một từ, không phải danh sách hay nhóm.", key_line)]
                )
            key: str = event.value  # as written: the key 1.1 is the code 1.1
            part = self._node(next(self._events), (*path, key))
            self._count(1, key_line)
            if key in node.value:
                first = node.parts[key].line
                self._fault(
                    f"khóa «{key}» có hai lần (dòng {first} và dòng {key_line})",
                    key_line,
                    (*path, key),
                )
                continue
            part.line = key_line
            node.value[key] = part.value
            node.parts[key] = part
            node.size += part.size
        return node

    def _scalar(self, event: Any, line: int, path: KeyPath) -> Any:
        text: str = event.value
        if event.tag == _STRING or (event.tag in {None, "!"} and not event.implicit[0]):
            return text  # quoted, or a block of text
        if event.tag is not None:
            self._fault(f"không dùng nhãn kiểu «{event.tag}»", line, path)
            return text
        if text in _NULL:
            return None
        if text in _BOOLEAN:
            return _BOOLEAN[text]
        if _INTEGER.fullmatch(text):
            if len(text) <= 18:
                return int(text)
            self._fault(f'số quá lớn; nếu là mã hãy đặt trong ngoặc kép: "{text[:40]}"', line, path)
            return text
        if _FLOAT.fullmatch(text):
            self._fault(
                f'số thập phân, mã có dấu chấm phải đặt trong ngoặc kép: "{text[:40]}"', line, path
            )
            return text
        return self._day(text, line, path)

    def _day(self, text: str, line: int, path: KeyPath) -> Any:
        moment = _MOMENT.fullmatch(text)
        try:
            if _DAY.fullmatch(text):
                return dt.date.fromisoformat(text)
            if moment and moment["zone"]:
                return dt.datetime.fromisoformat(text.replace(" ", "T", 1).replace(" ", ""))
        except ValueError:
            self._fault(f"không có ngày, giờ «{text}»", line, path)
            return text
        if moment:
            self._fault(f"giờ «{text}» thiếu múi giờ, ví dụ {text[:10]}T16:20:00+07:00", line, path)
        return text


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


# The parser's own words, which are few, in the reader's.
_PROBLEMS = (
    (
        "mapping values are not allowed",
        "dấu «:» không đúng chỗ; chữ có dấu «:» phải đặt trong ngoặc",
    ),
    ("',' or ']'", "danh sách […] thiếu dấu «,» hoặc dấu «]»"),
    ("',' or '}'", "nhóm {…} thiếu dấu «,» hoặc dấu «}»"),
    ("unexpected end of stream", "dấu ngoặc kép mở mà không đóng"),
    ("unexpected document indicator", "dấu ngoặc kép mở mà không đóng"),
    ("expected '-' indicator", "mục của danh sách phải bắt đầu bằng dấu «-», thụt lề bằng nhau"),
    ("expected ':'", "thiếu dấu «:» sau khóa"),
    ("expected key", "thụt lề không đều, hoặc thiếu dấu ngoặc quanh chữ"),
    ("block end", "thụt lề không đều"),
    ("expected node content", "thiếu giá trị"),
    ("expected the node content", "thiếu giá trị"),
    ("unknown escape character", "dấu «\\» trong ngoặc kép không đúng; hãy dùng ngoặc đơn"),
    ("duplicate anchor", "hai neo trùng tên"),
    ("expected <document start>", "nội dung thừa sau phần đã kết thúc"),
    ("simple key", "khóa không đúng, có thể thiếu dấu «:» hoặc thiếu dấu đóng ngoặc"),
)


def _parse_fault(error: yaml.MarkedYAMLError, text: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else None
    problem = f"{error.problem or ''} {error.context or ''}"
    lines = text.splitlines()
    shown = lines[mark.line] if mark and mark.line < len(lines) else ""
    if "cannot start any token" in problem:
        at = shown[mark.column : mark.column + 1] if mark else ""
        words = (
            "thụt lề phải bằng dấu cách, không bằng phím Tab"
            if at == "\t" or shown[:1] == "\t"
            else f"chữ bắt đầu bằng «{at}» phải đặt trong ngoặc"
        )
    else:
        words = next((vi for en, vi in _PROBLEMS if en in problem), "không đúng cú pháp")
    begun = error.context_mark
    if begun and line and begun.line + 1 < line:
        words += f" (phần bắt đầu ở dòng {begun.line + 1})"
    return Fault(f"YAML viết sai: {words}.", line)
