"""The page of history: who changed what, when, for whom and on what basis; and the same as a workbook."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.decorators import signed_in
from accounts.http import agency_of
from accounts.text import person_sort_key, read_day
from plans.workbook import Cell, Column, Sheet, write
from tasks.permissions import require
from tasks.trail import KINDS, Asked, actors_of, lines_of, read_lines

if TYPE_CHECKING:
    from accounts.http import SignedIn

PER_PAGE = 50
CHUNK = 500  # lines read at a time for the workbook
MOST = 50_000  # lines of one workbook; narrower filters give the rest
COLUMNS = (
    Column("Lúc", 17, centred=True),
    Column("Người thực hiện", 22),
    Column("Vai trò", 16),
    Column("Thay cho", 20),
    Column("Căn cứ", 22),
    Column("Việc", 22),
    Column("Đối tượng", 36),
    Column("Mục thay đổi", 24),
    Column("Trước", 30),
    Column("Sau", 30),
    Column("Lý do", 30),
    Column("Địa chỉ mạng", 16),
)
HIDDEN = "(bản đang soạn, chỉ đơn vị xem được)"


def asked_of(request: SignedIn) -> tuple[Asked, list[str]]:
    """What the address asks for, and the words for each part of it that could not be read."""
    get, faults = request.GET, []
    days: dict[str, dt.date | None] = {}
    for name, label in (("tu", "Từ ngày"), ("den", "Đến ngày")):
        text = get.get(name, "").strip()[:20]
        try:
            days[name] = read_day(text) if text else None
        except ValueError:
            days[name] = None
            faults.append(f"{label} «{text}» không phải là ngày; hãy ghi dạng ngày/tháng/năm.")
    kind = get.get("loai", "")
    object_type, _, object_id = get.get("doi-tuong", "")[:60].partition(":")
    return (
        Asked(
            kind=kind if kind in KINDS else "",
            actor=_number(get.get("nguoi", "")),
            object_type=object_type if _number(object_id) is not None else "",
            object_id=_number(object_id),
            since=days["tu"],
            until=days["den"],
        ),
        faults,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


@require_safe
@signed_in
def history_list(request: SignedIn) -> HttpResponse:
    """Every change the person may know of, newest first, by kind, person, thing and day."""
    require(request.user, "history_read")
    asked, faults = asked_of(request)
    page = Paginator(lines_of(request.user, asked), PER_PAGE).get_page(request.GET.get("page"))
    people = sorted(actors_of(request.user), key=lambda one: person_sort_key(one[1]))
    return render(
        request,
        "tasks/history_list.html",
        {
            "page": page,
            "lines": read_lines(request.user, list(page.object_list)),
            "asked": asked,
            "faults": faults,
            "kinds": [(name, text) for name, (text, _) in KINDS.items()],
            "people": people,
            "query": request.GET.urlencode(),
        },
    )


@require_safe
@signed_in
def history_export(request: SignedIn) -> FileResponse:
    """The same list as a workbook."""
    require(request.user, "history_read")
    asked, _ = asked_of(request)
    now = timezone.localtime()
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write(
        [
            Sheet(
                "Lịch sử",
                COLUMNS,
                _rows(request, asked),
                title=(
                    agency_of(request).name,
                    "LỊCH SỬ THAY ĐỔI",
                    f"Xuất lúc {now:%H:%M %d/%m/%Y}, người xuất: {request.user.name}",
                ),
            )
        ],
        stream,
        title="Lịch sử thay đổi",
    )
    stream.seek(0)
    response = FileResponse(stream, as_attachment=True, filename=f"lich-su-{now:%Y%m%d-%H%M}.xlsx")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _rows(request: SignedIn, asked: Asked) -> Iterator[list[Cell]]:
    keys = lines_of(request.user, asked)
    for start in range(0, MOST, CHUNK):
        part = list(keys[start : start + CHUNK])
        for line in read_lines(request.user, part):
            for name, before, after in line.changes or [("", "", "")]:
                yield [
                    timezone.localtime(line.at),
                    line.who,
                    line.acted_as,
                    f"{line.for_whom} (VP nhập thay)" if line.by_office else line.for_whom,
                    line.basis,
                    line.action,
                    line.what,
                    name,
                    HIDDEN if line.hidden else before,
                    HIDDEN if line.hidden else after,
                    line.reason,
                    line.address,
                ]
        if len(part) < CHUNK:
            return
