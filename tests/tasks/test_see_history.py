"""The page of history: everybody's changes as far as each may know of them, followed and taken as a workbook."""

import datetime as dt
import io

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook
from season import Office, at, person

from accounts.history import Actor, record
from tasks.models import Report, Transition
from tasks.states import Action, State

pytestmark = pytest.mark.django_db
BACKEND = "accounts.backends.EmailBackend"


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9)):
        yield


@pytest.fixture
def office(morning):
    office = Office()
    office.admin = person(office.units["LD"], "boss", "administrator")
    for unit in ("TCCB", "KHTC"):
        report = office.reports[unit, "1.1"]
        writer = office.writers[unit]
        record(
            by=Actor.of(writer, address="10.0.0.7"),
            agency=office.agency,
            action="Sửa báo cáo",
            of=report,
            changes={"text": [None, f"BÍ MẬT CỦA {unit}"], "1.1-a": ["3/4", "4/4"]},
        )
    office.move("TCCB", "1.2", at(2019, 11, 10, 8), Action.SUBMIT, State.SUBMITTED)
    office.move(
        "TCCB", "1.2", at(2019, 11, 11, 8), Action.RETURN, State.RETURNED, reason="Thiếu số"
    )
    record(
        by=Actor.of(office.admin),
        agency=office.agency,
        action="Sửa trong trang quản trị",
        of=office.units["TCCB"],
        changes={"name": ["Phòng cũ", "Phòng TCCB"]},
    )
    return office


@pytest.fixture
def see(client, office):
    def get(user, name="history_list", **query):
        client.force_login(user, backend=BACKEND)
        return client.get(reverse(name), query)

    return get


def text_of(page):
    return " ".join(page.content.decode().split())


def test_the_office_sees_what_was_done_but_no_draft(see, office):
    text = text_of(see(office.heads["VP"]))
    for words in (
        "Gửi Văn phòng Sở",
        "Trả lại",
        "Lý do: Thiếu số",
        "Phòng cũ",
        "bản đang soạn, chỉ đơn vị xem được",
    ):
        assert words in text, words
    assert "BÍ MẬT" not in text
    assert "4/4" not in text
    assert "10.0.0.7" in text


def test_a_unit_sees_its_own_reports_whole_and_no_other(see, office):
    for user in (office.heads["TCCB"], office.writers["TCCB"]):
        text = text_of(see(user))
        assert "BÍ MẬT CỦA TCCB" in text
        assert "KHTC" not in text
        assert "Phòng cũ" not in text
        assert "10.0.0.7" not in text


def test_the_administrator_sees_accounts_and_plans_only(see, office):
    text = text_of(see(office.admin))
    assert "Phòng cũ" in text
    assert "Sửa báo cáo" not in text
    assert "Trả lại" not in text


def test_another_agencys_history_does_not_exist(see, office):
    stranger = Office("SNV")
    assert see(stranger.heads["VP"]).context["page"].paginator.count == 0
    pk = office.reports["TCCB", "1.2"].pk
    page = see(stranger.heads["VP"], **{"doi-tuong": f"tasks.report:{pk}"})
    assert page.context["lines"] == []


def test_filters(see, office):
    user = office.heads["VP"]
    report = office.reports["TCCB", "1.2"]
    page = see(user, **{"doi-tuong": f"tasks.report:{report.pk}"})
    assert [line.action for line in page.context["lines"]] == ["Trả lại", "Gửi Văn phòng Sở"]
    assert "Chỉ xem thay đổi của: <strong>" in text_of(page)
    page = see(user, loai="tai-khoan")
    assert [line.action for line in page.context["lines"]] == ["Sửa trong trang quản trị"]
    page = see(user, nguoi=office.writers["KHTC"].pk)
    assert [line.who for line in page.context["lines"]] == [office.writers["KHTC"].name]
    page = see(user, tu="2019-11-10", den="2019-11-10")
    assert [line.action for line in page.context["lines"]] == ["Gửi Văn phòng Sở"]
    assert "«hôm qua» không phải là ngày" in text_of(see(user, tu="hôm qua"))
    assert "Không có thay đổi nào khớp" in text_of(see(user, den="2018-01-01"))


@pytest.mark.parametrize(
    "query",
    [
        {"doi-tuong": "x:y"},
        {"nguoi": "abc"},
        {"page": "999"},
        {"loai": "?"},
        {"doi-tuong": ":" * 90},
    ],
)
def test_odd_addresses_show_the_list(see, office, query):
    assert see(office.heads["VP"], **query).status_code == 200


def test_the_workbook_says_the_same_and_no_more(see, office):
    record(
        by=Actor.of(office.heads["VP"]),
        agency=office.agency,
        action="=HYPERLINK(1)",
        of=office.agency,
    )
    answer = see(office.heads["VP"], "history_export")
    assert answer["Content-Disposition"].startswith("attachment")
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]
    texts = [str(cell.value) for cell in cells]
    assert "Thiếu số" in texts
    assert not any("BÍ MẬT" in text for text in texts)
    assert [cell.data_type for cell in cells if str(cell.value).startswith("=")] == ["s"]
    assert sum(isinstance(cell.value, dt.datetime) for cell in cells) >= 6


def test_what_was_done_for_a_unit_says_for_whom_and_why(see, office):
    report = office.reports["KHTC", "1.3"]
    Transition.objects.create(
        report=report,
        action=Action.SUBMIT,
        from_state=State.DRAFT,
        to_state=State.SUBMITTED,
        actor_name="Họ head.vp",
        acted_as="Văn phòng Sở",
        for_unit=office.units["KHTC"],
        basis="Văn bản 12/KHTC",
        basis_date=dt.date(2019, 11, 12),
    )
    text = text_of(see(office.heads["VP"]))
    assert "thay Phòng KHTC" in text
    assert "Căn cứ: Văn bản 12/KHTC, ngày 12/11/2019" in text


def test_queries_do_not_grow_with_history(see, office):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert see(office.heads["VP"]).status_code == 200
        return len(queries)

    count()
    before = count()
    for report in Report.objects.all():
        record(
            by=Actor.system(),
            agency=office.agency,
            action="Sửa báo cáo",
            of=report,
            changes={"text": ["a", "b"]},
        )
    assert count() == before


def test_it_only_reads(client, office):
    client.force_login(office.heads["VP"], backend=BACKEND)
    assert client.post(reverse("history_list")).status_code == 405
