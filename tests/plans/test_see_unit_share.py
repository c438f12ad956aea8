"""A unit's own share of the plan: its tasks by role, the figures it answers; who may see whose (R3, R5, R6, R6a)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from plan_office import BACKEND, PlanOffice

from plans.models import Duty, Period

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    return PlanOffice()


@pytest.fixture
def see(client, office):
    def get(role, unit, plan=None, **query):
        client.force_login(office.people[role], backend=BACKEND)
        unit = office.units[unit].pk if isinstance(unit, str) else unit
        return client.get(reverse("unit_share", args=[(plan or office.plan).pk, unit]), query)

    return get


def text_of(page):
    return " ".join(page.content.decode().split())


@pytest.mark.parametrize("role", ["reporter", "head"])
def test_a_unit_sees_its_own_share(see, role):
    page = see(role, "TCCB", nam=2019)
    text = text_of(page)
    assert page.status_code == 200
    assert (
        "<strong>1 nhiệm vụ</strong> với <strong>1 chỉ tiêu</strong>" in text
    )  # 2.1-b is answered by KHTC
    assert "Số liệu do Phòng Kế hoạch tài chính cung cấp; đơn vị không phải trả lời." in text
    assert [share.role for share in page.context["shares"]] == ["implement", "coordinate"]
    assert "20/11/2019" in text


def test_the_source_unit_answers_for_all(see):
    page = see("coordinator", "KHTC")
    assert page.context["figures"] == 2


def test_the_source_of_a_figure_reports_it_without_another_role(see, office):
    """R6a: any unit may be the source; who has nothing left to answer owes nothing."""
    office.task21.indicators.update(source=office.units["TTRA"])
    page = see("coordinator", "TTRA")
    assert [share.role for share in page.context["shares"]] == ["source"]
    assert (page.context["owed"], page.context["figures"]) == (1, 2)
    page = see("coordinator", "TCCB")
    assert page.context["owed"] == 0
    assert "đơn vị không phải gửi báo cáo này" in text_of(page)


def test_a_task_led_and_implemented_is_reported_once(see, office):
    office.assign(office.area2, "lead", "TCCB")
    page = see("coordinator", "TCCB")
    assert page.context["owed"] == 1
    assert "Đồng thời thực hiện." in text_of(page)


def test_a_unit_that_leads_and_consolidates(see):
    page = see("coordinator", "VP")
    assert [share.role for share in page.context["shares"]] == ["lead", "consolidate"]
    assert "Đơn vị tổng hợp kết quả" in text_of(page)


@pytest.mark.parametrize("role", ["reporter", "head"])
def test_another_units_share_is_closed_with_the_reason(see, role):
    page = see(role, "KHTC")
    assert page.status_code == 403
    assert "Bạn xem được phần việc của đơn vị mình" in text_of(page)


@pytest.mark.parametrize("role", ["coordinator", "leader", "administrator"])
def test_office_leaders_and_administrators_see_every_share(see, role):
    assert see(role, "KHTC").status_code == 200


def test_what_belongs_to_another_agency_does_not_exist(see, office):
    stranger = PlanOffice("SNV")
    assert see("coordinator", stranger.units["VP"].pk).status_code == 404
    assert see("coordinator", "VP", plan=stranger.plan).status_code == 404
    assert see("head", stranger.units["VP"].pk, plan=stranger.plan).status_code == 404


def test_a_unit_without_a_share(see):
    assert "Đơn vị không có phần việc nào" in text_of(see("coordinator", "TTRA"))


def test_an_opened_period_keeps_the_share_as_it_was(see, office):
    """R5: later changes of a group change nothing already owed."""
    period = Period.objects.get(year=2019)
    period.opened_at = timezone.now()
    period.save()
    Duty.objects.create(
        period=period, task=office.task21, unit=office.units["TCCB"], role="implement"
    )
    office.group.members.remove(office.units["TCCB"])
    assert see("head", "TCCB", nam=2019).context["owed"] == 1
    assert see("head", "TCCB", nam=2020).context["owed"] == 0


def test_a_retired_task_is_no_share(see, office):
    office.task21.retired_at = timezone.now()
    office.task21.save()
    assert see("head", "TCCB").context["owed"] == 0


def test_the_page_only_reads(client, office):
    client.force_login(office.people["coordinator"], backend=BACKEND)
    assert (
        client.post(reverse("unit_share", args=[office.plan.pk, office.units["VP"].pk])).status_code
        == 405
    )


def test_queries_do_not_grow_with_the_share(see, office):
    def count(unit):
        with CaptureQueriesContext(connection) as queries:
            assert see("coordinator", unit).status_code == 200
        return len(queries)

    count("TCCB")
    before = count("TCCB")
    office.grow()
    assert count("TCCB") == before
    assert before <= 26
