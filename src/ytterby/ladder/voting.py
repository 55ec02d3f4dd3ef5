"""Voting power in a weighted majority game: Banzhaf and Shapley.

A body has weights w_a and a quota q that a coalition must exceed. Banzhaf (1965): the share of a among all swings.
Shapley and Shubik (1954): the chance that a is the pivot of a random order. Every coalition is counted exactly, as a
bit pattern, so that at most 20 voters are accepted; weights and quota in one unit, results in shares that sum to 1.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ytterby.errors import YtterbyError

Array = NDArray[np.float64]
MOST_VOTERS = 20


class VotingError(YtterbyError):
    """The weights or the quota do not make a voting game that can be counted."""


def _game(weights: ArrayLike, quota: float | None) -> tuple[int, NDArray[np.bool_], NDArray[np.int64]]:
    """Return the number of voters, which of the 2^n coalitions win, and the size of each."""
    votes = np.asarray(weights, dtype=np.float64)
    if votes.ndim != 1 or votes.size == 0 or not np.isfinite(votes).all() or (votes < 0).any():
        raise VotingError("weights: give one finite number of at least zero for each voter")
    if votes.size > MOST_VOTERS:
        raise VotingError(f"{votes.size} voters: exact counting stops at {MOST_VOTERS}; merge the small holders first")
    needed = float(votes.sum()) / 2 if quota is None else float(quota)
    sums, sizes = np.zeros(1), np.zeros(1, dtype=np.int64)
    for vote in votes:
        sums, sizes = np.concatenate([sums, sums + vote]), np.concatenate([sizes, sizes + 1])
    tolerance = 1e-12 * max(1.0, float(votes.sum()))
    wins = sums > needed + tolerance
    if not wins.any():
        raise VotingError("quota: no coalition exceeds it, not even all voters together")
    return votes.size, wins, sizes


def _swings(wins: NDArray[np.bool_], voter: int) -> NDArray[np.int64]:
    """Return the coalitions without the voter that lose and win once the voter joins."""
    patterns = np.arange(wins.size, dtype=np.int64)
    without = patterns[(patterns >> voter) & 1 == 0]
    return np.asarray(without[~wins[without] & wins[without | (1 << voter)]], dtype=np.int64)


def banzhaf(weights: ArrayLike, *, quota: float | None = None) -> Array:
    """Banzhaf power: swings of a over the swings of all, summing to 1.

    `quota` must be exceeded; half of all weights where not given. Raises VotingError for more than 20 voters,
    negative or non-finite weights, or a quota that no coalition exceeds.
    """
    n, wins, _ = _game(weights, quota)
    counts = np.array([_swings(wins, voter).size for voter in range(n)], dtype=np.float64)
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def shapley(weights: ArrayLike, *, quota: float | None = None) -> Array:
    """Shapley-Shubik power: sum over losing S that a turns into winners of |S|! (n-|S|-1)! / n!, summing to 1.

    `quota` must be exceeded; half of all weights where not given. Raises VotingError as `banzhaf` does.
    """
    n, wins, sizes = _game(weights, quota)
    chance = np.array([factorial(s) * factorial(n - s - 1) / factorial(n) for s in range(n)])
    return np.array([chance[sizes[_swings(wins, voter)]].sum() for voter in range(n)], dtype=np.float64)
