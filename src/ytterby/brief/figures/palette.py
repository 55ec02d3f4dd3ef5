"""Colours of places, one accent for the leader, one hue for the reader's own bloc, muted tones and greys for the rest.

The leader is the place that holds most contained metal over the rungs that carry the chain, added up. Colours are told
apart by lightness too, so that the page reads for the colour-blind and in black and white; every coloured area also
bears its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ytterby.ladder import Rung

ACCENT: Final = "#a8322d"
BLOC: Final = "#1d5b91"
MUTED: Final = ("#c79a3d", "#7d9a91", "#8f84ad", "#b98b77")
OTHER: Final = "#b4b5b0"
UNKNOWN: Final = "#e9e8e4"
INK: Final = "#1a1a1a"
SOFT: Final = "#5c5c5a"
RULE: Final = "#d4d3ce"
PAPER: Final = "#ffffff"
LAND: Final = "#e8e6e0"


@dataclass(frozen=True)
class Palette:
    """Colour by place id."""

    by_place: Mapping[str, str]
    leader: str | None

    def place(self, place_id: str | None) -> str:
        """The colour of a place; grey for the many, pale for the unknown."""
        if place_id is None or place_id == "unknown":
            return UNKNOWN
        return self.by_place.get(place_id, OTHER)


def place_palette(rungs: Iterable[tuple[Rung, float]], *, bloc: frozenset[str]) -> Palette:
    """Colours for the places of some rungs, each with the tonnes that weigh it; equal weights where all are 0."""
    given = list(rungs)
    is_weighed = any(mass > 0 for _, mass in given)
    weight: dict[str, float] = {}
    for rung, mass in given:
        for share in rung.by_place:
            if share.id != "unknown":
                weight[share.id] = weight.get(share.id, 0.0) + share.share * (mass if is_weighed else 1.0)
    ranked = sorted(weight, key=lambda place: (-weight[place], place))
    leader = next(iter(ranked), None)
    colours = dict.fromkeys(sorted(bloc), BLOC)
    if leader is not None:
        colours[leader] = ACCENT
    colours.update(zip((place for place in ranked if place not in colours), MUTED, strict=False))
    return Palette(by_place=colours, leader=leader)


def on_colour(fill: str) -> str:
    """Ink or paper, whichever reads better on the fill."""
    red, green, blue = (int(fill[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return PAPER if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.46 else INK
