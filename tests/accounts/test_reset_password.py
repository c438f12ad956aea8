"""A forgotten password: the link by mail, once, and nothing told to who only guesses addresses."""

import re
import socket

import pytest
import time_machine
from cast import PASSWORD, TODAY, Cast
from django.core import mail as outbox
from django.urls import reverse

from accounts.mail import send_waiting
from accounts.models import Mail, User

NEW = "mot-mat-khau-moi-2020"
LOCMEM = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(TODAY) as clock:
        yield clock


@pytest.fixture
def cast(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.EMAIL_BACKEND = LOCMEM
    return Cast()


@pytest.fixture
def ask(client, cast):
    def call(email="head@sgddt.vn"):
        return client.post(reverse("password_reset"), {"email": email})

    return call


@pytest.fixture
def link(ask, cast):
    """Asks for a link; the path in the newest message."""

    def call(email="head@sgddt.vn"):
        ask(email)
        text = Mail.objects.filter(kind="password_reset").latest("pk").text
        return re.search(r"https?://[^/\s]+(/\S+)", text)[1]

    return call


def words(page):
    return " ".join(page.content.decode().split())


def set_password(client, path, new=NEW, again=None):
    page = client.get(path, follow=True)
    return client.post(
        page.request["PATH_INFO"], {"new_password1": new, "new_password2": again or new}
    )


def can_enter(client, password, email="head@sgddt.vn"):
    client.logout()
    client.post(reverse("sign_in"), {"username": email, "password": password})
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("email", ["head@sgddt.vn", "HEAD@SGDDT.VN"])
def test_a_link_goes_to_the_persons_own_address(ask, email):
    page = ask(email)
    assert page.url == reverse("password_reset_done")
    (mail,) = Mail.objects.filter(kind="password_reset")
    assert mail.to == "head@sgddt.vn"
    assert mail.state == Mail.State.WAITING
    send_waiting()
    (message,) = outbox.outbox
    assert message.to == ["head@sgddt.vn"]
    assert "/dat-mat-khau/" in message.body
    assert re.search("mật khẩu", message.subject, re.IGNORECASE)


def test_an_unknown_and_a_closed_address_say_the_same_and_get_nothing(ask, client, cast):
    User.objects.filter(email="officer@sgddt.vn").update(is_active=False)
    known = ask()
    Mail.objects.all().delete()
    for email in ("nobody@sgddt.vn", "officer@sgddt.vn"):
        page = ask(email)
        assert (page.status_code, page.url) == (known.status_code, known.url)
        assert not Mail.objects.exists()
    assert "nobody" not in words(client.get(page.url))


def test_no_address_is_said(ask):
    page = ask("không phải thư")
    assert page.status_code == 200
    assert "Chưa gửi được" in words(page)
    assert not Mail.objects.filter(kind="password_reset").exists()


def test_the_link_sets_a_password_once(client, link):
    path = link()
    page = set_password(client, path)
    assert page.url == reverse("password_reset_complete")
    assert client.get(page.url).status_code == 200
    assert can_enter(client, NEW)
    client.logout()
    page = client.get(path, follow=True)
    assert "Liên kết không còn dùng được" in words(page)
    assert "new_password1" not in words(page)
    page = set_password(client, path, "lan-thu-hai-2020")
    assert "Liên kết không còn dùng được" in words(page)
    assert not can_enter(client, "lan-thu-hai-2020")


def test_the_link_works_from_friday_to_monday_and_no_longer(client, link, morning):
    path = link()
    morning.shift(3 * 24 * 3600 - 60)
    assert "new_password1" in words(client.get(path, follow=True))
    morning.shift(120)
    page = client.get(path, follow=True)
    assert "Liên kết không còn dùng được" in words(page)
    assert reverse("password_reset") in words(page)


def test_a_damaged_link_is_said(client, link):
    path = link()
    head, uid, token = path.strip("/").split("/")
    for broken in (
        f"/{head}/{uid}/{token[:-3]}/",
        f"/{head}/{uid}/{token[:-1]}x/",
        f"/{head}/khong-co/{token}/",
        f"/{head}/OTk5OTk/{token}/",
        f"/{head}/{uid}/set-password/",  # without the session of a good link
    ):
        page = client.get(broken, follow=True)
        assert page.status_code == 200
        assert "Liên kết không còn dùng được" in words(page), broken


def test_a_link_belongs_to_its_person(client, link, cast):
    head, _, token = link().strip("/").split("/")
    other = link("officer@sgddt.vn").strip("/").split("/")[1]
    page = client.get(f"/{head}/{other}/{token}/", follow=True)
    assert "Liên kết không còn dùng được" in words(page)


def test_signing_in_meanwhile_ends_the_link(client, link, morning):
    path = link()
    morning.shift(60)
    assert can_enter(client, PASSWORD)
    client.logout()
    assert "Liên kết không còn dùng được" in words(client.get(path, follow=True))


def test_an_account_closed_meanwhile_gets_no_password(client, link, cast):
    path = link()
    User.objects.filter(email="head@sgddt.vn").update(is_active=False)
    set_password(client, path)
    assert not can_enter(client, NEW)


@pytest.mark.parametrize(
    ("new", "again", "said"),
    [
        ("ngan-9", None, "quá ngắn, cần ít nhất 10 ký tự"),
        (NEW, "khac-han-2020", "Hai trường mật khẩu không giống nhau"),
        ("password123", None, "quá phổ biến"),
        ("20191113201911", None, "hoàn toàn là số"),
    ],
)
def test_a_refused_password_says_why_and_the_link_still_works(client, link, new, again, said):
    path = link()
    page = set_password(client, path, new, again)
    assert page.status_code == 200
    assert said in words(page)
    assert set_password(client, path).status_code == 302
    assert can_enter(client, NEW)


def test_the_address_of_the_page_hides_the_link(client, link):
    """What the page links to must not learn the token from the address (Referer)."""
    path = link()
    page = client.get(path)
    assert page.status_code == 302
    assert page.url.endswith("/set-password/")
    assert path.strip("/").split("/")[2] not in words(client.get(page.url))


def test_a_dead_mail_server_loses_nothing(ask, client, settings, morning):
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        settings.EMAIL_HOST, settings.EMAIL_PORT = taken.getsockname()
        dead_server(ask, settings)
    settings.EMAIL_BACKEND = LOCMEM
    assert send_waiting() == 0  # it waits its turn
    morning.shift(3600)
    assert send_waiting() == 1
    path = re.search(r"https?://[^/\s]+(/\S+)", outbox.outbox[-1].body)[1]
    assert set_password(client, path).status_code == 302


def dead_server(ask, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    page = ask()
    assert page.url == reverse("password_reset_done")  # the person is not told of our troubles
    assert send_waiting() == 0
    mail = Mail.objects.get(kind="password_reset")
    assert mail.state == Mail.State.WAITING
    assert mail.attempts == 1
    assert "không nhận kết nối" in mail.error


def test_the_office_does_not_see_the_link(ask, client, cast):
    ask()
    mail = Mail.objects.get(kind="password_reset")
    for name in ("office", "administrator", "leader"):
        cast.sign_in(client, name)
        assert client.get(reverse("mail_detail", args=[mail.pk])).status_code == 404
        assert "dat-mat-khau" not in client.get(reverse("reminder_list")).content.decode()
