"""Leaders direct, the office records what they gave on paper, units carry it out, the obstacle is closed (R18, R2b)."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse
from obstacle_office import DUE, Office, detail, does, told
from report_office import at, sign_in, text_of
from test_save_together import at_once

from accounts.models import AuditEntry, Mail, Role
from tasks import obstacles
from tasks.models import Direction, Obstacle
from tasks.obstacles import NewDirection
from tasks.services import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9), tick=True):
        yield


@pytest.fixture
def office(db, morning):
    return Office()


def rows(office, *directions, prefix="direct"):
    """The fields of an answer: (text, unit, day) for each direction."""
    fields = {}
    for n, (text, unit, day) in enumerate(directions):
        fields |= {
            f"{prefix}-{n}-text": text,
            f"{prefix}-{n}-owner": office.units[unit].pk if unit else "",
            f"{prefix}-{n}-due_on": day,
        }
    return fields


def state(obstacle):
    obstacle.refresh_from_db()
    return obstacle.state


# -- A leader's answer --------------------------------------------------------------------------


def test_a_leader_answers_with_several_directions(client, office):
    obstacle = office.passed_on()
    sign_in(client, office.leader)
    assert client.get(detail(obstacle)).status_code == 200
    fields = rows(
        office,
        ("Bố trí kinh phí.", "KHTC", "18/11/2019"),
        ("Tự rà soát hồ sơ.", "TCCB", "15-11-2019"),
        ("", "", ""),
    )
    page = client.post(does("obstacle_direct", obstacle), fields, follow=True)
    assert "Đã ghi 2 ý kiến chỉ đạo" in text_of(page)
    assert state(obstacle) == "answered"
    given = list(obstacle.directions.values_list("text", "owner__code", "due_on", "given_by"))
    assert given == [
        ("Tự rà soát hồ sơ.", "TCCB", dt.date(2019, 11, 15), "Võ Văn Lãnh"),
        ("Bố trí kinh phí.", "KHTC", DUE, "Võ Văn Lãnh"),
    ]
    # The unit's head and writers, and the head of the other owner: each once.
    assert told("directed") == ["Lê Văn Soạn", "Ngô Văn Khác", "Phạm Thị Hai", "Trần Thị Trưởng"]
    mail = Mail.objects.filter(kind="obstacle_directed").first()
    assert "Bố trí kinh phí." in mail.text and "hết ngày 18/11/2019" in mail.text
    entry = AuditEntry.objects.get(action="Cho ý kiến chỉ đạo")
    assert (entry.actor_name, entry.for_person, entry.basis) == ("Võ Văn Lãnh", "", "")


@pytest.mark.parametrize(
    ("direction", "words"),
    [
        (("", "KHTC", "18/11/2019"), "Chưa ghi nội dung"),
        (("Làm.", "", "18/11/2019"), "Chưa chọn đơn vị"),
        (("Làm.", "KHTC", ""), "Chưa ghi hạn"),
        (("Làm.", "KHTC", "31/02/2019"), "Không đọc được ngày"),
        (("Làm.", "KHTC", "12/11/2019"), "không được ở quá khứ"),
    ],
)
def test_what_a_direction_needs(client, office, direction, words):
    obstacle = office.passed_on()
    sign_in(client, office.leader)
    fields = rows(office, direction, ("Ý thứ hai.", "KHTC", "18/11/2019"))
    page = client.post(does("obstacle_direct", obstacle), fields)
    assert page.status_code == 422
    assert words in text_of(page)
    assert "Ý thứ hai." in page.content.decode()  # nothing typed is lost
    assert not Direction.objects.exists()
    assert state(obstacle) == "passed_on"


def test_another_agencys_unit_cannot_be_the_owner(client, office):
    stranger = Office("SNV")
    obstacle = office.passed_on()
    sign_in(client, office.leader)
    fields = rows(office, ("Làm.", "KHTC", "18/11/2019"))
    fields["direct-0-owner"] = stranger.units["KHTC"].pk
    page = client.post(does("obstacle_direct", obstacle), fields)
    assert page.status_code == 422
    with pytest.raises(Refused, match="thuộc cơ quan"):
        obstacles.direct(
            obstacle=obstacle,
            by=office.by(office.leader),
            leader=office.leader,
            directions=[NewDirection(text="Làm.", owner=stranger.units["KHTC"], due_on=DUE)],
        )


def test_a_leader_does_not_answer_a_closed_one(client, office):
    obstacle = office.closed()
    sign_in(client, office.leader)
    page = client.post(
        does("obstacle_direct", obstacle), rows(office, ("Làm.", "KHTC", "18/11/2019"))
    )
    assert page.status_code == 422
    assert "đã được giải quyết" in text_of(page)
    assert obstacle.directions.count() == 1


def test_nor_one_the_office_has_not_passed_on(client, office):
    obstacle = office.raised()
    sign_in(client, office.leader)
    fields = rows(office, ("Làm.", "KHTC", "18/11/2019"))
    assert client.post(does("obstacle_direct", obstacle), fields).status_code == 403
    with pytest.raises(Refused, match="chưa trình"):
        office.direct(obstacle)


def test_the_same_answer_sent_twice_is_given_once(office):
    obstacle = office.directed()
    assert office.direct(obstacle) == []
    assert obstacle.directions.count() == 1
    assert told("directed")


def test_a_further_direction_is_added(office):
    obstacle = office.directed()
    assert len(office.direct(obstacle, text="Báo cáo lại.", owner="TCCB")) == 1
    assert obstacle.directions.count() == 2


@pytest.mark.parametrize("who", ["writer", "head", "other_head", "coordinator", "administrator"])
def test_only_leaders_answer(client, office, who):
    obstacle = office.passed_on()
    sign_in(client, getattr(office, who))
    fields = rows(office, ("Làm.", "KHTC", "18/11/2019"))
    assert client.post(does("obstacle_direct", obstacle), fields).status_code == 403
    assert not Direction.objects.exists()


# -- Given on paper -----------------------------------------------------------------------------


def on_paper(office, **changes):
    fields = rows(office, ("Bố trí kinh phí.", "KHTC", "18/11/2019"), prefix="record")
    return fields | {
        "leader": office.deputy.pk,
        "given_on": "11/11/2019",
        "basis": "Kết luận giao ban số 12/TB-SGDĐT",
        **changes,
    }


@pytest.mark.parametrize("start", ["raised", "passed_on", "directed"])
def test_the_office_records_what_was_given_on_paper(client, office, start):
    obstacle = getattr(office, start)()
    Mail.objects.all().delete()
    sign_in(client, office.coordinator)
    fields = on_paper(office, **{"record-0-text": "Cho dùng kinh phí dự phòng."})
    assert client.post(does("direction_record", obstacle), fields).status_code == 302
    assert state(obstacle) == "answered"
    direction = obstacle.directions.get(basis="Kết luận giao ban số 12/TB-SGDĐT")
    assert (direction.given_by, direction.given_on) == ("Lý Phó", dt.date(2019, 11, 11))
    entry = AuditEntry.objects.get(action="Ghi ý kiến chỉ đạo")
    assert (entry.actor_name, entry.acted_as, entry.for_person) == (
        "Đỗ Thị Phòng",
        "Văn phòng Sở",
        "Lý Phó",
    )
    assert (entry.basis, entry.basis_date) == (
        "Kết luận giao ban số 12/TB-SGDĐT",
        dt.date(2019, 11, 11),
    )
    # The leader in whose name it stands is told too, and may object.
    assert told("directed") == [
        "Lê Văn Soạn",
        "Lý Phó",
        "Ngô Văn Khác",
        "Phạm Thị Hai",
        "Trần Thị Trưởng",
    ]
    page = text_of(client.get(detail(obstacle)))
    assert "thay Lý Phó" in page
    assert "Căn cứ: Kết luận giao ban số 12/TB-SGDĐT, ngày 11/11/2019" in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"basis": ""}, "Chưa ghi căn cứ"),
        ({"basis": "   "}, "Chưa ghi căn cứ"),
        ({"leader": ""}, "Chưa chọn lãnh đạo"),
        ({"given_on": ""}, "Chưa ghi ngày chỉ đạo"),
        ({"given_on": "14/11/2019"}, "không được ở sau hôm nay"),
        ({"record-0-due_on": "10/11/2019"}, "trước ngày chỉ đạo"),
    ],
)
def test_what_a_record_needs(client, office, changes, words):
    obstacle = office.passed_on()
    sign_in(client, office.coordinator)
    page = client.post(does("direction_record", obstacle), on_paper(office, **changes))
    assert page.status_code == 422
    assert words in text_of(page)
    assert not Direction.objects.exists()


def test_only_a_leaders_name_can_stand_under_it(client, office):
    obstacle = office.passed_on()
    sign_in(client, office.coordinator)
    fields = on_paper(office, leader=office.head.pk)
    assert client.post(does("direction_record", obstacle), fields).status_code == 422
    with pytest.raises(Refused, match="phải là Lãnh đạo Sở"):
        obstacles.direct(
            obstacle=obstacle,
            by=office.by(office.coordinator),
            leader=office.head,
            basis="Giao ban",
            directions=[NewDirection(text="Làm.", owner=office.units["KHTC"], due_on=DUE)],
        )


def test_what_was_due_already_when_it_was_written_down_is_kept(office):
    obstacle = office.raised()
    made = obstacles.direct(
        obstacle=obstacle,
        by=office.by(office.coordinator, Role.COORDINATOR),
        leader=office.deputy,
        given_on=dt.date(2019, 11, 4),
        basis="Giao ban",
        directions=[
            NewDirection(text="Làm.", owner=office.units["KHTC"], due_on=dt.date(2019, 11, 8))
        ],
    )
    assert list(Direction.objects.overdue(dt.date(2019, 11, 13))) == made


# -- Carrying out -------------------------------------------------------------------------------


def test_the_owner_says_how_it_was_carried_out(client, office):
    obstacle = office.directed()
    direction = obstacle.directions.get()
    sign_in(client, office.other_head)
    address = does("direction_done", obstacle, direction.pk)
    page = client.post(address, {"note": "Đã cấp 50 triệu đồng."}, follow=True)
    assert "Đã cấp 50 triệu đồng." in text_of(page)
    direction.refresh_from_db()
    assert direction.done_note == "Đã cấp 50 triệu đồng."
    assert told("done") == ["Mai Hai", "Võ Văn Lãnh", "Đỗ Thị Phòng"]
    # Again: the first one's words stand, nobody is told twice.
    page = client.post(address, {"note": "Khác"}, follow=True)
    assert "đã được báo thực hiện xong" in text_of(page)
    direction.refresh_from_db()
    assert direction.done_note == "Đã cấp 50 triệu đồng."
    assert len(told("done")) == 3


def test_without_a_result_it_is_not_done(client, office):
    obstacle = office.directed()
    direction = obstacle.directions.get()
    sign_in(client, office.other_head)
    page = client.post(does("direction_done", obstacle, direction.pk), {"note": "  "})
    assert page.status_code == 422
    direction.refresh_from_db()
    assert direction.done_at is None


def test_the_office_says_it_for_the_owner_who_is_told(client, office):
    obstacle = office.directed()
    direction = obstacle.directions.get()
    sign_in(client, office.coordinator)
    client.post(does("direction_done", obstacle, direction.pk), {"note": "Đã cấp."})
    entry = AuditEntry.objects.get(object_type="tasks.direction")
    assert entry.for_unit == office.units["KHTC"]
    assert told("done") == ["Mai Hai", "Ngô Văn Khác", "Võ Văn Lãnh"]
    assert "thay Phòng Kế hoạch tài chính" in text_of(client.get(detail(obstacle)))


@pytest.mark.parametrize("who", ["writer", "head", "leader"])
def test_nobody_else_says_it(client, office, who):
    obstacle = office.directed()
    direction = obstacle.directions.get()
    sign_in(client, getattr(office, who))
    page = client.post(does("direction_done", obstacle, direction.pk), {"note": "Xong"})
    assert page.status_code == 403
    direction.refresh_from_db()
    assert direction.done_at is None


def test_a_direction_belongs_to_its_obstacle(client, office):
    obstacle, other = office.directed(), office.directed(text="Việc khác")
    direction = other.directions.get()
    sign_in(client, office.other_head)
    address = does("direction_done", obstacle, direction.pk)
    assert client.post(address, {"note": "Xong"}).status_code == 404


# -- Closing and reopening ----------------------------------------------------------------------


@pytest.mark.parametrize("who", ["coordinator", "leader"])
def test_closed_when_everything_is_done(client, office, who):
    obstacle = office.directed()
    sign_in(client, getattr(office, who))
    page = client.post(does("obstacle_close", obstacle), {"outcome": "Đã giải quyết."})
    assert page.status_code == 422
    assert "Còn 1 ý kiến chỉ đạo" in text_of(page)
    assert state(obstacle) == "answered"
    office.finish(obstacle)
    client.post(does("obstacle_close", obstacle), {"outcome": "Đã giải quyết."})
    assert state(obstacle) == "closed"
    assert told("closed") == ["Lê Văn Soạn", "Phạm Thị Hai", "Trần Thị Trưởng"]
    page = client.post(does("obstacle_close", obstacle), {"outcome": "Khác"}, follow=True)
    assert "đã được đóng trước đó" in text_of(page)
    assert len(told("closed")) == 3


def test_the_office_answers_itself_with_its_reason(client, office):
    obstacle = office.raised()
    sign_in(client, office.coordinator)
    page = client.post(does("obstacle_close", obstacle), {"outcome": "Đã cấp máy quét."})
    assert page.status_code == 422
    assert "không cần ý kiến Lãnh đạo Sở" in text_of(page)
    assert "Đã cấp máy quét." in page.content.decode()
    fields = {"outcome": "Đã cấp máy quét.", "reason": "Thuộc thẩm quyền Văn phòng."}
    assert client.post(does("obstacle_close", obstacle), fields).status_code == 302
    assert state(obstacle) == "closed"
    entry = AuditEntry.objects.get(action="Đóng vướng mắc")
    assert entry.reason == "Thuộc thẩm quyền Văn phòng."
    assert "Thuộc thẩm quyền" in Mail.objects.filter(kind="obstacle_closed").first().text


def test_without_an_outcome_it_stays_open(client, office):
    obstacle = office.raised()
    sign_in(client, office.coordinator)
    assert client.post(does("obstacle_close", obstacle), {"reason": "Vì"}).status_code == 422
    assert state(obstacle) == "raised"


@pytest.mark.parametrize("who", ["writer", "head", "other_head", "administrator"])
def test_a_unit_neither_closes_nor_reopens(client, office, who):
    obstacle, closed = office.passed_on(), office.closed(text="Việc khác")
    sign_in(client, getattr(office, who))
    page = client.post(does("obstacle_close", obstacle), {"outcome": "Xong", "reason": "Vì"})
    assert page.status_code == 403
    assert client.post(does("obstacle_reopen", closed), {"reason": "Vì"}).status_code == 403
    assert (state(obstacle), state(closed)) == ("passed_on", "closed")


@pytest.mark.parametrize(
    ("way", "back"),
    [("closed", "answered"), ("passed_on", "passed_on"), ("raised", "raised")],
)
def test_reopened_it_is_where_it_was(client, office, way, back):
    obstacle = getattr(office, way)()
    if way != "closed":
        obstacles.close(
            obstacle=obstacle,
            by=office.by(office.coordinator, Role.COORDINATOR),
            outcome="Xong",
            reason="Vì",
        )
    sign_in(client, office.coordinator)
    page = client.post(does("obstacle_reopen", obstacle), {"reason": " "})
    assert page.status_code == 422
    client.post(does("obstacle_reopen", obstacle), {"reason": "Lại hỏng"})
    assert state(obstacle) == back
    assert (obstacle.closed_at, obstacle.outcome) == (None, "")
    leaders = {"Lý Phó", "Võ Văn Lãnh"} if back != "raised" else set()
    assert set(told("reopened")) == leaders | {
        "Lê Văn Soạn",
        "Phạm Thị Hai",
        "Trần Thị Trưởng",
        "Mai Hai",
    }
    page = client.post(does("obstacle_reopen", obstacle), {"reason": "Lại"}, follow=True)
    assert "đang mở" in text_of(page)


def test_another_agencys_obstacle_does_not_exist(client, office):
    stranger = Office("SNV")
    obstacle = office.directed()
    direction = obstacle.directions.get()
    sign_in(client, stranger.coordinator)
    for address in (
        does("obstacle_pass_on", obstacle),
        does("direction_record", obstacle),
        does("obstacle_close", obstacle),
        does("obstacle_reopen", obstacle),
        does("direction_done", obstacle, direction.pk),
    ):
        assert client.post(address, {}).status_code == 404
    assert client.get(detail(obstacle)).status_code == 404
    sign_in(client, stranger.leader)
    assert client.post(does("obstacle_direct", obstacle), {}).status_code == 404


def test_every_message_stands_in_the_offices_list(client, office):
    obstacle = office.closed()
    obstacles.reopen(
        obstacle=obstacle, by=office.by(office.coordinator, Role.COORDINATOR), reason="Lại"
    )
    page = text_of(sign_in(client, office.coordinator).get(reverse("reminder_list")))
    assert Mail.objects.count() > 10
    for mail in Mail.objects.all():
        assert mail.subject in page
        assert mail.kind in obstacles.KINDS
        for part in (mail.text, mail.html):
            assert f"/vuong-mac/{obstacle.pk}/" in part
            assert "None" not in part


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def fresh(self, obstacle):
        return Obstacle.objects.select_related("unit").get(pk=obstacle.pk)

    def test_two_say_done_once(self, office):
        obstacle = office.directed()

        def done(user):
            direction = Direction.objects.select_related("owner", "leader", "obstacle__unit").get(
                obstacle=obstacle
            )
            return obstacles.finish(direction=direction, by=office.by(user), note="Xong")

        found = at_once(lambda: done(office.other_head), lambda: done(office.coordinator))
        assert sorted(found) == [False, True]
        assert AuditEntry.objects.filter(object_type="tasks.direction").count() == 1
        told("done")

    def test_closing_against_a_further_direction_leaves_none_behind(self, office):
        obstacle = office.directed()
        office.finish(obstacle)

        def close():
            return obstacles.close(
                obstacle=self.fresh(obstacle),
                by=office.by(office.coordinator, Role.COORDINATOR),
                outcome="Xong",
            )

        def direct():
            return office.direct(self.fresh(obstacle), text="Thêm.")

        closed, given = at_once(close, direct)
        left = Direction.objects.open().filter(obstacle=obstacle).count()
        if state(obstacle) == "closed":
            assert closed is True and isinstance(given, Refused) and left == 0
        else:
            assert isinstance(closed, Refused) and len(given) == left == 1
