"""The schema of ``cchc-results/1`` (FORMATS): results of a year typed elsewhere.

``reports`` are what :mod:`tasks.importing` writes. The rest, points and what the province published, is
checked here too, so that a file is refused whole, and is written by ``scoring``.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from accounts.reading import Code, Day, Entry, Moment, Number, Paragraphs, Text, Year, refuse

Reason = Annotated[Text, Field(max_length=500)]
State = Literal["draft", "submitted", "returned", "accepted"]


def _scalar(value: Any) -> Any:
    if isinstance(value, (list, dict)) or value is None:
        refuse("không được để trống" if value is None else "phải là một giá trị, không phải nhóm")
    return value


Scalar = Annotated[Any, BeforeValidator(_scalar)]  # what it must be is the indicator's kind to say


class ValueEntry(Entry):
    """A unit's answer to one indicator. Which of the keys are right depends on the indicator's kind."""

    numerator: Number | None = None
    denominator: Number | None = None
    value: Scalar = None
    number: Annotated[Text, Field(max_length=60)] | None = None
    issued_on: Day | None = None
    issuer: Annotated[Text, Field(max_length=200)] | None = None
    missing: Literal[True] | None = None
    not_arising: Literal[True] | None = None
    not_ours: Literal[True] | None = None
    reason: Reason | None = None

    @property
    def given(self) -> list[str]:
        """The keys that are there, ``reason`` aside, in the order of the schema."""
        names = [name for name in type(self).model_fields if name != "reason"]
        return [name for name in names if getattr(self, name) is not None]


class ReportEntry(Entry):
    """One unit's result of one task. What the file does not name stays as it is stored."""

    unit: Code
    task: Annotated[Code, Field(max_length=20)]
    state: State
    submitted_at: Moment | None = None
    text: Paragraphs | None = None
    difficulties: Paragraphs | None = None
    reason: Annotated[Paragraphs, Field(max_length=2000)] | None = None  # why it was returned
    values: dict[str, ValueEntry] = {}


class ScoreEntry(Entry):
    """Points of one criterion: the province's, a survey's, or our own with its explanation."""

    criterion: Code
    survey: Number | None = None
    appraised: Number | None = None
    appraised_1: Number | None = None
    override: Number | None = None
    explanation: Paragraphs | None = None
    not_applicable: Literal[True] | None = None
    reason: Reason | None = None
    note: Paragraphs | None = None

    @model_validator(mode="after")
    def _complete(self) -> ScoreEntry:
        points = (self.survey, self.appraised, self.appraised_1, self.override)
        if self.not_applicable is None and all(value is None for value in points):
            refuse("thiếu điểm: cần survey, appraised, appraised_1, override hoặc not_applicable")
        if self.override is not None and not self.explanation:
            refuse("điểm tự sửa (override) cần lời giải thích (explanation)")
        if self.not_applicable and not self.reason:
            refuse("không áp dụng (not_applicable) cần lý do (reason)")
        return self


class AdjustmentEntry(Entry):
    """Bonus or penalty points."""

    kind: Literal["bonus", "penalty"]
    points: Annotated[Number, Field(ge=Decimal(0))]
    reason: Reason


class DecisionEntry(Entry):
    number: Annotated[Text, Field(max_length=60)] | None = None
    issued_on: Day | None = None


class PublishedEntry(Entry):
    """The index and the rank that the province published."""

    index: Number
    rank: Annotated[int, Field(ge=1)] | None = None
    ranked_agencies: Annotated[int, Field(ge=1)] | None = None
    decision: DecisionEntry | None = None

    @model_validator(mode="after")
    def _rank_within(self) -> PublishedEntry:
        if self.rank and self.ranked_agencies and self.rank > self.ranked_agencies:
            refuse(f"hạng {self.rank} lớn hơn số cơ quan xếp hạng {self.ranked_agencies}")
        return self


class ResultsFile(Entry):
    """A whole file."""

    schema_: Literal["cchc-results/1"] = Field(alias="schema")
    agency: Code
    plan: Annotated[Code, Field(max_length=60)]
    year: Year
    reports: list[ReportEntry] = []
    scores: list[ScoreEntry] = []
    adjustments: list[AdjustmentEntry] = []
    published: PublishedEntry | None = None

    @property
    def has_scores(self) -> bool:
        return bool(self.scores or self.adjustments or self.published)


def as_day(value: Any) -> dt.date | None:
    """A day of the file: YAML reads one that is not quoted, a quoted one is text."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    try:
        return dt.date.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None
