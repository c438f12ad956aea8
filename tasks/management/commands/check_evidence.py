"""``manage.py check_evidence``: reads every stored file again and names those that vanished or were altered.

The last line is ``F files, M missing, A altered``; the exit code is 1 where any is broken. What was
found also shows on the page of faults.
"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from tasks.checking import check_files


class Command(BaseCommand):
    help = "Kiểm tra lại mọi tệp kiểm chứng trên đĩa: tệp mất, tệp bị sửa."

    def handle(self, *args: Any, **options: Any) -> None:
        outcome = check_files()
        for broken in outcome.broken:
            self.stdout.write(broken.words)
        self.stdout.write(outcome.line)
        if outcome.broken:
            sys.exit(1)
