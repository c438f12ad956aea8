"""Changing things in the admin site: faults in words, every change written down, nothing deleted (R2, R12, R35)."""

import datetime as dt

import pytest
from admin_office import BACKEND, LISTS, PLAN_LISTS, Office, person_data, url
from django.contrib.admin.models import LogEntry

from accounts.models import AuditEntry, Mail, User
from plans.models import CalendarDay, Indicator

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    return Office("SGDDT")


@pytest.fixture
def stranger(office):
    return Office("SNV")


@pytest.fixture
def sign_in(client):
    def call(user):
        client.force_login(user, backend=BACKEND)
        return client

    return call


@pytest.fixture
def site(sign_in, office):
    return sign_in(office.admin)


# -- Changing -----------------------------------------------------------------------------------


def test_a_new_person_gets_a_link_and_no_password_is_seen(site, office):
    page = site.post(url("user", "add"), person_data(office), follow=True)
    person = User.objects.get(email="binh@sgddt.vn")
    assert "Đã gửi liên kết đặt mật khẩu" in page.content.decode()
    assert Mail.objects.filter(user=person, kind="invitation").count() == 1
    assert not person.has_usable_password()
    assert (
        "password"
        not in site.get(url("user", "change", person.pk)).context["adminform"].form.fields
    )
    entry = AuditEntry.objects.get(object_type="accounts.user", object_id=person.pk)
    assert entry.action == "Thêm trong trang quản trị"
    assert entry.acted_as == "Quản trị"
    assert entry.agency == office.agency


def test_a_change_is_written_down_with_before_and_after(site, office):
    head = office.people["head"]
    site.post(
        url("user", "change", head.pk),
        {
            "name": head.name,
            "email": head.email,
            "unit": office.other.pk,
            "is_head": "on",
            "is_coordinator": "on",
        },
    )
    head.refresh_from_db()
    assert not head.is_active
    changes = AuditEntry.objects.get(object_id=head.pk).changes
    assert changes["unit"] == ["Văn phòng SGDDT", "Phòng Tổ chức SGDDT"]
    assert changes["is_active"] == [True, False]
    assert LogEntry.objects.filter(object_id=str(head.pk)).exists()


def test_saving_without_a_change_writes_nothing(site, office):
    head = office.people["head"]
    site.post(
        url("user", "change", head.pk),
        {
            "name": head.name,
            "email": head.email,
            "unit": office.vp.pk,
            "is_head": "on",
            "is_active": "on",
        },
    )
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"unit": ""}, "Hãy chọn đơn vị"),
        ({"is_reporter": ""}, "Hãy chọn ít nhất một vai trò"),
        ({"email": "HEAD@sgddt.vn"}, "đã tồn tại"),
        ({"email": "không phải thư"}, "email"),
    ],
)
def test_faults_of_a_person(site, office, changes, words):
    page = site.post(
        url("user", "add"), {k: v for k, v in person_data(office, **changes).items() if v}
    )
    assert page.status_code == 200
    assert words in page.content.decode()


def test_nobody_locks_oneself_out(site, office):
    page = site.post(
        url("user", "change", office.admin.pk),
        {"name": "x", "email": office.admin.email, "unit": office.vp.pk, "is_reporter": "on"},
    )
    assert "Không tự bỏ quyền quản trị của chính mình" in page.content.decode()


def test_links_are_sent_to_active_people(site, office):
    gone = office.people["reporter"]
    User.objects.get_queryset().filter(pk=gone.pk).update(is_active=False)
    page = site.post(
        url("user"),
        {"action": "send_link", "_selected_action": [gone.pk, office.people["head"].pk]},
        follow=True,
    )
    assert "cho 1 người" in page.content.decode()
    assert "Không gửi cho 1 tài khoản" in page.content.decode()
    assert Mail.objects.get(kind="invitation").user == office.people["head"]


@pytest.mark.parametrize("model", [*LISTS, "plan", "period", "indicator"])
def test_nothing_is_deleted(site, office, model):
    page = site.get(url(model))
    assert "delete_selected" not in page.content.decode()
    row = office.rows().get(f"{'plans' if model in PLAN_LISTS else 'accounts'}_{model}")
    if row:
        assert site.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_a_day_off_is_deleted_and_written_down(site, office):
    assert (
        site.post(url("calendarday", "delete", office.day.pk), {"post": "yes"}).status_code == 302
    )
    assert not CalendarDay.objects.exists()
    assert AuditEntry.objects.get().action == "Xóa trong trang quản trị"


def test_reminder_steps_are_typed_as_a_list(site, office):
    data = {
        "name": "Sở GDĐT",
        "province": "",
        "reminder_time": "07:30",
        "reminder_days_before": "30, 10, 2",
        "reminder_overdue_days": "5",
        "reminder_overdue_every": "7",
    }
    assert (
        'value="30, 14, 7, 3, 1"'
        in site.get(url("agency", "change", office.agency.pk)).content.decode()
    )
    assert site.post(url("agency", "change", office.agency.pk), data).status_code == 302
    office.agency.refresh_from_db()
    assert office.agency.reminder_days_before == [30, 10, 2]
    assert AuditEntry.objects.get().changes["reminder_days_before"] == [
        ["30", "14", "7", "3", "1"],
        ["30", "10", "2"],
    ]
    for bad in ("ba mươi", "0", "400"):
        page = site.post(
            url("agency", "change", office.agency.pk), data | {"reminder_days_before": bad}
        )
        assert page.status_code == 200
        assert "ví dụ" in page.content.decode()
    assert site.get(url("agency", "add")).status_code == 403


def test_a_code_comes_once_in_its_agency(site, office, stranger):
    data = {
        "agency": office.agency.pk,
        "code": "vp",
        "name": "Phòng nữa",
        "kind": "division",
        "order": "1",
    }
    assert "Mã vp đã có trong cơ quan" in site.post(url("unit", "add"), data).content.decode()
    assert site.post(url("unit", "add"), data | {"code": "KHTC"}).status_code == 302
    page = site.post(
        url("unitgroup", "add"), {"agency": office.agency.pk, "code": "phong", "name": "x"}
    )
    assert "Mã phong đã có" in page.content.decode()


def test_members_of_a_group(site, office):
    site.post(
        url("unitgroup", "change", office.group.pk),
        {
            "agency": office.agency.pk,
            "code": "PHONG",
            "name": office.group.name,
            "members": [office.other.pk],
        },
    )
    assert list(office.group.members.all()) == [office.other]
    assert AuditEntry.objects.get().changes["members"] == [[], ["Phòng Tổ chức SGDDT"]]


def test_dates_of_a_period(site, office):
    data = {
        "starts_on": "01/01/2019",
        "due_before": "25/11/2019",
        "closes_on": "31/12/2019",
        "draft_by": "10/11/2019",
    }
    assert site.post(url("period", "change", office.period.pk), data).status_code == 302
    office.period.refresh_from_db()
    assert office.period.due_before == dt.date(2019, 11, 25)
    page = site.post(url("period", "change", office.period.pk), data | {"closes_on": "01/11/2019"})
    assert "Ngày khóa không được trước ngày phải gửi." in page.content.decode()
    assert "closes_after_due" not in page.content.decode()
    page = site.post(url("period", "change", office.period.pk), data | {"draft_by": "26/11/2019"})
    assert "Phải trước ngày 25/11/2019" in page.content.decode()
    page = site.post(url("period", "change", office.period.pk), data | {"starts_on": "26/11/2019"})
    assert "starts_before_due" not in page.content.decode()


def test_the_plans_own_date(site, office):
    data = {"receiving_unit": office.vp.pk, "due_day": "25", "due_month": "11"}
    assert site.post(url("plan", "change", office.plan.pk), data).status_code == 302
    page = site.post(
        url("plan", "change", office.plan.pk), data | {"due_day": "29", "due_month": "2"}
    )
    assert "Không có ngày 29/2" in page.content.decode()
    assert site.get(url("plan", "add")).status_code == 403


def test_flags_of_an_indicator(site, office):
    address = url("indicator", "change", office.indicator.pk)
    data = {"source": office.other.pk, "interim": "on", "may_exceed": "on", "counted": "hồ sơ"}
    assert site.post(address, data).status_code == 302
    office.indicator.refresh_from_db()
    assert office.indicator.source == office.other
    assert office.indicator.may_exceed
    Indicator.objects.filter(pk=office.indicator.pk).update(kind="boolean", may_exceed=False)
    assert "Chỉ dùng cho chỉ tiêu tỷ lệ" in site.post(address, data).content.decode()
