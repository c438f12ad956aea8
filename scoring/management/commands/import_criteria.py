from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.history import Actor
from accounts.reading import Faulty
from scoring.criteria_importing import import_criteria
from scoring.criteria_sheets import write_template

CHANGE_TEXT = {
    "created": "Đã nhập bộ tiêu chí «{name}» (mã {code}).",
    "updated": "Đã sửa bộ tiêu chí «{name}» (mã {code}), lần sửa {revision}.",
    "unchanged": "Bộ tiêu chí «{name}» (mã {code}) đã có đúng như vậy: không thay đổi gì.",
}


class Command(BaseCommand):
    help = "Nhập một bộ tiêu chí (cchc-criteria/1). Có lỗi thì không ghi gì và nêu mọi lỗi."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", help="tệp .yaml hoặc .xlsx")
        parser.add_argument(
            "--template", metavar="TỆP.xlsx", help="ghi một sổ tính mẫu để điền, không nhập gì"
        )
        parser.add_argument("--agency", help="mã cơ quan, cần khi có nhiều cơ quan")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["template"]:
            self._write_template(Path(options["template"]))
            return
        if not options["file"]:
            raise CommandError("Hãy nêu tệp cần nhập, hoặc --template TỆP.xlsx.")
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
            + done.still_draft
        )
        self.stdout.write(done.figures)

    def _write_template(self, path: Path) -> None:
        stream = io.BytesIO()
        write_template(stream)
        try:
            # «x»: what somebody has filled in is never written over.
            with path.open("xb") as file:
                file.write(stream.getvalue())
        except FileExistsError:
            raise CommandError(f"Đã có tệp «{path}»; hãy chọn tên khác.") from None
        except OSError as error:
            raise CommandError(f"Không ghi được «{path}»: {error.strerror}.") from None
        self.stdout.write(f"Đã ghi mẫu bộ tiêu chí vào {path}.")
