"""Background jobs of scoring: the workbooks of results, the points that wait for reports."""

from celery import shared_task
from django.utils import timezone

from scoring import exporting, focus, recounting, stakes


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
    """Write down which points wait for which report, for the order of lists and mails (R30).

    A new day changes them, and a job asked for by a change may have been lost. What the province took
    points for goes to plans that came since (R31).
    """
    focus.write_all_focus()
    stakes.write_all(timezone.localdate())


@shared_task
def write_period_stakes(period_id: int) -> None:
    """The same of one period, after what its points rest on has changed."""
    recounting.recount(period_id)
