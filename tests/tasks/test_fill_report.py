"""Filling in a report: what is kept, what is refused with which words, drafts that save themselves (R7, R14, R16, R35)."""

import json

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from report_office import Office, at, form_url, sign_in, text_of

from accounts import kept
from accounts.models import AuditEntry, Role
from plans.models import Period
from tasks import services
from tasks.models import Answer, Document, Report, Transition

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
    """Post the report form (or to ``url``) as the writer, on the version that is stored."""

    def call(values=None, *, user=office.writer, report=None, url="report_form", **more):
        report = report or office.report
        if user:
            sign_in(client, user)
        version = Report.objects.get(pk=report.pk).version
        return client.post(
            reverse(url, args=[report.pk]),
            {"version": version} | (values or {}) | more,
            headers={"X-Requested-With": "fetch"} if url == "report_autosave" else None,
        )

    return call


def autosave(post, values, **more):
    return post(values, url="report_autosave", **more)


def show(client, office, user=None, report=None):
    return sign_in(client, user or office.writer).get(form_url(report or office.report))


# -- Saving ---------------------------------------------------------------------------------------


def test_what_is_typed_is_stored_and_shown_again(post, office, client):
    page = post(office.full())
    assert page.status_code == 302
    report = office.find("1.1")
    assert (report.state, report.version, report.assignee) == ("draft", 1, office.writer)
    answers = {answer.indicator.code: answer for answer in report.answers.all()}
    assert str(answers["1.1-c"].amount) == "1234.5"
    assert answers["1.1-d"].holds is True
    assert str(answers["1.1-e"].document) == "12/KH-SGDĐT ngày 15/01/2019"
    text = show(client, office).content.decode()
    assert 'value="1.234,5"' in text
    assert 'value="15/01/2019"' in text
    assert "9/10 = 90%" in text
    assert "đã trả lời 8/8" in text_of(show(client, office)).replace("8 /8", "8/8")


def test_the_form_says_what_is_missing_in_plain_words(post, office, client):
    post(office.full(**{"1.1-a numerator": "5", "1.1-b amount": "1"}))
    words = text_of(show(client, office))
    assert "5/10 = 50% cần thêm 3 hồ sơ để đạt 80%" in words
    assert "cần thêm 2 để đạt 3" in words
    assert "Chưa có số liệu năm trước" in words  # R9
    assert "chậm nhất 30/06/2019" in words


def test_the_first_save_starts_the_draft_and_says_who(post, office):
    post(text="Một")
    post(text="Hai")
    (start,) = Transition.objects.filter(report=office.report)
    assert (start.action, start.from_state, start.to_state) == ("start", "not_started", "draft")
    assert (start.actor, start.actor_name, start.acted_as) == (
        office.writer,
        "Lê Văn Soạn",
        "Chuyên viên",
    )
    saves = AuditEntry.objects.filter(object_id=office.report.pk, action=services.SAVED)
    assert [row.changes["text"] for row in saves.order_by("id")] == [["", "Một"], ["Một", "Hai"]]


def test_saving_the_same_again_writes_nothing(post, office):
    post(office.full())
    before = AuditEntry.objects.count()
    post(office.full())
    assert office.find("1.1").version == 1
    assert AuditEntry.objects.count() == before


def test_not_arising_and_not_ours_are_answers_of_their_own(post, office, client):
    a, d = office.indicators["1.1-a"].pk, office.indicators["1.1-d"].pk
    post(
        {
            f"a{a}-state": "not_arising",
            f"a{a}-reason": "Không có hồ sơ",
            f"a{d}-state": "not_ours",
            f"a{d}-reason": "Của phòng khác",
        }
    )
    states = dict(Answer.objects.values_list("indicator__code", "state"))
    assert states == {"1.1-a": "not_arising", "1.1-d": "not_ours"}
    words = text_of(show(client, office))
    assert words.count("Không thuộc đơn vị này") == len(office.indicators) + 1


def test_a_document_typed_in_steps_leaves_one_row_in_the_register(post, office):
    base = office.full()
    for number in ("1", "12", "12/K", "12/KH"):
        autosave(post, base | {office.field("1.1-e", "number"): number})
    assert [d.number for d in Document.objects.all()] == ["12/KH"]
    autosave(post, base | {office.field("1.1-e", "number"): ""})
    assert Document.objects.count() == 0


# -- Bad input ------------------------------------------------------------------------------------

BAD = [
    ("1.1-a numerator", "mười", "Tử số «mười» không phải là số"),
    ("1.1-b amount", "-5", "Số lượng -5 là số âm"),
    ("1.1-a numerator", "12", "Tử số 12 lớn hơn mẫu số 10"),
    ("1.1-e issued_on", "14/11/2019", "Ngày ban hành 14/11/2019 ở sau ngày hôm nay"),
    ("1.1-f day", "31/02/2019", "Ngày «31/02/2019» không đúng"),
    ("1.1-e issuer", "x" * 201, "Cơ quan ban hành dài quá 200 ký tự"),
]


@pytest.mark.parametrize(("field", "typed", "words"), BAD)
@pytest.mark.parametrize("then", ["save", "submit"])
def test_bad_input_is_said_beside_its_field_and_kept(
    post, office, client, field, typed, words, then
):
    page = post(office.full(**{field: typed}), user=office.head, then=then)
    assert page.status_code == 422
    name = office.field(*field.split())
    html = page.content.decode()
    place = html.index(f'id="e-{name}"')
    assert words in html[place : place + 400]
    tag = html[html.index(f'id="{name}"') :].split(">")[0]
    assert 'aria-invalid="true"' in tag
    assert f'aria-describedby="e-{name}' in tag
    assert f'value="{typed}"' in tag
    assert f'href="#{name}"' in html  # the summary leads to it
    report = office.find("1.1")
    assert report.state == "draft"
    assert report.unread[name] == typed
    assert report.answers.count() == 7  # the rest is saved, the wrong one counts nowhere
    again = show(client, office).content.decode()
    assert f'value="{typed}"' in again
    assert words in again


def test_a_text_too_long_is_refused_and_kept_whole(post, office, client):
    page = post(text="ă" * 20_001, user=office.head, then="submit")
    assert page.status_code == 422
    assert "quá mức 20.000; hãy rút gọn" in text_of(page)
    assert "ă" * 20_001 in show(client, office).content.decode()


def test_a_bad_version_is_out_of_date(post, office):
    office.save()
    for version in ("", "abc", "٣", "-1", "9" * 50):
        assert post(text="khác", version=version).status_code == 409
    assert office.find("1.1").text == "Đã làm."


# -- Who may --------------------------------------------------------------------------------------


def test_another_units_report_by_its_address(post, office, client):
    for user in (office.other_head, office.coordinator):
        for answer in (
            post(text="x", user=user),
            show(client, office, user),
        ):
            assert answer.status_code == 403
            assert "chỉ đơn vị đó được sửa và gửi" in text_of(answer)
    answer = autosave(post, {"text": "x"}, user=office.other_head)
    assert answer.status_code == 403
    assert "Phòng Tổ chức cán bộ" in answer.json()["message"]
    assert office.find("1.1").version == 0


def test_roles_that_never_write(post, office):
    for user in (office.leader, office.administrator):
        assert post(text="x", user=user).status_code == 403


def test_another_agencys_report_does_not_exist(post, office):
    stranger = Office("SNV")
    for user in (stranger.head, stranger.coordinator, stranger.administrator):
        assert post(text="x", user=user).status_code == 404
        assert autosave(post, {"text": "x"}, user=user).status_code == 404
        assert post(reason="x", user=user, url="report_hand_back").status_code == 404
    assert post(text="x", report=stranger.report).status_code == 404


def test_signed_out_and_wrong_methods(client, office):
    assert client.get(form_url(office.report)).status_code == 302
    sign_in(client, office.writer)
    assert client.put(form_url(office.report)).status_code == 405
    assert client.get(reverse("report_autosave", args=[office.report.pk])).status_code == 405
    assert client.get(reverse("report_hand_back", args=[office.report.pk])).status_code == 405


# -- Locked ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lock", "words"),
    [
        ("closed", "đã khóa ngày 12/11/2019"),
        ("past", "đã khóa ngày 31/12/2019"),
        ("submitted", "Báo cáo đã gửi, đang chờ Văn phòng Sở duyệt"),
        ("accepted", "Báo cáo đã được duyệt"),
        ("released", "Đơn vị đã được miễn báo cáo này: Không có đơn vị trực thuộc"),
        ("retired", "Nhiệm vụ này đã thôi áp dụng"),
    ],
)
def test_a_locked_report_says_why_and_gives_back_what_was_typed(post, office, client, lock, words):
    now = timezone.now()
    moment = at(2019, 11, 13, 9)
    match lock:
        case "closed":
            Period.objects.filter(pk=office.period.pk).update(closed_at=at(2019, 11, 12, 8))
        case "past":
            moment = at(2020, 1, 1, 0, 0, 1)
        case "submitted" | "accepted":
            Report.objects.filter(pk=office.report.pk).update(state=lock, first_submitted_at=now)
        case "released":
            Report.objects.filter(pk=office.report.pk).update(
                released_at=now, released_reason="Không có đơn vị trực thuộc"
            )
        case "retired":
            Report.objects.filter(pk=office.report.pk).update(retired_at=now)
    with time_machine.travel(moment, tick=False):
        for then in ("save", "submit"):
            page = post(text="Rất nhiều chữ <đã> nhập", user=office.head, then=then)
            assert page.status_code == 403
            assert words in text_of(page)
            assert "Rất nhiều chữ &lt;đã&gt; nhập" in page.content.decode()
        answer = autosave(post, {"text": "x"})
        assert answer.status_code == 403
        assert words in answer.json()["message"]
        page = client.get(form_url(office.report))
        assert page.url == reverse("report_detail", args=[office.report.pk])
        if lock not in {"released", "retired"}:
            assert words in text_of(client.get(page.url))
    assert office.find("1.1").text == ""
    assert not Transition.objects.exists()


# -- Session --------------------------------------------------------------------------------------


def test_a_form_left_open_until_the_session_ended(post, office, client):
    office.save(text="Bản cũ")
    typed = office.full(text="Soạn cả buổi", **{"1.1-a numerator": "mười"})
    answer = post(typed, user=None, _who=kept.sign(office.writer), then="submit")
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("sign_in"))
    page = client.post(
        answer.url,
        {"username": office.writer.email, "password": "mat-khau-rat-dai"},
        follow=True,
    )
    assert page.redirect_chain[-1][0] == form_url(office.report)
    html = page.content.decode()
    assert "Soạn cả buổi" in html
    assert 'value="mười"' in html
    assert 'value="1.234,5"' in html
    assert "chưa được lưu" in html
    assert office.find("1.1").text == "Bản cũ"
    assert "Soạn cả buổi" not in client.get(form_url(office.report)).content.decode()  # once


def test_a_restored_form_does_not_write_over_what_was_saved_meanwhile(post, office, client):
    office.save(text="Bản cũ")
    post({"text": "Của tôi"}, user=None, _who=kept.sign(office.writer))
    office.save(office.find("1.1"), by=office.second_writer, text="Của người khác")
    page = sign_in(client, office.writer).get(form_url(office.report))
    version = page.context["version"]
    assert str(version) == "1"
    assert post({"text": "Của tôi"}, version=version).status_code == 409
    assert office.find("1.1").text == "Của người khác"


def test_autosave_without_a_session_says_so(post, office):
    answer = autosave(post, {"text": "x"}, user=None)
    assert answer.status_code == 401
    assert office.find("1.1").version == 0


# -- Autosave -------------------------------------------------------------------------------------


def test_autosave_gives_the_version_and_the_parts_that_changed(post, office):
    answer = autosave(
        post,
        {
            office.field("1.1-a", "numerator"): "9",
            office.field("1.1-a", "denominator"): "13",
            office.field("1.1-b", "amount"): "ba",
        },
    )
    assert answer.status_code == 200
    data = answer.json()
    assert (data["version"], data["saved_at"]) == (1, "09:00")
    a, b, c = (office.indicators[code].pk for code in ("1.1-a", "1.1-b", "1.1-c"))
    assert "9/13 = 69,23%" in data["html"][f"v{a}"]
    assert "cần thêm 2 hồ sơ để đạt 80%" in data["html"][f"v{a}"]
    assert "Đang soạn" in data["html"]["report-state"]
    assert data["html"]["answered"] == "1"
    assert "không phải là số" in data["html"][f"e-a{b}-amount"]
    assert data["html"][f"e-a{a}-numerator"] == ""
    assert f"v{c}" not in data["html"]


def test_autosave_takes_a_fault_away_when_it_is_mended_or_emptied(post, office):
    name = office.field("1.1-b", "amount")
    autosave(post, {name: "ba"})
    assert autosave(post, {name: "3"}).json()["html"][f"e-{name}"] == ""
    autosave(post, {name: "ba"})
    assert autosave(post, {name: ""}).json()["html"][f"e-{name}"] == ""
    assert "quá mức" in autosave(post, {"text": "a" * 20_001}).json()["html"]["e-text"]
    assert autosave(post, {"text": "a"}).json()["html"]["e-text"] == ""


def test_words_in_a_fault_are_escaped(post, office):
    name = office.field("1.1-b", "amount")
    html = autosave(post, {name: "<img src=x>"}).json()["html"][f"e-{name}"]
    assert "&lt;img" in html
    assert "<img" not in html


# -- Two people in one report ---------------------------------------------------------------------


def test_the_later_of_two_editors_sees_each_difference_and_loses_nothing(post, office, client):
    post(office.full(text="Bản đầu"))
    post(office.full(text="Bản của chị Hai"), user=office.second_writer)
    mine = office.full(text="Bản của tôi", **{"1.1-a numerator": "8", "1.1-b amount": "ba"})
    page = post(mine, version=1, then="submit")
    assert page.status_code == 409
    words = text_of(page)
    assert "Phạm Thị Hai đã lưu báo cáo này lúc 09:00 13/11/2019" in words
    for part in ("Bản của chị Hai", "Bản của tôi", "9/10", "8/10", "ba"):
        assert part in words
    html = page.content.decode()
    assert 'name="version" value="1"' in html  # nothing is written over by the next autosave
    assert 'name="over" value="2"' in html
    assert office.find("1.1").text == "Bản của chị Hai"
    again = autosave(post, mine, version=1)
    assert again.status_code == 409
    assert "Bản của chị Hai" in again.json()["html"]


def test_what_only_the_other_changed_is_proposed_as_theirs(post, office):
    post(office.full(text="Bản đầu"))
    post(office.full(text="Bản đầu", **{"1.1-b amount": "5"}), user=office.second_writer)
    page = post(office.full(text="Bản của tôi"), version=1)
    rows = {row.key: row for row in page.context["rows"]}
    b = str(office.indicators["1.1-b"].pk)
    assert set(rows) == {"text", b}
    assert rows[b].mine_untouched
    assert not rows["text"].mine_untouched


def test_mine_and_theirs_are_chosen_field_by_field(post, office):
    post(office.full(text="Bản đầu"))
    post(office.full(text="Của chị", difficulties="Khó của chị", **{"1.1-b amount": "5"}))
    b = office.indicators["1.1-b"].pk
    choice = {"keep-text": "mine", "keep-difficulties": "theirs", f"keep-{b}": "theirs"}
    page = post(
        office.full(text="Của tôi", difficulties="Khó của tôi", **{"1.1-c amount": "7"}) | choice,
        version=1,
        over=2,
    )
    assert page.status_code == 302
    report = office.find("1.1")
    assert (report.text, report.difficulties) == ("Của tôi", "Khó của chị")
    assert report.answers.get(indicator=b).amount == 5
    assert report.answers.get(indicator__code="1.1-c").amount == 7


def test_a_third_editor_in_between_is_a_conflict_again(post, office):
    post(text="Một")
    post(text="Hai")
    post(text="Ba")
    assert post({"text": "Tôi"}, version=1, over=2).status_code == 409
    assert post({"text": "Tôi"}, version=1, over=3).status_code == 302
    assert office.find("1.1").text == "Tôi"


def test_the_same_words_twice_are_no_conflict(post, office):
    post(text="Như nhau")
    answer = autosave(post, {"text": "Như nhau"}, version=0)
    assert (answer.status_code, answer.json()["version"]) == (200, 1)


def test_ones_own_other_window_is_named_as_such(post, office):
    post(text="Một")
    assert "Chính bạn đã lưu báo cáo này" in text_of(post(text="Hai", version=0))


# -- Queries --------------------------------------------------------------------------------------


def test_the_form_asks_as_much_of_the_database_for_more_rows(post, office, client):
    post(office.full())
    first = Document.objects.create(agency=office.agency, unit=office.units["TCCB"], number="1/BC")
    office.report.evidence.create(document=first)

    def count():
        show(client, office)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(form_url(office.report)).status_code == 200
        return len(queries)

    before = count()
    report = office.find("1.1")
    for n in range(12):
        kind = ("document", "ratio", "count")[n % 3]
        indicator = office.add_indicator(
            f"1.1-x{n}",
            kind,
            target_previous_year=kind == "count",
            op=">" if kind == "count" else "",
        )
        document = Document.objects.create(agency=office.agency, unit=report.unit, number=f"{n}/KH")
        report.evidence.create(document=document, indicator=indicator)
        Answer.objects.create(
            report=report, indicator=indicator, document=document if kind == "document" else None
        )
        services.write_transition(
            report,
            services.Action.HAND_UP,
            services.State.DRAFT,
            by=office.by(office.writer, Role.REPORTER),
        )
    assert count() == before
    assert before <= 20


def test_a_save_asks_as_much_of_the_database_for_more_figures(post, office):
    post(text="Một")
    with CaptureQueriesContext(connection) as few:
        autosave(post, {"text": "Hai", office.field("1.1-h", "numerator"): "1"})
    with CaptureQueriesContext(connection) as many:
        autosave(
            post,
            {name: text for name, text in office.full(text="Ba").items() if "number" not in name},
        )
    assert len(many) == len(few)


def test_json_is_json(post, office):
    assert json.loads(autosave(post, {"text": "x"}).content)["version"] == 1
