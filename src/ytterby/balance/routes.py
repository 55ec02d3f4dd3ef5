"""Routes: what a place may turn into what. Processes with the same feeds and products are one route.

A route's coefficient is the mean of its processes' t/t; where they state bounds or differ, it is uncertain between the
lowest and the highest bound, read as 5 and 95 %, and never below what a route without loss would take. Matter enters
from outside the balance as deposits, as goods that come out of use, as materials that no recipe makes, and as ores of
which nothing is stated and nothing traded, which stay with their mine. Exploration, use and statistical routes (sums
over plants, named so) are no routes of a balance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.uncertainty import Z90

BALANCED = ("chain", "scrap")
OUTSIDE = ("use", "exploration")
STATISTICAL = "(statistical route)"


@dataclass(frozen=True)
class Coefficient:
    """Tonnes of a material per tonne of main product, with its standard deviation (0: certain).

    `least` is what a route without any loss would take; no feed goes below it.
    """

    material: str
    t_per_t: float
    sd: float = 0.0
    least: float = 0.0


@dataclass(frozen=True)
class Route:
    """What one or more like processes make of what: `feeds` inside the balance, `raw` from outside it."""

    route_id: str
    main: str
    feeds: tuple[Coefficient, ...]
    co_products: tuple[Coefficient, ...]
    raw: tuple[Coefficient, ...]
    losses: tuple[str, ...]
    processes: tuple[str, ...]
    source_ids: tuple[str, ...]


@dataclass(frozen=True)
class Routes:
    """Routes and the materials that they balance, in chain order as given."""

    routes: tuple[Route, ...]
    materials: tuple[str, ...]
    left_out: tuple[str, ...]

    def makers(self, material: str) -> tuple[Route, ...]:
        """Return the routes whose main product is a material."""
        return tuple(route for route in self.routes if route.main == material)

    def takers(self, material: str) -> tuple[Route, ...]:
        """Return the routes that feed on a material."""
        return tuple(route for route in self.routes if any(feed.material == material for feed in route.feeds))


def routes_of(chain: Chain, order: Iterable[str], stated: frozenset[str], observed: frozenset[str]) -> Routes:
    """Return the routes of a chain.

    Args:
        chain: a metal's chain.
        order: materials from ore to product.
        stated: materials of which output, trade or use is stated in any year; an ore outside it stays with its mine.
        observed: materials of which output or trade of the year is stated; a material that is not, and that nothing
            observed can become, is made by nobody known, and routes that need it do not run.
    """
    kinds = dict(chain.materials.select("material_id", "kind").iter_rows())
    statistical = chain.processes.filter(pl.col("name").str.contains(STATISTICAL, literal=True))["process_id"]
    outside = chain.processes.filter(pl.col("stage").is_in(OUTSIDE))["process_id"]
    dropped = set(statistical) | set(outside)
    rows = chain.recipes.filter(~pl.col("process_id").is_in(list(dropped)) & (pl.col("role") != "reagent"))
    steps = [step for process in rows["process_id"].unique().sort() for step in _steps(rows, process)]
    raw = _raw(steps, kinds, stated)
    grouped: dict[tuple[Any, ...], list[list[dict[str, Any]]]] = {}
    for step in steps:
        main = next((row["material_id"] for row in step if row["role"] == "main"), None)
        if main is None or main in raw or kinds.get(main) not in BALANCED:
            continue
        feeds = tuple(sorted(row["material_id"] for row in step if row["role"] == "feed"))
        others = tuple(sorted(row["material_id"] for row in step if row["role"] == "co_product"))
        grouped.setdefault((main, feeds if set(feeds) - raw else ("raw",), others), []).append(step)
    content = content_of(chain)
    routes = _possible([_route(key[0], group, raw, kinds, content) for key, group in sorted(grouped.items())], observed)
    touched = {route.main for route in routes} | {f.material for r in routes for f in (*r.feeds, *r.co_products)}
    materials = tuple(name for name in order if name in touched)
    return Routes(routes, materials, tuple(sorted(set(stated) - touched)))


def _possible(routes: list[Route], observed: frozenset[str]) -> tuple[Route, ...]:
    """Return the routes that something observed can feed."""
    there = set(observed)
    while True:
        runs = [r for r in routes if all(f.material in there for f in r.feeds) and (r.feeds or r.main in there)]
        made = {name for r in runs for name in (r.main, *(part.material for part in r.co_products))}
        if made <= there:
            return tuple(runs)
        there |= made


def content_of(chain: Chain) -> dict[str, float]:
    """Return the mass fraction of all tracked components together, by material."""
    tracked = chain.compositions.filter(pl.col("component").is_in(list(chain.components)))
    return dict(tracked.group_by("material_id").agg(pl.col("mass_fraction").sum()).iter_rows())


def _steps(rows: pl.DataFrame, process: str) -> list[list[dict[str, Any]]]:
    """Return the rows of a process once for each choice among its alternative feeds and products."""
    mine = rows.filter(pl.col("process_id") == process).to_dicts()
    fixed = [row for row in mine if row["alternative"] is None]
    choices: dict[str, list[dict[str, Any]]] = {}
    for row in mine:
        if row["alternative"] is not None:
            choices.setdefault(f"{row['direction']} {row['alternative']}", []).append(row)
    return [[*fixed, *picked] for picked in product(*choices.values())]


def _raw(steps: list[list[dict[str, Any]]], kinds: dict[str, str], stated: frozenset[str]) -> set[str]:
    """Return the materials that come from outside the balance."""
    feeds_of: dict[str, list[set[str]]] = {}
    for step in steps:
        feeds = {row["material_id"] for row in step if row["role"] == "feed"}
        for row in step:
            if row["role"] in ("main", "co_product"):
                feeds_of.setdefault(row["material_id"], []).append(feeds)
    known = {row["material_id"] for step in steps for row in step}
    raw = {name for name in known if kinds.get(name) not in BALANCED or name not in feeds_of}
    while True:
        more = {
            name
            for name in known - raw - stated
            if kinds.get(name) == "chain"
            and all(feeds and feeds <= raw for feeds in feeds_of[name])
            and any(kinds.get(feed) == "deposit" for feeds in feeds_of[name] for feed in feeds)
        }
        if not more:
            return raw
        raw |= more


def _bounded(
    feeds: list[Coefficient], main: str, others: list[Coefficient], content: Mapping[str, float]
) -> list[Coefficient]:
    """Return feeds with the least that carries what comes out, the other feeds as stated."""
    out = content.get(main, 0.0) + sum(part.t_per_t * content.get(part.material, 0.0) for part in others)
    into = {feed.material: feed.t_per_t * content.get(feed.material, 0.0) for feed in feeds}
    result = []
    for feed in feeds:
        needed = out - sum(carried for name, carried in into.items() if name != feed.material)
        held = content.get(feed.material, 0.0)
        least = min(max(needed / held, 0.0), feed.t_per_t) if held > 0 else 0.0
        result.append(replace(feed, least=least))
    return result


def _route(
    main: str,
    members: list[list[dict[str, Any]]],
    raw: set[str],
    kinds: dict[str, str],
    content: Mapping[str, float],
) -> Route:
    """Return one route from the rows of its processes."""

    def parts(role: str) -> list[Coefficient]:
        names = sorted({row["material_id"] for step in members for row in step if row["role"] == role})
        return [_coefficient(name, role, members) for name in names]

    feeds = _bounded(parts("feed"), main, parts("co_product"), content)
    processes = tuple(dict.fromkeys(step[0]["process_id"] for step in members))
    sources = tuple(sorted({part for step in members for row in step for part in (row["source_id"] or "").split(";")}))
    return Route(
        route_id=processes[0] if len(processes) == 1 else f"{processes[0]}+{len(processes) - 1}",
        main=main,
        feeds=tuple(feed for feed in feeds if feed.material not in raw),
        co_products=tuple(part for part in parts("co_product") if kinds.get(part.material) in BALANCED),
        raw=tuple(feed for feed in feeds if feed.material in raw),
        losses=tuple(part.material for part in parts("loss")),
        processes=processes,
        source_ids=tuple(filter(None, sources)),
    )


def _coefficient(material: str, role: str, members: list[list[dict[str, Any]]]) -> Coefficient:
    """Return the mean coefficient of a material over processes that state it, and the spread of their bounds."""
    rows = [row for step in members for row in step if row["material_id"] == material and row["role"] == role]
    values = [float(row["t_per_t"]) for row in rows]
    low = min(float(row["t_per_t"] if row["t_per_t_low"] is None else row["t_per_t_low"]) for row in rows)
    high = max(float(row["t_per_t"] if row["t_per_t_high"] is None else row["t_per_t_high"]) for row in rows)
    spread = (high - low) / (2 * Z90) if role == "feed" else 0.0
    return Coefficient(material, sum(values) / len(values), spread)
