"""Background jobs of tasks."""

import logging

from celery import shared_task
from django.utils import timezone

from accounts.models import Agency
from tasks.checking import check_files
from tasks.models import ReminderRun
from tasks.reminders import remind as remind_agency

logger = logging.getLogger(__name__)


@shared_task
def remind() -> None:
    """Write this morning's reminders of every agency whose hour has come and that has none yet (R20)."""
    now = timezone.localtime()
    done = ReminderRun.objects.filter(day=now.date()).values("agency")
    for agency in Agency.objects.filter(reminder_time__lte=now.time()).exclude(pk__in=done):
        try:
            remind_agency(agency, now.date())
        except (
            Exception
        ):  # one agency's trouble must not silence the others; the next run tries again
            logger.exception("Không nhắc việc được cho cơ quan %s", agency.code)


@shared_task(time_limit=4 * 3600)  # reading a full disk takes longer than other jobs may
def check_evidence() -> None:
    """Read every stored file again; what vanished or was altered shows on the page of faults (R17)."""
    logger.info("Kiểm tra tệp kiểm chứng: %s", check_files().line)
