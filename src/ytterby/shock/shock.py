"""`shock(chain, ...)`: stop a place, an owner, a site, a stage, a lane or a material, and see who runs short of what.

The chain is compiled to a network, its base year solved, and each scenario stepped month by month through stocks,
capacities, orders and suppliers (`ytterby.shock.kernel`). Amounts in gross t of each product; sums over products in t
of the tracked metal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl

from ytterby.chain.chain import Chain, common_digests, load_world
from ytterby.errors import YtterbyError
from ytterby.manifest import manifest
from ytterby.network import compile_network
from ytterby.shock.base import base_flows
from ytterby.shock.bound import gaps
from ytterby.shock.ensemble import Outcomes, compiled_kernel, propagate_all
from ytterby.shock.model import Model, make_model
from ytterby.shock.priority import with_priority
from ytterby.shock.result import QUANTILES, ShockResult, quantiles
from ytterby.shock.rules import Array, Draws, Exposure, Rules
from ytterby.shock.scenarios import Stop, draw, inputs, severity
from ytterby.shock.targets import Reach, Targets

Progress = Callable[[float, str], None]
COVER_DAYS = 30.0
LONGEST_COVER_D = 3650.0


@dataclass(frozen=True)
class ShockOptions:
    """What is asked: see `shock`."""

    stops: tuple[str, ...] = ()
    each: str | None = None
    stages: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    stop: Stop = field(default_factory=Stop)
    rules: Rules = field(default_factory=Rules)
    runs: int = 1000
    horizon: int = 60
    seed: int = 0
    cover_days: float = COVER_DAYS
    blocs: tuple[str, ...] = ("EU",)
    year: int | None = None
    bound: bool = True


def shock(
    chain: Chain,
    options: ShockOptions,
    *,
    workers: int = 1,
    resume: Path | None = None,
    progress: Progress | None = None,
) -> ShockResult:
    """Return what a stop does.

    Args:
        chain: the chain.
        options: what stops, when, by which rules, how many runs.
        workers: threads; the numbers do not depend on it.
        resume: file of finished chunks, read if it is there and written at the end or on Ctrl-C.
        progress: called with the part done and what is being done.

    Raises:
        UnknownNameError: a stop, stage, material or bloc is unknown; the nearest are named.
        YtterbyError: an option is out of range, or numba is not installed.
    """
    if bool(options.stops) == bool(options.each):
        raise YtterbyError("say what stops: either --stop KIND:NAME, which may be given again, or --each KIND")
    options.stop.check(options.horizon)
    compiled_kernel()
    model = model_of(chain, options)
    targets = Targets(model)
    model = with_priority(model, targets, options.rules.rationing)
    targets.model = model
    if options.each:
        reaches = targets.each(options.each, options.stages, options.materials)
        if not reaches:
            raise YtterbyError(f"no {options.each} makes anything that the model knows; try --each stage")
    else:
        reaches = [targets.together(options.stops, options.stages, options.materials)]
    exposure = Exposure(np.stack([r.nodes for r in reaches]), np.stack([r.arcs for r in reaches]))
    stop, rules = options.stop, options.rules
    draws = draw(
        model, stop, rules, runs=options.runs, horizon=options.horizon, seed=options.seed, targets=len(reaches)
    )
    found = propagate_all(
        model, draws, exposure, rules, start=stop.start, workers=workers, resume=resume, progress=progress
    )
    return _result(chain, model, options, reaches, exposure, draws, found)


def model_of(chain: Chain, options: ShockOptions) -> Model:
    """Return the system of a chain in its base year."""
    network = compile_network(chain, load_world(), year=options.year, blocs=options.blocs)
    return make_model(network, base_flows(network), cover_days=options.cover_days)


def _result(
    chain: Chain,
    model: Model,
    options: ShockOptions,
    reaches: Sequence[Reach],
    exposure: Exposure,
    draws: Draws,
    found: Outcomes,
) -> ShockResult:
    system, runs = model.system, options.runs
    use = system.base[system.uses] * options.horizon
    metal = model.contained[system.uses]
    lost = found.monthly.sum(axis=0) * draws.slack / float((use * metal).sum())
    first = found.first.min(axis=0)
    ranking = _ranking(reaches, lost, first, found.recovery, runs)
    worst = next(n for n, reach in enumerate(reaches) if reach.label == ranking["stop"][0])
    mine = slice(worst * runs, (worst + 1) * runs)
    gap = None
    if options.bound:
        own = draws.part(worst * runs, (worst + 1) * runs)
        marked, random = gaps(model, own, exposure, options.rules, lost[mine], seed=options.seed)
        gap = {name: g.gap for name, g in zip(QUANTILES, marked, strict=True)} | {"runs": [g.gap for g in random]}
    return ShockResult(
        metal=chain.metal,
        stop=reaches[worst].label,
        runs=runs,
        months=options.stop.months,
        horizon=options.horizon,
        time_to_shortage_months=quantiles(first[mine]),
        recovery_months=quantiles(found.recovery[mine]),
        lost_share=quantiles(lost[mine]),
        bound_gap=gap,
        cover_needed_days=_cover_needed(model, options, exposure, worst),
        tables={
            "use": _by_use(model, found, draws, mine, options.horizon),
            "ranking": ranking,
            "monthly": _monthly(found, draws, mine, float((use * metal).sum()) / options.horizon),
            "sensitivity": _sensitivity(model, draws, lost[mine], runs),
        },
        notes=(*model.notes, _assumed(model, options)),
        manifest=manifest(
            "shock",
            packages={chain.name: chain.digest, "world": load_world().digest, **common_digests(chain.name)},
            options={k: v for k, v in asdict(options).items() if k != "seed"},
            seed=options.seed,
            overlays=chain.overlays,
            solver="HiGHS",
        ),
    )


def _assumed(model: Model, options: ShockOptions) -> str:
    count = len(model.materials) - len(model.assumed)
    return (
        f"Cover is stated for {count} of {len(model.materials)} materials; elsewhere {options.cover_days:g} days are "
        "assumed, drawn over the spread of an assumed figure."
    )


def _by_use(model: Model, found: Outcomes, draws: Draws, mine: slice, horizon: int) -> pl.DataFrame:
    system = model.system
    nodes = system.nodes[system.uses.tolist()]
    whole = system.base[system.uses][:, None] * horizon / draws.slack[mine]
    unmet, metal = found.unmet[:, mine], model.contained[system.uses][:, None]
    rows = []
    labels = list(nodes.select("end_use", "region", "material").iter_rows())
    for n, label in enumerate(labels):
        rows.append((*label, *_spread(unmet[n], whole[n]), quantiles(found.first[n, mine])["p50"]))
    for bloc in sorted(set(nodes["region"])):
        at = np.flatnonzero((nodes["region"] == bloc).to_numpy())
        parts = (metal[at] * unmet[at]).sum(axis=0), (metal[at] * whole[at]).sum(axis=0)
        rows.append(("all", bloc, None, *_spread(*parts), quantiles(found.first[at, mine].min(axis=0))["p50"]))
    parts = (metal * unmet).sum(axis=0), (metal * whole).sum(axis=0)
    rows.append(("all", "WORLD", None, *_spread(*parts), quantiles(found.first[:, mine].min(axis=0))["p50"]))
    names = [f"{what}_{q}" for what in ("unmet_t", "unmet_share") for q in QUANTILES]
    schema = {"end_use": pl.String, "bloc": pl.String, "material": pl.String, **dict.fromkeys(names, pl.Float64)}
    return pl.DataFrame(rows, schema={**schema, "shortage_p50": pl.Float64}, orient="row")


def _spread(unmet: Array, whole: Array) -> tuple[float, ...]:
    both = np.quantile(unmet, list(QUANTILES.values())), np.quantile(unmet / whole, list(QUANTILES.values()))
    return (*both[0].tolist(), *both[1].tolist())


def _ranking(reaches: Sequence[Reach], lost: Array, first: Array, recovery: Array, runs: int) -> pl.DataFrame:
    rows = []
    for n, reach in enumerate(reaches):
        mine = slice(n * runs, (n + 1) * runs)
        low, middle, high = np.quantile(lost[mine], list(QUANTILES.values())).tolist()
        rows.append((reach.label, low, middle, high, quantiles(first[mine])["p50"], quantiles(recovery[mine])["p50"]))
    names = [f"lost_share_{q}" for q in QUANTILES]
    schema = {"stop": pl.String, **dict.fromkeys([*names, "time_to_shortage_p50", "recovery_p50"], pl.Float64)}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("lost_share_p50", "stop", descending=[True, False])


def _monthly(found: Outcomes, draws: Draws, mine: slice, use: float) -> pl.DataFrame:
    part = found.monthly[:, mine] * draws.slack[mine] / use
    spread = np.quantile(part, list(QUANTILES.values()), axis=1)
    return pl.DataFrame({"month": np.arange(part.shape[0]) + 1, **dict(zip(QUANTILES, spread, strict=True))})


def _sensitivity(model: Model, draws: Draws, lost: Array, runs: int) -> pl.DataFrame:
    """Return the rank correlation of the loss with everything drawn, the largest first."""
    rows = []
    if runs > 2 and lost.std() > 0:
        rank = np.argsort(np.argsort(lost, kind="stable"), kind="stable")
        frame = inputs(model, draws, runs)
        for name in frame.columns:
            values = frame[name].to_numpy()
            if values.std() > 0:
                other = np.argsort(np.argsort(values, kind="stable"), kind="stable")
                rows.append((name, float(np.corrcoef(rank, other)[0, 1])))
    frame = pl.DataFrame(rows, schema={"input": pl.String, "rank_correlation": pl.Float64}, orient="row")
    return frame.sort(pl.col("rank_correlation").abs(), descending=True)


def _cover_needed(model: Model, options: ShockOptions, exposure: Exposure, target: int) -> float | None:
    """Return the days of cover at which the stop, at its point, is ridden through; None where no stock is enough."""
    days = np.geomspace(1.0, LONGEST_COVER_D, 128)
    even = replace(model.system, slot_cover=np.full(model.system.slot_cover.size, 12.0 / 365.25))
    stop = options.stop
    course = severity(np.array([stop.months]), np.array([stop.depth]), stop.start, stop.ramp, options.horizon)
    draws = Draws(
        severity=np.repeat(course, days.size, axis=1),
        target=np.full(days.size, target),
        cover=np.tile(days, (len(model.materials), 1)),
        slack=np.ones(days.size),
        shift=np.full(days.size, options.rules.shift),
    )
    found = propagate_all(replace(model, system=even), draws, exposure, options.rules, start=stop.start)
    rides = np.isinf(found.first.min(axis=0))
    return float(days[int(np.argmax(rides))]) if rides.any() else None
