"""Draws: the plan solved again, warm, with every figure drawn from its bounds or its confidence.

Costs, the value of lost use and existing capacity are drawn, each by the name of its figure, so that a figure that
two plans share moves alike in both; recipes, use and lead times stay. A build carries the share of draws in which
its process is built at its place. In a draw that cannot keep the targets they give way at a price far above any
other, which is not counted; how many draws do is. What has been sold shrinks with the plant that makes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ytterby.chain.uncertainty import Sampler
from ytterby.plan.setup import Setup
from ytterby.solve import Session

Array = npt.NDArray[np.float64]
Progress = Callable[[float, str], None]
SMALL_SHARE = 0.01
PENALTY_USD_PER_T = 1e7


@dataclass(frozen=True)
class Ensemble:
    """Objective of each draw, share of draws by build column, draws solved, draws in which targets give way."""

    objective: Array
    share: Array
    solved: int
    missed: int


def run_draws(
    setup: Setup, session: Session, capacity: Array, draws: int, seed: int, progress: Progress | None = None
) -> Ensemble:
    """Solve each draw from the base's basis.

    Args:
        setup: the programme.
        session: an open session with a base.
        capacity: upper bounds of the capacity rows in the base.
        draws: how many.
        seed: seed of the ensemble.
        progress: called with the part done and a word.
    """
    programme = setup.programme
    sampler = Sampler(draws, seed)
    factors = np.stack([figure.drawn(sampler) for figure in setup.register.figures])
    count = programme.model.column_count
    rows, build = programme.rows["capacity"], programme.columns["build"]
    rests = rows.table["figure"].to_numpy()
    keys = build.table.select("process_id", "region").with_row_index("at")
    groups = keys.group_by("process_id", "region", maintain_order=True).agg("at")["at"].to_list()
    unit = build.table["unit_t"].to_numpy()
    objective, built = np.full(draws, np.nan), np.zeros((len(groups), draws), dtype=bool)
    base = session.base
    typical = _typical(unit * base.value(build), groups) if base is not None else np.zeros(len(groups))
    sold = programme.rows.get("offtake")
    owed = np.zeros(0) if sold is None else session.row_bounds(sold.index)[0]
    slack = _slack(setup)
    session.change_bounds(slack, None, np.full(slack.size, np.inf))
    missed = 0
    for draw in range(draws):
        factor = factors[:, draw]
        costs = setup.costs.vector(count, factor)
        costs[slack] = PENALTY_USD_PER_T
        session.change_costs(np.arange(count), costs)
        scale = np.where(rests < 0, 1.0, factor[np.maximum(rests, 0)])
        session.change_row_bounds(rows, None, capacity * scale)
        if sold is not None:
            session.change_row_bounds(sold, owed * np.minimum(1.0, factor[sold.table["figure"].to_numpy()]), None)
        solution = session.solve(warm="base")
        if solution.is_optimal:
            assert solution.columns is not None
            given = float(solution.columns[slack].sum())
            missed += given > 1.0
            objective[draw] = float(solution.objective) - PENALTY_USD_PER_T * given
            amounts = _typical(unit * solution.value(build), groups)
            built[:, draw] = amounts > np.maximum(1e-6, SMALL_SHARE * typical)
        if progress is not None:
            progress((draw + 1) / draws, "draws")
    session.reset()
    solved = int(np.isfinite(objective).sum())
    share = np.full(build.count, np.nan)
    for number, at in enumerate(groups):
        share[np.array(at, dtype=np.int64)] = built[number].sum() / solved if solved else np.nan
    return Ensemble(objective, share, solved, missed)


def _slack(setup: Setup) -> npt.NDArray[np.int64]:
    """Return the columns by which targets may give way."""
    blocks = [b.index for name, b in setup.programme.columns.items() if name.startswith("give way ")]
    return np.concatenate(blocks).astype(np.int64) if blocks else np.zeros(0, dtype=np.int64)


def _typical(tonnes: Array, groups: list[list[int]]) -> Array:
    return np.array([tonnes[np.array(at, dtype=np.int64)].sum() for at in groups])
