"""Trying a rule beside its form, before it is saved: «với 92%: 1,38 điểm» (R26). Nothing is written."""

from decimal import Decimal
from fractions import Fraction

import pytest
from criteria_office import CriteriaOffice, words
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import AuditEntry
from plans.models import Indicator
from plans.targets import OPS
from plans.wording import target_text
from scoring.criteria_forms.trial import Trial
from scoring.criteria_indicators import Known
from scoring.models import CriteriaSet, Criterion
from scoring.rules import BY_TYPE, Figure, Leaf, parse_rule, score, show_points
from scoring.rules.asking import Shape, percent
from scoring.totals import Policy


def known(code="1-a", kind="ratio", **columns):
    row = Indicator(code=code, name=f"Chỉ tiêu {code}", kind=kind, **columns)
    return Known(row, row.target_for(2019), target_text(row, 2019))


def trial(rule, *indicators, maximum="1.5", minimum="0", policy=Policy.EXCLUDE, **typed):
    parsed = parse_rule(rule)
    held = {one.code: one for one in indicators or [known()]}
    data = {f"try-{name[1:].replace('_', '-')}": text for name, text in typed.items()}
    leaf = Leaf(Decimal(maximum), 2019, Decimal(minimum))
    return Trial(parsed, list(parsed.codes), leaf, policy, held, data if typed else None)


RATIO = {"type": "ratio", "indicator": "1-a", "full": "100", "floor": "80"}


def test_a_percentage_brings_its_points_and_says_how():
    tried = trial(RATIO, f0_figure="92")
    assert tried.sentence == "Với 92%: 1,38 điểm"
    assert tried.result.how == "92% ≥ 80% → 1,5 × 92% = 1,38 điểm"
    assert tried.result.points == Fraction(138, 100)


@pytest.mark.parametrize("typed", ["92%", "92", "92,0", "23/25", " 23 / 25 "])
def test_a_percentage_is_typed_as_people_write_it(typed):
    assert trial(RATIO, f0_figure=typed).result.points == Fraction(138, 100)


def test_a_fraction_without_end_stays_exact():
    assert trial(RATIO, f0_figure="6/7").result.points == Fraction(3, 2) * Fraction(6, 7)


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("chín mươi", "«chín mươi» không phải là tỷ lệ. Viết như 92% hoặc 23/25."),
        ("92/", "«92/» không phải là tỷ lệ. Viết như 92% hoặc 23/25."),
        ("-5", "Tỷ lệ không thể là số âm."),
        ("120", "Tỷ lệ này không thể vượt 100%."),
        ("5/4", "Tỷ lệ này không thể vượt 100%."),
        ("3/0", "Mẫu số là 0 mà tử số lớn hơn 0."),
    ],
)
def test_what_is_no_percentage_is_said_at_its_field(typed, fault):
    tried = trial(RATIO, f0_figure=typed)
    assert [said for _, _, said in tried.faults()] == [fault]
    assert tried.result is None
    assert tried.samples  # where the points change is known all the same


def test_an_indicator_that_may_exceed_takes_more_than_all():
    tried = trial(RATIO, known(may_exceed=True), f0_figure="120")
    assert tried.sentence == "Với 120%: 1,5 điểm"


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        (Policy.EXCLUDE, "Với không phát sinh: không tính vào tổng"),
        (Policy.FULL, "Với không phát sinh: 1,5 điểm"),
        (Policy.ZERO, "Với không phát sinh: 0 điểm"),
    ],
)
def test_not_arising_follows_the_policy_of_the_set(policy, sentence):
    assert trial(RATIO, policy=policy, f0_state="not_arising").sentence == sentence
    assert "0/0" in trial(RATIO, policy=policy, f0_figure="0/0").sentence


def test_not_reported_is_tried_too():
    tried = trial(RATIO, f0_state="not_reported")
    assert tried.sentence == "Với chưa báo cáo: 0 điểm"
    assert tried.result.how == "chưa có số liệu 1-a → 0 điểm"


def test_without_a_figure_there_are_only_samples():
    tried = trial(RATIO, f0_figure="")
    assert tried.result is None
    assert [(one.words, one.text) for one in tried.samples] == [
        ("0%", "0 điểm"),
        ("79,99%", "0 điểm"),
        ("80%", "1,2 điểm"),
        ("80,01%", "1,2002 điểm"),
        ("99,99%", "1,4999 điểm"),
        ("100%", "1,5 điểm"),
    ]


def test_tiers_on_things_counted_change_between_whole_numbers():
    rule = {
        "type": "tiers",
        "indicator": "1-a",
        "tiers": [
            {"op": "<=", "at": "0", "points": "1"},
            {"op": "<=", "at": "3", "points": "0.5"},
        ],
        "otherwise": "0",
    }
    tried = trial(rule, known(kind="count"), f0_figure="3")
    assert tried.sentence == "Với 3: 0,5 điểm"
    assert [(one.words, one.points) for one in tried.samples] == [
        ("0", 1),
        ("1", Fraction(1, 2)),
        ("2", Fraction(1, 2)),
        ("3", Fraction(1, 2)),
        ("4", 0),
    ]
    faults = trial(rule, known(kind="count"), f0_figure="2,5").faults()
    assert [said for _, _, said in faults] == ["2,5 không phải là số nguyên."]


def test_a_document_is_tried_by_its_day():
    rule = {
        "type": "date",
        "indicator": "1-a",
        "on_time": "1",
        "late": "0.5",
        "missing": "0",
        "due": {"quarter": 2, "year_offset": -1},
    }
    tried = trial(rule, known(kind="document"), f0_figure="30/06/2018")
    assert tried.sentence == "Với 30/06/2018: 1 điểm"
    assert [(one.words, one.points) for one in tried.samples] == [
        ("30/06/2018", 1),
        ("01/07/2018", Fraction(1, 2)),
        ("chưa ban hành", 0),
    ]
    assert trial(rule, known(kind="document"), f0_state="missing").sentence == (
        "Với chưa ban hành: 0 điểm"
    )
    said = trial(rule, known(kind="document"), f0_figure="31/02/2019").faults()[0][2]
    assert "Không đọc được ngày" in said


def test_of_several_indicators_those_left_empty_are_not_reported():
    rule = {"type": "boolean", "all_of": ["1-a", "1-b"]}
    both = known("1-a", "boolean"), known("1-b", "document", due_quarter=2)
    tried = trial(rule, *both, f0_figure="yes", f1_figure="30/06/2019")
    assert tried.sentence == "Với 1-a có; 1-b 30/06/2019: 1,5 điểm"
    assert trial(rule, *both, f0_figure="yes").result.how == "chưa có số liệu 1-b → 0 điểm"
    assert trial(rule, *both, f0_figure="no").sentence == "Với 1-a không: 0 điểm"
    assert not tried.samples


def test_deductions_count_what_falls_short():
    rule = {
        "type": "deduction",
        "start": "1.5",
        "events": [{"indicator": "1-a", "count": "shortfall", "points": "0.25"}],
    }
    assert trial(rule, f0_figure="23/25").sentence == "Với 92%: 1 điểm"
    rule["events"] = [{"indicator": "1-a", "count": "value", "points": "0.5"}]
    tried = trial(rule, known(kind="count"), f0_figure="2")
    assert tried.sentence == "Với 2: 0,5 điểm"
    assert [(one.words, one.points) for one in tried.samples] == [
        ("0", Fraction(3, 2)),
        ("1", 1),
        ("2", Fraction(1, 2)),
        ("3", 0),
        ("4", 0),
    ]


def test_a_count_is_shown_up_to_its_maximum():
    rule = {"type": "count", "indicators": ["1-a"], "each": "0.5"}
    tried = trial(rule, known(kind="count"), f0_figure="7")
    assert tried.sentence == "Với 7: 1,5 điểm"
    assert [one.words for one in tried.samples] == ["0", "1", "2", "3", "4"]


def test_a_target_of_last_year_asks_for_last_years_figure():
    rule = {"type": "target", "indicator": "1-a"}
    row = known(op=">", target_previous_year=True)
    assert trial(rule, row, f0_figure="91", f0_before="90").sentence == "Với 91%: 1,5 điểm"
    assert trial(rule, row, f0_figure="90", f0_before="90").sentence == "Với 90%: 0 điểm"
    tried = trial(rule, row, f0_figure="90")
    assert "năm trước" in tried.result.how


def test_a_maximum_that_no_figure_reaches_is_pointed_out():
    rule = {
        "type": "tiers",
        "indicator": "1-a",
        "tiers": [{"op": ">=", "at": "90", "points": "1"}],
        "otherwise": "0",
    }
    assert "điểm tối đa 1,5 điểm" in trial(rule).warning
    assert not trial(rule, maximum="1").warning
    assert not trial(RATIO).warning


NUMBERS = st.decimals(0, 100, places=2).map(lambda number: number.normalize() + 0)


@given(full=NUMBERS.filter(bool), floor=NUMBERS, at=NUMBERS)
def test_a_trial_is_what_the_scorecard_will_compute(full, floor, at):
    rule = {"type": "ratio", "indicator": "1-a", "full": f"{full:f}", "floor": f"{floor:f}"}
    tried = trial(rule, f0_figure=f"{at:f}".replace(".", ","))
    figure = Figure("1-a", percent(at), known().target)
    expected = score(parse_rule(rule), Leaf(Decimal("1.5"), 2019), {"1-a": figure})
    assert tried.result.points == expected.points
    assert tried.sentence.endswith(f": {show_points(expected.points)} điểm")


@given(
    tiers=st.lists(
        st.tuples(st.sampled_from(OPS), NUMBERS, st.integers(0, 3)), min_size=1, max_size=4
    )
)
def test_samples_stand_on_both_sides_of_every_bound(tiers):
    rule = {
        "type": "tiers",
        "indicator": "1-a",
        "tiers": [{"op": op, "at": f"{at:f}", "points": str(n)} for op, at, n in tiers],
        "otherwise": "0",
    }
    tried = trial(rule, maximum="3")
    shown = {one.words for one in tried.samples}
    for _, at, _ in tiers:
        for near in (at - Decimal("0.01"), at, at + Decimal("0.01")):
            if 0 <= near <= 100:
                words_of = f"{near.normalize():f}".replace(".", ",") + "%"
                assert words_of in shown


@pytest.mark.parametrize("kind", BY_TYPE.values(), ids=BY_TYPE)
def test_every_field_of_every_kind_can_be_typed(kind):
    """Whoever adds a kind says what its form asks for."""
    assert kind.title
    assert kind.about.endswith(".")
    assert {ask.name for ask in kind.asks} == set(kind.model_fields) - {"type"}
    for ask in kind.asks:
        assert bool(ask.row) == (ask.shape in {Shape.ROWS, Shape.INDICATORS})
        assert ask.optional == (not kind.model_fields[ask.name].is_required())


# -- On the page ------------------------------------------------------------------------------------


@pytest.fixture
def office(db, client):
    return CriteriaOffice(client)


def test_the_page_tries_what_is_typed_and_saves_nothing(office):
    before = list(Criterion.objects.values())
    typed = office.typed(maximum="2", rule__floor="90", do="try")
    page = office.client.post(office.address(), typed | {"try-0-figure": "92"})
    assert page.status_code == 200
    assert "Với 92%: 1,84 điểm" in words(page)
    assert "92% ≥ 90% → 2 × 92% = 1,84 điểm" in words(page)
    assert "89,99%" in words(page)
    assert list(Criterion.objects.values()) == before
    assert CriteriaSet.objects.get().revision == office.set.revision
    assert not AuditEntry.objects.exists()


def test_while_one_types_only_the_trial_comes(office):
    typed = office.typed(do="try") | {"try-0-figure": "92"}
    headers = {"HX-Request": "true", "HX-Target": "trial-result"}
    page = words(office.client.post(office.address(), typed, headers=headers))
    assert "Với 92%: 1,38 điểm" in page
    assert 'id="trial-result"' in page
    assert "<html" not in page


def test_letters_are_said_at_the_trial_and_not_as_a_refusal(office):
    page = office.client.post(office.address(), office.typed(do="try") | {"try-0-figure": "abc"})
    assert page.status_code == 200
    assert "«abc» không phải là tỷ lệ" in words(page)


def test_a_rule_half_typed_says_what_it_lacks(office):
    page = office.client.post(office.address(), office.typed(rule__full="", do="try"))
    assert page.status_code == 200
    assert "Chưa tính thử được. Đủ điểm từ: Chưa ghi." in words(page)
    page = office.client.post(office.address(), office.typed(maximum="", do="try"))
    assert "Hãy ghi điểm tối đa." in words(page)
    page = office.client.post(office.address(), office.typed(rule__indicator="1.1-b", do="try"))
    assert "chỉ tiêu 1.1-b là số lượng; quy tắc này cần một tỷ lệ" in words(page)


def test_beside_the_rule_stand_the_indicators_task_and_units(office):
    page = words(office.client.get(office.address()))
    assert "Chỉ tiêu được dùng" in page
    assert "≥ 92,5%" in page
    assert "Nhiệm vụ 1.1" in page
    assert "Phòng Tổ chức cán bộ, Phòng Kế hoạch tài chính" in page
