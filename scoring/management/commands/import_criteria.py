from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.history import Actor
from accounts.reading import Faulty
from scoring.criteria_importing import import_criteria

CHANGE_TEXT = {
    "created": "Đã nhập bộ tiêu chí «{name}» (mã {code}).",
    "updated": "Đã sửa bộ tiêu chí «{name}» (mã {code}), lần sửa {revision}.",
    "unchanged": "Bộ tiêu chí «{name}» (mã {code}) đã có đúng như vậy: không thay đổi gì.",
}


class Command(BaseCommand):
    help = "Nhập một bộ tiêu chí (cchc-criteria/1). Có lỗi thì không ghi gì và nêu mọi lỗi."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="tệp .yaml")
        parser.add_argument("--agency", help="mã cơ quan, cần khi có nhiều cơ quan")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = import_criteria(
                options["file"],
                agency_code=options["agency"],
                by=Actor.system("Lệnh import_criteria"),
            )
        except Faulty as faulty:
            count = len(faulty.faults)
            raise CommandError(f"{faulty}\nKhông nhập gì: {count} lỗi.") from None
        found = done.criteria_set
        self.stdout.write(
            CHANGE_TEXT[done.change].format(
                name=found.name, code=found.code, revision=found.revision
            )
        )
        self.stdout.write(done.figures)
