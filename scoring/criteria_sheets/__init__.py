"""A criteria set as a workbook that officials can fill in: the same data as ``cchc-criteria/1``, the same checks.

``layout`` has the columns, ``writing`` makes workbooks, ``reading`` (with ``reading_about``) reads them,
``cells`` says where a part stood, ``little`` has the short notations of cells that hold several things.
"""

from scoring.criteria_sheets.reading import read_workbook
from scoring.criteria_sheets.writing import write_set, write_template

__all__ = ["read_workbook", "write_set", "write_template"]
