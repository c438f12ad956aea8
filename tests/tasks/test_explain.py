"""Units explain what the province asks: asked, written, sent with documents, returned, taken, withdrawn (R14, R20a, R27)."""

import datetime as dt

import made_files as made
import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from explaining_office import DUE, QUESTION, Office, at_page, detail, told
from report_office import at, sign_in, text_of

from accounts.models import AuditEntry, Mail, Role, StandIn
from tasks import explanations, register
from tasks.explanation_documents import add_document, remove_document
from tasks.models import Document, Explanation, ExplanationDocument, StoredFile
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
    sent = add_document  # the document of the sent answer
    explanations.return_(explanation=explanation, by=office.clerk(), reason="Thiếu.")
    sent(explanation=explanation, by=office.boss(), number="88/KIN")
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


# -- Documents ----------------------------------------------------------------------------------


def test_a_document_of_the_register_is_tied_with_its_pages(client, office):
    explanation = office.asked()
    document = Document.objects.create(
        agency=office.agency, unit=office.units["TCCB"], number="12/KH", issuer="Sở GDĐT"
    )
    sign_in(client, office.writer)
    page = client.post(
        at_page("explanation_document", explanation),
        {"document": document.pk, "section": "trang 3", "whole": "1"},
    )
    assert page.status_code == 302
    proof = explanation.proofs.get()
    assert (proof.document, proof.section) == (document, "trang 3")
    page = client.get(detail(explanation)).content.decode()
    assert "12/KH" in page and "trang 3" in page
    # The same again is said, not doubled.
    page = client.post(
        at_page("explanation_document", explanation),
        {"document": document.pk, "section": "trang 3", "whole": "1"},
    )
    assert page.status_code == 422
    assert explanation.proofs.count() == 1


def test_a_new_document_is_registered_once_with_its_file(client, office):
    explanation = office.asked()
    fields = {"number": "9/DS", "issued_on": "01/11/2019", "issuer": "Sở GDĐT", "whole": "1"}
    sign_in(client, office.writer)
    page = client.post(
        at_page("explanation_document", explanation),
        fields | {"uploads": made.upload("danh sách.pdf", made.pdf())},
    )
    assert page.status_code == 302
    document = Document.objects.get(number="9/DS")
    assert document.unit == office.units["TCCB"]
    assert document.files.get().name == "danh sách.pdf"
    assert register.explanations_on(office.writer, document)[0].explanation == explanation


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Hãy ghi số, ký hiệu"),
        ({"number": "1", "issued_on": "31/12/2019"}, "ở sau ngày hôm nay"),
        ({"document": "abc"}, "Không tìm thấy tài liệu"),
        ({"document": "999999"}, "Không tìm thấy tài liệu"),
        ({"url": "http://x.vn"}, "https://"),
    ],
)
def test_what_a_document_needs(client, office, fields, words):
    explanation = office.asked()
    page = sign_in(client, office.writer).post(
        at_page("explanation_document", explanation), fields | {"whole": "1"}
    )
    assert page.status_code == 422
    assert words in text_of(page)
    assert not explanation.proofs.exists()


def test_a_file_that_is_none_is_refused_and_a_broken_upload_said(client, office):
    explanation = office.asked()
    sign_in(client, office.writer)
    for fields in (
        {"uploads": made.upload("a.pdf", b"MZ not a pdf"), "whole": "1"},
        {"uploads": made.upload("a.pdf", made.pdf())},  # cut off before its last field
    ):
        page = client.post(at_page("explanation_document", explanation), fields)
        assert page.status_code == 422
    assert not StoredFile.objects.exists()


def test_who_reads_the_answer_reads_its_files(client, office):
    explanation = office.asked()
    proof = add_document(
        explanation=explanation,
        by=office.boss(),
        number="9/DS",
        uploads=[made.upload("a.pdf", made.pdf())],
    )
    file = reverse("file_download", args=[proof.document.files.get().pk])
    readers = (office.coordinator, office.leader)
    assert [sign_in(client, user).get(file).status_code for user in readers] == [403, 403]
    explanations.answer(explanation=explanation, by=office.boss(), text="Đây.", version=0)
    assert [sign_in(client, user).get(file).status_code for user in readers] == [200, 200]
    assert sign_in(client, office.other_head).get(file).status_code == 403
    page = sign_in(client, office.coordinator).get(
        reverse("document_detail", args=[proof.document_id])
    )
    assert "giải trình tiêu chí 1.2.1" in text_of(page).casefold()


def test_a_document_chosen_by_mistake_is_gone_but_one_that_was_sent_stays(office):
    explanation = office.asked()
    wrong = add_document(explanation=explanation, by=office.boss(), number="1/SAI")
    remove_document(proof=wrong, by=office.boss())
    assert not Document.objects.filter(number="1/SAI").exists()
    proof = add_document(explanation=explanation, by=office.boss(), number="2/GUI")
    explanations.answer(explanation=explanation, by=office.boss(), text="Đây.", version=0)
    explanations.return_(explanation=explanation, by=office.clerk(), reason="Thiếu.")
    remove_document(proof=ExplanationDocument.objects.get(pk=proof.pk), by=office.boss())
    assert not explanation.proofs.exists()
    assert Document.objects.filter(number="2/GUI").exists()


def test_a_document_of_a_sent_answer_is_the_offices_to_correct(office):
    explanation = office.asked()
    proof = add_document(explanation=explanation, by=office.boss(), number="2/GUI")
    assert register.why_not(office.head, proof.document) is None
    explanations.answer(explanation=explanation, by=office.boss(), text="Đây.", version=0)
    assert "giải trình đã gửi" in register.why_not(office.head, proof.document)
    assert register.why_not(office.head, proof.document, register.ACCEPTED) is None
    assert register.why_not(office.coordinator, proof.document) is None
    explanations.take(explanation=explanation, by=office.clerk())
    assert "giải trình đã gửi" in register.why_not(office.head, proof.document, register.ACCEPTED)


def test_two_documents_that_are_one_are_joined_with_what_rests_on_them(office):
    explanation, other = office.ask(office.question(), office.question(code="1.2.2"))
    kept, dropped = (
        Document.objects.create(
            agency=office.agency,
            unit=office.units["TCCB"],
            number="5/BC",
            issued_on=dt.date(2019, 5, 1),
            issuer=issuer,
        )
        for issuer in ("Sở GDĐT", "Sở GD&ĐT")
    )
    for document, one in ((kept, explanation), (dropped, explanation), (dropped, other)):
        add_document(explanation=one, by=office.boss(), document=document)
    register.merge(keep=kept, drop=dropped, by=office.clerk(), reason="Trùng")
    assert set(kept.explained.values_list("explanation", flat=True)) == {explanation.pk, other.pk}


def test_documents_are_not_added_to_what_was_sent(client, office):
    explanation = office.answered()
    page = sign_in(client, office.writer).post(
        at_page("explanation_document", explanation), {"number": "1", "whole": "1"}
    )
    assert page.status_code == 403
    assert not explanation.proofs.exists()


def test_another_units_proof_is_not_removed_through_ones_own(client, office):
    mine, theirs = office.ask(office.question(), office.question(unit="KHTC"))
    proof = add_document(
        explanation=theirs, by=office.by(office.other_head, Role.HEAD), number="3/KHTC"
    )
    sign_in(client, office.head)
    page = client.post(at_page("explanation_document_remove", mine, proof.pk))
    assert page.status_code == 404
    assert theirs.proofs.exists()


def test_the_register_is_searched_from_the_form(client, office):
    explanation = office.asked()
    Document.objects.create(
        agency=office.agency, unit=office.units["TCCB"], number="12/KH", subject="Kế hoạch tập huấn"
    )
    sign_in(client, office.writer)
    found = client.get(
        at_page("explanation_document_search", explanation),
        {"tim": "tap huan"},
        HTTP_HX_REQUEST="true",
    )
    assert "12/KH" in found.content.decode()
    page = client.get(
        at_page("explanation_document_search", explanation), {"tim": "tap huan"}, follow=True
    )
    assert "12/KH" in page.content.decode()


# -- Lists and history --------------------------------------------------------------------------


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
