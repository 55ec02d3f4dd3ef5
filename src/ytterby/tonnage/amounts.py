"""Amounts with draws: from rows of a table, conflict sets included, to named random tonnages.

Where several rows of one conflict set state an amount, the point is the default source's and each draw takes one
source, equally likely. Where only bounds are stated, draws are uniform between them and the point is their middle; "at
least x" t is x at the point and up to 2 x in the draws, "at most x" nothing at the point and up to x in the draws. A
figure of another year stands in with its spread widened by a geometric 3 % for each year between. These rules are
ours. What an amount rests on is said as its row says it: published, estimated, assumed, or bounds alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.conflicts import default_rows
from ytterby.chain.uncertainty import Array, Sampler, log_sd

AGE_LOG_SD_PER_A = 0.03
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Amount:
    """A number with draws, what it is called, what it rests on and who said it."""

    label: str
    point: float
    draws: Array
    basis: str
    source_id: str
    confidence: str
    parts: tuple[Amount, ...] = ()
    conflict_id: str | None = None
    year: int | None = None
    is_bounded: bool = False
    rivals: tuple[Amount, ...] = ()
    pick: Indices | None = None

    def scaled(self, factor: float, noise: Array, basis: str, confidence: str) -> Amount:
        """Return the amount times a factor, with its own noise, resting on something else."""
        return replace(
            self,
            point=self.point * factor,
            draws=self.draws * factor * noise,
            basis=basis,
            confidence=confidence,
            parts=self.parts or (self,),
        )

    def minus(self, other: Amount) -> Amount:
        """Return what is left of an amount without another, not below nothing."""
        left = max(0.0, self.point - other.point)
        return replace(
            self, point=left, draws=np.clip(self.draws - other.draws, 0.0, None), parts=self.parts or (self,)
        )

    def times(self, other: Amount, basis: str) -> Amount:
        """Return the product, with both as its parts."""
        parts = (self, other)
        return replace(self, point=self.point * other.point, draws=self.draws * other.draws, basis=basis, parts=parts)

    def plus(self, other: Amount) -> Amount:
        """Return the sum, with both as its parts."""
        source = ";".join(dict.fromkeys(filter(None, [*self.source_id.split(";"), *other.source_id.split(";")])))
        parts = (*(self.parts or (self,)), *(other.parts or (other,)))
        return replace(
            self, point=self.point + other.point, draws=self.draws + other.draws, source_id=source, parts=parts
        )


def nearest_year(frame: pl.DataFrame, year: int, key: list[str]) -> pl.DataFrame:
    """Return, per key, the rows with a figure of the year closest to `year`; of two equally close the earlier."""
    figures = [name for name in ("quantity", "quantity_low", "quantity_high") if name in frame.columns]
    frame = frame.filter(pl.any_horizontal(pl.col(figures).is_not_null()))
    distance = (pl.col("year") - year).abs() * 2 + (pl.col("year") > year)
    ranked = frame.with_columns(distance.alias("__distance__"))
    return ranked.filter(pl.col("__distance__") == pl.col("__distance__").min().over(key)).drop("__distance__")


def drawn_amounts(
    chain: Chain,
    frame: pl.DataFrame,
    *,
    key: str,
    label: str,
    basis: str,
    factor: Callable[[str], float],
    sampler: Sampler,
    year: int,
) -> dict[str, Amount]:
    """Return one amount per key from rows with quantity, bounds, unit, source, confidence and conflict set.

    Args:
        chain: states the default of each conflict set.
        frame: rows with columns `key`, year, unit, conflict_id, source_id, confidence, quantity and, where there are
            bounds, quantity_low and quantity_high.
        key: column that says what the amount is of.
        label: first part of the amount's name; the key follows.
        basis: what the amount rests on, in words.
        factor: gross tonnes per unit.
        sampler: source of draws.
        year: year asked for.
    """
    absent = [pl.lit(None, pl.Float64).alias(n) for n in ("quantity_low", "quantity_high") if n not in frame.columns]
    frame = frame.with_columns(absent)
    usable = frame.filter(pl.any_horizontal(pl.col("quantity", "quantity_low", "quantity_high").is_not_null()))
    if usable.is_empty():
        return {}
    default = dict(default_rows(chain, usable, [key]).select(key, "source_id").iter_rows())
    result: dict[str, Amount] = {}
    columns = ["quantity", "quantity_low", "quantity_high", "unit", "source_id", "confidence", "conflict_id"]
    when = pl.col("year").fill_null(year)
    for (name,), rows in sorted(usable.group_by(key), key=lambda item: str(item[0][0])):
        full = f"{label}, {name}"
        candidates = [
            _one(full, basis, row, factor, sampler, year)
            for row in rows.sort("source_id").select(*columns, when).iter_rows()
        ]
        chosen = next((c for c in candidates if c.source_id == default[name]), candidates[0])
        result[str(name)] = _mixed(chosen, candidates, sampler)
    return result


Row = tuple[float | None, float | None, float | None, str, str, str, str | None, int]


def _one(label: str, basis: str, row: Row, factor: Callable[[str], float], sampler: Sampler, year: int) -> Amount:
    value, low, high, unit, source, confidence, conflict, stated = row
    words = _basis(basis, value, confidence)
    is_ratio, is_bounded = unit == "1", low is not None or high is not None
    if value is None:
        point, draws = _from_bounds(label, low, high, sampler, is_ratio=is_ratio)
    elif is_ratio:
        point, draws = value, sampler.fraction(f"{label} {source}", value, log_sd(confidence), source, low, high)
    else:
        point, draws = value, sampler.amount(f"{label} {source}", value, log_sd(confidence), source, low, high)
    if not is_ratio and stated != year:
        draws = draws * np.exp(AGE_LOG_SD_PER_A * abs(stated - year) * sampler.normal(f"age {label}"))
    scale = factor(unit)
    return Amount(label, point * scale, draws * scale, words, source, confidence, (), conflict, stated, is_bounded)


def _from_bounds(
    label: str, low: float | None, high: float | None, sampler: Sampler, *, is_ratio: bool
) -> tuple[float, Array]:
    """Return point and draws where a row states bounds alone."""
    bottom = low if low is not None else 0.0
    top = high if high is not None else (1.0 if is_ratio else 2 * bottom)
    draws = bottom + (top - bottom) * sampler.uniform(label)
    if not is_ratio and (low is None or high is None):
        return bottom, draws
    return (bottom + top) / 2, draws


def _basis(words: str, value: float | None, confidence: str) -> str:
    """Return what an amount rests on: published only where its row says so."""
    if not words.startswith("published "):
        return words
    what = words.removeprefix("published ")
    if value is None:
        return f"bounds on {what}"
    return words if confidence in ("measured", "reported") else f"{confidence} {what}"


def _mixed(chosen: Amount, candidates: list[Amount], sampler: Sampler) -> Amount:
    if len(candidates) == 1:
        return chosen
    pick = np.floor(sampler.uniform(f"choice {chosen.conflict_id or chosen.label}") * len(candidates)).astype(np.int64)
    draws = np.stack([c.draws for c in candidates], axis=1)[np.arange(sampler.draws), pick]
    return replace(chosen, draws=draws, rivals=tuple(candidates), pick=pick)
