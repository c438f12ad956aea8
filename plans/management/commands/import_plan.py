from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.history import Actor
from accounts.reading import Faulty
from plans.importing import import_plan


class Command(BaseCommand):
    help = "Nhập kế hoạch từ tệp YAML (cchc-plan/1): tạo mới hoặc cập nhật kế hoạch cùng mã; có lỗi thì không ghi gì."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="tệp kế hoạch .yaml")
        parser.add_argument("--dry-run", action="store_true", help="chỉ cho biết sẽ thay đổi gì")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            outcome = import_plan(
                options["file"],
                by=Actor.system("Lệnh import_plan"),
                dry_run=options["dry_run"],
            )
        except Faulty as error:
            for fault in error.faults:
                self.stderr.write(str(fault))
            raise CommandError(f"{len(error.faults)} lỗi; chưa ghi gì.") from None
        if options["dry_run"]:
            self.stdout.write("Chạy thử, không ghi gì. Nếu nhập:")
        for line in outcome.changes or ["Không có gì thay đổi."]:
            self.stdout.write(line)
        for note in outcome.notes:
            self.stdout.write(f"Lưu ý: {note}")
        self.stdout.write(outcome.figures)
