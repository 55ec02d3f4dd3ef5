"""Existing plant: what each region can make of each material in the base year, and what has been announced.

Capacity of a material at a region is, where sites state it, the sum of their capacity; never less than its output over
its utilisation. Mines are taken to run at capacity. A material of which nothing is stated has the capacity that its
users at the region need (computed from their capacity and recipes). Processes that make one material at one region
share that capacity: those that operating sites name, else every one that is ready. Beyond the mines the rest of the
world has an entry for every material, if only of 0: there stands what is made at places that nobody names.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.conflicts import default_rows
from ytterby.chain.uncertainty import Sampler
from ytterby.network.figures import Figure
from ytterby.network.regions import REST, Regions, is_complete
from ytterby.network.routes import Routes
from ytterby.network.stated import named_places, stated_capacity
from ytterby.tonnage import MAKING, Tonnage, TonnageBook, status_on, utilisation_of

SMALLEST_SHARE = 0.005
BUILT = "nameplate"
FULL_STAGES = ("mining", "recycling")
Key = tuple[str, str]


@dataclass(frozen=True)
class Plant:
    """Capacity by material and region, the processes that may run there, and announced additions.

    announced: material, region, year, t_per_a, status, facility_id, process_id
    """

    capacity: Mapping[Key, Figure]
    output: Mapping[Key, float]
    processes: Mapping[Key, tuple[str, ...]]
    announced: pl.DataFrame


def active_places(chain: Chain, book: TonnageBook, routes: Routes) -> set[str]:
    """Return the countries that make at least half a percent of some material, or use one by a stated figure.

    Of a package that is taken at its word every place that it names counts.
    """
    if is_complete(chain):
        return named_places(chain)
    places: set[str] = set()
    for material in routes.materials["material_id"]:
        tonnage = book.of(material)
        if tonnage is not None and tonnage.total > 0:
            pairs = zip(tonnage.places, tonnage.point, strict=True)
            places |= {place for place, t in pairs if t >= SMALLEST_SHARE * tonnage.total}
    stated = chain.demand.filter(pl.col("quantity").is_not_null())["region_id"]
    return places | set(stated)


def make_plant(chain: Chain, book: TonnageBook, routes: Routes, regions: Regions) -> Plant:
    """Return the existing plant of a chain in the book's year."""
    mains = set(routes.processes["main"])
    if is_complete(chain):
        sites = _site_capacity(chain, book, lambda place: place)
        held = stated_capacity(chain, book.year, book.factor, regions, sites)
        return _plant(chain, book, routes, regions, {key: f for key, f in held.items() if key[0] in mains}, {})
    sites = _site_capacity(chain, book, regions.of)
    capacity: dict[Key, Figure] = {}
    output: dict[Key, float] = {}
    stages = dict(routes.materials.select("material_id", "stage").iter_rows())
    for material in mains:
        made = _output(book, material, regions)
        output |= {(material, region): t for region, t in made.items()}
        run = utilisation_of(chain, material, book.year, book.sampler)
        for region in sorted(set(made) | {r for m, r in sites if m == material}):
            t = made.get(region, 0.0)
            used = 1.0 if stages.get(material) in FULL_STAGES else float(run.of(_place(region, regions)).point)
            stated = sites.get((material, region))
            wanted = t / max(used, 1e-6)
            if stated is not None and stated.value >= wanted:
                capacity[material, region] = stated
            elif wanted > 0:
                note = f"output {t:,.0f} t over a utilisation of {used:.2f}"
                confidence = "estimated" if used == 1.0 or _place(region, regions) in run.stated else "assumed"
                capacity[material, region] = Figure(
                    "capacity", f"{material} in {region}", wanted, "t/a", confidence, note=note
                )
    for material in sorted({m for m, _ in capacity}):
        if stages.get(material) not in FULL_STAGES:
            unplaced = Figure("capacity", f"{material} in {REST}", 0.0, "t/a", "assumed", note="plant of unknown place")
            capacity.setdefault((material, REST), unplaced)
    return _plant(chain, book, routes, regions, capacity, output)


def _plant(
    chain: Chain,
    book: TonnageBook,
    routes: Routes,
    regions: Regions,
    capacity: dict[Key, Figure],
    output: dict[Key, float],
) -> Plant:
    """Return plant with the processes that may run in it, what its users need besides, and what is announced."""
    named = _named_processes(chain, book, regions)
    makers = {material: routes.makers(material).rows(named=True) for material in {m for m, _ in capacity}}
    processes = {key: _routes_of(makers[key[0]], named.get(key, set())) for key in capacity}
    _derive(routes, capacity, processes)
    return Plant(capacity, output, processes, _announced(chain, book, routes, regions))


def _place(region: str, regions: Regions) -> str:
    members = regions.members(region)
    return next(iter(members)) if len(members) == 1 else region


def tonnes_by_region(tonnage: Tonnage, regions: Regions) -> dict[str, float]:
    """Return the gross tonnes of each region, what no place is stated for left out."""
    result: dict[str, float] = {}
    for place, t in zip(tonnage.places, tonnage.point, strict=True):
        region = regions.of(place)
        result[region] = result.get(region, 0.0) + float(t)
    return result


def _output(book: TonnageBook, material: str, regions: Regions) -> dict[str, float]:
    tonnage = book.of(material)
    if tonnage is None:
        return {}
    result = tonnes_by_region(tonnage, regions)
    if tonnage.unknown > 0:
        result[REST] = result.get(REST, 0.0) + tonnage.unknown
    return {region: t for region, t in result.items() if t > 0}


def operating(chain: Chain, rows: pl.DataFrame, year: int) -> pl.DataFrame:
    """Return the rows of sites that make something in a year; in a complete package those without a status too."""
    making = status_on(chain, dt.date(year, 7, 1)).filter(pl.col("status").is_in(MAKING))["facility_id"]
    is_making = pl.col("facility_id").is_in(making.implode())
    if is_complete(chain):
        is_making |= ~pl.col("facility_id").is_in(chain.facility_status["facility_id"].implode())
    return rows.filter(is_making)


def _latest(frame: pl.DataFrame, chain: Chain, year: int) -> pl.DataFrame:
    """Return one row a site, material and measure: of the year nearest to `year`, the default of a conflict set.

    Of a package that is taken at its word, of the last year up to it.
    """
    is_past = (pl.col("measure") == "planned_capacity") | (pl.col("year") <= year)
    stated = frame.filter(is_past) if is_complete(chain) else frame
    held = stated.filter(pl.col("quantity").is_not_null()).with_columns(
        distance=(pl.col("year") - year).abs() + 0.5 * (pl.col("year") > year)
    )
    key = ["facility_id", "material_id", "measure"]
    nearest = held.filter(pl.col("distance") == pl.col("distance").min().over(key)).drop("distance")
    return default_rows(chain, nearest, key)


def _site_capacity(chain: Chain, book: TonnageBook, region_of: Callable[[str], str]) -> dict[Key, Figure]:
    rows = _latest(chain.facility_output.filter(pl.col("measure") == "capacity"), chain, book.year)
    parts = chain.facilities.select("facility_id", "place_id", "part_of")
    held = operating(chain, rows, book.year).join(parts, on="facility_id")
    stated = set(held.select("facility_id", "material_id").iter_rows())
    result: dict[Key, Figure] = {}
    columns = ["facility_id", "material_id", "place_id", "part_of", "quantity", "unit", "confidence", "source_id"]
    for _, material, place, whole, quantity, unit, confidence, source in held.select(columns).iter_rows():
        if (whole, material) in stated:
            continue
        key = (material, region_of(place))
        t = quantity * book.factor(material, unit)
        earlier = result.get(key)
        sure = _weaker(confidence, earlier.confidence if earlier else confidence)
        sources = ";".join(dict.fromkeys([*(earlier.source_id.split(";") if earlier else []), *source.split(";")]))
        total = t + (earlier.value if earlier else 0.0)
        result[key] = Figure(
            "capacity", f"{material} in {key[1]}", total, "t/a", sure, sources, note="sum of operating sites"
        )
    return result


def _weaker(one: str, other: str) -> str:
    order = ("measured", "reported", "estimated", "assumed")
    return max(one, other, key=order.index)


def _named_processes(chain: Chain, book: TonnageBook, regions: Regions) -> dict[Key, set[str]]:
    rows = operating(chain, chain.facility_output.filter(pl.col("process_id").is_not_null()), book.year).join(
        chain.facilities.select("facility_id", "place_id"), on="facility_id"
    )
    result: dict[Key, set[str]] = {}
    for material, place, process in rows.select("material_id", "place_id", "process_id").unique().iter_rows():
        result.setdefault((material, regions.of(place)), set()).add(process)
    return result


def _routes_of(makers: Sequence[Mapping[str, Any]], named: set[str]) -> tuple[str, ...]:
    """Return the makers of a material that may run where plant of it stands, given those that sites name."""
    pool = [row for row in makers if row["is_ready"]] or makers
    chosen = {row["process_id"] for row in makers if row["process_id"] in named}
    if all(row["is_scrap_fed"] for row in makers if row["process_id"] in chosen):
        chosen |= {row["process_id"] for row in pool}
    return tuple(sorted(chosen | {row["process_id"] for row in pool if row["is_scrap_fed"]}))


def _derive(routes: Routes, capacity: dict[Key, Figure], processes: dict[Key, tuple[str, ...]]) -> None:
    """Give materials of which nothing is stated the capacity that their users need, from product to ore."""
    stated = {material for material, _ in capacity}
    mains = [m for m in routes.processes["main"].unique() if m not in stated]
    feeds = routes.flows.filter(pl.col("t_per_t") < 0).join(
        routes.processes.select("process_id", "main"), on="process_id"
    )
    for _ in range(len(mains) + 1):
        changed = False
        for material in mains:
            users = feeds.filter((pl.col("material_id") == material) & (pl.col("main") != material))
            need: dict[str, float] = {}
            for process, product, per_t in users.select("process_id", "main", "t_per_t").iter_rows():
                for (made, region), figure in list(capacity.items()):
                    if made == product and process in processes.get((made, region), ()):
                        need[region] = max(need.get(region, 0.0), figure.value * -per_t)
            for region, t in need.items():
                key = (material, region)
                if key not in capacity or capacity[key].value < t * (1 - 1e-9):
                    note = "what its users at the place can take"
                    capacity[key] = Figure("capacity", f"{material} in {region}", t, "t/a", "assumed", note=note)
                    processes[key] = _routes_of(routes.makers(material).rows(named=True), set())
                    changed = True
        if not changed:
            return


ANNOUNCED = {
    "material": pl.String,
    "region": pl.String,
    "year": pl.Int32,
    "t_per_a": pl.Float64,
    "status": pl.String,
    "facility_id": pl.String,
    "confidence": pl.String,
    "source_id": pl.String,
}


def _announced(chain: Chain, book: TonnageBook, routes: Routes, regions: Regions) -> pl.DataFrame:
    """Return capacity that comes after the base year: what sites plan, at their last known status, and what they state.

    A capacity stated for a later year counts as built, by its difference to the last one stated before.
    """
    rows = chain.facility_output.filter(
        (pl.col("measure") == "planned_capacity") & pl.col("quantity").is_not_null() & (pl.col("year") > book.year)
    )
    last = (
        chain.facility_status.sort("facility_id", "date").group_by("facility_id", maintain_order=True).last()
    ).select("facility_id", "status")
    held = (
        _latest(rows, chain, book.year)
        .join(chain.facilities.select("facility_id", "place_id"), on="facility_id")
        .join(last, on="facility_id", how="left")
        .filter(~pl.col("status").fill_null("study").is_in(["closed", "withdrawn"]))
    )
    mains = set(routes.processes["main"])
    found: list[tuple[object, ...]] = []
    columns = [
        "facility_id",
        "material_id",
        "place_id",
        "year",
        "quantity",
        "unit",
        "status",
        "confidence",
        "source_id",
    ]
    for site, material, place, year, quantity, unit, status, confidence, source in held.select(columns).iter_rows():
        if material in mains:
            t = quantity * book.factor(material, unit)
            found.append((material, regions.of(place), year, t, status or "study", site, confidence, source))
    found += _later(chain, book, mains, regions)
    return pl.DataFrame(found, schema=ANNOUNCED, orient="row").sort("material", "region", "facility_id", "year")


def _later(chain: Chain, book: TonnageBook, mains: set[str], regions: Regions) -> list[tuple[object, ...]]:
    """Return steps of stated capacity after the base year, and after the row that stands for it."""
    stated = chain.facility_output.filter((pl.col("measure") == "capacity") & pl.col("quantity").is_not_null())
    rows = default_rows(chain, stated, ["facility_id", "material_id", "year"]).sort(
        "facility_id", "material_id", "year"
    )
    places = dict(chain.facilities.select("facility_id", "place_id").iter_rows())
    base = {
        (site, material): (year, quantity * book.factor(material, unit))
        for site, material, year, quantity, unit in operating(chain, _latest(stated, chain, book.year), book.year)
        .select("facility_id", "material_id", "year", "quantity", "unit")
        .iter_rows()
    }
    found: list[tuple[object, ...]] = []
    columns = ["year", "quantity", "unit", "confidence", "source_id"]
    rows = rows.filter((pl.col("year") > book.year).any().over("facility_id", "material_id"))
    for (site, material), steps in rows.group_by("facility_id", "material_id", maintain_order=True):
        if material not in mains:
            continue
        first, before = base.get((str(site), str(material)), (book.year, None))
        for year, quantity, unit, confidence, source in steps.select(columns).iter_rows():
            t = quantity * book.factor(str(material), unit)
            if year > max(book.year, first):
                if t != (before or 0.0):
                    region = regions.of(places[str(site)])
                    found.append((material, region, year, t - (before or 0.0), BUILT, site, confidence, source))
                before = t
            elif (str(site), str(material)) not in base:  # it stands, but does not run in the base year
                before = t
    return found


def make_book(chain: Chain, world: Chain, year: int) -> TonnageBook:
    """Return the book of what is stated for a year, at the point."""
    return TonnageBook(chain, world, year, Sampler(2, 0))
