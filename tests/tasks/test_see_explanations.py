"""Who sees which explanation: the list, the list of work, the history; as many queries for any number (R3, R12, R36)."""

import made_files as made
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from explaining_office import Office, at_page, detail
from report_office import at, sign_in, text_of

from tasks.explanation_documents import add_document
from tasks.models import Explanation

pytestmark = pytest.mark.django_db
State = Explanation.State


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9), tick=True):
        yield


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def office(db, morning):
    return Office()


def posts(client, user, explanation, **fields):
    fields = {"answer": "Đã làm.", "version": explanation.version, "then": "save"} | fields
    return sign_in(client, user).post(at_page("explanation_write", explanation), fields)


def test_the_list_shows_each_what_is_theirs(client, office):
    mine, theirs = office.ask(office.question(), office.question(unit="KHTC", code="3.1"))
    stranger = Office("SNV").asked(code="9.9")
    page = text_of(sign_in(client, office.coordinator).get(reverse("explanation_list")))
    assert "1.2.1" in page and "3.1" in page and stranger.code not in page
    assert "còn 6 ngày" in page
    page = text_of(sign_in(client, office.head).get(reverse("explanation_list")))
    assert mine.code in page and theirs.code not in page


def test_the_list_is_narrowed_by_state_and_unit(client, office):
    office.answered()
    office.asked(unit="KHTC", code="3.1")
    sign_in(client, office.leader)

    def seen(**query):
        page = client.get(reverse("explanation_list"), query)
        return [one.code for one in page.context["page"]]

    assert seen() == ["1.2.1", "3.1"]  # what waits for the office first
    assert seen(**{"trang-thai": "asked"}) == ["3.1"]
    assert seen(**{"trang-thai": "answered"}) == ["1.2.1"]
    assert seen(**{"don-vi": "KHTC"}) == ["3.1"]
    assert seen(**{"trang-thai": "qua-han"}) == []
    assert seen(**{"trang-thai": "bịa"}) == ["1.2.1", "3.1"]
    with time_machine.travel(at(2019, 11, 20, 9)):
        sign_in(client, office.leader)
        assert seen(**{"trang-thai": "qua-han"}) == ["3.1"]


def test_everything_stands_in_the_history_of_those_who_may_know(client, office):
    explanation = office.returned()
    for user in (office.coordinator, office.leader, office.head):
        page = text_of(sign_in(client, user).get(reverse("history_list"), {"loai": "giai-trinh"}))
        for move in ("Yêu cầu giải trình", "Gửi giải trình", "Trả lại giải trình"):
            assert move in page, (user, move)
        assert (
            reverse("explanation_detail", args=[explanation.pk])
            in client.get(reverse("history_list"), {"loai": "giai-trinh"}).content.decode()
        )
    page = text_of(sign_in(client, office.other_head).get(reverse("history_list")))
    assert "Trả lại giải trình" not in page


def test_queries_do_not_grow_with_rows(client, office):
    def count(user, address):
        sign_in(client, user)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    explanation = office.asked()
    add_document(explanation=explanation, by=office.boss(), number="1/A")
    listed, shown = reverse("explanation_list"), detail(explanation)
    todo = reverse("todo")

    def all_counts():
        return [
            count(office.coordinator, listed),
            count(office.head, listed),
            count(office.head, shown),
            count(office.head, todo),
        ]

    before = all_counts()
    for n in range(6):
        office.ask(office.question(code=f"7.{n}"))
        add_document(
            explanation=explanation,
            by=office.boss(),
            number=f"{n}/B",
            uploads=[made.upload("a.pdf", made.pdf())],
        )
    assert all_counts() == before


def test_the_work_list_of_the_unit_shows_it_with_its_days(client, office):
    explanation = office.returned()
    page = sign_in(client, office.head).get(reverse("todo"))
    words = text_of(page)
    assert "Giải trình theo yêu cầu của tỉnh" in words and "Giải trình tiêu chí 1.2.1" in words
    assert "Văn phòng Sở trả lại: Thiếu danh sách lớp." in words
    assert detail(explanation) in page.content.decode()
    words = text_of(sign_in(client, office.other_head).get(reverse("todo")))
    assert "Giải trình tiêu chí" not in words
