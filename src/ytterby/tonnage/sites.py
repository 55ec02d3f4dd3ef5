"""Operating sites of a material in a year: their tonnage, from output or from capacity times utilisation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.ownership import first_day
from ytterby.chain.uncertainty import Array, Sampler, log_sd
from ytterby.tonnage.amounts import Amount, drawn_amounts, nearest_year

MAKING = ("pilot", "first_product", "ramp_up", "nameplate", "operating", "inaugurated")
DEFAULT_UTILISATION = 0.75
OUTPUT_WINDOW_A = 2


class Book(Protocol):
    """What the sites need of the book of tonnages."""

    chain: Chain
    year: int
    sampler: Sampler

    def factor(self, material: str, unit: str) -> float:
        """Return gross tonnes of a material per one of a unit."""
        ...


@dataclass(frozen=True)
class Utilisation:
    """Output over capacity by place; where none is published, an assumed default for all."""

    stated: Mapping[str, Amount]
    default: Amount

    def of(self, place: str) -> Amount:
        """Return the utilisation of a place: its own, the world's, or the default."""
        return self.stated.get(place) or self.stated.get("WORLD") or self.default


@dataclass(frozen=True)
class Sites:
    """Operating sites: ids, places, tonnes at the point (s,) and drawn (draws, s), and how many have no figure."""

    ids: tuple[str, ...]
    places: tuple[str, ...]
    point: Array
    draws: Array
    count: int
    with_figure: int
    amounts: tuple[Amount, ...]

    @property
    def inputs(self) -> tuple[Amount, ...]:
        """The numbers behind the sites' tonnage."""
        return tuple(part for amount in self.amounts for part in (amount.parts or (amount,)))

    def by_place(self) -> dict[str, Amount]:
        """Return the sum of sites of each place."""
        result: dict[str, Amount] = {}
        for place, amount in zip(self.places, self.amounts, strict=True):
            result[place] = result[place].plus(amount) if place in result else amount
        return result

    @classmethod
    def none(cls, draws: int) -> Sites:
        """Return no sites."""
        return cls((), (), np.zeros(0), np.zeros((draws, 0)), 0, 0, ())


def utilisation_of(chain: Chain, material: str, year: int, sampler: Sampler) -> Utilisation:
    """Return the published utilisation of a material's plants by place, and the assumed default."""
    rows = chain.stage_output.filter((pl.col("material_id") == material) & (pl.col("measure") == "utilisation"))
    stated = drawn_amounts(
        chain,
        nearest_year(rows, year, ["place_id"]),
        key="place_id",
        label=f"utilisation of {material}",
        basis="published utilisation",
        factor=lambda _: 1.0,
        sampler=sampler,
        year=year,
    )
    label = f"utilisation of {material}, assumed {DEFAULT_UTILISATION:g}"
    draws = sampler.fraction(label, DEFAULT_UTILISATION, log_sd("assumed"), None)
    return Utilisation(stated, Amount(label, DEFAULT_UTILISATION, draws, "assumed utilisation", "", "assumed"))


def status_on(chain: Chain, day: dt.date) -> pl.DataFrame:
    """Return the status of each facility on a day: facility_id, status, date.

    A facility whose first known status is 'operating' (level and start unknown) is taken to have had it before.
    """
    dated = chain.facility_status.with_columns(first_day("date").alias("start")).sort(
        "facility_id", "start", nulls_last=False
    )
    past = dated.filter(pl.col("start").is_null() | (pl.col("start") <= day))
    now = past.group_by("facility_id", maintain_order=True).last()
    later = dated.filter(~pl.col("facility_id").is_in(now["facility_id"].implode()))
    first = later.group_by("facility_id", maintain_order=True).first()
    back = first.filter(pl.col("status").is_in(["operating"]))
    return pl.concat([now, back]).select("facility_id", "status", "date")


def operating_sites(chain: Chain, material: str, year: int) -> pl.DataFrame:
    """Return the facilities that make a material at mid-year: facility_id, place_id, part_of."""
    status = status_on(chain, dt.date(year, 7, 1)).filter(pl.col("status").is_in(MAKING))
    makes = chain.facility_output.filter(
        (pl.col("material_id") == material) & (pl.col("measure") != "planned_capacity")
    ).select("facility_id")
    ours = chain.facilities.join(makes.unique(), on="facility_id").join(status, on="facility_id")
    return ours.select("facility_id", "place_id", "part_of").sort("facility_id")


def site_tonnage(book: Book, material: str, utilisation: Utilisation) -> Sites:
    """Return the tonnage of every operating site of a material; a larger site counts without its parts."""
    chain, year = book.chain, book.year
    sites = operating_sites(chain, material, year)
    if sites.is_empty():
        return Sites.none(book.sampler.draws)
    places = dict(sites.select("facility_id", "place_id").iter_rows())
    rows = chain.facility_output.filter(
        (pl.col("material_id") == material) & pl.col("facility_id").is_in(sites["facility_id"].implode())
    )
    amounts = _amounts(book, material, rows, utilisation, places)
    kept = dict(amounts)
    for part, whole in sites.select("facility_id", "part_of").drop_nulls().iter_rows():
        if part in amounts and whole in kept:
            kept[whole] = kept[whole].minus(amounts[part])
    ids = tuple(kept)
    point = np.array([kept[name].point for name in ids])
    draws = np.stack([kept[name].draws for name in ids], axis=1) if ids else np.zeros((book.sampler.draws, 0))
    in_places = tuple(places[name] for name in ids)
    return Sites(ids, in_places, point, draws, sites.height, len(amounts), tuple(kept.values()))


def _amounts(
    book: Book, material: str, rows: pl.DataFrame, utilisation: Utilisation, places: Mapping[str, str]
) -> dict[str, Amount]:
    """Return tonnes a site: recent output, else capacity times utilisation, else output of long ago."""
    result: dict[str, Amount] = {}
    made = rows.filter(pl.col("measure") == "production")
    is_recent = (pl.col("year") - book.year).abs() <= OUTPUT_WINDOW_A
    capacity = rows.filter(pl.col("measure") == "capacity")
    for measure, held in (("production", made.filter(is_recent)), ("capacity", capacity), ("production", made)):
        found = drawn_amounts(
            book.chain,
            nearest_year(held, book.year, ["facility_id"]),
            key="facility_id",
            label=f"{measure} of {material}",
            basis="output of sites" if measure == "production" else "capacity of sites",
            factor=lambda unit: book.factor(material, unit),
            sampler=book.sampler,
            year=book.year,
        )
        for site, amount in found.items():
            if site in result:
                continue
            run = utilisation.of(places[site])
            basis = "sites' capacity times utilisation"
            result[site] = amount if measure == "production" else amount.times(run, basis)
    return dict(sorted(result.items()))
