"""Which documents stand behind each leaf: the evidence of accepted reports, and documents that are figures themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from scoring.inputs import unproved_answers
from tasks.models import Answer, Evidence
from tasks.states import COUNTED

if TYPE_CHECKING:
    from scoring.scorecards import Card

NAMED = 3  # units that are named; the rest are counted


def documents_behind(card: Card, codes: frozenset[str] | None = None) -> dict[str, list[int]]:
    """Keys of documents by leaf; of the leaves ``codes``, or of all. Two queries."""
    leaves = [leaf for leaf in card.leaves if codes is None or leaf.criterion.code in codes]
    tasks: dict[int, set[int]] = {}  # task -> its indicators that leaves read
    for leaf in leaves:
        for result in leaf.results:
            tasks.setdefault(result.indicator.task_id, set()).add(result.indicator.pk)
    found: dict[int, set[int]] = {pk: set() for indicators in tasks.values() for pk in indicators}
    if not found:
        return {leaf.criterion.code: [] for leaf in leaves}
    counted = {
        "report__period": card.period,
        "report__state__in": list(COUNTED),
        "report__released_at": None,
        "report__retired_at": None,
    }
    evidence = Evidence.objects.filter(
        Q(indicator__in=list(found)) | Q(indicator=None, report__task__in=list(tasks)), **counted
    ).order_by()
    for document, indicator, task in evidence.values_list(
        "document_id", "indicator_id", "report__task_id"
    ).distinct():
        # Evidence that names no indicator is for all of its task.
        for pk in [indicator] if indicator else tasks[task]:
            found[pk].add(document)
    answers = Answer.objects.filter(
        document__isnull=False, indicator__in=list(found), state=Answer.State.GIVEN, **counted
    ).order_by()
    for document, indicator in answers.values_list("document_id", "indicator_id").distinct():
        found[indicator].add(document)
    return {
        leaf.criterion.code: sorted(
            set().union(*(found[result.indicator.pk] for result in leaf.results))
        )
        for leaf in leaves
    }


def lacking_proof(card: Card, codes: frozenset[str] | None = None) -> dict[str, str]:
    """By leaf, whose accepted figures nothing proves: «3.1-b (Phòng A, Phòng B)». One query."""
    leaves = [leaf for leaf in card.leaves if leaf.unproved]
    if codes is not None:
        leaves = [leaf for leaf in leaves if leaf.criterion.code in codes]
    wanted = {
        result.indicator.pk: result.indicator.code
        for leaf in leaves
        for result in leaf.results
        if result.indicator.code in leaf.unproved
    }
    if not wanted:
        return {}
    units: dict[str, list[str]] = {}
    answers = unproved_answers(card.period, list(wanted)).order_by("report__unit__order", "pk")
    for indicator, name in answers.values_list("indicator_id", "report__unit__name"):
        units.setdefault(wanted[indicator], []).append(name)
    return {
        leaf.criterion.code: "; ".join(
            f"{code} ({_named(units.get(code, []))})" for code in leaf.unproved
        )
        for leaf in leaves
    }


def _named(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" và {more} đơn vị khác" if more > 0 else "")
