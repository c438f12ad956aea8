from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.arguments import year
from accounts.models import Agency
from plans.models import Period
from scoring.exporting import explain, whole_file, write_results
from scoring.results import gather


class Command(BaseCommand):
    help = "Xuất kết quả một năm của cơ quan ra tệp Excel: kết quả các lĩnh vực, báo cáo của đơn vị, tài liệu kiểm chứng."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--agency", required=True, help="mã cơ quan, ví dụ SGDDT")
        parser.add_argument("--year", required=True, type=year, help="năm của kế hoạch")
        parser.add_argument(
            "--output", required=True, help="tệp .xlsx sẽ ghi; tệp cũ cùng tên bị thay thế"
        )
        parser.add_argument("--plan", help="mã kế hoạch, cần khi năm đó có nhiều kế hoạch")
        parser.add_argument(
            "--kind",
            default=Period.FINAL,
            choices=[kind for kind, _ in Period.KINDS],
            help="kỳ báo cáo",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        target = output_file(options["output"])
        period = find_period(options["agency"], options["year"], options["kind"], options["plan"])
        results = gather(period)
        try:
            with whole_file(target) as stream:
                counts = write_results(results, stream)
        except OSError as error:
            raise CommandError(f"Không ghi được tệp {target}: {explain(error)}") from None
        self.stdout.write(results.situation.text())
        self.stdout.write(f"Đã ghi {target}")
        self.stdout.write(
            f"{counts.tasks} tasks, {counts.reports} reports, {counts.evidence} evidence"
        )


def output_file(text: str) -> Path:
    """The file to write, if it can be: said before any work is done."""
    target = Path(text)
    if target.suffix.lower() != ".xlsx":
        raise CommandError(f"--output phải là tên tệp kết thúc bằng .xlsx, không phải «{text}».")
    if target.is_dir():
        raise CommandError(f"«{text}» là một thư mục, không phải tệp.")
    if not target.parent.is_dir():
        raise CommandError(f"Không có thư mục «{target.parent}».")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise CommandError(f"Không có quyền ghi vào thư mục «{target.parent}».")
    return target


def find_period(agency_code: str, year: int, kind: str, plan_code: str | None) -> Period:
    agency = Agency.objects.filter(code=agency_code).first()
    if agency is None:
        known = ", ".join(Agency.objects.order_by("code").values_list("code", flat=True)[:20])
        raise CommandError(
            f"Không có cơ quan mã «{agency_code}» (hiện có: {known or 'chưa có cơ quan nào'})."
        )
    periods = Period.objects.filter(plan__agency=agency, kind=kind).select_related("plan__agency")
    if plan_code:
        periods = periods.filter(plan__code=plan_code)
        if not agency.plans.filter(code=plan_code).exists():
            raise CommandError(f"Cơ quan {agency_code} không có kế hoạch mã «{plan_code}».")
    found = list(periods.filter(year=year).order_by("plan__code"))
    if not found:
        years = (
            ", ".join(str(y) for y in sorted(set(periods.values_list("year", flat=True))))
            or "chưa có"
        )
        raise CommandError(f"Năm {year} không có kỳ báo cáo nào như vậy (các năm có kỳ: {years}).")
    if len(found) > 1:
        codes = ", ".join(period.plan.code for period in found)
        raise CommandError(f"Năm {year} có nhiều kế hoạch; hãy thêm --plan MÃ (các mã: {codes}).")
    period = found[0]
    if period.opened_at is None and not period.is_history:
        raise CommandError(
            f"Kỳ {period} của kế hoạch {period.plan.code} chưa mở; hãy mở bằng lệnh open_period trước."
        )
    return period
