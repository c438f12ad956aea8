"""A small year with one of each: a figure with proof and one without, points of the office, a date, a survey; and its people."""

import datetime as dt
from decimal import Decimal

from django.utils import timezone
from made_results import ScoringOffice, load

from accounts.history import Actor
from accounts.models import Role, Unit, User
from scoring import entries
from scoring import scorecard_services as services
from scoring.models import Scorecard
from scoring.scorecards import compute
from scoring.states import Action
from tasks.models import Report

NOW = dt.datetime(2019, 11, 25, 9, tzinfo=timezone.get_default_timezone())
TODAY = NOW.date()
BACKEND = "accounts.backends.EmailBackend"
CRITERIA = {
    "schema": "cchc-criteria/1",
    "code": "NHO",
    "name": "Bộ tiêu chí nhỏ",
    "valid_from": 2019,
    "not_applicable": "exclude",
    "adjustments": {"bonus_cap": "2", "penalty_cap": "3"},
    "bands": [
        {"op": ">=", "at": "90", "name": "Tốt"},
        {"op": ">=", "at": "70", "name": "Khá"},
        {"op": "<", "at": "70", "name": "Trung bình"},
    ],
    "fields": [
        {
            "code": "A",
            "name": "Chỉ đạo",
            "criteria": [
                {
                    "code": "A.1",
                    "name": "Tuyên truyền",
                    "children": [
                        {
                            "code": "A.1.1",
                            "name": "Thực hiện kế hoạch",
                            "max": "1.5",
                            "rule": {
                                "type": "ratio",
                                "indicator": "1.2-a",
                                "floor": "80",
                                "full": "100",
                            },
                            "evidence": ["Báo cáo kết quả"],
                            "scale": "Từ 80% đến 100%: tính theo tỷ lệ; dưới 80%: 0",
                        },
                        {
                            "code": "A.1.2",
                            "name": "Hình thức",
                            "max": "1.5",
                            "rule": {"type": "count", "indicators": ["1.2-b"], "each": "0.5"},
                            "evidence": ["Sản phẩm"],
                        },
                    ],
                },
                {
                    "code": "A.2",
                    "name": "Sáng kiến",
                    "max": "2",
                    "min": "-1",
                    "rule": {"type": "manual"},
                },
                {
                    "code": "A.3",
                    "name": "Kiểm tra",
                    "max": "2",
                    "rule": {"type": "ratio", "indicator": "1.3-a", "full": "100"},
                },
            ],
        },
        {
            "code": "B",
            "name": "Điều tra",
            "criteria": [{"code": "B.1", "name": "Hài lòng", "max": "3", "kind": "survey"}],
        },
    ],
}


def report(task, state="accepted", **values):
    return {"unit": "VP", "task": task, "state": state, "values": values}


RESULTS = {
    "reports": [
        report(
            "1.2",
            **{"1.2-a": {"numerator": "92", "denominator": "100"}, "1.2-b": {"value": "2"}},
        ),
        report("1.3", **{"1.3-a": {"numerator": "1", "denominator": "3"}}),
    ],
    "scores": [],
    "adjustments": [],
}


class CardOffice(ScoringOffice):
    """Reports of 1.2 (its first figure proved) and 1.3 accepted, and a scorecard with nothing in it."""

    def __init__(self, folder, criteria=CRITERIA):
        super().__init__(folder, load("plan-2019-2020.yaml"), criteria)
        self.put(RESULTS, proofs=[("VP", "1.2", "1.2-a")])
        self.set = self.sets[0]
        leaders = Unit.objects.create(agency=self.agency, code="LD", name="Lãnh đạo Sở", order=99)
        self.people = {
            role: User.objects.create_user(
                f"{role}@example.vn", name=f"Họ {role}", unit=unit, roles=[role]
            )
            for role, unit in (
                ("coordinator", self.units["VP"]),
                ("leader", leaders),
                ("head", self.units["TCCB"]),
            )
        }
        self.scorecard = services.begin(
            agency=self.agency, year=2019, criteria_set=self.set, by=self.office
        )

    @property
    def office(self):
        return Actor.of(self.people["coordinator"], role=Role.COORDINATOR)

    @property
    def leader(self):
        return Actor.of(self.people["leader"], role=Role.LEADER)

    @property
    def fresh(self):
        return Scorecard.objects.get(pk=self.scorecard.pk)

    def leaf(self, code):
        return self.set.criteria.get(code=code)

    def card(self):
        return compute(self.period, self.set)

    def score(self, code):
        return next(leaf for leaf in self.card().leaves if leaf.criterion.code == code)

    def complete(self):
        """Nothing keeps it from being approved: the office's points are there, what lacks proof is explained."""
        entries.set_override(
            scorecard=self.fresh,
            criterion=self.leaf("A.2"),
            points=Decimal("1.25"),
            explanation="Có hai sáng kiến",
            by=self.office,
        )
        entries.explain(
            scorecard=self.fresh,
            criterion=self.leaf("A.1.2"),
            explanation="Sản phẩm lưu tại phòng",
            by=self.office,
        )

    def move(self, action, by=None, **fields):
        card = self.fresh
        by = by or (self.leader if action == Action.APPROVE else self.office)
        services.move(scorecard=card, action=action, by=by, **fields)
        return card

    def approve(self):
        self.complete()
        return self.move(Action.APPROVE, confirmed=True)

    def send(self):
        self.approve()
        return self.move(Action.SEND, sent_number="12/BC-SGDĐT", sent_on=TODAY)

    def change_figure(self, numerator, denominator="100"):
        """Report 1.2 now says something else, as after a correction."""
        Report.objects.get(pk=self.reports["VP", "1.2"]).answers.filter(
            indicator=self.indicators["1.2-a"]
        ).update(numerator=Decimal(numerator), denominator=Decimal(denominator))
