"""Adding documents and files to a draft: what is taken, what is refused with which words, who may (R3, R7, R17, R35)."""

import datetime as dt
from pathlib import Path

import made_files as made
import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from season import Office, at

from accounts import kept
from accounts.history import Actor
from accounts.models import AuditEntry
from plans.models import Indicator
from tasks.evidence import add_evidence, remove_evidence
from tasks.evidence_views import evidence_context
from tasks.models import Answer, Document, Evidence, Report, StoredFile, Transition, Version
from tasks.services import Refused

pytestmark = pytest.mark.django_db
BACKEND = "accounts.backends.EmailBackend"


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9)):
        yield


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    return settings.MEDIA_ROOT


@pytest.fixture
def office(morning):
    office = Office()
    office.report = office.reports["TCCB", "1.1"]
    office.indicator = Indicator.objects.create(
        task=office.tasks[0], code="1.1-a", name="Kế hoạch được ban hành", kind="document", order=1
    )
    office.writer = office.writers["TCCB"]
    return office


@pytest.fixture
def add(office):
    def call(*uploads, user=None, report=None, **given):
        return add_evidence(
            report=report or office.report,
            by=Actor.of(user or office.writer),
            uploads=uploads,
            **given,
        )

    return call


# -- Storing ------------------------------------------------------------------------------------


def test_a_file_is_stored_under_its_hash_and_only_once(add, office, media):
    first = add(
        made.upload("Kế hoạch.pdf", made.pdf()), number="12/KH", issued_on=dt.date(2019, 1, 15)
    )
    add(made.upload("bản sao.pdf", made.pdf()), number="13/KH")
    stored = first.document.files.get()
    assert stored.path == f"evidence/{stored.sha256[:2]}/{stored.sha256}"
    assert stored.name == "Kế hoạch.pdf"
    assert stored.content_type == "application/pdf"
    assert stored.uploaded_by == office.writer
    on_disk = [path for path in Path(media).rglob("*") if path.is_file()]
    assert [path.name for path in on_disk] == [stored.sha256]
    assert on_disk[0].read_bytes() == made.pdf()


def test_a_half_written_file_is_written_again(add, media):
    stored = add(made.upload("a.pdf", made.pdf()), number="1").document.files.get()
    (Path(media) / stored.path).write_bytes(b"%PDF")
    add(made.upload("a.pdf", made.pdf()), number="2")
    assert (Path(media) / stored.path).read_bytes() == made.pdf()


def test_a_disk_that_cannot_be_written_is_said(add, media, caplog):
    Path(media).write_text("not a folder")
    with pytest.raises(Refused, match="Máy chủ chưa lưu được tệp"):
        add(made.upload("a.pdf", made.pdf()))
    assert not Document.objects.exists()


# -- The service --------------------------------------------------------------------------------


def test_a_document_is_registered_once_and_the_draft_begins(add, office):
    evidence = add(
        number=" 12/KH-SGDĐT ",
        issued_on=dt.date(2019, 1, 15),
        issuer="Sở GDĐT",
        subject="Kế hoạch CCHC",
        indicator=office.indicator,
        section="mục II",
    )
    other = add(
        number="12/KH-SGDĐT",
        issued_on=dt.date(2019, 1, 15),
        issuer="Sở GDĐT",
        report=office.reports["TCCB", "1.2"],
    )
    assert evidence.document == other.document
    office.report.refresh_from_db()
    assert office.report.state == "draft"
    assert office.report.assignee == office.writer
    assert Transition.objects.get(report=office.report).action == "start"
    entry = AuditEntry.objects.filter(object_id=office.report.pk).latest("pk")
    assert entry.action == "Thêm tài liệu kiểm chứng"
    assert entry.changes["evidence"][1] == "12/KH-SGDĐT ngày 15/01/2019, chứng minh 1.1-a"


def test_a_number_or_a_file_is_needed(add):
    with pytest.raises(Refused, match="ghi số, ký hiệu văn bản, liên kết hoặc đính kèm"):
        add(subject="Kế hoạch")


def test_a_file_alone_is_enough_and_names_itself(add):
    evidence = add(made.upload("Biên bản họp.pdf", made.pdf()))
    assert evidence.document.subject == "Biên bản họp"
    assert str(evidence.document) == "Biên bản họp"


def test_a_future_date_is_refused(add):
    with pytest.raises(Refused, match="14/11/2019 ở sau ngày hôm nay"):
        add(number="1", issued_on=dt.date(2019, 11, 14))
    assert add(number="1", issued_on=dt.date(2019, 11, 13))


def test_an_indicator_of_another_task_is_refused(add, office):
    stray = Indicator.objects.create(
        task=office.tasks[1], code="1.2-a", name="x", kind="count", order=1
    )
    with pytest.raises(Refused, match="không thuộc phần đơn vị phải trả lời"):
        add(number="1", indicator=stray)


def test_one_bad_file_keeps_all_out(add, media):
    with pytest.raises(Refused) as refusal:
        add(
            made.upload("a.pdf", made.pdf()),
            made.upload("b.pdf", b""),
            made.upload("c.exe", b"MZ"),
            number="1",
        )
    assert "“b.pdf”" in str(refusal.value)
    assert "“c.exe”" in str(refusal.value)
    assert not StoredFile.objects.exists()
    assert not Document.objects.exists()


def test_the_same_again_says_so(add):
    add(number="1")
    with pytest.raises(Refused, match="đã có trong danh sách"):
        add(number="1")
    add(made.upload("a.pdf", made.pdf()))
    with pytest.raises(Refused, match="đã có trong danh sách"):
        add(made.upload("a.pdf", made.pdf()))
    assert Evidence.objects.count() == 2


def test_files_are_added_to_a_document_known_already(add):
    first = add(number="1")
    again = add(
        made.upload("a.pdf", made.pdf()), made.upload("b.png", made.png()), document=first.document
    )
    assert again == first
    assert first.document.files.count() == 2


@pytest.mark.parametrize(
    ("unit", "role"), [("KHTC", "writers"), ("VP", "heads"), ("KHTC", "heads")]
)
def test_another_unit_adds_nothing(add, office, unit, role):
    with pytest.raises(PermissionDenied, match="chỉ đơn vị đó được sửa"):
        add(number="1", user=getattr(office, role)[unit])


def test_a_sent_report_takes_nothing(add, office):
    Report.objects.filter(pk=office.report.pk).update(
        state="submitted", first_submitted_at=timezone.now()
    )
    with pytest.raises(PermissionDenied, match="đang chờ Văn phòng Sở duyệt"):
        add(number="1")


def test_a_closed_period_takes_nothing(add, office):
    with time_machine.travel(at(2020, 1, 1, 8)), pytest.raises(PermissionDenied, match="đã khóa"):
        add(number="1")


def test_removing_takes_a_mistaken_file_out_of_reach(add, office):
    evidence = add(made.upload("nhầm.pdf", made.pdf()))
    remove_evidence(evidence=evidence, by=Actor.of(office.writer))
    assert not StoredFile.objects.exists()
    assert not Document.objects.exists()
    assert AuditEntry.objects.latest("pk").changes == {"evidence": ["nhầm", None]}


def test_removing_keeps_what_a_figure_or_a_version_refers_to(add, office):
    figure = add(number="1")
    Answer.objects.create(
        report=office.report, indicator=office.indicator, document=figure.document
    )
    remove_evidence(evidence=figure, by=Actor.of(office.writer))
    assert Document.objects.filter(pk=figure.document_id).exists()
    sent = add(made.upload("a.pdf", made.pdf()))
    Version.objects.create(
        **Actor.of(office.writer).columns(),
        report=office.report,
        number=1,
        content={"evidence": [{"files": [{"sha256": sent.document.files.get().sha256}]}]},
    )
    remove_evidence(evidence=sent, by=Actor.of(office.writer))
    assert StoredFile.objects.filter(document_id=sent.document_id).exists()


# -- The page -----------------------------------------------------------------------------------


@pytest.fixture
def post(client, office):
    def call(name="evidence_add", user=None, report=None, pk=None, htmx=False, **data):
        if user is not False:
            client.force_login(user or office.writer, backend=BACKEND)
        args = [(report or office.report).pk, *([pk] if pk else [])]
        return client.post(
            reverse(name, args=args),
            data | {"whole": "1"},
            headers={"HX-Request": "true"} if htmx else {},
        )

    return call


def text_of(page):
    return " ".join(page.content.decode().split())


def test_adding_on_the_page(post, office, client):
    page = post(
        number="12/KH",
        issued_on="15/01/2019",
        issuer="Sở GDĐT",
        subject="Kế hoạch",
        section="trang 2",
        indicator=office.indicator.pk,
        uploads=[made.upload("a.pdf", made.pdf()), made.upload("b.png", made.png())],
    )
    assert page.status_code == 302
    assert page.url == reverse("report_form", args=[office.report.pk]) + "#evidence"
    evidence = Evidence.objects.get()
    assert evidence.indicator == office.indicator
    assert evidence.section == "trang 2"
    assert evidence.document.issued_on == dt.date(2019, 1, 15)
    assert [file.name for file in evidence.document.files.all()] == ["a.pdf", "b.png"]


def test_adding_a_part_of_the_page(post):
    page = post(number="12/KH", htmx=True)
    assert page.status_code == 200
    assert text_of(page).startswith('<section class="card evidence" id="evidence"')
    assert "Đã thêm tài liệu kiểm chứng 12/KH." in text_of(page)


@pytest.mark.parametrize("htmx", [False, True])
def test_what_was_typed_stays_when_something_is_wrong(post, htmx):
    page = post(
        number="12/KH",
        issued_on="31/02/2019",
        subject="Kế hoạch “mới”",
        htmx=htmx,
        uploads=[made.upload("a.docx", made.pdf())],
    )
    text = text_of(page)
    assert page.status_code == (200 if htmx else 422)
    assert 'value="12/KH"' in text
    assert 'value="31/02/2019"' in text
    assert "Không đọc được ngày" in text
    assert "có đuôi .docx nhưng nội dung là PDF" in text
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Hãy ghi số, ký hiệu văn bản, liên kết hoặc đính kèm"),
        ({"url": "http://vanban.vn/12"}, "Liên kết phải là địa chỉ đầy đủ bắt đầu bằng https"),
        ({"url": "https://a:b@vanban.vn/12"}, "không được chứa tên đăng nhập"),
        (
            {"number": "1", "issued_on": "01/02/2019", "in_force_until": "31/01/2019"},
            "không thể trước ngày ban hành",
        ),
        ({"number": "1", "issued_on": "01/01/2030"}, "01/01/2030 ở sau ngày hôm nay"),
        ({"number": "1", "issued_on": "01/01/0019"}, "Năm ban hành phải từ 1945"),
        ({"number": "x" * 61}, "60"),
        ({"number": "1", "indicator": "999"}, "không thuộc phần đơn vị phải trả lời"),
        ({"number": "1", "document": "999"}, "Không tìm thấy tài liệu đã chọn"),
    ],
)
def test_each_fault_has_its_words(post, data, words):
    page = post(**data)
    assert page.status_code == 422
    assert words in text_of(page)


def test_a_stale_choice_of_another_agencys_document_is_not_found(post):
    stranger = Office("SNV")
    theirs = Document.objects.create(agency=stranger.agency, unit=stranger.units["VP"], number="9")
    assert "Không tìm thấy tài liệu" in text_of(post(document=theirs.pk))


def test_who_may_not_add(post, office):
    assert post(user=office.writers["KHTC"], number="1").status_code == 403
    assert post(user=office.director, number="1").status_code == 403
    stranger = Office("SNV")
    assert post(user=stranger.writers["TCCB"], number="1").status_code == 404
    assert not Evidence.objects.exists()


def test_a_session_that_ended_keeps_what_was_typed(post, office, client):
    form = reverse("evidence_add", args=[office.report.pk])
    page = post(user=False, number="12/KH", next=form, _who=kept.sign(office.writer))
    assert page.status_code == 302
    client.post(reverse("sign_in"))  # the form is kept through sign-in
    client.force_login(office.writer, backend=BACKEND)
    text = text_of(client.get(form))
    assert 'value="12/KH"' in text
    assert "Tệp đính kèm cần chọn lại" in text


def test_removing_on_the_page(post, add, office):
    evidence = add(number="1")
    assert post("evidence_remove", user=office.writers["KHTC"], pk=evidence.pk).status_code == 403
    assert (
        post("evidence_remove", report=office.reports["TCCB", "1.2"], pk=evidence.pk).status_code
        == 404
    )
    assert post("evidence_remove", pk=evidence.pk).status_code == 302
    assert post("evidence_remove", pk=evidence.pk).status_code == 404
    assert not Evidence.objects.exists()


def test_removing_is_no_link(client, add, office):
    evidence = add(number="1")
    client.force_login(office.writer, backend=BACKEND)
    assert (
        client.get(reverse("evidence_remove", args=[office.report.pk, evidence.pk])).status_code
        == 405
    )


def test_queries_do_not_grow_with_the_evidence(add, office):
    def count():
        with CaptureQueriesContext(connection) as queries:
            context = evidence_context(office.report, office.writer)
            [list(item.document.files.all()) for item in context["evidence"]]
            [item.done for item in context["expected"]]
            [document.unit.name for document in context["form"].found]
        return len(queries)

    add(made.upload("a.pdf", made.pdf()), number="0")
    before = count()
    for n in range(1, 6):
        add(made.upload(f"{n}.pdf", made.pdf(b"%d" % n)), number=f"{n}", indicator=office.indicator)
    assert count() == before
