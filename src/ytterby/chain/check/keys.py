"""Checks across rows: keys stand once, ids are global, every reference resolves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import polars as pl

from ytterby.chain.check.cells import EMPTY, FORMS
from ytterby.chain.check.context import ROW, Context
from ytterby.chain.read import empty_table
from ytterby.chain.schema import ROW_KEYS, Column, key_columns, schema
from ytterby.errors import Fault, nearest

ENTITY_TABLES = ("companies", "facilities", "materials", "processes", "raw_materials")
KEY_FAULTS = frozenset({FORMS["id"][1], FORMS["place"][1], EMPTY})
FREE_PLACES = frozenset({"WORLD"})


def check_keys(context: Context) -> None:
    """Check keys, global ids and references of the package's own tables."""
    _check_references(context)
    for table in context.package.tables:
        context.count("rows", context.package.tables[table].height)
        _check_key(context, table)
    _check_global_ids(context)
    _check_conflict_sets(context)


def _check_key(context: Context, table: str) -> None:
    key = list(ROW_KEYS.get(table, key_columns(table)))
    frame = context.sound(table).filter(pl.all_horizontal(pl.col(*key_columns(table)).is_not_null()))
    if not key or frame.is_empty():
        return
    if "conflict_id" in frame.columns and table != "conflicts":
        _check_conflict_key(context, table, frame, key)
        return
    doubles = frame.filter(~pl.struct(key).is_first_distinct())
    _report(context, table, doubles, key, ", ".join(key), "stands in an earlier row", "remove one, or correct its id")
    outside = context.common.get(table)
    if outside is not None:
        again = frame.join(outside.select(key), on=key, how="semi", nulls_equal=True)
        _report(context, table, again, key, ", ".join(key), "stands in the shared tables already", "remove the row")


def _check_conflict_key(context: Context, table: str, frame: pl.DataFrame, key: list[str]) -> None:
    """Check that rows that say the same thing share one conflict set; the row outside the set is the one at fault."""
    sizes = frame.with_columns(
        rows=pl.len().over(key),
        sets=pl.col("conflict_id").n_unique().over(key),
        unset=pl.col("conflict_id").is_null(),
        all_unset=pl.col("conflict_id").is_null().all().over(key),
        some_unset=pl.col("conflict_id").is_null().any().over(key),
        twin=~pl.struct([*key, "source_id"]).is_first_distinct(),
        later=~pl.struct(key).is_first_distinct(),
    ).filter(pl.col("rows") > 1)
    outside = pl.when(pl.col("some_unset") & ~pl.col("all_unset")).then(pl.col("unset")).otherwise(pl.col("later"))
    torn = sizes.filter(((pl.col("sets") > 1) | pl.col("some_unset")) & outside)
    mend = "give the rows one conflict_id and a row in conflicts, or remove one"
    _report(context, table, torn, key, "conflict_id", "says the same thing as another row", mend)
    twins = sizes.filter(pl.col("twin") & ~pl.col("some_unset"))
    _report(context, table, twins, key, "source_id", "one source states it twice", "keep one of the rows")


def _check_conflict_sets(context: Context) -> None:
    """Check that a conflict set has rows in its table, and its default source among theirs."""
    frame = context.sound("conflicts")
    for row, conflict, table, source in frame.select(ROW, "conflict_id", "table", "default_source_id").iter_rows():
        if table not in schema() or "conflict_id" not in empty_table(table).columns or table == "conflicts":
            mend = "name a table whose rows have a conflict_id"
            context.add("conflicts", row, "table", table, "is not a table in which figures conflict", mend)
            continue
        if context.faulty_rows(table) or not context.is_whole(table):
            continue
        rows = context.joined(table).filter(pl.col("conflict_id") == conflict)
        sources = set(rows["source_id"].drop_nulls().str.split(";").explode())
        if rows.is_empty():
            mend = "give its rows this conflict_id, or remove the set"
            context.add("conflicts", row, "conflict_id", conflict, f"has no rows in {table}", mend)
        elif source not in sources:
            mend = f"write one of {', '.join(sorted(sources))}"
            context.add("conflicts", row, "default_source_id", source, f"is no source of its rows in {table}", mend)
    context.count("conflict sets", frame.height)


def _report(
    context: Context, table: str, rows: pl.DataFrame, key: list[str], column: str, rule: str, mend: str
) -> None:
    for row, *values in rows.select(ROW, *key).iter_rows():
        shown = ", ".join("" if value is None else f"{value}" for value in values)
        context.add(table, row, column, shown, rule, mend)


def _check_global_ids(context: Context) -> None:
    seen: dict[str, str] = {}
    for table in ENTITY_TABLES:
        name = key_columns(table)[0]
        for identifier in context.common.get(table, pl.DataFrame({name: []}))[name]:
            seen.setdefault(identifier, table)
    for table in ENTITY_TABLES:
        name = key_columns(table)[0]
        for row, identifier in context.own(table).select(ROW, name).iter_rows():
            first = seen.setdefault(identifier, table)
            if identifier is not None and first != table:
                context.add(table, row, name, identifier, f"is an id of {first} too", "ids are global: choose another")


def _targets(column: Column) -> tuple[str, ...]:
    """Return the tables in which an id of this column must stand; empty where it refers to nothing."""
    if column.type == "place":
        return () if column.table == "places" else ("places",)
    if column.type == "place_or_bloc" or column.name == "against":
        return ("places", "blocs")
    return column.reference


def _check_references(context: Context) -> None:
    lost: dict[tuple[str, ...], list[Fault]] = {}
    for table in context.package.tables:
        for column in schema()[table]:
            targets = _targets(column)
            if targets and all(context.is_whole(target) for target in targets):
                lost.setdefault(targets, []).extend(_unresolved(context, column, targets))
    for targets, faults in lost.items():
        broken = [key for target in targets for key in _broken_keys(context, target)]
        uses = Counter(fault.value for fault in faults)
        ranked = sorted(uses, key=lambda value: (bool(nearest(value, broken)), uses[value]), reverse=True)
        echoes = ranked[: len(broken)]  # as many ids are missing as keys are broken: the likeliest ones
        context.faults.extend(fault for fault in faults if fault.value not in echoes)


def _unresolved(context: Context, column: Column, targets: tuple[str, ...]) -> Iterator[Fault]:
    known = set(FREE_PLACES if "places" in targets else ())
    for table in targets:
        known |= set(context.joined(table)[key_columns(table)[0]].drop_nulls())
    frame = context.own(column.table).select(ROW, column.name).drop_nulls()
    context.count("references", frame.height)
    if column.type == "list" or column.name == "against":
        frame = frame.with_columns(pl.col(column.name).str.split(";")).explode(column.name)
    used = frame.filter(~pl.col(column.name).is_in(list(known)))
    if column.type in ("place", "id"):
        used = used.filter(pl.col(column.name).str.contains(FORMS[column.type][0]))
    where = " or ".join(targets)
    for row, value in used.iter_rows():
        near = nearest(value, known)
        mend = f"write {' or '.join(near)}" if near else f"add it to {where} or correct it"
        rule = f"resolves to nothing in {where}"
        yield Fault(context.package.files[column.table], row, column.name, value, rule, mend)


def _broken_keys(context: Context, table: str) -> list[str]:
    """Return the values of key cells that are faults of their own: what refers to the row finds nothing."""
    key, file = key_columns(table)[0], context.package.files.get(table)
    return [f.value for f in context.faults if f.file == file and f.column == key and f.rule in KEY_FAULTS]
