"""Concentration, governance and reliance indices as pure numpy functions.

Shares run 0..1 and lie on the last axis, so that a stack of Monte Carlo draws of shape (..., n) gives one index a
draw. Herfindahl (1950) and Hirschman (1945) for concentration; European Commission (2017) guidelines, section 2, for
supply risk and economic importance; United States Geological Survey for net import reliance.
Units: shares and HHI 1; governance on 0 (best) to 10 (worst) in the European forms, -2.5 to 2.5 in the mean.
Nothing is rescaled on the way: shares that do not add up to one are taken as they are. Non-finite input is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ytterby.errors import YtterbyError

Array = NDArray[np.float64]
Basis = Literal["GS+EU", "GS", "EU"]
GOVERNANCE_WORST = 10.0


class IndexInputError(YtterbyError):
    """An index was asked of numbers for which it has no meaning."""


@dataclass(frozen=True, slots=True)
class SupplyRisk:
    """European supply risk with the parts from which it was put together.

    `value` is None where the import reliance that the basis needs is not known.
    """

    value: float | None
    h_global: float | None
    h_eu: float | None
    import_reliance_raw: float | None
    import_reliance: float | None
    basis: Basis


@dataclass(frozen=True, slots=True)
class NetImportReliance:
    """Net import reliance with its denominator; `is_net_exporter` where the raw value is negative."""

    value: float
    apparent_consumption: float
    is_net_exporter: bool


def _numbers(values: ArrayLike, what: str, *, minimum: float | None = 0.0) -> Array:
    """Return finite float64 numbers with at least one place on the last axis."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise IndexInputError(f"{what}: at least one place is needed on the last axis")
    if not np.isfinite(array).all():
        raise IndexInputError(f"{what}: every value must be finite; leave unknown places out and count them apart")
    if minimum is not None and (array < minimum).any():
        raise IndexInputError(f"{what}: values below {minimum:g} have no meaning here")
    return array


def shares_of(quantities: ArrayLike) -> Array:
    """Divide quantities by their total over the last axis: s_i = P_i / sum P.

    Units: any one basis for all places. Raises IndexInputError where a total is zero (missing is not zero).
    """
    array = _numbers(quantities, "quantities")
    total = array.sum(axis=-1, keepdims=True)
    if (total <= 0).any():
        raise IndexInputError("quantities: the total is zero, so that shares are not defined")
    return np.asarray(array / total, dtype=np.float64)


def hhi(shares: ArrayLike) -> Array:
    """Herfindahl-Hirschman index, sum of s_i squared, on 0..1 (times 10,000 on the trade-law scale)."""
    array = _numbers(shares, "shares")
    return np.asarray(np.einsum("...i,...i->...", array, array), dtype=np.float64)


def hhi_normalised(shares: ArrayLike) -> Array:
    """HHI stretched so that equal shares give 0: (HHI - 1/n) / (1 - 1/n); 1 for a single place.

    n counts every place listed, so compare only tables with the same list.
    """
    array = _numbers(shares, "shares")
    count = array.shape[-1]
    if count == 1:
        return np.ones(array.shape[:-1], dtype=np.float64)
    return np.asarray((hhi(array) - 1 / count) / (1 - 1 / count), dtype=np.float64)


def effective_number(shares: ArrayLike) -> Array:
    """Number of equal places with the same concentration: 1 / HHI. Raises where every share is zero."""
    concentration = hhi(shares)
    if (concentration <= 0).any():
        raise IndexInputError("shares: all are zero, so that the effective number is not defined")
    return np.asarray(1.0 / concentration, dtype=np.float64)


def concentration_ratio(shares: ArrayLike, k: int) -> Array:
    """Sum of the k largest shares (all of them where fewer than k are listed). Raises for k below 1."""
    if k < 1:
        raise IndexInputError(f"concentration ratio: k must be at least 1, got {k}")
    array = _numbers(shares, "shares")
    k = min(k, array.shape[-1])
    return np.asarray(np.partition(array, -k, axis=-1)[..., -k:].sum(axis=-1), dtype=np.float64)


def governance_scaled(estimate_mean: ArrayLike) -> Array:
    """Turn the mean of the six governance estimates (2.5 best) into g = 2 (2.5 - mean), 0 best to 10 worst."""
    array = np.asarray(estimate_mean, dtype=np.float64)
    if not np.isfinite(array).all():
        raise IndexInputError("governance: every mean must be finite")
    return np.clip(2.0 * (2.5 - array), 0.0, GOVERNANCE_WORST)


def hhi_governance(shares: ArrayLike, governance: ArrayLike, trade_parameter: ArrayLike = 1.0) -> Array:
    """Governance-weighted HHI of the European studies: sum of s_i^2 g_i t_i, 0..10 for t = 1.

    `governance` 0 (best) to 10 (worst); `trade_parameter` 0.8 (secure access) to 1.5 (ban), 1 by default.
    """
    array = _numbers(shares, "shares")
    risk = _numbers(governance, "governance")
    if (risk > GOVERNANCE_WORST).any():
        raise IndexInputError("governance: the scale is 0 to 10; turn estimates into it with governance_scaled")
    parameter = np.asarray(trade_parameter, dtype=np.float64)
    if not np.isfinite(parameter).all() or (parameter <= 0).any():
        raise IndexInputError("trade parameter: must be finite and above zero")
    return np.asarray((array**2 * risk * parameter).sum(axis=-1), dtype=np.float64)


def governance_mean(shares: ArrayLike, estimate_mean: ArrayLike) -> Array:
    """Share-weighted country risk of the German resource agency: sum of s_i times the mean estimate, -2.5..2.5.

    Higher is better governed. A weighted mean, so shares are divided by their sum. Raises where all are zero.
    """
    estimate = _numbers(estimate_mean, "governance estimates", minimum=None)
    return np.asarray((shares_of(shares) * estimate).sum(axis=-1), dtype=np.float64)


def residual_hhi_bounds(residual: float, smallest_named_share: float) -> tuple[float, float]:
    """Least and greatest addition to HHI of a residual o of unnamed places, none larger than the smallest named m.

    Lower 0 (infinitely many small places); upper floor(o/m) m^2 + (o - m floor(o/m))^2. Shares 0..1.
    Raises where o lies outside 0..1 or m is not above zero.
    """
    if not 0.0 <= residual <= 1.0:
        raise IndexInputError(f"residual: must lie in 0..1, got {residual}")
    if not 0.0 < smallest_named_share <= 1.0:
        raise IndexInputError(f"smallest named share: must lie above 0 and up to 1, got {smallest_named_share}")
    whole = np.floor(residual / smallest_named_share + 1e-12)
    rest = max(residual - smallest_named_share * float(whole), 0.0)
    return 0.0, float(whole) * smallest_named_share**2 + rest**2


def import_reliance(imports: ArrayLike, exports: ArrayLike, production: ArrayLike) -> Array:
    """Raw import reliance (imports - exports) / (production + imports - exports); NaN where consumption is not above 0.

    All three in one basis. Values below 0 (net exporter) and above 1 are returned as they are: clamp where a rule
    says so. Raises on negative or non-finite tonnes.
    """
    bought, sold, made = (
        _numbers(np.atleast_1d(np.asarray(x, dtype=np.float64)), name)
        for x, name in ((imports, "imports"), (exports, "exports"), (production, "production"))
    )
    net = bought - sold
    consumption = made + net
    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.where(consumption > 0, net / consumption, np.nan)
    scalar = np.ndim(imports) == 0 and np.ndim(exports) == 0 and np.ndim(production) == 0
    return np.asarray(result[0] if scalar else result, dtype=np.float64)


def eu_supply_risk(
    *,
    h_global: float | None,
    h_eu: float | None,
    reliance: float | None,
    recycling_input_rate: float = 0.0,
    substitution: float = 1.0,
    basis: Basis | None = None,
) -> SupplyRisk:
    """European supply risk: SR = [H_GS IR/2 + H_EU (1 - IR/2)] (1 - RIR) SI (European Commission 2017).

    `h_global`, `h_eu`: results of `hhi_governance` over world production and over EU sourcing (each member state is
    a supplier of its own). `reliance` is the raw import reliance; it is held within 0..1. Basis: both mixes where
    both are known, else the one that is known; give `basis` to choose. Raises where no mix is known, where the basis
    asked for has no mix, or where a rate lies outside 0..1.
    """
    for name, rate in (("recycling input rate", recycling_input_rate), ("substitution index", substitution)):
        if not 0.0 <= rate <= 1.0:
            raise IndexInputError(f"{name}: must lie in 0..1, got {rate}")
    known: dict[Basis, bool] = {
        "GS+EU": h_global is not None and h_eu is not None,
        "GS": h_global is not None,
        "EU": h_eu is not None,
    }
    chosen: Basis | None = basis or next((name for name in ("GS+EU", "GS", "EU") if known[name]), None)
    if chosen is None or not known[chosen]:
        raise IndexInputError(f"supply risk: the supply mix for basis {chosen or 'GS or EU'} is not known")
    used = None if reliance is None or not np.isfinite(reliance) else float(np.clip(reliance, 0.0, 1.0))
    mix = _supply_mix(h_global, h_eu, used, chosen)
    value = None if mix is None else mix * (1.0 - recycling_input_rate) * substitution
    return SupplyRisk(value, h_global, h_eu, reliance, used, chosen)


def _supply_mix(h_global: float | None, h_eu: float | None, reliance: float | None, basis: Basis) -> float | None:
    """Blend world and EU sourcing by import reliance, or take the one that the basis names."""
    if basis == "GS":
        return h_global
    if basis == "EU":
        return h_eu
    if reliance is None or h_global is None or h_eu is None:
        return None
    return h_global * reliance / 2.0 + h_eu * (1.0 - reliance / 2.0)


def economic_importance(
    use_shares: Mapping[str, float],
    value_added: Mapping[str, float],
    *,
    value_added_max: float | None = None,
    substitution: float = 1.0,
) -> float:
    """European economic importance: EI = 10 SI sum_a A_a Q_a / max Q, 0..10 (European Commission 2017).

    `use_shares`: end-use share by sector; `value_added`: value added by sector, one money unit. Shares are
    renormalised over the uses whose sector has a value. `value_added_max`: largest value added of all manufacturing
    sectors (the largest given by default). Raises where no use has a sector or the maximum is not above zero.
    """
    held = {sector: share for sector, share in use_shares.items() if sector in value_added}
    total = sum(held.values())
    if total <= 0:
        raise IndexInputError("economic importance: no end use has a sector with value added")
    largest = max(value_added.values()) if value_added_max is None else value_added_max
    if largest <= 0:
        raise IndexInputError("economic importance: the largest value added must be above zero")
    weighted = sum(share / total * value_added[sector] / largest for sector, share in held.items())
    return 10.0 * substitution * weighted


def net_import_reliance(
    *, imports: float, exports: float, stock_decrease: float, primary: float, old_scrap: float
) -> NetImportReliance:
    """Net import reliance of the United States Geological Survey, 0..1 of apparent consumption.

    (imports - exports + stock decrease) / (primary + old scrap + imports - exports + stock decrease); a fall of
    stocks adds to supply. Tonnes of one basis. Raises where apparent consumption is not above zero.
    """
    net = imports - exports + stock_decrease
    consumption = primary + old_scrap + net
    if not np.isfinite(consumption) or consumption <= 0:
        raise IndexInputError("net import reliance: apparent consumption is not above zero")
    return NetImportReliance(net / consumption, consumption, net < 0)
