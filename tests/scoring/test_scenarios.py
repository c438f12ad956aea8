"""Scenarios: kept by name, shared, seen by units, renamed, deleted, two side by side; who may and who may not."""

import datetime as dt
import re

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from made_results import ScoringOffice, load, make_year

from accounts.history import Actor
from accounts.models import Agency, AuditEntry, Unit, User
from plans.numbers import show_number
from scoring import scenarios
from scoring.demo.removal import remove_demo
from scoring.inputs import read_inputs
from scoring.models import CriteriaSet, Scenario
from scoring.scenarios import NameTaken, change_scenario, delete_scenario, save_scenario
from scoring.scorecards import card_of
from scoring.what_if import Trial, apply
from scoring.what_if_data import pack, read
from tasks.models import Answer
from tasks.services import Refused

NOW = dt.datetime(2019, 11, 13, 9, tzinfo=timezone.get_default_timezone())
RESULTS = {
    "reports": [
        {
            "unit": "VP",
            "task": "1.2",
            "state": "accepted",
            "values": {"1.2-a": {"numerator": "92", "denominator": "100"}, "1.2-b": {"value": "2"}},
        },
    ],
    "scores": [],
    "adjustments": [],
}
TICK = {"dat": "1.3.1"}


@pytest.fixture
def office(db, tmp_path):
    with time_machine.travel(NOW):
        office = ScoringOffice(tmp_path, load("plan-2019-2020.yaml"), load("criteria-sample.yaml"))
        office.put(RESULTS)
        leaders = Unit.objects.create(agency=office.agency, code="LD", name="Lãnh đạo Sở", order=99)
        office.people = {
            name: User.objects.create_user(
                f"{name}@example.vn", name=f"Họ {name}", unit=unit, roles=[role]
            )
            for name, role, unit in (
                ("coordinator", "coordinator", office.units["VP"]),
                ("leader", "leader", leaders),
                ("head", "head", office.units["TCCB"]),
                ("reporter", "reporter", office.units["TCCB"]),
                ("administrator", "administrator", leaders),
            )
        }
        yield office


@pytest.fixture
def sign_in(client, office):
    def signed_in(person="coordinator"):
        user = office.people[person] if isinstance(person, str) else person
        client.force_login(user, backend="accounts.backends.EmailBackend")
        return client

    return signed_in


def words(answer):
    return " ".join(answer.content.decode().split())


def save(office, name="Đủ báo cáo", who="coordinator", trial=None, **more):
    trial = trial or Trial(full=frozenset({"1.3.1"}))
    inputs = read_inputs(office.period, office.sets[0])
    packed = pack(trial, before=apply(inputs, trial.base), after=apply(inputs, trial))
    columns = {"year": 2019, "criteria_set": office.sets[0], "name": name, "inputs": packed}
    return save_scenario(by=Actor.of(office.people[who]), **(columns | more))


# -- Services ----------------------------------------------------------------------------------------


def test_the_same_name_and_contents_are_one_scenario(office):
    first = save(office)
    assert save(office).pk == first.pk
    assert Scenario.objects.count() == 1
    # Names are compared as they are kept: in one spelling, without stray blanks.
    assert save(office, name="  Đủ   báo cáo ").pk == first.pk


def test_another_content_under_the_same_name_is_overwritten_only_on_purpose(office):
    first = save(office)
    other = Trial(full=frozenset({"4.1.1"}))
    with pytest.raises(NameTaken, match="Ghi đè"):
        save(office, trial=other)
    assert "1.3.1" in Scenario.objects.get().inputs["full"]
    assert save(office, trial=other, overwrite=True).pk == first.pk
    assert save(office, trial=Trial(full=frozenset({"6.1.1"})), of=first).inputs["full"] == [
        "6.1.1"
    ]
    assert Scenario.objects.count() == 1


def test_two_people_may_use_one_name(office):
    assert save(office).pk != save(office, who="leader").pk


def test_a_name_is_needed_and_may_not_be_endless(office):
    for name in ("", "   ", "\n"):
        with pytest.raises(Refused, match="đặt tên"):
            save(office, name=name)
    with pytest.raises(Refused, match="quá mức 150"):
        save(office, name="a" * 151)
    assert not Scenario.objects.exists()


def test_nobody_keeps_them_without_end(office, monkeypatch):
    monkeypatch.setattr(scenarios, "MOST", 2)
    save(office, "1")
    save(office, "2")
    with pytest.raises(Refused, match="xóa bớt"):
        save(office, "3")
    save(office, "3", who="leader")


def test_only_who_made_it_changes_or_deletes_it(office):
    scenario = save(office, shared=True)
    by = Actor.of(office.people["leader"])
    with pytest.raises(Refused, match="người lập"):
        change_scenario(scenario=scenario, by=by, name="Khác", shared=False)
    with pytest.raises(Refused, match="người lập"):
        delete_scenario(scenario=scenario, by=by)
    assert Scenario.objects.get().name == "Đủ báo cáo"


def test_renaming_to_a_name_of_ones_own_is_refused_and_a_repeated_change_does_nothing(office):
    by = Actor.of(office.people["coordinator"])
    save(office, "Một")
    two = save(office, "Hai")
    with pytest.raises(NameTaken):
        change_scenario(scenario=two, by=by, name="Một", shared=False)
    assert change_scenario(scenario=two, by=by, name="Ba", shared=True)
    two.refresh_from_db()
    assert not change_scenario(scenario=two, by=by, name="Ba", shared=True)
    assert delete_scenario(scenario=two, by=by)
    assert not delete_scenario(scenario=two, by=by)


def test_what_others_could_see_leaves_a_trace_and_ones_own_attempts_none(office):
    by = Actor.of(office.people["coordinator"])
    delete_scenario(scenario=save(office, "Riêng"), by=by)
    assert not AuditEntry.objects.filter(object_type="scoring.scenario").exists()
    shared = save(office, "Chung", shared=True)
    change_scenario(scenario=shared, by=by, name="Chung 2", shared=False)
    actions = AuditEntry.objects.filter(object_type="scoring.scenario").order_by("pk")
    assert [entry.action for entry in actions] == [
        "Chia sẻ phương án thử",
        "Thôi chia sẻ phương án thử",
    ]
    assert actions[1].changes["tên"] == ["Chung", "Chung 2"]
    assert actions[1].actor_name == "Họ coordinator"


def test_a_demo_office_takes_its_scenarios_along(office):
    save(office)
    Agency.objects.filter(pk=office.agency.pk).update(is_demo=True)
    remove_demo(office.agency)
    assert not Scenario.objects.exists()


# -- Saving on the page ------------------------------------------------------------------------------


def test_saving_keeps_what_was_typed_and_opens_it_again(office, sign_in):
    client = sign_in()
    pk = office.indicators["1.2-a"].pk
    post = {
        f"a{pk}-numerator": "96",
        f"a{pk}-denominator": "100",
        "ten": "Thêm bốn",
        "chia-se": "1",
    }
    answer = client.post(reverse("scenario_save"), post | TICK)
    scenario = Scenario.objects.get()
    assert answer.url == f"{reverse('what_if')}?phuong-an={scenario.pk}"
    assert (scenario.name, scenario.shared, scenario.year) == ("Thêm bốn", True, 2019)
    kept = read(scenario.inputs, read_inputs(office.period, office.sets[0]))
    assert kept.trial.full == {"1.3.1"}
    assert kept.tried > kept.base
    page = words(client.get(answer.url))
    assert f'name="a{pk}-numerator" value="96"' in page
    assert "hiện nay: 92/100 (92%)" in page
    assert "Đang thử 2 thay đổi" in page
    assert "Số liệu hiện nay đã khác" not in page
    # A second press of the button makes no second one.
    client.post(reverse("scenario_save"), post | TICK)
    assert Scenario.objects.count() == 1


@pytest.mark.parametrize(
    ("post", "message"),
    [
        ({"ten": "Trống"}, "Chưa thay đổi số liệu nào"),
        (TICK | {"ten": ""}, "Hãy đặt tên"),
        (TICK | {"ten": "Đủ báo cáo", "thuong": "1"}, "Ghi đè phương án cùng tên"),
        (TICK | {"ten": "Sai", "thuong": "một"}, "Điểm thưởng «một» không phải là số"),
    ],
)
def test_what_cannot_be_saved_comes_back_with_everything_typed(office, sign_in, post, message):
    save(office)
    answer = sign_in().post(reverse("scenario_save"), post)
    page = words(answer)
    assert answer.status_code == 422
    assert message in page
    assert f'value="{post["ten"]}"' in page
    if "dat" in post:
        assert 'value="1.3.1" aria-label="Tiêu chí 1.3.1 đạt điểm tối đa" checked' in page
    assert Scenario.objects.count() == 1


def test_overwriting_from_the_page(office, sign_in):
    first = save(office)
    post = {"dat": "4.1.1", "ten": "Đủ báo cáo", "ghi-de": "1"}
    assert sign_in().post(reverse("scenario_save"), post).status_code == 302
    first.refresh_from_db()
    assert first.inputs["full"] == ["4.1.1"]
    # The one that was opened needs no question.
    post = {"dat": "6.1.1", "ten": "Đủ báo cáo", "phuong-an": first.pk}
    assert sign_in().post(reverse("scenario_save"), post).status_code == 302
    first.refresh_from_db()
    assert first.inputs["full"] == ["6.1.1"]


def test_a_leader_opens_a_shared_one_and_keeps_a_copy_of_ones_own(office, sign_in):
    first = save(office, shared=True)
    client = sign_in("leader")
    assert "Đang thử 1 thay đổi" in words(client.get(reverse("what_if"), {"phuong-an": first.pk}))
    post = {"dat": "4.1.1", "ten": "Đủ báo cáo", "phuong-an": first.pk}
    assert client.post(reverse("scenario_save"), post).status_code == 302
    first.refresh_from_db()
    assert first.inputs["full"] == ["1.3.1"]
    assert Scenario.objects.count() == 2


def test_figures_that_have_changed_since_are_said_with_both_indexes(office, sign_in):
    scenario = save(office)
    before = card_of(read_inputs(office.period, office.sets[0])).index
    Answer.objects.filter(indicator__code="1.2-a").update(numerator=40)
    client = sign_in()
    for address in (
        f"{reverse('what_if')}?phuong-an={scenario.pk}",
        reverse("scenario_detail", args=[scenario.pk]),
    ):
        page = words(client.get(address))
        assert "Số liệu hiện nay đã khác khi lập phương án" in page
        assert f"chỉ số khi đó {show_number(before, 2)}" in page


def test_a_scenario_of_an_unknown_form_is_said_and_does_no_harm(office, sign_in):
    scenario = save(office, shared=True)
    Scenario.objects.update(inputs={"schema": "cchc-what-if/9"})
    client = sign_in()
    for address in (
        f"{reverse('what_if')}?phuong-an={scenario.pk}",
        reverse("scenario_detail", args=[scenario.pk]),
        f"{reverse('scenario_compare')}?a=hien-nay&b={scenario.pk}",
        reverse("scenario_list"),
    ):
        answer = client.get(address)
        assert answer.status_code == 200
    assert "mẫu khác" in words(client.get(reverse("scenario_detail", args=[scenario.pk])))


def test_what_left_the_plan_is_listed(office, sign_in):
    scenario = save(office, trial=Trial(full=frozenset({"1.3.1"})))
    Scenario.objects.update(inputs=scenario.inputs | {"full": ["1.3.1", "88.1"]})
    page = words(sign_in().get(reverse("scenario_detail", args=[scenario.pk])))
    assert "tiêu chí 88.1 không có trong bộ tiêu chí" in page


def test_a_set_taken_out_of_use_is_not_replaced_by_another(office, sign_in):
    scenario = save(office)
    CriteriaSet.objects.create(agency=office.agency, code="MOI", name="Bộ mới", valid_from=2019)
    CriteriaSet.objects.filter(pk=office.sets[0].pk).update(is_draft=True)
    client = sign_in()
    page = words(client.get(reverse("scenario_detail", args=[scenario.pk])))
    assert "Chưa tính được" in page
    assert "Chưa có bộ tiêu chí" in words(
        client.get(reverse("what_if"), {"phuong-an": scenario.pk})
    )
    answer = client.get(reverse("scenario_compare"), {"a": "hien-nay", "b": scenario.pk})
    assert "chưa tính được" in words(answer)
    answer = client.post(reverse("scenario_save"), TICK | {"ten": "x", "phuong-an": scenario.pk})
    assert answer.status_code == 302
    assert Scenario.objects.count() == 1


# -- Seeing ------------------------------------------------------------------------------------------


def test_a_unit_sees_what_is_shared_and_nothing_else(office, sign_in):
    private, shared = save(office, "Riêng"), save(office, "Chung", shared=True)
    for person in ("head", "reporter"):
        client = sign_in(person)
        page = words(client.get(reverse("scenario_list")))
        assert "Chung" in page
        assert "Riêng" not in page
        page = words(client.get(reverse("scenario_detail", args=[shared.pk])))
        assert "Ước tính." in page
        assert "đạt điểm tối đa 2" in page
        assert "Mở để thử tiếp" not in page
        assert "Xóa phương án" not in page
        assert client.get(reverse("scenario_detail", args=[private.pk])).status_code == 404
        assert client.post(reverse("scenario_delete", args=[shared.pk])).status_code == 403
        assert client.post(reverse("scenario_change", args=[shared.pk])).status_code == 403
        assert client.get(reverse("scenario_compare"), {"b": shared.pk}).status_code == 403


def test_a_unit_reads_what_was_tried_not_what_other_units_reported(office, sign_in):
    """Figures of other tasks are the office's and the leaders' (R3), shared scenario or not."""
    shared = save(office, shared=True)
    address = reverse("scenario_detail", args=[shared.pk])
    cells = re.compile(r'<td[^>]*data-label="(Hiện nay|Cách tính)"')
    seen = {
        who: len(cells.findall(sign_in(who).get(address).content.decode().split("tried-title")[-1]))
        for who in ("coordinator", "head")
    }
    assert seen["coordinator"] > 2
    assert seen["head"] == 0


def test_another_agency_sees_nothing(office, sign_in):
    scenario = save(office, shared=True)
    other = Agency.objects.create(code="KHAC", name="Sở khác")
    unit = Unit.objects.create(agency=other, code="VP", name="Văn phòng")
    stranger = User.objects.create_user("x@khac.vn", name="X", unit=unit, roles=["coordinator"])
    client = sign_in(stranger)
    for name in ("scenario_detail", "scenario_change", "scenario_delete"):
        ask = client.get if name == "scenario_detail" else client.post
        assert ask(reverse(name, args=[scenario.pk])).status_code == 404
    assert client.get(reverse("what_if"), {"phuong-an": scenario.pk}).status_code == 404
    assert "Đủ báo cáo" not in words(client.get(reverse("scenario_list")))
    page = words(client.get(reverse("scenario_compare"), {"a": "hien-nay", "b": scenario.pk}))
    assert "Đủ báo cáo" not in page


def test_numbers_that_are_none_are_not_found(office, sign_in):
    client = sign_in()
    for wanted in ("abc", "9" * 30, "-1", "٣"):
        assert client.get(reverse("what_if"), {"phuong-an": wanted}).status_code == 404
        page = client.get(reverse("scenario_compare"), {"a": wanted, "b": wanted})
        assert page.status_code == 200


def test_renaming_sharing_and_deleting_on_the_page(office, sign_in):
    scenario = save(office)
    save(office, "Có rồi")
    client = sign_in()
    page = reverse("scenario_detail", args=[scenario.pk])
    answer = client.post(
        reverse("scenario_change", args=[scenario.pk]), {"ten": "Mới", "chia-se": "1"}
    )
    assert answer.url == page
    scenario.refresh_from_db()
    assert (scenario.name, scenario.shared) == ("Mới", True)
    assert f"http://testserver{page}" in words(client.get(page))
    answer = client.post(reverse("scenario_change", args=[scenario.pk]), {"ten": "Có rồi"})
    assert answer.status_code == 422
    assert "Bạn đã có phương án khác tên «Có rồi»" in words(answer)
    assert client.post(reverse("scenario_delete", args=[scenario.pk])).url == reverse(
        "scenario_list"
    )
    assert client.post(reverse("scenario_delete", args=[scenario.pk])).status_code == 404


# -- Two side by side --------------------------------------------------------------------------------


def test_two_scenarios_side_by_side(office, sign_in):
    one = save(office, "Một")
    two = save(office, "Hai", trial=Trial(full=frozenset({"1.3.1", "4.1.1"})))
    page = words(sign_in().get(reverse("scenario_compare"), {"a": one.pk, "b": two.pk}))
    assert "4.1.1" in page
    leaves = page.split("Tiêu chí khác điểm", 1)[1].split("Số liệu khác nhau", 1)[0]
    assert "1.3.1" not in leaves  # the same on both sides
    assert "+2,00" in leaves
    figures = page.split("Số liệu khác nhau", 1)[1]
    assert "đạt điểm tối đa 2" in figures
    swapped = words(sign_in().get(reverse("scenario_compare"), {"a": two.pk, "b": one.pk}))
    assert "−2,00" in swapped


def test_a_scenario_beside_today(office, sign_in):
    one = save(office, "Một", trial=Trial(full=frozenset({"1.3.1"}), with_submitted=True))
    page = words(sign_in().get(reverse("scenario_compare"), {"a": "hien-nay", "b": one.pk}))
    assert "1.3.1" in page
    assert "Tính cả báo cáo đang chờ duyệt" in page
    assert "Chọn hai phương án" in words(sign_in().get(reverse("scenario_compare")))


def test_scenarios_of_two_sets_are_not_set_side_by_side(office, sign_in):
    other = CriteriaSet.objects.create(
        agency=office.agency, code="KHAC", name="Bộ khác", valid_from=2019
    )
    one, two = save(office, "Một"), save(office, "Hai", criteria_set=other)
    page = words(sign_in().get(reverse("scenario_compare"), {"a": one.pk, "b": two.pk}))
    assert "khác năm hoặc khác bộ tiêu chí" in page


def test_queries_do_not_grow_with_scenarios_or_reports(office, sign_in):
    one, two = save(office, "Một", shared=True), save(office, "Hai", shared=True)
    client = sign_in()
    addresses = (
        reverse("scenario_list"),
        reverse("scenario_detail", args=[one.pk]),
        f"{reverse('scenario_compare')}?a={one.pk}&b={two.pk}",
        f"{reverse('what_if')}?phuong-an={one.pk}",
    )

    def count():
        found = []
        for address in addresses:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            found.append(len(captured))
        return found

    few = count()
    for n in range(6):
        save(office, f"Số {n}", who="leader", shared=True)
    office.put(*make_year(5, load("plan-2019-2020.yaml"), load("criteria-sample.yaml")))
    assert count() == few
    assert max(few) <= 28


def test_pages_that_read_take_get_and_those_that_write_take_post(office, sign_in):
    scenario = save(office)
    client = sign_in()
    for name in ("scenario_change", "scenario_delete"):
        assert client.get(reverse(name, args=[scenario.pk])).status_code == 405
    assert client.get(reverse("scenario_save")).status_code == 405
    assert client.post(reverse("scenario_list")).status_code == 405
    assert client.post(reverse("scenario_compare")).status_code == 405


def test_an_empty_name_is_refused_by_the_model_too(office):
    scenario = save(office)
    scenario.name = ""
    with pytest.raises(ValidationError):
        scenario.full_clean()
