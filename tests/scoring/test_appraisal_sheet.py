"""The appraisal by Excel: taken away, filled in, given back; columns by heading; all or nothing after a preview."""

import io
import re
from decimal import Decimal

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook
from sent_card import NOW, SentOffice, words

from scoring.appraisal_sheets import HEADINGS
from scoring.models import LeafScore


@pytest.fixture
def office(db, tmp_path):
    with time_machine.travel(NOW):
        yield SentOffice(tmp_path)


@pytest.fixture
def take(client, office):
    def taken():
        answer = office.go(client, "appraisal_sheet", office.card.pk)
        assert answer.status_code == 200
        return load_workbook(io.BytesIO(answer.content))

    return taken


@pytest.fixture
def give(client, office):
    def given(book, name="thẩm định.xlsx"):
        content = book
        if isinstance(book, Workbook):
            stream = io.BytesIO()
            book.save(stream)
            content = stream.getvalue()
        data = {"tep": SimpleUploadedFile(name, content), "whole": "1"}
        return office.go(client, "appraisal_upload", office.card.pk, data=data)

    return given


@pytest.fixture
def confirm(client, office):
    def confirmed(**more):
        page = office.go(client, "appraisal_preview", office.card.pk)
        token = re.search(r'name="token" value="([^"]+)"', page.content.decode())
        data = {"token": token[1] if token else "", **more}
        return office.go(client, "appraisal_preview", office.card.pk, data=data)

    return confirmed


def table(*rows, headings=("Mã", "Điểm thẩm định lần 1")):
    book = Workbook()
    for row in (headings, *rows):
        book.active.append(row)
    return book


def places(book):
    """Heading -> column, code -> row of a workbook of ours."""
    ws = book.active
    head = next(n for n in range(1, 9) if ws.cell(n, 1).value == "STT")
    columns = {ws.cell(head, n).value: n for n in range(1, ws.max_column + 1)}
    rows = {ws.cell(n, columns["Mã"]).value: n for n in range(head + 1, ws.max_row + 1)}
    return columns, rows


def test_the_workbook_holds_ours_and_what_is_stored(office, take):
    office.enter("1.2.1", appraised_1="1.25", loss="late", note="=1+1")
    book = take()
    columns, rows = places(book)
    assert list(columns) == [names[0] for names in HEADINGS.values()]
    ws, row = book.active, rows["1.2.1"]
    assert set(office.leaves) <= set(rows)
    assert ws.cell(row, columns["Điểm tối đa"]).value == 1.5
    assert ws.cell(row, columns["Điểm tự chấm"]).value == 1.38
    assert ws.cell(row, columns["Điểm thẩm định lần 1"]).value == 1.25
    assert ws.cell(row, columns["Nguyên nhân mất điểm"]).value == "Nộp trễ, ban hành trễ"
    note = ws.cell(row, columns["Ý kiến của tỉnh"])
    assert (note.value, note.data_type) == ("=1+1", "s")  # never a formula


def test_filled_in_and_given_back(office, take, give, confirm, client):
    office.enter("1.1.1", appraised_1="0.5")
    book = take()
    columns, rows = places(book)

    def fill(code, heading, value):
        book.active.cell(rows[code], columns[heading]).value = value

    fill("1.2.1", "Điểm thẩm định lần 1", 1.25)
    fill("1.2.1", "Nguyên nhân mất điểm", "thiếu hoặc sai tài liệu kiểm chứng")
    fill("1.2.2", "Điểm thẩm định lần 1", "1,5")
    fill("1.2.2", "Điểm thẩm định lần 2", 0)
    fill("5.2.1", "Điểm thẩm định lần 1", -1)
    fill("9.1.1", "Điểm điều tra", 7.1)
    assert give(book).status_code == 302
    page = words(office.go(client, "appraisal_preview", office.card.pk))
    assert "6 thay đổi" in page
    assert "1 ô giống bản đã lưu" in page
    assert "7,1" in page
    assert LeafScore.objects.count() == 1
    assert confirm().status_code == 302
    assert office.score("1.2.1").appraised_1 == Decimal("1.25")
    assert office.score("1.2.1").loss == "evidence"
    assert office.score("1.2.2").appraised == 0
    assert office.score("5.2.1").appraised_1 == -1
    assert office.score("9.1.1").survey == Decimal("7.1")
    # An empty cell of the file took nothing away.
    assert office.score("1.1.1").appraised_1 == Decimal("0.5")
    event = office.card.events.get()
    assert event.action == "Nạp thẩm định từ Excel"
    assert len(event.changes) == 6
    # Once, however often it is sent.
    assert confirm().status_code == 302
    assert office.card.events.count() == 1


def test_columns_may_stand_anywhere_and_extra_ones_are_named(office, give, confirm, client):
    book = table(
        ["x", 1, 1.5, "1.2.1", "Thực hiện"],
        headings=("Ghi thêm", "Thẩm định lần 2", "TỐI ĐA", "mã tiêu chí", "Nội dung"),
    )
    assert give(book).status_code == 302
    page = words(office.go(client, "appraisal_preview", office.card.pk))
    assert "Bỏ qua cột «Ghi thêm»" in page
    confirm()
    assert office.score("1.2.1").appraised == 1


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (["7.7.7", 1], "không có tiêu chí «7.7.7»"),
        (["1.2.1", 1.6], "Lớn hơn điểm tối đa 1,5"),
        (["1.2.1", -0.1], "Nhỏ hơn điểm tối thiểu 0"),
        (["1.2.1", "một"], "không phải là số"),
        (["1.2.1", "=1+1"], "là công thức"),
        (["1.2.1", 1.00001], "bốn chữ số thập phân"),
        (["1.2.1", "#N/A"], "báo lỗi"),
        (["9.1.1", 1], "không có điểm thẩm định"),
        (["1.1.1", 0.5], "Tiêu chí 1.1.1 đã có ở dòng 2"),
    ],
)
def test_what_is_refused_is_named_by_cell_and_nothing_is_stored(office, give, row, fault):
    answer = give(table(["1.1.1", 1], row))
    assert answer.status_code == 422
    page = words(answer)
    assert fault in page
    assert "chưa ghi gì" in page
    assert 'data-label="Dòng">3<' in page
    assert not LeafScore.objects.exists()


def test_survey_points_of_a_self_scored_criterion_are_refused(give):
    page = words(give(table(["1.1.1", 1], headings=("Mã", "Điểm điều tra"))))
    assert "không chấm bằng điều tra" in page


def test_shuffled_rows_show_by_their_maximum(give):
    book = table(["1.2.1", 2, 1], headings=("Mã", "Điểm tối đa", "Lần 1"))
    assert "bị xáo trộn" in words(give(book))


def test_a_reason_that_is_none_is_refused(give):
    page = words(give(table(["1.2.1", "Vì sao"], headings=("Mã", "Lý do mất điểm"))))
    assert "không có trong danh sách" in page


def test_sums_of_parents_are_left_out(office, give, confirm, client):
    book = table(["1", "=SUM(B3:B4)"], ["1.2", 3], ["1.2.1", 1], [None, "Tổng cộng"])
    assert give(book).status_code == 302
    page = words(office.go(client, "appraisal_preview", office.card.pk))
    assert "Bỏ qua điểm ở 2 dòng" in page
    confirm()
    assert LeafScore.objects.count() == 1


@pytest.mark.parametrize(
    ("book", "fault"),
    [
        (b"", "trống (0 byte)"),
        (b"STT;1", "không phải là sổ tính Excel"),
        (b"PK\x03\x04 broken", "chưa ghi gì"),
        (table(["1.2.1", 1], headings=("Cột", "Khác")), "Không thấy dòng tiêu đề"),
        (table(["1.2.1", 1], headings=("Tiêu chí", "Lần 1")), "Thiếu cột này"),
        (table(["1.2.1", 1], headings=("Mã", "Tiêu chí")), "không có cột điểm"),
        (table(["1.2.1", 1, 1], headings=("Mã", "Lần 1", "Lần 1")), "có hai lần"),
        (Workbook(), "không có nội dung"),
        (table(), "Không dòng nào có mã tiêu chí"),
    ],
)
def test_files_that_are_none(give, book, fault):
    answer = give(book)
    assert answer.status_code == 422
    assert fault in words(answer)


def test_what_someone_stored_meanwhile_is_shown_first(office, give, confirm):
    give(table(["1.2.1", 1]))
    office.enter("1.2.1", appraised_1="0.5")
    answer = confirm()
    assert answer.status_code == 409
    page = words(answer)
    assert "chưa ghi gì" in page
    assert "0,5" in page
    assert office.score("1.2.1").appraised_1 == Decimal("0.5")
    assert confirm().status_code == 302
    assert office.score("1.2.1").appraised_1 == 1


def test_the_file_can_be_dropped(office, give, confirm):
    give(table(["1.2.1", 1]))
    assert confirm(bo="1").status_code == 302
    assert not LeafScore.objects.exists()
    assert confirm().status_code == 302
    assert not LeafScore.objects.exists()


def test_not_before_it_is_sent_and_not_by_a_leader(client, office):
    for name in ("appraisal_upload", "appraisal_preview"):
        answer = office.go(client, name, office.card.pk, who="leader")
        assert answer.status_code == 403
    office.state("draft")
    answer = office.go(client, "appraisal_upload", office.card.pk)
    assert answer.status_code == 403
    assert "chưa gửi tỉnh" in words(answer)


def test_between_preview_and_confirmation_it_was_published(office, give, confirm, client):
    give(table(["1.2.1", 1]))
    office.card.published_index = 70
    office.card.save()
    office.state("published")
    assert confirm().status_code == 403
    assert not LeafScore.objects.exists()
