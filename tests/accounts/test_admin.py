"""Entering the admin site: administrators only, their own agency only, nothing of reports, in Vietnamese (R2, R3)."""

import datetime as dt
import gettext
import re
from pathlib import Path

import pytest
from admin_office import BACKEND, LISTS, PLAN_LISTS, Office, person_data, url
from django.contrib import admin
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEntry, Mail, Unit, User
from plans.models import CalendarDay, Indicator, Period

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
    assert (
        reverse("sign_in") in client.get(reverse("admin:index"), follow=True).redirect_chain[-1][0]
    )


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
        url("unit", "change", office.vp.pk),
        url("unitgroup", "change", office.group.pk),
        url("user", "add"),
        url("plan", "change", office.plan.pk),
        url("indicator", "change", office.indicator.pk),
        url("calendarday", "add"),
        url("unit", "add"),
        url("user"),
        url("period"),
        url("indicator"),
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
    site.post(
        url("indicator", "change", office.indicator.pk),
        {"source": stranger.vp.pk, "counted": "hồ sơ"},
    )
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
        {
            "agency": stranger.agency.pk,
            "code": "X",
            "name": "Phòng X",
            "kind": "division",
            "order": "3",
            "deputy_director": office.people["leader"].pk,
        },
    )
    assert "Chỉ chọn người của cùng cơ quan" in page.content.decode()


def test_an_operators_account_is_nobodys_to_change(site, office):
    boss = User.objects.create_user(
        "boss@sgddt.vn", name="Boss", unit=office.vp, roles=["leader"], is_superuser=True
    )
    assert "boss@sgddt.vn" not in site.get(url("user")).content.decode()
    assert site.get(url("user", "change", boss.pk)).status_code == 302


# -- To look at ----------------------------------------------------------------------------------


def test_mails_without_what_they_say(site, office):
    text = site.get(url("mail", "change", office.mail.pk)).content.decode()
    assert "Nhắc việc SGDDT" in text
    assert "NỘI DUNG THƯ" not in text
    assert site.post(url("mail", "change", office.mail.pk), {"subject": "x"}).status_code == 403


def test_the_trail_shows_no_reports(site, office):
    for kind in ("accounts.unit", "tasks.report"):
        AuditEntry.objects.create(
            agency=office.agency,
            actor_name="A",
            action="Sửa",
            object_type=kind,
            object_label=f"việc {kind}",
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
            agency=office.agency,
            code=f"U{n}",
            name=f"Đơn vị {n}",
            deputy_director=office.people["leader"],
        )
        User.objects.create_user(f"p{n}@sgddt.vn", name=f"P{n}", unit=unit, roles=["reporter"])
        Indicator.objects.create(
            task=office.task, code=f"1.1-{n}", name="x", kind="count", order=n, source=unit
        )
        Period.objects.create(
            plan=office.plan,
            year=2020 + n,
            starts_on=dt.date(2020 + n, 1, 1),
            due_before=dt.date(2020 + n, 11, 20),
            closes_on=dt.date(2020 + n, 12, 31),
        )
        Mail.objects.create(
            agency=office.agency, key=f"m{n}", kind="reminder", to="a@b.vn", subject="x", text="x"
        )
    assert count() == before


# -- Words --------------------------------------------------------------------------------------


def test_no_english_is_left_on_the_pages(site, office):
    addresses = [
        reverse("admin:index"),
        url("user", "add"),
        url("unitgroup", "change", office.group.pk),
    ]
    addresses += [url(model) for model in (*LISTS, *PLAN_LISTS)]
    for address in addresses:
        text = site.get(address).content.decode()
        for words in (
            "Skip to",
            "Toggle",
            "Model name",
            "Add link",
            "Breadcrumbs",
            "Select this",
            "Select all",
        ):
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
