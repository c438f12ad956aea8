"""Correcting a registered document: by whom, when with a reason, once in the agency (R16, R17, R35)."""

import datetime as dt
import threading

import made_files as made
import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from season import Office, at

from accounts.history import Actor
from accounts.models import AuditEntry
from plans.models import Indicator
from tasks import register
from tasks.evidence import add_evidence
from tasks.models import Answer, Document, Report, Version
from tasks.services import Refused

pytestmark = pytest.mark.django_db
BACKEND = "accounts.backends.EmailBackend"


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9)):
        yield


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def office(morning):
    office = Office()
    office.report = office.reports["TCCB", "1.1"]
    office.document = add_evidence(
        report=office.report,
        by=Actor.of(office.writers["TCCB"]),
        number="12/KH",
        issued_on=dt.date(2019, 1, 15),
        issuer="Sở GDĐT",
        subject="Kế hoạch",
        uploads=[made.upload("a.pdf", made.pdf())],
    ).document
    office.coordinator = office.heads["VP"]
    return office


def send(report, state):
    Report.objects.filter(pk=report.pk).update(
        state=state, first_submitted_at=timezone.now(), submitted_at=timezone.now()
    )


FORM = {"number": "12/KH", "issued_on": "15/01/2019", "issuer": "Sở GDĐT", "subject": "Kế hoạch"}


@pytest.fixture
def post(client, office):
    def call(user, name="document_change", args=None, **data):
        client.force_login(user, backend=BACKEND)
        args = args or [office.document.pk]
        return client.post(reverse(name, args=args), data | {"whole": "1"})

    return call


def text_of(page):
    return " ".join(page.content.decode().split())


# -- Who, when, with what reason ----------------------------------------------------------------


def test_the_unit_corrects_its_own_and_history_says_what(post, office, client):
    page = post(
        office.writers["TCCB"],
        **FORM
        | {"subject": "Kế hoạch CCHC 2019", "is_draft": "on", "url": "https://vanban.vn/12"}
        | {"in_force_until": "31/12/2020"},
    )
    assert page.status_code == 302
    office.document.refresh_from_db()
    assert office.document.subject == "Kế hoạch CCHC 2019"
    assert office.document.in_force_until == dt.date(2020, 12, 31)
    assert "cchc 2019" in office.document.folded
    entry = AuditEntry.objects.get(object_type="tasks.document")
    assert entry.changes == {
        "subject": ["Kế hoạch", "Kế hoạch CCHC 2019"],
        "is_draft": [False, True],
        "url": ["", "https://vanban.vn/12"],
        "in_force_until": [None, "2020-12-31"],
    }
    text = text_of(client.get(page.url))
    assert "Sửa tài liệu" in text
    assert "<ins>31/12/2020</ins>" in text
    assert 'rel="noopener noreferrer external"' in text


def test_the_same_again_writes_nothing(post, office):
    assert post(office.writers["TCCB"], **FORM).status_code == 302
    assert not AuditEntry.objects.filter(object_type="tasks.document").exists()


@pytest.mark.parametrize("state", ["submitted", "accepted"])
def test_what_was_sent_is_the_offices_to_correct_with_a_reason(post, office, state):
    send(office.report, state)
    page = post(office.writers["TCCB"], **FORM | {"subject": "Khác"})
    assert page.status_code == 403
    assert "đề nghị Văn phòng Sở sửa" in text_of(page)
    page = post(office.coordinator, **FORM | {"subject": "Khác"})
    assert page.status_code == 422
    assert "Hãy nêu lý do" in text_of(page)
    assert 'value="Khác"' in text_of(page)
    page = post(office.coordinator, **FORM | {"subject": "Khác"}, reason="Đơn vị ghi nhầm")
    assert page.status_code == 302
    entry = AuditEntry.objects.get(object_type="tasks.document")
    assert (entry.reason, entry.acted_as) == ("Đơn vị ghi nhầm", "Văn phòng Sở")


def test_a_returned_reports_document_is_its_units_again(post, office):
    send(office.report, "returned")
    assert post(office.writers["TCCB"], **FORM | {"subject": "Khác"}).status_code == 302


def test_others_do_not_correct(post, office):
    send(office.report, "submitted")
    assert post(office.director, **FORM).status_code == 403
    assert post(office.writers["KHTC"], **FORM).status_code == 403
    stranger = Office("SNV")
    for name in ("document_change", "document_attach"):
        assert post(stranger.heads["VP"], name, **FORM).status_code == 404


def test_figures_of_a_closed_period_stay(office):
    indicator = Indicator.objects.create(
        task=office.tasks[0], code="1.1-a", name="Kế hoạch", kind="document", order=1
    )
    Answer.objects.create(report=office.report, indicator=indicator, document=office.document)
    with time_machine.travel(at(2020, 1, 2, 9)):
        by = Actor.of(office.coordinator)
        with pytest.raises(Refused, match="kỳ báo cáo đã khóa"):
            register.change(
                document=office.document,
                by=by,
                fields={"issued_on": dt.date(2018, 12, 1)},
                reason="sửa",
            )
        assert register.change(
            document=office.document, by=by, fields={"subject": "Khác"}, reason="sửa"
        )
    with pytest.raises(Refused, match="phải có số, ký hiệu"):
        register.change(
            document=office.document, by=Actor.of(office.writers["TCCB"]), fields={"number": ""}
        )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"url": "http://vanban.vn"}, "bắt đầu bằng https"),
        ({"url": "javascript:alert(1)"}, "bắt đầu bằng https"),
        ({"issued_on": "14/11/2019"}, "ở sau ngày hôm nay"),
        ({"issued_on": "31/02/2019"}, "Không đọc được ngày"),
        ({"in_force_until": "14/01/2019"}, "không thể trước ngày ban hành"),
    ],
)
def test_faults_are_said_and_nothing_is_stored(post, office, change, words):
    page = post(office.writers["TCCB"], **FORM | change)
    assert page.status_code == 422
    assert words in text_of(page)
    assert not AuditEntry.objects.filter(object_type="tasks.document").exists()


def test_it_cannot_become_another_one(post, office):
    Document.objects.create(
        agency=office.agency, unit=office.units["VP"], number="13/KH", issued_on="2019-01-15",
        issuer="Sở GDĐT",
    )  # fmt: skip
    page = post(office.writers["TCCB"], **FORM | {"number": "13/KH"})
    assert page.status_code == 422
    assert "Một văn bản chỉ đăng ký một lần" in text_of(page)


# -- Files --------------------------------------------------------------------------------------


def test_files_are_added_and_taken_off(post, office, client):
    page = post(
        office.writers["TCCB"], "document_attach", uploads=[made.upload("b.png", made.png())]
    )
    assert page.status_code == 302
    assert [f.name for f in office.document.files.all()] == ["a.pdf", "b.png"]
    first = office.document.files.first()
    page = post(office.writers["TCCB"], "document_detach", [office.document.pk, first.pk])
    assert page.status_code == 302
    assert [f.name for f in office.document.files.all()] == ["b.png"]
    actions = AuditEntry.objects.filter(object_type="tasks.document").order_by("pk")
    assert [e.changes["files"] for e in actions] == [[None, "b.png"], ["a.pdf", None]]


def test_bad_files_are_named(post, office):
    page = post(office.writers["TCCB"], "document_attach", uploads=[made.upload("b.exe", b"MZ")])
    assert page.status_code == 422
    assert "“b.exe”" in text_of(page)
    assert "ít nhất một tệp" in text_of(post(office.writers["TCCB"], "document_attach"))


def test_a_file_that_was_sent_stays(office):
    Version.objects.create(
        **Actor.of(office.writers["TCCB"]).columns(),
        report=office.report,
        number=1,
        content={"evidence": [{"files": [{"sha256": office.document.files.get().sha256}]}]},
    )
    with pytest.raises(Refused, match="nằm trong báo cáo đã gửi"):
        register.detach(
            file=office.document.files.get(), by=Actor.of(office.coordinator), reason="nhầm"
        )


def test_a_file_may_be_added_while_the_office_reviews_but_not_after(office):
    send(office.report, "submitted")
    by = Actor.of(office.writers["TCCB"])
    assert register.attach(
        document=office.document, by=by, uploads=[made.upload("b.png", made.png())]
    )
    send(office.report, "accepted")
    with pytest.raises(PermissionDenied, match="đã gửi hoặc đã duyệt"):
        register.attach(
            document=office.document, by=by, uploads=[made.upload("c.jpg", made.jpeg())]
        )
    with pytest.raises(Refused, match="không thêm tệp được"):
        add_evidence(
            report=office.reports["KHTC", "1.2"],
            by=Actor.of(office.writers["KHTC"]),
            document=office.document,
            uploads=[made.upload("c.jpg", made.jpeg())],
        )


# -- One document, one row ----------------------------------------------------------------------


def twin(office, **given):
    return add_evidence(
        report=office.reports["KHTC", "1.1"],
        by=Actor.of(office.writers["KHTC"]),
        **{
            "number": "12/kh",
            "issued_on": dt.date(2019, 1, 15),
            "issuer": "Sở Giáo dục và Đào tạo",
            "uploads": [made.upload("b.png", made.png())],
        }
        | given,
    ).document


def test_the_office_joins_two_spellings(post, office, client):
    other = twin(office)
    send(office.report, "submitted")
    send(office.reports["KHTC", "1.1"], "submitted")
    client.force_login(office.coordinator, backend=BACKEND)
    text = text_of(client.get(reverse("document_detail", args=[office.document.pk])))
    assert "Có thể trùng" in text
    assert "Sở Giáo dục và Đào tạo · Phòng KHTC đăng ký" in text
    page = post(office.coordinator, "document_merge", other=other.pk, reason="Cùng một văn bản")
    assert page.status_code == 302
    assert not Document.objects.filter(pk=other.pk).exists()
    assert [f.name for f in office.document.files.all()] == ["a.pdf", "b.png"]
    assert {e.report for e in office.document.evidence.all()} == {
        office.report,
        office.reports["KHTC", "1.1"],
    }
    entries = AuditEntry.objects.filter(action="Gộp tài liệu")
    assert {e.object_id for e in entries} == {office.document.pk, other.pk}


def test_who_and_what_may_not_be_joined(post, office):
    other = twin(office, number="13/KH")
    for report in (office.report, office.reports["KHTC", "1.1"]):
        send(report, "submitted")
    data = {"other": other.pk, "reason": "x"}
    assert post(office.writers["TCCB"], "document_merge", **data).status_code == 403
    assert post(office.director, "document_merge", **data).status_code == 403
    assert post(office.coordinator, "document_merge", **data).status_code == 302
    assert post(office.coordinator, "document_merge", other="x", reason="x").status_code == 404
    assert post(office.coordinator, "document_merge", other=10**15).status_code == 404
    assert Document.objects.count() == 2
    with pytest.raises(Refused, match="nêu lý do"):
        register.merge(keep=office.document, drop=other, by=Actor.system(), reason=" ")


def test_joining_a_document_to_itself_is_refused(office):
    with pytest.raises(Refused, match="Không tìm thấy một trong hai"):
        register.merge(keep=office.document, drop=office.document, by=Actor.system(), reason="x")
    assert Document.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("issued_on", [dt.date(2019, 1, 15), None])
def test_two_units_registering_at_once_get_one_row(issued_on):
    with time_machine.travel(at(2019, 11, 13, 9), tick=True):
        office = Office()
        start, faults = threading.Barrier(3), []

        def register_it(unit):
            try:
                start.wait(20)
                add_evidence(
                    report=office.reports[unit, "1.1"],
                    by=Actor.of(office.writers[unit]),
                    number="12/KH",
                    issued_on=issued_on,
                    issuer="UBND tỉnh",
                )
            except Exception as error:
                faults.append(error)
            finally:
                connection.close()

        threads = [
            threading.Thread(target=register_it, args=[unit]) for unit in ("VP", "TCCB", "KHTC")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert faults == []
        assert Document.objects.get().evidence.count() == 3
