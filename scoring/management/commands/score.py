from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.arguments import year
from accounts.models import Agency
from plans.models import Period
from plans.numbers import round_half_up, show_number
from scoring.rules import show_points
from scoring.scorecards import Card, compute, set_for
from scoring.totals import digits

if TYPE_CHECKING:
    from fractions import Fraction

    from scoring.models import CriteriaSet


class Command(BaseCommand):
    help = "Tính điểm của cơ quan trong một năm theo một bộ tiêu chí."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--agency", required=True, help="mã cơ quan, ví dụ SGDDT")
        parser.add_argument("--year", required=True, type=year, help="năm chấm điểm")
        parser.add_argument(
            "--criteria",
            help="mã bộ tiêu chí; mặc định là bộ của phiếu điểm năm đó, hoặc bộ mới nhất",
        )
        parser.add_argument("--plan", help="mã kế hoạch, cần khi năm đó có nhiều kế hoạch")
        parser.add_argument("--json", action="store_true", help="in một dòng JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        agency = Agency.objects.filter(code=options["agency"]).first()
        if agency is None:
            raise CommandError(f"Không có cơ quan mã «{options['agency']}».")
        criteria_set = find_set(agency, options["criteria"], options["year"])
        card = compute(find_period(agency, options["year"], options["plan"]), criteria_set)
        if options["json"]:
            self.stdout.write(json.dumps(as_data(card), ensure_ascii=False))
        else:
            self._say(card)

    def _say(self, card: Card) -> None:
        self.stdout.write(f"{card.criteria_set} – năm {card.year}")
        for leaf in card.leaves:
            # Read by scripts: an ordinary minus.
            points = show_points(leaf.now.points).replace("−", "-") if leaf.now.counts else "–"
            self.stdout.write(
                f"{leaf.criterion.code:8} {points:>7} / {show_points(leaf.now.maximum):<5} {leaf.how}"
            )
        for name, value in (
            ("Điểm đã chắc chắn", card.secured),
            ("Dự kiến", card.expected),
            ("Còn có thể đạt", card.reachable),
            ("Tổng sau thưởng, trừ", card.total),
        ):
            self.stdout.write(f"{name}: {shown(value)}")
        band = f" ({card.band.name})" if card.band else ""
        self.stdout.write(f"Chỉ số: {shown(card.index)}{band}")


def find_set(agency: Agency, code: str | None, year: int) -> CriteriaSet:
    if code is None:
        found = set_for(agency, year)
        if found is None:
            raise CommandError(f"Cơ quan chưa có bộ tiêu chí nào áp dụng cho năm {year}.")
        return found
    found = agency.criteria_sets.filter(code=code).first()
    if found is None:
        codes = ", ".join(agency.criteria_sets.order_by("code").values_list("code", flat=True))
        raise CommandError(f"Không có bộ tiêu chí mã «{code}» (hiện có: {codes or 'chưa có'}).")
    if found.is_draft:
        raise CommandError(f"Bộ tiêu chí «{code}» đang soạn, chưa dùng để chấm điểm được.")
    return found


def find_period(agency: Agency, year: int, plan_code: str | None) -> Period:
    """The final period of ``year``, opened or not: one without results has no points yet."""
    periods = Period.objects.filter(plan__agency=agency, kind=Period.FINAL)
    if plan_code:
        if not agency.plans.filter(code=plan_code).exists():
            raise CommandError(f"Cơ quan {agency.code} không có kế hoạch mã «{plan_code}».")
        periods = periods.filter(plan__code=plan_code)
    found = list(periods.filter(year=year).select_related("plan").order_by("plan__code"))
    if not found:
        years = ", ".join(map(str, sorted(set(periods.values_list("year", flat=True)))))
        raise CommandError(f"Năm {year} không có kỳ báo cáo (các năm có kỳ: {years or 'chưa có'}).")
    # A year before a plan's first is history of that plan, and may be a plan year of an earlier one.
    found = [period for period in found if not period.is_history] or found
    if len(found) > 1:
        codes = ", ".join(period.plan.code for period in found)
        raise CommandError(f"Năm {year} có nhiều kế hoạch; hãy thêm --plan MÃ (các mã: {codes}).")
    return found[0]


def shown(value: Fraction | None) -> str:
    return "chưa có" if value is None else show_number(round_half_up(value, 2), 2)


def as_data(card: Card) -> dict[str, Any]:
    """FORMATS: figures as strings of at least twelve significant digits; null where there is none."""

    def figure(value: Fraction | None) -> str | None:
        return None if value is None else digits(value)

    return {
        "index": figure(card.index),
        "index_display": None if card.index is None else shown(card.index),
        "total": figure(card.total),
        "band": card.band.name if card.band else None,
        "secured": figure(card.secured),
        "expected": figure(card.expected),
        "reachable": figure(card.reachable),
        "criteria": [
            {
                "code": leaf.criterion.code,
                "max": digits(leaf.now.maximum),
                "points": digits(leaf.now.points),
                "state": str(leaf.now.state),
                "how": leaf.how,
            }
            for leaf in card.leaves
        ],
    }
