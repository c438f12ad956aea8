"""A stored set as data: what is exported is what was imported, and what is wrong is named by code and field."""

import datetime as dt

import pytest
import yaml
from made_results import ROOT, SYSTEM, load, wide_criteria, wide_plan, write_yaml

from accounts.models import Agency
from plans.importing import import_plan
from plans.models import Indicator
from scoring.criteria_data import data_of, faults_of
from scoring.criteria_importing import import_criteria
from scoring.models import CriteriaSet, Criterion


@pytest.fixture
def agency(db):
    import_plan(ROOT / "data" / "plan-2019-2020.yaml", by=SYSTEM)
    return Agency.objects.get()


@pytest.fixture
def sample(agency):
    return import_criteria(ROOT / "data" / "criteria-sample.yaml", by=SYSTEM).criteria_set


def again(tmp_path, criteria_set):
    return import_criteria(write_yaml(tmp_path / "lai.yaml", data_of(criteria_set)), by=SYSTEM)


def test_the_sample_comes_out_as_it_went_in(sample, tmp_path):
    given = load("criteria-sample.yaml")
    assert data_of(sample) == given
    assert list(data_of(sample)) == list(given)
    assert again(tmp_path, sample).change == "unchanged"


@pytest.mark.parametrize("policy", ["exclude", "full", "zero"])
def test_every_kind_of_rule_comes_out_as_it_went_in(db, tmp_path, policy):
    import_plan(write_yaml(tmp_path / "kh.yaml", wide_plan()), by=SYSTEM)
    data = wide_criteria(policy) | {
        "decision": {"number": "2319/QĐ-UBND", "issued_on": dt.date(2019, 9, 5), "issuer": "UBND"}
    }
    found = import_criteria(write_yaml(tmp_path / "bo.yaml", data), by=SYSTEM).criteria_set
    assert data_of(found)["decision"] == data["decision"]
    assert data_of(found)["fields"] == [
        {**field, "criteria": [without_empty(leaf) for leaf in field["criteria"]]}
        for field in data["fields"]
    ]
    assert again(tmp_path, found).change == "unchanged"
    assert faults_of(found) == []


def without_empty(leaf):
    return {key: value for key, value in leaf.items() if value != []}


def test_old_codes_and_the_set_before_go_along(sample, agency, tmp_path):
    data = load("criteria-sample.yaml") | {"code": "MOI", "previous": "MINH-HOA"}
    data["fields"][0]["criteria"][0]["children"][0]["old_codes"] = ["1.1.1", "1.1.2"]
    new = import_criteria(write_yaml(tmp_path / "moi.yaml", data), by=SYSTEM).criteria_set
    assert new.previous == sample
    assert new.criteria.get(code="1.1.1").old_codes == ["1.1.1", "1.1.2"]
    assert data_of(new) == data
    assert again(tmp_path, new).change == "unchanged"
    # A file that says nothing of them takes nothing away, whatever else it changes.
    del data["previous"], data["fields"][0]["criteria"][0]["children"][0]["old_codes"]
    data["name"] = "Tên khác"
    assert import_criteria(write_yaml(tmp_path / "moi.yaml", data), by=SYSTEM).change == "updated"
    new.refresh_from_db()
    assert (new.name, new.previous) == ("Tên khác", sample)
    assert new.criteria.get(code="1.1.1").old_codes == ["1.1.1", "1.1.2"]


def test_a_set_being_written_says_what_it_lacks(agency):
    draft = CriteriaSet.objects.create(
        agency=agency, code="NHAP", name="", valid_from=2019, is_draft=True, decision_number="12"
    )
    assert {(f.code, f.field) for f in faults_of(draft)} == {
        ("", "name"),
        ("", "decision"),
        ("", "fields"),
    }
    field = Criterion.objects.create(
        criteria_set=draft, code="1", name="Chỉ đạo", depth=0, order=0, maximum=5
    )
    found = faults_of(draft)
    assert [(f.code, f.field) for f in found if f.code] == [("1", "criteria"), ("1", "max")]
    Criterion.objects.create(
        criteria_set=draft,
        parent=field,
        code="1.1",
        name="Kế hoạch",
        depth=1,
        order=1,
        maximum=4,
        kind="self",
        rule={"type": "ratio", "indicator": "1.2-z", "floor": "90", "full": "80"},
    )
    draft.name, draft.decision_issued_on = "Bộ nháp", dt.date(2019, 9, 5)
    draft.save()
    found = faults_of(draft)
    assert [(f.code, f.field, f.part) for f in found] == [
        ("1", "max", ""),
        ("1.1", "rule", "indicator"),
        ("1.1", "rule", "floor"),
    ]
    assert "5 nhưng các tiêu chí con cộng lại là 4" in found[0].message
    assert "không có chỉ tiêu «1.2-z»; có phải «1.2-" in found[1].message
    assert str(found[2]).startswith("1.1, Mức sàn: mức sàn 90% lớn hơn")


def test_a_set_whose_indicator_left_the_plan_says_so(sample):
    Indicator.objects.filter(code="1.2-a").update(retired_at="2019-06-01T00:00:00Z")
    assert [(f.code, f.field) for f in faults_of(sample)] == [("1.2.1", "rule")]


def test_words_are_vietnamese_and_no_line_is_named(agency):
    draft = CriteriaSet.objects.create(
        agency=agency, code="NHAP", name="Nháp", valid_from=2019, is_draft=True
    )
    for order in range(2):
        Criterion.objects.create(
            criteria_set=draft, code=f"{order}", name="x", depth=0, order=order
        )
    group = Criterion.objects.create(
        criteria_set=draft,
        parent=Criterion.objects.get(code="0"),
        code="0.1",
        name="x",
        depth=1,
        order=2,
    )
    Criterion.objects.create(
        criteria_set=draft,
        parent=group,
        code="0.1.1",
        name="x",
        depth=2,
        order=3,
        kind="survey",
        maximum=1,
    )
    assert [str(f) for f in faults_of(draft)] == ["1, Tiêu chí: lĩnh vực 1 chưa có tiêu chí nào"]


@pytest.mark.parametrize("rows", [1, 12])
def test_queries_do_not_grow(agency, django_assert_num_queries, rows):
    draft = CriteriaSet.objects.create(agency=agency, code="N", name="N", valid_from=2019)
    for order in range(rows):
        Criterion.objects.create(
            criteria_set=draft, code=f"{order}", name="x", depth=0, order=order
        )
    draft = CriteriaSet.objects.select_related("agency").get(pk=draft.pk)
    with django_assert_num_queries(3):  # its criteria; the agency's plans and their indicators
        assert len(faults_of(draft)) == rows


def test_data_can_be_written_as_yaml(sample):
    assert yaml.safe_load(yaml.safe_dump(data_of(sample), allow_unicode=True)) == data_of(sample)
