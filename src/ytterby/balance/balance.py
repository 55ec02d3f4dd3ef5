"""One mass-balanced year of a chain, from production, trade, capacity and use that disagree.

Weighted least squares with non-negativity over the year's network (data reconciliation), residuals tested against
stated uncertainty, the worst offenders named, unobserved flows inferred.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from ytterby.balance.ranges import ranges
from ytterby.balance.reconcile import Reconciled
from ytterby.balance.result import FLAG_SD, BalanceResult
from ytterby.balance.routes import Routes, content_of, routes_of
from ytterby.balance.system import System
from ytterby.balance.words import short
from ytterby.balance.year import REST, Year, build, read_year
from ytterby.chain.chain import Chain, load_world
from ytterby.chain.recipes import chain_order
from ytterby.chain.uncertainty import Sampler
from ytterby.errors import YtterbyError
from ytterby.manifest import manifest
from ytterby.tonnage import TonnageBook, stated_years, trade_flows

OBSERVED = ("made", "ship", "consumed", "capacity", "coefficient", "stock")
FLOWS = ("run", "ship", "net", "use", "stock")


def balance(chain: Chain, *, year: int | None = None, draws: int = 1000, seed: int = 0) -> BalanceResult:
    """Return the balanced year of a chain.

    Args:
        chain: a metal's chain.
        year: year to balance; default the package's base year.
        draws: size of the ensemble behind the deviations of bounded and conflicting figures.
        seed: seed of the ensemble.

    Raises:
        YtterbyError: the chain has no recipes, or nothing is stated of the year.
    """
    when = int(year if year is not None else chain.settings.get("base_year", 2023))
    if chain.recipes.is_empty():
        raise YtterbyError(f"{chain.metal}: the package has no recipes, so that nothing joins its materials")
    _refuse_year(chain, when)
    world = load_world()
    book = TonnageBook(chain, world, when, Sampler(draws, seed))
    order = chain_order(chain)
    made = {name for name in order if book.of(name) is not None}
    traded = {name for name in order if trade_flows(chain, world, name, when)[0].height}
    stated = made | set(chain.demand["material_id"]) | set(chain.material_hs6["material_id"])
    routes = routes_of(chain, order, frozenset(stated), frozenset(made | traded))
    found = read_year(chain, world, book, routes)
    system = build(found)
    if not any(said.value is not None for key, said in zip(system.keys, system.stated, strict=True) if _is_figure(key)):
        raise YtterbyError(f"{chain.metal}: nothing is stated of {when} that a balance could join")
    solved = system.solve()
    frame = system.frame(solved)
    low, high = ranges(*system.tangent(solved.value), system.measurements(), solved)
    frame = frame.with_columns(low=pl.Series(low), high=pl.Series(high)).with_columns(_finite("low", "high"))
    tables = _tables(chain, found, routes, frame)
    packages = {chain.name: chain.digest, "world": world.digest}
    options = {"year": when, "draws": draws}
    return BalanceResult(
        metal=chain.metal,
        year=when,
        tables=tables,
        chi_square=solved.chi_square,
        dof=solved.dof,
        p=solved.p,
        closure=float(tables["nodes"]["closure"].max() or 0.0),  # type: ignore[arg-type]
        steps=solved.steps,
        notes=(*found.notes, *_notes(chain, found, routes, solved, system)),
        names=_names(chain),
        manifest=manifest("balance", packages=packages, options=options, seed=seed, overlays=chain.overlays),
    )


def _is_figure(key: tuple[str, str, str, str]) -> bool:
    return key[0] in ("made", "ship", "consumed", "capacity")


def _finite(*names: str) -> list[pl.Expr]:
    return [pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in names]


def _refuse_year(chain: Chain, year: int) -> None:
    """Refuse a year before the first figure or more than three years after the last."""
    first, last = stated_years(chain)
    if not first <= year <= last + 3:
        raise YtterbyError(
            f"{chain.metal}: nothing is stated near {year}; figures run from {first} to {last}; "
            f"nearest: {first if year < first else last}"
        )


def _names(chain: Chain) -> dict[str, str]:
    names = dict(chain.places.select("place_id", "name").iter_rows())
    names |= dict(chain.blocs.select("bloc_id", "name").unique().sort("bloc_id", "name").iter_rows())
    names |= dict(chain.materials.select("material_id", "name").iter_rows())
    return names | {REST: "rest of the world", "WORLD": "world"}


def _tables(chain: Chain, found: Year, routes: Routes, frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the documented frames of the result."""
    is_coefficient = pl.col("kind") == "coefficient"
    labelled = frame.with_columns(
        pl.when(is_coefficient)
        .then(pl.col("place_id"))
        .when(pl.col("kind") == "run")
        .then(pl.col("partner_id"))
        .otherwise(pl.col("subject"))
        .alias("material_id"),
        pl.when(is_coefficient).then(pl.col("subject")).otherwise(pl.col("place_id")).alias("place_id"),
        pl.when(pl.col("kind") == "run").then(pl.col("subject")).alias("route_id"),
        pl.when(pl.col("kind") == "run").then(pl.lit("")).otherwise(pl.col("partner_id")).alias("partner_id"),
    )
    seen = labelled.filter(pl.col("kind").is_in(OBSERVED) & pl.col("stated").is_not_null())
    observations = seen.select(
        "kind", "material_id", "place_id", "partner_id", "stated", "stated_sd", "adjusted", "adjusted_sd",
        "adjustment_sd", "normalised", "redundancy",
        (pl.col("adjustment_sd").abs() > FLAG_SD).alias("flag"), "source_id", "confidence", "basis",
    ).sort(pl.col("adjustment_sd").abs(), descending=True, maintain_order=True)  # fmt: skip
    flows = labelled.filter(pl.col("kind").is_in(FLOWS)).select(
        "kind", "material_id", "route_id", "place_id", "partner_id",
        pl.col("adjusted").alias("t"), pl.col("adjusted_sd").alias("sd_t"),
        pl.when(pl.col("stated").is_null()).then(pl.lit("inferred")).otherwise(pl.lit("stated")).alias("status"),
        "redundancy", pl.col("low").alias("low_t"), pl.col("high").alias("high_t"),
    )  # fmt: skip
    coefficient = {
        (row["place_id"], row["material_id"]): row["adjusted"]
        for row in labelled.filter(is_coefficient).select("place_id", "material_id", "adjusted").to_dicts()
    }
    turned = _conversions(chain, routes, flows, coefficient)
    return {
        "observations": observations,
        "flows": flows,
        "conversions": turned,
        "losses": _losses(chain, routes, turned),
        "nodes": _nodes(flows, turned),
    }


def _conversions(
    chain: Chain, routes: Routes, flows: pl.DataFrame, coefficient: dict[tuple[str, str], float]
) -> pl.DataFrame:
    """Return what each route takes and gives at each place: gross and contained tonnes, out positive."""
    rows = []
    for route in routes.routes:
        rows.append((route.route_id, route.main, "main", 1.0))
        rows += [(route.route_id, part.material, "co_product", part.t_per_t) for part in route.co_products]
        rows += [
            (route.route_id, feed.material, "feed", -coefficient.get((route.route_id, feed.material), feed.t_per_t))
            for feed in route.feeds
        ]
    per_tonne = pl.DataFrame(rows, schema=["route_id", "material_id", "role", "t_per_t"], orient="row")
    content = pl.DataFrame(list(content_of(chain).items()), schema=["material_id", "content"], orient="row")
    runs = flows.filter(pl.col("kind") == "run").select("route_id", "place_id", pl.col("t").alias("run"))
    joined = runs.join(per_tonne, on="route_id", maintain_order="left").join(content, on="material_id", how="left")
    return joined.select(
        "route_id", "place_id", "material_id", "role",
        (pl.col("run") * pl.col("t_per_t")).alias("t"),
        (pl.col("run") * pl.col("t_per_t") * pl.col("content")).alias("contained_t"),
    )  # fmt: skip


def _losses(chain: Chain, routes: Routes, turned: pl.DataFrame) -> pl.DataFrame:
    """Return contained tonnes lost by each route inside the balance: what it takes less what it gives."""
    inner = [route.route_id for route in routes.routes if route.feeds and not route.raw]
    named = pl.DataFrame(
        [(route.route_id, route.main, ";".join(route.losses)) for route in routes.routes],
        schema=["route_id", "material_id", "lost_as"],
        orient="row",
    )
    lost = turned.filter(pl.col("route_id").is_in(inner)).group_by("route_id", "place_id", maintain_order=True)
    return lost.agg((-pl.col("contained_t").sum()).alias("contained_t")).join(named, on="route_id", how="left")


def _nodes(flows: pl.DataFrame, turned: pl.DataFrame) -> pl.DataFrame:
    """Return in, out and imbalance of every node, summed anew from the flows."""
    signed = [
        turned.select("material_id", "place_id", "t"),
        flows.filter(pl.col("kind") == "ship").select("material_id", "place_id", -pl.col("t")),
        flows.filter(pl.col("kind") == "ship").select("material_id", pl.col("partner_id").alias("place_id"), "t"),
        flows.filter(pl.col("kind") == "net").select("material_id", "place_id", "t"),
        flows.filter(pl.col("kind").is_in(["use", "stock"])).select("material_id", "place_id", -pl.col("t")),
    ]
    sums = (
        pl.concat(signed)
        .group_by("material_id", "place_id")
        .agg(
            pl.col("t").filter(pl.col("t") > 0).sum().alias("in_t"),
            (-pl.col("t").filter(pl.col("t") < 0).sum()).alias("out_t"),
        )
        .sort("material_id", "place_id")
    )
    floor = 1e-6 * float(np.max(sums["in_t"].to_numpy(), initial=1.0))
    size = pl.max_horizontal("in_t", "out_t", pl.lit(floor))
    return sums.with_columns(((pl.col("in_t") - pl.col("out_t")).abs() / size).alias("closure"))


def _notes(chain: Chain, found: Year, routes: Routes, solved: Reconciled, system: System) -> list[str]:
    """Say what stands outside the balance and how trade without data was treated."""
    names = {name: short(words) for name, words in _names(chain).items()}
    said = []
    outside = [names.get(m, m) for m in routes.left_out if m in names and not m.endswith(("deposit", "occurrence"))]
    if outside:
        said.append(f"No route joins {_listing(outside)} to the others: left out of the balance.")
    without = [names.get(m, m) for m in routes.materials if not found.ships[m]]
    if without:
        said.append(f"No trade is held of {_listing(without)}: one net trade a place is inferred.")
    held = sum(1 for key, side in zip(system.keys, solved.at_bound, strict=True) if side and key[0] != "spare")
    if held:
        said.append(f"{held} {'flow is' if held == 1 else 'flows are'} 0 because none can be negative.")
    return said


def _listing(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
