"""The office enters and sends a report for its unit on a basis; the unit is told, takes over or objects (R2b)."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from entering_office import BASIS, TODAY, WORDS, by, entered, start, typed
from made_files import pdf, upload
from report_office import Office, at, form_url, sign_in, text_of

from accounts.models import AuditEntry, Mail, Role
from plans.models import Period, Task
from tasks import services, substitutions
from tasks.models import Document, Evidence, Report, Substitution, Transition, Version
from tasks.permissions import can
from tasks.services import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9), tick=False):
        yield


@pytest.fixture
def office(morning, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    office = Office()
    office.clerk = office.person("VP", "Hồ Thị Văn Thư", "coordinator")
    return office


@pytest.fixture
def go(client, office):
    """``go(name, report, data)``: POST as the clerk of the office, or GET without data."""

    def call(name, report=None, data=None, *, user=None, **options):
        sign_in(client, user or office.clerk)
        url = reverse(name, args=[(report or office.find("1.2")).pk])
        return client.get(url, **options) if data is None else client.post(url, data, **options)

    return call


# -- The basis ------------------------------------------------------------------------------------


def test_from_the_basis_to_the_report_sent(go, office, client):
    report = office.find("1.2")
    assert "Căn cứ nhập thay" in text_of(go("report_enter", report))
    page = go("report_enter", report, BASIS)
    assert (page.status_code, page.url) == (302, form_url(report))
    page = client.get(page.url)
    words = text_of(page)
    assert f"Văn phòng Sở nhập thay Phòng Tổ chức cán bộ , {WORDS}" in words
    assert "Gửi thay đơn vị" in words
    assert "Trình trưởng đơn vị" not in words
    # The unit's to-do list is not this person's page.
    assert reverse("todo") not in page.content.decode()
    page = client.post(form_url(report), typed(report, "submit"), follow=True)
    assert "Đã gửi báo cáo 1.2 thay Phòng Tổ chức cán bộ" in text_of(page)
    report = office.find("1.2")
    assert (report.state, report.submitted_at) == ("submitted", at(2019, 11, 13, 9))
    assert report.assignee is None  # the office is no writer of the unit
    (entry,) = Substitution.objects.all()
    assert (entry.report, entry.by, entry.ended_by, entry.end) == (
        report,
        office.clerk,
        office.clerk,
        "sent",
    )
    assert report.was_entered


def test_every_row_of_history_says_who_for_whom_and_on_what_basis(go, office):
    report = office.report
    go("report_enter", report, BASIS)
    go(
        "report_autosave",
        report,
        office.full() | {"version": Report.objects.get(pk=report.pk).version},
    )
    go(
        "evidence_add",
        report,
        {
            "whole": "1",
            "number": "7/BC",
            "issued_on": "01/11/2019",
            "issuer": "Sở GDĐT",
            "uploads": upload("bao-cao.pdf", pdf()),
        },
    )
    evidence = Evidence.objects.get()
    assert evidence.document.unit == report.unit
    sign = [evidence.document.files.get().pk]
    page = Client()
    sign_in(page, office.clerk)
    assert page.get(reverse("file_download", args=sign)).status_code == 200
    assert page.get(reverse("document_detail", args=[evidence.document_id])).status_code == 200
    page.post(reverse("evidence_remove", args=[report.pk, evidence.pk]))
    go(
        "report_form",
        report,
        office.full() | {"version": Report.objects.get(pk=report.pk).version, "then": "submit"},
    )
    assert office.find("1.1").state == "submitted"
    audit = AuditEntry.objects.filter(object_type="tasks.report", object_id=report.pk)
    assert {row.action for row in audit} == {
        "Bắt đầu nhập thay đơn vị",
        "Sửa báo cáo",
        "Thêm tài liệu kiểm chứng",
        "Bỏ tài liệu kiểm chứng",
    }
    steps = Transition.objects.filter(report=report)
    assert [step.action for step in steps] == ["start", "submit"]
    for row in [*audit, *steps, *Version.objects.filter(report=report)]:
        assert (row.actor, row.acted_as) == (office.clerk, "Văn phòng Sở"), row
        assert (row.for_unit, row.basis) == (report.unit, "Văn bản: số 12/CV-TCCB"), row
        assert row.basis_date == dt.date(2019, 11, 12), row


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": ""}, "Chưa chọn loại căn cứ."),
        ({"kind": "tin đồn"}, "Không có loại căn cứ này."),
        ({"basis": "  "}, "Chưa ghi căn cứ."),
        ({"basis": "x" * 281}, "Căn cứ dài quá 280 ký tự; hãy rút gọn."),
        ({"basis_date": ""}, "Chưa ghi ngày của căn cứ."),
        ({"basis_date": "14/11/2019"}, "Ngày 14/11/2019 ở sau ngày hôm nay."),
        ({"basis_date": "hôm qua"}, "Không đọc được ngày"),
        ({"basis_date": "31/02/2019"}, "Không đọc được ngày"),
    ],
)
def test_a_basis_that_is_none_is_refused_with_what_was_typed(go, office, changes, words):
    page = go("report_enter", None, BASIS | changes)
    assert page.status_code == 422
    assert words in text_of(page)
    kept = (BASIS | changes)["basis_date"]
    assert f'value="{kept}"' in page.content.decode() or not kept
    assert not Substitution.objects.exists()
    assert office.find("1.2").version == 0


def test_of_today_and_as_long_as_may_be(office):
    report = start(office, kind="briefing", basis="x" * 280, basis_date=TODAY)
    (row,) = AuditEntry.objects.filter(action="Bắt đầu nhập thay đơn vị")
    assert row.basis == "Kết luận giao ban: " + "x" * 280
    assert len(row.basis) <= 300
    assert report.being_entered


@pytest.mark.parametrize(
    "changes",
    [{"kind": "x"}, {"basis": " "}, {"basis": "x" * 281}, {"basis_date": dt.date(2019, 11, 14)}],
)
def test_the_service_refuses_the_same(office, changes):
    with pytest.raises(Refused):
        start(office, **changes)
    assert not Substitution.objects.exists()


def test_words_of_each_kind():
    found = {
        kind: Substitution(kind=kind, basis="việc", basis_date=TODAY).words
        for kind in Substitution.Kind.values
    }
    assert found == {
        "document": "theo văn bản: việc, ngày 13/11/2019",
        "phone": "theo điện thoại: việc, ngày 13/11/2019",
        "zalo": "theo Zalo: việc, ngày 13/11/2019",
        "briefing": "theo kết luận giao ban: việc, ngày 13/11/2019",
        "other": "theo việc, ngày 13/11/2019",
    }


# -- Where ----------------------------------------------------------------------------------------


def test_what_the_unit_is_writing_is_its_own(go, office):
    report = office.find("1.2")
    office.save(report, text="BÍ MẬT của đơn vị")
    page = go("report_enter", report)
    words = text_of(page)
    assert "đang soạn báo cáo này; bản đang soạn chỉ đơn vị xem được" in words
    assert "Hãy gọi đơn vị" in words
    assert office.head.email in words
    assert "BÍ MẬT" not in words
    page = go("report_enter", report, BASIS)
    assert page.status_code == 422
    assert not Substitution.objects.exists()
    with pytest.raises(Refused, match="đang soạn"):
        start(office, report)
    assert go("report_form", report).status_code == 403


@pytest.mark.parametrize("what", ["unread", "answer", "evidence", "difficulties"])
def test_anything_of_the_units_counts(office, what):
    report = office.report
    if what == "answer":
        report.answers.create(indicator=office.indicators["1.1-b"], amount=1)
    elif what == "evidence":
        document = Document.objects.create(agency=office.agency, unit=report.unit, number="1/BC")
        Evidence.objects.create(report=report, document=document)
    else:
        value = {"a1-amount": "ba"} if what == "unread" else "Thiếu người"
        Report.objects.filter(pk=report.pk).update(**{what: value})
    Report.objects.filter(pk=report.pk).update(state="draft")
    with pytest.raises(Refused, match="đang soạn"):
        start(office, office.find("1.1"))


def test_an_emptied_draft_may_be_entered(office):
    report = office.find("1.2")
    office.save(report, text="Nháp")
    office.save(report, text="")
    assert office.find("1.2").state == "draft"
    assert start(office).being_entered


def test_a_returned_report_may_be_entered_while_it_is_as_it_was_sent(go, office, client):
    report = office.send()
    office.send_back(report)
    go("report_enter", report, BASIS)
    assert "Đã làm." in client.get(form_url(report)).content.decode()
    client.post(form_url(report), typed(report, "submit"))
    assert office.find("1.2").state == "submitted"
    assert [v.for_unit_id for v in report.versions.order_by("number")] == [None, report.unit_id]


def test_not_once_the_unit_has_begun_to_mend_it(go, office):
    report = office.send()
    office.send_back(report)
    report = office.find("1.2")
    office.save(report, text="BÍ MẬT đang sửa")
    words = text_of(go("report_enter", report))
    assert "đã sửa tiếp báo cáo sau khi được trả lại" in words
    assert "BÍ MẬT" not in words
    with pytest.raises(Refused, match="đã sửa tiếp"):
        start(office, office.find("1.2"))


def test_what_writer_and_head_said_to_each_other_stays_with_them(go, office, client):
    report = office.find("1.2")
    office.save(report)
    services.hand_up(report=report, by=office.by(office.writer, Role.REPORTER))
    services.hand_back(report=report, by=office.by(office.head, Role.HEAD), reason="BÍ MẬT")
    services.submit(report=report, by=office.by(office.head, Role.HEAD))
    office.send_back(report)
    go("report_enter", report, BASIS)
    assert "BÍ MẬT" not in client.get(form_url(report)).content.decode()
    assert "BÍ MẬT" not in go("review_report", report).content.decode()


@pytest.mark.parametrize("state", ["submitted", "accepted"])
def test_not_what_is_sent(go, office, state):
    report = office.send()
    if state == "accepted":
        services.accept(reports=[report], by=by(office))
    page = go("report_enter", report, BASIS)
    assert page.status_code == 403
    assert "Báo cáo đã được gửi." in text_of(page)
    assert "Nhập thay đơn vị" not in text_of(go("review_report", report))
    with pytest.raises(PermissionDenied):
        start(office, report)


def test_not_in_a_closed_period_nor_what_is_released_or_retired(go, office):
    report = office.find("1.2")
    for column in ("released_at", "retired_at"):
        Report.objects.filter(pk=report.pk).update(**{column: timezone.now()})
        assert go("report_enter", report, BASIS).status_code == 403
        Report.objects.filter(pk=report.pk).update(**{column: None})
    start(office)
    Period.objects.update(closed_at=timezone.now())
    for name in ("report_enter", "report_enter_stop"):
        page = go(name, report, BASIS)
        assert page.status_code == 403
        assert "đã khóa" in text_of(page)
    assert go("report_form", report, typed(report, "submit")).status_code == 403
    assert go("report_take_over", report, {}, user=office.head).status_code == 403
    assert office.find("1.2").state == "not_started"


def test_not_of_ones_own_unit_and_not_of_another_agency(go, office):
    own = office.add_report(office.tasks[1], "VP")
    page = go("report_enter", own, BASIS)
    assert page.status_code == 403
    assert "chính đơn vị bạn" in text_of(page)
    other = Office("SNV")
    for name in ("report_enter", "report_enter_stop", "objection_answer"):
        assert go(name, other.find("1.2"), BASIS).status_code == 404
    for name in ("report_take_over", "report_object"):
        assert go(name, other.find("1.2"), {}, user=office.head).status_code == 404
    assert not Substitution.objects.exists()


@pytest.mark.parametrize("who", ["head", "writer", "leader", "administrator", "other_head"])
def test_only_the_office_enters(go, office, who):
    assert go("report_enter", None, BASIS, user=getattr(office, who)).status_code == 403
    assert not Substitution.objects.exists()


# -- While it goes on -----------------------------------------------------------------------------


def test_once_at_a_time(go, office, client):
    report = start(office)
    page = go(
        "report_enter", report, BASIS | {"kind": "zalo"}, user=office.coordinator, follow=True
    )
    words = text_of(page)
    assert "Hồ Thị Văn Thư đã bắt đầu nhập thay báo cáo này" in words
    assert "Gửi thay đơn vị" in words  # goes on where the colleague is
    with pytest.raises(Refused, match="đang được nhập thay"):
        start(office, report)
    assert Substitution.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Substitution.objects.create(
            report=report, kind="zalo", basis="x", basis_date=TODAY, by=office.clerk
        )


def test_a_colleague_saves_on_the_same_basis_in_the_own_name(go, office):
    report = start(office)
    go("report_form", report, typed(report), user=office.coordinator)
    row = AuditEntry.objects.get(action="Sửa báo cáo")
    assert (row.actor, row.basis) == (office.coordinator, "Văn bản: số 12/CV-TCCB")


def test_two_of_the_office_at_once_lose_nothing(go, office):
    report = start(office)
    first = typed(report)
    assert go("report_form", report, first | {"text": "Bản một"}).status_code == 302
    page = go("report_form", report, first | {"text": "Bản hai"}, user=office.coordinator)
    assert page.status_code == 409
    assert "Bản một" in text_of(page)
    assert "Bản hai" in text_of(page)


def test_the_unit_sees_it_and_does_not_write_meanwhile(go, office, client):
    report = start(office)
    go("report_form", report, typed(report))
    page = go("report_form", report, user=office.writer, follow=True)
    words = text_of(page)
    assert f"Văn phòng Sở đang nhập thay Phòng Tổ chức cán bộ , {WORDS}" in words
    assert "Đã làm theo công văn." in words
    assert "Đơn vị tự làm" in words
    assert (
        go("report_autosave", report, typed(report, text="Của tôi"), user=office.writer).status_code
        == 403
    )
    page = go("report_form", report, typed(report, "submit", text="Của tôi"), user=office.head)
    assert page.status_code == 403
    assert "Của tôi" in page.content.decode()  # nothing typed is lost
    with pytest.raises(Refused, match="đang nhập thay"):
        services.submit(report=office.find("1.2"), by=office.by(office.head, Role.HEAD))
    assert office.find("1.2").text == "Đã làm theo công văn."
    sign_in(client, office.head)
    assert "VP đang nhập thay" in text_of(client.get(reverse("todo")))


def test_only_the_unit_and_the_office_see_it(go, office):
    report = start(office)
    go("report_form", report, typed(report))
    for user in (office.leader, office.other_head):
        assert go("report_detail", report, user=user).status_code == 403
    assert "Đã làm theo công văn." in text_of(go("review_report", report))
    assert can(office.clerk, "report_write", office.find("1.2"))
    assert not can(office.leader, "report_write", office.find("1.2"))
    assert not can(office.clerk, "report_hand_up", office.find("1.2"))


def test_the_unit_takes_over(go, office, client):
    report = start(office)
    go("report_form", report, typed(report))
    stale = typed(report, text="VP nhập tiếp")
    page = go("report_take_over", report, {}, user=office.writer)
    assert (page.status_code, page.url) == (302, form_url(report))
    assert "Đã làm theo công văn." in client.get(page.url).content.decode()
    (entry,) = Substitution.objects.all()
    assert (entry.end, entry.ended_by) == ("taken_over", office.writer)
    # The office is too late: told why, and given back what it typed, not what the unit has made of it.
    assert go("report_autosave", report, stale).status_code == 403
    office.save(office.find("1.2"), text="BÍ MẬT của đơn vị")
    page = go("report_form", report, stale)
    assert page.status_code == 403
    assert "VP nhập tiếp" in page.content.decode()
    assert "BÍ MẬT" not in page.content.decode()
    page = go("report_form", report, stale | {"text": "BÍ MẬT của đơn vị"})
    assert "BÍ MẬT của đơn vị" in page.content.decode()  # nor whether it guesses right
    assert go("report_form", report).status_code == 403
    with pytest.raises(Refused, match="Đơn vị đã tự làm"):
        substitutions.send(
            report=office.find("1.2"), by=substitutions._for_unit(by(office), entry, report)
        )
    assert go("report_form", report, typed(report, "submit"), user=office.head).status_code == 302
    report = office.find("1.2")
    assert (report.state, report.substitution) == ("submitted", None)
    assert Version.objects.get(report=report).for_unit is None
    # Twice is once.
    page = go("report_take_over", report, {}, user=office.writer, follow=True)
    assert "không còn nhập thay" in text_of(page)


def test_the_office_stops(go, office, client):
    report = start(office)
    go("report_form", report, typed(report))
    page = go("report_enter_stop", report, {}, follow=True)
    assert "Phần đã nhập được để lại cho Phòng Tổ chức cán bộ." in text_of(page)
    assert "Đơn vị chưa gửi báo cáo này" in text_of(page)
    assert can(office.writer, "report_write", office.find("1.2"))
    assert "không còn được nhập thay" in text_of(go("report_enter_stop", report, {}, follow=True))
    row = AuditEntry.objects.get(action="Thôi nhập thay đơn vị")
    assert (row.for_unit, row.actor) == (report.unit, office.clerk)


def test_who_had_the_form_open_before_is_told(go, office):
    """The unit's page of a moment ago saves nothing under the office."""
    report = office.find("1.2")
    stale = typed(report, text="Của đơn vị")
    start(office)
    assert go("report_form", report, stale, user=office.writer).status_code == 403
    with pytest.raises(services.Conflict):
        office.save(report, base=0)
    assert office.find("1.2").text == ""


def test_gaps_are_named_before_it_is_sent(go, office):
    start(office, office.report)
    page = go("report_form", office.report, typed(office.report, "submit"))
    assert page.status_code == 422
    assert "1.1-b: chưa có số lượng." in text_of(page)
    assert not Mail.objects.exists()


# -- Lists ----------------------------------------------------------------------------------------


def test_the_list_leads_there(go, office, client):
    sign_in(client, office.clerk)
    html = client.get(reverse("report_list")).content.decode()
    assert reverse("report_enter", args=[office.find("1.2").pk]) in html
    start(office)
    html = client.get(reverse("report_list")).content.decode()
    assert reverse("report_enter", args=[office.find("1.2").pk]) not in html
    assert "VP đang nhập thay" in html
    sign_in(client, office.leader)
    assert "Nhập thay" not in client.get(reverse("report_list")).content.decode()


def test_lists_ask_no_more_of_the_database_for_what_is_entered(office, client):
    def count():
        found = []
        for name, user in (
            ("report_list", office.clerk),
            ("review_queue", office.clerk),
            ("todo", office.head),
        ):
            sign_in(client, user)
            client.get(reverse(name))
            with CaptureQueriesContext(connection) as queries:
                assert client.get(reverse(name)).status_code == 200
            found.append(len(queries))
        sign_in(client, office.head)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("sheet_upload", args=[office.period.pk]))
        return [*found, len(queries)]

    def grow(first):
        for n in range(first, first + 6):
            task = Task.objects.create(area=office.area, code=f"1.{n}", title=f"Việc {n}", order=n)
            office.add_report(task, "TCCB")
            if n % 2:
                start(office, office.find(f"1.{n}"))
            else:
                entered(office, f"1.{n}")
                substitutions.object_to(
                    report=office.find(f"1.{n}"), by=office.by(office.head), text="Không đúng."
                )

    grow(10)
    before = count()
    grow(20)
    assert count() == before
