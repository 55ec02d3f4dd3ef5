"""What every section of the brief may look at: the chain, the ladder, names, sources and the colours of places.

Reads only; computes nothing. Names are looked up in the chain's tables; an id without a name is printed as it is.
Sources are numbered in the order in which the page first cites them.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from . import format as fmt
from .figures.palette import Palette, place_palette

if TYPE_CHECKING:
    from ytterby.chain import Chain
    from ytterby.ladder import LadderResult, Rung

    from .sections.claims import Laid


@dataclass(kw_only=True)
class BriefContext:
    """One page in the making."""

    chain: Chain
    result: LadderResult
    bloc: str
    plan: Mapping[str, Any] | None = None
    claims: Laid | None = None
    cited: dict[str, int] = field(default_factory=dict)

    def cite(self, source_ids: tuple[str, ...]) -> None:
        """Number the sources that are cited for the first time."""
        for source_id in source_ids:
            self.cited.setdefault(source_id, len(self.cited) + 1)

    def table(self, name: str) -> pl.DataFrame:
        """A table of the chain; empty where the chain has none."""
        return self.chain.table(name)

    @cached_property
    def names(self) -> dict[str, str]:
        """Display name by id, over every table that names things."""
        found: dict[str, str] = {}
        for table, key in _NAMED:
            frame = self.table(table)
            if {key, "name"} <= set(frame.columns):
                found.update(zip(frame[key].to_list(), frame["name"].to_list(), strict=True))
        return found

    def name(self, subject_id: str | None) -> str:
        """The display name of an id."""
        if not subject_id:
            return "not known"
        return self.names.get(subject_id) or subject_id

    @cached_property
    def members(self) -> frozenset[str]:
        """The places of the bloc; the place itself where it is a country."""
        from ytterby.chain.places import WORLD, bloc_members

        return frozenset() if self.bloc == WORLD else bloc_members(self.chain, self.bloc, self.result.year)

    @cached_property
    def seats(self) -> dict[str, str]:
        """Place by company id."""
        companies = self.table("companies")
        return dict(zip(companies["company_id"].to_list(), companies["place_id"].to_list(), strict=True))

    @cached_property
    def sources(self) -> dict[str, dict[str, Any]]:
        """Source row by id."""
        return {row["source_id"]: row for row in self.table("sources").to_dicts()}

    @cached_property
    def holders(self) -> frozenset[str]:
        """The sites of the chain and everyone who stands above them, at any remove."""
        above: dict[str, list[str]] = {}
        for owner, owned in self.table("ownership").select("owner_id", "owned_id").iter_rows():
            above.setdefault(owned, []).append(owner)
        found: set[str] = set()
        waiting = self.table("facilities")["facility_id"].to_list()
        while waiting:
            subject = waiting.pop()
            if subject not in found:
                found.add(subject)
                waiting.extend(above.get(subject, []))
        return frozenset(found)

    @cached_property
    def classes(self) -> dict[str, str]:
        """Class of every source, companies that a state controls counted as state-affiliated."""
        from ytterby.chain.control import trace_control
        from ytterby.chain.sources import source_classes

        held = not self.table("companies").is_empty()
        return source_classes(self.chain, trace_control(self.chain, self.day).state if held else None)

    @cached_property
    def day(self) -> dt.date:
        """Mid-year of the ladder: the day on which ownership and status are read."""
        return dt.date(self.result.year, 7, 1)

    @cached_property
    def counted(self) -> tuple[str, ...]:
        """The tracked components that a tonnage counts: of a few the first, the metal itself; of many all."""
        names = tuple(self.chain.components)
        return names if len(names) > FEW else names[:1]

    @cached_property
    def contained(self) -> dict[str, float]:
        """Mass fraction of the counted components, together, by material id."""
        rows = self.table("compositions").filter(pl.col("component").is_in(self.counted))
        total = rows.group_by("material_id", maintain_order=True).agg(pl.col("mass_fraction").sum())
        return dict(zip(total["material_id"].to_list(), total["mass_fraction"].to_list(), strict=True))

    @cached_property
    def compositions(self) -> dict[str, dict[str, float]]:
        """Mass fraction by component, by material id."""
        found: dict[str, dict[str, float]] = {}
        rows = self.table("compositions").select("material_id", "component", "mass_fraction")
        for material, component, fraction in rows.iter_rows():
            found.setdefault(material, {})[component] = fraction
        return found

    @cached_property
    def basis(self) -> str:
        """The counted components as they stand behind a tonnage, such as `W`; the metal's name where there are many."""
        return self.metal if len(self.counted) > FEW else "+".join(self.counted)

    @cached_property
    def palette(self) -> Palette:
        """Colour by place, the same in every figure."""
        return place_palette([(rung, self.contained_t(rung)) for rung in self.leading], bloc=self.members | {self.bloc})

    @cached_property
    def bloc_name(self) -> str:
        """The bloc as it stands in a sentence."""
        blocs = self.table("blocs")
        named = blocs.filter(blocs["bloc_id"] == self.bloc)["name"].to_list()
        return _with_article(named[0] if named else self.names.get(self.bloc, self.bloc))

    @cached_property
    def principal(self) -> tuple[Rung, ...]:
        """The rungs that the main page speaks of: those the package calls principal, else all."""
        wanted = self.chain.settings.get("principal")
        named = [rung for rung in self.result.rungs if isinstance(wanted, list) and rung.material in wanted]
        return tuple(named) or tuple(self.result.rungs)

    @cached_property
    def supply(self) -> tuple[Rung, ...]:
        """The principal rungs on which something is made: mining to manufacturing, neither reserves, scrap nor use."""
        return tuple(rung for rung in self.principal if rung.stage in SUPPLY) or self.principal

    def contained_t(self, rung: Rung) -> float:
        """Contained tonnes of a rung; 0 where its total or its composition is not known."""
        return (rung.total_t or 0.0) * self.contained.get(rung.material, 0.0)

    @cached_property
    def leading(self) -> tuple[Rung, ...]:
        """The supply rungs that headlines speak of: those that carry much of the metal, measured by the largest one."""
        held = [self.contained_t(rung) for rung in self.supply]
        floor = LEADING * max(held, default=0.0)
        return tuple(rung for rung, mass in zip(self.supply, held, strict=True) if mass >= floor > 0) or self.supply

    @property
    def metal(self) -> str:
        """The metal as it stands in a sentence."""
        return str(self.result.metal).replace("-", " ").replace("_", " ")

    @cached_property
    def short_names(self) -> dict[str, str]:
        """Names without their qualifiers, where that leaves them different."""
        full = dict(self.table("materials").select("material_id", "name").iter_rows())
        names = [*full.values(), *(self.rung_name(rung) for rung in self.result.rungs)]
        cut: dict[str, set[str]] = {}
        for name in names:
            cut.setdefault(fmt.short(name), set()).add(name)
        return {name: fmt.short(name) if len(cut[fmt.short(name)]) == 1 else name for name in names}

    def rung_name(self, rung: Rung) -> str:
        """The name of a rung; of several that bear one name, as uses counted at several materials do, each its own."""
        if sum(other.name == rung.name for other in self.result.rungs) == 1:
            return rung.name
        return f"{rung.name.removesuffix(' in all products')} as {fmt.lower(fmt.short(self.name(rung.material)))}"

    def short(self, subject: Rung | str) -> str:
        """The short name of a rung or of a material."""
        name = self.name(subject) if isinstance(subject, str) else self.rung_name(subject)
        found = self.short_names.get(name, name).replace("_", " ")
        return f"Use of {fmt.lower(found[7:])}" if found.startswith("Use of ") else found

    def credit(self, source_ids: tuple[str, ...], *, limit: int = 2, is_ranked: bool = False) -> str:
        """The publishers behind a figure, the first by name: in the order given if ranked, else the most used first."""
        order = {"independent": 0, "interested": 1, "state_affiliated": 2}
        times = Counter(source_ids)
        most = sorted(times, key=lambda name: (-times[name], order.get(self.classes.get(name, ""), 3), name))
        publishers: list[str] = []
        for source_id in dict.fromkeys(source_ids) if is_ranked else most:
            row = self.sources.get(source_id)
            publisher = (row or {}).get("publisher") or source_id
            if publisher not in publishers:
                publishers.append(publisher)
        if not publishers:
            return ""
        rest = len(publishers) - limit
        more = f" and {rest} more (see Sources)" if rest > 0 else ""
        return f"Source: {', '.join(publishers[:limit])}{more}"


FEW = 3  # tracked components up to which a tonnage counts the metal itself alone
LEADING = 0.15  # part of the largest supply rung from which on a rung may stand in a headline
SUPPLY = ("mining", "refining", "smelting", "processing", "manufacturing")
_NAMED = (
    ("raw_materials", "raw_material_id"),
    ("processes", "process_id"),
    ("facilities", "facility_id"),
    ("materials", "material_id"),
    ("blocs", "bloc_id"),
    ("places", "place_id"),
    ("companies", "company_id"),
)


def _with_article(name: str) -> str:
    plural = name.startswith(("European Union", "United ", "Republic ", "Netherlands"))
    if name.startswith("The "):
        return f"the {name[4:]}"
    return f"the {name}" if plural else name


def split_ids(joined: str | None) -> tuple[str, ...]:
    """The ids of a list cell."""
    return tuple(part.strip() for part in (joined or "").split(";") if part.strip())


def all_ids(cells: Iterable[str | None]) -> tuple[str, ...]:
    """The ids of many list cells, as often as they stand there."""
    return tuple(source_id for cell in cells for source_id in split_ids(cell))


def union_ids(cells: Iterable[str | None]) -> tuple[str, ...]:
    """The ids of many list cells, each once, in order."""
    return tuple(dict.fromkeys(all_ids(cells)))
