"""From options to a programme: the network, its norms and prices, and every family of rows that the options ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.errors import YtterbyError
from ytterby.network import Network, compile_network
from ytterby.network.figures import FigureBook, Money
from ytterby.network.norms import Norms
from ytterby.plan.calibrate import calibrate, charge_markup
from ytterby.plan.commitments import add_commitments
from ytterby.plan.costs import Costs
from ytterby.plan.fit import Fit, fit_base
from ytterby.plan.horizon import Horizon, make_horizon
from ytterby.plan.invest import add_builds
from ytterby.plan.lost_use import lost_use_values
from ytterby.plan.options import Options
from ytterby.plan.ore import add_ore
from ytterby.plan.people import add_people
from ytterby.plan.policy import add_policies
from ytterby.plan.prices import observed_prices
from ytterby.plan.programme import Programme, add_capacity, add_operation
from ytterby.plan.research import ResearchProgramme, add_research
from ytterby.plan.scrap import old_scrap
from ytterby.plan.sites import add_site_limits
from ytterby.plan.sound import name_budget, name_inferred, name_unserved, refuse_gains
from ytterby.plan.stock import add_stocks
from ytterby.plan.targets import Target, TargetRows, add_targets, targets_of
from ytterby.solve import Session

Array = npt.NDArray[np.float64]
OWN_TARGET_A = 6  # years after the base from which targets set by options hold


@dataclass
class Setup:
    """A programme that is ready to be solved, with what its numbers rest on."""

    network: Network
    programme: Programme
    costs: Costs
    register: FigureBook
    targets: list[TargetRows]
    prices: Mapping[str, float]
    calibration: pl.DataFrame
    markup: Array
    network_fit: tuple[Network, Fit]
    values: pl.DataFrame
    odds: Mapping[str, float] = field(default_factory=dict)
    research: tuple[ResearchProgramme, ...] = ()
    delivered: list[float | None] = field(default_factory=list)

    @property
    def horizon(self) -> Horizon:
        """Periods of the plan."""
        return self.programme.horizon

    def open(self) -> Session:
        """Return a session with the model and its costs in it."""
        count = self.programme.model.column_count
        session = self.programme.model.open()
        session.change_costs(np.arange(count), self.costs.vector(count))
        return session


def set_up(chain: Chain, world: Chain, options: Options, *, like: Setup | None = None) -> Setup:
    """Return the programme of a plan.

    Args:
        chain: the chain.
        world: the world tables.
        options: what is asked.
        like: a programme of the same chain, blocs and base year, whose network and mark-ups are taken over.

    Raises:
        UnknownNameError: a bloc or target is unknown.
        YtterbyError: the package lacks what the plan needs; the sentence names the row to add.
    """
    if like is None:
        refuse_gains(chain)
    network, fitted = like.network_fit if like is not None else _network(chain, world, options)
    money = Money(chain, network.money_year)
    norms = Norms(chain, network.places, money)
    horizon = make_horizon(network.year, options.until, _discount(options, norms), period=options.period)
    register = FigureBook(list(network.figure_list))
    prices = observed_prices(network, money, network.places.blocs[0])
    values = lost_use_values(network, norms, money, prices, register)
    scrap = old_scrap(network, horizon)
    odds = _odds(norms)
    programme = Programme(network, horizon, options)
    programme.notes += fitted.words()
    add_operation(programme, scrap, values, prices)
    add_capacity(programme, odds)
    add_site_limits(programme)
    add_builds(programme, norms, register)
    rows = _constrain(programme, norms, prices, register)
    if like is not None:
        markup, calibration = like.markup, like.calibration
    elif options.calibrate and prices:
        markup, calibration = calibrate(network, options, values, scrap, prices)
    else:
        markup, calibration = np.zeros(network.lanes.height), pl.DataFrame()
    charge_markup(programme, markup)
    research = add_research(programme, money)
    return Setup(
        network=network,
        programme=programme,
        costs=programme.ledger.closed(),
        register=register,
        targets=rows,
        prices=prices,
        calibration=calibration,
        markup=markup,
        network_fit=(network, fitted),
        values=values,
        odds=odds,
        research=research,
        delivered=[None] * len(research),
    )


def _constrain(
    programme: Programme, norms: Norms, prices: Mapping[str, float], register: FigureBook
) -> list[TargetRows]:
    """Add ore, stocks, people, policy, commitments and targets, say what cannot be served, and return the targets."""
    options, network = programme.options, programme.network
    add_ore(programme)
    targets = [] if options.target is None else targets_of(programme, options.target)
    add_stocks(programme, norms, prices, _covered(options, targets, network), register)
    add_people(programme, norms, register)
    add_policies(programme, prices)
    if options.controls:
        add_commitments(programme)
    name_unserved(programme)
    name_inferred(programme)
    name_budget(programme)
    return add_targets(programme, [*targets, *_own_targets(options, network)])


def _network(chain: Chain, world: Chain, options: Options) -> tuple[Network, Fit]:
    network = compile_network(chain, world, year=options.year, blocs=options.blocs, nearest=options.nearest)
    return (
        fit_base(network)
        if options.fit and not network.is_stated
        else (network, Fit(pl.DataFrame(schema={"part": pl.Float64}), {}))
    )


def _discount(options: Options, norms: Norms) -> float:
    if options.discount is not None:
        if options.discount <= -1:
            raise YtterbyError(f"a discount rate of {options.discount} a year has no meaning; write 0 or more")
        return options.discount
    figure = norms.of("social_discount_rate", place=options.blocs[0])
    if figure is None:
        raise YtterbyError("no discount rate: add a row social_discount_rate to table norms, or name --discount")
    return figure.value


def _odds(norms: Norms) -> dict[str, float]:
    """Return the odds by status that announced capacity comes; plant that makes something already is there."""
    sure = ("pilot", "first_product", "ramp_up", "nameplate", "operating", "inaugurated")
    rows = norms.table.filter(pl.col("parameter") == "project_odds").drop_nulls("subject")
    stated = {}
    for subject in rows["subject"].unique():
        figure = norms.of("project_odds", subject=subject)
        if figure is not None:
            stated[subject] = figure.value
    return {**dict.fromkeys(sure, 1.0), **stated}


def _covered(options: Options, targets: list[Target], network: Network) -> frozenset[str]:
    """Return the materials of which days of cover are asked for."""
    asked = [*targets, *_own_targets(options, network)]
    return frozenset(m for target in asked if target.measure == "days_of_cover" for m in target.materials)


def _own_targets(options: Options, network: Network) -> list[Target]:
    """Return the targets that the options set themselves: days of cover, and a cap on one controller."""
    bloc, year = options.blocs[0], min(network.year + OWN_TARGET_A, options.until)
    found = []
    if options.cover_days is not None:
        used = tuple(sorted(set(network.demand.filter(pl.col("region") == bloc)["material"])))
        name = f"{options.cover_days:g} days of use in stock"
        found.append(Target("cover", "own", name, bloc, "days_of_cover", None, options.cover_days, year, used, False))
    if options.controller_cap is not None:
        lanes = network.lanes.filter((pl.col("importer") == bloc) & (pl.col("exporter") != bloc))
        bought = tuple(sorted(set(lanes["material"])))
        name = f"At most {100 * options.controller_cap:.0f} % of supply under one controller"
        cap = options.controller_cap
        found.append(Target("controller", "own", name, bloc, "controller_share", None, cap, year, bought, False))
    return found
