"""The ladder of control: stage by stage, who holds a metal's chain by place, by owner and by contract.

One rung per material of the chain, in chain order, for which anything is stated; the last rungs are the shares of
demand. Each rung carries concentration and risk indices with intervals from a seeded ensemble, and the classes of
sources it stands on.
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from ytterby.chain.chain import Chain, load_world
from ytterby.chain.control import Control, trace_control
from ytterby.chain.needed import needed_tables
from ytterby.chain.places import resolve_bloc
from ytterby.chain.sources import corroborated as corroborated_rows
from ytterby.chain.sources import source_classes
from ytterby.chain.uncertainty import Sampler
from ytterby.errors import UnknownNameError, YtterbyError
from ytterby.ladder.climb import Climb, Progress
from ytterby.ladder.result import LadderResult
from ytterby.ladder.scores import geopolrisk_of, missing_lines
from ytterby.ladder.world_flows import RULES
from ytterby.manifest import manifest
from ytterby.tonnage import stated_years

CORROBORATED_TABLES = ("stage_output", "facility_output", "ownership", "offtakes", "deposits", "demand")


def ladder(
    chain: Chain,
    *,
    year: int | None = None,
    bloc: str = "EU",
    draws: int = 1000,
    seed: int = 0,
    corroborated: bool = False,
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
        corroborated: leave out rows that rest on state-affiliated sources or on a single interested one.
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
    view, left_out = corroborated_view(chain, when) if corroborated else (chain, ())
    climb = Climb(view, world, when, where, Sampler(draws, seed), chain if corroborated else None)
    rungs = climb.rungs(progress)
    if not rungs:
        raise YtterbyError(f"nothing is stated on output, capacity or reserves of any material of {chain.metal}")
    options = {"year": when, "bloc": where, "draws": draws, "corroborated": corroborated, "method": method}
    packages = {chain.name: chain.digest, "world": world.digest}
    return LadderResult(
        metal=chain.metal,
        year=when,
        bloc=where,
        rungs=rungs,
        geopolrisk=geopolrisk_of(world, chain, where, when, method=method),
        sensitivity=tuple(climb.sensitivity),
        manifest=manifest("ladder", packages=packages, options=options, seed=seed, overlays=view.overlays),
        corroborated=corroborated,
        notes=(*left_out, *_notes(view, climb.control), *missing_lines(world, chain)),
    )


def _refuse_year(chain: Chain, year: int) -> None:
    """Refuse a year far from every figure: before the first, or more than three years after the last."""
    first, last = stated_years(chain)
    if not first <= year <= last + 3:
        near = first if year < first else last
        raise YtterbyError(f"unknown year '{year}': {chain.metal} has figures for {first} to {last}; nearest: {near}")


def corroborated_view(chain: Chain, year: int) -> tuple[Chain, tuple[str, ...]]:
    """Return the chain without what rests on state-affiliated or single interested sources, and what was left out."""
    classes = source_classes(chain, trace_control(chain, dt.date(year, 7, 1)).state)
    kept = {name: corroborated_rows(chain.table(name), classes) for name in CORROBORATED_TABLES}
    needed = {name: frame for name, frame in needed_tables(chain).items() if name in kept}
    lost = {name: frame.height - corroborated_rows(frame, classes).height for name, frame in needed.items()}
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
