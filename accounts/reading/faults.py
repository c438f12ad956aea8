"""What is wrong with a file, and the bytes of one that can be read at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True)
class Fault:
    """One thing wrong, said to whoever wrote the file. ``place`` is a code and a field: «3.1-b, op».

    ``path`` is the same as keys and positions, for those who hold the data and not a file.
    """

    message: str
    line: int | None = None
    place: str = ""
    path: tuple[str | int, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        where = [f"dòng {self.line}"] if self.line else []
        where += [self.place] if self.place else []
        return f"{', '.join(where)}: {self.message}" if where else self.message


class Faulty(Exception):
    """A file with faults; nothing of it is taken (R35). ``faults`` are in the order of the file."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        # dict: the same fault found twice is said once.
        self.faults: list[Fault] = sorted(
            dict.fromkeys(faults), key=lambda fault: (fault.line is None, fault.line or 0)
        )
        super().__init__("\n".join(map(str, self.faults)))


def read_bytes(path: str | Path) -> bytes:
    """The whole file, if it is one, is not empty and not larger than :data:`MAX_BYTES`."""
    path = Path(path)
    try:
        if path.is_dir():
            raise Faulty([Fault(f"«{path}» là một thư mục, không phải tệp.")])
        if not path.exists():
            raise Faulty([Fault(f"Không có tệp «{path}».")])
        if not path.is_file():  # a pipe or device would never end
            raise Faulty([Fault(f"«{path}» không phải là tệp thường.")])
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except PermissionError:
        raise Faulty([Fault(f"Không có quyền đọc tệp «{path}».")]) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise Faulty([Fault(f"Không đọc được tệp: {error}.")]) from None
    if len(content) > MAX_BYTES:
        raise Faulty([Fault(f"Tệp quá lớn, tối đa {MAX_BYTES // 1024 // 1024} MB.")])
    if not content.strip():
        raise Faulty([Fault("Tệp rỗng.")])
    return content


def decode(content: bytes) -> str:
    """UTF-8 text, with or without BOM."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Faulty([Fault("Tệp ở bảng mã UTF-16; hãy lưu lại dạng văn bản UTF-8.")])
    if b"\0" in content:
        raise Faulty([Fault("Tệp không phải là văn bản (có byte 0).")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Faulty(
            [Fault("Tệp không phải là văn bản UTF-8; hãy lưu lại ở bảng mã UTF-8.", line)]
        ) from None
    if not text.strip():
        raise Faulty([Fault("Tệp rỗng.")])
    return text
