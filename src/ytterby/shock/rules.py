"""Rules by which nodes act, and what one scenario draws.

Defaults follow ARIO (Hallegatte 2014, Risk Analysis 34) as far as it states them: stocks are restored over 60 days
and overtime is reached over a year. The rest are defaults of ours, for metals: a plant runs until its stock is used
up (`psi` 0 where ARIO has 0.8), no overtime unless asked for, half of what a supplier fails to deliver is ordered
elsewhere each month.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ytterby.errors import UnknownNameError, YtterbyError

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
RATIONING = ("proportional", "domestic", "own-group", "contract")
DAYS_PER_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Rules:
    """Behaviour of every node.

    restore_months: over which a gap in stock is ordered
    psi: part of the target stock below which a plant runs slower (ARIO's psi)
    shift: part of what a supplier fails to deliver that is ordered elsewhere next month, 0 to 1
    back: part of the way back to the usual suppliers a month once they deliver, 0 to 1
    overtime: capacity beyond the usual at most, as a part of it
    overtime_months: over which it is reached
    release: part of a government stockpile that may be released a month where input is short; 0: none
    rationing: who is served first: proportional, domestic, own-group or contract
    """

    restore_months: float = 2.0
    psi: float = 0.0
    shift: float = 0.5
    back: float = 0.25
    overtime: float = 0.0
    overtime_months: float = 12.0
    release: float = 0.0
    rationing: str = "proportional"

    def __post_init__(self) -> None:
        if self.rationing not in RATIONING:
            raise UnknownNameError("rationing rule", self.rationing, RATIONING)
        for name in ("psi", "shift", "back", "release"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise YtterbyError(f"{name} is a part from 0 to 1, not {value:g}")
        if self.restore_months < 1 or self.overtime_months < 1:
            raise YtterbyError("stocks and overtime move over 1 month or more, the length of a step")
        if self.overtime < 0:
            raise YtterbyError(f"overtime adds capacity: write 0 or more, not {self.overtime:g}")


@dataclass(frozen=True, eq=False)
class Draws:
    """What differs between scenarios, one column a scenario.

    severity: part of the exposed capacity that stands still, (months, scenarios), 0 to 1
    target: row of the exposures that each scenario stops
    cover: factor on cover by kind of slot, (kinds, scenarios)
    slack: factor on capacity, (scenarios,): below 1 where demand is above the base
    shift: as in Rules, drawn
    """

    severity: Array
    target: Ints
    cover: Array
    slack: Array
    shift: Array

    @property
    def count(self) -> int:
        """How many scenarios."""
        return int(self.severity.shape[1])

    @property
    def months(self) -> int:
        """How many months."""
        return int(self.severity.shape[0])

    def part(self, start: int, stop: int) -> Draws:
        """Return the scenarios from start to before stop."""
        return self.at(np.arange(start, min(stop, self.count)))

    def at(self, where: Ints) -> Draws:
        """Return scenarios by number."""
        return Draws(
            self.severity[:, where], self.target[where], self.cover[:, where], self.slack[where], self.shift[where]
        )


@dataclass(frozen=True, eq=False)
class Exposure:
    """What a stop reaches, one row a stop: part of each node's capacity (stops, nodes), of each arc (stops, arcs)."""

    nodes: Array
    arcs: Array

    @property
    def stops_arcs(self) -> bool:
        """Whether any stop closes an arc."""
        return bool(self.arcs.any())


@dataclass(frozen=True, eq=False)
class Paths:
    """What a kernel returns.

    served: t a month by use, (months, uses, scenarios)
    first: months until a use first runs short, infinite where it never does, (uses, scenarios)
    residual: largest error of the balance of matter in a month, as a part of what is shipped, (scenarios,)
    """

    served: npt.NDArray[np.floating]
    first: npt.NDArray[np.floating]
    residual: Array


def ario_output(
    base: float, damage: float, demand: float, need: float, cover: float, psi: float, stock: float, alpha: float = 1.0
) -> tuple[float, float, float]:
    """Return ARIO's wanted output, stock that must be at hand for it, and output of one node with one input.

    x_opt = min(demand, alpha (1 - damage) base); required = psi cover need x_opt; x = x_opt min(1, stock / required).
    """
    wanted = min(demand, alpha * (1.0 - damage) * base)
    required = psi * cover * need * wanted
    return wanted, required, wanted * min(1.0, stock / required) if required > 0 else wanted
