"""Reserves in the ground by place: national figures where published, else named deposits; owners by deposit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from ytterby.chain.places import WORLD
from ytterby.tonnage.amounts import Amount, drawn_amounts, nearest_year
from ytterby.tonnage.sites import Book, Sites


@dataclass(frozen=True)
class Reserves:
    """Reserves by place, the published world total if any, and the deposits with a known site."""

    by_place: Mapping[str, Amount]
    total: Amount | None
    sites: Sites


def reserves(book: Book, material: str) -> Reserves:
    """Return reserves of a deposit material, in gross tonnes of it."""
    deposits = book.chain.deposits.filter(pl.col("quantity").is_not_null())
    national = deposits.filter((pl.col("material_id") == material) & (pl.col("category") == "national_reserve"))
    if national.is_empty():
        named = deposits.filter((pl.col("material_id") == material) & (pl.col("category") == "reserve"))
        by_place = _summed(
            _amounts(book, material, named, "deposit_id"), dict(named.select("deposit_id", "place_id").iter_rows())
        )
        return Reserves(by_place, None, _sites(book, material, deposits, by_place))
    by_place = _amounts(book, material, nearest_year(national, book.year, ["place_id"]), "place_id")
    total = by_place.pop(WORLD, None)
    return Reserves(by_place, total, _sites(book, material, deposits, by_place))


def _amounts(book: Book, material: str, rows: pl.DataFrame, key: str) -> dict[str, Amount]:
    return drawn_amounts(
        book.chain,
        rows,
        key=key,
        label=f"reserves of {material}",
        basis="reserves",
        factor=lambda unit: book.factor(material, unit),
        sampler=book.sampler,
        year=book.year,
    )


def _summed(amounts: Mapping[str, Amount], places: Mapping[str, str]) -> dict[str, Amount]:
    result: dict[str, Amount] = {}
    for name, amount in amounts.items():
        place = places[name]
        result[place] = result[place].plus(amount) if place in result else amount
    return result


def _sites(book: Book, material: str, deposits: pl.DataFrame, places: Mapping[str, Amount]) -> Sites:
    """Return the sites that hold named deposits, so that reserves have owners: reserves before resources."""
    held = deposits.filter(pl.col("facility_id").is_not_null() & (pl.col("category") != "national_reserve"))
    held = held.filter(pl.col("place_id").is_in(list(places)))
    best = held.filter((pl.col("category") == "reserve") | ~(pl.col("category") == "reserve").any().over("facility_id"))
    if best.is_empty():
        return Sites.none(book.sampler.draws)
    latest = nearest_year(best.with_columns(pl.col("year").fill_null(book.year)), book.year, ["deposit_id"])
    by_deposit = _amounts(book, material, latest, "deposit_id")
    at = dict(latest.select("deposit_id", "facility_id").iter_rows())
    found = _summed(by_deposit, at)
    where = dict(latest.select("facility_id", "place_id").iter_rows())
    amounts = tuple(found.values())
    return Sites(
        ids=tuple(found),
        places=tuple(where[name] for name in found),
        point=np.array([amount.point for amount in amounts]),
        draws=np.stack([amount.draws for amount in amounts], axis=1),
        count=len(found),
        with_figure=len(found),
        amounts=amounts,
    )
