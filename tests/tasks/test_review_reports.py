"""The office reviews: the queue, accepting one or several, returning, reopening, releasing; who may not."""

import datetime as dt
import threading

import pytest
import time_machine
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from review_office import REASON, TODAY, ReviewOffice

from accounts.models import Mail
from tasks import services
from tasks.models import Answer, Report, Transition
from tasks.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_november():
    with time_machine.travel(TODAY):
        yield


@pytest.fixture
def office():
    return ReviewOffice()


@pytest.fixture
def client(client, office):
    return office.sign_in(client, "office")


def queries(client, url):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def queue(client, **query):
    return [report.pk for report in client.get(reverse("review_queue"), query).context["reports"]]


def state(report):
    return Report.objects.get(pk=report.pk).state


# -- Who -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["leader", "head", "officer", "administrator"])
def test_only_the_office_reviews(client, office, name):
    report = office.send("TCCB", "2.1")
    office.sign_in(client, name)
    assert client.get(reverse("review_queue")).status_code == 403
    assert client.get(reverse("review_report", args=[report.pk])).status_code == 403
    assert client.post(reverse("report_accept"), {"bao-cao": report.pk}).status_code == 403
    for view in ("report_return", "report_reopen", "report_release"):
        answer = client.post(reverse(view, args=[report.pk]), {"reason": REASON})
        assert answer.status_code == 403
    assert state(report) == State.SUBMITTED


def test_another_agency_does_not_exist(client, office):
    stranger = ReviewOffice("SNV")
    report = stranger.send("TCCB", "2.1")
    assert client.get(reverse("review_report", args=[report.pk])).status_code == 404
    assert client.post(reverse("report_accept"), {"bao-cao": report.pk}).status_code == 404
    for view in ("report_return", "report_reopen", "report_release"):
        answer = client.post(reverse(view, args=[report.pk]), {"reason": REASON, "then": "release"})
        assert answer.status_code == 404
    assert state(report) == State.SUBMITTED
    assert queue(client, ky=stranger.period.pk) == []


# -- The queue -----------------------------------------------------------------------------------


def test_queue_shows_what_waits_longest_first(client, office):
    late = office.send("TCCB", "2.1", at=TODAY - dt.timedelta(days=1))
    first = office.send("KHTC", "2.1", at=TODAY - dt.timedelta(days=8))
    office.fill("TTRA", "2.1")
    office.accept("VP", "1.1")
    assert queue(client) == [first.pk, late.pk]
    page = client.get(reverse("review_queue")).content.decode()
    assert "8 ngày" in page and "Phòng Kế hoạch tài chính" in page


def test_queue_is_narrowed_by_area_unit_and_age(client, office):
    old = office.send("KHTC", "2.1", at=TODAY - dt.timedelta(days=7))
    young = office.send("KHTC", "2.2", at=TODAY - dt.timedelta(days=6, hours=9))
    own = office.send("VP", "1.1", at=TODAY)
    assert queue(client, **{"linh-vuc": "1"}) == [own.pk]
    assert queue(client, **{"don-vi": "KHTC"}) == [old.pk, young.pk]
    assert queue(client, cho="7") == [old.pk]
    assert queue(client, cho="abc") == [old.pk, young.pk, own.pk]
    assert queue(client, **{"don-vi": "TTRA"}) == []


def test_queue_tells_of_reports_waiting_in_other_open_periods(client, office):
    report = office.send("TCCB", "2.1")
    interim = office.period
    other = office.plan.periods.create(
        year=2019,
        kind="q3",
        starts_on=dt.date(2019, 1, 1),
        due_before=dt.date(2019, 11, 16),
        closes_on=dt.date(2019, 12, 31),
        opened_at=TODAY,
    )
    assert queue(client) == []  # the nearest date is the other's
    page = client.get(reverse("review_queue"))
    assert page.context["period"] == other
    assert page.context["elsewhere"] == [(interim, 1)]
    assert queue(client, ky=interim.pk) == [report.pk]


def test_queries_do_not_grow(client, office):
    one = office.send("TCCB", "2.1")
    urls = [reverse("review_queue"), reverse("review_report", args=[one.pk])]
    before = [queries(client, url) for url in urls]
    office.grow()
    assert [queries(client, url) for url in urls] == before


# -- One report ----------------------------------------------------------------------------------


def test_review_shows_figures_targets_and_the_year_before(client, office):
    last = office.plan.periods.create(
        year=2018,
        starts_on=dt.date(2018, 1, 1),
        due_before=dt.date(2018, 11, 20),
        closes_on=dt.date(2018, 12, 31),
        opened_at=TODAY,
    )
    for unit, numerator in (("TCCB", 40), ("KHTC", 20)):
        old = Report.objects.create(
            period=last,
            task=office.tasks["2.1"],
            unit=office.units[unit],
            state=State.ACCEPTED,
            first_submitted_at=TODAY,
            submitted_at=TODAY,
        )
        Answer.objects.create(
            report=old,
            indicator=office.indicators["2.1-a"],
            numerator=numerator,
            denominator=50,
        )
    report = office.send("TCCB", "2.1", numerator=8)
    page = client.get(reverse("review_report", args=[report.pk])).content.decode()
    for words in ("8/10 = 80%", "≥ 90%", "cần thêm 1 hồ sơ", "40/50 (80%)", "cả Sở: 60/100 (60%)"):
        assert words in page


def test_next_and_previous_keep_the_filters(client, office):
    first, second, third = (
        office.send("TCCB", "2.1", at=TODAY - dt.timedelta(days=3)),
        office.send("TCCB", "2.2", at=TODAY - dt.timedelta(days=2)),
        office.send("KHTC", "2.2", at=TODAY - dt.timedelta(days=1)),
    )
    answer = client.get(reverse("review_report", args=[second.pk]), {"don-vi": "TCCB"})
    assert answer.context["before_url"].startswith(reverse("review_report", args=[first.pk]))
    assert "don-vi=TCCB" in answer.context["before_url"]
    assert answer.context["after_url"] == ""  # the third is another unit's
    answer = client.get(reverse("review_report", args=[second.pk]))
    assert answer.context["after_url"].startswith(reverse("review_report", args=[third.pk]))


def test_draft_shows_its_state_and_nothing_of_its_content(client, office):
    report = office.fill("TCCB", "2.1", numerator=7777, denominator=9999, text="BÍ MẬT")
    page = client.get(reverse("review_report", args=[report.pk])).content.decode()
    assert "BÍ MẬT" not in page and "7.777" not in page
    assert "Đơn vị chưa gửi báo cáo này" in page
    assert "Miễn báo cáo này cho đơn vị" in page
    assert "Duyệt báo cáo" not in page.split("<main", 1)[1]


def test_returned_report_shows_what_was_sent_not_what_is_being_written(client, office):
    report = office.send("TCCB", "2.1", text="Bản đã gửi")
    services.send_back(report=report, by=office.actor("office"), reason=REASON)
    Report.objects.filter(pk=report.pk).update(text="BÍ MẬT")
    for name, view in (("office", "review_report"), ("leader", "report_detail")):
        office.sign_in(client, name)
        page = client.get(reverse(view, args=[report.pk])).content.decode()
        assert "Bản đã gửi" in page and "BÍ MẬT" not in page


# -- Accepting -----------------------------------------------------------------------------------


def test_accept_one_and_go_on_to_the_next(client, office):
    first = office.send("TCCB", "2.1", at=TODAY - dt.timedelta(days=2))
    second = office.send("KHTC", "2.1", at=TODAY - dt.timedelta(days=1))
    page = client.get(reverse("review_report", args=[first.pk]))
    answer = client.post(
        reverse("report_accept"), {"bao-cao": first.pk, "next": page.context["next_url"]}
    )
    assert answer.url.startswith(reverse("review_report", args=[second.pk]))
    assert state(first) == State.ACCEPTED
    step = first.transitions.last()
    assert (step.action, step.actor, step.acted_as) == (
        "accept",
        office.people["office"],
        "Văn phòng Sở",
    )


def test_accept_several_leaves_alone_what_somebody_has_handled(client, office):
    reports = [office.send(unit, "2.1") for unit in ("TCCB", "KHTC", "TTRA")]
    services.send_back(report=reports[1], by=office.actor("chief"), reason=REASON)
    answer = client.post(
        reverse("report_accept"), {"bao-cao": [report.pk for report in reports]}, follow=True
    )
    assert [state(report) for report in reports] == ["accepted", "returned", "accepted"]
    said = [str(message) for message in answer.context["messages"]]
    assert said == ["Đã duyệt 2 báo cáo.", "1 báo cáo không còn chờ duyệt nên giữ nguyên."]


@pytest.mark.parametrize("zero_of_zero", [False, True])
def test_not_arising_is_accepted_only_when_expressly_confirmed(client, office, zero_of_zero):
    """R7a: it may take a criterion out of the index."""
    plain, doubtful = office.send("TCCB", "2.1"), office.send("KHTC", "2.1")
    answer = doubtful.answers.filter(indicator__kind="ratio").first()
    values = {"state": "not_arising", "reason": "Không có hồ sơ"}
    if zero_of_zero:
        values = {"numerator": 0, "denominator": 0}
    type(answer).objects.filter(pk=answer.pk).update(**values)
    asked = {"bao-cao": [plain.pk, doubtful.pk], "next": "/duyet/"}
    page = client.post(reverse("report_accept"), asked)
    assert page.status_code == 422
    text = page.content.decode()
    assert answer.indicator.code in text
    assert "Xác nhận và duyệt 2 báo cáo" in text
    assert [state(plain), state(doubtful)] == ["submitted", "submitted"]
    done = client.post(reverse("report_accept"), asked | {"xac-nhan": "1"})
    assert done.url == "/duyet/"
    assert [state(plain), state(doubtful)] == ["accepted", "accepted"]
    assert doubtful.transitions.last().reason == (
        f"Đã xác nhận không phát sinh: {answer.indicator.code}."
    )
    assert plain.transitions.last().reason == ""


def test_accepting_twice_writes_one_step(client, office):
    report = office.send("TCCB", "2.1")
    for _ in range(2):
        client.post(reverse("report_accept"), {"bao-cao": report.pk})
    assert report.transitions.filter(action="accept").count() == 1


def test_nothing_ticked_is_said(client, office):
    answer = client.post(reverse("report_accept"), follow=True)
    assert "Chưa chọn báo cáo nào." in answer.content.decode()


def test_own_units_report_may_be_accepted_and_is_shown_as_such(client, office):
    office.sign_in(client, "chief")
    report = office.send("VP", "1.1")
    page = client.get(reverse("review_report", args=[report.pk])).content.decode()
    assert "báo cáo của chính đơn vị bạn" in page
    client.post(reverse("report_accept"), {"bao-cao": report.pk})
    assert report.transitions.get(action="accept").own_unit
    page = client.get(reverse("review_report", args=[report.pk])).content.decode()
    assert "báo cáo của chính đơn vị mình" in page


def test_only_addresses_of_ours_are_gone_to(client, office):
    report = office.send("TCCB", "2.1")
    for target in ("https://example.org/", "//example.org/", "/\\example.org"):
        answer = client.post(reverse("report_accept"), {"bao-cao": report.pk, "next": target})
        assert answer.url == reverse("review_queue")


# -- Returning -----------------------------------------------------------------------------------


def test_return_tells_the_unit_by_mail(client, office):
    report = office.send("TCCB", "2.1")
    client.post(reverse("report_return", args=[report.pk]), {"reason": REASON})
    assert state(report) == State.RETURNED
    mails = Mail.objects.filter(kind="report_returned")
    assert {mail.user for mail in mails} == {office.people["head"], office.people["officer"]}
    assert all(REASON in mail.text for mail in mails)
    client.post(reverse("report_return", args=[report.pk]), {"reason": "Lần hai"})
    assert Mail.objects.filter(kind="report_returned").count() == 2


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_return_needs_a_reason(client, office, reason):
    report = office.send("TCCB", "2.1")
    answer = client.post(reverse("report_return", args=[report.pk]), {"reason": reason})
    assert answer.status_code == 422
    assert "Hãy nêu lý do" in answer.content.decode()
    assert state(report) == State.SUBMITTED
    assert not Mail.objects.exists()


# -- Reopening -----------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [False, True])
def test_reopen_keeps_lateness_and_tells_the_unit(client, office, late):
    with time_machine.travel(TODAY + dt.timedelta(days=10 if late else 0)):
        office.sign_in(client, "office")
        report = office.accept("TCCB", "2.1")
        client.post(
            reverse("report_reopen", args=[report.pk]),
            {"reason": "Số liệu cả năm", "until": "15/12/2019"},
        )
        report.refresh_from_db()
        assert (report.state, report.is_late) == (State.RETURNED, late)
        assert report.extended_to == dt.date(2019, 12, 15)
        mails = Mail.objects.filter(kind="report_reopened")
        assert {mail.user for mail in mails} == {office.people["head"], office.people["officer"]}
        assert all("15/12/2019" in mail.text for mail in mails)
    with time_machine.travel(TODAY + dt.timedelta(days=30)):
        services.submit(report=report, by=office.actor("head"))
        report.refresh_from_db()
        assert report.is_late is late


@pytest.mark.parametrize(
    ("until", "reason", "said"),
    [
        ("31/02/2019", "Vì sao", "Hạn mới không đúng"),
        ("", "Vì sao", "Hạn mới không đúng"),
        ("12/11/2019", "Vì sao", "không được ở quá khứ"),
        ("15/12/2019", " ", "Hãy nêu lý do"),
    ],
)
def test_reopen_refused_keeps_what_was_typed(client, office, until, reason, said):
    report = office.accept("TCCB", "2.1")
    answer = client.post(
        reverse("report_reopen", args=[report.pk]), {"reason": reason, "until": until}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page and f'value="{until}"' in page and reason in page
    assert state(report) == State.ACCEPTED


# -- Releasing -----------------------------------------------------------------------------------


def test_release_and_take_back(client, office):
    report = office.reports["TCCB", "2.1"]
    url = reverse("report_release", args=[report.pk])
    client.post(url, {"then": "release", "reason": "Không có chức năng"})
    report.refresh_from_db()
    assert report.released_reason == "Không có chức năng"
    assert not Report.objects.owed().filter(pk=report.pk).exists()
    # The same click twice: not taken back by accident.
    answer = client.post(url, {"then": "release", "reason": "Lần hai"}, follow=True)
    assert "đã được xử lý trước đó" in answer.content.decode()
    client.post(url, {"then": "take_back", "reason": "Có phát sinh"})
    assert Report.objects.owed().filter(pk=report.pk).exists()


@pytest.mark.parametrize("then", ["release", "take_back"])
def test_release_needs_a_reason(client, office, then):
    report = office.reports["TCCB", "2.1"]
    url = reverse("report_release", args=[report.pk])
    if then == "take_back":
        client.post(url, {"then": "release", "reason": "Không có chức năng"})
    assert client.post(url, {"then": then, "reason": " "}).status_code == 422
    report.refresh_from_db()
    assert bool(report.released_at) is (then == "take_back")


def test_release_says_what_it_is_asked_to_do(client, office):
    report = office.reports["TCCB", "2.1"]
    url = reverse("report_release", args=[report.pk])
    assert client.post(url, {"reason": "Không rõ"}).status_code == 400


def test_released_report_is_not_accepted(client, office):
    report = office.send("TCCB", "2.1")
    Report.objects.filter(pk=report.pk).update(released_at=TODAY, released_reason="x")
    client.post(reverse("report_accept"), {"bao-cao": report.pk})
    assert state(report) == State.SUBMITTED


# -- A closed period -----------------------------------------------------------------------------


def test_closed_period_refuses_everything(client, office):
    sent, accepted = office.send("TCCB", "2.1"), office.accept("KHTC", "2.1")
    with time_machine.travel(dt.datetime(2020, 1, 1, 8, tzinfo=TODAY.tzinfo)):
        office.sign_in(client, "office")
        before = Transition.objects.count()
        posts = [
            (reverse("report_accept"), {"bao-cao": sent.pk}),
            (reverse("report_return", args=[sent.pk]), {"reason": REASON}),
            (
                reverse("report_reopen", args=[accepted.pk]),
                {"reason": REASON, "until": "15/01/2020"},
            ),
            (reverse("report_release", args=[sent.pk]), {"reason": REASON, "then": "release"}),
        ]
        for url, data in posts:
            answer = client.post(url, data)
            assert answer.status_code == 403, url
            assert "đã khóa" in answer.content.decode()
        page = client.get(reverse("review_report", args=[sent.pk])).content.decode()
        assert "đã khóa" in page and "Trả lại đơn vị" not in page
        assert Transition.objects.count() == before


# -- Two at once ---------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("other", ["accept", "return"])
def test_two_coordinators_at_once_one_wins(other):
    """Both have read the report as waiting before either acts."""
    office = ReviewOffice()
    report = office.send("TCCB", "2.1")
    start, done = threading.Barrier(2), []

    def act(name, what):
        try:
            mine = Report.objects.with_names().get(pk=report.pk)
            start.wait(20)
            if what == "accept":
                won = services.accept(reports=[mine], by=office.actor(name))
            else:
                won = services.send_back(report=mine, by=office.actor(name), reason=REASON)
            done.append((what, bool(won)))
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=act, args=("office", "accept")),
        threading.Thread(target=act, args=("chief", other)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(won for _, won in done) == [False, True]
    winner = next(what for what, won in done if won)
    assert state(report) == {"accept": "accepted", "return": "returned"}[winner]
    assert report.transitions.filter(action__in=["accept", "return"]).count() == 1
    assert Mail.objects.count() == (2 if winner == "return" else 0)
