"""The plan of a chain: least cost for the world, with decisions for one bloc."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.chain.chain import Chain, common_digests, load_world
from ytterby.errors import YtterbyError
from ytterby.manifest import Manifest, manifest
from ytterby.plan import answers
from ytterby.plan.breakeven import SCHEMA as BREAK_EVEN
from ytterby.plan.breakeven import break_even
from ytterby.plan.ensemble import Ensemble, run_draws
from ytterby.plan.funding import SCHEMA, Funding, choose_programmes, set_gates
from ytterby.plan.options import Options
from ytterby.plan.outcomes import Outcomes, value_outcomes
from ytterby.plan.research import deciding
from ytterby.plan.result import PlanResult
from ytterby.plan.setup import Setup, set_up
from ytterby.plan.targets import TargetRows
from ytterby.plan.worth import worth_of
from ytterby.solve import Session, Solution

Array = npt.NDArray[np.float64]
Progress = Callable[[float, str], None]
GIVE = 1e-7


def plan(
    chain: Chain,
    options: Options,
    *,
    world: Chain | None = None,
    worth: bool = True,
    progress: Progress | None = None,
) -> PlanResult:
    """Plan a chain for a bloc.

    Args:
        chain: the chain, such as `load_chain("tungsten")`.
        options: for whom, until when, which targets and constraints.
        world: the world tables; default those that ship.
        worth: whether to solve again for what one more unit is worth.
        progress: called with the part done and a word.

    Returns:
        The plan; money is discounted USD of the base year.

    Raises:
        UnknownNameError: a bloc, target or metal is unknown.
        YtterbyError: the package lacks what the plan needs, or nothing can be planned; the sentence says what mends it.
    """
    world = world if world is not None else load_world()
    start = time.perf_counter()
    setup = set_up(chain, world, options)
    built = time.perf_counter()
    result, _ = plan_setup(setup, chain, world, worth=worth, progress=progress, seconds={"setup": built - start})
    return result


def plan_setup(
    setup: Setup,
    chain: Chain,
    world: Chain,
    *,
    worth: bool = False,
    progress: Progress | None = None,
    seconds: dict[str, float] | None = None,
) -> tuple[PlanResult, Solution]:
    """Solve a programme that is set up, and return the plan with its solution."""
    options, built = setup.programme.options, time.perf_counter()
    session, solution, relaxed = solve_setup(setup, options)
    solution, funding, outcomes = _research(setup, session, solution, progress)
    solved = time.perf_counter()
    ensemble = None
    if options.draws and session.base is not None and not options.whole_plants:
        capacity = np.asarray(session.row_bounds(setup.programme.rows["capacity"].index)[1], dtype=np.float64)
        ensemble = run_draws(setup, session, capacity, options.draws, options.seed, progress)
    drawn = time.perf_counter()
    more = worth_of(setup, solution, session, chain, world) if worth and session.base is not None else pl.DataFrame()
    crossing = break_even(setup, session) if worth else None
    spent = {
        **(seconds or {}),
        "solve": solved - built,
        "draws": drawn - solved,
        "worth": time.perf_counter() - drawn,
    }
    result = result_of(
        setup,
        solution,
        ensemble=ensemble,
        relaxed=relaxed,
        worth=more,
        crossing=crossing,
        seconds=spent,
        funding=funding,
        outcomes=outcomes,
    )
    return result, solution


def _research(
    setup: Setup, session: Session, solution: Solution, progress: Progress | None
) -> tuple[Solution, Funding | None, Outcomes | None]:
    """Decide which programmes to fund, and return the plan with them."""
    options = setup.programme.options
    if not setup.research or options.research == "none" or session.base is None or options.fixed_builds is not None:
        return solution, None, None
    if options.whole_plants:
        setup.programme.notes.append("Programmes are not decided on together with whole plants: none is funded.")
        return solution, None, None
    programmes = deciding(setup.research, options.programmes)
    funding = choose_programmes(setup, session, programmes)
    outcomes = None
    if options.research == "outcomes" and any(funding.chosen):
        outcomes = value_outcomes(setup, session, funding, options.outcomes, options.seed, progress)
    return session.rebase(), funding, outcomes


def solve_setup(setup: Setup, options: Options) -> tuple[Session, Solution, tuple[str, ...]]:
    """Solve a programme; targets that cannot be met give way by the least that makes it possible.

    Raises:
        YtterbyError: it cannot be solved even without targets; what clashes is said.
    """
    session = setup.open()
    set_gates(setup, session, (), ())
    solution = session.solve(time_limit=options.time_limit, gap=options.gap)
    relaxed: tuple[str, ...] = ()
    if solution.status == "infeasible" and setup.targets:
        relaxed = _give_way(setup, session)
        solution = session.solve(time_limit=options.time_limit, gap=options.gap)
    if not solution.has_values:
        raise YtterbyError(_why_not(setup, session, solution))
    if options.whole_plants:
        solution = replace(session.fix_integers(), status=solution.status)
    return session, solution, relaxed


def _give_way(setup: Setup, session: Session) -> tuple[str, ...]:
    """Relax the rows of targets by the least that makes the plan possible and say it, largest year of each."""
    rows = [entry.rows for entry in setup.targets]
    where = np.concatenate([block.index for block in rows])
    weights = np.concatenate([1.0 / np.maximum(_size(entry), 1e-9) for entry in setup.targets])
    try:
        amounts = session.relax(where, weights)
    except YtterbyError as error:
        raise YtterbyError(f"the plan cannot be made possible by relaxing targets alone: {error}") from error
    low, high = session.row_bounds(where)
    scale = np.concatenate([_size(entry) for entry in setup.targets])
    slack = GIVE * scale
    lower = np.where(amounts > slack / 10, low - amounts - slack, low)
    upper = np.where(amounts < -slack / 10, high - amounts + slack, high)
    session.change_row_bounds(where, lower, upper)
    said, at = [], 0
    for entry in setup.targets:
        part = amounts[at : at + entry.rows.count]
        at += entry.rows.count
        if np.abs(part).max(initial=0.0) > 10 * GIVE * _size(entry).max(initial=0.0):
            said.append(_sentence(setup, entry, part))
    return tuple(said)


def _size(entry: TargetRows) -> Array:
    """Return the size of each row of a target: the use that its share is of, or 1 t for shares of supply."""
    count, periods = entry.rows.count, entry.denominator.shape[0]
    return np.repeat(np.maximum(entry.denominator, 1.0), count // periods) if periods else np.ones(count)


def _sentence(setup: Setup, entry: TargetRows, amounts: Array) -> str:
    target, labels = entry.target, entry.rows.table
    assert labels is not None
    when = setup.horizon.years[labels["period"].to_numpy()]
    worst = int(np.argmax(np.abs(amounts)))
    per = entry.denominator[labels["period"].to_numpy()]
    years = sorted({int(y) for y, a in zip(when, amounts, strict=True) if abs(a) > 1e-9})
    span = f"{years[0]}" if len(years) == 1 else f"{years[0]} to {years[-1]}"
    component = labels["component"][worst]
    name = target.name.rstrip(".")
    if target.measure in ("country_share", "controller_share"):
        place = setup.network.places.name(labels["place"][worst])
        t = abs(amounts[worst])
        return (
            f"{name}: cannot be kept for {component} in {span}; {place} exceeds it by {t:,.0f} t in {int(when[worst])}."
        )
    can = round(target.value - abs(amounts[worst]) / max(per[worst], 1e-12), 6) + 0.0  # no minus before 0
    unit = f"{target.value:g} d" if target.measure == "days_of_cover" else f"{100 * target.value:.0f} %"
    reach = f"{can:.0f} d" if target.measure == "days_of_cover" else f"{100 * can:.1f} %"
    return (
        f"{name}: {unit} of {component} cannot be reached in {span}; the most that is possible beside the other "
        f"targets is {reach} in {int(when[worst])}."
    )


def _why_not(setup: Setup, session: Session, solution: Solution) -> str:
    """Say what clashes, or that the limit was too short."""
    if solution.status == "time_limit":
        return "the time limit was reached before any plan was found; give more with --time-limit"
    if solution.status == "unbounded":
        return (
            "the plan has no end of gain: a loop of processes or a negative cost gains without limit; run ytterby check"
        )
    clashes = [clash for clash in session.conflict() if clash.is_row][:4]
    parts = []
    for clash in clashes:
        label = ", ".join(
            f"{v}" for k, v in clash.label.items() if k not in ("node", "period", "lane", "activity", "side")
        )
        parts.append(f"{clash.name} ({label})")
    return f"no plan is possible; these rows clash: {'; '.join(parts) or 'none could be named'}"


def result_of(
    setup: Setup,
    solution: Solution,
    *,
    ensemble: Ensemble | None = None,
    relaxed: tuple[str, ...] = (),
    worth: pl.DataFrame | None = None,
    crossing: pl.DataFrame | None = None,
    seconds: dict[str, float] | None = None,
    funding: Funding | None = None,
    outcomes: Outcomes | None = None,
) -> PlanResult:
    """Return the plan of a solution."""
    options, network = setup.programme.options, setup.network
    figures, assumed = answers.rests_on(setup, solution)
    assert solution.columns is not None
    breakdown = setup.costs.breakdown(solution.columns)
    plain = setup.costs.breakdown(solution.columns, is_discounted=False)
    tables = {
        "unmet": answers.unmet(setup, solution),
        "builds": answers.builds(setup, solution, None if ensemble is None else ensemble.share),
        "flows": answers.flows(setup, solution),
        "prices": answers.prices(setup, solution),
        "binding": answers.binding(setup, solution),
        "targets": answers.targets(setup, solution),
        "output": answers.output(setup, solution),
        "people": answers.people(setup, solution),
        "stock": answers.stock(setup, solution),
        "calibration": setup.calibration,
        "worth": pl.DataFrame() if worth is None else worth,
        "break_even": pl.DataFrame(schema=BREAK_EVEN) if crossing is None else crossing,
        "figures": figures,
        "draws": pl.DataFrame({"objective_usd": [] if ensemble is None else ensemble.objective}),
        "use": _use(setup),
        "research": pl.DataFrame(schema=SCHEMA) if funding is None else funding.table,
        "outcomes": _outcomes(outcomes),
    }
    return PlanResult(
        metal=network.chain.metal,
        bloc=options.blocs[0],
        year=network.year,
        until=options.until,
        target=options.target,
        status="relaxed" if relaxed and solution.status == "optimal" else solution.status,
        objective_usd=float(sum(breakdown.values())),
        undiscounted_usd=float(sum(plain.values())),
        cost_breakdown=breakdown,
        bloc_bill_usd=answers.bloc_bill(setup, solution),
        assumed_share=assumed,
        draws=0 if ensemble is None else ensemble.solved,
        tables=tables,
        notes=tuple(setup.programme.notes),
        relaxed=relaxed,
        manifest=_manifest(setup, options),
        seconds=seconds or {},
    )


def _outcomes(outcomes: Outcomes | None) -> pl.DataFrame:
    schema = {"what": pl.String, "usd": pl.Float64}
    if outcomes is None:
        return pl.DataFrame(schema=schema)
    rows = [
        ("expected cost, hedged", outcomes.recourse_usd),
        ("expected cost, outcomes known", outcomes.wait_and_see_usd),
        ("expected cost of the plan for the likeliest outcome", outcomes.expected_of_likeliest_usd),
        ("value of the stochastic solution", outcomes.stochastic_value_usd),
        ("value of perfect information", outcomes.information_value_usd),
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _use(setup: Setup) -> pl.DataFrame:
    from ytterby.plan.programme import demand_by_period

    demand, horizon = setup.network.demand, setup.horizon
    use = demand_by_period(setup.network, horizon)
    rows = [
        (m, e, r, int(horizon.years[t]), float(use[t, n]))
        for n, (m, e, r) in enumerate(demand.select("material", "end_use", "region").iter_rows())
        for t in range(horizon.count)
    ]
    schema = {"material": pl.String, "end_use": pl.String, "place": pl.String, "year": pl.Int64, "t": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _manifest(setup: Setup, options: Options) -> Manifest:
    chain = setup.network.chain
    return manifest(
        "plan",
        packages={chain.name: chain.digest, **common_digests(chain.name)},
        options={**options.to_dict(), "year": setup.network.year, "discount": setup.horizon.rate},
        seed=options.seed,
        overlays=chain.overlays,
        solver=f"HiGHS {version('highspy')}",
    )


__all__ = ["plan", "solve_setup"]
