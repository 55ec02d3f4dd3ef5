"""Checks a chain package: form, cells, keys, references, claims, and the balance of matter.

`check(name_or_path)` returns a report of every fault with file, row, column, value, rule and mend. It fails closed:
what was examined is counted, and nothing examined is a fault.
"""

from ytterby.chain.check.report import CheckReport, check

__all__ = ["CheckReport", "check"]
