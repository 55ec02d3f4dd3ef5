"""Who is served first where output is scarce: the part of each arc's orders that goes before the rest.

domestic: what stays in the region; own-group: the part of buyer and seller that one ultimate controller holds, summed
over controllers; contract: arcs between the places of a seller and a buyer with a contract for the material (table
`offtakes`, talks left out); proportional: nobody.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from ytterby.shock.model import Model
from ytterby.shock.system import Array
from ytterby.shock.targets import Targets

SIGNED = ("framework", "definitive", "closed")


def with_priority(model: Model, targets: Targets, rule: str) -> Model:
    """Return the model with the priorities of a rule."""
    if rule == "proportional":
        return model
    part = {"domestic": _domestic, "own-group": _own_group, "contract": _contract}[rule](model, targets)
    return replace(model, system=replace(model.system, arc_priority=np.clip(part, 0.0, 1.0)))


def _domestic(model: Model, targets: Targets) -> Array:
    return (model.arcs["exporter"] == model.arcs["importer"]).to_numpy().astype(float)


def _own_group(model: Model, targets: Targets) -> Array:
    system = model.system
    keys = list(system.nodes.select("material", "region").iter_rows())
    held: dict[tuple[str, str], dict[str, float]] = {}
    for owner, parts in targets.by_owner.items():
        if not owner.startswith("state of "):
            for key, part in parts.items():
                held.setdefault(key, {})[owner] = part
    result = np.zeros(system.arc_good.size)
    for e, (good, slot) in enumerate(zip(system.arc_good, system.arc_slot, strict=True)):
        seller = held.get(keys[system.good_node[good]], {})
        buyer = held.get(keys[system.slot_node[slot]], {}) if not system.is_use[system.slot_node[slot]] else {}
        result[e] = sum(min(part, buyer[owner]) for owner, part in seller.items() if owner in buyer)
    return result


def _contract(model: Model, targets: Targets) -> Array:
    chain, places = model.network.chain, model.network.places
    seat = dict(chain.companies.select("company_id", "place_id").iter_rows())
    site = dict(chain.facilities.select("facility_id", "place_id").iter_rows())
    rows = chain.offtakes.filter(pl.col("status").is_in(SIGNED))
    pairs = set()
    for seller, buyer, facility, material in rows.select(
        "seller_id", "buyer_id", "facility_id", "material_id"
    ).iter_rows():
        ends = site.get(facility) or seat.get(seller), seat.get(buyer)
        if ends[0] and ends[1]:
            pairs.add((material, places.of(ends[0]), places.of(ends[1])))
    return np.array([float(row in pairs) for row in model.arcs.select("material", "exporter", "importer").iter_rows()])
