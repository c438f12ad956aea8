"""The directory of a compound file (the container of .doc and .xls), read only as far as its names. Pure.

Source: [MS-CFB] Compound File Binary File Format, sections 2.2 (header), 2.3 (FAT), 2.5 (DIFAT), 2.6 (directory).
"""

from __future__ import annotations

import struct
from typing import IO

MAX_ENTRIES = 20_000
_END = 0xFFFFFFFA  # this and above mark ends and free sectors
_IN_HEADER = 109  # FAT sectors listed in the header itself


class Damaged(ValueError):
    """The file does not hold together as a compound file."""


def stream_names(stream: IO[bytes]) -> set[str]:
    """Names of all storages and streams in the file; Damaged where its structure is broken."""
    stream.seek(0)
    header = stream.read(512)
    if len(header) < 512:
        raise Damaged("header")
    shift = struct.unpack_from("<H", header, 30)[0]
    if shift not in {9, 12}:
        raise Damaged("sector size")
    size = 1 << shift
    fat = _fat(stream, header, size)
    names: set[str] = set()
    seen: set[int] = set()
    sector = struct.unpack_from("<I", header, 48)[0]
    while sector < _END:
        if sector in seen or len(seen) * size // 128 > MAX_ENTRIES or sector >= len(fat):
            raise Damaged("directory")
        seen.add(sector)
        content = _sector(stream, sector, size)
        for at in range(0, size, 128):
            length, kind = struct.unpack_from("<HB", content, at + 64)
            if kind in {1, 2} and 2 <= length <= 64:
                names.add(content[at : at + length - 2].decode("utf-16-le", "replace"))
        sector = fat[sector]
    return names


def _fat(stream: IO[bytes], header: bytes, size: int) -> list[int]:
    """The table that chains sectors. Bounded by what the header says and the file holds."""
    count, difat = struct.unpack_from("<I", header, 44)[0], struct.unpack_from("<I", header, 68)[0]
    stream.seek(0, 2)
    if count * size > stream.tell():
        raise Damaged("FAT")
    sectors = list(struct.unpack_from(f"<{_IN_HEADER}I", header, 76))
    entries = size // 4
    visited = set()
    while difat < _END and len(sectors) < count:
        if difat in visited:
            raise Damaged("DIFAT")
        visited.add(difat)
        listed = struct.unpack(f"<{entries}I", _sector(stream, difat, size))
        sectors.extend(listed[:-1])
        difat = listed[-1]
    fat: list[int] = []
    for sector in sectors[:count]:
        if sector < _END:
            fat.extend(struct.unpack(f"<{entries}I", _sector(stream, sector, size)))
    return fat


def _sector(stream: IO[bytes], number: int, size: int) -> bytes:
    stream.seek((number + 1) * size)
    content = stream.read(size)
    if len(content) < size:
        raise Damaged("short sector")
    return content
