"""A unit raises a difficulty, alone or from a report; the office passes it on to the leaders (R18)."""

import pytest
import time_machine
from django.urls import reverse
from obstacle_office import TEXT, Office, detail, does, told
from report_office import at, sign_in, text_of
from test_save_together import at_once

from accounts.models import AuditEntry, Mail, Role
from tasks import obstacles
from tasks.models import Obstacle, Report
from tasks.services import Refused

pytestmark = pytest.mark.django_db
RAISE = reverse("obstacle_raise")


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9), tick=True):
        yield


@pytest.fixture
def office(db, morning):
    return Office()


def test_raised_alone(client, office):
    sign_in(client, office.writer)
    page = client.get(RAISE)
    assert page.status_code == 200
    page = client.post(RAISE, {"text": TEXT, "proposal": "Cấp thêm 50 triệu đồng."}, follow=True)
    obstacle = Obstacle.objects.get()
    assert page.redirect_chain[-1][0] == detail(obstacle)
    assert (obstacle.unit, obstacle.state) == (office.units["TCCB"], "raised")
    assert (obstacle.report, obstacle.task, obstacle.period) == (None, None, None)
    assert obstacle.raised_by == office.writer
    assert "Cấp thêm 50 triệu đồng." in text_of(page)
    entry = AuditEntry.objects.get(object_type="tasks.obstacle")
    assert (entry.action, entry.actor_name, entry.acted_as) == (
        "Nêu vướng mắc",
        "Lê Văn Soạn",
        "Chuyên viên",
    )
    assert entry.changes["đề xuất"] == ["", "Cấp thêm 50 triệu đồng."]


def test_the_coordinators_are_told_at_once_and_have_it_in_their_list(client, office):
    office.raised()
    assert told("raised") == ["Mai Hai", "Đỗ Thị Phòng"]
    mail = Mail.objects.filter(kind="obstacle_raised").first()
    assert mail.subject == "CCHC: Phòng Tổ chức cán bộ nêu vướng mắc cần giải quyết"
    assert TEXT in mail.text and TEXT in mail.html
    page = sign_in(client, office.coordinator).get(reverse("obstacle_list"))
    assert TEXT in text_of(page)


def test_who_raises_it_is_not_told_of_it(office):
    obstacles.raise_obstacle(
        unit=office.units["VP"], by=office.by(office.coordinator, Role.HEAD), text=TEXT
    )
    assert told("raised") == ["Mai Hai"]


def test_from_a_report_it_starts_with_the_reports_words(client, office):
    Report.objects.filter(pk=office.report.pk).update(difficulties="Máy quét hỏng & thiếu người.")
    sign_in(client, office.head)
    page = client.get(f"{RAISE}?bao-cao={office.report.pk}")
    assert page.context["form"]["text"].value() == "Máy quét hỏng & thiếu người."
    client.post(f"{RAISE}?bao-cao={office.report.pk}", {"text": TEXT, "report": office.report.pk})
    obstacle = Obstacle.objects.get()
    assert obstacle.report == office.report
    assert (obstacle.task, obstacle.period) == (office.report.task, office.period)
    page = client.get(f"{RAISE}?bao-cao={office.report.pk}")
    assert "đã có vướng mắc đang chờ giải quyết" in text_of(page)


def test_the_pages_of_the_own_report_lead_here(client, office):
    sign_in(client, office.writer)
    for name in ("report_form", "report_detail"):
        page = client.get(reverse(name, args=[office.report.pk]), follow=True)
        assert f"{RAISE}?bao-cao={office.report.pk}" in page.content.decode()


def test_not_from_another_units_report(client, office):
    sign_in(client, office.writer)
    other = office.find("1.1", "KHTC")
    assert client.get(f"{RAISE}?bao-cao={other.pk}").status_code == 403
    page = client.post(RAISE, {"text": TEXT, "report": other.pk})
    assert page.status_code == 422
    assert "không phải của đơn vị bạn" in text_of(page)
    with pytest.raises(Refused, match="chính đơn vị mình"):
        office.raised(report=other)
    assert not Obstacle.objects.exists()


def test_a_report_of_another_agency_does_not_exist(client, office):
    stranger = Office("SNV")
    sign_in(client, office.writer)
    for wanted in (stranger.report.pk, "abc", "0", "9" * 30):
        assert client.get(f"{RAISE}?bao-cao={wanted}").status_code == 404


@pytest.mark.parametrize("text", ["", "   \n ", "x" * 5001])
def test_what_is_no_text_is_refused_and_kept(client, office, text):
    sign_in(client, office.writer)
    page = client.post(RAISE, {"text": text, "proposal": "Cấp kinh phí"})
    assert page.status_code == 422
    assert "Cấp kinh phí" in page.content.decode()
    assert not Obstacle.objects.exists()


def test_sent_twice_it_is_one(client, office):
    first, second = office.raised(), office.raised()
    assert first == second
    assert Obstacle.objects.count() == 1
    assert len(told("raised")) == 2
    assert office.raised("Việc khác") != first


@pytest.mark.parametrize("who", ["leader", "administrator"])
def test_only_units_raise(client, office, who):
    sign_in(client, getattr(office, who))
    assert client.get(RAISE).status_code == 403
    assert client.post(RAISE, {"text": TEXT}).status_code == 403


# -- Passing on ---------------------------------------------------------------------------------


def test_the_office_passes_it_on_with_its_note(client, office):
    obstacle = office.raised()
    sign_in(client, office.leader)
    assert client.get(detail(obstacle)).status_code == 403
    assert TEXT not in text_of(client.get(reverse("obstacle_list")))
    sign_in(client, office.coordinator)
    page = client.post(does("obstacle_pass_on", obstacle), {"note": "Đề nghị cấp."}, follow=True)
    assert "Đã trình Lãnh đạo Sở" in text_of(page)
    obstacle.refresh_from_db()
    assert (obstacle.state, obstacle.office_note) == ("passed_on", "Đề nghị cấp.")
    assert told("passed_on") == ["Lý Phó", "Võ Văn Lãnh"]
    sign_in(client, office.leader)
    assert "Đề nghị cấp." in text_of(client.get(detail(obstacle)))
    entry = AuditEntry.objects.get(action="Trình Lãnh đạo Sở")
    assert entry.changes["trạng thái"] == ["Chờ Văn phòng Sở", "Chờ Lãnh đạo Sở"]


def test_where_a_deputy_is_in_charge_of_the_unit_that_one_is_told(office):
    office.in_charge()
    office.passed_on()
    assert told("passed_on") == ["Lý Phó"]


def test_a_deputy_who_left_is_not_waited_for(office):
    office.in_charge()
    type(office.deputy).objects.filter(pk=office.deputy.pk).update(is_active=False)
    office.passed_on()
    assert told("passed_on") == ["Võ Văn Lãnh"]


def test_passed_on_again_says_so_and_tells_nobody(client, office):
    obstacle = office.passed_on()
    sign_in(client, office.second)
    page = client.post(does("obstacle_pass_on", obstacle), {"note": "Khác"}, follow=True)
    assert "đã được trình" in text_of(page)
    obstacle.refresh_from_db()
    assert obstacle.office_note == "Đề nghị xem xét."
    assert len(told("passed_on")) == 2


@pytest.mark.parametrize("who", ["writer", "head", "other_head", "leader", "administrator"])
def test_only_the_office_passes_on(client, office, who):
    obstacle = office.raised()
    sign_in(client, getattr(office, who))
    assert client.post(does("obstacle_pass_on", obstacle), {}).status_code == 403
    obstacle.refresh_from_db()
    assert obstacle.state == "raised"


def test_a_closed_one_is_not_passed_on(client, office):
    obstacle = office.closed()
    sign_in(client, office.coordinator)
    page = client.post(does("obstacle_pass_on", obstacle), {})
    assert page.status_code == 422
    assert "đã được giải quyết" in text_of(page)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_clicks_raise_one(self, office):
        found = at_once(office.raised, office.raised)
        assert found[0] == found[1]
        assert Obstacle.objects.count() == 1
        assert len(told("raised")) == 2

    def test_two_coordinators_pass_on_once(self, office):
        obstacle = office.raised()

        def pass_on(user):
            own = Obstacle.objects.select_related("unit").get(pk=obstacle.pk)
            return obstacles.pass_on(obstacle=own, by=office.by(user, Role.COORDINATOR))

        found = at_once(lambda: pass_on(office.coordinator), lambda: pass_on(office.second))
        assert sorted(found) == [False, True]
        assert len(told("passed_on")) == 2
        assert AuditEntry.objects.filter(action="Trình Lãnh đạo Sở").count() == 1
