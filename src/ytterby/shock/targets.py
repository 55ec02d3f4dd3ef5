"""What can be stopped, and how much of each node and arc a stop reaches.

`place:CHN` (or a bloc), `owner:china-minmetals`, `site:ID`, `stage:refining`, `material:apt`, `lane:CHN>JPN` (either
end may be empty: `lane:CHN>` is all that China ships abroad). A stage and a material beside it narrow a stop down. A
site's or an owner's part of a node is its part of the output of that material at that region in the base year, control
being traced to the ultimate controller (`ytterby.chain.control`); what no named site makes belongs to nobody. Several
stops add up, to the whole at most. Refused: a stop that reaches nothing; the nearest candidates are named.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from ytterby.chain.chain import load_world
from ytterby.chain.control import FLOAT, UNKNOWN, trace_control
from ytterby.chain.places import bloc_members, resolve_bloc
from ytterby.errors import UnknownNameError, YtterbyError, nearest
from ytterby.network.plant import make_book, tonnes_by_region
from ytterby.shock.model import Model
from ytterby.shock.system import Array

KINDS = ("place", "owner", "site", "stage", "material", "lane")
EACH = ("place", "owner", "site", "stage")
SMALLEST = 1e-4
Key = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Reach:
    """How much of each node and arc a stop reaches, 0 to 1."""

    label: str
    nodes: Array
    arcs: Array


@dataclass(eq=False)
class Targets:
    """Places, owners and sites of a model, with their part of each material at each region."""

    model: Model
    _parts: dict[tuple[str, str], Mapping[Key, float]] = field(default_factory=dict)

    @cached_property
    def _sites(self) -> list[tuple[str, str, str, float, float]]:
        """Site, place, material, t a year, part of what the region makes of it."""
        network = self.model.network
        book = make_book(network.chain, load_world(), network.year)
        found = []
        for material in self.model.system.nodes["material"].unique().sort():
            tonnage = book.of(material)
            if tonnage is None:
                continue
            made = tonnes_by_region(tonnage, network.places)
            for place, t in zip(tonnage.places, tonnage.point, strict=True):
                part = float(t) / max(made[network.places.of(place)], 1e-12)
                found.append(("", place, material, float(t), part))
            for site, place, t in zip(tonnage.sites.ids, tonnage.sites.places, tonnage.sites.point, strict=True):
                region = network.places.of(place)
                found.append((site, place, material, float(t), float(t) / max(made.get(region, 0.0), float(t), 1e-12)))
        return found

    @cached_property
    def by_site(self) -> Mapping[str, Mapping[Key, float]]:
        """Part of each material and region that a site makes."""
        found: dict[str, dict[Key, float]] = {}
        for site, place, material, _, part in self._sites:
            if site and part > SMALLEST:
                found.setdefault(site, {})[material, self.model.network.places.of(place)] = part
        return found

    @cached_property
    def by_place(self) -> Mapping[str, Mapping[Key, float]]:
        """Part of each material and region that a place makes; a place that is a region makes all of it."""
        found: dict[str, dict[Key, float]] = {}
        for material, region in (
            self.model.system.nodes.filter(pl.col("kind") == "plant").select("material", "region").unique().iter_rows()
        ):
            if not self.model.network.places.is_bloc(region):
                found.setdefault(region, {})[material, region] = 1.0
        for site, place, material, _, part in self._sites:
            key = (material, self.model.network.places.of(place))
            if not site and part > SMALLEST and key[1] != place:
                found.setdefault(place, {})[key] = part
        return found

    @cached_property
    def by_owner(self) -> Mapping[str, Mapping[Key, float]]:
        """Part of each material and region that an ultimate controller holds, and the state or person above it."""
        network = self.model.network
        control = trace_control(network.chain, dt.date(network.year, 7, 1))
        number = {name: n for n, name in enumerate(control.entities)}
        found: dict[str, dict[Key, float]] = {}
        for site, place, material, _, part in self._sites:
            if not site or site not in number:
                continue
            row, key = control.control[number[site]], (material, network.places.of(place))
            for at in np.flatnonzero(row > 0):
                holder = control.holders[at]
                if holder in (UNKNOWN, FLOAT):
                    continue
                for name in dict.fromkeys((holder, control.top.get(holder, holder))):
                    held = found.setdefault(name, {})
                    held[key] = min(1.0, held.get(key, 0.0) + part * float(row[at]))
        return {name: held for name, held in found.items() if max(held.values()) > SMALLEST}

    def each(self, kind: str, stages: Sequence[str], materials: Sequence[str]) -> list[Reach]:
        """Return one stop for each place, owner, site or stage.

        Raises:
            UnknownNameError: no such kind.
        """
        if kind not in EACH:
            raise UnknownNameError("kind of stop for --each", kind, EACH)
        nodes = self.model.system.nodes.filter(pl.col("kind") == "plant")
        names = {
            "place": sorted(self.by_place),
            "owner": sorted(self.by_owner),
            "site": sorted(self.by_site),
            "stage": sorted(set(nodes["stage"])),
        }[kind]
        reached = (self._reach(f"{kind}:{name}", kind, name, stages, materials) for name in names)
        return [reach for reach in reached if reach.nodes.any() or reach.arcs.any()]

    def together(self, stops: Sequence[str], stages: Sequence[str], materials: Sequence[str]) -> Reach:
        """Return what several stops reach together.

        Raises:
            UnknownNameError: a stop names nothing that is known.
            YtterbyError: it reaches nothing.
        """
        self._known(stages, materials)
        nodes, arcs = np.zeros(self.model.system.base.size), np.zeros(self.model.system.arc_good.size)
        for stop in stops:
            kind, _, name = stop.partition(":")
            if kind not in KINDS or not name:
                raise YtterbyError(f"'{stop}' is no stop; write KIND:NAME with one of {', '.join(KINDS)}")
            reach = self._reach(stop, kind, self._resolve(kind, name), stages, materials)
            if not reach.nodes.any() and not reach.arcs.any():
                raise YtterbyError(self._nothing(stop, kind, stages, materials))
            nodes, arcs = np.minimum(nodes + reach.nodes, 1.0), np.minimum(arcs + reach.arcs, 1.0)
        more = [*(f"stage {stage}" for stage in stages), *materials]
        return Reach(" and ".join(stops) + (f" ({', '.join(more)})" if more else ""), nodes, arcs)

    def _known(self, stages: Sequence[str], materials: Sequence[str]) -> None:
        nodes = self.model.system.nodes.filter(pl.col("kind") == "plant")
        for what, column, given in (("stage", "stage", stages), ("material", "material", materials)):
            known = set(nodes[column])
            for name in given:
                if name not in known:
                    raise UnknownNameError(what, name, known)

    def _resolve(self, kind: str, name: str) -> str:
        chain = self.model.network.chain
        if kind == "place":
            return resolve_bloc(chain, name)
        if kind == "lane":
            head, mark, tail = name.partition(">")
            if not mark or not (head or tail):
                raise YtterbyError(f"'lane:{name}' is no lane; write lane:FROM>TO, either end may be empty")
            return ">".join(resolve_bloc(chain, end) if end else "" for end in (head, tail))
        if kind in ("stage", "material"):
            self._known([name] if kind == "stage" else [], [name] if kind == "material" else [])
            return name
        known = self.by_owner if kind == "owner" else self.by_site
        table = {key.lower(): key for key in known}
        table |= {label.lower(): key for label, key in self._names().items() if key in known}
        if name.strip().lower() not in table:
            raise UnknownNameError(kind, name, [*known, *table])
        return table[name.strip().lower()]

    def _names(self) -> dict[str, str]:
        chain = self.model.network.chain
        names = {label: key for key, label in chain.names.select("subject_id", "name").iter_rows()}
        names |= {label: key for key, label in chain.companies.select("company_id", "name").iter_rows()}
        return names | {label: key for key, label in chain.facilities.select("facility_id", "name").iter_rows()}

    def _reach(self, label: str, kind: str, name: str, stages: Sequence[str], materials: Sequence[str]) -> Reach:
        system, nodes = self.model.system, self.model.system.nodes
        is_plant = (nodes["kind"] == "plant").to_numpy()
        if kind == "lane":
            chosen = self._arcs(name, materials, stages)
            return Reach(label, np.zeros(system.base.size), chosen)
        keys = list(nodes.select("material", "region").iter_rows())
        if kind in ("stage", "material"):
            part = (nodes[kind] == name).to_numpy().astype(float)
        else:
            held = self._held(kind, name)
            part = np.array([held.get(key, 0.0) for key in keys])
        kept = is_plant.copy()
        if stages:
            kept &= nodes["stage"].is_in(list(stages)).to_numpy()
        if materials:
            kept &= nodes["material"].is_in(list(materials)).to_numpy()
        return Reach(label, np.where(kept, part, 0.0), np.zeros(system.arc_good.size))

    def _held(self, kind: str, name: str) -> Mapping[Key, float]:
        if kind == "owner":
            return self.by_owner[name]
        if kind == "site":
            return self.by_site[name]
        found: dict[Key, float] = {}
        network = self.model.network
        members = bloc_members(network.chain, name, network.year)
        for place in sorted({*members, name}):
            for key, part in self.by_place.get(place, {}).items():
                found[key] = min(1.0, found.get(key, 0.0) + part)
        return found

    def _arcs(self, name: str, materials: Sequence[str], stages: Sequence[str]) -> Array:
        arcs, network = self.model.arcs, self.model.network
        head, _, tail = name.partition(">")
        chosen = arcs["exporter"] != arcs["importer"]
        for column, end in (("exporter", head), ("importer", tail)):
            if end:
                regions = {network.places.of(p) for p in bloc_members(network.chain, end, network.year)} | {end}
                whole = {
                    r for r in regions if network.places.members(r) <= bloc_members(network.chain, end, network.year)
                }
                chosen &= arcs[column].is_in(sorted(whole))
        if materials:
            chosen &= arcs["material"].is_in(list(materials))
        if stages:
            of = dict(network.materials.select("material_id", "stage").iter_rows())
            chosen &= pl.Series([of.get(m) in stages for m in arcs["material"]], dtype=pl.Boolean)
        return chosen.to_numpy().astype(float)

    def _nothing(self, stop: str, kind: str, stages: Sequence[str], materials: Sequence[str]) -> str:
        beside = [*stages, *materials]
        where = f" with {' and '.join(beside)}" if beside else ""
        if kind == "lane":
            pairs = [
                f"lane:{a}>{b}"
                for a, b in self.model.arcs.select("exporter", "importer")
                .unique()
                .sort("exporter", "importer")
                .iter_rows()
                if a != b
            ]
            hints = nearest(stop, pairs) or pairs[:3]
        else:
            hints = [reach.label for reach in self.each(kind if kind in EACH else "place", stages, materials)][:200]
            hints = nearest(stop, hints) or hints[:3]
        more = f"; nearest: {', '.join(hints)}" if hints else ""
        return f"{stop}{where} makes nothing that the model knows, so that nothing would stop{more}"
