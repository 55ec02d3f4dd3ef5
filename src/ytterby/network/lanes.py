"""Lanes: who can ship what to whom, how far, for how long and at what freight.

Where trade of a material is held, lanes are the observed flows between regions that make and regions that use it, from
one tonne up. Elsewhere each maker ships to its k nearest and its k largest users (`inferred`), k = 3. A bloc that plans
can buy from every maker. Material made at home stays there at no cost. Freight = fixed + rate x distance and transit =
handling + distance / speed, from the norms (containers); rows of `lanes` come first, and alone where
the package says `"lanes": "complete"`. A lane starts only where a material is made, so that a hub is no origin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.network.figures import Figure, FigureBook
from ytterby.network.norms import Norms
from ytterby.network.regions import REST, Regions
from ytterby.tonnage import trade_flows

NEAREST = 3
SMALLEST_T = 1.0
SCHEMA = {
    "lane": pl.Int32,
    "material": pl.String,
    "exporter": pl.String,
    "importer": pl.String,
    "basis": pl.String,
    "observed_t": pl.Float64,
    "km": pl.Float64,
    "transit_d": pl.Float64,
    "freight_usd_per_t": pl.Float64,
    "freight_figure": pl.Int32,
    "tariff_usd_per_t": pl.Float64,
    "tariff_share": pl.Float64,
    "capacity_t_per_a": pl.Float64,
    "year_from": pl.Int32,
    "year_to": pl.Int32,
}


def make_lanes(
    chain: Chain,
    world: Chain,
    year: int,
    regions: Regions,
    norms: Norms,
    book: FigureBook,
    *,
    makers: Mapping[str, Sequence[str]],
    users: Mapping[str, Mapping[str, float]],
    traded: Iterable[str],
    nearest: int = NEAREST,
) -> pl.DataFrame:
    """Return the lanes of a network (columns of SCHEMA).

    Args:
        chain: the chain; its `lanes` table comes first.
        world: the world tables.
        year: base year.
        regions: the model's regions.
        norms: freight, speed, handling.
        book: figures that costs rest on.
        makers: by material the regions that make it, or may.
        users: by material the regions that use it, with the tonnes that they can take.
        traded: materials that are shipped at all.
        nearest: how many nearest, and how many largest users a maker reaches where no trade is held.
    """
    distance = Distances(world, regions)
    cost = _Cost(norms, book)
    pairs: dict[tuple[str, str, str], tuple[str, float | None]] = {}
    is_traded = set(traded)
    stated = chain.lanes.filter(pl.col("exporter") != pl.col("importer"))
    own = set(stated["material_id"])
    is_traded = set() if chain.settings.get("lanes") == "complete" else is_traded
    for material in sorted(makers):
        for place in makers[material]:
            if place in users.get(material, {}):
                pairs[material, place, place] = ("home", None)
        if material not in is_traded or material in own:
            continue
        for (exporter, importer), (basis, t) in _between(
            chain, world, year, regions, distance, material, makers[material], users.get(material, {}), nearest
        ).items():
            pairs[material, exporter, importer] = (basis, t)
    rows = [cost.row(key, basis, t, distance.km(key[1], key[2])) for key, (basis, t) in sorted(pairs.items())]
    rows += _stated_rows(stated, regions, makers, users, distance, cost)
    frame = pl.DataFrame(rows, schema={k: v for k, v in SCHEMA.items() if k != "lane"}, orient="row")
    return frame.with_row_index("lane").with_columns(pl.col("lane").cast(pl.Int32)).select(list(SCHEMA))


Pair = tuple[str, str]
STATED = ("tariff_usd_per_t", "tariff_share", "capacity_t_per_a", "year_from", "year_to")


def _between(
    chain: Chain,
    world: Chain,
    year: int,
    regions: Regions,
    distance: Distances,
    material: str,
    makers: Sequence[str],
    users: Mapping[str, float],
    nearest: int,
) -> dict[Pair, tuple[str, float | None]]:
    flows, why = trade_flows(chain, world, material, year)
    found: dict[Pair, tuple[str, float | None]] = {}
    if not why:
        summed = (
            flows.drop_nulls("t")
            .group_by(regions.column("exporter").alias("a"), regions.column("importer").alias("b"))
            .agg(pl.col("t").sum())
            .filter((pl.col("a") != pl.col("b")) & (pl.col("t") >= SMALLEST_T))
        )
        for a, b, t in summed.sort("a", "b").iter_rows():
            if a in makers and b in users:
                found[a, b] = ("observed", t)
    for a in makers:
        others = [b for b in users if b != a]
        if why or not any(pair[0] == a for pair in found):
            near = sorted(others, key=lambda b: (distance.km(a, b) or np.inf, b))[:nearest]
            large = sorted(others, key=lambda b: (-users[b], b))[:nearest]
            for b in {*near, *large}:
                found.setdefault((a, b), ("inferred", None))
        for b in regions.blocs:
            if b in users and b != a:
                found.setdefault((a, b), ("inferred", None))
    reached = {b for _, b in found} | set(makers)
    for b in sorted(set(users) - reached):  # a user whom no maker would reach buys from those nearest to it
        for a in sorted(makers, key=lambda a: (distance.km(a, b) or np.inf, a))[:nearest]:
            found[a, b] = ("inferred", None)
    return found


class Distances:
    """Sea distance between regions: the mean over their members' ports, with the way over land of those without."""

    def __init__(self, world: Chain, regions: Regions) -> None:
        rows = world.sea_distances.select(
            regions.column("exporter").alias("a"),
            regions.column("importer").alias("b"),
            (pl.col("sea_km") + pl.col("land_km").fill_null(0.0)).alias("km"),
        )
        both = pl.concat([rows, rows.select(pl.col("b").alias("a"), pl.col("a").alias("b"), "km")])
        means = both.group_by("a", "b").agg(pl.col("km").mean())
        self._km = {(a, b): km for a, b, km in means.iter_rows()}
        self._typical = float(means["km"].median() or 0.0) or None  # type: ignore[arg-type]

    def km(self, a: str, b: str) -> float | None:
        """Return kilometres between two regions; the median of all where one has no port in the table."""
        if a == b:
            return 0.0
        return self._km.get((a, b), self._typical)


class _Cost:
    """Freight and transit of a lane."""

    def __init__(self, norms: Norms, book: FigureBook) -> None:
        self.book, self.money = book, norms.money
        self.fixed = norms.of("freight_fixed", subject="container")
        self.rate = norms.of("freight_per_km", subject="container")
        self.speed = norms.of("speed", subject="container")
        self.handling = norms.of("handling", subject="container")

    def row(self, key: tuple[str, str, str], basis: str, t: float | None, km: float | None) -> tuple[object, ...]:
        """Return a row of the lanes without its number."""
        material, exporter, importer = key
        if exporter == importer:
            return (material, exporter, importer, basis, t, 0.0, 0.0, 0.0, None, None, None, None, None, None)
        figure = self._freight(exporter, importer, km or 0.0)
        days = None
        if km is not None and self.speed is not None:
            days = km / self.speed.value + (self.handling.value if self.handling else 0.0)
        value = 0.0 if figure is None else figure.value
        number = None if figure is None else self.book.add(figure)
        return (material, exporter, importer, basis, t, km, days, value, number, None, None, None, None, None)

    def _freight(self, exporter: str, importer: str, km: float) -> Figure | None:
        if self.rate is None and self.fixed is None:
            return None
        parts = [f for f in (self.fixed, self.rate and self.rate.times(km)) if f is not None]
        value = sum(f.value for f in parts)
        low = sum(f.low if f.low is not None else f.value for f in parts)
        high = sum(f.high if f.high is not None else f.value for f in parts)
        weakest = max((f.confidence for f in parts), key=("measured", "reported", "estimated", "assumed").index)
        sources = ";".join(dict.fromkeys(s for f in parts for s in f.source_id.split(";") if s))
        return Figure("freight", f"{exporter} to {importer}", value, "USD/t", weakest, sources, low, high)


def _stated_rows(
    stated: pl.DataFrame,
    regions: Regions,
    makers: Mapping[str, Sequence[str]],
    users: Mapping[str, Mapping[str, float]],
    distance: Distances,
    cost: _Cost,
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for row in stated.sort("lane_id").iter_rows(named=True):
        material, a, b = row["material_id"], regions.of(row["exporter"]), regions.of(row["importer"])
        if a == b or a not in makers.get(material, ()) or b not in users.get(material, {}):
            continue
        factor = cost.money.factor(row["money_year"])
        base = list(cost.row((material, a, b), "stated", None, distance.km(a, b)))
        if row["freight_usd_per_t"] is not None:
            what = f"{row['exporter']} to {row['importer']}"
            usd, sure, source = row["freight_usd_per_t"] * factor, row["confidence"], row["source_id"]
            figure = Figure("freight", f"{material}, {what}", usd, "USD/t", sure, source)
            base[7], base[8] = figure.value, cost.book.add(figure)
        base[6] = row["transit_d"] if row["transit_d"] is not None else base[6]
        base[9:] = [row[name] for name in STATED]
        tariff = row["tariff_usd_per_t"]
        base[9] = None if tariff is None else tariff * factor
        rows.append(tuple(base))
    return rows


__all__ = ["NEAREST", "REST", "SCHEMA", "Distances", "make_lanes"]
