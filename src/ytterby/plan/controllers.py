"""A cap on what one controller may hold of a bloc's supply, at place x controller.

    sum over origins of control share x what comes from there  <=  cap x all that the bloc takes

The control share of an origin is the part of its output that sites under one ultimate controller make in the base year
(`ytterby.chain.control`); what one state or one person controls counts as one. Output without a known owner counts to
nobody. Home supply counts to the whole, not to a foreign controller.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from ytterby.chain.chain import load_world
from ytterby.chain.control import FLOAT, UNKNOWN, trace_control
from ytterby.network.plant import make_book, tonnes_by_region
from ytterby.plan.programme import Programme
from ytterby.solve import Rows

SMALL_SHARE = 0.01


def control_shares(programme: Programme, materials: tuple[str, ...]) -> dict[tuple[str, str], dict[str, float]]:
    """Return the share of each controller in the output of (material, region), those under 1 % left out."""
    network = programme.network
    control = trace_control(network.chain, dt.date(network.year, 7, 1))
    book = make_book(network.chain, load_world(), network.year)
    number = {name: n for n, name in enumerate(control.entities)}
    result: dict[tuple[str, str], dict[str, float]] = {}
    for material in materials:
        tonnage = book.of(material)
        if tonnage is None:
            continue
        made = tonnes_by_region(tonnage, network.places)
        for site, place, t in zip(tonnage.sites.ids, tonnage.sites.places, tonnage.sites.point, strict=True):
            key = (material, network.places.of(place))
            whole = max(made.get(key[1], 0.0), 1e-12)
            row = control.control[number[site]]
            for at in np.flatnonzero(row > 0):
                holder = control.holders[at]
                if holder not in (UNKNOWN, FLOAT):
                    name = control.top.get(holder, holder)
                    held = result.setdefault(key, {})
                    held[name] = held.get(name, 0.0) + float(t) * float(row[at]) / whole
    return {
        key: {name: min(1.0, share) for name, share in held.items() if share >= SMALL_SHARE}
        for key, held in result.items()
    }


def add_controller_rows(
    programme: Programme, target_id: str, bloc: str, materials: tuple[str, ...], cap: float, start: int
) -> list[tuple[str, Rows]]:
    """Add a row for each material, controller and period; return them by material."""
    ship = programme.columns["ship"]
    shares = control_shares(programme, materials)
    into = ship.table.with_columns(pl.Series("column", ship.index)).filter(pl.col("importer") == bloc)
    added = []
    for material in materials:
        own = into.filter(pl.col("material") == material)
        held = {region: names for (m, region), names in shares.items() if m == material and region != bloc}
        reach = set(own["exporter"])
        names = sorted({name for region, found in held.items() if region in reach for name in found})
        if not names:
            continue
        count, T = len(names), programme.horizon.count
        labels = pl.DataFrame(
            {
                "target": [target_id] * (T * count),
                "component": [material] * (T * count),
                "place": names * T,
                "period": np.repeat(np.arange(T, dtype=np.int32), count),
                "year": np.repeat(programme.horizon.years, count).astype(np.int32),
            }
        )
        upper = np.where(labels["period"].to_numpy() >= start, 0.0, np.inf)
        rows = programme.add_rows(f"target {target_id} {material}", labels, -np.inf, upper)
        exporters = own["exporter"].to_list()
        at = own["period"].to_numpy().astype(np.int64) * count
        for number, name in enumerate(names):
            value = np.array([held.get(region, {}).get(name, 0.0) for region in exporters]) - cap
            programme.model.entries(rows.index[at + number], own["column"].to_numpy(), value)
        added.append((material, rows))
    return added
