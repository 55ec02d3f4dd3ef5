"""Amounts with draws: from rows of a table, conflict sets included, to named random tonnages.

Where several rows of one conflict set state an amount, the point is the default source's and each draw takes one source,
equally likely. Where only bounds are stated the point is their middle and draws are uniform between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.conflicts import default_rows
from ytterby.chain.uncertainty import Array, Sampler, log_sd


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

    def times(self, other: Amount, basis: str) -> Amount:
        """Return the product, with both as its parts."""
        parts = (self, other)
        return Amount(
            self.label, self.point * other.point, self.draws * other.draws, basis, self.source_id, self.confidence, parts
        )

    def plus(self, other: Amount) -> Amount:
        """Return the sum, with both as its parts."""
        source = ";".join(dict.fromkeys(filter(None, [*self.source_id.split(";"), *other.source_id.split(";")])))
        parts = (*(self.parts or (self,)), *(other.parts or (other,)))
        return Amount(self.label, self.point + other.point, self.draws + other.draws, self.basis, source, self.confidence, parts)


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
) -> dict[str, Amount]:
    """Return one amount per key from rows with quantity, bounds, unit, source, confidence and conflict set.

    Args:
        chain: states the default of each conflict set.
        frame: rows with columns `key`, quantity, quantity_low, quantity_high, unit, conflict_id, source_id, confidence.
        key: column that says what the amount is of.
        label: first part of the amount's name; the key follows.
        basis: what the amount rests on, in words.
        factor: gross tonnes per unit.
        sampler: source of draws.
    """
    usable = frame.filter(pl.any_horizontal(pl.col("quantity", "quantity_low", "quantity_high").is_not_null()))
    if usable.is_empty():
        return {}
    default = dict(default_rows(chain, usable, [key]).select(key, "source_id").iter_rows())
    result: dict[str, Amount] = {}
    columns = ["quantity", "quantity_low", "quantity_high", "unit", "source_id", "confidence", "conflict_id"]
    for (name,), rows in sorted(usable.group_by(key), key=lambda item: str(item[0][0])):
        full = f"{label}, {name}"
        candidates = [_one(full, basis, row, factor, sampler) for row in rows.sort("source_id").select(columns).iter_rows()]
        chosen = next((c for c in candidates if c.source_id == default[name]), candidates[0])
        result[str(name)] = _mixed(chosen, candidates, sampler)
    return result


Row = tuple[float | None, float | None, float | None, str, str, str, str | None]


def _one(label: str, basis: str, row: Row, factor: Callable[[str], float], sampler: Sampler) -> Amount:
    value, low, high, unit, source, confidence, conflict = row
    scale = factor(unit)
    if value is None:
        bottom = low if low is not None else 0.0
        top = high if high is not None else (1.0 if unit == "1" else bottom * 2)
        draws = (bottom + (top - bottom) * sampler.uniform(label)) * scale
        return Amount(label, (bottom + top) / 2 * scale, draws, basis, source, confidence, (), conflict)
    sd = log_sd(confidence, low, high)
    draw = sampler.fraction if unit == "1" else sampler.amount
    return Amount(label, value * scale, draw(f"{label} {source}", value, sd, source) * scale, basis, source, confidence, (), conflict)


def _mixed(chosen: Amount, candidates: list[Amount], sampler: Sampler) -> Amount:
    if len(candidates) == 1:
        return chosen
    pick = np.floor(sampler.uniform(f"choice {chosen.conflict_id or chosen.label}") * len(candidates)).astype(int)
    draws = np.stack([c.draws for c in candidates], axis=1)[np.arange(sampler.draws), pick]
    return Amount(chosen.label, chosen.point, draws, chosen.basis, chosen.source_id, chosen.confidence, (), chosen.conflict_id)
