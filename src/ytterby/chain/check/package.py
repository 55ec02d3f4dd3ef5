"""Checks of `datapackage.json`: the settings Ytterby needs, and a resource for every table."""

from __future__ import annotations

from ytterby.chain.chain import NOT_METALS
from ytterby.chain.check.cells import YEARS
from ytterby.chain.check.context import Context
from ytterby.errors import Fault

FILE = "datapackage.json"


def check_descriptor(context: Context) -> None:
    """Check the package's descriptor against its files."""
    package = context.package
    if any(fault.file == FILE for fault in package.faults):
        return

    def add(column: str, value: object, rule: str, mend: str) -> None:
        context.faults.append(Fault(FILE, None, column, f"{value}", rule, mend))

    settings = package.metadata.get("ytterby", {})
    if package.name not in NOT_METALS:
        if not settings.get("metal"):
            add("ytterby.metal", "", "is missing", 'write "ytterby": {"metal": "..."}')
        if settings.get("matter", "tracked") not in ("tracked", "untracked"):
            add("ytterby.matter", settings.get("matter"), "is neither tracked nor untracked", "write one of the two")
        if settings.get("matter", "tracked") == "tracked" and not settings.get("components"):
            mend = 'name the tracked components with their elements, such as {"W": ["W"]}'
            add("ytterby.components", "", "is missing", mend)
    year = settings.get("base_year")
    if year is not None and (not isinstance(year, int) or not YEARS[0] <= year <= YEARS[1]):
        add("ytterby.base_year", year, "is not a year", "write a whole number, such as 2024")
    listed = {str(resource.get("path", "")) for resource in package.metadata.get("resources", [])}
    mend = "write it anew: ytterby check DIR --describe"
    for file in sorted(set(package.files.values()) - listed):
        add("resources", file, "has no resource", mend)
    for file in sorted(listed - set(package.files.values())):
        if not any(fault.file == file for fault in package.faults):
            add("resources", file, "names a table that is not there", mend)
    context.count("resources", len(listed))
