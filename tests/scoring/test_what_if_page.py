"""«Thử tính» as the office uses it: what moves, bad input at its field, and that nothing is stored."""

import pytest
import time_machine
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from made_results import load, make_year
from what_if_office import NOW, TODAY, leaf, office_of, ratio

from accounts.models import Agency, AuditEntry, Unit, User
from plans.targets import Value
from scoring.frozen import freeze
from scoring.inputs import read_inputs
from scoring.models import LeafScore, Scenario, Scorecard
from scoring.scorecards import compute
from scoring.what_if import Trial, apply
from scoring.what_if_forms import form_of, texts_of
from scoring.what_if_reading import read_trial
from tasks.models import Answer


@pytest.fixture
def office(db, tmp_path):
    with time_machine.travel(NOW):
        yield office_of(tmp_path)


@pytest.fixture
def sign_in(client, office):
    def signed_in(role="coordinator"):
        client.force_login(office.people[role], backend="accounts.backends.EmailBackend")
        return client

    return signed_in


def name_of(office, code, part):
    return f"a{office.indicators[code].pk}-{part}"


def ask(client, post, htmx=True):
    return client.post(
        reverse("what_if_compute"), post, headers={"HX-Request": "true"} if htmx else {}
    )


def words(answer):
    return " ".join(answer.content.decode().split())


def test_the_page_shows_todays_figures_and_that_it_is_an_estimate(office, sign_in):
    answer = sign_in().get(reverse("what_if"))
    page = words(answer)
    assert answer.status_code == 200
    assert f'name="{name_of(office, "1.2-a", "numerator")}" value="92"' in page
    assert "Ước tính – không lưu, không gửi ai" in page
    assert "Năm việc đáng làm nhất" in page
    assert "So với 70,69" in page
    assert "minh họa" in page
    assert f'name="{name_of(office, "1.3-a", "numerator")}" value=""' in page  # only submitted
    page = words(sign_in("leader").get(reverse("what_if"), {"cho-duyet": "1"}))
    assert f'name="{name_of(office, "1.3-a", "numerator")}" value="4"' in page


def test_htmx_gets_what_moved_and_what_the_page_still_shows_as_moved(office, sign_in):
    client = sign_in()
    form = form_of(apply(read_inputs(office.period, office.sets[0]), Trial()), Trial())
    texts = texts_of(apply(read_inputs(office.period, office.sets[0]), Trial()))
    leaf_pk = office.sets[0].criteria.get(code="1.2.1").pk
    post = texts | {"goc": form.was, name_of(office, "1.2-a", "numerator"): "96"}
    page = words(ask(client, post))
    assert f'id="kq-{leaf_pk}"' in page
    assert page.count('id="kq-') == 1
    assert "1,44" in page
    assert "+0,06" in page
    assert "<html" not in page
    # Taken back: the page says that this leaf is still shown as moved.
    page = words(ask(client, texts | {"goc": form.was, "da-doi": str(leaf_pk), "da-loi": "a1 d2"}))
    assert f'id="kq-{leaf_pk}"' in page
    assert "is-moved" not in page
    assert '<div class="field-error" id="loi-a1" hx-swap-oob="true"></div>' in page


BAD = {
    ("1.2-a", "numerator", "chín"): "Tử số «chín» không phải là số",
    ("1.2-a", "numerator", "-5"): "Tử số -5 là số âm",
    ("1.2-a", "numerator", "101"): "lớn hơn mẫu số 100",
    ("1.2-a", "denominator", "0"): "Mẫu số là 0",
    ("1.2-a", "denominator", ""): "chưa có mẫu số",
    ("1.2-b", "amount", "1,5"): "phải là số nguyên",
    ("1.1-a", "issued_on", "20/11/2019"): "ở sau ngày hôm nay",
    ("1.1-a", "issued_on", "hôm qua"): "không đúng. Viết như",
    ("1.2-a", "numerator", "9" * 41): "dài quá",
    ("1.2-a", "numerator", "0,00001"): "chữ số sau dấu phẩy",
}


@pytest.mark.parametrize(("field", "message"), BAD.items(), ids=lambda x: str(x)[:30])
def test_bad_input_is_named_at_its_field_and_the_rest_still_counts(office, sign_in, field, message):
    code, part, text = field
    base = apply(read_inputs(office.period, office.sets[0]), Trial())
    post = texts_of(base) | {"goc": form_of(base, Trial()).was, "dat": "1.3.1"}
    post[name_of(office, code, part)] = text
    client = sign_in()
    page = words(ask(client, post))
    assert message in page
    assert f'data-field="{name_of(office, code, part)}"' in page
    assert "+2,00" in page  # the tick
    whole = ask(client, post, htmx=False)
    assert whole.status_code == 200
    assert message in words(whole)
    assert f'value="{text}"' in words(whole)  # typed text stays


def test_bad_points_are_named_too(office, sign_in):
    survey = office.sets[0].criteria.get(code="9.1.1")
    client = sign_in()
    for name, text, message in (
        (f"d{survey.pk}", "mười", "không phải là số"),
        (f"d{survey.pk}", "10,5", "không nằm trong khung"),
        (f"d{survey.pk}", "-1", "không nằm trong khung"),
        (f"d{survey.pk}", "1,23456", "chữ số sau dấu phẩy"),
        ("thuong", "-1", "là số âm"),
        ("tru", "x", "không phải là số"),
    ):
        page = words(ask(client, {name: text}))
        assert message in page, (name, text)
        assert f'id="loi-{name}"' in page


def test_fields_that_say_nothing_and_broken_ones_do_no_harm(office, sign_in):
    client = sign_in()
    for post in (
        {},
        {"goc": "{", "da-doi": "x y", "da-loi": "<b> a1"},
        {"goc": "[1]", "dat": "99.9", "them": "dat d=1 dat=1.2.1 x=y"},
        {"goc": '{"a1-numerator": 5}', "phuong-an": "abc"},
        {"phuong-an": "999999", name_of(office, "1.2-a", "state"): "nonsense"},
    ):
        for htmx in (True, False):
            answer = ask(client, post, htmx)
            assert answer.status_code == 200
            assert "<b>" not in words(answer)


def test_not_arising_zero_of_zero_and_no_figure_are_three_answers(office, sign_in):
    inputs = read_inputs(office.period, office.sets[0])
    base = apply(inputs, Trial())
    start = texts_of(base) | {"goc": form_of(base, Trial()).was}

    def tried(**parts):
        post = QueryDict(mutable=True)
        for name, text in start.items():
            post[name] = text
        for part, text in parts.items():
            post[name_of(office, "1.2-a", part)] = text
        return read_trial(post, inputs, today=TODAY).trial.figures.get("1.2-a")

    assert tried(state="not_arising") == Value(reported=True, not_arising=True)
    assert tried(numerator="0", denominator="0") == Value(reported=True, not_arising=True)
    assert tried(numerator="", denominator="") == Value()
    assert tried(numerator="92,0") == ratio("92.0", 100)
    assert tried() is None
    assert not leaf(
        apply(inputs, Trial(figures={"1.2-a": tried(state="not_arising")})), "1.2.1"
    ).now.counts


def test_a_report_accepted_meanwhile_is_not_taken_for_a_tried_figure(office):
    inputs = read_inputs(office.period, office.sets[0])
    base = apply(inputs, Trial())
    post = QueryDict(mutable=True)
    post.update(texts_of(base) | {"goc": form_of(base, Trial()).was})
    Answer.objects.filter(indicator__code="1.2-a").update(numerator=99)
    later = read_inputs(office.period, office.sets[0])
    assert read_trial(post, later, today=TODAY).trial == Trial()


def test_the_button_of_one_of_the_five_works_without_scripts(office, sign_in):
    page = words(ask(sign_in(), {"them": "dat=1.3.1"}, htmx=False))
    assert 'value="1.3.1" aria-label="Tiêu chí 1.3.1 đạt điểm tối đa" checked' in page
    survey = office.sets[0].criteria.get(code="9.1.1")
    page = words(ask(sign_in(), {"them": f"d{survey.pk}=7,5"}, htmx=False))
    assert "thử: 7,5 điểm" in page


def test_the_switch_brings_every_field_anew_and_keeps_what_was_typed(office, sign_in):
    base = apply(read_inputs(office.period, office.sets[0]), Trial())
    post = texts_of(base) | {"goc": form_of(base, Trial()).was, "cho-duyet": "1", "dat": "4.1.1"}
    post[name_of(office, "1.2-a", "numerator")] = "99"
    answer = ask(sign_in(), post)
    assert answer["HX-Retarget"] == "#what-if-page"
    page = words(answer)
    assert f'name="{name_of(office, "1.3-a", "numerator")}" value="4"' in page  # submitted
    assert f'name="{name_of(office, "1.2-a", "numerator")}" value="99"' in page
    assert "Đang thử 2 thay đổi" in page


def test_a_sent_card_is_said(office, sign_in):
    Scorecard.objects.create(
        agency=office.agency, year=2019, criteria_set=office.sets[0], state="sent",
        sent=freeze(compute(office.period, office.sets[0])),
    )  # fmt: skip
    assert "không phải trên bản đã gửi" in words(sign_in().get(reverse("what_if")))


def test_without_a_survey_it_is_never_set_beside_a_published_index(office, sign_in):
    client = sign_in()
    assert "chưa so sánh được" in words(client.get(reverse("what_if")))
    survey = {f"d{one.pk}": "10" for one in office.sets[0].criteria.filter(kind="survey")}
    page = words(ask(client, survey))
    assert "−" in page.split("So với 70,69", 1)[1][:200]


def test_without_a_period_or_a_set_the_page_says_what_is_missing(office, sign_in):
    client = sign_in()
    office.sets[0].delete()
    assert "Chưa có bộ tiêu chí" in words(client.get(reverse("what_if")))
    assert client.post(reverse("what_if_compute")).status_code == 302
    office.period.opened_at = None
    office.period.save()
    assert "Chưa có kỳ báo cáo nào được mở" in words(client.get(reverse("what_if")))


def test_a_year_without_results_and_a_set_without_leaves_can_be_tried(office, sign_in):
    office.put({"reports": [], "scores": [], "adjustments": []})
    client = sign_in()
    assert client.get(reverse("what_if")).status_code == 200
    assert "+2,00" in words(ask(client, {"dat": "1.3.1"}))
    office.sets[0].criteria.filter(kind__gt="").delete()
    assert "chưa có tiêu chí nào được tính" in words(client.get(reverse("what_if")))
    assert ask(client, {"dat": "1.3.1", "thuong": "1"}).status_code == 200


def test_points_given_by_hand_say_that_figures_do_not_move_them(office, sign_in):
    card = Scorecard.objects.create(agency=office.agency, year=2019, criteria_set=office.sets[0])
    node = office.sets[0].criteria.get(code="1.2.1")
    LeafScore.objects.create(scorecard=card, criterion=node, override="1", explanation="Đủ")
    page = words(sign_in().get(reverse("what_if")))
    assert page.count("không đổi theo số liệu") == 1
    assert f'name="d{node.pk}" value="1"' in page
    tried = words(ask(sign_in(), {f"d{node.pk}": "1,5", "goc": f'{{"d{node.pk}":"1"}}'}))
    assert "+0,50" in tried


def test_nothing_is_stored_by_trying(office, sign_in):
    client = sign_in()
    counts = (Scenario.objects.count(), Scorecard.objects.count(), AuditEntry.objects.count())
    with CaptureQueriesContext(connection) as captured:
        ask(client, {"dat": "1.3.1"})
        client.get(reverse("what_if"))
    written = [q["sql"] for q in captured if q["sql"].split()[0] in {"INSERT", "UPDATE", "DELETE"}]
    assert not written
    assert counts == (
        Scenario.objects.count(),
        Scorecard.objects.count(),
        AuditEntry.objects.count(),
    )


def test_queries_do_not_grow_with_reports(office, sign_in):
    client = sign_in()

    def count():
        found = []
        for act in (lambda: client.get(reverse("what_if")), lambda: ask(client, {"dat": "1.3.1"})):
            with CaptureQueriesContext(connection) as captured:
                assert act().status_code == 200
            found.append(len(captured))
        return found

    few = count()
    office.put(*make_year(5, load("plan-2019-2020.yaml"), load("criteria-sample.yaml")))
    assert count() == few
    assert max(few) <= 26


def test_another_agency_has_nothing_here(office, client):
    other = Agency.objects.create(code="KHAC", name="Sở khác")
    unit = Unit.objects.create(agency=other, code="VP", name="Văn phòng")
    person = User.objects.create_user("x@khac.vn", name="X", unit=unit, roles=["coordinator"])
    client.force_login(person, backend="accounts.backends.EmailBackend")
    page = words(client.get(reverse("what_if"), {"ky": office.period.pk, "bo": "MINH-HOA"}))
    assert "Chưa có kỳ báo cáo nào được mở" in page


@pytest.mark.parametrize("role", ["head", "reporter", "administrator"])
def test_only_the_office_and_leaders_try(office, sign_in, role):
    client = sign_in(role)
    assert client.get(reverse("what_if")).status_code == 403
    assert client.post(reverse("what_if_compute")).status_code == 403
    assert client.post(reverse("scenario_save")).status_code == 403


def test_on_a_phone_only_fields_with_a_change_or_a_fault_stand_open(office, sign_in):
    """Wide screens show all of them (static/css/scores.css)."""
    client = sign_in()
    base = apply(read_inputs(office.period, office.sets[0]), Trial())
    texts = texts_of(base) | {"goc": form_of(base, Trial()).was}

    def open_fields(page):
        return page.count('<details class="fold phone-fold" open>')

    page = words(client.get(reverse("what_if")))
    fields = page.count('<details class="fold phone-fold"')
    assert fields == len(base.fields)
    assert open_fields(page) == 0
    field = name_of(office, "1.2-a", "numerator")
    assert open_fields(words(ask(client, texts | {field: "96"}, htmx=False))) == 1
    assert open_fields(words(ask(client, texts | {field: "chín"}, htmx=False))) == 1
