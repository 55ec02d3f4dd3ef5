"""Which owner the page follows, and which others come after it.

Rule: the largest known share on a supply rung of which less than UNCLEAR has no known owner; then all other rungs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .context import SUPPLY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ytterby.ladder import LadderResult, Rung

UNCLEAR: Final = 0.6  # part of a rung without a known owner from which on it leads only where no other rung can


@dataclass(frozen=True, kw_only=True)
class Controller:
    """An owner at its largest share of a rung, and what the companies of the same state hold of that rung together."""

    id: str
    name: str
    share: float
    rung: Rung
    unknown: float
    state: str | None
    state_share: float


def controllers(result: LadderResult, *, rungs: Sequence[Rung] | None = None) -> list[Controller]:
    """Owners of some rungs, else of all, the first the one that the page follows.

    Rule: the largest known share on a supply rung of which less than UNCLEAR has no known owner; then all other rungs.
    """
    best: dict[str, tuple[tuple[bool, float], Controller]] = {}
    for rung in result.rungs if rungs is None else rungs:
        unknown = sum(share.share for share in rung.by_owner if share.id == "unknown")
        is_clear = rung.stage in SUPPLY and unknown < UNCLEAR
        for share in rung.by_owner:
            rank = (is_clear, share.share)
            if share.id == "unknown" or (share.id in best and best[share.id][0] >= rank):
                continue
            found = Controller(
                id=share.id,
                name=share.name,
                share=share.share,
                rung=rung,
                unknown=unknown,
                state=share.state,
                state_share=sum(s.share for s in rung.by_owner if share.state and s.state == share.state),
            )
            best[share.id] = (rank, found)
    return [best[name][1] for name in sorted(best, key=lambda name: (*(-part for part in best[name][0]), name))]


def main_controller(result: LadderResult, *, rungs: Sequence[Rung] | None = None) -> Controller | None:
    """The owner that the page follows, by the rule of `controllers`; None where no owner is known."""
    return next(iter(controllers(result, rungs=rungs)), None)
