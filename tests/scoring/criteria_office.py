"""An office that writes a criteria set: a draft with one field, one group, one leaf, and a coordinator signed in."""

from decimal import Decimal

from django.urls import reverse
from results_office import ResultsOffice

from plans.models import Assignment
from scoring.criteria_editing import seen
from scoring.models import CriteriaSet, Criterion

BACKEND = "accounts.backends.EmailBackend"
RATIO = {"type": "ratio", "indicator": "1.1-a", "full": "100", "floor": "80"}


class CriteriaOffice(ResultsOffice):
    """``self.set`` is a draft of 2019; ``self.leaf`` is worth 1,5 by a ratio."""

    def __init__(self, client, code="SGDDT"):
        super().__init__(code)
        self.client = client
        for unit in ("TCCB", "KHTC"):
            Assignment.objects.create(
                task=self.tasks["1.1"], role="implement", unit=self.units[unit]
            )
        self.set = CriteriaSet.objects.create(
            agency=self.agency, code="BO-1", name="Bộ tiêu chí thử", valid_from=2019, is_draft=True
        )
        self.field = self.line("A", None, order=0)
        self.group = self.line("A.1", self.field, order=1)
        self.leaf = self.line(
            "A.1.1",
            self.group,
            order=2,
            kind="self",
            maximum=Decimal("1.5"),
            rule=RATIO,
            scale="Tính theo tỷ lệ",
            evidence=["Báo cáo năm"],
        )
        self.sign_in(self.office)

    def line(self, code, parent, **columns):
        return Criterion.objects.create(
            criteria_set=columns.pop("of", self.set),
            code=code,
            name=f"Tiêu chí {code}",
            parent=parent,
            depth=parent.depth + 1 if parent else 0,
            **columns,
        )

    def sign_in(self, user):
        self.client.force_login(user, backend=BACKEND)

    def address(self, name="criterion_edit", line=None, under=None):
        args = [self.set.pk]
        if name in {"criterion_edit", "criterion_move", "criterion_remove"}:
            args.append((line or self.leaf).pk)
        return reverse(name, args=args) + (f"?thuoc={under.pk}" if under else "")

    def typed(self, **changes):
        """A leaf's form as typed, whole and right; a field given as None is left out."""
        fields = {
            "code": "A.1.1",
            "name": "Tiêu chí A.1.1",
            "parent": str(self.group.pk),
            "kind": "self",
            "maximum": "1,5",
            "minimum": "",
            "scale": "Tính theo tỷ lệ",
            "evidence": "Báo cáo năm",
            "rule-type": "ratio",
            "rule-indicator": "1.1-a",
            "rule-full": "100",
            "rule-floor": "80",
        }
        fields |= {name.replace("__", "-"): text for name, text in changes.items()}
        return {name: text for name, text in fields.items() if text is not None}

    def rule(self, rule_type, **fields):
        """A leaf's form with another rule: ``tiers__0__at="80"``."""
        fields = {"indicator": None, "full": None, "floor": None, "type": rule_type} | fields
        return self.typed(**{f"rule__{name}": text for name, text in fields.items()})

    def codes(self):
        """The lines in their order, each with its depth."""
        return [f"{'.' * line.depth}{line.code}" for line in self.set.criteria.order_by("order")]


def words(page):
    """The page's text with its white space folded."""
    return " ".join(page.content.decode().split())


def fresh(line):
    return Criterion.objects.get(pk=line.pk)


def was(line):
    """What the form carries of a line as it is now."""
    return seen(fresh(line))
