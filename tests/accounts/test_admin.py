"""The admin site: for administrators, their own agency only, nothing of reports, every change written down (R2, R3)."""

import datetime as dt
import gettext
import re
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Agency, AuditEntry, Mail, Unit, UnitGroup, User
from plans.models import Area, CalendarDay, Indicator, Period, Plan, Task

pytestmark = pytest.mark.django_db
BACKEND = "accounts.backends.EmailBackend"
LISTS = ("agency", "unit", "unitgroup", "user", "mail", "auditentry")
PLAN_LISTS = ("plan", "period", "indicator", "calendarday")


class Office:
    def __init__(self, code):
        self.agency = Agency.objects.create(code=code, name=f"Sở {code}")
        self.vp = Unit.objects.create(agency=self.agency, code="VP", name=f"Văn phòng {code}")
        self.other = Unit.objects.create(agency=self.agency, code="TCCB", name=f"Phòng Tổ chức {code}", order=1)
        self.group = UnitGroup.objects.create(agency=self.agency, code="PHONG", name=f"Các phòng {code}")
        self.people = {
            role: User.objects.create_user(f"{role}@{code.lower()}.vn", name=f"{role} {code}", unit=self.vp, roles=[role])
            for role in ("reporter", "head", "coordinator", "leader", "administrator")
        }
        self.admin = self.people["administrator"]
        self.plan = Plan.objects.create(agency=self.agency, code="KH", title=f"Kế hoạch {code}", years=[2019])
        self.period = Period.objects.create(
            plan=self.plan, year=2019, starts_on=dt.date(2019, 1, 1), due_before=dt.date(2019, 11, 20),
            closes_on=dt.date(2019, 12, 31),
        )
        area = Area.objects.create(plan=self.plan, code="1", name="Lĩnh vực", order=1)
        self.task = Task.objects.create(area=area, code="1.1", title="Nhiệm vụ", order=1)
        self.indicator = Indicator.objects.create(
            task=self.task, code="1.1-a", name=f"Chỉ tiêu {code}", kind="ratio", order=1
        )
        self.day = CalendarDay.objects.create(agency=self.agency, day=dt.date(2026, 1, 2), note=f"Nghỉ {code}")
        self.mail = Mail.objects.create(
            agency=self.agency, user=self.admin, key=f"k{code}", kind="reminder", to=self.admin.email,
            subject=f"Nhắc việc {code}", text="NỘI DUNG THƯ", html="<p>NỘI DUNG THƯ</p>",
        )

    def rows(self):
        return {
            "accounts_agency": self.agency, "accounts_unit": self.vp, "accounts_unitgroup": self.group,
            "accounts_user": self.people["head"], "accounts_mail": self.mail, "plans_plan": self.plan,
            "plans_period": self.period, "plans_indicator": self.indicator, "plans_calendarday": self.day,
        }


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


def url(model, action="changelist", *args):
    app = "plans" if model in PLAN_LISTS else "accounts"
    return reverse(f"admin:{app}_{model}_{action}", args=args)


def person_data(office, **changes):
    return {"name": "Trần Thị Bình", "email": "Binh@sgddt.vn", "unit": office.other.pk, "is_reporter": "on",
            "is_active": "on"} | changes


# -- Who may enter ------------------------------------------------------------------------------


def test_administrators_enter(site):
    text = site.get(reverse("admin:index")).content.decode()
    assert "Quản trị CCHC Tracker" in text
    for words in ("Đơn vị", "Nhóm đơn vị", "Tài khoản", "Kế hoạch", "Kỳ báo cáo", "Chỉ tiêu"):
        assert words in text


@pytest.mark.parametrize("role", ["reporter", "head", "coordinator", "leader"])
@pytest.mark.parametrize("model", ["user", "unit", "plan"])
def test_other_roles_are_told_why_not(sign_in, office, role, model):
    client = sign_in(office.people[role])
    for address in (url(model), url(model, "change", 1), reverse("admin:index")):
        page = client.get(address, follow=True)
        assert page.status_code == 403
        assert "Trang này dành cho: Quản trị." in page.content.decode()


def test_sign_in_is_the_products_own(client):
    page = client.get(url("user"), follow=True)
    assert page.redirect_chain[-1][0].startswith(reverse("sign_in"))
    assert "next=" in page.redirect_chain[-1][0]
    assert page.status_code == 200


def test_a_deactivated_administrator_does_not_enter(sign_in, office):
    client = sign_in(office.admin)
    User.objects.get_queryset().filter(pk=office.admin.pk).update(is_active=False)
    assert reverse("sign_in") in client.get(reverse("admin:index"), follow=True).redirect_chain[-1][0]


def test_reports_are_not_in_the_admin_site():
    """Administrators see no drafts of others."""
    apps = {model._meta.app_label for model in admin.site._registry}
    assert apps == {"accounts", "plans"}


# -- Whose rows ---------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [*LISTS, *PLAN_LISTS])
def test_lists_show_the_own_agency_only(site, office, stranger, model):
    text = site.get(url(model)).content.decode()
    assert site.get(url(model)).status_code == 200
    assert "SNV" not in text
    assert "snv.vn" not in text


def test_rows_of_another_agency_do_not_exist(site, stranger):
    for name, row in stranger.rows().items():
        for action in ("change", "history", "delete"):
            page = site.get(reverse(f"admin:{name}_{action}", args=[row.pk]), follow=True)
            assert "SNV" not in page.content.decode(), (name, action)
            assert page.status_code in {200, 403, 404}
            page = site.post(reverse(f"admin:{name}_{action}", args=[row.pk]), {"post": "yes"})
            assert page.status_code in {302, 403, 404, 405}
    stranger.vp.refresh_from_db()


def test_choices_are_the_own_agencys(site, office, stranger):
    for address in (
        url("unit", "change", office.vp.pk), url("unitgroup", "change", office.group.pk), url("user", "add"),
        url("plan", "change", office.plan.pk), url("indicator", "change", office.indicator.pk),
        url("calendarday", "add"), url("unit", "add"), url("user"), url("period"), url("indicator"),
    ):
        page = site.get(address)
        assert page.status_code == 200, address
        assert "SNV" not in page.content.decode(), address


def test_a_choice_of_another_agency_is_refused(site, office, stranger):
    page = site.post(url("user", "add"), person_data(office, unit=stranger.vp.pk))
    assert page.status_code == 200
    assert not User.objects.filter(email="binh@sgddt.vn").exists()
    page = site.post(url("calendarday", "add"), {"agency": stranger.agency.pk, "day": "02/09/2026"})
    assert page.status_code == 200
    assert CalendarDay.objects.count() == 2
    site.post(url("indicator", "change", office.indicator.pk), {"source": stranger.vp.pk, "counted": "hồ sơ"})
    office.indicator.refresh_from_db()
    assert office.indicator.source is None


def test_people_by_role(site):
    text = site.get(url("user"), {"vai-tro": "leader"}).content.decode()
    assert "leader SGDDT" in text
    assert "reporter SGDDT" not in text
    assert "reporter SGDDT" in site.get(url("user"), {"vai-tro": "superuser"}).content.decode()


def test_an_operator_sees_every_agency(sign_in, office, stranger):
    operator = User.objects.create_superuser("op@example.vn", "mat-khau-dai")
    client = sign_in(operator)
    text = client.get(url("unit")).content.decode()
    assert "Văn phòng SGDDT" in text
    assert "Văn phòng SNV" in text
    page = client.post(
        url("unit", "add"),
        {"agency": stranger.agency.pk, "code": "X", "name": "Phòng X", "kind": "division", "order": "3",
         "deputy_director": office.people["leader"].pk},
    )
    assert "Chỉ chọn người của cùng cơ quan" in page.content.decode()


def test_an_operators_account_is_nobodys_to_change(site, office):
    boss = User.objects.create_user("boss@sgddt.vn", name="Boss", unit=office.vp, roles=["leader"], is_superuser=True)
    assert "boss@sgddt.vn" not in site.get(url("user")).content.decode()
    assert site.get(url("user", "change", boss.pk)).status_code == 302


# -- Changing -----------------------------------------------------------------------------------


def test_a_new_person_gets_a_link_and_no_password_is_seen(site, office):
    page = site.post(url("user", "add"), person_data(office), follow=True)
    person = User.objects.get(email="binh@sgddt.vn")
    assert "Đã gửi liên kết đặt mật khẩu" in page.content.decode()
    assert Mail.objects.filter(user=person, kind="invitation").count() == 1
    assert not person.has_usable_password()
    assert "password" not in site.get(url("user", "change", person.pk)).context["adminform"].form.fields
    entry = AuditEntry.objects.get(object_type="accounts.user", object_id=person.pk)
    assert entry.action == "Thêm trong trang quản trị"
    assert entry.acted_as == "Quản trị"
    assert entry.agency == office.agency


def test_a_change_is_written_down_with_before_and_after(site, office):
    head = office.people["head"]
    site.post(
        url("user", "change", head.pk),
        {"name": head.name, "email": head.email, "unit": office.other.pk, "is_head": "on", "is_coordinator": "on"},
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
        {"name": head.name, "email": head.email, "unit": office.vp.pk, "is_head": "on", "is_active": "on"},
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
    page = site.post(url("user", "add"), {k: v for k, v in person_data(office, **changes).items() if v})
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
        url("user"), {"action": "send_link", "_selected_action": [gone.pk, office.people["head"].pk]}, follow=True
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
    assert site.post(url("calendarday", "delete", office.day.pk), {"post": "yes"}).status_code == 302
    assert not CalendarDay.objects.exists()
    assert AuditEntry.objects.get().action == "Xóa trong trang quản trị"


def test_reminder_steps_are_typed_as_a_list(site, office):
    data = {"name": "Sở GDĐT", "province": "", "reminder_time": "07:30", "reminder_days_before": "30, 10, 2",
            "reminder_overdue_days": "5", "reminder_overdue_every": "7"}
    assert 'value="30, 14, 7, 3, 1"' in site.get(url("agency", "change", office.agency.pk)).content.decode()
    assert site.post(url("agency", "change", office.agency.pk), data).status_code == 302
    office.agency.refresh_from_db()
    assert office.agency.reminder_days_before == [30, 10, 2]
    assert AuditEntry.objects.get().changes["reminder_days_before"] == [["30", "14", "7", "3", "1"], ["30", "10", "2"]]
    for bad in ("ba mươi", "0", "400"):
        page = site.post(url("agency", "change", office.agency.pk), data | {"reminder_days_before": bad})
        assert page.status_code == 200
        assert "ví dụ" in page.content.decode()
    assert site.get(url("agency", "add")).status_code == 403


def test_a_code_comes_once_in_its_agency(site, office, stranger):
    data = {"agency": office.agency.pk, "code": "vp", "name": "Phòng nữa", "kind": "division", "order": "1"}
    assert "Mã vp đã có trong cơ quan" in site.post(url("unit", "add"), data).content.decode()
    assert site.post(url("unit", "add"), data | {"code": "KHTC"}).status_code == 302
    page = site.post(url("unitgroup", "add"), {"agency": office.agency.pk, "code": "phong", "name": "x"})
    assert "Mã phong đã có" in page.content.decode()


def test_members_of_a_group(site, office):
    site.post(
        url("unitgroup", "change", office.group.pk),
        {"agency": office.agency.pk, "code": "PHONG", "name": office.group.name, "members": [office.other.pk]},
    )
    assert list(office.group.members.all()) == [office.other]
    assert AuditEntry.objects.get().changes["members"] == [[], ["Phòng Tổ chức SGDDT"]]


def test_dates_of_a_period(site, office):
    data = {"starts_on": "01/01/2019", "due_before": "25/11/2019", "closes_on": "31/12/2019", "draft_by": "10/11/2019"}
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
    page = site.post(url("plan", "change", office.plan.pk), data | {"due_day": "29", "due_month": "2"})
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


def test_mails_without_what_they_say(site, office):
    text = site.get(url("mail", "change", office.mail.pk)).content.decode()
    assert "Nhắc việc SGDDT" in text
    assert "NỘI DUNG THƯ" not in text
    assert site.post(url("mail", "change", office.mail.pk), {"subject": "x"}).status_code == 403


def test_the_trail_shows_no_reports(site, office):
    for kind in ("accounts.unit", "tasks.report"):
        AuditEntry.objects.create(
            agency=office.agency, actor_name="A", action="Sửa", object_type=kind, object_label=f"việc {kind}",
            changes={"text": ["BÍ MẬT", kind]},
        )
    text = site.get(url("auditentry")).content.decode()
    assert "việc accounts.unit" in text
    assert "việc tasks.report" not in text
    draft = AuditEntry.objects.get(object_type="tasks.report")
    assert site.get(url("auditentry", "change", draft.pk)).status_code == 302


@pytest.mark.parametrize("model", ["user", "unit", "indicator", "period", "mail"])
def test_queries_do_not_grow_with_the_rows(site, office, model):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert site.get(url(model)).status_code == 200
        return len(queries)

    count()
    before = count()
    for n in range(5):
        unit = Unit.objects.create(
            agency=office.agency, code=f"U{n}", name=f"Đơn vị {n}", deputy_director=office.people["leader"]
        )
        User.objects.create_user(f"p{n}@sgddt.vn", name=f"P{n}", unit=unit, roles=["reporter"])
        Indicator.objects.create(task=office.task, code=f"1.1-{n}", name="x", kind="count", order=n, source=unit)
        Period.objects.create(
            plan=office.plan, year=2020 + n, starts_on=dt.date(2020 + n, 1, 1), due_before=dt.date(2020 + n, 11, 20),
            closes_on=dt.date(2020 + n, 12, 31),
        )
        Mail.objects.create(agency=office.agency, key=f"m{n}", kind="reminder", to="a@b.vn", subject="x", text="x")
    assert count() == before


# -- Words --------------------------------------------------------------------------------------


def test_no_english_is_left_on_the_pages(site, office):
    addresses = [reverse("admin:index"), url("user", "add"), url("unitgroup", "change", office.group.pk)]
    addresses += [url(model) for model in (*LISTS, *PLAN_LISTS)]
    for address in addresses:
        text = site.get(address).content.decode()
        for words in ("Skip to", "Toggle", "Model name", "Add link", "Breadcrumbs", "Select this", "Select all"):
            assert words not in text, (address, words)


def test_scripts_speak_vietnamese_too(site):
    text = site.get(reverse("admin:jsi18n")).content.decode()
    assert "C\\u00f3 th\\u1ec3 ch\\u1ecdn: %s" in text or "Có thể chọn: %s" in text


def test_a_short_password_is_refused_in_vietnamese():
    with pytest.raises(ValidationError, match="Mật khẩu quá ngắn, cần ít nhất 10 ký tự"):
        validate_password("ngan")


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_the_compiled_words_are_those_of_the_source(domain):
    """Whoever edits the .po and forgets to compile learns it here."""
    folder = Path(__file__).parents[2] / "accounts/locale/vi/LC_MESSAGES"
    with (folder / f"{domain}.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    source = (folder / f"{domain}.po").read_text()
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', source, re.MULTILINE)
    assert len(pairs) > 15
    for english, vietnamese in pairs:
        english, vietnamese = (text.replace('\\"', '"') for text in (english, vietnamese))
        assert compiled.gettext(english) == vietnamese
