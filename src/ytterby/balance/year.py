"""One year of a chain as a system of balances: nodes are place x material, flows join them.

At each node, in gross tonnes a year:
    sum of runs that make it + co-products + shipped in + net trade
        = feeds of runs + shipped out + used + added to stock
Runs and uses are not measured; output, trade lanes, consumption, capacity (output + spare = capacity) are. A change of
stock is taken as 0 with a standard deviation of one month of the node's throughput (ours). Where no trade of a material
is held, each place has one net trade with a world market that closes. Places below a share of all output and trade are
the rest of the world.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from ytterby.balance.observed import LEAST_SD_T, Observation, capacities, consumed, made, shipped
from ytterby.balance.routes import Route, Routes
from ytterby.balance.system import Stated, System
from ytterby.chain.chain import Chain
from ytterby.chain.places import WORLD, bloc_members
from ytterby.tonnage import TonnageBook

REST = "ROW"
SMALL_OUTPUT, SMALL_TRADE = 0.005, 0.02
STOCK_SHARE = 1 / 12
LOCAL_FORMS = ("ore", "in the ground", "tailings", "slurry", "used part")


@dataclass
class Year:
    """What is stated of a year, by kind, with small places joined."""

    chain: Chain
    year: int
    routes: Routes
    made: dict[str, list[Observation]] = field(default_factory=dict)
    makers: dict[str, frozenset[str]] = field(default_factory=dict)
    ships: dict[str, list[Observation]] = field(default_factory=dict)
    consumed: list[Observation] = field(default_factory=list)
    capacity: list[Observation] = field(default_factory=list)
    places: frozenset[str] = frozenset()
    leaves: frozenset[str] = frozenset()
    notes: list[str] = field(default_factory=list)

    def at(self, place: str) -> str:
        """Return the place as the balance has it: itself, or the rest of the world."""
        return place if place in self.places else REST


def read_year(chain: Chain, world: Chain, book: TonnageBook, routes: Routes) -> Year:
    """Return what is stated of the year for the materials that routes balance."""
    found = Year(chain, book.year, routes, leaves=_leaves(chain, routes))
    names = dict(chain.materials.select("material_id", "name").iter_rows())
    unknown: dict[str, tuple[float, float]] = {}
    for material in routes.materials:
        seen, makers, rest, rest_sd = made(book, material)
        found.made[material], found.makers[material] = seen, makers
        unknown[material] = (rest, rest_sd)
        found.ships[material], _ = shipped(chain, world, material, book.year)
        stated = {item.place: item.value or 0.0 for item in seen if "capacity" not in item.basis}
        limits, short = capacities(book, material, stated)
        found.capacity += limits
        if short:
            found.notes.append(
                f"{names[material]}: the known sites of {', '.join(short)} could not make what is stated; "
                "their capacity bounds nothing."
            )
    found.consumed = consumed(book, routes.materials)
    found.places = _kept(found)
    for material in routes.materials:
        found.made[material] = _joined(found, found.made[material], *unknown[material], material)
        found.ships[material] = _lanes(found, found.ships[material])
    found.capacity = [item for item in found.capacity if item.place in found.places]
    return found


def _kept(found: Year) -> frozenset[str]:
    """Return the places that stand for themselves: enough of some material's output or of some line's trade."""
    kept: set[str] = set()
    for material in found.routes.materials:
        output = {item.place: item.value or 0.0 for item in found.made[material]}
        whole = sum(output.values())
        kept |= {place for place, tonnes in output.items() if tonnes >= SMALL_OUTPUT * whole}
        through: dict[str, float] = {}
        for item in found.ships[material]:
            for place in (item.place, item.partner):
                through[place] = through.get(place, 0.0) + (item.value or 0.0)
        traded = sum(through.values()) / 2
        kept |= {place for place, tonnes in through.items() if tonnes >= SMALL_TRADE * traded}
    known = set(found.chain.places["place_id"])
    kept |= {item.place for item in found.consumed if item.place in known}
    return frozenset(kept - {WORLD})


def _joined(found: Year, seen: list[Observation], rest: float, rest_sd: float, material: str) -> list[Observation]:
    """Return output by place, with small places and what is stated for none as the rest of the world's."""
    kept = [item for item in seen if item.place in found.places]
    small = [item for item in seen if item.place not in found.places]
    if not small and rest <= 0:
        return kept
    value = rest + sum(item.value or 0.0 for item in small)
    sd = (rest_sd**2 + sum(item.sd**2 for item in small)) ** 0.5
    sources = ";".join(dict.fromkeys(part for item in small for part in item.source_id.split(";") if part))
    confidence = "assumed" if rest > value / 2 else "estimated"
    words = "world total less named places, small places" if rest > 0 else "small places"
    return [*kept, Observation("made", material, REST, value, sd, sources, confidence, words)]


def _lanes(found: Year, ships: list[Observation]) -> list[Observation]:
    """Return trade between places of the balance, summed; deviations add, since one source states all."""
    result: dict[tuple[str, str], Observation] = {}
    for item in ships:
        key = found.at(item.place), found.at(item.partner)
        if key[0] == key[1]:
            continue
        held = result.get(key)
        if held is None:
            result[key] = replace(item, place=key[0], partner=key[1])
        elif item.value is not None:
            result[key] = replace(held, value=(held.value or 0.0) + item.value, sd=held.sd + item.sd)
    return list(result.values())


def build(found: Year) -> System:
    """Return the system of balances of a year."""
    system = System()
    through = _throughput(found)
    runs = _add_runs(system, found, through)
    _add_output(system, found, runs, through)
    for item in found.consumed:
        if item.place in found.places:
            system.row(("node", item.material, item.place, ""))
    _add_trade(system, found, through)
    touched = {(key[1], key[2]) for key in system.rows if key[0] == "node"}
    used = {(m, p): _add_use(system, found, m, p, through) for m, p in sorted(touched)}
    _add_consumed(system, found, runs, {node: column for node, column in used.items() if column is not None})
    for material, place in sorted(touched):
        size = through.get((material, place), 0.0)
        if size > 0:
            stated = Stated(
                0.0, float(np.hypot(STOCK_SHARE * size, LEAST_SD_T)), "", "assumed", "no change of stock is stated"
            )
            column = system.column(("stock", material, place, ""), stated=stated, lower=-float("inf"), scale=size)
            system.entry(("node", material, place, ""), column, -1.0)
    return system


Throughput = dict[tuple[str, str], float]


def _throughput(found: Year) -> Throughput:
    """Return about how much passes each node: output, imports, exports, or what the next steps need of it."""
    through: Throughput = {}

    def raise_to(material: str, place: str, tonnes: float) -> None:
        through[material, place] = max(through.get((material, place), 0.0), tonnes)

    for material in found.routes.materials:
        flows: dict[tuple[str, str], float] = {}
        for item in found.ships[material]:
            for way, place in (("out", item.place), ("in", item.partner)):
                flows[way, place] = flows.get((way, place), 0.0) + (item.value or 0.0)
        for (_, place), tonnes in flows.items():
            raise_to(material, place, tonnes)
        for item in found.made[material]:
            raise_to(material, item.place, item.value or 0.0)
    for material in reversed(found.routes.materials):
        for route in found.routes.makers(material):
            for place in _where(found, route, through):
                for feed in route.feeds:
                    raise_to(feed.material, place, through.get((material, place), 0.0) * feed.t_per_t * 0.5)
    for material in found.routes.materials:
        for route in found.routes.makers(material):
            for place in _where(found, route, through):
                fed = [through.get((f.material, place), 0.0) / f.t_per_t for f in route.feeds]
                if fed and not found.made[material]:
                    raise_to(material, place, min(fed) * 0.5)
    return through


def _where(found: Year, route: Route, through: Throughput) -> list[str]:
    """Return the places where a route may run: known makers of its product, else wherever its feed is."""
    known = {item.place for item in found.made[route.main]} | {found.at(p) for p in found.makers[route.main]}
    if known:
        return sorted(known)
    feeds = {f.material for f in route.feeds}
    return sorted({place for (material, place), tonnes in through.items() if material in feeds and tonnes > 0})


Runs = dict[str, list[tuple[Route, str, int]]]


def _add_runs(system: System, found: Year, through: Throughput) -> Runs:
    """Add what each route makes at each place, and its uncertain coefficients; return the runs by main product."""
    runs: Runs = {}
    for route in found.routes.routes:
        places = _where(found, route, through)
        coefficients: dict[str, int] = {}
        for feed in route.feeds if places else ():
            if feed.sd > 0:
                stated = Stated(feed.t_per_t, feed.sd, ";".join(route.source_ids), "", "recipe, with bounds")
                key = ("coefficient", route.route_id, feed.material, route.main)
                coefficients[feed.material] = system.column(key, stated=stated, lower=feed.least, scale=feed.t_per_t)
        for place in places:
            size = through.get((route.main, place), 0.0)
            run = system.column(("run", route.route_id, place, route.main), scale=size or 1.0)
            runs.setdefault(route.main, []).append((route, place, run))
            system.entry(("node", route.main, place, ""), run, 1.0)
            for part in route.co_products:
                system.entry(("node", part.material, place, ""), run, part.t_per_t)
            for feed in route.feeds:
                node = ("node", feed.material, place, "")
                if feed.material in coefficients:
                    system.product(node, coefficients[feed.material], run, -1.0)
                else:
                    system.entry(node, run, -feed.t_per_t)
    return runs


def _add_output(system: System, found: Year, runs: Runs, through: Throughput) -> None:
    """Add stated output as the sum of runs, and capacity as output and what is spare."""
    capacity = {(item.material, item.place): item for item in found.capacity}
    for material, members in runs.items():
        stated = {item.place: item for item in found.made[material]}
        for place in sorted({place for _, place, _ in members}):
            item, limit = stated.get(place), capacity.get((material, place))
            if item is None and limit is None:
                continue
            size = through.get((material, place), 0.0) or 1.0
            said = _said(item) if item is not None else Stated()
            output = system.column(("made", material, place, ""), stated=said, scale=size)
            row = ("made", material, place, "")
            system.entry(row, output, -1.0)
            for _, where, run in members:
                if where == place:
                    system.entry(row, run, 1.0)
            if limit is not None:
                most = system.column(("capacity", material, place, ""), stated=_said(limit), scale=limit.value or 1.0)
                spare = system.column(("spare", material, place, ""), scale=limit.value or 1.0)
                for column, sign in ((most, -1.0), (output, 1.0), (spare, 1.0)):
                    system.entry(("capacity", material, place, ""), column, sign)


def _said(item: Observation) -> Stated:
    return Stated(item.value, item.sd, item.source_id, item.confidence, item.basis)


def _add_trade(system: System, found: Year, through: Throughput) -> None:
    """Add trade lanes; where none are held, one net trade a place with a market that closes."""
    forms = dict(found.chain.materials.select("material_id", "form").iter_rows())
    for material in found.routes.materials:
        for item in found.ships[material]:
            said = _said(item) if item.value is not None else replace(_said(item), value=None, sd=None)
            size = item.value or through.get((material, item.place), 0.0) * 0.01 or 1.0
            lane = system.column(("ship", material, item.place, item.partner), stated=said, scale=size)
            system.entry(("node", material, item.place, ""), lane, -1.0)
            system.entry(("node", material, item.partner, ""), lane, 1.0)
        if not found.ships[material] and forms.get(material) not in LOCAL_FORMS:
            nodes = sorted(key[2] for key in system.rows if key[:2] == ("node", material))
            for place in nodes if len(nodes) > 1 else ():
                size = through.get((material, place), 0.0) or 1.0
                net = system.column(("net", material, place, ""), lower=-float("inf"), scale=size)
                system.entry(("node", material, place, ""), net, 1.0)
                system.entry(("market", material, "", ""), net, 1.0)


def _add_use(system: System, found: Year, material: str, place: str, through: Throughput) -> int | None:
    """Add use outside the chain where the material may leave it there; return its column."""
    if material not in found.leaves:
        return None
    size = through.get((material, place), 0.0) or 1.0
    column = system.column(("use", material, place, ""), scale=size)
    system.entry(("node", material, place, ""), column, -1.0)
    return column


def _leaves(chain: Chain, routes: Routes) -> frozenset[str]:
    """Return the materials that may leave the chain: products, co-products, those with a use of their own."""
    rows = chain.demand.filter((pl.col("end_use") != "total") & pl.col("quantity").is_not_null())
    kinds = dict(chain.materials.select("material_id", "kind").iter_rows())
    side = {part.material for route in routes.routes for part in route.co_products}
    last = {material for material in routes.materials if not routes.takers(material)}
    return frozenset(set(rows["material_id"]) | {name for name in side if kinds.get(name) == "chain"} | last)


def _add_consumed(system: System, found: Year, runs: Runs, used: Mapping[tuple[str, str], int]) -> None:
    """Add stated consumption of a region: what its routes take and what it uses outside the chain."""
    for item in found.consumed:
        members = _members(found, item.place)
        if not members:
            continue
        column = system.column(("consumed", item.material, item.place, ""), stated=_said(item), scale=item.value or 1.0)
        row = ("consumed", item.material, item.place, "")
        system.entry(row, column, -1.0)
        for material, place in used:
            if material == item.material and place in members:
                system.entry(row, used[material, place], 1.0)
        for route in found.routes.takers(item.material):
            for feed in route.feeds:
                if feed.material == item.material:
                    _take(system, row, route, feed.t_per_t, _runs_in(runs, route, members), item.material)


def _runs_in(runs: Runs, route: Route, members: frozenset[str]) -> Iterable[int]:
    return [run for other, place, run in runs.get(route.main, []) if other is route and place in members]


def _take(
    system: System, row: tuple[str, str, str, str], route: Route, t_per_t: float, members: Iterable[int], material: str
) -> None:
    coefficient = system.keys.get(("coefficient", route.route_id, material, route.main))
    for run in members:
        if coefficient is None:
            system.entry(row, run, t_per_t)
        else:
            system.product(row, coefficient, run, 1.0)


def _members(found: Year, region: str) -> frozenset[str]:
    """Return the places of the balance that make up a region; a bloc's small members are left out."""
    if region == WORLD:
        return found.places | {REST}
    inside = bloc_members(found.chain, region, found.year) & found.places
    return frozenset(inside)
