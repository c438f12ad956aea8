"""Signing in and out; what was typed when the session ended; one computer, two people (R1)."""

import re

import pytest
import time_machine
from cast import PASSWORD, TODAY, Cast
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from accounts import kept
from accounts.models import User
from tasks.models import Report

SIGN_IN = "/dang-nhap/"


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(TODAY):
        yield


@pytest.fixture
def cast(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return Cast()


@pytest.fixture
def enter(client, cast):
    def call(email="head@sgddt.vn", password=PASSWORD, **data):
        return client.post(SIGN_IN, {"username": email, "password": password, **data})

    return call


def is_in(client):
    return "_auth_user_id" in client.session


def words(page):
    return " ".join(page.content.decode().split())


# -- In -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "email", ["head@sgddt.vn", "HEAD@SGDDT.VN", "Head@Sgddt.Vn", "  head@sgddt.vn "]
)
def test_the_address_is_taken_in_any_case(enter, client, email):
    page = enter(email)
    assert page.status_code == 302
    assert page.url == reverse("home")
    assert User.objects.get(pk=client.session["_auth_user_id"]).email == "head@sgddt.vn"


@pytest.mark.parametrize(
    ("email", "password"),
    [("head@sgddt.vn", "sai"), ("nobody@sgddt.vn", PASSWORD), ("head@sgddt.vn", PASSWORD + " ")],
)
def test_a_wrong_address_and_a_wrong_password_say_the_same(enter, client, email, password):
    page = enter(email, password)
    assert page.status_code == 200
    assert "Thư điện tử hoặc mật khẩu không đúng" in words(page)
    assert not is_in(client)


def test_nothing_typed_and_no_address(enter, client):
    assert "Hãy nhập đủ thư điện tử và mật khẩu" in words(enter("", ""))
    page = words(enter("không phải thư"))
    assert "field-error" in page
    assert "Enter a valid" not in page
    assert not is_in(client)


def test_a_closed_account_is_told_only_to_who_knows_its_password(enter, client, cast):
    User.objects.filter(pk=cast.people["head"].pk).update(is_active=False)
    assert "đã ngừng sử dụng" in words(enter())
    page = words(enter(password="sai"))
    assert "đã ngừng sử dụng" not in page
    assert "mật khẩu không đúng" in page
    assert not is_in(client)


def test_an_account_closed_meanwhile_is_out_at_once(client, cast):
    cast.sign_in(client, "head")
    User.objects.filter(pk=cast.people["head"].pk).update(is_active=False)
    page = client.get(reverse("todo"))
    assert page.status_code == 302
    assert page.url.startswith(SIGN_IN)


def test_who_is_in_needs_no_page_of_sign_in(client, cast):
    cast.sign_in(client, "head")
    assert client.get(SIGN_IN).url == reverse("home")


def test_five_failures_lock_the_account_for_that_address_and_a_quarter_of_an_hour(
    enter, client, cast
):
    with time_machine.travel(TODAY) as clock:
        for n in range(4):
            # The case of the letters is no way around.
            assert enter("head@sgddt.vn" if n % 2 else "HEAD@sgddt.vn", "sai").status_code == 200
        page = enter(password="sai")
        assert page.status_code == 429
        assert "Đăng nhập sai quá nhiều lần" in words(page)
        assert "15 phút" in words(page)
        assert enter().status_code == 429  # the right password is no longer taken
        assert not is_in(client)
        other = Client(REMOTE_ADDR="10.0.0.7")
        page = other.post(SIGN_IN, {"username": "head@sgddt.vn", "password": PASSWORD})
        assert page.status_code == 302  # the person, at another machine
        assert enter("officer@sgddt.vn").status_code == 302  # a colleague, at this one
        client.post(reverse("sign_out"))
        clock.shift(16 * 60)
        assert enter().status_code == 302


def test_success_counts_anew(enter, client):
    for _ in range(3):
        for _ in range(4):
            assert enter(password="sai").status_code == 200
        assert enter().status_code == 302
        client.post(reverse("sign_out"))


@pytest.mark.parametrize("target", ["/ke-hoach/", "/ke-hoach/?nam=2019"])
def test_back_to_where_one_wanted(enter, target):
    assert enter(next=target).url == target


@pytest.mark.parametrize(
    "target",
    [
        "https://xau.vn/",
        "//xau.vn/",
        "/\\xau.vn",
        "\\\\xau.vn",
        "javascript:alert(1)",
        "https:xau.vn",
        " //xau.vn",
    ],
)
def test_never_to_another_site(enter, target):
    assert enter(next=target).url == reverse("home")


def test_a_page_asked_for_signed_out_comes_after_signing_in(client, enter):
    page = client.get(f"{reverse('plan_list')}?nam=2019")
    assert page.status_code == 302
    assert page.url == f"{SIGN_IN}?next=/ke-hoach/%3Fnam%3D2019"


def test_an_operator_without_agency_has_the_admin_site_and_nothing_else(enter, client):
    page = enter("dieu-hanh@may-chu.vn")
    assert page.url == reverse("admin:index")
    assert client.get(page.url).status_code == 200
    page = client.get(reverse("plan_list"))
    assert page.status_code == 403
    assert "chỉ dùng để quản trị, không thuộc đơn vị nào" in words(page)


def test_demo_accounts_are_listed_only_in_a_demo_office(client, cast):
    assert "Tài khoản minh họa" not in words(client.get(SIGN_IN))
    cast.agency.is_demo = True
    cast.agency.save()
    page = words(client.get(SIGN_IN))
    assert "Tài khoản minh họa" in page
    assert "head@sgddt.vn" in page
    assert "head@snv.vn" not in page


# -- Out ----------------------------------------------------------------------------------------


def test_out_by_a_button_only(client, cast):
    cast.sign_in(client, "head")
    assert client.get(reverse("sign_out")).status_code == 405
    assert is_in(client)
    assert client.post(reverse("sign_out")).status_code == 302
    assert not is_in(client)


# -- The password -------------------------------------------------------------------------------


def change(client, old=PASSWORD, new="mot-mat-khau-moi-2020", again=None):
    return client.post(
        reverse("password_change"),
        {"old_password": old, "new_password1": new, "new_password2": again or new},
    )


def test_changing_the_password_ends_the_other_sessions(client, cast):
    elsewhere = Client()
    cast.sign_in(client, "head")
    cast.sign_in(elsewhere, "head")
    page = change(client)
    assert page.url == reverse("password_change_done")
    assert client.get(page.url).status_code == 200
    assert elsewhere.get(reverse("todo")).url.startswith(SIGN_IN)
    assert User.objects.get(email="head@sgddt.vn").check_password("mot-mat-khau-moi-2020")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"old": "sai"}, "Mật khẩu cũ không chính xác"),
        ({"again": "khac-han-2020"}, "Hai trường mật khẩu không giống nhau"),
        ({"new": "ngan-9"}, "quá ngắn, cần ít nhất 10 ký tự"),
        ({"new": "password123"}, "quá phổ biến"),
        ({"new": "20191113201911"}, "hoàn toàn là số"),
        ({"new": "head@sgddt.vn"}, "quá giống với thư điện tử công vụ"),
    ],
)
def test_a_password_that_is_refused_says_why_in_vietnamese(client, cast, typed, said):
    cast.sign_in(client, "head")
    page = change(client, **typed)
    assert page.status_code == 200
    text = words(page)
    assert "Chưa đổi được mật khẩu" in text
    assert said in text
    for english in ("This password", "The two", "must contain", "too short", "was entered"):
        assert english not in text
    assert User.objects.get(email="head@sgddt.vn").check_password(PASSWORD)


# -- The session ended while a form was open ----------------------------------------------------


def fields_of(page):
    """The hidden fields of the page's form of figures, as a browser sends them."""
    forms = page.content.decode().split("<form")
    (form,) = [one.split("</form")[0] for one in forms if 'name="version"' in one]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


@pytest.fixture
def opened(client, cast):
    """The officer's form of a draft is open, and the session has ended."""
    cast.sign_in(client, "officer")
    form = reverse("report_form", args=[cast.report.pk])
    hidden = fields_of(client.get(form))
    assert kept.FIELD in hidden
    client.session.flush()
    client.cookies.pop("sessionid", None)
    return form, hidden | {"text": "ĐÃ GÕ MỘT GIỜ", "difficulties": "Chưa có"}


def test_what_was_typed_is_kept_until_the_same_person_is_in_again(client, cast, enter, opened):
    form, typed = opened
    page = client.post(form, typed)
    assert page.status_code == 302
    assert page.url == f"{SIGN_IN}?next={form}"
    page = client.get(page.url)
    assert "giữ lại" in words(page)
    assert "ĐÃ GÕ MỘT GIỜ" not in words(page)
    assert enter("officer@sgddt.vn", next=form).url == form
    page = words(client.get(form))
    assert "ĐÃ GÕ MỘT GIỜ" in page
    assert Report.objects.get(pk=cast.report.pk).text == "Đã làm draft"  # shown, not saved unasked
    assert "ĐÃ GÕ MỘT GIỜ" not in words(client.get(form))  # once


@pytest.mark.parametrize("next_one", ["head@sgddt.vn", "office@sgddt.vn"])
def test_the_next_person_at_the_computer_does_not_see_it(client, enter, opened, next_one):
    form, typed = opened
    client.post(form, typed)
    assert enter(next_one, next=form).url == reverse("home")
    assert kept.KEY not in client.session
    assert "ĐÃ GÕ MỘT GIỜ" not in client.get(form, follow=True).content.decode()


def test_a_form_that_does_not_say_whose_it_is_is_not_kept(client, opened):
    form, typed = opened
    for mark in (None, "1:giả", f"999:{typed[kept.FIELD].split(':')[1]}"):
        data = typed | {kept.FIELD: mark or ""}
        page = client.post(form, data)
        assert page.status_code == 302
        assert kept.KEY not in client.session
        assert "thực hiện lại" in [str(m) for m in get_messages(page.wsgi_request)][-1]


def test_a_book_is_not_kept(client, opened):
    form, typed = opened
    client.post(form, typed | {"text": "x" * (kept.LARGEST + 1)})
    assert kept.KEY not in client.session


def test_passwords_and_tokens_are_not_kept(client, opened):
    form, typed = opened
    client.post(form, typed | {"password": "bí mật", "csrfmiddlewaretoken": "x"})
    assert set(client.session[kept.KEY]["typed"]).isdisjoint(
        {"password", "csrfmiddlewaretoken", kept.FIELD}
    )


@pytest.mark.parametrize("target", ["https://xau.vn/a", "//xau.vn/", "/\\xau.vn"])
def test_the_way_back_stays_on_our_site(client, opened, target):
    form, typed = opened
    assert client.post(form, typed | {"next": target}).url == f"{SIGN_IN}?next={form}"


@pytest.mark.parametrize(
    "headers", [{"HX-Request": "true"}, {"X-Requested-With": "XMLHttpRequest"}]
)
def test_scripts_are_told_and_keep_it_themselves(client, cast, opened, headers):
    form, typed = opened
    for address in (form, reverse("report_autosave", args=[cast.report.pk])):
        page = client.post(address, typed, headers=headers)
        assert page.status_code == 401
        assert page.content.decode() == "Phiên đăng nhập đã hết."
    assert kept.KEY not in client.session


def test_one_persons_form_is_not_carried_out_in_the_name_of_the_next(client, cast, opened):
    """The page refreshes its token against forged requests, so Django alone would let it pass."""
    form, typed = opened
    cast.sign_in(client, "head")  # of the same unit: may write the report
    page = client.post(form, typed)
    assert page.status_code == 403
    assert "chưa được thực hiện" in words(page)
    address = reverse("report_autosave", args=[cast.report.pk])
    page = client.post(address, typed, headers={"X-Requested-With": "XMLHttpRequest"})
    assert page.status_code == 403
    assert "tài khoản khác" in page.json()["message"]
    assert Report.objects.get(pk=cast.report.pk).text == "Đã làm draft"
    cast.sign_in(client, "officer")
    assert client.post(form, typed).status_code == 302
    assert Report.objects.get(pk=cast.report.pk).text == "ĐÃ GÕ MỘT GIỜ"


def test_a_forged_form_is_refused_in_vietnamese(cast):
    client = Client(enforce_csrf_checks=True)
    cast.sign_in(client, "head")
    page = client.post(reverse("report_form", args=[cast.report.pk]), {"text": "x"})
    assert page.status_code == 403
    assert "Phiên làm việc đã đổi" in words(page)
