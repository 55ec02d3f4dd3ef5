"""How much of a material each place makes in a year, with draws, from whatever is stated.

A place's tonnage is, in this order: its published output; its published capacity times utilisation; its published
share of the world times the total; the sum of its operating sites (output, else capacity times utilisation); what the
next stage at that place needs (mass balance, within what the total leaves). A share of the year asked for goes
before tonnes where those and the total are of different years. The world total is published, or follows from the next
stage, or is the sum. What the total leaves is unknown; without a total, sites of unknown size stand for the median
site (assumed).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.places import WORLD
from ytterby.chain.uncertainty import Array, Sampler, log_sd
from ytterby.chain.units import gross_factor
from ytterby.tonnage.amounts import Amount, drawn_amounts, nearest_year
from ytterby.tonnage.flows import net_imports, trade_flows
from ytterby.tonnage.reserves import reserves
from ytterby.tonnage.sites import Sites, site_tonnage, utilisation_of
from ytterby.tonnage.totals import (
    BALANCE,
    CONSISTENT,
    SHARE,
    basis_words,
    drawn_total,
    goes_before,
    kind_of,
    percent,
    sum_of,
    whole_by_shares,
    within_claims,
    years,
)


@dataclass(frozen=True)
class Tonnage:
    """Gross tonnes by place, at the point (n,) and drawn (draws, n), with the unknown rest."""

    material: str
    by_place: tuple[Amount, ...]
    places: tuple[str, ...]
    point: Array
    draws: Array
    unknown: float
    unknown_draws: Array
    basis: str
    note: str
    inputs: tuple[Amount, ...]
    sites: Sites
    total_year: int | None = None

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

    def __init__(
        self, chain: Chain, world: Chain, year: int, sampler: Sampler, whole: TonnageBook | None = None
    ) -> None:
        self.whole = whole
        self.chain, self.world, self.year, self.sampler = chain, world, year, sampler
        self.kinds = dict(chain.materials.select("material_id", "kind").iter_rows())
        self.stages = dict(chain.materials.select("material_id", "stage").iter_rows())
        self._compositions = _compositions(chain)
        self._done: dict[str, Tonnage | None] = {}

    def factor(self, material: str, unit: str) -> float:
        """Return gross tonnes of a material per one of a unit."""
        return gross_factor(unit, self._compositions.get(material, {}), self.chain.components)

    def of(self, material: str) -> Tonnage | None:
        """Return the tonnage of a material, or None where nothing is stated."""
        if material not in self._done:
            self._done[material] = None
            is_deposit = self.kinds.get(material) == "deposit"
            self._done[material] = self._from_reserves(material) if is_deposit else self._from_output(material)
        return self._done[material]

    def _from_reserves(self, material: str) -> Tonnage | None:
        found = reserves(self, material)
        total = self._total(material, found.total, {}) if self.whole is not None else found.total
        return self._assemble(material, found.by_place, total, found.sites) if found.by_place else None

    def _from_output(self, material: str) -> Tonnage | None:
        made, capacity, share = (self._stated(material, measure) for measure in ("production", "capacity", "share"))
        utilisation = utilisation_of(self.chain, material, self.year, self.sampler)
        sites = site_tonnage(self, material, utilisation)
        world = made.pop(WORLD, None)
        if world is not None and not world.draws.any() and not made and not sites.count:
            return None
        needed = self._needed_by_next_stage(material)
        total = self._total(material, world, needed)
        loose = {place: amount for place, amount in made.items() if amount.point == 0 and amount.draws.any()}
        amounts = {place: amount for place, amount in made.items() if place not in loose}
        for place, amount in capacity.items():
            amounts.setdefault(place, amount.times(utilisation.of(place), "published capacity times utilisation"))
        whole = total or whole_by_shares(share, sites)
        if whole is not None:
            for place, amount in share.items():
                if place not in amounts or goes_before(amount, amounts[place], whole, self.year):
                    amounts[place] = amount.times(whole, SHARE)
        for place, amount in sites.by_place().items():
            amounts.setdefault(place, amount)
        amounts.pop(WORLD, None)
        if total is not None:
            room = total.point - sum(amount.point for amount in amounts.values())
            amounts |= self._made_at_home(material, {p: a for p, a in needed.items() if p not in amounts}, room)
        amounts = {**loose, **amounts}
        amounts, room_draws = within_claims(amounts, whole)
        is_known = amounts or (self.whole is not None and self.whole.of(material) is not None)
        return self._assemble(material, amounts, total, sites, room_draws) if is_known else None

    def _total(self, material: str, stated: Amount | None, needed: Mapping[str, Amount]) -> Amount | None:
        """Return the world total: that of the whole chain where this one lacks rows, else stated, used or needed."""
        reference = self.whole.of(material) if self.whole is not None else None
        if reference is not None:
            label, point, draws = f"total of {material}", reference.total, reference.total_draws
            when = reference.total_year
            return Amount(label, point, draws, "all rows", "", "reported", year=when, is_bounded=True)
        if stated is not None and stated.point > 0:
            return stated
        return self._used(material) or sum_of(f"total of {material}", needed.values())

    def _made_at_home(self, material: str, needed: Mapping[str, Amount], room: float) -> dict[str, Amount]:
        """Return what places without a figure must make: need less net imports, scaled to what the total leaves.

        Net imports count where trade of the material is held; elsewhere it is taken to be made where it is used. Ores
        have no such rule: routes from several ores serve one need.
        """
        if self.stages[material] in ("exploration", "mining") or room <= 0:
            return {}
        flows, _ = trade_flows(self.chain, self.world, material, self.year)
        bought = net_imports(flows)
        part = {
            p: 1 - min(1.0, max(0.0, bought.get(p, 0.0)) / a.point)
            for p, a in needed.items()
            if p != WORLD and a.point > 0
        }
        wanted = sum(needed[place].point * share for place, share in part.items())
        if wanted <= 0:
            return {}
        scale, spread = min(1.0, room / wanted), log_sd("assumed")
        return {
            place: needed[place].scaled(
                scale * share, np.exp(spread * self.sampler.normal(f"own {needed[place].label}")), BALANCE, "assumed"
            )
            for place, share in part.items()
            if share > 0
        }

    def _assemble(
        self,
        material: str,
        amounts: Mapping[str, Amount],
        total: Amount | None,
        sites: Sites,
        room_draws: Array | None = None,
    ) -> Tonnage:
        ordered = sorted(amounts.items(), key=lambda item: (-item[1].point, item[0]))
        held = tuple(amount for _, amount in ordered)
        point = np.array([amount.point for amount in held])
        empty = np.zeros((self.sampler.draws, 0))
        draws = np.stack([amount.draws for amount in held], axis=1) if held else empty
        unknown, unknown_draws, rest = self._rest(material, held, draws, total, sites)
        if room_draws is not None:
            unknown_draws = np.minimum(unknown_draws, room_draws)
        weight: dict[str, float] = {}
        for amount in held:
            weight[amount.basis] = weight.get(amount.basis, 0.0) + amount.point
        leading = max(weight, key=lambda basis: weight[basis], default="assumed")
        parts = [part for amount in (*held, *filter(None, [total])) for part in (amount.parts or (amount,))]
        return Tonnage(
            material=material,
            by_place=held,
            places=tuple(place for place, _ in ordered),
            point=point,
            draws=draws,
            unknown=unknown,
            unknown_draws=unknown_draws,
            basis=kind_of(leading),
            note="; ".join([*basis_words(weight, float(point.sum())), rest, *years(parts)]),
            inputs=(*parts, *sites.inputs),
            sites=sites,
            total_year=total.year if total is not None else None,
        )

    def _rest(
        self, material: str, held: tuple[Amount, ...], draws: Array, total: Amount | None, sites: Sites
    ) -> tuple[float, Array, str]:
        """Return tonnes without a place, their draws, and what the world total rests on."""
        named, nothing = sum(amount.point for amount in held), np.zeros(self.sampler.draws)
        if total is not None:
            state = total.basis.split(" ")[0] if total.basis != BALANCE else f"by {BALANCE}"
            words = {"all": "world total of all rows", "bounds": "world total within bounds"}.get(
                state, f"world total {state}"
            )
            if abs(total.point - named) <= CONSISTENT * named and total.conflict_id is None:
                return 0.0, nothing, words
            if total.point < named * (1 - 1e-6):
                words += f", {percent(named - total.point, named)} below the sum of places, which is used"
            left = max(0.0, total.point - named)
            return left, np.clip(drawn_total(total, held, draws) - draws.sum(axis=1), 0.0, None), words
        blank = sites.count - sites.with_figure
        unknown = blank * float(np.median(sites.point)) if len(sites.point) else 0.0
        words = "no world total is published: the sum of what is known"
        if unknown:
            words += f", and {blank} sites without a figure at the median site (assumed)"
        error = self.sampler.normal(f"unknown {material}")
        return unknown, unknown * np.exp(log_sd("assumed") * error), words

    def _stated(self, material: str, measure: str) -> dict[str, Amount]:
        stated = (pl.col("material_id") == material) & (pl.col("measure") == measure)
        return drawn_amounts(
            self.chain,
            nearest_year(self.chain.stage_output.filter(stated), self.year, ["place_id"]),
            key="place_id",
            label=f"{measure} of {material}",
            basis="published output" if measure == "production" else f"published {measure}",
            factor=lambda unit: 1.0 if unit == "1" else self.factor(material, unit),
            sampler=self.sampler,
            year=self.year,
        )

    def _used(self, material: str) -> Amount | None:
        """Return the world's published use of a material that ends in use, or None."""
        if self.feeds(material).height:
            return None
        whole = (pl.col("region_id") == WORLD) & (pl.col("end_use") == "total")
        rows = self.chain.demand.filter((pl.col("material_id") == material) & whole)
        found = drawn_amounts(
            self.chain,
            nearest_year(rows, self.year, ["region_id"]),
            key="region_id",
            label=f"use of {material}",
            basis=BALANCE,
            factor=lambda unit: self.factor(material, unit),
            sampler=self.sampler,
            year=self.year,
        )
        return found.get(WORLD)

    def feeds(self, material: str) -> pl.DataFrame:
        """Return the chain products made from a material, each with tonnes of it per tonne: product, t_per_t."""
        recipes = self.chain.recipes
        feeds = recipes.filter((pl.col("material_id") == material) & (pl.col("role") == "feed"))
        mains = recipes.filter(pl.col("role") == "main").select("process_id", pl.col("material_id").alias("product"))
        joined = feeds.join(mains, on="process_id").sort("product", "process_id")
        made = joined.filter(pl.col("product").replace_strict(self.kinds, default="") == "chain")
        return made.unique("product", keep="first", maintain_order=True).select("product", "t_per_t")

    def _needed_by_next_stage(self, material: str) -> dict[str, Amount]:
        """Return what each place needs for its products, sum of their tonnes times feed per tonne; WORLD: the rest."""
        result: dict[str, Amount] = {}
        if self.kinds.get(material) != "chain":
            return result
        one = np.ones(self.sampler.draws)
        for product, per_tonne in self.feeds(material).iter_rows():
            made = self.of(product)
            if made is None:
                continue
            for place, amount in zip(made.places, made.by_place, strict=True):
                need = amount.scaled(per_tonne, one, BALANCE, "assumed")
                result[place] = result[place].plus(need) if place in result else need
            left = Amount(
                f"{product} without a known place",
                made.unknown * per_tonne,
                made.unknown_draws * per_tonne,
                BALANCE,
                "",
                "assumed",
            )
            result[WORLD] = result[WORLD].plus(left) if WORLD in result else left
        return result


def _compositions(chain: Chain) -> dict[str, dict[str, float]]:
    result: dict[str, dict[str, float]] = {}
    for material, component, value in chain.compositions.select(
        "material_id", "component", "mass_fraction"
    ).iter_rows():
        result.setdefault(material, {})[component] = value
    return result
