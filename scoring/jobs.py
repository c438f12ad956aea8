"""Background jobs of scoring: the workbooks of results, the points that wait for reports."""

from celery import shared_task
from django.utils import timezone

from scoring import exporting, stakes


@shared_task
def make_export(export_id: int) -> None:
    """Make one workbook, if nobody else has claimed it."""
    exporting.make(export_id)


@shared_task
def make_waiting_exports() -> None:
    """Make everything that waits or was left by a killed worker."""
    exporting.make_waiting()


@shared_task
def export_due() -> None:
    """Ask for the automatic workbook of every period whose due date has come (R33)."""
    now = timezone.localtime()
    exporting.request_due(now.date(), now.time())


@shared_task
def write_stakes() -> None:
    """Write down which points wait for which report, for the order of lists and mails (R30)."""
    stakes.write_all(timezone.localdate())
