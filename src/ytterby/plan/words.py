"""A plan in plain sentences: what to build and when, who is missing, what binds and what one more unit is worth."""

from __future__ import annotations

from typing import Any

import polars as pl

from ytterby.plan.result import PlanResult


def usd(value: float) -> str:
    """Write dollars in words of size."""
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if abs(value) >= size:
            return f"{value / size:,.1f} {word} USD"
    return f"{value:,.0f} USD"


def sentences(result: PlanResult, *, beside_tables: bool = False) -> list[str]:
    """Return the plan's main findings, most decisive first; without what tables beside them show, if asked."""
    said = [_cost(result), "" if beside_tables and result.tables["builds"].height else _builds(result), _unmet(result)]
    said += _targets(result)
    said += list(result.relaxed)
    said += [] if beside_tables else _binding(result)
    even = result.tables.get("break_even")
    said += [] if even is None or even.is_empty() else even["words"].unique(maintain_order=True).to_list()
    said += _research(result)
    said.append(
        f"{100 * result.assumed_share:.0f} % of the cost rests on assumed figures"
        + (f"; {result.draws} draws were solved." if result.draws else "; no draws were made.")
    )
    return [*[s for s in said if s], *result.notes]


def _research(result: PlanResult) -> list[str]:
    table = result.tables.get("research")
    if table is None or table.is_empty():
        return []
    said = []
    for row in table.sort("worth_usd", descending=True, nulls_last=True).iter_rows(named=True):
        worth = "of unknown worth" if row["worth_usd"] is None else f"worth {usd(row['worth_usd'])}"
        even = row["break_even_odds"]
        needed = "no odds would do" if even is None else f"pays from odds of {even:.2f} on"
        state = "funded" if row["is_funded"] else "not funded"
        name = f"Programme {row['research_id']} ({row['variant']})"
        said.append(f"{name}: {state}, {worth} at odds of {row['odds']:.2f}; {needed}.")
    said += [f"{what.capitalize()}: {usd(value)}." for what, value in result.tables["outcomes"].iter_rows()]
    return said


def _cost(result: PlanResult) -> str:
    paid = ", ".join(
        f"{name} {usd(value)}" for name, value in sorted(result.cost_breakdown.items(), key=lambda i: -i[1])[:4]
    )
    return (
        f"The chain costs {usd(result.objective_usd)} from {result.year} to {result.until}, discounted ({paid}); "
        f"the bill of {result.bloc} is {usd(result.bloc_bill_usd)}."
    )


def _builds(result: PlanResult) -> str:
    if result.tables["builds"].is_empty():
        return f"{result.bloc} builds nothing."
    parts = []
    for process, place, t, first, _, ready, share in build_groups(result).iter_rows():
        odds = "" if share is None else f", in {100 * share:.0f} % of draws"
        parts.append(f"{process} in {place} {t:,.0f} t/a (first decided {first}, ready {ready}{odds})")
    return "Builds: " + "; ".join(parts) + "."


def build_groups(result: PlanResult) -> pl.DataFrame:
    """Return builds by process and place: process, place, t, first and last decision, first ready, share of draws."""
    return (
        result.tables["builds"]
        .group_by("process", "place", maintain_order=True)
        .agg(
            pl.col("capacity_t_per_a").sum(),
            pl.col("year_decided").min().alias("first"),
            pl.col("year_decided").max().alias("last"),
            pl.col("year_ready").min().alias("ready"),
            pl.col("share_of_draws").first(),
        )
        .sort("first", "process", "place")
    )


def _unmet(result: PlanResult) -> str:
    frame = result.tables["unmet"].filter(pl.col("place") == result.bloc)
    if frame.is_empty():
        which = " that a route serves" if any(note.startswith("No route serves") for note in result.notes) else ""
        return f"All use of {result.bloc}{which} is met."
    parts = [
        f"{material} {t:,.0f} t in {first} to {last}"
        for material, t, first, last in frame.group_by("material", maintain_order=True)
        .agg(pl.col("t").sum(), pl.col("year").min().alias("first"), pl.col("year").max().alias("last"))
        .iter_rows()
    ]
    return f"Use of {result.bloc} that is not met: " + "; ".join(parts) + "."


def _targets(result: PlanResult) -> list[str]:
    """Say each target that is not kept from the base year on by itself, and those that are in one sentence a target."""
    said = []
    for _, rows in result.tables["targets"].group_by("target", maintain_order=True):
        held = rows.filter(pl.col("met_in") == result.year)
        said += [_target(row) for row in rows.filter(pl.col("met_in").ne_missing(result.year)).iter_rows(named=True)]
        if held.height:
            said.append(_held(held.sort("slack", maintain_order=True)))
    return said


def _amount(measure: str, value: float) -> str:
    return f"{value:.0f} d" if measure == "days_of_cover" else f"{100 * value:.1f} %".replace("-0.0 %", "0.0 %")


def _asked(row: dict[str, Any]) -> str:
    """Say what is asked: the target's name, with the figure where the name does not open with it."""
    name = row["name"].rstrip(".")
    sign = "at least" if row["measure"] in ("output_share", "recycled_share", "days_of_cover") else "at most"
    figure = "" if name.lower().startswith(sign) else f" ({sign} {_amount(row['measure'], row['required'])})"
    voluntary = "" if row["is_listed"] else " (not named by the act: run as a voluntary target)"
    return f"{name}{figure}{voluntary}"


def _target(row: dict[str, Any]) -> str:
    state = f"first kept in {row['met_in']}" if row["met_in"] is not None else "not kept to the end"
    then, now = (_amount(row["measure"], row[name]) for name in ("in_base_year", "reached"))
    return f"{_asked(row)}, {row['component']}: base year {then}, in the target's year {now}, {state}."


def _held(rows: pl.DataFrame) -> str:
    """Say which components keep a target in the base year already, and the least slack in the target's year."""
    first = rows.row(0, named=True)
    least = _amount(first["measure"], abs(first["slack"]))
    return (
        f"{_asked(first)}: met in the base year already for {', '.join(rows['component'])}, with {least} to spare "
        f"for {first['component']} in the target's year."
    )


def _binding(result: PlanResult) -> list[str]:
    frame = result.tables["worth"]
    if frame.is_empty():
        return []
    top = frame.filter(pl.col("worth_usd") > 0).head(6)
    return [
        f"Worth of {unit}{f' of {what}' if what else ''} in {place}: {usd(value)}."
        for unit, what, place, value, _ in top.iter_rows()
    ]


def binding_groups(result: PlanResult) -> pl.DataFrame:
    """Return what binds, summed over years: constraint, what, place, unit, first, last, usd, largest first."""
    keys = ["constraint", "what", "place", "unit"]
    return (
        result.tables["binding"]
        .group_by(*keys, maintain_order=True)
        .agg(
            pl.col("year").min().alias("first"),
            pl.col("year").max().alias("last"),
            pl.col("shadow_price_usd").sum().alias("usd"),
        )
        .sort("usd", *keys, descending=[True, False, False, False, False])
    )
