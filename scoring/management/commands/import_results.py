from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.history import Actor
from accounts.models import User
from accounts.reading import Faulty, read_yaml
from scoring.scores_checking import faults_of_file
from scoring.scores_import import import_scores
from tasks.importing import BASIS, Imported, import_reports

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN = 12  # warnings on the terminal


class Command(BaseCommand):
    help = (
        "Nạp kết quả của một năm từ tệp YAML (cchc-results/1): báo cáo và số liệu của các đơn vị; "
        "năm trước năm đầu của kế hoạch là số liệu lịch sử."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="tệp YAML")
        parser.add_argument("--by", help="thư điện tử của người nạp, ghi vào lịch sử")
        parser.add_argument("--dry-run", action="store_true", help="chỉ kiểm tra, không ghi gì")

    def handle(self, *args: Any, **options: Any) -> None:
        by = self._actor(options["by"], options["file"])
        try:
            with transaction.atomic():
                source = read_yaml(options["file"])
                imported = import_reports(source, by=by, also=faults_of_file)
                file, scores = imported.file, 0
                if file.has_scores:
                    scores = import_scores(
                        period=imported.period,
                        scores=file.scores,
                        adjustments=file.adjustments,
                        published=file.published,
                        source=source,
                        by=by,
                    )
                if options["dry_run"]:
                    transaction.set_rollback(True)
        except Faulty as error:
            for fault in error.faults:
                self.stderr.write(str(fault))
            raise CommandError(f"{len(error.faults)} lỗi; chưa ghi gì.") from None
        self._say(imported, options["dry_run"])
        self.stdout.write(f"{imported.reports} reports, {imported.values} values, {scores} scores")

    def _actor(self, email: str | None, file: str) -> Actor:
        basis = f"{BASIS} {file.replace(chr(92), '/').rsplit('/', 1)[-1]}"[:300]
        if not email:
            return Actor.system(basis)
        person = User.objects.filter(email=email.strip().lower(), is_active=True).first()
        if person is None:
            raise CommandError(f"Không có tài khoản «{email}».")
        return Actor(user=person, name=person.name, role=person.roles_text[:60], basis=basis)

    def _say(self, imported: Imported, dry_run: bool) -> None:
        self._warn(imported.warnings)
        if dry_run:
            self.stdout.write(f"Tệp đúng; sẽ thay đổi {imported.changed} báo cáo. Chưa ghi gì.")
        elif imported.changed:
            self.stdout.write(f"Đã ghi {imported.changed} báo cáo.")
        else:
            self.stdout.write("Báo cáo: không có gì thay đổi.")

    def _warn(self, warnings: Iterable[str]) -> None:
        found = list(warnings)
        for warning in found[:SHOWN]:
            self.stderr.write(f"Lưu ý: {warning}")
        if len(found) > SHOWN:
            self.stderr.write(f"Lưu ý: và {len(found) - SHOWN} báo cáo khác chưa đủ số liệu.")
