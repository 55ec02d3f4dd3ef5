"""Places, blocs and other ids: from what a person types to an id, with the nearest names where nothing fits."""

from __future__ import annotations

import datetime as dt

import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.ownership import first_day
from ytterby.errors import UnknownNameError

WORLD = "WORLD"


def bloc_members(chain: Chain, bloc: str, year: int) -> frozenset[str]:
    """Return the places of a bloc at mid-year, or the place itself; WORLD is every place.

    Raises:
        UnknownNameError: neither a bloc nor a place.
    """
    resolved = resolve_bloc(chain, bloc)
    if resolved == WORLD:
        return frozenset(chain.places["place_id"])
    day = dt.date(year, 7, 1)
    rows = chain.blocs.filter(pl.col("bloc_id") == resolved).with_columns(
        first_day("date_from").alias("start"), first_day("date_to").alias("end")
    )
    if rows.is_empty():
        return frozenset([resolved])
    started = pl.col("start").is_null() | (pl.col("start") <= day)
    lasting = pl.col("end").is_null() | (pl.col("end") >= day)
    return frozenset(rows.filter(started & lasting)["place_id"])


def resolve_bloc(chain: Chain, given: str) -> str:
    """Return the id of a bloc or place given by id, name or alias.

    Raises:
        UnknownNameError: nothing fits; the nearest names are offered.
    """
    blocs = dict(zip(chain.blocs["name"], chain.blocs["bloc_id"], strict=True))
    table = {bloc: bloc for bloc in chain.blocs["bloc_id"]} | blocs | _places(chain) | {WORLD: WORLD}
    return _look_up("place or bloc", given, table)


def _places(chain: Chain) -> dict[str, str]:
    codes = chain.places["place_id"]
    known = set(codes)
    table = dict(zip(chain.places["name"], codes, strict=True)) | {code: code for code in codes}
    other = chain.names.select("name", "subject_id").iter_rows()
    return table | {name: subject for name, subject in other if subject in known}


def _look_up(what: str, given: str, table: dict[str, str]) -> str:
    folded = {name.lower(): identifier for name, identifier in table.items()}
    hit = folded.get(given.strip().lower())
    if hit is None:
        raise UnknownNameError(what, given, table)
    return hit
