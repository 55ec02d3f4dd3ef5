"""Use of each product by region and end use, in the base year and after.

The world's use of an end product is its stated total nearest to the base year, brought there by its growth; without a
total the sum of its end uses, or its output. A material that is also made into other products counts with its stated
end uses alone: its 'total' is a sum over products, and serves for the shares of regions. A region's part is its own
stated use of the product; else its part of the total of the chain; what is left falls to the rest of the world. Growth
is the source's; where none is stated use stays (assumed).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.conflicts import default_rows
from ytterby.chain.places import WORLD
from ytterby.network.regions import REST, Regions, is_complete
from ytterby.network.routes import Routes
from ytterby.tonnage import TonnageBook, gross_of

TOTAL = "total"
TOTALS = (TOTAL, "apparent consumption")
SCHEMA = {
    "material": pl.String,
    "region": pl.String,
    "end_use": pl.String,
    "t": pl.Float64,
    "growth": pl.Float64,
    "confidence": pl.String,
    "source_id": pl.String,
    "note": pl.String,
}


@dataclass(frozen=True)
class Stated:
    """A stated use: tonnes in its year, growth, and who said it."""

    region: str
    end_use: str
    year: int
    t: float
    growth: float | None
    confidence: str
    source_id: str


def demand_table(chain: Chain, book: TonnageBook, routes: Routes, regions: Regions) -> pl.DataFrame:
    """Return use by material, region and end use in the base year, gross t, with growth a year (columns of SCHEMA)."""
    stated = _stated(chain, book, regions)
    if is_complete(chain):
        return _as_stated(chain, book, regions)
    taken = set(routes.flows.filter(pl.col("t_per_t") < 0)["material_id"])
    shares = _regional_shares(stated, book, taken)
    growth = _growth(stated, book.year)
    rows: list[tuple[str, str, str, float, float, str, str, str]] = []
    for material in routes.materials.filter(pl.col("kind") == "chain")["material_id"]:
        found = stated.get(material, [])
        is_end = material not in taken
        uses = _world_uses(found, book, material, is_end=is_end)
        rate, rate_words = growth.get(material, growth.get("", (0.0, "growth not stated: none assumed")))
        for use, t, confidence, source, note in uses:
            local = _local(found, book.year, use, rate) if is_end or use != TOTAL else {}
            spread = _spread(t, local, shares)
            for region, amount, own in spread:
                if amount > 1e-9 * t:
                    sure, said = own or (("assumed" if region != REST or shares else confidence), source)
                    rows.append((material, region, use, amount, rate, sure, said, "; ".join([note, rate_words])))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("material", "region", "end_use")


def _as_stated(chain: Chain, book: TonnageBook, regions: Regions) -> pl.DataFrame:
    """Return use of the base year: the last row up to it, grown to it; 0 where the use is stated from later on."""
    found: dict[tuple[str, str, str], tuple[float, float, str, str, str]] = {}
    for material, region, use, year, t, growth, confidence, source in _complete_rows(chain, regions):
        if year <= book.year or (material, region, use) not in found:
            now = t * (1 + growth) ** (book.year - year) if year <= book.year else 0.0
            found[material, region, use] = (now, growth, confidence, source, "as stated")
    rows = [(*key, *value) for key, value in sorted(found.items())]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


Complete = tuple[str, str, str, int, float, float, str, str]
ORDER = ("measured", "reported", "estimated", "assumed")


def _complete_rows(chain: Chain, regions: Regions) -> list[Complete]:
    """Return the stated rows in year order, the places of one region summed; growth is weighted by tonnes."""
    summed: dict[tuple[str, str, str, int], Complete] = {}
    for row in _rows_as_stated(chain, regions):
        material, region, use, year, t, growth, confidence, source = row
        before = summed.get((material, region, use, year))
        if before is not None:
            whole = before[4] + t
            rate = (before[4] * before[5] + t * growth) / whole if whole else growth
            sources = ";".join(dict.fromkeys([*before[7].split(";"), *source.split(";")]))
            sure = max(before[6], confidence, key=ORDER.index)
            row = (material, region, use, year, whole, rate, sure, sources)
        summed[material, region, use, year] = row
    return list(summed.values())


def _rows_as_stated(chain: Chain, regions: Regions) -> list[Complete]:
    held = default_rows(
        chain,
        chain.demand.filter(pl.col("quantity").is_not_null()),
        ["material_id", "region_id", "end_use", "year"],
    ).sort("year", maintain_order=True)
    columns = ["material_id", "region_id", "end_use", "year", "quantity", "unit", "growth_per_a", "confidence"]
    return [
        (
            material,
            REST if region == WORLD else regions.of(region),
            use,
            year,
            quantity * gross_of(chain, material, unit or "t"),
            growth or 0.0,
            confidence,
            source,
        )
        for material, region, use, year, quantity, unit, growth, confidence, source in held.select(
            *columns, "source_id"
        ).iter_rows()
    ]


def demand_years(chain: Chain, year: int, demand: pl.DataFrame, regions: Regions) -> pl.DataFrame:
    """Return use stated for years after the base of a complete package: demand (row), year, t, growth."""
    schema = {"demand": pl.Int64, "year": pl.Int64, "t": pl.Float64, "growth": pl.Float64}
    if not is_complete(chain):
        return pl.DataFrame(schema=schema)
    number = {key: n for n, key in enumerate(demand.select("material", "region", "end_use").iter_rows())}
    rows = [(number[m, r, u], y, t, growth) for m, r, u, y, t, growth, *_ in _complete_rows(chain, regions) if y > year]
    return pl.DataFrame(rows, schema=schema, orient="row").sort("demand", "year")


def _stated(chain: Chain, book: TonnageBook, regions: Regions) -> dict[str, list[Stated]]:
    rows = default_rows(
        chain,
        chain.demand.filter(pl.col("quantity").is_not_null()),
        ["material_id", "region_id", "end_use", "year"],
    )
    growth_only = chain.demand.filter(pl.col("quantity").is_null() & pl.col("growth_per_a").is_not_null())
    result: dict[str, list[Stated]] = {}
    columns = ["material_id", "region_id", "end_use", "year", "quantity", "unit", "growth_per_a", "confidence"]
    for frame in (rows, growth_only):
        for material, region, use, year, quantity, unit, growth, confidence, source in frame.select(
            *columns, "source_id"
        ).iter_rows():
            t = (quantity or 0.0) * book.factor(material, unit or "t") if quantity else 0.0
            place = region if region == WORLD else regions.of(region)
            if place == REST:
                continue
            kind = TOTAL if use in TOTALS else use
            result.setdefault(material, []).append(Stated(place, kind, year, t, growth, confidence, source))
    return result


def _nearest(found: list[Stated], year: int) -> list[Stated]:
    """Return the entries with tonnes of the year closest to `year`; of two equally close the earlier."""
    held = [s for s in found if s.t > 0]
    if not held:
        return []
    best = min(held, key=lambda s: (abs(s.year - year), s.year)).year
    return [s for s in held if s.year == best]


def _growth(stated: Mapping[str, list[Stated]], year: int) -> dict[str, tuple[float, str]]:
    """Return growth a year by material, and under '' the chain's own: the world's total that is nearest in time."""
    result: dict[str, tuple[float, str]] = {}
    best: tuple[int, float, str] | None = None
    for material, found in sorted(stated.items()):
        held = [s for s in found if s.growth is not None and s.region == WORLD]
        total = [s for s in held if s.end_use == TOTAL] or held
        if not total:
            continue
        nearest = min(total, key=lambda s: (abs(s.year - year), s.year))
        rate = float(nearest.growth or 0.0)
        words = f"growth {100 * rate:.1f} % a year ({nearest.source_id}, {nearest.year})"
        result[material] = (rate, words)
        if nearest.end_use == TOTAL and (best is None or abs(nearest.year - year) < best[0]):
            best = (abs(nearest.year - year), rate, words)
    if best is not None:
        result[""] = (best[1], best[2] + ", of the chain")
    return result


Use = tuple[str, float, str, str, str]


def _world_uses(found: list[Stated], book: TonnageBook, material: str, *, is_end: bool) -> list[Use]:
    """Return the world's use of a material by end use: name, t, confidence, source, what it rests on."""
    world = [s for s in found if s.region == WORLD]
    totals = _nearest([s for s in world if s.end_use == TOTAL], book.year)
    parts = _nearest([s for s in world if s.end_use != TOTAL], book.year)
    if is_end and totals:
        whole = totals[0]
        return [(TOTAL, whole.t, whole.confidence, whole.source_id, f"world total of {whole.year}")]
    if parts:
        return [(s.end_use, s.t, s.confidence, s.source_id, f"world use of {s.year}") for s in parts]
    if not is_end:
        return []
    tonnage = book.of(material)
    if tonnage is None or tonnage.total <= 0:
        regional = _nearest([s for s in found if s.region != WORLD and s.end_use == TOTAL], book.year)
        return [(TOTAL, sum(s.t for s in regional), "estimated", "", "sum of regions")] if regional else []
    return [(TOTAL, tonnage.total, "estimated", "", f"what is made ({tonnage.note})")]


def _local(found: list[Stated], year: int, use: str, rate: float) -> dict[str, Stated]:
    """Return the stated use by region, brought to the base year; end uses are summed where no total is stated."""
    result: dict[str, Stated] = {}
    regions = {s.region for s in found if s.region != WORLD}
    for region in sorted(regions):
        own = [s for s in found if s.region == region and s.t > 0]
        same = _nearest([s for s in own if s.end_use == use], year) or (
            _nearest([s for s in own if s.end_use == TOTAL], year) if use == TOTAL else []
        )
        held = same or (_nearest([s for s in own if s.end_use != TOTAL], year) if use == TOTAL else [])
        if held:
            first = held[0]
            t = sum(s.t for s in held) * (1 + rate) ** (year - first.year)
            result[region] = Stated(region, use, year, t, rate, first.confidence, first.source_id)
    return result


def _regional_shares(stated: Mapping[str, list[Stated]], book: TonnageBook, taken: set[str]) -> dict[str, float]:
    """Return each region's part of the chain's use: of the total that most regions state, summed over products."""
    best: dict[str, float] = {}
    for material in sorted(taken & set(stated)):
        totals = [s for s in stated[material] if s.end_use == TOTAL]
        world = _nearest([s for s in totals if s.region == WORLD], book.year)
        if not world:
            continue
        parts = {}
        for region in {s.region for s in totals if s.region != WORLD}:
            near = _nearest([s for s in totals if s.region == region], book.year)
            if near:
                whole = _nearest([s for s in totals if s.region == WORLD], near[0].year)[0]
                parts[region] = near[0].t / whole.t
        if len(parts) > len(best):
            best = parts
    whole_share = sum(best.values())
    return {region: part / max(1.0, whole_share) for region, part in best.items()}


def _spread(
    t: float, local: Mapping[str, Stated], shares: Mapping[str, float]
) -> list[tuple[str, float, tuple[str, str] | None]]:
    """Return region, tonnes and, where stated, confidence and source; the rest of the world takes what is left."""
    named = {region: (s.t, (s.confidence, s.source_id)) for region, s in local.items()}
    scale = min(1.0, t / max(sum(amount for amount, _ in named.values()), 1e-12))
    result: list[tuple[str, float, tuple[str, str] | None]] = [
        (region, amount * scale, said) for region, (amount, said) in named.items()
    ]
    left = t - sum(amount for _, amount, _ in result)
    others = {region: share for region, share in shares.items() if region not in named}
    whole = 1.0 - sum(share for region, share in shares.items() if region in named)
    for region, share in others.items():
        result.append((region, left * share / max(whole, share, 1e-12), None))
    rest = t - sum(amount for _, amount, _ in result)
    return [*result, (REST, max(0.0, rest), None)]
