"""What the office sent for a unit: the unit is told, may object, and the report waits for the answer (R2b)."""

import re

import pytest
import time_machine
from django.urls import reverse
from entering_office import WORDS, by, entered, objected, typed
from report_office import Office, at, sign_in, text_of

from accounts.models import Mail, Role
from tasks import services
from tasks.models import Report, Substitution, Transition
from tasks.permissions import can, why_not

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


# -- Sent: the unit is told and may object --------------------------------------------------------


def test_the_unit_is_told_once(office, go):
    Report.objects.filter(task__code="1.2", unit=office.units["TCCB"]).update(
        assignee=office.writer
    )
    report = entered(office)
    mails = Mail.objects.filter(kind="report_entered")
    assert {mail.user for mail in mails} == {
        office.head,
        office.writer,
    }  # not who has no part in it
    mail = mails.first()
    assert mail.subject == "CCHC: Văn phòng Sở đã nhập và gửi thay báo cáo 1.2"
    for text in (mail.text, mail.html):
        assert "Văn bản: số 12/CV-TCCB, ngày 12/11/2019" in text
        assert reverse("report_detail", args=[report.pk]) in text
        assert "Hồ Thị Văn Thư" in text
    page = go("report_form", report, typed(report, "submit"), follow=True)  # the same click again
    assert "đã được gửi trước đó" in text_of(page)
    assert Mail.objects.count() == 2
    assert report.versions.count() == 1


def test_a_unit_without_a_head_is_told_too(office):
    office.head.is_active = False
    office.head.save()
    entered(office)
    told = {mail.user for mail in Mail.objects.filter(kind="report_entered")}
    assert told == {office.writer, office.second_writer}


def test_the_unit_objects_and_the_report_waits(go, office, client):
    report = entered(office)
    page = go("report_detail", report, user=office.head)
    assert f"Văn phòng Sở nhập thay ngày 13/11/2019 , {WORDS}" in text_of(page)
    assert "Gửi ý kiến" in text_of(page)
    page = go(
        "report_object", report, {"text": "Còn thiếu 2 hồ sơ."}, user=office.head, follow=True
    )
    assert "Phòng Tổ chức cán bộ có ý kiến" in text_of(page)
    assert "Gửi ý kiến" not in text_of(page)
    sign_in(client, office.clerk)
    queue = text_of(client.get(reverse("review_queue")))
    assert "VP nhập thay" in queue
    assert "Đơn vị có ý kiến" in queue
    words = text_of(go("review_report", report))
    assert "Còn thiếu 2 hồ sơ." in words
    assert "Trả lại đơn vị" in words
    assert "Duyệt báo cáo" not in words
    page = client.post(reverse("report_accept"), {"bao-cao": report.pk}, follow=True)
    assert "Chưa duyệt 1.2 của Phòng Tổ chức cán bộ" in text_of(page)
    assert services.accept(reports=[report], by=by(office)) == 0
    assert office.find("1.2").state == "submitted"


def test_others_are_accepted_meanwhile(go, office, client):
    report, other = objected(office), office.send("1.3")
    sign_in(client, office.clerk)
    page = client.post(reverse("report_accept"), {"bao-cao": [report.pk, other.pk]}, follow=True)
    words = text_of(page)
    assert "Đã duyệt 1 báo cáo." in words
    assert "Chưa duyệt 1.2" in words
    assert "không còn chờ duyệt" not in words
    assert [office.find(task).state for task in ("1.2", "1.3")] == ["submitted", "accepted"]


def test_the_office_answers_and_accepts(go, office, client):
    report = objected(office)
    assert go("objection_answer", report, {"answer": "  "}).status_code == 422
    page = go("objection_answer", report, {"answer": "Đã đối chiếu văn bản."}, follow=True)
    assert "Đã trả lời ý kiến và gửi thư báo đơn vị." in text_of(page)
    (mail,) = Mail.objects.filter(kind="objection_answered")
    assert mail.user == office.head
    assert "Đã đối chiếu văn bản." in mail.text
    assert "Còn thiếu 2 hồ sơ." in mail.text
    assert "Đã đối chiếu văn bản." in text_of(go("report_detail", report, user=office.head))
    client.logout()
    sign_in(client, office.clerk)
    client.post(reverse("report_accept"), {"bao-cao": report.pk})
    assert office.find("1.2").state == "accepted"
    page = go("objection_answer", report, {"answer": "Lần nữa"}, follow=True)
    assert "Không có ý kiến nào" in text_of(page)
    assert Mail.objects.filter(kind="objection_answered").count() == 1


def test_returning_it_answers_too(go, office):
    report = objected(office)
    go("report_return", report, {"reason": "Mời đơn vị sửa."})
    (entry,) = Substitution.objects.all()
    assert (entry.answer, entry.answered_by) == ("Mời đơn vị sửa.", office.clerk)
    assert office.find("1.2").state == "returned"
    # What the unit then sends is its own.
    go("report_form", report, typed(report, "submit", text="Đơn vị sửa."), user=office.head)
    report = office.find("1.2")
    assert (report.state, report.substitution) == ("submitted", None)
    assert services.accept(reports=[report], by=by(office)) == 1


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_an_objection_has_words(go, office, text):
    report = entered(office)
    page = go("report_object", report, {"text": text}, user=office.head)
    assert page.status_code == 422
    assert not Substitution.objects.filter(objected_at__isnull=False).exists()


def test_who_may_object_and_when(go, office):
    report = entered(office)
    for user in (office.other_head, office.clerk, office.leader):
        assert go("report_object", report, {"text": "Không"}, user=user).status_code == 403
    assert go("report_object", report, {"text": "Có"}, user=office.writer).status_code == 302
    page = go("report_object", report, {"text": "Nữa"}, user=office.head, follow=True)
    assert "đã có ý kiến về báo cáo này trước đó" in text_of(page)
    assert Substitution.objects.get().objection == "Có"
    # Not to what the unit sent itself, nor to what is accepted.
    own = office.send("1.3")
    assert go("report_object", own, {"text": "Không"}, user=office.head).status_code == 422
    accepted = entered(office, "1.4")
    services.accept(reports=[accepted], by=by(office, office.coordinator))
    assert go("report_object", accepted, {"text": "Không"}, user=office.head).status_code == 422
    assert "Gửi ý kiến" not in text_of(go("report_detail", accepted, user=office.head))


def test_the_other_units_of_the_task_do_not_read_the_objection(go, office):
    report = objected(office)
    words = text_of(go("report_detail", report, user=office.other_head))
    assert "Văn phòng Sở nhập thay ngày 13/11/2019" in words
    assert "Còn thiếu 2 hồ sơ." not in words
    assert "Còn thiếu 2 hồ sơ." in text_of(go("report_detail", report, user=office.leader))


def test_accepting_ones_own_entry_is_shown_as_such(go, office):
    report = entered(office)
    assert "Bạn là người nhập thay" in text_of(go("review_report", report))
    services.accept(reports=[report], by=by(office), reasons={report.pk: "Đã xác nhận."})
    step = Transition.objects.get(report=report, action="accept")
    assert step.reason == "Người duyệt cũng là người nhập thay đơn vị. Đã xác nhận."
    other = entered(office, "1.3")
    words = text_of(go("review_report", other, user=office.coordinator))
    assert "Bạn là người nhập thay" not in words
    services.accept(reports=[other], by=by(office, office.coordinator))
    assert Transition.objects.get(report=other, action="accept").reason == ""


def test_it_stands_wherever_it_says_who(go, office, client):
    report = entered(office)
    office.send_back(report)
    again = office.find("1.2")
    office.save(again, text="Đơn vị sửa.")
    services.submit(report=again, by=office.by(office.head, Role.HEAD))
    words = text_of(go("review_report", report))
    assert "VP nhập thay Phòng Tổ chức cán bộ" in words
    assert "Căn cứ: Văn bản: số 12/CV-TCCB, ngày 12/11/2019" in words
    words = text_of(go("version_compare", report))
    assert "Hồ Thị Văn Thư, VP nhập thay" in words
    assert not re.search(r"Trần Thị Trưởng, VP nhập thay", words)
    sign_in(client, office.clerk)
    words = text_of(client.get(reverse("history_list")))
    assert "VP nhập thay Phòng Tổ chức cán bộ" in words
    assert "Căn cứ: Văn bản: số 12/CV-TCCB, ngày 12/11/2019" in words


def test_a_refusal_tells_why(office):
    report = objected(office)
    assert "có ý kiến" in why_not(office.clerk, "report_accept", report)
    assert can(office.clerk, "report_return", report)
