from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.history import Actor
from accounts.importing import import_people, write_template
from accounts.reading import Faulty


class Command(BaseCommand):
    help = (
        "Nhập tài khoản từ bảng .csv hoặc .xlsx có các cột agency, unit, email, name, role: thêm hoặc cập nhật "
        "theo địa chỉ thư; không xóa ai, không đổi mật khẩu; người mới nhận thư đặt mật khẩu."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", nargs="?", help="tệp .csv hoặc .xlsx")
        parser.add_argument("--dry-run", action="store_true", help="chỉ cho biết sẽ thay đổi gì")
        parser.add_argument("--template", metavar="OUT.xlsx", help="ghi một sổ tính mẫu rồi dừng")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["template"]:
            self._template(Path(options["template"]))
            return
        if not options["file"]:
            raise CommandError("Hãy nêu tệp .csv hoặc .xlsx, hoặc --template OUT.xlsx.")
        try:
            outcome = import_people(
                options["file"],
                by=Actor.system("Lệnh import_people"),
                dry_run=options["dry_run"],
            )
        except Faulty as error:
            for fault in error.faults:
                self.stderr.write(str(fault))
            raise CommandError(f"{len(error.faults)} lỗi; chưa ghi gì.") from None
        if options["dry_run"]:
            self.stdout.write("Chạy thử, không ghi gì, không gửi thư. Nếu nhập:")
        for line in outcome.changes or ["Không có gì thay đổi."]:
            self.stdout.write(line)
        for note in outcome.notes:
            self.stdout.write(f"Lưu ý: {note}")
        self.stdout.write(outcome.figures())

    def _template(self, path: Path) -> None:
        if path.suffix.lower() != ".xlsx":
            raise CommandError(
                f"--template phải là tên tệp kết thúc bằng .xlsx, không phải «{path}»."
            )
        if path.exists():
            raise CommandError(f"Đã có «{path}»; hãy chọn tên khác để không ghi đè.")
        try:
            write_template(path)
        except OSError as error:
            raise CommandError(f"Không ghi được «{path}»: {error.strerror or error}.") from None
        self.stdout.write(f"Đã ghi {path}")
