"""Regions: the places of a model.

Blocs that act as one are one region, countries that make or use something are one each, and all others together are the
rest of the world (`ROW`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.places import WORLD, bloc_members, resolve_bloc

REST = "ROW"


def is_complete(chain: Chain) -> bool:
    """A package may declare its demand complete: it is then taken at its word, year by year and place by place."""
    return chain.settings.get("demand") == "complete"


@dataclass
class Regions:
    """Countries to regions; a country belongs to the first bloc that names it."""

    chain: Chain
    year: int
    blocs: tuple[str, ...]
    own: frozenset[str]
    _members: dict[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._region: dict[str, str] = {}
        for bloc in self.blocs:
            for place in sorted(self.members(bloc)):
                self._region.setdefault(place, bloc)
            self._region[bloc] = bloc
        for place in sorted(self.own):
            self._region.setdefault(place, place)
        self._names = dict(self.chain.places.select("place_id", "name").iter_rows())
        self._names |= dict(self.chain.blocs.select("bloc_id", "name").unique().sort("bloc_id", "name").iter_rows())

    def of(self, place: str) -> str:
        """Return the region of a country or bloc; a bloc that is no region of its own counts as the rest."""
        return self._region.get(place, REST)

    def members(self, name: str) -> frozenset[str]:
        """Return the countries of a region, bloc or country."""
        if name not in self._members:
            if name == REST:
                known = set(self.chain.places["place_id"])
                self._members[name] = frozenset(p for p in known if self.of(p) == REST)
            elif name == WORLD:
                self._members[name] = frozenset(self.chain.places["place_id"])
            else:
                self._members[name] = bloc_members(self.chain, name, self.year)
        return self._members[name]

    def is_bloc(self, name: str) -> bool:
        """True where a region has more members than itself."""
        return self.members(name) != frozenset([name])

    def name(self, region: str) -> str:
        """Return what a region is called."""
        return "rest of the world" if region == REST else self._names.get(region, region)

    def column(self, name: str) -> pl.Expr:
        """Return a column of countries as regions."""
        return pl.col(name).replace_strict(self._region, default=REST, return_dtype=pl.String)


def make_regions(chain: Chain, year: int, blocs: Sequence[str], active: Iterable[str]) -> Regions:
    """Return regions with the given blocs and every active country of its own.

    Raises:
        UnknownNameError: a bloc is unknown.
    """
    resolved = tuple(dict.fromkeys(resolve_bloc(chain, bloc) for bloc in blocs))
    known = set(chain.places["place_id"])
    return Regions(chain, year, resolved, frozenset(p for p in active if p in known))
