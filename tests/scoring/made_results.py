"""Made-up years in the form of the files: a wider plan, a set with every kind of rule, seeded results; fed to the database."""

import copy
import datetime as dt
import random
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import yaml
from django.db import connection, transaction
from django.utils import timezone
from recompute import indicators, leaves_of, owing

from accounts.history import Actor
from plans.importing import import_plan
from plans.models import Indicator, Period, Plan
from scoring.criteria_importing import import_criteria
from scoring.models import Adjustment, Criterion, LeafScore, Scorecard
from tasks.models import Answer, Document, Evidence, Report
from tasks.periods import open_period

ROOT = Path(__file__).resolve().parents[2]
SYSTEM = Actor.system("kiểm thử")
SENT_AT = dt.datetime(2019, 11, 15, 16, 20, tzinfo=timezone.get_default_timezone())


def load(name):
    return yaml.safe_load((ROOT / "data" / name).read_text())


def wide_plan():
    """The plan of the Sở with a ninth area whose indicators are of the kinds and targets that it lacks."""
    plan = load("plan-2019-2020.yaml")
    of = {
        "9.1": [
            {"code": "9.1-a", "kind": "amount", "op": ">=", "target": "250.5"},
            {"code": "9.1-b", "kind": "count", "op": "<=", "target": "3"},
            {"code": "9.1-c", "kind": "count", "op": "<", "target": "4"},
            {"code": "9.1-d", "kind": "date", "due": {"quarter": 4, "year_offset": -1}},
            {"code": "9.1-e", "kind": "ratio", "op": "<=", "target": "5"},
            {"code": "9.1-f", "kind": "ratio", "may_exceed": True},
        ],
        "9.2": [
            {"code": "9.2-a", "kind": "count", "op": ">", "target": "previous_year"},
            {"code": "9.2-b", "kind": "count", "op": "=", "target": "2"},
            {"code": "9.2-c", "kind": "amount"},
            {"code": "9.2-d", "kind": "ratio", "op": ">", "target": "10"},
            {"code": "9.2-e", "kind": "count", "op": ">=", "target": "1"},
            {"code": "9.2-f", "kind": "ratio", "op": ">=", "target": "previous_year"},
        ],
    }
    plan["areas"].append(
        {
            "code": "9",
            "name": "Lĩnh vực thử",
            "assignments": {"lead": ["VP"], "implement": ["DVTT"]},
            "tasks": [
                {
                    "code": code,
                    "title": f"Nhiệm vụ {code}",
                    "indicators": [{**one, "name": f"Chỉ tiêu {one['code']}"} for one in several],
                }
                for code, several in of.items()
            ],
        }
    )
    return plan


def wide_criteria(policy):
    """Every kind of rule on every kind of indicator, with floors, negative minima and odd fulls."""

    def leaf(n, top, rule, **more):
        name = {"code": f"A.{n}", "name": f"Tiêu chí {n}", "max": top, "rule": rule}
        return {"evidence": ["Báo cáo"], **name, **more}

    def tiers(code, *steps, otherwise="0"):
        of = [{"op": op, "at": at, "points": points} for op, at, points in steps]
        return {"type": "tiers", "indicator": code, "tiers": of, "otherwise": otherwise}

    def event(code, points, count="value"):
        return {"indicator": code, "count": count, "points": points}

    leaves = [
        leaf(1, "2", {"type": "boolean", "all_of": ["9.2-d", "9.1-a", "1.4-b", "9.1-d"]}),
        leaf(2, "1.25", {"type": "ratio", "indicator": "9.1-f", "floor": "30", "full": "95.5"}),
        leaf(3, "1.5", {"type": "ratio", "indicator": "9.1-e", "full": "100"}),
        leaf(4, "3", tiers("9.1-b", ("<=", "0", "3"), ("<=", "3", "1.5")), min="-1"),
        leaf(
            5,
            "2",
            tiers("9.1-a", (">", "1000.25", "2"), (">", "250.5", "0.75"), otherwise="-0.5"),
            min="-0.5",
        ),
        leaf(6, "2", tiers("9.2-b", ("=", "2", "2"), (">", "2", "0.5"))),
        leaf(7, "4", {"type": "count", "indicators": ["9.1-c", "9.1-b"], "each": "0.75"}),
        leaf(8, "4", {"type": "count", "indicators": ["9.2-c", "9.1-d", "1.4-b"], "each": "0.01"}),
        leaf(9, "1", {"type": "count", "indicators": ["9.2-e"], "each": "-0.25"}, min="-2"),
        leaf(
            10,
            "3",
            {
                "type": "deduction",
                "start": "3",
                "events": [event("9.1-c", "0.5"), event("9.2-f", "0.1", "shortfall")],
            },
            min="-1.5",
        ),
        leaf(11, "5", {"type": "deduction", "start": "6.5", "events": [event("9.2-e", "0.3333")]}),
        leaf(12, "1", {"type": "target", "indicator": "9.2-a"}),
        leaf(13, "1", {"type": "target", "indicator": "9.2-f"}),
        leaf(14, "1", {"type": "target", "indicator": "9.1-d"}),
        leaf(
            15,
            "2",
            {"type": "date", "indicator": "9.1-d", "on_time": "2", "late": "0", "missing": "-2"},
            min="-1",
        ),
        leaf(16, "2", {"type": "manual"}),
        leaf(17, "1", tiers("9.2-a", (">=", "10", "1"), (">=", "2", "0.4"))),
        leaf(18, "1", {"type": "target", "indicator": "5.2-a"}, evidence=[]),
    ]
    survey = {"code": "B.1", "name": "Điều tra", "max": "10", "kind": "survey"}
    return {
        "schema": "cchc-criteria/1",
        "code": f"THU-{policy}",
        "name": "Bộ tiêu chí thử",
        "valid_from": 2019,
        "not_applicable": policy,
        "adjustments": {"bonus_cap": "1.5"},
        "bands": [
            {"op": ">=", "at": "50", "name": "Trên"},
            {"op": "<", "at": "50", "name": "Dưới"},
        ],
        "fields": [
            {"code": "A", "name": "Tự chấm", "criteria": leaves},
            {"code": "B", "name": "Điều tra", "criteria": [survey]},
        ],
    }


def an_answer(rng, indicator):
    """One unit's answer, as a results file has it."""
    kind = indicator["kind"]
    dice = rng.random()
    if dice < 0.08:
        return {"not_ours": True, "reason": "Không thuộc đơn vị"}
    if dice < 0.2:
        return {"not_arising": True, "reason": "Không phát sinh"}
    if kind == "ratio":
        whole = rng.choice([0, 1, 3, 7, 8, 10, 13, 100, 640])
        top = rng.choice([whole, whole, max(whole - 1, 0), rng.randint(0, whole)])
        if whole == 0:
            return {"not_arising": True, "reason": "Không phát sinh"}
        if indicator.get("may_exceed") and rng.random() < 0.3:
            top = whole + rng.randint(1, 5)
        return {"numerator": str(top), "denominator": str(whole)}
    if kind == "count":
        return {"value": str(rng.choice([0, 0, 1, 2, 3, 5, 12]))}
    if kind == "amount":
        return {"value": rng.choice(["0", "125.25", "250.5", "1000.25", "0.0001", "99999.9"])}
    if kind == "boolean":
        return {"value": rng.random() < 0.75}
    if dice < 0.35:
        return {"missing": True}
    around = rng.choice([(2019, 3, 31), (2018, 6, 30), (2018, 12, 31), (2019, 9, 1)])
    when = dt.date(*around) + dt.timedelta(days=rng.choice([-40, -1, 0, 0, 1, 30]))
    if kind == "date":
        return {"value": when}
    number = f"{rng.randint(1, 99)}/KH-SGDĐT"
    return {"number": number, "issued_on": when, "issuer": "Sở GDĐT"}


def make_reports(rng, plan, *, states, filled=0.9):
    of_task = {}
    for code, indicator in indicators(plan).items():
        of_task.setdefault(indicator["task"], []).append((code, indicator))
    reports = []
    for unit, task in sorted(owing(plan)):
        state = rng.choices(list(states), weights=list(states.values()))[0]
        if state == "none":
            continue
        values = {
            code: an_answer(rng, indicator)
            for code, indicator in of_task[task]
            if rng.random() < filled
        }
        reports.append({"unit": unit, "task": task, "state": state, "values": values})
        if state != "draft":
            reports[-1]["submitted_at"] = SENT_AT
    return reports


def make_year(seed, plan, criteria):
    """(results, history or None, proofs) of one made-up year."""
    rng = random.Random(seed)
    accepted = rng.choice([0, 1, 4, 12, 60, 60])
    states = {
        "none": rng.choice([0, 1, 4]),
        "draft": 1,
        "returned": 1,
        "submitted": rng.choice([0, 2, 6]),
        "accepted": accepted,
    }
    reports = make_reports(rng, plan, states=states, filled=rng.choice([0.6, 0.95, 1]))
    results = {
        "schema": "cchc-results/1",
        "agency": plan["agency"]["code"],
        "plan": plan["plan"]["code"],
        "year": 2019,
        "reports": reports,
        "scores": make_scores(rng, criteria) if rng.random() < 0.7 else [],
        "adjustments": [
            {
                "kind": rng.choice(["bonus", "penalty"]),
                "points": rng.choice(["0.5", "1.25", "2.75"]),
                "reason": f"Lý do {n}",
            }
            for n in range(rng.choice([0, 0, 1, 4]))
        ],
    }
    history = None
    if rng.random() < 0.6:
        history = {"reports": make_reports(rng, plan, states={"accepted": 3, "submitted": 1})}
        history["reports"] = [r for r in history["reports"] if r["task"] in {"7.3", "9.2"}]
    proofs = {
        (r["unit"], r["task"], rng.choice([None, *r["values"]]))
        for r in reports
        if r["state"] != "draft" and rng.random() < 0.8
        for _ in range(3)
    }
    return results, history, proofs


def make_scores(rng, criteria):
    scores = []
    for leaf in leaves_of(criteria):
        low, top = Decimal(leaf.get("min", "0")), Decimal(leaf["max"])
        points = [str(low), str(top), str((low + top) / 2), str(round(low + (top - low) / 8, 4))]
        if leaf.get("kind") == "survey":
            if rng.random() < 0.5:
                scores.append({"criterion": leaf["code"], "survey": rng.choice(points)})
            continue
        dice = rng.random()
        entry = {"criterion": leaf["code"]}
        if dice < 0.05:
            entry |= {"not_applicable": True, "reason": "Không có"}
        elif dice < 0.1:
            entry |= {"override": rng.choice(points), "explanation": "Giải trình"}
        if 0.07 < dice < 0.13:
            entry |= {
                "appraised_1": rng.choice(points),
                "appraised": rng.choice(points),
                "note": "Ý kiến",
            }
        if len(entry) > 1:
            scores.append(entry)
    return scores


def write_yaml(path, data):
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False))
    return path


class ScoringOffice:
    """A plan and sets imported from files, the period of 2019 opened, and one of history for 2018."""

    def __init__(self, folder, plan, *criteria):
        import_plan(write_yaml(folder / "plan.yaml", plan), by=SYSTEM)
        self.plan = Plan.objects.get(code=plan["plan"]["code"])
        self.agency = self.plan.agency
        self.sets = [
            import_criteria(
                write_yaml(folder / "criteria.yaml", copy.deepcopy(one)), by=SYSTEM
            ).criteria_set
            for one in criteria
        ]
        open_period(plan=self.plan, year=2019, by=SYSTEM)
        self.period = Period.objects.get(plan=self.plan, year=2019)
        self.before = Period.objects.create(
            plan=self.plan,
            year=2018,
            is_history=True,
            starts_on=dt.date(2018, 1, 1),
            due_before=dt.date(2018, 11, 20),
            closes_on=dt.date(2018, 12, 31),
        )
        self.reports = {
            (r.unit.code, r.task.code): r.pk
            for r in Report.objects.filter(period=self.period).select_related("unit", "task")
        }
        self.units = {unit.code: unit for unit in self.agency.units.all()}
        self.indicators = {i.code: i for i in Indicator.objects.filter(task__area__plan=self.plan)}
        self.documents = {}

    def document(self, value):
        key = (value["number"], value["issued_on"])
        if key not in self.documents:
            self.documents[key] = Document.objects.create(
                agency=self.agency,
                unit=self.units["VP"],
                number=key[0],
                issued_on=key[1],
                issuer="Sở GDĐT",
            )
        return self.documents[key]

    @contextmanager
    def for_a_while(self):
        """Whatever is put or entered inside is gone afterwards, also for the planner of the database."""
        there = dict(self.documents)
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
        self.documents = there

    def put(self, results, history=None, proofs=()):
        """Replace what is stored by ``results``, a row each, quickly."""
        Evidence.objects.all().delete()
        Answer.objects.all().delete()
        Report.objects.filter(period=self.before).delete()
        Report.objects.filter(period=self.period).update(
            state="not_started", first_submitted_at=None, submitted_at=None
        )
        pks = {}
        for report in results["reports"]:
            pks.setdefault(report["state"], []).append(self.reports[report["unit"], report["task"]])
        for state, of in pks.items():
            sent = None if state == "draft" else SENT_AT
            Report.objects.filter(pk__in=of).update(
                state=state, first_submitted_at=sent, submitted_at=sent
            )
        rows = [
            row
            for report in results["reports"]
            for row in self._answers(self.reports[report["unit"], report["task"]], report)
        ]
        for report in history["reports"] if history else []:
            made = Report.objects.create(
                period=self.before,
                unit=self.units[report["unit"]],
                state=report["state"],
                task_id=self._task(report["task"]),
                first_submitted_at=SENT_AT,
                submitted_at=SENT_AT,
            )
            rows += self._answers(made.pk, report)
        Answer.objects.bulk_create(rows)
        proof = self.document({"number": "1/BC", "issued_on": dt.date(2019, 10, 1)})
        Evidence.objects.bulk_create(
            Evidence(
                report_id=self.reports[unit, task],
                document=proof,
                indicator=self.indicators[code] if code else None,
            )
            for unit, task, code in sorted(proofs, key=str)
        )
        if connection.vendor == "postgresql":
            # Rows replaced many times in one transaction: its planner must hear of it.
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE tasks_answer, tasks_report, tasks_evidence, tasks_document")

    def _task(self, code):
        return next(i.task_id for i in self.indicators.values() if i.code.startswith(f"{code}-"))

    def _answers(self, report, entry):
        for code, value in entry["values"].items():
            kind = self.indicators[code].kind
            columns = {"reason": value.get("reason", "")}
            for state in ("missing", "not_arising", "not_ours"):
                if value.get(state):
                    columns["state"] = state
            if "numerator" in value:
                columns |= {part: Decimal(value[part]) for part in ("numerator", "denominator")}
            elif "issued_on" in value:
                columns["document"] = self.document(value)
            elif "value" in value:
                name = {"boolean": "holds", "date": "day"}.get(kind, "amount")
                columns[name] = Decimal(value["value"]) if name == "amount" else value["value"]
            yield Answer(report_id=report, indicator=self.indicators[code], **columns)

    def enter(self, criteria_set, results):
        """Replace the scorecard of 2019 by the points of ``results``."""
        LeafScore.objects.all().delete()
        Adjustment.objects.all().delete()
        card, _ = Scorecard.objects.update_or_create(
            agency=self.agency, year=2019, defaults={"criteria_set": criteria_set}
        )
        leaves = {c.code: c for c in Criterion.objects.filter(criteria_set=criteria_set)}
        for entry in results["scores"]:
            more = {
                k: Decimal(v) if k in {"override", "appraised", "appraised_1", "survey"} else v
                for k, v in entry.items()
                if k != "criterion"
            }
            LeafScore.objects.create(scorecard=card, criterion=leaves[entry["criterion"]], **more)
        for n, one in enumerate(results["adjustments"]):
            Adjustment.objects.create(
                scorecard=card, order=n, **{**one, "points": Decimal(one["points"])}
            )
