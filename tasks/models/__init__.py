"""What is done about the plan: reports, their answers and evidence, their history, reminders."""

from tasks.models.evidence import (
    Document,
    DocumentQuerySet,
    Evidence,
    EvidenceQuerySet,
    StoredFile,
)
from tasks.models.reminders import Reminder, ReminderQuerySet, ReminderRun
from tasks.models.reports import Answer, Report, ReportQuerySet, Transition, Version

__all__ = [
    "Answer",
    "Document",
    "DocumentQuerySet",
    "Evidence",
    "EvidenceQuerySet",
    "Reminder",
    "ReminderQuerySet",
    "ReminderRun",
    "Report",
    "ReportQuerySet",
    "StoredFile",
    "Transition",
    "Version",
]
