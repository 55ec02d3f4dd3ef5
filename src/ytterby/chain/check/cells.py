"""Checks of single cells: present where required, of the allowed form, inside the allowed range."""

from __future__ import annotations

import datetime as dt

import polars as pl

from ytterby.chain.check.context import ROW, Context
from ytterby.chain.read import concerns_header
from ytterby.chain.schema import DATE_PATTERN, HS6_PATTERN, ID_PATTERN, PLACE_PATTERN, Column, schema
from ytterby.chain.units import RARE_EARTH_OXIDE, element_fractions, split_unit, tonnes_per
from ytterby.errors import UnitError, nearest

YEARS = (1850, 2100)
EMPTY = "is required and empty"
TOO_LARGE = 1e15
SIGNED = frozenset({"estimate", "growth_per_a", "latitude", "longitude"})
BOUNDS = {"latitude": (-90.0, 90.0), "longitude": (-180.0, 180.0), "estimate": (-4.0, 4.0), "trl": (1.0, 9.0)}
FORMS = {
    "hs6": (HS6_PATTERN, "is not a six-digit HS line", "write six digits as text, with the leading zero"),
    "place": (PLACE_PATTERN, "is not an ISO 3166-1 alpha-3 code", "write three capital letters, or WORLD"),
    "date": (DATE_PATTERN, "is not an ISO date", "write YYYY, YYYY-MM or YYYY-MM-DD"),
    "id": (ID_PATTERN, "is not an identifier", "write kebab-case: letters, digits and single hyphens"),
}


def check_cells(context: Context) -> None:
    """Check every cell of the package's own tables against its column."""
    for table in context.package.tables:
        frame = context.own(table)
        for column in schema()[table]:
            _check_presence(context, frame, column)
            _check_form(context, frame, column)
            _check_range(context, frame, column)
            context.count("cells", frame.height)
        _check_bounds(context, table)
        _check_assumed(context, table)


def _report(context: Context, rows: pl.DataFrame, column: Column, rule: str, mend: str) -> None:
    for row, value in rows.select(ROW, column.name).iter_rows():
        context.add(column.table, row, column.name, value, rule, mend)


def _check_presence(context: Context, frame: pl.DataFrame, column: Column) -> None:
    file = context.package.files[column.table]
    faults = [fault for fault in context.package.faults if fault.file == file]
    if not column.is_required or any(concerns_header(fault, column.name) for fault in faults):
        return
    unread = {fault.row for fault in faults if fault.column == column.name}
    rows = frame.filter(pl.col(column.name).is_null() & ~pl.col(ROW).is_in(list(unread)))
    _report(context, rows, column, EMPTY, f"fill it: {column.description}")


def _check_form(context: Context, frame: pl.DataFrame, column: Column) -> None:
    cell = pl.col(column.name)
    if column.values:
        for row, value in frame.filter(~cell.is_in(list(column.values))).select(ROW, column.name).iter_rows():
            near = nearest(value, column.values)
            mend = f"write {near[0]}" if near else f"write one of {', '.join(column.values)}"
            context.add(column.table, row, column.name, value, "is not an allowed value", mend)
    elif column.type in FORMS:
        pattern, rule, mend = FORMS[column.type]
        _report(context, frame.filter(~cell.str.contains(pattern)), column, rule, mend)
        if column.type == "date":
            _check_calendar(context, frame.filter(cell.str.contains(pattern)), column)
    elif column.type == "unit":
        _check_unit(context, frame, column)


def _check_calendar(context: Context, frame: pl.DataFrame, column: Column) -> None:
    full = frame.filter(pl.col(column.name).str.len_chars() == 10)
    impossible = full.filter(pl.col(column.name).str.to_date("%Y-%m-%d", strict=False).is_null())
    _report(context, impossible, column, "is not a day of the calendar", "write a day that exists")
    limit = f"{dt.date.today().year + 75}"
    late = frame.filter(pl.col(column.name) > limit)
    _report(context, late, column, "lies too far ahead", "check the year")


def _check_unit(context: Context, frame: pl.DataFrame, column: Column) -> None:
    components = frozenset(context.components) | frozenset(context.joined("compositions")["component"].drop_nulls())
    for unit in frame[column.name].drop_nulls().unique().sort():
        problem = unit_problem(unit, components)
        if problem:
            _report(context, frame.filter(pl.col(column.name) == unit), column, "is not a unit", problem)


def unit_problem(unit: str, components: frozenset[str]) -> str:
    """Return what is wrong with a unit, or an empty string; a declared component is a basis."""
    if unit == "1":
        return ""
    mass, basis = split_unit(unit)
    try:
        tonnes_per(mass)
        if basis and basis not in components and basis != RARE_EARTH_OXIDE:
            element_fractions(basis)
    except UnitError as error:
        return str(error)
    return ""


def _check_range(context: Context, frame: pl.DataFrame, column: Column) -> None:
    cell = pl.col(column.name)
    if column.type == "fraction":
        bad = frame.filter(~cell.is_between(0.0, 1.0))
        _report(context, bad, column, "lies outside 0 to 1", "write a fraction; 12 % is 0.12")
    elif column.type == "year":
        bad = frame.filter(~cell.is_between(*YEARS))
        _report(context, bad, column, f"lies outside {YEARS[0]} to {YEARS[1]}", "write the year with four digits")
    elif column.name in BOUNDS:
        low, high = BOUNDS[column.name]
        _report(
            context, frame.filter(~cell.is_between(low, high)), column, f"lies outside {low:g} to {high:g}", "check it"
        )
    elif column.type in ("number", "integer") and column.name not in SIGNED:
        _report(context, frame.filter(cell < 0), column, "is negative", "write zero or more, or leave it empty")
        large = frame.filter(cell >= TOO_LARGE)
        _report(context, large, column, f"is not below {TOO_LARGE:g}", "check the number and its unit")


def _check_bounds(context: Context, table: str) -> None:
    frame = context.sound(table)
    names = set(frame.columns)
    told: set[int] = set()
    for low in sorted(name for name in names if name.endswith(("_low", "_min"))):
        stem, ending = low[:-4], low[-4:]
        high = stem + {"_low": "_high", "_min": "_max"}[ending]
        for left, right in ((low, high), (low, stem), (stem, high)):
            if not {left, right} <= names:
                continue
            bad = frame.filter(pl.col(left) > pl.col(right) * (1 + 1e-12)).select(ROW, left, right)
            for row, value, limit in bad.iter_rows():
                if row not in told:
                    context.add(table, row, left, value, f"is above {right} ({limit:g})", "put the bounds in order")
                told.add(row)


def _check_assumed(context: Context, table: str) -> None:
    frame = context.sound(table)
    if not {"confidence", "note"} <= set(frame.columns):
        return
    silent = frame.filter((pl.col("confidence") == "assumed") & pl.col("note").is_null())
    for row in silent[ROW]:
        context.add(table, row, "note", "", "an assumed row gives no reason", "write the reasoning, or a better source")
