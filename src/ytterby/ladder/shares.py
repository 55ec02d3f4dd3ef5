"""From tonnes to shares: who holds what of a rung, the unknown visible, each share with its interval.

Unknown tonnage is spread in the draws within stated bounds: a part u, uniform between none and all, falls to named
holders in proportion to their tonnes times an exponential weight, but to none more than it is known to hold already;
the rest falls to holders so small that they add nothing to HHI. At the point all of it stays unknown, so that HHI there
is a lower bound, as for a residual of "other countries".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ytterby.chain.uncertainty import Array, Sampler, interval
from ytterby.ladder.indices import concentration_ratio, hhi
from ytterby.ladder.result import UNKNOWN, Index, Share


@dataclass(frozen=True)
class Split:
    """Shares of holders at the point (n,) and drawn (draws, n), with the unknown share."""

    ids: tuple[str, ...]
    point: Array
    draws: Array
    unknown: float
    unknown_draws: Array

    def merged(self, groups: Mapping[str, str]) -> Split:
        """Return the split with holders of one group as one."""
        names = [groups.get(name, name) for name in self.ids]
        unique = list(dict.fromkeys(names))
        fold = np.zeros((len(names), len(unique)))
        fold[np.arange(len(names)), [unique.index(name) for name in names]] = 1.0
        return Split(tuple(unique), self.point @ fold, self.draws @ fold, self.unknown, self.unknown_draws)


def split(
    label: str,
    ids: tuple[str, ...],
    point: Array,
    draws: Array,
    rest: float,
    rest_draws: Array,
    sampler: Sampler,
    *,
    spread: bool = True,
) -> Split:
    """Return shares from tonnes of named holders and of nobody known.

    Args:
        label: what is split; names the random numbers.
        ids: holders.
        point: their tonnes (n,).
        draws: their drawn tonnes (draws, n).
        rest: tonnes whose holder is unknown.
        rest_draws: the same, drawn (draws,).
        sampler: source of draws.
        spread: let part of the unknown fall to named holders in the draws; False where the rest is nobody's.
    """
    total = float(point.sum() + rest)
    total_draws = draws.sum(axis=1) + rest_draws
    total_draws = np.where(total_draws > 0, total_draws, 1.0)
    taken = sampler.uniform(f"spread {label}") if ids and spread else np.zeros(sampler.draws)
    weights = (
        np.stack([-np.log1p(-sampler.uniform(f"weight {label} {name}")) for name in ids], axis=1) if ids else draws
    )
    weights = weights * draws
    sums = weights.sum(axis=1, keepdims=True)
    weights = np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0)
    extra = np.minimum(weights * (taken * rest_draws)[:, None], draws)
    named = draws + extra
    left = rest_draws - extra.sum(axis=1)
    if total <= 0:
        return Split(ids, point * 0, named * 0, 1.0, np.ones(sampler.draws))
    return Split(ids, point / total, named / total_draws[:, None], rest / total, left / total_draws)


def share_list(parts: Split, names: Mapping[str, str], states: Mapping[str, str] | None = None) -> tuple[Share, ...]:
    """Return the shares, largest first, the unknown last; they sum to 1."""
    low, high = interval(parts.draws) if parts.ids else (np.zeros(0), np.zeros(0))
    order = sorted(range(len(parts.ids)), key=lambda i: (-parts.point[i], parts.ids[i]))
    found = [
        Share(
            parts.ids[i],
            names.get(parts.ids[i], parts.ids[i]),
            float(parts.point[i]),
            float(min(low[i], parts.point[i])),
            float(max(high[i], parts.point[i])),
            (states or {}).get(parts.ids[i]),
        )
        for i in order
        if parts.point[i] > 1e-9 or high[i] > 1e-6
    ]
    rest = 1.0 - sum(share.share for share in found)
    unknown_low, unknown_high = (float(x) for x in interval(parts.unknown_draws))
    rest = max(rest, 0.0) if rest > 1e-12 else 0.0
    found.append(Share(UNKNOWN, "unknown", rest, min(unknown_low, rest), max(unknown_high, rest)))
    return tuple(found)


def concentration(parts: Split, *, what: str) -> Index:
    """Return HHI over holders; a lower bound where much is unknown, missing where all is."""
    if not parts.ids or parts.unknown > 0.999:
        return Index(None, why=f"no {what} is known")
    low, high = interval(hhi(parts.draws))
    why = (
        f"{100 * parts.unknown:.0f} % of the tonnage has no known {what}: a lower bound" if parts.unknown > 0.25 else ""
    )
    return Index(float(hhi(parts.point)), float(low), float(high), why)


def largest(parts: Split, k: int) -> Index:
    """Return the sum of the k largest shares."""
    if not parts.ids or parts.unknown > 0.999:
        return Index(None, why="no place is known")
    low, high = interval(concentration_ratio(parts.draws, k))
    return Index(float(concentration_ratio(parts.point, k)), float(low), float(high))
