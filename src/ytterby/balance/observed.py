"""What is stated of a year, each with the standard deviation that its confidence implies.

One statement of confidence alone: sd = value x (g - 1), g the geometric standard deviation of the confidence (widened
by a geometric 3 % for each year between the figure and the year balanced). Statements with bounds, rivals or several
parts: half the width between the 16 and 84 % quantiles of their draws, so that a conflict set is as wide as its sources
are apart. A trade line adds, in quadrature, the spread of its weight (of its confidence, where the weight is not 1) and
of the content of what is traded; a flow priced more than three times off its line's median counts as assumed; no flow
is known to less than half a tonne (ours).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.uncertainty import GEOMETRIC_SD, Z90
from ytterby.tonnage import TonnageBook, stated_content, trade_flows

BALANCE = "mass balance with the next stage"
AGE_LOG_SD_PER_A = 0.03
DEMAND_WINDOW_A = 3
PRICE_FACTOR = 3.0
LEAST_SD_T = 0.5


@dataclass(frozen=True)
class Observation:
    """A stated figure in gross tonnes a year; `partner` is the importer of a trade flow."""

    kind: str
    material: str
    place: str
    value: float | None
    sd: float
    source_id: str
    confidence: str
    basis: str
    partner: str = ""


def spread_of(confidence: str, years: int = 0) -> float:
    """Return the standard deviation over the value of a statement of a confidence, some years off."""
    log_sd = float(np.log(GEOMETRIC_SD.get(confidence, GEOMETRIC_SD["assumed"])))
    return float(np.exp(np.hypot(log_sd, AGE_LOG_SD_PER_A * years)) - 1)


def deviation(amount: Any, year: int) -> float:
    """Return the standard deviation of an amount of the tonnage book, in its own unit."""
    is_plain = not amount.parts and not amount.rivals and not amount.is_bounded and amount.point > 0
    if is_plain:
        return float(amount.point * spread_of(amount.confidence, abs((amount.year or year) - year)))
    low, high = np.quantile(amount.draws, [0.1587, 0.8413])
    width = float(high - low) / 2
    return max(width, float(amount.point) * (GEOMETRIC_SD["measured"] - 1))


def made(book: TonnageBook, material: str) -> tuple[list[Observation], frozenset[str], float, float]:
    """Return the stated output by place, every place that makes the material, and the unknown rest with its sd."""
    found = book.of(material)
    if found is None:
        return [], frozenset(), 0.0, 0.0
    seen = [
        Observation(
            "made", material, place, amount.point, deviation(amount, book.year), amount.source_id, amount.confidence,
            amount.basis,
        )
        for place, amount in zip(found.places, found.by_place, strict=True)
        if amount.basis != BALANCE and amount.point > 0
    ]  # fmt: skip
    rest_sd = 0.0
    if found.unknown > 0:
        low, high = np.quantile(found.unknown_draws, [0.1587, 0.8413])
        rest_sd = max(float(high - low) / 2, found.unknown * spread_of("assumed"))
    return seen, frozenset(found.places), float(found.unknown), rest_sd


def shipped(chain: Chain, world: Chain, material: str, year: int) -> tuple[list[Observation], str]:
    """Return the trade flows of a material, or why there are none; a flow without a quantity has no value."""
    flows, why = trade_flows(chain, world, material, year)
    if why or flows.is_empty():
        return [], why or "no trade of it is recorded"
    lines = chain.material_hs6.filter((pl.col("material_id") == material) & (pl.col("weight") > 0))
    partial_lines = lines.filter(pl.col("weight") < 1)
    weight = max((spread_of(c) for c in partial_lines["confidence"]), default=0.0)
    low, high = stated_content(chain, material)
    content = (high - low) / (2 * Z90)
    plain = float(np.sqrt(spread_of("reported") ** 2 + weight**2 + content**2))
    odd = spread_of("assumed")
    sources = ";".join(sorted({part for s in lines["source_id"] for part in s.split(";")}))
    level = pl.col("level")
    summed = (
        flows.filter(pl.col("exporter") != pl.col("importer"))
        .with_columns(
            is_odd=((level > PRICE_FACTOR) | (level < 1 / PRICE_FACTOR)).fill_null(value=False),
        )
        .group_by("exporter", "importer")
        .agg(
            pl.col("t").sum().alias("t"),
            pl.col("t").is_null().all().alias("unknown"),
            pl.col("t").filter(pl.col("is_odd")).sum().alias("odd"),
        )
        .sort("exporter", "importer")
    )
    result = []
    for exporter, importer, tonnes, unknown, odd_t in summed.iter_rows():
        sd = float(np.hypot((tonnes - odd_t) * plain + odd_t * max(odd, plain), LEAST_SD_T))
        words = "trade line, price far from the line's median" if odd_t > tonnes / 2 > 0 else "trade line"
        value = None if unknown else float(tonnes)
        if value is None or value > 0:
            result.append(
                Observation("ship", material, exporter, value, sd, sources, "reported", words, partner=importer)
            )
    return result, ""


def consumed(book: TonnageBook, materials: Iterable[str]) -> list[Observation]:
    """Return stated total consumption by region, of figures within three years."""
    from ytterby.tonnage.amounts import drawn_amounts, nearest_year

    rows = book.chain.demand.filter(
        (pl.col("end_use") == "total")
        & pl.col("quantity").is_not_null()
        & ((pl.col("year") - book.year).abs() <= DEMAND_WINDOW_A)
    )
    result = []
    for material in materials:
        amounts: Mapping[str, Any] = drawn_amounts(
            book.chain,
            nearest_year(rows.filter(pl.col("material_id") == material), book.year, ["region_id"]),
            key="region_id",
            label=f"use of {material}",
            basis="published use",
            factor=partial(book.factor, material),
            sampler=book.sampler,
            year=book.year,
        )
        result += [
            Observation(
                "consumed", material, region, amount.point, deviation(amount, book.year), amount.source_id,
                amount.confidence, amount.basis,
            )
            for region, amount in amounts.items()
            if amount.point > 0
        ]  # fmt: skip
    return result


def capacities(book: TonnageBook, material: str, stated: Mapping[str, float]) -> tuple[list[Observation], list[str]]:
    """Return what the sites of each place could make, where every site has a figure; and where the list falls short.

    A sum of sites below the stated output by more than its deviation shows that sites are missing: it bounds nothing.
    """
    from ytterby.tonnage import operating_sites
    from ytterby.tonnage.amounts import drawn_amounts, nearest_year

    sites = operating_sites(book.chain, material, book.year)
    rows = book.chain.facility_output.filter(
        (pl.col("material_id") == material)
        & (pl.col("measure") == "capacity")
        & pl.col("facility_id").is_in(sites["facility_id"].implode())
    )
    found: Mapping[str, Any] = drawn_amounts(
        book.chain,
        nearest_year(rows, book.year, ["facility_id"]),
        key="facility_id",
        label=f"capacity of {material}",
        basis="capacity of sites",
        factor=partial(book.factor, material),
        sampler=book.sampler,
        year=book.year,
    )
    result, short = [], []
    for (place,), held in sites.sort("facility_id").group_by("place_id", maintain_order=True):
        parts = [site for site, whole in held.select("facility_id", "part_of").iter_rows() if whole not in found]
        if not all(site in found for site in parts):
            continue
        total = sum(found[site].point for site in parts)
        sd = float(np.sqrt(sum(deviation(found[site], book.year) ** 2 for site in parts)))
        source = ";".join(dict.fromkeys(s for site in parts for s in found[site].source_id.split(";")))
        if stated.get(str(place), 0.0) > total + sd:
            short.append(str(place))
        elif total > 0:
            worst = max((found[site].confidence for site in parts), key=lambda c: GEOMETRIC_SD.get(c, 1.7))
            result.append(Observation("capacity", material, str(place), total, sd, source, worst, "capacity of sites"))
    return result, short
