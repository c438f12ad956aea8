"""Workbooks of the Excel way as an official's computer would give them back: opened, changed, saved."""

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook
from report_office import sign_in

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FIGURES, TEXTS = "Báo cáo", "Nội dung"
HEADING_ROW = 4


def download(client, user, period):
    page = sign_in(client, user).get(reverse("sheet_download", args=[period.pk]))
    assert page.status_code == 200, page.content
    return page.content


def open_book(content):
    return load_workbook(io.BytesIO(content))


def saved(book):
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def columns(ws):
    return {cell.value: cell.column for cell in ws[HEADING_ROW] if cell.value}


def cell_of(book, code, heading):
    """The cell of an indicator (1.1-a) or of a task's text (1.1) under a heading."""
    ws = book[FIGURES if "-" in code else TEXTS]
    places = columns(ws)
    key = places["Mã chỉ tiêu" if "-" in code else "Mã nhiệm vụ"]
    for row in range(HEADING_ROW + 1, ws.max_row + 1):
        if ws.cell(row, key).value == code:
            return ws.cell(row, places[heading])
    raise LookupError(code)


def fill(content, values):
    """The file with ``values``, «1.1-a Tử số»: value, put in."""
    book = open_book(content)
    for place, value in values.items():
        code, _, heading = place.partition(" ")
        cell_of(book, code, heading).value = value
    return saved(book)


def give_back(client, user, period, content, *, name="bao-cao.xlsx", whole=True, follow=False):
    data = {"tep": SimpleUploadedFile(name, content, XLSX)} | ({"whole": "1"} if whole else {})
    return sign_in(client, user).post(
        reverse("sheet_upload", args=[period.pk]), data, follow=follow
    )


def write(client, page, **choices):
    """Press «Ghi» on the shown preview."""
    context = page.context
    return client.post(
        reverse("sheet_preview", args=[context["period"].pk]),
        {"token": context["kept"]["token"], "seen": context["comparison"].seen} | choices,
        follow=True,
    )
