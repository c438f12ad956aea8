"""What is done about the plan: reports, their answers and evidence, their history,
obstacles, consolidated results, reminders.
"""

from tasks.models.evidence import (
    Document,
    DocumentQuerySet,
    Evidence,
    EvidenceQuerySet,
    StoredFile,
)
from tasks.models.obstacles import Direction, DirectionQuerySet, Obstacle, ObstacleQuerySet
from tasks.models.reminders import Reminder, ReminderQuerySet, ReminderRun
from tasks.models.reports import Answer, Report, ReportQuerySet, Transition, Version
from tasks.models.results import (
    Contribution,
    ContributionQuerySet,
    Correction,
    TaskResult,
    TaskResultQuerySet,
)

__all__ = [
    "Answer",
    "Contribution",
    "ContributionQuerySet",
    "Correction",
    "Direction",
    "DirectionQuerySet",
    "Document",
    "DocumentQuerySet",
    "Evidence",
    "EvidenceQuerySet",
    "Obstacle",
    "ObstacleQuerySet",
    "Reminder",
    "ReminderQuerySet",
    "ReminderRun",
    "Report",
    "ReportQuerySet",
    "StoredFile",
    "TaskResult",
    "TaskResultQuerySet",
    "Transition",
    "Version",
]
