from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Agency
from tasks.reminders import remind


class Command(BaseCommand):
    help = (
        "Gửi thư nhắc việc của một ngày; mỗi thư một dòng: địa chỉ, mốc, số báo cáo còn phải gửi."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--on", help="ngày dạng NĂM-THÁNG-NGÀY; mặc định là hôm nay")
        parser.add_argument("--dry-run", action="store_true", help="chỉ liệt kê, không gửi gì")
        parser.add_argument("--agency", help="mã cơ quan; mặc định là mọi cơ quan")

    def handle(self, *args: Any, **options: Any) -> None:
        day = timezone.localdate()
        if options["on"]:
            try:
                day = dt.datetime.strptime(options["on"], "%Y-%m-%d").date()  # noqa: DTZ007  # a day has no zone
            except ValueError:
                raise CommandError(
                    f"--on: «{options['on']}» không phải là ngày. Hãy ghi dạng NĂM-THÁNG-NGÀY, "
                    "ví dụ 2019-11-13."
                ) from None
        agencies = Agency.objects.order_by("pk")
        if options["agency"]:
            agencies = agencies.filter(code__iexact=options["agency"])
            if not agencies:
                raise CommandError(f"Không có cơ quan mã «{options['agency']}».")
        count = 0
        for agency in agencies:
            for line in remind(agency, day, dry_run=options["dry_run"]):
                self.stdout.write(f"{line.email} {line.step} {line.owed}")
                count += 1
        what = "sẽ gửi" if options["dry_run"] else "đã đưa vào hàng chờ gửi"
        self.stderr.write(f"Ngày {day:%d/%m/%Y}: {what} {count} thư.")
