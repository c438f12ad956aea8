"""Documents of an explanation: of the register or new, who reads them, what is kept (R3, R7, R17)."""

import datetime as dt

import made_files as made
import pytest
import time_machine
from django.urls import reverse
from explaining_office import Office, at_page, detail
from report_office import at, sign_in, text_of

from accounts.models import Role
from tasks import explanations, register
from tasks.explanation_documents import add_document, remove_document
from tasks.models import Document, Explanation, ExplanationDocument, StoredFile

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
