"""Who has which role in a task (R5, R6), and what an agency should look at again in its plan (R6)."""

import pytest
from plan_office import PlanOffice

from accounts.models import Unit
from plans.assigning import consolidators, resolve
from plans.models import Period
from plans.warnings import plan_warnings


@pytest.fixture
def office(db):
    return PlanOffice()


def roles(office, task):
    """Role → codes of units, as resolved for ``task``."""
    codes = {unit.pk: unit.code for unit in office.agency.units.all()}
    return {
        role: [codes[unit] for unit in units]
        for role, units in resolve(office.plan)[task.pk].items()
    }


def test_a_task_inherits_its_area_with_groups_as_their_members(office):
    assert roles(office, office.task11) == {"lead": ["VP"], "coordinate": ["TCCB", "KHTC"]}
    assert roles(office, office.task21) == {"implement": ["TCCB", "KHTC"], "consolidate": ["VP"]}


def test_a_group_stands_for_its_members_as_they_are(office):
    office.group.members.add(office.units["TTRA"])
    office.group.members.remove(office.units["TCCB"])
    assert roles(office, office.task21)["implement"] == ["KHTC", "TTRA"]


def test_a_unit_named_itself_and_in_a_group_counts_once(office):
    office.assign(office.area2, "implement", "KHTC")
    assert roles(office, office.task21)["implement"] == ["TCCB", "KHTC"]


def test_a_task_overrides_its_area_role_by_role(office):
    office.assign(office.task11, "coordinate", "TTRA")
    assert roles(office, office.task11) == {"lead": ["VP"], "coordinate": ["TTRA"]}


@pytest.mark.parametrize("role", ["lead", "implement"])
def test_a_task_that_names_who_reports_takes_over_both_reporting_roles(office, role):
    other = office.add_task(office.area2, "2.2", "Nhiệm vụ khác")
    office.assign(office.task21, role, "TTRA")
    assert roles(office, office.task21) == {role: ["TTRA"], "consolidate": ["VP"]}
    assert roles(office, other)["implement"] == ["TCCB", "KHTC"]


def test_resolving_takes_the_same_number_of_queries_whatever_the_size(
    office, django_assert_num_queries
):
    with django_assert_num_queries(4):
        resolve(office.plan)
    office.grow()
    with django_assert_num_queries(4):
        resolve(office.plan)


@pytest.mark.parametrize(
    ("named", "receiving", "merging"),
    [
        ({"consolidate": [1], "lead": [2]}, 9, [1]),
        ({"consolidate": [1, 2]}, 9, [1, 2]),
        ({"lead": [2]}, 9, [2]),
        ({"lead": [2, 3]}, 9, [9]),
        ({"implement": [4]}, 9, [9]),
        ({}, None, []),
    ],
)
def test_who_merges(named, receiving, merging):
    assert consolidators(named, receiving) == merging


# -- Warnings ------------------------------------------------------------------------------------


def warned(office, *words):
    return any(all(word in sentence for word in words) for sentence in plan_warnings(office.plan))


def test_the_office_as_it_is_has_nobody_missing(office):
    assert not warned(office, "không ai báo cáo")
    assert not warned(office, "cùng tổng hợp")


def test_an_area_or_a_task_that_nobody_reports(office):
    office.area1.assignments.filter(role="lead").delete()
    assert warned(office, "Lĩnh vực 1", "không ai báo cáo")
    other = office.add_task(office.area1, "1.2", "Có người làm")
    office.assign(other, "implement", "TCCB")
    assert warned(office, "Nhiệm vụ 1.1:", "không ai báo cáo")
    indicator = office.task11.indicators.first()
    indicator.source = office.units["VP"]
    indicator.save()
    assert not warned(office, "không ai báo cáo")


def test_several_units_that_consolidate(office):
    office.assign(office.area2, "consolidate", "TCCB")
    assert warned(office, "Lĩnh vực 2", "2 đơn vị cùng tổng hợp", "Văn phòng Sở, Phòng Tổ chức")


def test_nobody_named_to_consolidate(office):
    office.assign(office.area1, "lead", "TCCB")
    assert warned(office, "Lĩnh vực 1:", "Văn phòng Sở là đơn vị nhận kết quả nên tổng hợp")
    office.plan.receiving_unit = None
    office.plan.save()
    assert warned(office, "Lĩnh vực 1: không có đơn vị tổng hợp")


def test_figures_that_need_a_look(office):
    assert warned(office, "Chỉ tiêu 2.1-a so với năm trước", "năm 2018")
    assert warned(office, "1 chỉ tiêu có mức suy ra", "1.1-b")
    Period.objects.create(
        plan=office.plan,
        year=2018,
        starts_on="2018-01-01",
        due_before="2018-11-20",
        closes_on="2018-12-31",
        is_history=True,
    )
    assert not warned(office, "so với năm trước")


def test_names_to_be_checked(office):
    assert not warned(office, "tạm đặt")
    Unit.objects.filter(agency=office.agency, code="KHTC").update(placeholder=True)
    assert warned(office, "1 đơn vị là tên tạm đặt", "Phòng Kế hoạch tài chính")
    assert not warned(office, "Văn bản chưa có số")
    office.plan.number = ""
    assert warned(office, "Văn bản chưa có số")


def test_what_is_retired_warns_nobody(office):
    office.area1.assignments.all().delete()
    assert warned(office, "Lĩnh vực 1")
    office.area1.retired_at = "2019-07-01T00:00:00+07:00"
    office.area1.save()
    assert not warned(office, "Lĩnh vực 1")


def test_warnings_take_the_same_number_of_queries_whatever_the_size(
    office, django_assert_max_num_queries
):
    with django_assert_max_num_queries(12) as small:
        plan_warnings(office.plan)
    office.grow()
    with django_assert_max_num_queries(len(small)):
        plan_warnings(office.plan)
