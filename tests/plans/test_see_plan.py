"""The plan's page: what the plan says, year by year, for everybody of the agency (R3, R4, R5, R6, R7a, R36)."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from plan_office import BACKEND, PlanOffice

from plans.models import Period, Plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    return PlanOffice()


@pytest.fixture
def see(client, office):
    def get(role="head", name="plan_detail", pk=None, **query):
        client.force_login(office.people[role], backend=BACKEND)
        args = [] if name == "plan_list" else [pk or office.plan.pk]
        return client.get(reverse(name, args=args), query)

    return get


def text_of(page):
    return " ".join(page.content.decode().split())


@pytest.mark.parametrize("role", ["reporter", "head", "coordinator", "leader", "administrator"])
def test_everybody_of_the_agency_reads_the_plan(see, role):
    page = see(role)
    text = text_of(page)
    assert page.status_code == 200
    for words in (
        "«45/KH-SGDĐT»",
        "18/06/2019",
        "Giám đốc",
        "70,69",
        "15/21",
        "787/QĐ-UBND",
        "Nâng vị trí xếp hạng",
        "trước ngày 20/11",
        "1. Công tác chỉ đạo điều hành",
        "Trọng tâm",
        "Duy trì",
        "Chủ trì",
        "Phối hợp",
        "Thực hiện",
        "Tổng hợp",
        "Các phòng thuộc Sở (2)",
        "Phòng Tổ chức cán bộ, Phòng Kế hoạch tài chính",
        "&gt; 10%",
        "&gt; năm trước",
        "có thực hiện",
        "trong quý II của năm trước liền kề",
        "suy ra",
        "do Phòng Kế hoạch tài chính cung cấp",
    ):
        assert words in text, words


def test_the_year_is_in_the_address_and_moves_the_dates(see):
    assert "chậm nhất 30/06/2018 (hết quý II năm 2018)" in text_of(see(nam=2019))
    page = see(nam=2020)
    assert "chậm nhất 30/06/2019 (hết quý II năm 2019)" in text_of(page)
    assert '?nam=2020" aria-current="page"' in text_of(page)


@pytest.mark.parametrize("asked", ["1999", "abc", "", "20202020", "²"])
def test_a_year_the_plan_does_not_have_is_the_nearest(see, asked):
    with time_machine.travel(dt.datetime(2019, 5, 1, tzinfo=dt.UTC)):
        assert see(nam=asked).context["year"] == 2019
    with time_machine.travel(dt.datetime(2026, 5, 1, tzinfo=dt.UTC)):
        assert see().context["year"] == 2020


def test_periods_say_where_they_stand(see, office):
    Period.objects.filter(year=2019).update(opened_at=timezone.now())
    with time_machine.travel(dt.datetime(2019, 11, 6, 3, tzinfo=dt.UTC)):
        text = text_of(see())
        assert "đang mở · còn 13 ngày" in text
        assert "chưa mở" in text
    with time_machine.travel(dt.datetime(2019, 11, 19, 18, tzinfo=dt.UTC)):  # the 20th in Vietnam
        assert "đã quá hạn, còn nhận đến hết 31/12/2019" in text_of(see())
    with time_machine.travel(dt.datetime(2020, 1, 2, tzinfo=dt.UTC)):
        assert "đã khóa" in text_of(see())


def test_warnings_are_for_those_who_can_mend_the_plan(see):
    assert "Cần rà soát trong kế hoạch" not in text_of(see("head"))
    assert "Cần rà soát trong kế hoạch" not in text_of(see("reporter"))
    assert see("coordinator").context["warnings"]


def test_units_shares_are_listed_for_the_office_only(see, office):
    own = reverse("unit_share", args=[office.plan.pk, office.units["TCCB"].pk])
    other = reverse("unit_share", args=[office.plan.pk, office.units["KHTC"].pk])
    assert own in text_of(see("head"))
    assert other not in text_of(see("head"))
    assert other in text_of(see("coordinator"))


def test_what_left_the_plan_is_named_apart(see, office):
    office.task11.retired_at = timezone.now()
    office.task11.save()
    text = text_of(see())
    assert "Nhiệm vụ đã thôi áp dụng (1)" in text
    assert "Chỉ tiêu 1.1-a" not in text


def test_a_task_with_assignments_of_its_own_says_so(see, office):
    office.assign(office.task21, "lead", "TTRA")
    assert "Phân công riêng của nhiệm vụ này" in text_of(see())


def test_another_agencys_plan_does_not_exist(see, office):
    stranger = PlanOffice("SNV")
    assert see(pk=stranger.plan.pk).status_code == 404


def test_one_plan_opens_at_once_and_several_are_listed(see, office):
    page = see(name="plan_list")
    assert page.status_code == 302
    assert page.url == reverse("plan_detail", args=[office.plan.pk])
    Plan.objects.create(agency=office.agency, code="KH2", title="Kế hoạch năm 2021", years=[2021])
    assert "Kế hoạch năm 2021" in text_of(see(name="plan_list"))


def test_no_plan_yet(see, office):
    office.plan.periods.all().delete()
    Plan.objects.all().delete()
    assert "Chưa có kế hoạch nào" in text_of(see(name="plan_list"))


def test_a_plan_with_nothing_in_it_is_shown(see, office):
    empty = Plan.objects.create(agency=office.agency, code="KH2", title="Kế hoạch trống")
    page = see(pk=empty.pk)
    assert page.status_code == 200
    assert "chưa có lĩnh vực" in text_of(page)


def test_signed_out_people_sign_in_first(client, office):
    page = client.get(reverse("plan_detail", args=[office.plan.pk]))
    assert page.status_code == 302
    assert reverse("sign_in") in page.url


def test_the_page_only_reads(client, office):
    client.force_login(office.people["coordinator"], backend=BACKEND)
    assert client.post(reverse("plan_detail", args=[office.plan.pk])).status_code == 405
    assert client.post(reverse("plan_list")).status_code == 405


def test_queries_do_not_grow_with_the_plan(see, office):
    def count():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert see("coordinator").status_code == 200
        return len(queries)

    see("coordinator")
    before = count()
    office.grow()
    assert count() == before
    assert before <= 30
