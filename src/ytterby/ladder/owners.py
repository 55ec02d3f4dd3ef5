"""From sites to owners: whose tonnes they are by control and by equity, and whose by contract.

The sites of a place carry its tonnage up to what they can make; what the place makes beyond its known sites has no
known owner. Control and equity come from the ownership graph at mid-year. A contract counts where a binding, framework
or closed offtake covers the year: its tonnes, bounded by the site's; where it names none, anything from 0 to all the
site makes.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.control import FLOAT, UNKNOWN, Control
from ytterby.chain.ownership import first_day
from ytterby.chain.uncertainty import Array, Sampler
from ytterby.ladder.shares import Split, split
from ytterby.tonnage.book import Tonnage, TonnageBook

LIVE = ("framework", "definitive", "closed")


def by_place(tonnage: Tonnage, sampler: Sampler) -> Split:
    """Return the shares of places."""
    label = f"places of {tonnage.material}"
    return split(label, tonnage.places, tonnage.point, tonnage.draws, tonnage.unknown, tonnage.unknown_draws, sampler)


def site_tonnes(tonnage: Tonnage) -> tuple[Array, Array]:
    """Return tonnes attributed to sites, (s,) and (draws, s): no place's sites exceed the place."""
    sites, index = tonnage.sites, {place: i for i, place in enumerate(tonnage.places)}
    member = np.zeros((len(sites.ids), len(tonnage.places)))
    member[np.arange(len(sites.ids)), [index[place] for place in sites.places]] = 1.0

    def attribute(made: Array, placed: Array) -> Array:
        summed = made @ member
        scale = np.divide(placed, summed, out=np.ones_like(summed), where=summed > placed)
        result: Array = made * (np.minimum(scale, 1.0) @ member.T)
        return result

    return attribute(sites.point, tonnage.point), attribute(sites.draws, tonnage.draws)


def by_owner(tonnage: Tonnage, control: Control, sampler: Sampler, *, equity: bool = False) -> Split:
    """Return the shares of ultimate controllers, or of ultimate equity holders."""
    point, draws = site_tonnes(tonnage)
    matrix = control.equity if equity else control.control
    rows = [control.entities.index(name) for name in tonnage.sites.ids]
    weights = matrix[rows] if rows else np.zeros((0, len(control.holders)))
    unknown_column = control.holders.index(UNKNOWN)
    widest = np.maximum(weights, control.equity_high[rows]) if equity and rows else weights
    held = np.flatnonzero(widest.sum(axis=0) > 0)
    held = held[held != unknown_column]
    ids = tuple(control.holders[i] for i in held)
    drawn = draws @ weights[:, held]
    if equity and rows:
        gap = widest[:, held] - weights[:, held]
        taken = sampler.uniform(f"open stakes of {tonnage.material}")
        drawn += (draws @ gap) * taken[:, None]
    total, total_draws = tonnage.total, tonnage.total_draws
    owned = point @ weights[:, held]
    rest = total - float(owned.sum())
    rest_draws = np.clip(total_draws - drawn.sum(axis=1), 0.0, None)
    label = f"{'equity' if equity else 'control'} of {tonnage.material}"
    return split(label, ids, owned, drawn, max(rest, 0.0), rest_draws, sampler)


def by_contract(book: TonnageBook, tonnage: Tonnage, year: int) -> Split:
    """Return the shares of buyers under known offtakes of the year: no site sells more than it makes."""
    sampler = book.sampler
    point, draws = site_tonnes(tonnage)
    made = {name: i for i, name in enumerate(tonnage.sites.ids)}
    deals = _first_sales(live_offtakes(book.chain, tonnage.material, year))
    tonnes: dict[str, list[tuple[float, Array]]] = {}
    for (place,), rows in sorted(deals.group_by("facility_id"), key=lambda item: str(item[0][0])):
        site = None if place is None else str(place)
        if site is not None and site not in made:
            continue
        room = float(point[made[site]]) if site else tonnage.total
        room_draws = draws[:, made[site]] if site else tonnage.total_draws
        for buyer, amount, amount_draws in _sold(book, tonnage.material, rows, room, room_draws):
            tonnes.setdefault(buyer, []).append((amount, amount_draws))
    ids = tuple(sorted(tonnes))
    bought = np.array([sum(t for t, _ in tonnes[name]) for name in ids])
    columns = [np.sum([d for _, d in tonnes[name]], axis=0) for name in ids]
    drawn = np.stack(columns, axis=1) if ids else np.zeros((sampler.draws, 0))
    rest = np.clip(tonnage.total_draws - drawn.sum(axis=1), 0.0, None)
    free = max(tonnage.total - float(bought.sum()), 0.0)
    return split(f"contract of {tonnage.material}", ids, bought, drawn, free, rest, sampler, spread=False)


def _sold(
    book: TonnageBook, material: str, rows: pl.DataFrame, room: float, room_draws: Array
) -> list[tuple[str, float, Array]]:
    """Return what each offtake of one site takes, scaled together to what the site makes."""
    found: list[tuple[str, float, Array]] = []
    columns = ["offtake_id", "buyer_id", "quantity_min", "quantity_max", "unit"]
    for offtake, buyer, low, high, unit in rows.select(columns).iter_rows():
        uniform = book.sampler.uniform(f"offtake {offtake}")
        if low is None and high is None:
            found.append((buyer, 0.0, room_draws * uniform))
            continue
        factor = book.factor(material, unit)
        bottom, top = (low if low is not None else 0.0) * factor, (high if high is not None else low) * factor
        found.append((buyer, (bottom + top) / 2, bottom + (top - bottom) * uniform))
    wanted = sum(bought for _, bought, _ in found)
    wanted_draws = np.sum([drawn for _, _, drawn in found], axis=0)
    fit = min(1.0, room / wanted) if wanted > 0 else 1.0
    fit_draws = np.minimum(
        1.0, np.divide(room_draws, wanted_draws, out=np.ones_like(room_draws), where=wanted_draws > 0)
    )
    return [(buyer, bought * fit, drawn * fit_draws) for buyer, bought, drawn in found]


def _first_sales(deals: pl.DataFrame) -> pl.DataFrame:
    """Return the offtakes without resales: those whose seller has bought from the same site."""
    bought = deals.select("facility_id", pl.col("buyer_id").alias("seller_id")).unique()
    return deals.join(bought, on=["facility_id", "seller_id"], how="anti", nulls_equal=True)


def _last_day(column: str) -> pl.Expr:
    """Return the last day of a partial ISO date (YYYY, YYYY-MM or YYYY-MM-DD) as a date expression."""
    first = first_day(column)
    length = pl.col(column).str.len_chars()
    year_end = first.dt.offset_by("11mo").dt.month_end()
    return pl.when(length == 4).then(year_end).when(length == 7).then(first.dt.month_end()).otherwise(first)


def live_offtakes(chain: Chain, material: str, year: int) -> pl.DataFrame:
    """Return the offtakes of a material that bind somebody at mid-year."""
    day = dt.date(year, 7, 1)
    start = pl.coalesce(first_day("start_date"), first_day("date"))
    frame = chain.offtakes.with_columns(begin=start, finish=_last_day("end_date"))
    running = (pl.col("begin").is_null() | (pl.col("begin") <= day)) & (
        pl.col("finish").is_null() | (pl.col("finish") >= day)
    )
    binding = pl.col("status").is_in(LIVE) & pl.col("is_binding").fill_null(True)
    return frame.filter((pl.col("material_id") == material) & running & binding).sort("offtake_id")


def holder_names(chain: Chain) -> dict[str, str]:
    """Return display names of companies, with the free float."""
    names = dict(zip(chain.companies["company_id"], chain.companies["name"], strict=True))
    return names | {FLOAT: "free float"}
