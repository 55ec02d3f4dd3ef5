"""Old scrap: what past and present use gives back, by region and year.

Old scrap of year y = sum over past years of use(y - a) f(a), f the share of a product that leaves use at age a, from
its lifetime (Weibull by default; Melo 1999, Statistical analysis of metal scrap generation). Use before the base year
is the stated past use, else today's use brought back by its growth. The process of stage `use` says which material the
product becomes; what of it is collected is the recipe of the collecting process.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.network import Network
from ytterby.plan.horizon import Horizon

Array = npt.NDArray[np.float64]
LONGEST_A = 60
SCHEMA = {"material": pl.String, "region": pl.String, "period": pl.Int32, "t_per_a": pl.Float64, "basis": pl.String}


def leaving(mean: float, sd: float | None, distribution: str) -> Array:
    """Return the share of a product that leaves use at age 0, 1, 2 ... years, summing to 1.

    Args:
        mean: mean life, years.
        sd: standard deviation, years; default half the mean.
        distribution: weibull, lognormal, normal or fixed.
    """
    ages = np.arange(LONGEST_A + 2, dtype=np.float64)
    spread = mean / 2 if sd is None else sd
    if distribution == "fixed" or spread <= 0:
        share = np.zeros(LONGEST_A + 1)
        share[min(LONGEST_A, round(mean))] = 1.0
        return share
    if distribution == "lognormal":
        s = math.sqrt(math.log(1 + (spread / mean) ** 2))
        edges = _normal(np.log(np.maximum(ages, 1e-300)), math.log(mean) - s * s / 2, s)
    elif distribution == "normal":
        edges = _normal(ages, mean, spread)
    else:
        shape = _weibull_shape(spread / mean)
        edges = 1 - np.exp(-((ages * math.gamma(1 + 1 / shape) / mean) ** shape))
    share = np.diff(edges)
    total = share.sum()
    result: Array = share / total if total > 0 else np.eye(1, LONGEST_A + 1)[0]
    return result


def _normal(x: Array, mean: float, sd: float) -> Array:
    """Return the normal distribution function; scipy.stats has it too, but takes a second to import."""
    return np.array([0.5 * (1 + math.erf((value - mean) / (sd * math.sqrt(2)))) for value in x])


def _weibull_shape(ratio: float) -> float:
    """Return the shape of a Weibull distribution with a given standard deviation over mean, by bisection."""
    low, high = 0.2, 100.0
    for _ in range(80):
        shape = math.sqrt(low * high)
        one, two = math.lgamma(1 + 1 / shape), math.lgamma(1 + 2 / shape)
        if math.sqrt(max(math.expm1(two - 2 * one), 0.0)) > ratio:
            low = shape
        else:
            high = shape
    return shape


def old_scrap(network: Network, horizon: Horizon) -> pl.DataFrame:
    """Return what leaves use by material, region and period, t a year (columns of SCHEMA)."""
    return (
        scrap_by_use(network, horizon)
        .group_by("material", "region", "period", maintain_order=True)
        .agg(pl.col("t_per_a").sum(), pl.col("basis").first())
        .sort("material", "region", "period")
    )


def scrap_by_use(network: Network, horizon: Horizon) -> pl.DataFrame:
    """Return what each use gives back: demand (row), and the columns of SCHEMA."""
    becomes: dict[str, list[tuple[str, float]]] = {}
    for product, material, per_t in network.used.iter_rows():
        becomes.setdefault(product, []).append((material, per_t))
    rows: list[tuple[int, str, str, int, float, str]] = []
    demand = network.demand.select("material", "region", "end_use", "t", "growth")
    ages = np.arange(LONGEST_A + 1)
    for number, (product, region, use, t, growth) in enumerate(demand.iter_rows()):
        life = _life(network, product, use, region) if product in becomes else None
        if life is None:
            continue
        share = leaving(*life)
        past = _past(network, product, region)
        basis = "past use as stated" if past else "past use from today's use and growth"
        for period, year in enumerate(horizon.years):
            used = t * (1 + growth) ** (int(year) - ages - network.year).astype(np.float64)
            for stated, amount in past.items():
                if 0 <= int(year) - stated <= LONGEST_A:
                    used[int(year) - stated] = amount
            given = float((used * share).sum())
            rows += [(number, m, region, period, given * per_t, basis) for m, per_t in becomes[product]]
    return pl.DataFrame(rows, schema={"demand": pl.Int64, **SCHEMA}, orient="row")


def _life(network: Network, product: str, use: str, region: str) -> tuple[float, float | None, str] | None:
    rows = network.chain.lifetimes.filter(pl.col("material_id") == product)
    if rows.is_empty():
        return None
    fits = rows.with_columns(
        rank=(pl.col("end_use") != use).cast(pl.Int8) * 2 + (pl.col("region_id") != region).cast(pl.Int8)
    ).sort("rank", "end_use", maintain_order=True)
    row = fits.row(0, named=True)
    if row["end_use"] != use and rows.height > 1:
        return float(rows["mean_a"].mean()), float(rows["sd_a"].mean() or 0) or None, "weibull"  # type: ignore[arg-type]
    return row["mean_a"], row["sd_a"], row["distribution"] or "weibull"


def _past(network: Network, product: str, region: str) -> dict[int, float]:
    from ytterby.tonnage import gross_of

    rows = network.chain.past_use.filter((pl.col("material_id") == product) & (pl.col("region_id") == region))
    summed: dict[int, float] = {}
    for year, quantity, unit in rows.select("year", "quantity", "unit").iter_rows():
        summed[year] = summed.get(year, 0.0) + quantity * gross_of(network.chain, product, unit)
    return summed
