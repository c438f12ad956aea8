"""The register of documents: who sees what, search, filters, where a document is used (R3, R17, R35a, R36)."""

import datetime as dt

import made_files as made
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from season import Office, at

from accounts.history import Actor
from plans.models import Duty, Indicator
from tasks.evidence import add_evidence
from tasks.models import Answer, Document, Report

pytestmark = pytest.mark.django_db
BACKEND = "accounts.backends.EmailBackend"


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9)) as clock:
        yield clock


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def office(morning):
    office = Office()
    office.report = office.reports["TCCB", "1.1"]
    office.writer = office.writers["TCCB"]
    return office


@pytest.fixture
def add(office):
    def call(number="12/KH-SGDĐT", unit="TCCB", task="1.1", uploads=(), **given):
        return add_evidence(
            report=office.reports[unit, task],
            by=Actor.of(office.writers[unit]),
            number=number,
            uploads=uploads,
            **given,
        )

    return call


@pytest.fixture
def see(client):
    def call(user, name="document_list", *args, **query):
        client.force_login(user, backend=BACKEND)
        return client.get(reverse(name, args=args), query)

    return call


def text_of(page):
    return " ".join(page.content.decode().split())


def send(report, state="submitted", at_=None):
    at_ = at_ or timezone.now()
    Report.objects.filter(pk=report.pk).update(
        state=state, first_submitted_at=at_, submitted_at=at_
    )


# -- Who sees what ------------------------------------------------------------------------------


def test_a_drafts_document_is_its_own_units(see, add, office):
    document = add().document
    assert "12/KH-SGDĐT" in text_of(see(office.writer))
    assert see(office.writer, "document_detail", document.pk).status_code == 200
    for person in (office.heads["VP"], office.director, office.writers["KHTC"]):
        assert "12/KH-SGDĐT" not in text_of(see(person))
        page = see(person, "document_detail", document.pk)
        assert page.status_code == 403
        assert "Phòng TCCB đăng ký" in text_of(page)


def test_a_sent_reports_document_is_the_offices_the_leaders_and_the_same_tasks(see, add, office):
    document = add().document
    send(office.report)
    for person in (office.heads["VP"], office.director):
        assert see(person, "document_detail", document.pk).status_code == 200
    assert see(office.writers["KHTC"], "document_detail", document.pk).status_code == 403
    Duty.objects.create(
        period=office.period, task=office.tasks[0], unit=office.units["KHTC"], role="coordinate"
    )
    assert see(office.writers["KHTC"], "document_detail", document.pk).status_code == 200


def test_what_a_returned_report_gained_since_is_a_draft_again(see, add, office, morning):
    sent = add().document
    send(office.report, "returned")
    morning.shift(dt.timedelta(hours=1))
    since = add("13/KH").document
    figure = Document.objects.create(
        agency=office.agency, unit=office.units["TCCB"], number="14/KH", issued_on="2019-05-01"
    )
    indicator = Indicator.objects.create(
        task=office.tasks[0], code="1.1-a", name="Kế hoạch", kind="document", order=1
    )
    Answer.objects.create(report=office.report, indicator=indicator, document=figure)
    seen = set(Document.objects.visible_to(office.heads["VP"]))
    assert seen == {sent}
    assert set(Document.objects.visible_to(office.writer)) == {sent, since, figure}


def test_an_administrator_of_the_unit_reads_no_drafts(see, add, office):
    add()
    office.writer.roles = ["administrator"]
    office.writer.save()
    assert not Document.objects.visible_to(office.writer).exists()
    page = see(office.writer)
    assert page.status_code == 403


def test_another_agencys_documents_do_not_exist(see, add, office):
    document = add().document
    send(office.report)
    stranger = Office("SNV")
    for person in (stranger.heads["VP"], stranger.writers["TCCB"], stranger.director):
        assert see(person, "document_detail", document.pk).status_code == 404
        assert "12/KH-SGDĐT" not in text_of(see(person))
    assert see(office.writer, "document_detail", 10**15).status_code == 404


def test_where_used_names_only_reports_one_may_read(see, add, office):
    document = add(section="mục II, trang 3").document
    add(unit="KHTC", task="1.2")
    send(office.report)
    text = text_of(see(office.heads["VP"], "document_detail", document.pk))
    assert "mục II, trang 3" in text
    assert "Phòng TCCB" in text
    assert "Phòng KHTC" not in text
    assert see(office.heads["VP"], dung="co").context["rows"][0][1] == 1
    # KHTC's draft made the register's row its own too: it sees its own use, not TCCB's.
    own = text_of(see(office.writers["KHTC"], "document_detail", document.pk))
    assert "Nhiệm vụ thứ 2" in own
    assert "Nhiệm vụ thứ 1" not in own


# -- Finding ------------------------------------------------------------------------------------


@pytest.fixture
def shelf(add):
    add(
        "12/KH-SGDĐT", issued_on=dt.date(2019, 1, 15), issuer="Sở GDĐT", subject="Kế hoạch cải cách"
    )
    add(
        "7/QĐ-UBND", issued_on=dt.date(2018, 3, 1), issuer="UBND tỉnh", subject="Quyết định công bố"
    )
    add(
        "",
        subject="Biên bản họp",
        is_draft=True,
        uploads=[made.upload("bien ban.pdf", made.pdf())],
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"tim": "ke hoach"}, {"12/KH-SGDĐT"}),
        ({"tim": "CẢI kế"}, {"12/KH-SGDĐT"}),
        ({"tim": "sgddt"}, {"12/KH-SGDĐT"}),
        ({"tim": "7/qd"}, {"7/QĐ-UBND"}),
        ({"tim": "ubnd quyet dinh"}, {"7/QĐ-UBND"}),
        ({"tim": "%"}, set()),
        ({"tim": "không có gì"}, set()),
        ({"nam": "2018"}, {"7/QĐ-UBND"}),
        ({"nam": "abcd"}, {"12/KH-SGDĐT", "7/QĐ-UBND", ""}),
        ({"tep": "co"}, {""}),
        ({"tep": "khong"}, {"12/KH-SGDĐT", "7/QĐ-UBND"}),
        ({"du-thao": "1"}, {""}),
        ({"don-vi": "KHTC"}, set()),
        ({"dung": "co"}, {"12/KH-SGDĐT", "7/QĐ-UBND", ""}),
        ({"dung": "khong"}, set()),
    ],
)
def test_search_and_filters(see, shelf, office, query, found):
    page = see(office.writer, **query)
    assert {document.number for document, _ in page.context["rows"]} == found


def test_an_unused_document_is_found_as_such(see, add, office):
    evidence = add()
    Document.objects.create(agency=office.agency, unit=office.units["TCCB"], number="99/CV")
    page = see(office.writer, dung="khong")
    assert [document.number for document, _ in page.context["rows"]] == ["99/CV"]
    assert evidence.document.number not in text_of(page)


def test_pages_and_queries_do_not_grow(see, add, office, media):
    def count(name, *args):
        see(office.writer, name, *args)
        with CaptureQueriesContext(connection) as queries:
            assert see(office.writer, name, *args).status_code == 200
        return len(queries)

    first = add("0/KH", uploads=[made.upload("0.pdf", made.pdf())]).document
    one = count("document_list"), count("document_detail", first.pk)
    for n in range(1, 31):
        add(f"{n}/KH", uploads=[made.upload(f"{n}.pdf", made.pdf(b"%d" % n))])
    for task in ("1.2", "1.3", "1.4"):
        add("0/KH", task=task)
    assert (count("document_list"), count("document_detail", first.pk)) == one
    assert "1–25 trong 31 tài liệu" in text_of(see(office.writer))
    assert len(see(office.writer, page=2).context["rows"]) == 6


# -- Choosing one for a report ------------------------------------------------------------------


def test_a_registered_document_is_found_and_used_again(see, client, add, office):
    document = add(subject="Kế hoạch cải cách hành chính").document
    other = office.reports["TCCB", "1.2"]
    client.force_login(office.writer, backend=BACKEND)
    found = client.get(
        reverse("evidence_search", args=[other.pk]),
        {"tim": "cai cach"},
        headers={"HX-Request": "true"},
    )
    assert text_of(found).startswith('<div class="evidence-found"')
    assert f'value="{document.pk}"' in text_of(found)
    plain = client.get(reverse("evidence_search", args=[other.pk]), {"tim": "cai cach"})
    assert plain.status_code == 302
    assert "Kế hoạch cải cách" in text_of(client.get(plain.url.partition("#")[0]))
    page = client.post(
        reverse("evidence_add", args=[other.pk]), {"document": document.pk, "whole": "1"}
    )
    assert page.status_code == 302
    assert other.evidence.get().document == document
    assert Document.objects.count() == 1


def test_a_document_one_may_not_see_is_not_offered_nor_taken(client, add, office):
    document = add(subject="Kế hoạch cải cách").document
    mine = office.reports["KHTC", "1.2"]
    client.force_login(office.writers["KHTC"], backend=BACKEND)
    for query in ({"tim": "cai cach"}, {"document": document.pk}):
        page = client.get(
            reverse("evidence_search", args=[mine.pk]), query, headers={"HX-Request": "true"}
        )
        assert f'value="{document.pk}"' not in text_of(page)
    page = client.post(
        reverse("evidence_add", args=[mine.pk]), {"document": document.pk, "whole": "1"}
    )
    assert page.status_code == 422
    assert not mine.evidence.exists()


def test_the_check_list_of_expected_documents(see, add, office):
    indicator = Indicator.objects.create(
        task=office.tasks[0], code="1.1-a", name="Kế hoạch năm", kind="document", order=1
    )
    Indicator.objects.create(
        task=office.tasks[0], code="1.1-b", name="Số liệu", kind="count", order=2
    )

    def shown():
        return see(office.writer, "evidence_add", office.report.pk).context["expected"]

    assert [(e.indicator, e.done, e.documents) for e in shown()] == [(indicator, False, [])]
    document = add(indicator=indicator, is_draft=True).document
    assert [(e.has_document, e.has_file, e.has_signed) for e in shown()] == [(True, False, False)]
    Document.objects.filter(pk=document.pk).update(is_draft=False)
    add(
        "",
        document=document,
        indicator=indicator,
        uploads=[made.upload("a.pdf", made.pdf())],
    )
    assert shown()[0].done
    assert "đủ số và tệp" in text_of(see(office.writer, "evidence_add", office.report.pk))
