"""What the plan is worth, and what goes out: criteria sets, scorecards, workbooks for the province."""

from scoring.models.criteria import CriteriaSet, CriteriaSetQuerySet, Criterion
from scoring.models.exports import Export, ExportQuerySet
from scoring.models.scenarios import Scenario, ScenarioQuerySet
from scoring.models.scorecards import (
    Adjustment,
    LeafScore,
    PeerScore,
    Scorecard,
    ScorecardEvent,
    ScorecardQuerySet,
)

__all__ = [
    "Adjustment",
    "CriteriaSet",
    "CriteriaSetQuerySet",
    "Criterion",
    "Export",
    "ExportQuerySet",
    "LeafScore",
    "PeerScore",
    "Scenario",
    "ScenarioQuerySet",
    "Scorecard",
    "ScorecardEvent",
    "ScorecardQuerySet",
]
