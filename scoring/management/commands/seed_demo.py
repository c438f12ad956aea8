from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from scoring.demo import NotEmpty, seed


class Command(BaseCommand):
    help = (
        "Tạo cơ quan minh họa: kế hoạch 2019–2020 với kết quả, một kế hoạch đang chạy của năm nay, "
        "tài khoản cho mỗi đơn vị và vai trò. Chỉ dùng trên cơ sở dữ liệu trống."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--force",
            action="store_true",
            help="tạo cả khi đã có dữ liệu; chỉ thay cơ quan minh họa, không bao giờ thay cơ quan thật",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            seeded = seed(force=options["force"])
        except NotEmpty as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"seed_demo: {seeded.line}")
