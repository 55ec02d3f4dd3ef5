"""Ownership as dated statements: which hold on a day, and the matrix of shares that they make.

W[a, b] is the share of b that a holds. A statement holds from `date_from` until `date_to` or until the statement that
superseded it starts. Where nothing held on the day asked for, the later statements of that entity that replace no
other are carried back and marked so: most sources print who owns, not since when.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.errors import OwnershipError

Matrix = npt.NDArray[np.float64]
DECIDES = ("control", "management", "golden_share")
VOTES = ("equity", "votes", "concession")
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Holdings:
    """Shares on one day: entities in order, share matrices (owner x owned) at point, low and high, and overrides."""

    entities: tuple[str, ...]
    share: Matrix
    low: Matrix
    high: Matrix
    decides: Matrix
    carried_back: tuple[str, ...]
    statements: pl.DataFrame


def first_day(column: str) -> pl.Expr:
    """Return the first day of a partial ISO date (YYYY, YYYY-MM or YYYY-MM-DD) as a date expression."""
    text = pl.col(column)
    by_month = pl.when(text.str.len_chars() == 7).then(text + "-01").otherwise(text)
    full = pl.when(text.str.len_chars() == 4).then(text + "-01-01").otherwise(by_month)
    return full.str.to_date("%Y-%m-%d", strict=False)


def statements_on(chain: Chain, day: dt.date) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the ownership statements in force on a day, and the entities whose statement is carried back."""
    frame = chain.ownership.filter(pl.col("metal").is_null() | (pl.col("metal") == chain.metal))
    frame = frame.with_columns(first_day("date_from").alias("start"), first_day("date_to").alias("end"))
    later = frame.select(pl.col("statement_id").alias("superseded_by"), pl.col("start").alias("replaced"))
    frame = frame.join(later, on="superseded_by", how="left")
    ended = pl.min_horizontal("end", "replaced")
    frame = frame.with_columns(
        started=pl.col("start").is_null() | (pl.col("start") <= day),
        over=ended.is_not_null() & (ended <= day),
    )
    live = frame.filter(pl.col("started") & ~pl.col("over"))
    waiting = frame.filter(~pl.col("started") & ~pl.col("owned_id").is_in(live["owned_id"].implode()))
    first = _earliest(waiting)
    chosen = pl.concat([live, first])
    return chosen.drop("replaced", "started", "over"), tuple(sorted(first["owned_id"].unique().to_list()))


def _earliest(waiting: pl.DataFrame) -> pl.DataFrame:
    """Return, per entity, the later statements that replace no other, or the earliest alone where these exceed 1."""
    replacing = waiting["superseded_by"].drop_nulls()
    heads = waiting.filter(~pl.col("statement_id").is_in(replacing.implode()))
    whole = pl.col("share").filter(pl.col("interest").is_in(VOTES)).sum().over("owned_id") <= 1 + TOLERANCE
    return heads.filter(whole | (pl.col("start") == pl.col("start").min().over("owned_id")))


def holdings(chain: Chain, day: dt.date) -> Holdings:
    """Return the share matrices of a chain's companies and facilities on a day.

    A stake whose size is not known counts 0 at the point; its bounds are 0 and what the others leave, which several
    open stakes share.

    Raises:
        OwnershipError: shares of one entity sum to more than 1.
    """
    frame, carried = statements_on(chain, day)
    known = [*chain.companies["company_id"], *chain.facilities["facility_id"]]
    entities = tuple(dict.fromkeys([*known, *frame["owner_id"], *frame["owned_id"]]))
    position = {name: index for index, name in enumerate(entities)}
    n = len(entities)
    share, low, high, decides = (np.zeros((n, n)) for _ in range(4))
    stakes = frame.filter(pl.col("interest").is_in(VOTES))
    rows = [position[name] for name in stakes["owner_id"]]
    cols = [position[name] for name in stakes["owned_id"]]
    point = stakes["share"].fill_null(0.0).to_numpy()
    np.add.at(share, (rows, cols), point)
    np.add.at(low, (rows, cols), stakes["share"].fill_null(stakes["share_low"]).fill_null(0.0).to_numpy())
    _refuse_over_one(share, entities)
    room = 1.0 - share.sum(axis=0)
    is_open = stakes["share"].is_null().to_numpy()
    ceiling = np.where(is_open, stakes["share_high"].fill_null(1.0).to_numpy(), point)
    wanted = np.zeros(n)
    np.add.at(wanted, cols, np.where(is_open, ceiling, 0.0))
    fit = np.divide(room, wanted, out=np.ones(n), where=wanted > room)
    np.add.at(high, (rows, cols), np.where(is_open, ceiling * np.clip(fit, 0.0, 1.0)[cols], ceiling))
    for owner, owned in frame.filter(pl.col("interest").is_in(DECIDES)).select("owner_id", "owned_id").iter_rows():
        decides[position[owner], position[owned]] = 1.0
    return Holdings(entities, share, low, high, decides, carried, frame)


def _refuse_over_one(share: Matrix, entities: tuple[str, ...]) -> None:
    total = share.sum(axis=0)
    worst = int(np.argmax(total)) if total.size else 0
    if total.size and total[worst] > 1 + TOLERANCE:
        owners = [f"{entities[i]} {share[i, worst]:.4g}" for i in np.flatnonzero(share[:, worst])]
        raise OwnershipError(f"shares of '{entities[worst]}' sum to {total[worst]:.4g}: {', '.join(owners)}")
