"""Any two submissions of a report beside each other (R13): the differences, and who may see them (R3)."""

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from season import Office, at

from tasks.models import Version
from tasks.states import State
from tasks.versions import compare, word_pieces

pytestmark = pytest.mark.django_db
BACKEND = "accounts.backends.EmailBackend"


def content(text="", words="3/4", evidence=()):
    return {
        "text": text,
        "difficulties": "",
        "answers": [{"code": "1.1-a", "name": "Tỷ lệ", "words": words}],
        "evidence": list(evidence),
    }


PROOF = {
    "id": 7,
    "number": "12/KH",
    "issued_on": "2019-01-15",
    "issuer": "Sở",
    "indicator": "1.1-a",
    "section": "mục II",
    "files": [{"name": "kế hoạch.pdf"}],
}


@pytest.fixture
def office():
    office = Office()
    report = office.reports["TCCB", "1.1"]
    office.report = report
    for number, (text, words, evidence) in enumerate(
        [
            ("Đã làm xong phần một", "3/4", []),
            ("Đã làm xong phần hai", "4/4", [PROOF]),
            ("Đã làm xong phần hai", "4/4", [PROOF]),
        ],
        1,
    ):
        Version.objects.create(
            report=report,
            number=number,
            content=content(text, words, evidence),
            actor_name="Họ Lê",
            at=at(2019, 11, number),
        )
    report.state, report.first_submitted_at, report.submitted_at = (
        State.SUBMITTED,
        at(2019, 11, 1),
        at(2019, 11, 3),
    )
    report.save()
    return office


@pytest.fixture
def see(client, office):
    def get(user, report=None, **query):
        client.force_login(user, backend=BACKEND)
        return client.get(reverse("version_compare", args=[(report or office.report).pk]), query)

    return get


def test_any_two_are_compared_field_by_field(see, office):
    page = see(office.heads["TCCB"], tu=1, den=2)
    changed = {one.label: (one.before, one.after) for one in page.context["changed"]}
    assert changed == {
        "1.1-a Tỷ lệ": ("3/4", "4/4"),
        "Kết quả thực hiện": ("Đã làm xong phần một", "Đã làm xong phần hai"),
        "chứng minh 1.1-a": ("", "12/KH ngày 15/01/2019 Sở (mục II) – tệp: kế hoạch.pdf"),
    }
    text = page.content.decode()
    assert "<del>một</del>" in text
    assert "<ins>hai</ins>" in text


def test_order_does_not_matter_and_the_last_two_come_first(see, office):
    assert see(office.heads["TCCB"], tu=2, den=1).context["before"].number == 1
    page = see(office.heads["TCCB"], tu="x", den="99")
    assert (page.context["before"].number, page.context["after"].number) == (2, 3)
    assert "Hai lần gửi có nội dung như nhau" in page.content.decode()


def test_who_may_see(see, office):
    assert see(office.heads["VP"]).status_code == 200
    assert see(office.director).status_code == 200
    assert see(office.heads["KHTC"]).status_code == 403
    assert see(Office("SNV").heads["VP"]).status_code == 404


def test_a_report_sent_once_or_never(see, office):
    other = office.reports["TCCB", "1.2"]
    assert "chưa được gửi lần nào" in see(office.heads["TCCB"], other).content.decode()
    Version.objects.create(report=other, number=1, content=content("Một"), actor_name="Họ Lê")
    page = see(office.heads["TCCB"], other)
    assert "chưa có gì để so sánh" in page.content.decode()
    assert [one.after for one in page.context["changed"]] == ["3/4", "Một"]


def test_what_was_typed_is_no_html(see, office):
    Version.objects.create(
        report=office.report, number=4, content=content("<b>đậm</b>"), actor_name="Họ Lê"
    )
    assert "<b>đậm</b>" not in see(office.heads["TCCB"], tu=3, den=4).content.decode()


@given(st.text(max_size=60), st.text(max_size=60))
def test_either_text_can_be_read_off_the_pieces(before, after):
    pieces = word_pieces(before, after)
    assert "".join(p.text for p in pieces if p.kind != "after") == before
    assert "".join(p.text for p in pieces if p.kind != "before") == after


@given(st.text(max_size=40))
def test_a_content_does_not_differ_from_itself(text):
    same = content(text, evidence=[PROOF])
    assert not any(one.is_change for one in compare(same, same))
