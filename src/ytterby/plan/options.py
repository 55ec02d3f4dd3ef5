"""What a plan is asked: for whom, until when, which targets, and which constraints hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Options:
    """Options of a plan.

    blocs: places that may build and train; the first is the one planned for
    until: last year
    target: group of targets, such as crma; None for none
    year: base year; None for the package's
    period: years a period
    discount: social discount rate; None for the norm of the enablers package
    draws: re-solves with drawn figures; 0 for none
    people, money, controls, build_rates: whether each family of constraints holds
    budget_musd: money a year that may be committed to new plant, instead of table `budgets`
    capacity: capacity added to existing plant, (material, region) -> t a year
    places: study places a year added, occupation -> places
    years_sooner: years by which every build is quicker
    lost_use: factor on the value of lost use
    controller_cap: most that one controller may hold of the supply of the bloc at each stage
    cover_days: days of use that the bloc must hold of each material with a price; None for none
    whole_plants: build in plants of typical size
    nearest: makers reach this many nearest and largest users where no trade is held
    calibrate, fit: whether lane mark-ups and the base year are fitted to what is observed
    research: odds (programmes funded at fixed odds), outcomes (success and duration unknown until they end) or none
    programmes: research programmes that the plan decides on; None for all whose variant could be built
    outcomes: draws of success and duration, up to 50
    fixed_builds: builds that replace the decision, (process, region, year decided) -> t a year
    """

    blocs: tuple[str, ...]
    until: int
    target: str | None = None
    year: int | None = None
    period: int = 1
    discount: float | None = None
    draws: int = 30
    seed: int = 0
    people: bool = True
    money: bool = True
    controls: bool = True
    build_rates: bool = True
    budget_musd: float | None = None
    capacity: Mapping[tuple[str, str], float] = field(default_factory=dict)
    places: Mapping[str, float] = field(default_factory=dict)
    years_sooner: float = 0.0
    lost_use: float = 1.0
    controller_cap: float | None = None
    cover_days: float | None = None
    whole_plants: bool = False
    nearest: int = 3
    calibrate: bool = True
    fit: bool = True
    time_limit: float | None = None
    gap: float | None = None
    fixed_builds: Mapping[tuple[str, str, int], float] | None = None
    research: str = "odds"
    programmes: tuple[str, ...] | None = None
    outcomes: int = 50

    def to_dict(self) -> dict[str, Any]:
        """Return the options as plain values, keys of mappings joined by '|'."""
        plain = asdict(self)
        for name in ("capacity", "places", "fixed_builds"):
            value = plain[name]
            if value is not None:
                joined = {"|".join(map(str, k)) if isinstance(k, tuple) else k: v for k, v in value.items()}
                plain[name] = joined
        plain["blocs"] = list(self.blocs)
        return plain
