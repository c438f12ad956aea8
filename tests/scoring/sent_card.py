"""A card that was sent: an office with results, the people, and what the tests of the appraisal do with it."""

import datetime as dt
from decimal import Decimal

from django.urls import reverse
from django.utils import timezone
from made_results import ScoringOffice, load

from accounts.history import Actor
from accounts.models import Unit, User
from scoring.frozen import freeze
from scoring.models import LeafScore, Scorecard
from scoring.scorecards import compute

NOW = dt.datetime(2020, 1, 20, 9, tzinfo=timezone.get_default_timezone())
BACKEND = "accounts.backends.EmailBackend"


def pair(top, whole):
    return {"numerator": str(top), "denominator": str(whole)}


RESULTS = {
    "reports": [
        {
            "unit": "VP",
            "task": "1.2",
            "state": "accepted",
            "values": {"1.2-a": pair(92, 100), "1.2-b": {"value": "3"}},
        },
        {
            "unit": "VP",
            "task": "1.3",
            "state": "accepted",
            "values": {"1.3-a": pair(2, 3)},
        },
        {"unit": "VP", "task": "8.2", "state": "accepted", "values": {"8.2-a": pair(9, 100)}},
        {"unit": "TCCB", "task": "4.1", "state": "accepted", "values": {"4.1-a": {"value": True}}},
        {"unit": "TCCB", "task": "4.3", "state": "accepted", "values": {"4.3-a": pair(4, 4)}},
    ],
    "scores": [],
    "adjustments": [],
}


class SentOffice(ScoringOffice):
    """The scorecard of 2019 as it was sent; ``people`` by role."""

    def __init__(self, folder):
        super().__init__(folder, load("plan-2019-2020.yaml"), load("criteria-sample.yaml"))
        self.put(RESULTS)
        self.criteria_set = self.sets[0]
        leaders = Unit.objects.create(agency=self.agency, code="LD", name="Lãnh đạo Sở", order=99)
        self.people = {
            name: User.objects.create_user(
                f"{name}@example.vn", name=f"Họ {name}", unit=unit, roles=[role]
            )
            for name, role, unit in (
                ("coordinator", "coordinator", self.units["VP"]),
                ("second", "coordinator", self.units["VP"]),
                ("leader", "leader", leaders),
                ("head", "head", self.units["TCCB"]),
            )
        }
        self.card = Scorecard.objects.create(
            agency=self.agency,
            year=2019,
            criteria_set=self.criteria_set,
            state="sent",
            sent_number="45/BC-SGDĐT",
            sent_on=dt.date(2019, 12, 20),
            sent=freeze(compute(self.period, self.criteria_set)),
        )
        self.leaves = {c.code: c for c in self.criteria_set.criteria.exclude(kind="")}
        self.own = [code for code, leaf in self.leaves.items() if not leaf.is_survey]

    def by(self, name="coordinator"):
        return Actor.of(self.people[name])

    def enter(self, code, **values):
        """Write fields of one criterion past the services."""
        score, _ = LeafScore.objects.get_or_create(scorecard=self.card, criterion=self.leaves[code])
        for name, value in values.items():
            number = name in {"appraised", "appraised_1", "survey"} and value is not None
            setattr(score, name, Decimal(value) if number else value)
        score.save()
        return score

    def score(self, code):
        return LeafScore.objects.filter(
            scorecard=self.card, criterion=self.leaves[code]
        ).first() or LeafScore(criterion=self.leaves[code])

    def state(self, state):
        Scorecard.objects.filter(pk=self.card.pk).update(state=state)
        self.card.refresh_from_db()

    def name(self, code, field):
        """The name of one input of the page."""
        return f"d{self.leaves[code].pk}-{field}"

    def go(self, client, name, *args, who="coordinator", data=None, **query):
        client.force_login(self.people[who], backend=BACKEND)
        address = reverse(name, args=args)
        if data is not None:
            return client.post(address, data)
        return client.get(address, query)


def words(answer):
    return " ".join(answer.content.decode().split())
