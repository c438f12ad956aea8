"""A unit's reports as a workbook: taken away, filled in, given back (R18b).

``desk`` loads the reports, ``making`` writes the workbook, ``reading`` reads what comes back whatever it
holds, ``understanding`` finds what was touched in it, ``comparing`` says what that would change and
``applying`` writes it, all or nothing. The rules of an answer are those of the form (tasks.answer_forms).
"""
