"""Climbs a chain rung by rung: what every rung of one ladder needs is computed once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ytterby.chain.chain import Chain
from ytterby.chain.control import trace_control
from ytterby.chain.places import bloc_members
from ytterby.chain.recipes import chain_order
from ytterby.chain.sources import CLASSES, UNKNOWN_CLASS, best_class, source_classes
from ytterby.chain.uncertainty import Sampler, interval
from ytterby.ladder.demand import use_rungs
from ytterby.ladder.indices import concentration_ratio, hhi
from ytterby.ladder.owners import by_contract, by_owner, by_place, holder_names
from ytterby.ladder.result import Index, Rung, Sensitivity
from ytterby.ladder.risk import RiskInputs, governance, governance_index, supply_risk, trade_parameters
from ytterby.ladder.scores import recycling_rate
from ytterby.ladder.sensitivity import Spoken, of_headline
from ytterby.ladder.shares import Split, concentration, largest, share_list
from ytterby.ladder.trade import bloc_trade, reliance
from ytterby.tonnage.book import Tonnage, TonnageBook

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Splits:
    """The claims on one rung's tonnes."""

    place: Split
    owner: Split
    equity: Split
    contract: Split


class Climb:
    """What every rung of one ladder needs, computed once."""

    def __init__(
        self, chain: Chain, world: Chain, year: int, bloc: str, sampler: Sampler, whole: Chain | None = None
    ) -> None:
        self.chain, self.world, self.year, self.bloc, self.sampler = chain, world, year, bloc, sampler
        full = TonnageBook(whole, world, year, sampler) if whole is not None else None
        self.book = TonnageBook(chain, world, year, sampler, full)
        self.control = trace_control(chain, dt.date(year, 7, 1))
        self.classes = source_classes(chain, self.control.state)
        self.members = bloc_members(chain, bloc, year)
        self.eu = bloc_members(chain, "EU", year) if "EU" in set(chain.blocs["bloc_id"]) else frozenset()
        self.place_names = dict(zip(chain.places["place_id"], chain.places["name"], strict=True))
        self.holder_names = holder_names(chain)
        self.estimate = governance(chain, world, year)
        self.recycling = recycling_rate(world, chain)
        self.materials = dict(zip(chain.materials["material_id"], chain.materials.iter_rows(named=True), strict=True))
        self.spoken = Spoken.of(chain)
        self.sensitivity: list[Sensitivity] = []

    def rungs(self, progress: Progress | None) -> tuple[Rung, ...]:
        """Return every rung for which anything is stated, in chain order, then those of use."""
        order, found = chain_order(self.chain), []
        for done, material in enumerate(order):
            if progress:
                progress(done / len(order), material)
            found.append(self.rung(material))
        regions = dict(self.chain.blocs.select("bloc_id", "name").iter_rows()) | self.place_names
        return (*filter(None, found), *use_rungs(self.book, self.classes, regions))

    def rung(self, material: str) -> Rung | None:
        """Return the rung of a material, or None where nothing is stated."""
        tonnage = self.book.of(material)
        if tonnage is None or tonnage.total <= 0:
            return None
        row = self.materials[material]
        splits = Splits(
            place=by_place(tonnage, self.sampler),
            owner=by_owner(tonnage, self.control, self.sampler),
            equity=by_owner(tonnage, self.control, self.sampler, equity=True),
            contract=by_contract(self.book, tonnage, self.year),
        )
        low, high = interval(tonnage.total_draws)
        total = (tonnage.total, float(low), float(high)) if self.chain.settings.get("is_mass", True) else (None,) * 3
        note = tonnage.note
        if published := self.chain.settings.get("published_unit"):
            note += f"; published in {published}"
        self._explain(row["name"], tonnage, splits.place)
        return Rung(
            stage=row["stage"],
            material=material,
            name=row["name"],
            year=self.year,
            total_t=total[0],
            total_low=total[1],
            total_high=total[2],
            basis=tonnage.basis,
            basis_note=note,
            by_place=share_list(splits.place, self.place_names),
            by_owner=share_list(splits.owner, self.holder_names, self.control.state),
            by_owner_equity=share_list(splits.equity, self.holder_names, self.control.state),
            by_contract=share_list(splits.contract, self.holder_names, self.control.state),
            indices=self._indices(material, tonnage, splits),
            evidence=evidence(tonnage, self.classes),
            source_ids=_sources(tonnage),
            sites=tonnage.sites.count,
            sites_with_figure=tonnage.sites.with_figure,
        )

    def _indices(self, material: str, tonnage: Tonnage, splits: Splits) -> Mapping[str, Index]:
        places = splits.place
        inputs = RiskInputs(
            self.estimate,
            trade_parameters(self.chain, material, self.bloc, self.members, self.eu, self.year),
            self.recycling,
        )
        inside = [i for i, place in enumerate(tonnage.places) if place in self.members]
        made = {tonnage.places[i]: float(tonnage.point[i]) for i in inside}
        trade = bloc_trade(self.chain, self.world, material, self.members, self.year)
        if self.bloc == "WORLD":
            ir, ir_draws = Index(None, why="the world imports nothing"), np.full(self.sampler.draws, np.nan)
        else:
            ir, ir_draws = reliance(
                trade, sum(made.values()), tonnage.draws[:, inside].sum(axis=1), self.sampler, material
            )
        return {
            "hhi": concentration(places, what="place"),
            "hhi_owner": concentration(splits.owner.merged(self.control.top), what="owner"),
            "hhi_governance": governance_index(places, inputs, self.sampler, material),
            "top1": largest(places, 1),
            "top3": largest(places, 3),
            "import_reliance": ir,
            "eu_supply_risk": supply_risk(places, trade, made, ir, ir_draws, inputs, self.sampler),
        }

    def _explain(self, name: str, tonnage: Tonnage, places: Split) -> None:
        if not places.ids:
            return
        top = concentration_ratio(places.draws, 1)
        leader = self.place_names.get(places.ids[0], places.ids[0])
        for headline, drawn in ((f"{leader}'s share of {name}", top), (f"HHI of {name}", hhi(places.draws))):
            self.sensitivity.extend(of_headline(self.spoken, headline, drawn, tonnage, self.sampler))


def evidence(tonnage: Tonnage, classes: Mapping[str, str]) -> dict[str, float]:
    """Return the share of a rung's tonnage that rests on each class of source; what is assumed rests on none."""
    result = dict.fromkeys(CLASSES, 0.0)
    for amount in tonnage.by_place:
        is_said = amount.source_id and amount.confidence != "assumed"
        held = best_class(amount.source_id, classes) if is_said else UNKNOWN_CLASS
        result[held] += amount.point
    result[UNKNOWN_CLASS] += tonnage.unknown
    total = sum(result.values())
    return {name: value / total for name, value in result.items()} if total else result


def _sources(tonnage: Tonnage) -> tuple[str, ...]:
    """Return the sources of a rung, those that carry most of its tonnage first."""
    carried: dict[str, float] = {}
    for amount in tonnage.by_place:
        for source in filter(None, amount.source_id.split(";")):
            carried[source] = carried.get(source, 0.0) + amount.point
    for amount in tonnage.inputs:
        for source in filter(None, amount.source_id.split(";")):
            carried.setdefault(source, 0.0)
    return tuple(sorted(carried, key=lambda source: (-carried[source], source)))
