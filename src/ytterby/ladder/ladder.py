"""The ladder of control: stage by stage, who holds a metal's chain by place, by owner and by contract.

One rung per material of the chain, in chain order, for which anything is stated; the last rungs are the shares of
demand. Each rung carries concentration and risk indices with intervals from a seeded ensemble, and the classes of
sources it stands on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from ytterby.chain.chain import Chain, load_world
from ytterby.chain.control import Control, trace_control
from ytterby.chain.needed import needed_tables
from ytterby.chain.places import bloc_members, resolve_bloc
from ytterby.chain.recipes import chain_order
from ytterby.chain.sources import CLASSES, UNKNOWN_CLASS, best_class, corroborated, source_classes
from ytterby.chain.uncertainty import Sampler, interval
from ytterby.errors import UnknownNameError, YtterbyError
from ytterby.ladder.demand import use_rungs
from ytterby.ladder.indices import concentration_ratio, hhi
from ytterby.ladder.owners import by_contract, by_owner, by_place, holder_names
from ytterby.ladder.result import Index, LadderResult, Rung, Sensitivity
from ytterby.ladder.risk import RiskInputs, governance, governance_index, supply_risk, trade_parameters
from ytterby.ladder.scores import geopolrisk_of, missing_lines, recycling_rate
from ytterby.ladder.sensitivity import of_headline
from ytterby.ladder.shares import concentration, largest, share_list
from ytterby.ladder.tonnage import Tonnage, TonnageBook
from ytterby.ladder.trade import bloc_trade, reliance
from ytterby.ladder.world_flows import RULES
from ytterby.manifest import manifest

CORROBORATED_TABLES = ("stage_output", "facility_output", "ownership", "offtakes", "deposits", "demand")
Progress = Callable[[float, str], None]


def ladder(
    chain: Chain,
    *,
    year: int | None = None,
    bloc: str = "EU",
    draws: int = 1000,
    seed: int = 0,
    corroborated_only: bool = False,
    method: str = "ytterby",
    progress: Progress | None = None,
) -> LadderResult:
    """Return the ladder of control of a chain.

    Args:
        chain: a metal's chain.
        year: year asked for; figures of the nearest year stand in where it has none. Default: the package's base year.
        bloc: place or bloc whose import reliance and supply risk are computed, by id, name or alias.
        draws: size of the ensemble behind the intervals (5 % to 95 %).
        seed: seed of the ensemble.
        corroborated_only: leave out rows that rest on state-affiliated sources or on a single interested one.
        method: GeoPolRisk as `ytterby` or as `geopolrisk-py` computes it.
        progress: called with the part done, 0 to 1, and what is being done.

    Raises:
        UnknownNameError: no such place, bloc or method.
        YtterbyError: the year is out of range, or nothing is stated for any material.
    """
    when = int(year if year is not None else chain.settings.get("base_year", 2023))
    _refuse_year(chain, when)
    if method not in RULES:
        raise UnknownNameError("method", method, RULES)
    if draws < 1:
        raise YtterbyError(f"draws must be at least 1, got {draws}")
    world = load_world()
    where = resolve_bloc(chain, bloc)
    view, left_out = corroborated_view(chain, when) if corroborated_only else (chain, ())
    climb = _Climb(view, world, when, where, Sampler(draws, seed))
    rungs = climb.rungs(progress)
    if not rungs:
        raise YtterbyError(f"nothing is stated on output, capacity or reserves of any material of {chain.metal}")
    options = {"year": when, "bloc": where, "draws": draws, "corroborated": corroborated_only, "method": method}
    packages = {chain.name: chain.digest, "world": world.digest}
    return LadderResult(
        metal=chain.metal,
        year=when,
        bloc=where,
        rungs=rungs,
        geopolrisk=geopolrisk_of(world, chain, where, when, method=method),
        sensitivity=tuple(climb.sensitivity),
        manifest=manifest("ladder", packages=packages, options=options, seed=seed, overlays=view.overlays),
        corroborated=corroborated_only,
        notes=(*left_out, *_notes(view, climb.control), *missing_lines(world, chain)),
    )


def _refuse_year(chain: Chain, year: int) -> None:
    """Refuse a year far from every figure: before the first, or more than ten years after the last."""
    made = chain.facility_output.filter(pl.col("measure") != "planned_capacity")
    years = pl.concat([chain.stage_output["year"], made["year"]]).drop_nulls().unique().sort()
    if years.is_empty():
        raise YtterbyError(f"{chain.metal}: no output or capacity is stated for any year")
    first, last = int(years[0]), int(years[-1])
    if not first <= year <= last + 10:
        near = first if year < first else last
        raise YtterbyError(f"unknown year '{year}': {chain.metal} has figures for {first} to {last}; nearest: {near}")


def corroborated_view(chain: Chain, year: int) -> tuple[Chain, tuple[str, ...]]:
    """Return the chain without what rests on state-affiliated or single interested sources, and what was left out."""
    classes = source_classes(chain, trace_control(chain, dt.date(year, 7, 1)).state)
    kept = {name: corroborated(chain.table(name), classes) for name in CORROBORATED_TABLES}
    needed = {name: frame for name, frame in needed_tables(chain).items() if name in kept}
    lost = {name: frame.height - corroborated(frame, classes).height for name, frame in needed.items()}
    words = ", ".join(f"{count} of {needed[name].height} rows of {name}" for name, count in lost.items() if count)
    note = f"Left out as resting on state-affiliated or single interested sources alone: {words or 'nothing'}."
    return chain.with_(overlay="corroborated", **kept), (note,)


def _notes(chain: Chain, control: Control) -> tuple[str, ...]:
    """Say how many holdings above this chain's sites are known from a later date only."""
    held = control.holdings
    position = {name: index for index, name in enumerate(held.entities)}
    above = np.zeros(len(held.entities), dtype=bool)
    above[[position[name] for name in chain.facilities["facility_id"]]] = True
    link = (held.high > 0) | (held.decides > 0)
    for _ in held.entities:
        wider = above | link[:, above].any(axis=1)
        if (wider == above).all():
            break
        above = wider
    carried = sum(bool(above[position[name]]) for name in held.carried_back)
    if not carried:
        return ()
    return (f"The holders of {carried} companies and sites are known from a later date only and are carried back.",)


class _Climb:
    """What every rung of one ladder needs, computed once."""

    def __init__(self, chain: Chain, world: Chain, year: int, bloc: str, sampler: Sampler) -> None:
        self.chain, self.world, self.year, self.bloc, self.sampler = chain, world, year, bloc, sampler
        self.book = TonnageBook(chain, world, year, sampler)
        self.control = trace_control(chain, dt.date(year, 7, 1))
        self.classes = source_classes(chain, self.control.state)
        self.members = bloc_members(chain, bloc, year)
        self.eu = bloc_members(chain, "EU", year) if "EU" in set(chain.blocs["bloc_id"]) else frozenset()
        self.place_names = dict(zip(chain.places["place_id"], chain.places["name"], strict=True))
        self.holder_names = holder_names(chain)
        self.estimate = governance(chain, world, year)
        self.recycling = recycling_rate(world, chain)
        self.materials = dict(zip(chain.materials["material_id"], chain.materials.iter_rows(named=True), strict=True))
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
        places = by_place(tonnage, self.sampler)
        owners = by_owner(tonnage, self.control, self.sampler)
        equity = by_owner(tonnage, self.control, self.sampler, equity=True)
        buyers = by_contract(self.book, tonnage, self.year)
        low, high = interval(tonnage.total_draws)
        total = (tonnage.total, float(low), float(high)) if self.chain.settings.get("is_mass", True) else (None,) * 3
        note = tonnage.note
        if published := self.chain.settings.get("published_unit"):
            note += f"; published in {published}"
        indices = self._indices(material, tonnage)
        self._explain(row["name"], tonnage)
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
            by_place=share_list(places, self.place_names),
            by_owner=share_list(owners, self.holder_names, self.control.state),
            by_owner_equity=share_list(equity, self.holder_names, self.control.state),
            by_contract=share_list(buyers, self.holder_names, self.control.state),
            indices=indices,
            evidence=evidence(tonnage, self.classes),
            source_ids=_sources(tonnage),
            sites=tonnage.sites.count,
            sites_with_figure=tonnage.sites.with_figure,
        )

    def _indices(self, material: str, tonnage: Tonnage) -> Mapping[str, Index]:
        places = by_place(tonnage, self.sampler)
        owners = by_owner(tonnage, self.control, self.sampler)
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
            "hhi_owner": concentration(owners.merged(self.control.top), what="owner"),
            "hhi_governance": governance_index(places, inputs, self.sampler, material),
            "top1": largest(places, 1),
            "top3": largest(places, 3),
            "import_reliance": ir,
            "eu_supply_risk": supply_risk(places, trade, made, ir, ir_draws, inputs, self.sampler),
        }

    def _explain(self, name: str, tonnage: Tonnage) -> None:
        places = by_place(tonnage, self.sampler)
        if not places.ids:
            return
        top = concentration_ratio(places.draws, 1)
        leader = self.place_names.get(places.ids[0], places.ids[0])
        for headline, drawn in ((f"{leader}'s share of {name}", top), (f"HHI of {name}", hhi(places.draws))):
            self.sensitivity.extend(of_headline(self.chain, headline, drawn, tonnage, self.sampler))


def evidence(tonnage: Tonnage, classes: Mapping[str, str]) -> dict[str, float]:
    """Return the share of a rung's tonnage that rests on each class of source."""
    result = dict.fromkeys(CLASSES, 0.0)
    for amount in tonnage.by_place:
        held = best_class(amount.source_id, classes) if amount.source_id else UNKNOWN_CLASS
        result[held] += amount.point
    result[UNKNOWN_CLASS] += tonnage.unknown
    total = sum(result.values())
    return {name: value / total for name, value in result.items()} if total else result


def _sources(tonnage: Tonnage) -> tuple[str, ...]:
    found = [source for amount in tonnage.inputs for source in amount.source_id.split(";") if source]
    return tuple(sorted(dict.fromkeys(found)))
