"""Background jobs of accounts: sending what stands in the outbox."""

from celery import shared_task

from accounts import mail


@shared_task
def send_mail(mail_id: int) -> None:
    """Send one message of the outbox, if nobody else has claimed it."""
    mail.send(mail_id)


@shared_task
def send_waiting_mail() -> None:
    """Send everything that waits, failed for now, or was left by a killed worker."""
    mail.send_waiting()
