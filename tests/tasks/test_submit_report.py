"""Handing up, handing back, submitting: who, when, once, with what is missing named (R4, R12, R13, R15, R16)."""

import datetime as dt
import re

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from report_office import Office, at, form_url, sign_in, text_of

from accounts.models import Role
from plans.models import Period
from tasks import services
from tasks.models import Report, Transition, Version

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9), tick=False):
        yield


@pytest.fixture
def office(morning):
    return Office()


@pytest.fixture
def post(client, office):
    def call(then, values=None, *, user=office.head, report=None, **more):
        report = report or office.report
        sign_in(client, user)
        version = Report.objects.get(pk=report.pk).version
        if values is None:
            values = office.full() if report.pk == office.report.pk else {"text": "Đã làm."}
        return client.post(form_url(report), {"version": version, "then": then} | values | more)

    return call


def history(report):
    return [
        (row.action, row.from_state, row.to_state, row.actor_name, row.acted_as, row.reason)
        for row in report.transitions.all()
    ]


# -- Submitting -----------------------------------------------------------------------------------


def test_a_head_fills_in_and_submits_in_one_go(post, office):
    page = post("submit")
    assert page.status_code == 302
    report = office.find("1.1")
    assert (report.state, report.is_late) == ("submitted", False)
    assert report.first_submitted_at == report.submitted_at == at(2019, 11, 13, 9)
    assert history(report) == [
        ("start", "not_started", "draft", "Trần Thị Trưởng", "Trưởng đơn vị", ""),
        ("submit", "draft", "submitted", "Trần Thị Trưởng", "Trưởng đơn vị", ""),
    ]


def test_the_submission_is_kept_whole(post, office):
    post("submit", office.full(text="Bản một", difficulties="Thiếu người"))
    (version,) = Version.objects.all()
    assert (version.number, version.actor, version.at) == (1, office.head, at(2019, 11, 13, 9))
    content = version.content
    assert (content["text"], content["difficulties"]) == ("Bản một", "Thiếu người")
    words = {answer["code"]: answer["words"] for answer in content["answers"]}
    assert len(words) == 8
    assert words["1.1-a"] == "9/10"
    assert words["1.1-e"] == "12/KH-SGDĐT ngày 15/01/2019 Sở GDĐT"
    office.send_back(office.find("1.1"))
    post("submit", office.full(text="Bản hai"))
    assert [v.content["text"] for v in Version.objects.order_by("number")] == ["Bản một", "Bản hai"]


def test_the_way_to_the_next_report_is_offered(post, office, client):
    page = post("submit")
    assert page.url == f"{reverse('todo')}?ky={office.period.pk}"
    html = client.get(page.url).content.decode()
    assert "Đã gửi báo cáo 1.1 cho Văn phòng Sở." in html
    following = form_url(office.find("1.2"))
    assert re.search(rf'href="{following}">\s*Báo cáo tiếp theo: 1.2<', html)
    for task in ("1.2", "1.3", "1.4"):
        page = client.get(post("submit", report=office.find(task)).url)
    words = text_of(page)
    assert "Báo cáo tiếp theo" not in words
    assert "Đơn vị đã gửi đủ báo cáo" in words


def test_what_is_missing_is_listed_with_the_way_to_each_field(post, office):
    a, e = office.indicators["1.1-a"].pk, office.indicators["1.1-e"].pk
    page = post(
        "submit",
        {
            f"a{a}-numerator": "9",
            f"a{e}-number": "12/KH",
            f"a{office.indicators['1.1-d'].pk}-state": "not_arising",
        },
    )
    assert page.status_code == 422
    words, html = text_of(page), page.content.decode()
    for field, part in (
        (f"a{a}-denominator", "1.1-a: chưa có mẫu số."),
        (office.field("1.1-b", "amount"), "1.1-b: chưa có số lượng."),
        (office.field("1.1-d", "reason"), "1.1-d: cần nêu lý do."),
        (f"a{e}-issued_on", "1.1-e: chưa có ngày ban hành."),
        (f"a{e}-issuer", "1.1-e: chưa có cơ quan ban hành."),
        ("text", "Chưa có nội dung kết quả thực hiện."),
    ):
        assert part in words
        assert f'href="#{field}"' in html
        assert f'id="{field}"' in html
    report = office.find("1.1")
    assert report.state == "draft"
    assert report.answers.get(indicator=a).numerator == 9  # kept all the same


def test_submitting_twice_does_nothing_twice(post, office, client):
    version = office.report.version
    post("submit")
    page = post("submit", version=version)  # the second click sends the same form
    assert page.status_code == 302
    assert "Báo cáo này đã được gửi trước đó." in text_of(client.get(page.url))
    assert Transition.objects.filter(action="submit").count() == Version.objects.count() == 1


def test_another_text_sent_after_the_submission_is_not_swallowed(post, office):
    post("submit")
    page = post("submit", office.full(text="Bản khác của tôi"))
    assert page.status_code == 403
    assert "Bản khác của tôi" in text_of(page)
    assert "đang chờ Văn phòng Sở duyệt" in text_of(page)


def test_the_service_submits_once_and_refuses_gaps(office):
    report = office.find("1.2")
    by = office.by(office.head, Role.HEAD)
    with pytest.raises(services.Refused, match="Chưa có nội dung kết quả thực hiện"):
        services.submit(report=report, by=by)
    office.save(report)
    stale = office.find("1.2")
    assert services.submit(report=report, by=by) is True
    assert services.submit(report=stale, by=by) is False
    assert Version.objects.count() == 1


# -- Lateness -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "late"),
    [
        (at(2019, 11, 19, 23, 59, 59), False),
        (at(2019, 11, 20, 0, 0, 0), True),
        (dt.datetime(2019, 11, 19, 16, 59, 59, tzinfo=dt.UTC), False),
        (dt.datetime(2019, 11, 19, 17, 0, 0, tzinfo=dt.UTC), True),
    ],
)
def test_before_the_twentieth_is_exclusive_in_vietnam(post, office, client, moment, late):
    with time_machine.travel(moment, tick=False):
        page = post("submit")
        words = text_of(client.get(page.url))
    assert office.find("1.1").is_late is late
    assert ("(trễ hạn)" in words) is late
    assert ("Trễ hạn" in words) is late


def test_a_resubmission_after_the_date_does_not_make_an_on_time_report_late(post, office):
    post("submit")
    office.send_back(office.find("1.1"))
    with time_machine.travel(at(2019, 11, 25, 8), tick=False):
        post("submit", office.full(text="Đã sửa"))
    report = office.find("1.1")
    assert (report.state, report.is_late) == ("submitted", False)
    assert report.first_submitted_at == at(2019, 11, 13, 9)
    assert report.submitted_at == at(2019, 11, 25, 8)


def test_a_late_report_stays_late_also_with_a_new_date(post, office):
    with time_machine.travel(at(2019, 11, 21, 8), tick=False):
        post("submit")
        report = office.find("1.1")
        by = office.by(office.coordinator, Role.COORDINATOR)
        assert services.accept(reports=[report], by=by) == 1
        report = office.find("1.1")
        assert services.reopen(
            report=report, by=by, reason="Số liệu cả năm", until=dt.date(2019, 12, 20)
        )
    with time_machine.travel(at(2019, 12, 18, 8), tick=False):
        page = sign_in_and_show(post, office)
        assert "Văn phòng Sở trả lại, cần sửa: Số liệu cả năm" in page
        assert "Hạn mới: hết ngày 20/12/2019" in page
        assert "còn 2 ngày" in page
        post("submit", office.full(text="Cả năm"))
    report = office.find("1.1")
    assert (report.state, report.is_late) == ("submitted", True)


def sign_in_and_show(post, office):
    from django.test import Client

    return text_of(sign_in(Client(), office.head).get(form_url(office.report)))


def test_a_closed_period_takes_nothing(post, office):
    with time_machine.travel(at(2019, 12, 31, 23, 59), tick=False):
        assert post("submit").status_code == 302
    with time_machine.travel(at(2020, 1, 1, 0, 0), tick=False):
        report = office.find("1.2")
        assert post("submit", report=report).status_code == 403
        with pytest.raises(services.Refused, match="đã khóa"):
            services.submit(report=report, by=office.by(office.head, Role.HEAD))


def test_a_period_opened_again_takes_it(post, office):
    Period.objects.filter(pk=office.period.pk).update(closed_at=at(2019, 11, 12, 8))
    assert post("submit").status_code == 403
    Period.objects.filter(pk=office.period.pk).update(closed_at=None)
    assert post("submit").status_code == 302


def test_a_released_or_retired_report_is_not_submitted_behind_the_page(office):
    for column, value in (("retired_at", at(2019, 11, 1)), ("released_at", at(2019, 11, 1))):
        report = office.find("1.2" if column == "retired_at" else "1.3")
        office.save(report)
        Report.objects.filter(pk=report.pk).update(**{column: value})
        with pytest.raises(services.Refused, match="không còn phải gửi"):
            services.submit(report=report, by=office.by(office.head, Role.HEAD))


# -- Handing up and back --------------------------------------------------------------------------


def test_a_writer_hands_up_and_the_head_submits(post, office, client):
    page = post("hand_up", user=office.writer)
    assert page.status_code == 302
    assert "Đã trình báo cáo 1.1 cho trưởng đơn vị. Báo cáo tiếp theo: 1.2" in text_of(
        client.get(page.url)
    )
    report = office.find("1.1")
    assert (report.state, report.handed_up_at) == ("draft", at(2019, 11, 13, 9))
    words = text_of(sign_in(client, office.head).get(form_url(report)))
    assert "Lê Văn Soạn đã trình lúc 09:00 13/11/2019. Hãy kiểm tra rồi gửi" in words
    post("submit")
    report = office.find("1.1")
    assert (report.state, report.handed_up_at) == ("submitted", None)
    assert [row[:3] for row in history(report)] == [
        ("start", "not_started", "draft"),
        ("hand_up", "draft", "draft"),
        ("submit", "draft", "submitted"),
    ]


def test_a_writer_does_not_submit(post, office):
    page = post("submit", user=office.writer)
    assert page.status_code == 403
    assert "Chỉ trưởng đơn vị được gửi báo cáo cho Văn phòng Sở" in text_of(page)
    report = office.find("1.1")
    assert report.state == "draft"  # what was typed is saved all the same
    assert report.text == "Đã làm xong."


def test_a_head_does_not_hand_up(post, office):
    assert post("hand_up").status_code == 403
    assert office.find("1.1").handed_up_at is None


def test_a_writer_sees_what_is_missing_and_may_leave_it_to_the_head(post, office):
    page = post("hand_up", {"text": "Chưa có số liệu"}, user=office.writer)
    assert page.status_code == 422
    assert "Chưa trình: còn 8 chỗ" in text_of(page)
    assert 'value="hand_up_anyway"' in page.content.decode()
    assert office.find("1.1").handed_up_at is None
    assert (
        post("hand_up_anyway", {"text": "Chưa có số liệu"}, user=office.writer).status_code == 302
    )
    assert office.find("1.1").handed_up_at


def test_what_is_wrong_is_not_handed_up_anyway(post, office):
    wrong = office.full(**{"1.1-b amount": "ba"})
    page = post("hand_up_anyway", wrong, user=office.writer)
    assert page.status_code == 422
    assert "hand_up_anyway" not in page.content.decode()
    assert office.find("1.1").handed_up_at is None


def test_an_empty_report_is_not_handed_up(post, office, client):
    page = post("hand_up_anyway", {"text": ""}, user=office.writer)
    assert "chưa có nội dung nào để trình" in text_of(client.get(page.url))
    assert not Transition.objects.exists()


def test_handing_up_twice_is_one(post, office, client):
    post("hand_up", user=office.writer)
    page = post("hand_up", user=office.writer)
    assert "đã được trình trước đó" in text_of(client.get(page.url))
    assert Transition.objects.filter(action="hand_up").count() == 1


@pytest.fixture
def hand_back(client, office):
    def call(reason, user=office.head):
        sign_in(client, user)
        url = reverse("report_hand_back", args=[office.report.pk])
        return client.post(url, {"reason": reason}, follow=True)

    return call


def test_a_head_hands_back_with_a_reason_that_the_writer_sees(post, office, client, hand_back):
    post("hand_up", user=office.writer)
    page = hand_back("Bổ sung quý III")
    assert "Đã chuyển lại báo cáo 1.1 cho người soạn." in text_of(page)
    report = office.find("1.1")
    assert report.handed_up_at is None
    assert history(report)[-1] == (
        "hand_back",
        "draft",
        "draft",
        "Trần Thị Trưởng",
        "Trưởng đơn vị",
        "Bổ sung quý III",
    )
    sign_in(client, office.writer)
    assert "Trần Thị Trưởng chuyển lại lúc 09:00 13/11/2019: Bổ sung quý III" in text_of(
        client.get(form_url(report))
    )
    assert "Trưởng đơn vị: Bổ sung quý III" in text_of(client.get(reverse("todo")))
    post("hand_up", user=office.writer)  # answered
    assert "chuyển lại lúc" not in text_of(client.get(form_url(report)))
    assert "Trưởng đơn vị: Bổ sung" not in text_of(client.get(reverse("todo")))


def test_handing_back_needs_a_reason_and_a_report_that_was_handed_up(post, office, hand_back):
    post("hand_up", user=office.writer)
    assert "Hãy nêu lý do." in text_of(hand_back(" "))
    assert office.find("1.1").handed_up_at
    hand_back("Một")
    assert "không còn chờ trưởng đơn vị" in text_of(hand_back("Hai"))
    assert Transition.objects.filter(action="hand_back").count() == 1


def test_only_the_units_head_hands_back(post, office, hand_back):
    post("hand_up", user=office.writer)
    for user in (office.writer, office.other_head, office.coordinator, office.leader):
        assert hand_back("x", user).status_code == 403
    assert office.find("1.1").handed_up_at


# -- Returned -------------------------------------------------------------------------------------


def test_a_returned_report_shows_why_and_can_be_sent_again(post, office, client):
    post("submit")
    office.send_back(office.find("1.1"), "Thiếu số văn bản")
    for place in (form_url(office.report), reverse("todo")):
        assert "Thiếu số văn bản" in text_of(sign_in(client, office.head).get(place))
    assert post("submit", office.full(text="Đã thêm")).status_code == 302
    report = office.find("1.1")
    assert [row[0] for row in history(report)] == ["start", "submit", "return", "submit"]
    assert Version.objects.filter(report=report).count() == 2
    assert not mail.outbox  # mails go through the outbox of accounts.mail
