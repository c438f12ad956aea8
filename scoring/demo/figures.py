"""What the demo office's units answer, as values of ``cchc-results/1``.

Most targets are met, some are visibly not (8.2-a: 9,8% against «>10%»), a few figures do not arise.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scoring.demo.clock import working_day
from scoring.demo.texts import DOCUMENTS

if TYPE_CHECKING:
    import random

    from plans.models import Indicator

ISSUER = "Sở GDĐT"
# Ratio → how large the whole is in one unit, from … to ….
WHOLES: dict[str, tuple[int, int]] = {
    "1.1-d": (4, 4),
    "1.2-a": (12, 12),
    "1.3-a": (7, 7),
    "1.4-a": (61, 61),
    "2.2-a": (4, 9),
    "2.2-b": (2, 3),
    "3.1-b": (3, 6),
    "3.1-c": (1, 4),
    "3.2-a": (6, 18),
    "3.3-a": (6, 18),
    "3.5-a": (9, 18),
    "4.2-b": (5, 5),
    "4.3-a": (6, 6),
    "5.1-k": (10, 10),
    "5.3-a": (1874, 1874),
    "7.1-b": (6, 12),
    "7.1-c": (640, 2300),
    "7.1-d": (410, 1500),
    "7.1-e": (6, 13),
    "7.2-a": (3, 8),
    "7.3-a": (4, 11),
    "7.3-b": (90, 420),
}
# The one-stop desk, the same in both of its units' reports: numerator and denominator by unit.
DESK = {
    ("8.1-a", "VP"): (74, 74),
    ("8.1-a", "TCCB"): (12, 12),
    ("8.1-b", "VP"): (898, 900),
    ("8.1-b", "TCCB"): (100, 100),
    ("8.2-a", "VP"): (88, 900),
    ("8.2-a", "TCCB"): (10, 100),
    ("8.3-a", "VP"): (455, 500),
    ("8.3-a", "TCCB"): (91, 100),
}
NOT_OURS = (
    "Trang thông tin điện tử của Sở do Phòng Quản lý chất lượng – Công nghệ thông tin quản trị"
)
NOT_ARISING = {
    ("3.1-c", "GDMN"): "Qua rà soát không phát hiện vấn đề cần xử lý",
    ("3.1-c", "CTTT"): "Qua rà soát không phát hiện vấn đề cần xử lý",
    ("3.5-a", "CTTT"): "Phòng không có thủ tục thuộc diện cắt giảm thời gian",
    ("7.3-b", "CTTT"): "Trong năm không phát sinh hồ sơ của các thủ tục thuộc phòng",
}


@dataclass(frozen=True)
class Year:
    """One year's own features. ``opens``–``ends``: the days from which its papers are dated."""

    opens: dt.date
    ends: dt.date
    training_plan: dt.date  # 5.2-a, due in the second quarter of the year before (R10)
    online: float  # the share of 7.3-b
    desk: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    short: dict[tuple[str, str], int] = field(default_factory=dict)  # how many of the whole miss
    not_done: frozenset[tuple[str, str]] = frozenset()
    missing: frozenset[tuple[str, str]] = frozenset()

    def day(self, part: float) -> dt.date:
        """A working day after ``part`` of the span."""
        span = (self.ends - self.opens).days
        return max(self.opens, working_day(self.opens + dt.timedelta(days=round(span * part))))


def year_2019() -> Year:
    return Year(
        opens=dt.date(2019, 1, 2),
        ends=dt.date(2019, 10, 31),
        training_plan=dt.date(2018, 6, 25),
        online=0.31,
        short={
            ("1.4-a", "VP"): 2,
            ("2.2-a", "QLCL"): 1,
            ("3.2-a", "GDTX"): 1,
            ("7.1-d", "CTTT"): 37,
            ("7.1-e", "GDTX"): 1,
        },
        not_done=frozenset({("7.2-b", "QLCL"), ("7.5-a", "GDTX")}),
    )


def year_2020() -> Year:
    return Year(
        opens=dt.date(2020, 1, 2),
        ends=dt.date(2020, 10, 31),
        training_plan=dt.date(2019, 7, 12),
        online=0.36,
        desk={
            ("8.1-b", "VP"): (912, 912),
            ("8.2-a", "VP"): (104, 912),
            ("8.3-a", "VP"): (468, 500),
        },
        short={("3.3-a", "GDTrH"): 2, ("7.1-b", "GDTH"): 1},
        not_done=frozenset({("5.1-h", "TCCB")}),
        missing=frozenset({("1.1-c", "VP")}),
    )


def this_year(year: int, opens: dt.date, ends: dt.date) -> Year:
    return Year(
        opens=opens,
        ends=ends,
        training_plan=working_day(dt.date(year - 1, 6, 24)),
        online=0.52,
        short={("1.4-a", "VP"): 1, ("3.2-a", "GDTX"): 2, ("7.1-b", "QLCL"): 1},
        missing=frozenset({("6.1-c", "KHTC")}),
    )


def answer(rng: random.Random, indicator: Indicator, unit: str, year: Year) -> dict[str, Any]:
    """One unit's value of one indicator."""
    key = (indicator.code, unit)
    if key in NOT_ARISING:
        return {"not_arising": True, "reason": NOT_ARISING[key]}
    if key in year.missing:
        return {"missing": True}
    match indicator.kind:
        case "ratio":
            above, below = _ratio(rng, indicator.code, unit, year)
            return {"numerator": str(above), "denominator": str(below)}
        case "count":
            return {"value": "6" if indicator.code == "1.2-b" else str(rng.randint(0, 3))}
        case "boolean":
            if indicator.code == "7.2-b" and unit != "QLCL":
                return {"not_ours": True, "reason": NOT_OURS}
            return {"value": key not in year.not_done}
    number, paper, part = DOCUMENTS[indicator.code]
    day = year.training_plan if indicator.code == "5.2-a" else year.day(part)
    return {"number": f"{number}/{paper}", "issued_on": day, "issuer": ISSUER}


def _ratio(rng: random.Random, code: str, unit: str, year: Year) -> tuple[int, int]:
    if (code, unit) in DESK:
        return year.desk.get((code, unit), DESK[code, unit])
    below = rng.randint(*WHOLES[code])
    if code == "3.5-a":
        return round(below * 0.34 + 0.5), below
    if code == "5.1-k":
        return below + 1, below  # above the plan: the indicator may exceed 100 %
    if code == "7.3-b":
        return round(below * (year.online + rng.uniform(-0.04, 0.04))), below
    return below - year.short.get((code, unit), 0), below
