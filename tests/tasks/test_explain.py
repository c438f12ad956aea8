"""Units explain what the province asks: asked, written, sent with documents, returned, taken, withdrawn (R14, R20a, R27)."""

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse
from explaining_office import DUE, QUESTION, Office, at_page, detail, told
from report_office import at, sign_in, text_of

from accounts.models import AuditEntry, Mail, StandIn
from tasks import explanations
from tasks.explanation_documents import add_document
from tasks.models import Explanation
from tasks.services import Refused

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


# -- Asking -------------------------------------------------------------------------------------


def test_the_units_are_asked_at_once_and_each_head_hears_of_it_once(office):
    asked = office.ask(
        office.question(), office.question(code="1.2.2"), office.question(unit="KHTC")
    )
    assert [(one.unit.code, one.code, one.state) for one in asked] == [
        ("TCCB", "1.2.1", "asked"),
        ("TCCB", "1.2.2", "asked"),
        ("KHTC", "1.2.1", "asked"),
    ]
    assert told("asked") == ["Ngô Văn Khác", "Trần Thị Trưởng"]
    mail = Mail.objects.get(kind="explanation_asked", user=office.head)
    assert mail.subject == "CCHC: giải trình 2 tiêu chí trước ngày 20/11/2019"
    assert QUESTION in mail.text and QUESTION in mail.html
    assert f"/giai-trinh/{asked[0].pk}/" in mail.text and f"/giai-trinh/{asked[1].pk}/" in mail.text
    other = Mail.objects.get(kind="explanation_asked", user=office.other_head)
    assert other.subject == "CCHC: giải trình tiêu chí 1.2.1 trước ngày 20/11/2019"
    entry = AuditEntry.objects.get(action=Explanation.Move.ASK, object_id=asked[0].pk)
    assert entry.actor_name == "Đỗ Thị Phòng"
    assert entry.object_label == "Phòng Tổ chức cán bộ: giải trình tiêu chí 1.2.1"
    assert entry.changes["trả lời trước ngày"] == ["", "20/11/2019"]


def test_what_is_open_is_not_asked_again(office):
    office.asked()
    assert office.ask(office.question(text="Hỏi khác")) == []
    assert len(office.ask(office.question(), office.question(code="1.2.2"))) == 1
    assert Explanation.objects.count() == 2
    assert Mail.objects.count() == 2  # of the first and of the new one


def test_the_same_twice_in_one_form_is_asked_once(office):
    assert len(office.ask(office.question(), office.question())) == 1


@pytest.mark.parametrize("start", ["taken", "withdrawn"])
def test_what_is_done_may_be_asked_again(office, start):
    getattr(office, start)()
    assert office.asked().state == "asked"


@pytest.mark.parametrize(
    ("columns", "due", "words"),
    [
        ({"text": "  "}, DUE, "tiêu chí 1.2.1"),
        ({"text": "x" * 4001}, DUE, "dài quá 4000"),
        ({}, dt.date(2019, 11, 13), "sau ngày hôm nay"),
        ({}, dt.date(2018, 11, 20), "sau ngày hôm nay"),
    ],
)
def test_what_asking_needs_and_then_nothing_is_asked(office, columns, due, words):
    with pytest.raises(Refused, match=words):
        office.ask(office.question(code="1.9"), office.question(**columns), due=due)
    assert not Explanation.objects.exists()
    assert not Mail.objects.exists()


def test_another_agencys_unit_is_not_asked(office):
    stranger = Office("SNV")
    with pytest.raises(Refused, match="thuộc cơ quan"):
        office.ask(stranger.question())


def test_the_database_holds_one_open_question_of_a_unit_and_code(office):
    first = office.asked()
    columns = {
        "agency": office.agency, "unit": first.unit, "period": first.period, "code": first.code,
        "title": "x", "due_before": DUE,
    }  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        Explanation.objects.create(question="Lần nữa", **columns)
    with pytest.raises(IntegrityError), transaction.atomic():
        Explanation.objects.create(question="", **columns | {"code": "2"})
    with pytest.raises(IntegrityError), transaction.atomic():
        Explanation.objects.filter(pk=first.pk).update(state="answered")


# -- Writing ------------------------------------------------------------------------------------


def test_a_writer_saves_and_the_head_sends(client, office):
    explanation = office.asked()
    page = posts(client, office.writer, explanation, answer="Đã tập huấn.")
    assert page.status_code == 302
    assert office.now(explanation).answer == "Đã tập huấn."
    assert explanation.state == "asked"
    assert not told("answered")
    page = text_of(client.get(detail(explanation)))
    assert "Trưởng đơn vị là người gửi" in page and "Gửi Văn phòng Sở" not in page
    page = posts(client, office.head, explanation, answer="Đã tập huấn 3 lớp.", then="send")
    assert page.status_code == 302
    assert office.now(explanation).state == "answered"
    assert explanation.answer == "Đã tập huấn 3 lớp."
    assert told("answered") == ["Đỗ Thị Phòng"]
    mail = Mail.objects.get(kind="explanation_answered")
    assert mail.subject == "CCHC: Phòng Tổ chức cán bộ đã giải trình tiêu chí 1.2.1"
    assert "Đã tập huấn 3 lớp." in mail.text


def test_a_deputy_sends_in_the_heads_place_and_it_shows(client, office):
    StandIn.objects.create(
        unit=office.units["TCCB"],
        person=office.writer,
        head=office.head,
        starts_on=dt.date(2019, 11, 1),
        ends_on=dt.date(2019, 11, 30),
        basis="Quyết định 5/QĐ",
    )
    explanation = office.asked()
    assert posts(client, office.writer, explanation, then="send").status_code == 302
    entry = AuditEntry.objects.get(action=Explanation.Move.ANSWER)
    assert (entry.actor_name, entry.for_person) == ("Lê Văn Soạn", "Trần Thị Trưởng")


def test_two_people_at_once_lose_nothing(client, office):
    explanation = office.asked()
    seen = explanation.version
    assert posts(client, office.writer, explanation, answer="Của Soạn.").status_code == 302
    page = sign_in(client, office.head).post(
        at_page("explanation_write", explanation),
        {"answer": "Của Trưởng.", "version": seen, "then": "save"},
    )
    assert page.status_code == 422
    content = page.content.decode()
    assert "Của Soạn." in content and ">Của Trưởng.</textarea>" in content
    assert office.now(explanation).answer == "Của Soạn."
    # The page that came back knows what stands there now: saving again is a decision.
    assert f'name="version" value="{explanation.version}"' in content
    assert posts(client, office.head, explanation, answer="Của cả hai.").status_code == 302
    assert office.now(explanation).answer == "Của cả hai."


def test_sending_what_somebody_else_has_changed_is_told_too(client, office):
    explanation = office.asked()
    seen = explanation.version
    posts(client, office.writer, explanation, answer="Của Soạn.")
    page = posts(client, office.head, explanation, answer="Khác.", version=seen, then="send")
    assert page.status_code == 422
    assert office.now(explanation).state == "asked"


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30, "²"])
def test_a_strange_version_is_an_old_one(client, office, version):
    explanation = office.asked()
    assert posts(client, office.writer, explanation, version=version).status_code == 422
    assert office.now(explanation).answer == ""


def test_an_answer_sent_twice_is_one(client, office):
    explanation = office.asked()
    for _ in range(2):
        page = posts(client, office.head, explanation, answer="Đã làm.", then="send")
        assert page.status_code == 302
    assert AuditEntry.objects.filter(action=Explanation.Move.ANSWER).count() == 1
    assert told("answered") == ["Đỗ Thị Phòng"]


@pytest.mark.parametrize(
    ("text", "words"), [("", "Hãy ghi nội dung"), (" \n ", "Hãy ghi"), ("x" * 4001, "dài quá 4000")]
)
def test_what_an_answer_needs(client, office, text, words):
    explanation = office.asked()
    page = posts(client, office.head, explanation, answer=text, then="send")
    assert page.status_code == 422
    assert words in text_of(page)
    assert office.now(explanation).state == "asked"


@pytest.mark.parametrize("start", ["answered", "taken", "withdrawn"])
def test_what_was_sent_or_is_done_is_not_written(client, office, start):
    explanation = getattr(office, start)()
    before = explanation.answer
    assert posts(client, office.writer, explanation, answer="Sửa lén.").status_code == 403
    with pytest.raises(Refused):
        explanations.write(explanation=explanation, by=office.boss(), text="Sửa lén.", version=9)
    assert office.now(explanation).answer == before
    page = text_of(client.get(detail(explanation)))
    assert explanation.locked_text in page


def test_a_draft_is_its_units_own(client, office):
    explanation = office.asked()
    posts(client, office.writer, explanation, answer="Bản nháp kín.")
    add_document(explanation=explanation, by=office.boss(), number="77/KIN")
    for user in (office.coordinator, office.leader):
        page = sign_in(client, user).get(detail(explanation)).content.decode()
        assert "Bản nháp kín." not in page and "77/KIN" not in page
        assert "Bản nháp kín." not in client.get(reverse("history_list")).content.decode()
    assert "Bản nháp kín." in sign_in(client, office.head).get(detail(explanation)).content.decode()


# -- What the office does -----------------------------------------------------------------------


def test_an_answer_goes_back_with_a_reason_and_a_new_date(client, office):
    explanation = office.answered()
    sign_in(client, office.coordinator)
    page = client.post(
        at_page("explanation_return", explanation),
        {"reason": "Thiếu danh sách lớp.", "due_before": "25/11/2019"},
    )
    assert page.status_code == 302
    assert office.now(explanation).state == "returned"
    assert explanation.due_before == dt.date(2019, 11, 25)
    assert explanation.answer == "Đã tập huấn 3 lớp."  # to go on from
    assert told("returned") == ["Trần Thị Trưởng"]
    mail = Mail.objects.get(kind="explanation_returned")
    assert "Thiếu danh sách lớp." in mail.text and "trước ngày 25/11/2019" in mail.text
    entry = AuditEntry.objects.get(action=Explanation.Move.RETURN)
    assert entry.reason == "Thiếu danh sách lớp."
    assert entry.changes["trả lời trước ngày"] == ["20/11/2019", "25/11/2019"]
    page = text_of(sign_in(client, office.head).get(detail(explanation)))
    assert "Văn phòng Sở trả lại: Thiếu danh sách lớp." in page
    assert posts(client, office.head, explanation, answer="Đủ.", then="send").status_code == 302
    assert office.now(explanation).state == "answered"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"reason": " "}, "Chưa ghi nội dung"),
        ({"reason": "Thiếu", "due_before": "13/11/2019"}, "sau ngày hôm nay"),
        ({"reason": "Thiếu", "due_before": "31/02/2019"}, "Không đọc được ngày"),
    ],
)
def test_what_a_return_needs(client, office, fields, words):
    explanation = office.answered()
    page = sign_in(client, office.coordinator).post(
        at_page("explanation_return", explanation), fields
    )
    assert page.status_code == 422
    assert words in text_of(page)
    assert office.now(explanation).state == "answered"


def test_what_is_written_after_a_return_is_a_draft_again(client, office):
    explanation = office.answered()
    explanations.return_(explanation=explanation, by=office.clerk(), reason="Thiếu.")
    add_document(explanation=explanation, by=office.boss(), number="88/KIN")
    posts(client, office.writer, office.now(explanation), answer="Bản mới kín.")
    page = sign_in(client, office.coordinator).get(detail(explanation)).content.decode()
    assert "Bản mới kín." not in page and "88/KIN" not in page
    assert "Đã tập huấn 3 lớp." in page  # what was sent, in the history


def test_the_office_takes_an_answer_once(client, office):
    explanation = office.answered()
    sign_in(client, office.coordinator)
    for _ in range(2):
        assert client.post(at_page("explanation_take", explanation)).status_code == 302
    assert office.now(explanation).state == "taken"
    assert explanation.closed_at is not None
    assert AuditEntry.objects.filter(action=Explanation.Move.TAKE).count() == 1


@pytest.mark.parametrize("start", ["asked", "returned", "withdrawn"])
def test_only_an_answer_is_taken_or_returned(client, office, start):
    explanation = getattr(office, start)()
    sign_in(client, office.coordinator)
    assert client.post(at_page("explanation_take", explanation)).status_code == 422
    if start != "returned":
        page = client.post(at_page("explanation_return", explanation), {"reason": "Thiếu"})
        assert page.status_code == 422
    assert office.now(explanation).state == start


def test_a_question_is_withdrawn_with_a_reason(client, office):
    explanation = office.asked()
    sign_in(client, office.coordinator)
    assert client.post(at_page("explanation_withdraw", explanation), {}).status_code == 422
    fields = {"reason": "Tỉnh đã chấp nhận."}
    for _ in range(2):
        page = client.post(at_page("explanation_withdraw", explanation), fields)
        assert page.status_code == 302
    assert office.now(explanation).state == "withdrawn"
    assert told("withdrawn") == ["Trần Thị Trưởng"]
    assert "Tỉnh đã chấp nhận." in Mail.objects.get(kind="explanation_withdrawn").text


def test_what_was_taken_is_not_withdrawn(office):
    explanation = office.taken()
    with pytest.raises(Refused, match="không rút được"):
        explanations.withdraw(explanation=explanation, by=office.clerk(), reason="Thôi")
