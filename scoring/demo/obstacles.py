"""The demo's difficulties: one in each state, one direction overdue, one given at a briefing.

Each step goes through the services people use, at its own past moment.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.history import Actor
from accounts.models import Role
from scoring.demo.clock import at, moment, working_day
from tasks import obstacles
from tasks.models import Direction, Obstacle, Report
from tasks.obstacles import NewDirection

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from accounts.models import User
    from plans.models import Period
    from scoring.demo.people import Staff

BRIEFING = "Kết luận giao ban tuần của Giám đốc Sở, Thông báo số 27/TB-SGDĐT"


@dataclass(frozen=True)
class Raised:
    """What a unit says, and how many days ago."""

    unit: str
    days: int
    text: str
    proposal: str = ""
    task: str = ""  # of the report it comes from


class Difficulties:
    """Lives through the obstacles of the running year."""

    def __init__(self, period: Period, staff: Staff, today: dt.date) -> None:
        self.period = period
        self.staff = staff
        self.leader = staff.director
        self.today = today

    def live(self) -> None:
        self._carried_out_and_closed()
        self._overdue()
        self._under_way()
        self._answered_by_the_office()
        self._with_the_leaders()
        self._raise(
            Raised(
                "CTTT",
                1,
                "Chưa có quy định về phối hợp cung cấp số liệu học sinh, sinh viên giữa phòng và các trường; số liệu các trường gửi lên không cùng mẫu.",
                "Đề nghị Văn phòng Sở ban hành một biểu mẫu chung cho toàn ngành.",
            )
        )

    # -- The stories -----------------------------------------------------------------------------

    def _carried_out_and_closed(self) -> None:
        obstacle = self._raise(
            Raised(
                "GDMN",
                30,
                "Cơ sở mầm non tư thục chưa có chữ ký số nên không nộp được hồ sơ trực tuyến mức cao.",
                "Đề nghị Sở liên hệ đơn vị cấp chữ ký số và hướng dẫn tập trung.",
                task="7.3",
            )
        )
        self._pass_on(obstacle, 29, "Đúng thực tế; đề nghị Lãnh đạo Sở cho ý kiến.")
        direction = self._direct(
            obstacle,
            28,
            "Tổ chức một buổi hướng dẫn tập trung và hỗ trợ các cơ sở đăng ký chữ ký số.",
            owner="GDMN",
            due=-15,
        )
        with self._ago(17, 15):
            obstacles.finish(
                direction=direction,
                by=self._as(self.staff.heads["GDMN"], Role.HEAD),
                note="Đã hướng dẫn tập trung cho 24 cơ sở; 22 cơ sở đã có chữ ký số.",
            )
        with self._ago(14, 9):
            obstacles.close(
                obstacle=obstacle,
                by=self._as(self.staff.coordinator, Role.COORDINATOR),
                outcome="Các cơ sở mầm non tư thục đã nộp được hồ sơ trực tuyến.",
            )

    def _overdue(self) -> None:
        """Given at a briefing, written down by the office (R2b), not carried out in time."""
        obstacle = self._raise(
            Raised(
                "QLCL",
                25,
                "Hồ sơ cấp lại bản sao văn bằng của các năm trước 2005 còn trên giấy, tra cứu mất nhiều ngày.",
                "Đề nghị bố trí kinh phí số hóa sổ gốc văn bằng.",
            )
        )
        self._pass_on(obstacle, 24, "Văn phòng Sở thống nhất với đề xuất của phòng.")
        given_on = self._day(22)
        with self._ago(21, 10):
            obstacles.direct(
                obstacle=obstacle,
                by=self._as(self.staff.office, Role.COORDINATOR),
                leader=self.leader,
                given_on=given_on,
                basis=BRIEFING,
                directions=[
                    NewDirection(
                        text="Lập dự toán số hóa sổ gốc văn bằng, trình Giám đốc Sở.",
                        owner=self.staff.units["KHTC"],
                        due_on=self.today - dt.timedelta(days=3),
                    )
                ],
            )

    def _under_way(self) -> None:
        obstacle = self._raise(
            Raised(
                "TCCB",
                20,
                "Một số trường chưa gửi đủ hồ sơ đề án vị trí việc làm nên chưa tổng hợp được.",
                "Đề nghị Lãnh đạo Sở có văn bản đôn đốc các trường.",
                task="4.3",
            )
        )
        self._pass_on(obstacle, 19, "")
        self._direct(
            obstacle,
            18,
            "Dự thảo văn bản đôn đốc, ấn định ngày gửi; đưa kết quả vào xét thi đua của trường.",
            owner="TCCB",
            due=6,
        )

    def _answered_by_the_office(self) -> None:
        obstacle = self._raise(
            Raised(
                "GDTH",
                10,
                "Tài khoản hệ thống quản lý văn bản của chuyên viên mới chưa được cấp.",
                "Đề nghị Văn phòng Sở cấp tài khoản.",
            )
        )
        with self._ago(9, 14):
            obstacles.close(
                obstacle=obstacle,
                by=self._as(self.staff.coordinator, Role.COORDINATOR),
                outcome="Đã cấp hai tài khoản và gửi hướng dẫn sử dụng cho phòng.",
                reason="Thuộc thẩm quyền của Văn phòng Sở.",
            )

    def _with_the_leaders(self) -> None:
        obstacle = self._raise(
            Raised(
                "GDTX",
                7,
                "Các trung tâm ngoại ngữ, tin học vẫn nộp hồ sơ trực tiếp; phòng đã hướng dẫn nhưng tỷ lệ hồ sơ trực tuyến chưa tăng.",
                "Đề nghị Sở có văn bản yêu cầu các trung tâm nộp hồ sơ trực tuyến từ quý sau.",
                task="7.3",
            )
        )
        self._pass_on(
            obstacle,
            5,
            "Tỷ lệ toàn Sở cũng đang thấp; đề nghị Lãnh đạo Sở cho ý kiến.",
        )

    # -- The steps -------------------------------------------------------------------------------

    def _day(self, days: int) -> dt.date:
        return working_day(self.today - dt.timedelta(days=days))

    def _ago(self, days: int, hour: int) -> AbstractContextManager[None]:
        return at(moment(self._day(days), hour, 10))

    def _as(self, user: User, role: Role) -> Actor:
        return Actor.of(user, role=role)

    def _raise(self, said: Raised) -> Obstacle:
        report = (
            Report.objects.with_names()
            .filter(period=self.period, unit=self.staff.units[said.unit], task__code=said.task)
            .first()
        )
        with self._ago(said.days, 9):
            return obstacles.raise_obstacle(
                unit=self.staff.units[said.unit],
                by=self._as(self.staff.reporters[said.unit], Role.REPORTER),
                text=said.text,
                proposal=said.proposal,
                report=report,
            )

    def _pass_on(self, obstacle: Obstacle, days: int, note: str) -> None:
        with self._ago(days, 10):
            obstacles.pass_on(
                obstacle=obstacle,
                by=self._as(self.staff.coordinator, Role.COORDINATOR),
                note=note,
            )

    def _direct(
        self, obstacle: Obstacle, days: int, text: str, *, owner: str, due: int
    ) -> Direction:
        with self._ago(days, 16):
            made = obstacles.direct(
                obstacle=obstacle,
                by=self._as(self.leader, Role.LEADER),
                leader=self.leader,
                directions=[
                    NewDirection(
                        text=text,
                        owner=self.staff.units[owner],
                        due_on=self.today + dt.timedelta(days=due),
                    )
                ],
            )
        return made[0]
