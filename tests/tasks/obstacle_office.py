"""The office of the obstacle tests: the reporting one, with a deputy director, a second leader and a second coordinator."""

import datetime as dt

from django.urls import reverse
from report_office import Office as Reporting

from accounts.models import Mail, Role, Unit
from tasks import obstacles
from tasks.obstacles import NewDirection

DUE = dt.date(2019, 11, 18)
TEXT = "Thiếu kinh phí số hóa hồ sơ."


class Office(Reporting):
    def __init__(self, code="SGDDT", **kwargs):
        super().__init__(code, **kwargs)
        self.deputy = self.person("LD", "Lý Phó", "leader")
        self.second = self.person("VP", "Mai Hai", "coordinator")

    def in_charge(self, unit="TCCB"):
        Unit.objects.filter(pk=self.units[unit].pk).update(deputy_director=self.deputy)
        self.units[unit].refresh_from_db()

    def raised(self, text=TEXT, **columns):
        return obstacles.raise_obstacle(
            unit=self.units["TCCB"], by=self.by(self.writer, Role.REPORTER), text=text, **columns
        )

    def passed_on(self, **columns):
        obstacle = self.raised(**columns)
        assert obstacles.pass_on(
            obstacle=obstacle,
            by=self.by(self.coordinator, Role.COORDINATOR),
            note="Đề nghị xem xét.",
        )
        return obstacle

    def directed(self, owner="KHTC", due_on=DUE, **columns):
        obstacle = self.passed_on(**columns)
        self.direct(obstacle, owner=owner, due_on=due_on)
        return obstacle

    def direct(self, obstacle, *, owner="KHTC", due_on=DUE, text="Bố trí kinh phí."):
        return obstacles.direct(
            obstacle=obstacle,
            by=self.by(self.leader, Role.LEADER),
            leader=self.leader,
            directions=[NewDirection(text=text, owner=self.units[owner], due_on=due_on)],
        )

    def finish(self, obstacle):
        for direction in obstacle.directions.select_related("owner", "leader", "obstacle__unit"):
            obstacles.finish(direction=direction, by=self.by(self.other_head), note="Đã bố trí.")

    def closed(self, **columns):
        obstacle = self.directed(**columns)
        self.finish(obstacle)
        assert obstacles.close(
            obstacle=obstacle, by=self.by(self.coordinator, Role.COORDINATOR), outcome="Đã xong."
        )
        return obstacle


def told(event):
    """Who was told of an event, in order of names; once each, or it fails."""
    people = list(
        Mail.objects.filter(kind=f"obstacle_{event}").values_list("user__name", flat=True)
    )
    assert len(people) == len(set(people)), people
    return sorted(people)


def detail(obstacle):
    return reverse("obstacle_detail", args=[obstacle.pk])


def does(name, obstacle, *more):
    return reverse(name, args=[obstacle.pk, *more])
