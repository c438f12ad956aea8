"""The page of reminders: what comes, what went out, what failed, sending again (R23, R24, R3, R36)."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from season import Office, at, person

from accounts.models import Mail
from tasks.reminders import remind

pytestmark = pytest.mark.django_db
BACKEND = "accounts.backends.EmailBackend"
NOW = at(2019, 11, 13, 9)


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def office(morning, db):
    office = Office()
    office.admin = person(office.units["LD"], "boss", "administrator")
    return office


@pytest.fixture
def sent(office):
    """The messages of 13/11: one sent, one failed, one unclear, the others waiting."""
    remind(office.agency, dt.date(2019, 11, 13))
    mails = list(Mail.objects.order_by("pk"))
    Mail.objects.filter(pk=mails[0].pk).update(state="sent", sent_at=NOW)
    Mail.objects.filter(pk=mails[1].pk).update(
        state="failed", attempts=8, error="Máy chủ thư từ chối: 550 no"
    )
    Mail.objects.filter(pk=mails[2].pk).update(
        state="unclear", error="Máy bị ngắt khi đang giao thư"
    )
    return mails


@pytest.fixture
def see(client, office):
    def get(user, name="reminder_list", pk=None, **query):
        client.force_login(user, backend=BACKEND)
        return client.get(reverse(name, args=[pk] if pk else []), query)

    return get


def test_the_office_sees_what_comes_and_what_went_out(see, office, sent):
    page = see(office.heads["VP"])
    text = page.content.decode()
    assert page.status_code == 200
    assert "15/11/2019" in text  # the next step
    assert "Trước hạn 3 ngày" in text
    assert "Còn 7 ngày: 4 báo cáo CCHC chưa gửi (trước 20/11/2019)" in text
    assert "Máy chủ thư từ chối: 550 no" in text
    assert "Gửi lại" in text
    counts = page.context["counts"]
    assert counts == {"waiting": 3, "sent": 1, "failed": 1, "unclear": 1}


def test_before_the_first_reminder_the_page_says_so(see, office):
    text = see(office.heads["VP"]).content.decode()
    assert "Chưa có thư nào" in text
    assert "(hôm nay)" in text


def test_leaders_read_and_cannot_send(see, office, sent, client):
    text = see(office.director).content.decode()
    assert "Không gửi được" in text
    assert "Gửi lại" not in text
    assert client.post(reverse("mail_retry", args=[sent[1].pk])).status_code == 403
    assert "Gửi lại" not in see(office.director, "mail_detail", sent[1].pk).content.decode()


@pytest.mark.parametrize("who", ["writer", "head"])
def test_units_do_not_see_the_page(see, office, sent, who, client):
    user = office.writers["TCCB"] if who == "writer" else office.heads["TCCB"]
    assert see(user).status_code == 403
    assert see(user, "mail_detail", sent[0].pk).status_code == 403
    assert client.post(reverse("mail_retry", args=[sent[1].pk])).status_code == 403


def test_another_agency_does_not_exist(see, office, sent, client):
    stranger = Office("SYT").heads["VP"]
    assert see(stranger, "mail_detail", sent[0].pk).status_code == 404
    assert client.post(reverse("mail_retry", args=[sent[1].pk])).status_code == 404
    assert sent[0].to not in see(stranger).content.decode()


def test_messages_about_passwords_are_not_shown(see, office, sent, client):
    secret = Mail.objects.create(
        agency=office.agency,
        user=office.director,
        key="password_reset:1:x",
        kind="password_reset",
        to=office.director.email,
        subject="Đặt lại mật khẩu",
        text="/dat-lai/x/",
    )
    boss = office.heads["VP"]
    assert see(boss, "mail_detail", secret.pk).status_code == 404
    assert client.post(reverse("mail_retry", args=[secret.pk])).status_code == 404
    assert "Đặt lại mật khẩu" not in see(boss).content.decode()


def test_filters(see, office, sent):
    boss = office.heads["VP"]
    shown = lambda **query: [m.pk for m in see(boss, **query).context["page"]]  # noqa: E731
    assert shown(**{"trang-thai": "failed"}) == [sent[1].pk]
    assert shown(**{"trang-thai": "bogus"}) == [m.pk for m in reversed(sent)]
    assert len(shown(ngay="2019-11-13")) == len(shown(ngay="13/11/2019")) == 6
    assert shown(ngay="2019-11-12") == []
    assert shown(page="99") == [m.pk for m in reversed(sent)]
    bad = see(boss, ngay="<b>mai</b>").content.decode()
    assert "không phải là ngày" in bad
    assert "<b>mai</b>" not in bad


def test_a_replayed_season_is_found_by_its_own_day(see, office):
    remind(office.agency, dt.date(2019, 10, 21))
    assert len(see(office.heads["VP"], ngay="2019-10-21").context["page"]) == 6


def test_one_message(see, office, sent):
    text = see(office.heads["VP"], "mail_detail", sent[1].pk).content.decode()
    assert "Kính gửi" in text
    assert "Trước hạn 7 ngày, ngày 13/11/2019" in text
    assert "8/8" in text
    assert "550 no" in text


def test_sending_again_by_hand(see, office, sent, client):
    for user in (office.heads["VP"], office.admin):
        Mail.objects.filter(pk=sent[1].pk).update(state="failed", attempts=8)
        client.force_login(user, backend=BACKEND)
        answer = client.post(reverse("mail_retry", args=[sent[1].pk]), follow=True)
        assert "đã được đưa vào hàng chờ gửi lại" in answer.content.decode()
        mail = Mail.objects.get(pk=sent[1].pk)
        assert (mail.state, mail.attempts) == ("waiting", 0)


def test_what_was_sent_is_not_sent_again(see, office, sent, client):
    client.force_login(office.heads["VP"], backend=BACKEND)
    answer = client.post(reverse("mail_retry", args=[sent[0].pk]), follow=True)
    assert "không gửi lại" in answer.content.decode()
    assert Mail.objects.get(pk=sent[0].pk).state == "sent"
    assert client.get(reverse("mail_retry", args=[sent[0].pk])).status_code == 405


def test_queries_do_not_grow_with_rows(client, office, sent):
    client.force_login(office.heads["VP"], backend=BACKEND)

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("reminder_list")).status_code == 200
        return len(queries)

    before = count()
    for number in range(40):
        Mail.objects.create(
            agency=office.agency,
            user=office.writers["TCCB"],
            key=f"k{number}",
            kind="reminder",
            to="a@example.vn",
            subject="Nhắc",
            text="Kính gửi",
            state="failed",
            error="lỗi",
        )
    for number in range(5):
        person(office.units["KHTC"], f"more{number}", "reporter")
    assert count() == before
