"""The last rungs: who uses what the chain makes, by region, from published consumption."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import polars as pl

from ytterby.chain.places import WORLD
from ytterby.chain.sources import CLASSES, UNKNOWN_CLASS, best_class
from ytterby.chain.uncertainty import interval
from ytterby.ladder.result import UNKNOWN, Index, Rung, Share
from ytterby.ladder.shares import Split, concentration, largest, share_list, split
from ytterby.tonnage.amounts import Amount, drawn_amounts, nearest_year
from ytterby.tonnage.book import TonnageBook
from ytterby.tonnage.totals import years

NO_TOTAL = "no world total is published: the sum of regions"
NO_OWNER = "a rung of use is a share of demand, not of supply"


def use_rungs(book: TonnageBook, classes: Mapping[str, str], names: Mapping[str, str]) -> list[Rung]:
    """Return a rung of use for every material whose total use is stated for two regions, or one and the world."""
    rows = book.chain.demand.filter(pl.col("end_use") == "total")
    rows = rows.filter(pl.col("quantity").is_not_null())
    whole = use_rungs(book.whole, classes, names) if book.whole is not None else []
    totals = {rung.material: rung.total_t or 0.0 for rung in whole}
    rungs = []
    for material in rows["material_id"].unique().sort():
        held = nearest_year(rows.filter(pl.col("material_id") == material), book.year, ["region_id"])
        amounts = drawn_amounts(
            book.chain,
            held,
            key="region_id",
            label=f"use of {material}",
            basis="published use",
            factor=partial(book.factor, str(material)),
            sampler=book.sampler,
            year=book.year,
        )
        if len(amounts) >= 2:
            rungs.append(_rung(book, material, amounts, classes, names, totals.get(material, 0.0)))
    return rungs


def _rung(
    book: TonnageBook,
    material: str,
    amounts: dict[str, Amount],
    classes: Mapping[str, str],
    names: Mapping[str, str],
    whole_t: float,
) -> Rung:
    total = amounts.pop(WORLD, None)
    regions = tuple(sorted(amounts, key=lambda name: (-amounts[name].point, name)))
    point = np.array([amounts[name].point for name in regions])
    draws = np.stack([amounts[name].draws for name in regions], axis=1)
    rest = max(0.0, (total.point if total else 0.0) - float(point.sum()), whole_t - float(point.sum()))
    rest_draws = rest * np.exp(np.log(1.3) * book.sampler.normal(f"unknown use {material}"))
    parts: Split = split(f"use of {material}", regions, point, draws, rest, rest_draws, book.sampler)
    low, high = interval(draws.sum(axis=1) + rest_draws)
    nobody = (Share(UNKNOWN, "unknown", 1.0, 1.0, 1.0),)
    evidence = dict.fromkeys(CLASSES, 0.0)
    whole = float(point.sum()) + rest
    for name in regions:
        evidence[best_class(amounts[name].source_id, classes)] += amounts[name].point / whole
    evidence[UNKNOWN_CLASS] += rest / whole
    none = {
        key: Index(None, why=NO_OWNER) for key in ("hhi_owner", "hhi_governance", "import_reliance", "eu_supply_risk")
    }
    names_of = dict(book.chain.materials.select("material_id", "name").iter_rows())
    is_end = book.kinds.get(material) == "chain" and not book.feeds(material).height
    what = names_of.get(material, material) if is_end else f"{book.chain.metal} in all products"
    found = [a.source_id for a in amounts.values()] + ([total.source_id] if total else [])
    return Rung(
        stage="use",
        material=material,
        name=f"Use of {what}",
        year=book.year,
        total_t=whole,
        total_low=float(low),
        total_high=float(high),
        basis="demand",
        basis_note="; ".join(["use by region", *([] if total else [NO_TOTAL]), *years([*amounts.values()])]),
        by_place=share_list(parts, names),
        by_owner=nobody,
        by_owner_equity=nobody,
        by_contract=nobody,
        indices={
            "hhi": concentration(parts, what="region"),
            **none,
            "top1": largest(parts, 1),
            "top3": largest(parts, 3),
        },
        evidence=evidence,
        source_ids=tuple(sorted({s for ids in found for s in ids.split(";") if s})),
    )
