"""What is typed in the editor of criteria sets: the set's head, a line of it, its rule, figures to try the rule on."""

from scoring.criteria_forms.lines import LineForms
from scoring.criteria_forms.rules import RuleForm
from scoring.criteria_forms.sets import BandRows, SetForm
from scoring.criteria_forms.trial import Trial

__all__ = ["BandRows", "LineForms", "RuleForm", "SetForm", "Trial"]
