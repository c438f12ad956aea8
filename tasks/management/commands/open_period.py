from __future__ import annotations

import argparse
import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.arguments import year
from accounts.history import Actor
from plans.models import Period, Plan
from tasks.periods import open_period
from tasks.services import Refused


def day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"«{text}» không phải là ngày dạng NĂM-THÁNG-NGÀY"
        ) from None


class Command(BaseCommand):
    help = "Mở một kỳ báo cáo: tạo các báo cáo mà các đơn vị phải gửi; chạy lại thì chỉ bổ sung phần thiếu."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--plan", required=True, help="mã kế hoạch, ví dụ KH-CCHC-2019-2020")
        parser.add_argument("--year", required=True, type=year, help="năm của kế hoạch")
        parser.add_argument(
            "--agency", help="mã cơ quan, cần khi nhiều cơ quan có kế hoạch cùng mã"
        )
        parser.add_argument(
            "--kind", default=Period.FINAL, choices=[kind for kind, _ in Period.KINDS]
        )
        parser.add_argument(
            "--due-before", type=day, help="gửi trước ngày (bắt buộc với kỳ giữa năm)"
        )
        parser.add_argument("--dry-run", action="store_true", help="chỉ cho biết sẽ thay đổi gì")

    def handle(self, *args: Any, **options: Any) -> None:
        plans = Plan.objects.filter(code=options["plan"]).select_related("agency")
        if options["agency"]:
            plans = plans.filter(agency__code=options["agency"])
        found = list(plans[:2])
        if not found:
            raise CommandError(f"Không có kế hoạch mã «{options['plan']}».")
        if len(found) > 1:
            raise CommandError("Nhiều cơ quan có kế hoạch cùng mã; hãy thêm --agency MÃ.")
        if options["kind"] != Period.FINAL and not options["due_before"]:
            raise CommandError("Kỳ giữa năm cần --due-before NĂM-THÁNG-NGÀY.")
        try:
            opening = open_period(
                plan=found[0],
                year=options["year"],
                kind=options["kind"],
                due_before=options["due_before"],
                by=Actor.system("Lệnh open_period"),
                dry_run=options["dry_run"],
            )
        except Refused as error:
            raise CommandError(str(error)) from None
        for word, rows in (
            ("Thêm", opening.created),
            ("Thôi áp dụng", opening.retired),
            ("Lấy lại", opening.restored),
        ):
            if rows:
                self.stdout.write(f"{word}: {len(rows)} báo cáo")
        if not opening.changes:
            self.stdout.write("Không có gì thay đổi.")
        self.stdout.write(f"{opening.reports} reports")
