"""How much of a material each place makes in a year, with draws, from whatever is stated.

A place's tonnage is, in this order: its published output; its published capacity times utilisation; its published
share of the world times the total; the sum of its operating sites (output, else capacity times utilisation). The world total is
published, or follows from the next stage by mass balance (total of the product times feed per tonne), or is the sum.
What the total leaves is unknown; without a total, sites of unknown size stand for the median site (assumed).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.conflicts import default_rows
from ytterby.chain.places import WORLD
from ytterby.chain.uncertainty import Array, Sampler, log_sd
from ytterby.chain.units import gross_factor
from ytterby.ladder.amounts import Amount, drawn_amounts, nearest_year
from ytterby.ladder.sites import Sites, site_tonnage, utilisation_of

WINDOW_A = 6


@dataclass(frozen=True)
class Tonnage:
    """Gross tonnes by place, at the point (n,) and drawn (draws, n), with the unknown rest."""

    material: str
    places: tuple[str, ...]
    point: Array
    draws: Array
    unknown: float
    unknown_draws: Array
    basis: str
    note: str
    inputs: tuple[Amount, ...]
    by_place: tuple[Amount, ...]
    sites: Sites

    @property
    def total(self) -> float:
        """World total, gross tonnes."""
        return float(self.point.sum() + self.unknown)

    @property
    def total_draws(self) -> Array:
        """Draws of the world total, shape (draws,)."""
        result: Array = self.draws.sum(axis=1) + self.unknown_draws
        return result


class TonnageBook:
    """Computes tonnages of one chain and year once each; a total may need the next stage's."""

    def __init__(self, chain: Chain, year: int, sampler: Sampler) -> None:
        self.chain, self.year, self.sampler = chain, year, sampler
        self.compositions = _compositions(chain)
        self._done: dict[str, Tonnage | None] = {}

    def factor(self, material: str, unit: str) -> float:
        """Return gross tonnes of a material per one of a unit."""
        return gross_factor(unit, self.compositions.get(material, {}), self.chain.components)

    def of(self, material: str) -> Tonnage | None:
        """Return the tonnage of a material, or None where nothing is stated."""
        if material not in self._done:
            self._done[material] = None
            self._done[material] = self._compute(material)
        return self._done[material]

    def _compute(self, material: str) -> Tonnage | None:
        kind = self.chain.materials.filter(pl.col("material_id") == material)["kind"].to_list()
        if kind == ["deposit"]:
            return self._reserves(material)
        stated = self._stated(material)
        utilisation = utilisation_of(self.chain, material, self.year, self.sampler)
        sites = site_tonnage(self, material, utilisation)
        total = stated["production"].pop(WORLD, None) or self._from_next_stage(material)
        amounts = dict(stated["production"])
        for place, capacity in stated["capacity"].items():
            if place != WORLD and place not in amounts:
                amounts[place] = capacity.times(utilisation.of(place), "capacity times utilisation")
        known_total = total or _whole(stated["share"], sites)
        for place, share in stated["share"].items():
            if place != WORLD and place not in amounts and known_total is not None:
                amounts[place] = share.times(known_total, "share of the world total")
        for place, amount in sites.by_place().items():
            amounts.setdefault(place, amount)
        if not amounts:
            return None
        return self._assemble(material, amounts, total, sites)

    def _assemble(self, material: str, amounts: Mapping[str, Amount], total: Amount | None, sites: Sites) -> Tonnage:
        ordered = sorted(amounts.items(), key=lambda item: (-item[1].point, item[0]))
        point = np.array([amount.point for _, amount in ordered])
        draws = np.stack([amount.draws for _, amount in ordered], axis=1)
        unknown, unknown_draws, rest = self._rest(material, point, total, sites)
        named_by = {}
        for _, amount in ordered:
            named_by[amount.basis] = named_by.get(amount.basis, 0.0) + amount.point
        leading = max(named_by, key=lambda key: named_by[key])
        basis = {"published output": "output", "national reserves": "reserves"}.get(leading, "capacity")
        if leading.startswith("share"):
            basis = "balance" if total is not None and total.basis == "mass balance" else "output"
        note = "; ".join([f"{_percent(v, point.sum())} by {k}" for k, v in named_by.items()] + [rest])
        inputs = [amount for _, amount in ordered] + ([total] if total is not None else [])
        parts = [part for amount in inputs for part in (amount.parts or (amount,))] + list(sites.inputs)
        return Tonnage(
            material,
            tuple(place for place, _ in ordered),
            point,
            draws,
            unknown,
            unknown_draws,
            basis,
            note,
            tuple(parts),
            tuple(amount for _, amount in ordered),
            sites,
        )

    def _rest(self, material: str, point: Array, total: Amount | None, sites: Sites) -> tuple[float, Array, str]:
        named = float(point.sum())
        error = self.sampler.normal(f"unknown {material}")
        if total is not None:
            unknown = max(0.0, total.point - named)
            spread = log_sd("assumed" if total.basis == "mass balance" else "estimated")
            words = "world total " + ("by mass balance with the next stage" if total.basis == "mass balance" else "published")
            if total.point < named * (1 - 1e-9):
                words += f", below the sum of places by {_percent(named - total.point, named)}: the sum is used"
            return unknown, unknown * np.exp(spread * error), words
        blank = sites.count - sites.with_figure
        typical = float(np.median(sites.point)) if len(sites.point) else 0.0
        unknown = blank * typical
        words = "no world total is published: the sum of what is known"
        if unknown:
            words += f", and {blank} sites without a figure at the median site (assumed)"
        return unknown, unknown * np.exp(log_sd("assumed") * error), words

    def _stated(self, material: str) -> dict[str, dict[str, Amount]]:
        rows = self.chain.stage_output.filter(pl.col("material_id") == material)
        result: dict[str, dict[str, Amount]] = {}
        for measure in ("production", "capacity", "share"):
            held = rows.filter((pl.col("measure") == measure) & ((pl.col("year") - self.year).abs() <= WINDOW_A))
            held = nearest_year(held, self.year, ["place_id"])
            basis = {"production": "published output", "capacity": "published capacity", "share": "published share"}[measure]
            result[measure] = drawn_amounts(
                self.chain,
                held,
                key="place_id",
                label=f"{measure} of {material}",
                basis=basis,
                factor=lambda unit: 1.0 if unit == "1" else self.factor(material, unit),
                sampler=self.sampler,
            )
        return result

    def _demanded(self, material: str) -> Amount | None:
        """Return the world's published use of a material as a product."""
        rows = self.chain.demand.filter(
            (pl.col("material_id") == material)
            & (pl.col("region_id") == WORLD)
            & (pl.col("end_use") == "total")
            & ((pl.col("year") - self.year).abs() <= WINDOW_A)
        )
        bounds = [pl.lit(None, pl.Float64).alias(name) for name in ("quantity_low", "quantity_high")]
        found = drawn_amounts(
            self.chain,
            nearest_year(rows, self.year, ["region_id"]).with_columns(bounds),
            key="region_id",
            label=f"use of {material}",
            basis="mass balance",
            factor=lambda unit: self.factor(material, unit),
            sampler=self.sampler,
        )
        return found.get(WORLD)

    def _from_next_stage(self, material: str) -> Amount | None:
        """Return the total that the next stage needs: sum over products of their total times feed per tonne.

        What is used as it is, is its published use.
        """
        demanded = self._demanded(material)
        if demanded is not None:
            return demanded
        recipes = self.chain.recipes
        feeds = recipes.filter((pl.col("material_id") == material) & (pl.col("role") == "feed"))
        mains = recipes.filter(pl.col("role") == "main").select("process_id", pl.col("material_id").alias("product"))
        joined = feeds.join(mains, on="process_id").sort("product", "process_id").unique("product", keep="first", maintain_order=True)
        if joined.is_empty() or self._is_scrap(material):
            return None
        point, draws, parts = 0.0, np.zeros(self.sampler.draws), []
        for product, per_tonne in joined.select("product", "t_per_t").iter_rows():
            made = self.of(product) if not self._is_scrap(product) else None
            if made is None:
                continue
            point += made.total * per_tonne
            draws = draws + made.total_draws * per_tonne
            parts.extend(made.inputs[:3])
        if point == 0:
            return None
        return Amount(f"total of {material}", point, draws, "mass balance", "", "assumed", tuple(parts))

    def _is_scrap(self, material: str) -> bool:
        kinds = self.chain.materials.filter(pl.col("material_id") == material)["kind"].to_list()
        return kinds != ["chain"]

    def _reserves(self, material: str) -> Tonnage | None:
        rows = self.chain.deposits.filter((pl.col("material_id") == material) & pl.col("quantity").is_not_null())
        national = rows.filter(pl.col("category") == "national_reserve")
        basis = "national reserves"
        if national.is_empty():
            national = default_rows(self.chain, rows, ["deposit_id"]).filter(pl.col("category") == "reserve")
            basis = "reserves of named deposits"
        national = nearest_year(national, self.year, ["place_id"])
        if national.is_empty():
            return None
        named = national.filter(pl.col("place_id") != WORLD)
        key = "place_id" if basis == "national reserves" else "deposit_id"
        amounts = drawn_amounts(
            self.chain,
            named.with_columns(quantity_low=pl.lit(None, pl.Float64), quantity_high=pl.lit(None, pl.Float64)),
            key=key,
            label=f"reserves of {material}",
            basis="national reserves",
            factor=lambda unit: self.factor(material, unit),
            sampler=self.sampler,
        )
        if key == "deposit_id":
            places = dict(named.select("deposit_id", "place_id").iter_rows())
            amounts = _by_place(amounts, places)
        world = national.filter(pl.col("place_id") == WORLD)
        total = None
        if not world.is_empty():
            value, unit, source = world.select("quantity", "unit", "source_id").row(0)
            tonnes = value * self.factor(material, unit)
            total = Amount(f"reserves of {material}", tonnes, np.full(self.sampler.draws, tonnes), basis, source, "reported")
        return self._assemble(material, amounts, total, self._deposit_sites(material, rows, amounts))

    def _deposit_sites(self, material: str, rows: pl.DataFrame, places: Mapping[str, Amount]) -> Sites:
        """Return the sites that hold named deposits, so that reserves have owners."""
        held = rows.filter(pl.col("facility_id").is_not_null() & (pl.col("category") != "national_reserve"))
        held = held.filter(pl.col("place_id").is_in(list(places)))
        if held.is_empty():
            return Sites.none(self.sampler.draws)
        bounds = [pl.lit(None, pl.Float64).alias(name) for name in ("quantity_low", "quantity_high")]
        held = held.sort("facility_id", pl.col("category") != "reserve", "deposit_id").unique("facility_id", keep="first")
        found = drawn_amounts(
            self.chain,
            held.with_columns(bounds),
            key="facility_id",
            label=f"reserves of {material}",
            basis="named deposits",
            factor=lambda unit: self.factor(material, unit),
            sampler=self.sampler,
        )
        at = dict(held.select("facility_id", "place_id").iter_rows())
        amounts = tuple(found.values())
        draws = np.stack([amount.draws for amount in amounts], axis=1)
        point = np.array([amount.point for amount in amounts])
        return Sites(tuple(found), tuple(at[name] for name in found), point, draws, len(found), len(found), amounts)


def _by_place(amounts: Mapping[str, Amount], places: Mapping[str, str]) -> dict[str, Amount]:
    result: dict[str, Amount] = {}
    for name, amount in amounts.items():
        place = places[name]
        result[place] = result[place].plus(amount) if place in result else amount
    return result


def _whole(shares: Mapping[str, Amount], sites: Sites) -> Amount | None:
    """Return a total from sites outside the places that claim a share: rest / (1 - claimed)."""
    claimed = [amount for place, amount in shares.items() if place != WORLD]
    outside = [amount for place, amount in sites.by_place().items() if place not in shares]
    if not claimed or not outside:
        return None
    part = sum(amount.point for amount in claimed)
    part_draws = np.clip(np.sum([amount.draws for amount in claimed], axis=0), 0.0, 0.99)
    if not 0 < part < 1:
        return None
    rest = sum(amount.point for amount in outside)
    rest_draws = np.sum([amount.draws for amount in outside], axis=0)
    return Amount("total by share", rest / (1 - part), rest_draws / (1 - part_draws), "share balance", "", "estimated")


def _compositions(chain: Chain) -> dict[str, dict[str, float]]:
    result: dict[str, dict[str, float]] = {}
    for material, component, value in chain.compositions.select("material_id", "component", "mass_fraction").iter_rows():
        result.setdefault(material, {})[component] = value
    return result


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "0 %"
