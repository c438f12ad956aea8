"""The points of a year again, from the files alone: plain Python, nothing of the product imported.

``recompute(plan, criteria, results, year, …)`` takes the parsed YAML of ``cchc-plan/1``,
``cchc-criteria/1`` and ``cchc-results/1`` and follows the text of FORMATS and R29 word by word.
Where the product reasons (spans, exact ends), this tries out values instead.
"""

import datetime as dt
from fractions import Fraction as F

NONE, MISSING, EMPTY = "not reported", "not issued", "not arising"
COMPARE = {
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "=": lambda a, b: a == b,
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
}
TINY = F(1, 10**9)


def members(plan, names):
    groups = {group["code"]: group["members"] for group in plan["groups"]}
    return {unit for name in names for unit in groups.get(name, [name])}


def owing(plan):
    """(unit, task) of every report owed: lead and implement."""
    owed = set()
    for area in plan["areas"]:
        for task in area["tasks"]:
            roles = {**area.get("assignments", {}), **task.get("assignments", {})}
            for role in ("lead", "implement"):
                owed |= {(unit, task["code"]) for unit in members(plan, roles.get(role, []))}
    return owed


def indicators(plan):
    return {
        indicator["code"]: {**indicator, "task": task["code"]}
        for area in plan["areas"]
        for task in area["tasks"]
        for indicator in task["indicators"]
    }


def day(value):
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)


def together(indicator, answers):
    """One value from the units' answers: a number pair, a number, a bool, a day, or one of the words."""
    answers = [a for a in answers if not a.get("not_ours")]
    if not answers:
        return NONE
    kind = indicator["kind"]

    def is_empty(answer):
        return answer.get("not_arising") or (kind == "ratio" and F(answer["denominator"]) == 0)

    arising = [a for a in answers if not is_empty(a)]
    if not arising:
        return EMPTY
    if kind == "ratio":
        return tuple(sum(F(a[part]) for a in arising) for part in ("numerator", "denominator"))
    if kind in ("count", "amount"):
        return sum(F(a["value"]) for a in arising)
    if kind == "boolean":
        return all(a["value"] for a in arising)
    part = "issued_on" if kind == "document" else "value"
    days = [day(a[part]) for a in arising if not a.get("missing")]
    return max(days) if days else MISSING


def quarter_end(due, year):
    month = 3 * due["quarter"]
    following = dt.date(year + due.get("year_offset", 0) + month // 12, month % 12 + 1, 1)
    return following - dt.timedelta(days=1)


def number(kind, value):
    return 100 * value[0] / value[1] if kind == "ratio" else value


class Year:
    """One year's figures, from some states of reports."""

    def __init__(self, plan, results, year, states, before=None):
        self.year, self.indicators = year, indicators(plan)
        answers = {code: [] for code in self.indicators}
        accepted, owed = {}, {}
        for unit, task in owing(plan):
            owed.setdefault(task, set()).add(unit)
        for report in results["reports"]:
            if report["state"] in states:
                for code, answer in report.get("values", {}).items():
                    answers[code].append(answer)
            if report["state"] == "accepted":
                accepted.setdefault(report["task"], set()).add(report["unit"])
        self.values = {
            code: together(indicator, answers[code]) for code, indicator in self.indicators.items()
        }
        self.done = {
            code: accepted.get(i["task"], set()) >= owed[i["task"]]
            for code, i in self.indicators.items()
        }
        self.before = before.values if before else {}

    def wanted(self, code):
        """The number a target asks for; None where the year before has none."""
        target = self.indicators[code]["target"]
        if target != "previous_year":
            return F(target)
        value = self.before.get(code, NONE)
        if value in (NONE, EMPTY, MISSING):
            return None
        return number(self.indicators[code]["kind"], value)

    def meets(self, code):
        indicator, value = self.indicators[code], self.values[code]
        kind = indicator["kind"]
        if kind == "boolean":
            return value is True
        if kind in ("document", "date"):
            due = indicator.get("due")
            return value != MISSING and not (due and value > quarter_end(due, self.year))
        wanted = self.wanted(code)
        return wanted is not None and COMPARE[indicator["op"]](number(kind, value), wanted)

    def holds(self, code):
        kind, value = self.indicators[code]["kind"], self.values[code]
        if kind in ("document", "date"):
            return value != MISSING
        return self.meets(code)

    def tries(self, code, bounds):
        """Numbers worth trying for an open figure: those that meet its target, around every bound."""
        indicator = self.indicators[code]
        if indicator["kind"] == "count":
            numbers = [F(n) for n in range(401)]
        else:
            around = [F(b) for b in bounds] + [F(0), F(100), F(10**6)]
            wanted = self.wanted(code) if indicator.get("target") else None
            around += [] if wanted is None else [wanted]
            numbers = [b + step for b in around for step in (-TINY, 0, TINY)]
        if indicator["kind"] == "ratio" and not indicator.get("may_exceed"):
            numbers = [n for n in numbers if n <= 100]
        if indicator.get("target"):
            wanted = self.wanted(code)
            if wanted is not None:
                numbers = [n for n in numbers if COMPARE[indicator["op"]](n, wanted)]
        return [n for n in numbers if n >= 0]


def codes_of(rule):
    if rule["type"] == "boolean":
        return rule["all_of"]
    if rule["type"] == "count":
        return rule["indicators"]
    if rule["type"] == "deduction":
        return [event["indicator"] for event in rule["events"]]
    return [rule["indicator"]] if "indicator" in rule else []


def by_percent(rule, top, percent):
    if "floor" in rule and percent < F(rule["floor"]):
        return F(0)
    return min(top, top * percent / F(rule["full"]))


def by_tiers(rule, value):
    for tier in rule["tiers"]:
        if COMPARE[tier["op"]](value, F(tier["at"])):
            return F(tier["points"])
    return F(rule["otherwise"])


def by_rule(leaf, data):
    """(points before they are held, state)."""
    rule, top = leaf["rule"], F(leaf["max"])
    if rule["type"] == "manual":
        return F(0), "waiting_manual"
    codes = codes_of(rule)
    arising = [code for code in codes if data.values[code] != EMPTY]
    if not arising:
        return F(0), "not_applicable"
    known = [code for code in arising if data.values[code] != NONE]
    kind = rule["type"]
    if kind == "boolean":
        if not all(data.holds(code) for code in known):
            return F(0), "scored"
        return (top, "scored") if len(known) == len(arising) else (F(0), "not_reported")
    if not known:
        return F(rule["missing"]) if kind == "date" else F(0), "not_reported"
    if kind == "count":
        total = F(0)
        for code in known:
            value = data.values[code]
            counts = data.indicators[code]["kind"] in ("count", "amount")
            total += value if counts else int(data.holds(code))
        return total * F(rule["each"]), "scored"
    if kind == "deduction":
        points = F(rule["start"])
        for event in rule["events"]:
            if event["indicator"] in known:
                value = data.values[event["indicator"]]
                if event["count"] == "shortfall":
                    value = max(F(0), value[1] - value[0])
                points -= value * F(event["points"])
        return points, "scored"
    code = codes[0]
    value = data.values[code]
    if kind == "target":
        ratio = data.indicators[code]["kind"] in ("ratio", "count", "amount")
        unknown = ratio and data.wanted(code) is None
        return (top if data.meets(code) else F(0)), "no_previous" if unknown else "scored"
    if kind == "date":
        if value == MISSING:
            return F(rule["missing"]), "scored"
        due = quarter_end(rule.get("due") or data.indicators[code]["due"], data.year)
        return F(rule["on_time"] if value <= due else rule["late"]), "scored"
    value = number(data.indicators[code]["kind"], value)
    return (by_percent(rule, top, value) if kind == "ratio" else by_tiers(rule, value)), "scored"


def at_best(leaf, data):
    """(points before they are held, state) if every figure not yet accepted meets its target."""
    rule, top = leaf["rule"], F(leaf["max"])
    codes = codes_of(rule)
    if rule["type"] == "manual":
        return top, "scored"
    open_codes = [code for code in codes if not data.done[code]]
    if not open_codes:
        return by_rule(leaf, data)
    kind = rule["type"]
    fixed = [c for c in codes if data.done[c] and data.values[c] != EMPTY]
    if kind == "boolean":
        good = all(data.values[c] != NONE and data.holds(c) for c in fixed)
        return (top if good else F(0)), "scored"
    if kind == "target":
        return top, "scored"
    if kind == "date":
        return max(F(rule["on_time"]), F(rule["late"])), "scored"
    if kind == "ratio":
        tried = data.tries(codes[0], [rule["full"], rule.get("floor", "0")])
        return max(by_percent(rule, top, n) for n in tried), "scored"
    if kind == "tiers":
        tried = data.tries(codes[0], [tier["at"] for tier in rule["tiers"]])
        return max(by_tiers(rule, n) for n in tried), "scored"
    total = F(0) if kind == "count" else F(rule["start"])
    for part in [{"indicator": c} for c in codes] if kind == "count" else rule["events"]:
        code = part["indicator"]
        value, own = data.values[code], data.indicators[code]["kind"]
        if kind == "count":
            each = F(rule["each"])
            if code in open_codes:
                many = data.tries(code, []) if own in ("count", "amount") else [F(1)]
                total += max(n * each for n in many)
            elif value not in (NONE, EMPTY):
                total += each * (value if own in ("count", "amount") else int(data.holds(code)))
        else:
            off = F(part["points"])
            if code in open_codes:
                fewest = min(data.tries(code, [])) if part["count"] == "value" else F(0)
                total -= off * (fewest if fewest > 0 else 0)
            elif value not in (NONE, EMPTY):
                short = value if part["count"] == "value" else max(F(0), value[1] - value[0])
                total -= off * short
    return total, "scored"


def leaves_of(criteria):
    def below(node):
        children = node.get("criteria") or node.get("children")
        if not children:
            yield node
        for child in children or []:
            yield from below(child)

    return [leaf for field in criteria["fields"] for leaf in below(field)]


def decided(leaf, points, state, entry, policy):
    """(points or None where the leaf is left out, state)."""
    top, low = F(leaf["max"]), F(leaf.get("min", "0"))
    if "appraised" in entry:
        return F(entry["appraised"]), "appraised"
    out = entry.get("not_applicable")
    if leaf.get("kind") == "survey" and not out:
        return (F(entry["survey"]), "surveyed") if "survey" in entry else (None, "waiting_survey")
    if not out and "override" in entry:
        return F(entry["override"]), "override"
    if out or state == "not_applicable":
        return {"exclude": None, "full": top, "zero": F(0)}[policy], "not_applicable"
    return min(top, max(low, points)), state


def percent(pairs):
    top = sum(top for points, top in pairs if points is not None)
    return 100 * sum(points for points, _ in pairs if points is not None) / top if top else None


def recompute(plan, criteria, results, year, *, history=None, proofs=()):
    """Everything ``manage.py score`` prints, as fractions. ``proofs``: (unit, task, indicator or None)."""
    policy = criteria.get("not_applicable", "exclude")
    before = Year(plan, history, year - 1, {"accepted"}) if history else None
    now = Year(plan, results, year, {"accepted"}, before)
    sent = Year(plan, results, year, {"accepted", "submitted"}, before)
    unproved = {
        code
        for report in results["reports"]
        if report["state"] == "accepted"
        for code, answer in report.get("values", {}).items()
        if not {"missing", "not_arising", "not_ours"} & answer.keys()
        and answer.get("value") is not False
        and "issued_on" not in answer
        and not {(report["unit"], report["task"], code), (report["unit"], report["task"], None)}
        & set(proofs)
    }
    entries = {score["criterion"]: score for score in results.get("scores", [])}
    found, looks = {}, {"index": [], "secured": [], "expected": [], "reachable": []}
    for leaf in leaves_of(criteria):
        entry, top = entries.get(leaf["code"], {}), F(leaf["max"])
        survey = leaf.get("kind") == "survey"

        def look(how, data, leaf=leaf, entry=entry, survey=survey):
            points, state = (F(0), "") if survey else how(leaf, data)
            return decided(leaf, points, state, entry, policy)

        points, state = look(by_rule, now)
        found[leaf["code"]] = (points, state)
        codes = [] if survey else codes_of(leaf["rule"])
        proved = not leaf.get("evidence") or not unproved & set(codes)
        if state in ("appraised", "surveyed"):
            sure = True
        elif not codes:
            sure = state in ("override", "not_applicable")
        else:
            sure = proved and all(now.done[code] for code in codes)
        looks["index"].append((points, top))
        looks["secured"].append((points if sure or points is None else F(0), top))
        looks["expected"].append((look(by_rule, sent)[0], top))
        looks["reachable"].append((look(at_best, now)[0], top))
    answer = {name: percent(pairs) for name, pairs in looks.items()}
    extra = {"bonus": F(0), "penalty": F(0)}
    for one in results.get("adjustments", []):
        extra[one["kind"]] += F(one["points"])
    caps = criteria.get("adjustments", {})
    for kind in extra:
        if f"{kind}_cap" in caps:
            extra[kind] = min(extra[kind], F(caps[f"{kind}_cap"]))
    index = answer["index"]
    answer["total"] = None if index is None else index + extra["bonus"] - extra["penalty"]
    bands = criteria.get("bands", [])
    answer["band"] = next(
        (b["name"] for b in bands if index is not None and COMPARE[b["op"]](index, F(b["at"]))),
        None,
    )
    return {**answer, "criteria": found}
