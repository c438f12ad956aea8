"""Reading files that people hand us: YAML and tables, every fault with its line, in Vietnamese (R35).

Nothing but :class:`Faulty` leaves this package, whatever the file holds. An importer reads, checks,
and writes only where there is no fault::

    source = read_yaml(path)
    plan = validate(PlanFile, source, also=cross_checks)
"""

from accounts.reading.faults import Fault, Faulty
from accounts.reading.schemas import (
    Code,
    Day,
    Entry,
    Moment,
    Number,
    Paragraphs,
    Text,
    Year,
    number,
    refuse,
    validate,
)
from accounts.reading.tables import Row, SheetRows, is_workbook, read_sheets, read_table
from accounts.reading.yaml_files import Source, read_yaml

__all__ = [
    "Code",
    "Day",
    "Entry",
    "Fault",
    "Faulty",
    "Moment",
    "Number",
    "Paragraphs",
    "Row",
    "SheetRows",
    "Source",
    "Text",
    "Year",
    "is_workbook",
    "number",
    "read_sheets",
    "read_table",
    "read_yaml",
    "refuse",
    "validate",
]
