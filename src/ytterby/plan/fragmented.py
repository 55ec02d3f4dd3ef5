"""A fragmented world: each owner at each stage invests alone, on clearing prices and its own hurdle rate.

Each year the market clears with the plant that is there. A project's expected price is the mean of the last three
clearing prices, at most the value of lost use, and at most the price once all committed plant stands: nobody builds
into a glut that has been announced. Its input costs that price plus the margin at which upstream hands over.
Projects are ranked by net present value over capex,

    NPV / capex = (margin a tonne) (1 - (1 + h)^-n) / h / (1 + h)^lead / capex - 1,

h the owner's hurdle rate. The best that pays is accepted, the market cleared again with it, and so on until none
pays or the build rate binds. A project counts on input only as far as upstream spare plus committed plant covers it.
Research reaches partners only. Each of foresight, cost of capital, margin and research access can be switched to the
integrated world's: then a project sees the integrated plan's prices, its cost of capital, no margin, and every
programme.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.network.figures import Money
from ytterby.network.norms import Norms
from ytterby.plan.market import Market
from ytterby.plan.research import open_builds
from ytterby.plan.setup import Setup

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
LOOK_BACK = 3
HAIR = 1.001  # plant counts a hair more in the outlook: where it just meets use, the price is that of plenty
AHEAD_A = 6  # years ahead for which committed plant is looked at
STEPS = 4  # a build rate is taken in so many projects a year
DEFAULT_MARGIN = 0.1
DEFAULT_SPREAD = 0.045
MOST_A_YEAR = 40
PAYS = 1e-6


@dataclass(frozen=True)
class Switches:
    """Which of the integrated world's advantages the fragmented one is given."""

    foresight: bool = False
    capital: bool = False
    margin: bool = False
    research: bool = False


class Projects:
    """The candidates of a plan as single projects: what each takes, gives, costs, and where it stands."""

    def __init__(self, setup: Setup) -> None:
        network, programme = setup.network, setup.programme
        self.setup = setup
        table = programme.columns["new_run"].table.unique("activity", keep="first", maintain_order=True)
        self.activity = table["activity"].to_numpy().astype(np.int64)
        frame = network.activities[self.activity]
        self.process, self.region = frame["process_id"].to_list(), frame["region"].to_list()
        self.stage, self.material = frame["stage"].to_list(), frame["material"].to_list()
        self.opex = frame["opex_usd_per_t"].to_numpy()
        self.capex = frame["capex_usd_per_t_per_a"].to_numpy()
        self.life = frame["life_a"].to_numpy()
        self.flows = network.technology[:, self.activity].tocsc()
        norms = Norms(network.chain, network.places, Money(network.chain, network.money_year))
        self.capital = np.array([self._rate(norms, n, None) for n in range(len(self.process))])
        self.hurdle = np.array([self._rate(norms, n, "no offtake") for n in range(len(self.process))])
        build = programme.columns["build"].table.with_row_index("at")
        self.columns = {
            (a, d): (at, ready)
            for at, a, d, ready in build.select("at", "activity", "period", "year_ready").iter_rows()
        }
        world = dict(network.groups.group_by("material").agg(pl.col("capacity_t_per_a").sum()).iter_rows())
        rates = [norms.of("build_rate", stage=s, place=r) for s, r in zip(self.stage, self.region, strict=True)]
        self.yearly = np.array(
            [
                f.value * world.get(m, 0.0) if f is not None else np.inf
                for f, m in zip(rates, self.material, strict=True)
            ]
        )

    def _rate(self, norms: Norms, number: int, subject: str | None) -> float:
        stage, region = self.stage[number], self.region[number]
        own = norms.of("cost_of_capital", stage=stage, place=region)
        base = own.value if own is not None else self.setup.horizon.rate
        if subject is None:
            return base
        alone = norms.of("cost_of_capital", subject=subject)
        return max(base, alone.value if alone is not None else base + DEFAULT_SPREAD)


@dataclass(frozen=True)
class Fragmented:
    """Builds of a fragmented world, (process, region, year decided) -> t a year, and what owners paid each other."""

    builds: dict[tuple[str, str, int], float]
    margins_usd: float
    hurdle_spread_usd: float


def fragment(
    setup: Setup,
    market: Market,
    projects: Projects,
    foresight: Array,
    switches: Switches,
    *,
    margin: float,
    frozen: dict[tuple[str, str, int], float] | None = None,
    owners: frozenset[str] | None = None,
) -> Fragmented:
    """Return what owners build when each decides alone.

    Args:
        setup: the programme of the plan.
        market: the market of its network.
        projects: its candidates.
        foresight: prices by period and node that a project with foresight sees, USD per t.
        switches: which advantages of the integrated world owners are given.
        margin: share of the clearing price that upstream adds when it hands over.
        frozen: builds that are decided elsewhere and stand ready when they do.
        owners: regions whose owners decide here; None for all that plan.
    """
    horizon, count = setup.horizon, len(projects.process)
    ready = np.zeros((horizon.count, count))
    builds: dict[tuple[str, str, int], float] = {}
    number = {(p, r): n for n, (p, r) in enumerate(zip(projects.process, projects.region, strict=True))}
    for (process, region, year), t in (frozen or {}).items():
        n = number[process, region]
        _, start = projects.columns[projects.activity[n], int(np.searchsorted(horizon.years, year))]
        _stand(setup, projects, ready, n, start, t)
    may = _may_decide(setup, switches)
    history: list[Array] = []
    paid = spread = 0.0
    for period in range(1, horizon.count):
        now = market.clear(period, ready[period])
        history.append(now.price)
        later = min(int(np.searchsorted(horizon.years, horizon.years[period] + AHEAD_A)), horizon.count - 1)
        outlook = market.clear(later, ready[later], plenty=HAIR).price
        taken: dict[tuple[str, str], float] = {}
        for _ in range(MOST_A_YEAR):
            price = _expected(history, outlook, foresight, period, switches)
            best, _, t = _best(setup, projects, price, period, ready, taken, may, switches, margin, owners, now.spare)
            if best is None:
                break
            _, start = projects.columns[projects.activity[best], period]
            key = (projects.process[best], projects.region[best], int(horizon.years[period]))
            builds[key] = builds.get(key, 0.0) + t
            group = (projects.material[best], projects.region[best])
            taken[group] = taken.get(group, 0.0) + t
            _stand(setup, projects, ready, best, start, t)
            feeds = -np.minimum(projects.flows[:, [best]].toarray().ravel(), 0.0)
            if not switches.margin:
                paid += margin * float((feeds * np.maximum(price, 0.0)).sum()) * t
            if not switches.capital:
                spread += float(projects.hurdle[best] - projects.capital[best]) * float(projects.capex[best]) * t
            outlook = market.clear(later, ready[later], plenty=HAIR).price
    return Fragmented(builds, paid, spread)


def _stand(setup: Setup, projects: Projects, ready: Array, number: int, start: int, t: float) -> None:
    years = setup.horizon.years
    ready[:, number] += np.where((years >= start) & (years < start + projects.life[number]), t, 0.0)


def _may_decide(setup: Setup, switches: Switches) -> set[tuple[str, str, int]]:
    """Return process, region and period in which research lets a variant be built by who may adopt it."""
    build = setup.programme.columns["build"].table
    allowed = open_builds(
        build,
        setup.research,
        setup.delivered,
        setup.network.places,
        everyone=switches.research,
        partners_only=not switches.research,
    )
    held = build.filter(pl.Series(allowed))
    return set(held.select("process_id", "region", "period").iter_rows())


def _expected(history: list[Array], outlook: Array, foresight: Array, period: int, switches: Switches) -> Array:
    """Return what a project expects to be paid and to pay: what was, or is foreseen, held by the outlook."""
    seen = foresight[period:].mean(axis=0) if switches.foresight else np.mean(history[-LOOK_BACK:], axis=0)
    result: Array = np.minimum(seen, outlook)
    return result


def _best(
    setup: Setup,
    projects: Projects,
    price: Array,
    period: int,
    ready: Array,
    taken: dict[tuple[str, str], float],
    may: set[tuple[str, str, int]],
    switches: Switches,
    margin: float,
    owners: frozenset[str] | None,
    spare: Array,
) -> tuple[int | None, float, float]:
    """Return the project with the highest NPV over capex that pays, that value, and its size."""
    rate = projects.capital if switches.capital else projects.hurdle
    flows = projects.flows
    sold = flows.maximum(0.0).T @ price
    bought = -(flows.minimum(0.0).T @ np.maximum(price, 0.0)) * (1.0 if switches.margin else 1.0 + margin)
    gain = sold - bought - projects.opex
    best: tuple[int | None, float, float] = (None, PAYS, 0.0)
    for n in np.argsort(-gain):
        if gain[n] <= 0:
            break
        key = (int(projects.activity[n]), period)
        region = projects.region[n]
        if key not in projects.columns or (projects.process[n], region, period) not in may:
            continue
        if owners is not None and region not in owners:
            continue
        _, start = projects.columns[key]
        lead = start - int(setup.horizon.years[period])
        h, life = float(rate[n]), float(projects.life[n])
        factor = life if h == 0 else (1 - (1 + h) ** -life) / h
        value = gain[n] * factor / (1 + h) ** lead / max(projects.capex[n], 1e-9) - 1.0
        if value <= best[1]:
            continue
        group = (projects.material[n], region)
        room = projects.yearly[n] * float(setup.horizon.lengths[period]) - taken.get(group, 0.0)
        size = min(
            room, projects.yearly[n] / STEPS if np.isfinite(projects.yearly[n]) else _typical(setup, projects, n)
        )
        then = min(int(np.searchsorted(setup.horizon.years, start)), setup.horizon.count - 1)
        size = min(size, _input(setup, projects, n, period, ready[period], ready[then], spare))
        if size > 1e-3:
            best = (int(n), float(value), float(size))
    return best


def _typical(setup: Setup, projects: Projects, number: int) -> float:
    """Return the median plant of a material, or all use where no plant is stated, t a year."""
    sizes = setup.network.groups.filter(pl.col("material") == projects.material[number])["capacity_t_per_a"]
    positive = sizes.filter(sizes > 0)
    return float(np.median(positive.to_numpy())) if positive.len() else float(setup.network.demand["t"].sum())


def _input(setup: Setup, projects: Projects, number: int, period: int, now: Array, then: Array, spare: Array) -> float:
    """Return how much a project can make of what upstream has to spare or has committed to, t a year.

    Of a material that no process makes (used parts), what arises at the place, less what committed plant takes of it.
    """
    network = setup.network
    nodes = network.nodes
    column = projects.flows[:, [number]].tocoo()
    most = np.inf
    groups = setup.programme.rows["capacity"].table.filter(pl.col("period") == 0)["material"].to_numpy()
    for node, t in zip(column.row, column.data, strict=True):
        if t >= 0:
            continue
        material = nodes["material"][int(node)]
        makers = groups == material
        own = [n for n, m in enumerate(projects.material) if m == material]
        if not makers.any() and not own:
            most = min(most, max(0.0, _arising(setup, int(node), period) - _taken(projects, int(node), then)) / -t)
            continue
        committed = float(then[own].sum() - now[own].sum()) if own else 0.0
        using = sum(
            -float(projects.flows[int(node), n]) * float(then[n] - now[n])
            for n in range(len(projects.process))
            if projects.flows[int(node), n] < 0
        )
        free = float(spare[makers].sum()) + committed - using
        most = min(most, max(0.0, free) / -t)
    return most


def _arising(setup: Setup, node: int, period: int) -> float:
    """Return what leaves use at the place of a node, t a year."""
    row = setup.network.nodes.row(node, named=True)
    scrap = setup.programme.extra["scrap"].filter(
        (pl.col("material") == row["material"]) & (pl.col("region") == row["region"]) & (pl.col("period") == period)
    )
    return float(scrap["t_per_a"].sum())


def _taken(projects: Projects, node: int, standing: Array) -> float:
    """Return what candidates' plant takes at a node when it runs, t a year."""
    return float(-(projects.flows[[node], :].minimum(0.0) @ standing)[0])
