"""Scenarios as draws: how deep, how long, with which stocks and demand.

Each random number is keyed by the seed and by what it belongs to (`ytterby.chain.uncertainty.Sampler`), and scenario i
is the i-th draw of each: more runs add scenarios and change none. With one run every number is its point. Spreads,
where nothing states them, are defaults of ours: duration as estimated, cover as assumed (stated cover as estimated),
demand as measured, the rate of shifting suppliers as assumed; a depth below 1 as a fraction of estimated size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ytterby.chain.uncertainty import Array, Sampler, log_sd
from ytterby.errors import YtterbyError
from ytterby.shock.model import Model
from ytterby.shock.rules import Draws, Rules


@dataclass(frozen=True)
class Stop:
    """When and how deep: months from the start, part of what is reached, months of ramp back to full."""

    months: float = 12.0
    depth: float = 1.0
    start: float = 0.0
    ramp: float = 0.0

    def check(self, horizon: int) -> None:
        """Refuse what cannot be.

        Raises:
            YtterbyError: a number out of range, with what to write instead.
        """
        if not np.isfinite(self.months) or self.months <= 0:
            raise YtterbyError(f"a stop lasts more than 0 months, not {self.months:g}")
        if not 0 <= self.depth <= 1:
            raise YtterbyError(f"depth is the part that stops, from 0 to 1, not {self.depth:g}")
        if self.start < 0 or self.ramp < 0:
            raise YtterbyError("a stop starts in month 0 or later, and its ramp back takes 0 months or more")
        if self.start + self.months > horizon:
            raise YtterbyError(
                f"a stop of {self.months:g} months from month {self.start:g} goes beyond the horizon of {horizon} "
                "months; name a longer --horizon or a shorter --months"
            )


def severity(months: Array, depth: Array, start: float, ramp: float, horizon: int) -> Array:
    """Return the part that stands still in each month, (horizon, scenarios): the mean over the month of its course.

    Depth from start for `months`, then down to 0 in a straight line over `ramp`.
    """
    edges = np.arange(horizon + 1, dtype=np.float64)[:, None]
    end = start + months[None, :]

    def area(t: Array) -> Array:
        flat = np.clip(t - start, 0.0, months[None, :])
        if ramp <= 0:
            return flat
        down = np.clip((t - end) / ramp, 0.0, 1.0)
        result: Array = flat + ramp * (down - down**2 / 2)
        return result

    return np.diff(area(edges), axis=0) * depth[None, :]


def draw(model: Model, stop: Stop, rules: Rules, *, runs: int, horizon: int, seed: int, targets: int = 1) -> Draws:
    """Return `runs` scenarios of each target, target by target, with the same draws for each.

    Raises:
        YtterbyError: fewer than one run or month, or a stop that cannot be.
    """
    if runs < 1 or horizon < 1:
        raise YtterbyError(f"runs and horizon are 1 or more, not {runs} and {horizon}")
    stop.check(horizon)
    kinds = len(model.materials)
    if runs == 1:
        months, depth, slack = np.array([stop.months]), np.array([stop.depth]), np.ones(1)
        cover, shift = np.ones((kinds, 1)), np.array([rules.shift])
    else:
        sampler = Sampler(runs, seed)
        months = stop.months * np.exp(log_sd("estimated") * sampler.normal("shock duration"))
        months = np.minimum(months, horizon - stop.start)
        depth = sampler.fraction("shock depth", stop.depth, log_sd("estimated"), None)
        slack = np.exp(-log_sd("measured") * sampler.normal("shock demand"))
        shift = sampler.fraction("shock shift of suppliers", rules.shift, log_sd("assumed"), None)
        sds = [log_sd("assumed" if material in model.assumed else "estimated") for material in model.materials]
        cover = np.array(
            [
                np.exp(sd * sampler.error(f"shock cover of {material}", "cover"))
                for material, sd in zip(model.materials, sds, strict=True)
            ]
        ).reshape(kinds, runs)
    course = severity(months, depth, stop.start, stop.ramp, horizon)
    return Draws(
        severity=np.tile(course, (1, targets)),
        target=np.repeat(np.arange(targets), runs),
        cover=np.tile(cover, (1, targets)),
        slack=np.tile(slack, targets),
        shift=np.tile(shift, targets),
    )


def inputs(model: Model, draws: Draws, runs: int) -> pl.DataFrame:
    """Return what was drawn for the first target, one row a run: months stopped, demand, shift, cover by material."""
    columns = {
        "stopped_months": draws.severity[:, :runs].sum(axis=0),
        "demand": 1.0 / draws.slack[:runs],
        "shift": draws.shift[:runs],
    }
    return pl.DataFrame(columns | {f"cover {m}": draws.cover[k, :runs] for k, m in enumerate(model.materials)})
