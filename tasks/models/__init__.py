"""What is done about the plan: reports, their answers and evidence, their history,
obstacles, consolidated results, explanations, reminders, the office entering for a unit.
"""

from tasks.models.evidence import (
    Document,
    DocumentQuerySet,
    Evidence,
    EvidenceQuerySet,
    StoredFile,
)
from tasks.models.explanations import (
    Explanation,
    ExplanationDocument,
    ExplanationQuerySet,
)
from tasks.models.feeds import CalendarFeed
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
from tasks.models.substitutions import Substitution

__all__ = [
    "Answer",
    "CalendarFeed",
    "Contribution",
    "ContributionQuerySet",
    "Correction",
    "Direction",
    "DirectionQuerySet",
    "Document",
    "DocumentQuerySet",
    "Evidence",
    "EvidenceQuerySet",
    "Explanation",
    "ExplanationDocument",
    "ExplanationQuerySet",
    "Obstacle",
    "ObstacleQuerySet",
    "Reminder",
    "ReminderQuerySet",
    "ReminderRun",
    "Report",
    "ReportQuerySet",
    "StoredFile",
    "Substitution",
    "TaskResult",
    "TaskResultQuerySet",
    "Transition",
    "Version",
]
