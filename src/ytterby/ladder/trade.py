"""Trade of a material: flows between places, what a bloc buys and sells, and its import reliance.

Flows come from `ytterby.tonnage.flows`. A material whose lines are not held has no import reliance, and says which line
is missing; so has one whose net exports exceed what is left to use. Flows without a quantity are counted, not taken as
0. Flows priced above three times, or below a third
of, the tonnage-weighted median of their line and year are flagged, not left out (the factor is ours).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.uncertainty import Array, Sampler, interval, log_sd
from ytterby.ladder.result import Index
from ytterby.tonnage import stated_content, trade_flows

NO_CONTENT = "production and trade have different bases, and the content of a trade line is not known"
NO_USE = "trade recorded is larger than what is made: exports exceed production and imports"
NOTHING = "nothing is made or traded"
MOSTLY_SOLD = (
    "net exports exceed what is left to use: a net exporter without a meaningful ratio, "
    "or flows that cannot be of this material alone"
)
LOWEST = -1.0
PRICE_FACTOR = 3.0


@dataclass(frozen=True)
class Trade:
    """Imports by origin and exports of a bloc, tonnes; `why` says what is missing, `note` what is doubtful.

    `is_gross`: the lines count gross tonnes whose content is not known, so that own output cannot be added to them.
    `grade`: lowest and highest content of what is traded, over the content of the material of the chain.
    """

    imports: Mapping[str, float]
    exports: float
    why: str = ""
    is_gross: bool = False
    note: str = ""
    grade: tuple[float, float] = (1.0, 1.0)

    @property
    def is_held(self) -> bool:
        """True where trade of the material is known."""
        return not self.why


def bloc_trade(chain: Chain, world: Chain, material: str, members: frozenset[str], year: int) -> Trade:
    """Return the trade of a bloc with the rest of the world in one material and year."""
    flows, why = trade_flows(chain, world, material, year)
    if why:
        return Trade({}, 0.0, why)
    inside = list(members)
    bought = flows.filter(pl.col("importer").is_in(inside) & ~pl.col("exporter").is_in(inside))
    sold = flows.filter(pl.col("exporter").is_in(inside) & ~pl.col("importer").is_in(inside))
    origin = bought.group_by("exporter").agg(pl.col("t").sum()).filter(pl.col("t") > 0).sort("exporter")
    low, high = stated_content(chain, material)
    return Trade(
        dict(origin.iter_rows()),
        float(sold["t"].sum()),
        is_gross=chain.settings.get("trade_basis") == "gross",
        note=_doubts(bought, sold),
        grade=(max(low, 0.01), high),
    )


def _doubts(bought: pl.DataFrame, sold: pl.DataFrame) -> str:
    """Say which part of exports is priced like another material, and how many flows have no quantity."""
    said = []
    total = float(sold["t"].sum())
    odd = float(sold.filter((pl.col("level") > PRICE_FACTOR) | (pl.col("level") < 1 / PRICE_FACTOR))["t"].sum())
    if odd > 0.01 * total:
        said.append(
            f"{100 * odd / total:.0f} % of exports have a price more than {PRICE_FACTOR:g} times above or below "
            "the median of the line and may not be this material"
        )
    if unknown := bought["t"].null_count() + sold["t"].null_count():
        said.append(f"{unknown} flow{'s' * (unknown > 1)} without a quantity not counted")
    return "; ".join(said)


def reliance(trade: Trade, made: float, made_draws: Array, sampler: Sampler, label: str) -> tuple[Index, Array]:
    """Return import reliance (imports - exports) / (production + imports - exports), and its draws.

    Trade varies as reported figures do, and with the content that the material may have. Withheld where consumption is
    not above zero or the ratio is below -1; `why` of a value says what is doubtful about it.
    """
    nothing = np.full(sampler.draws, np.nan)
    if not trade.is_held:
        return Index(None, why=trade.why), nothing
    if trade.is_gross and made > 0:
        return Index(None, why=NO_CONTENT), nothing
    bought, sold = sum(trade.imports.values()), trade.exports
    why = withheld(made, bought, sold)
    if why:
        return Index(None, why="; ".join(filter(None, (why, trade.note)))), nothing
    bought_draws = _drawn("imports", bought, trade, sampler, label)
    sold_draws = _drawn("exports", sold, trade, sampler, label)
    use = made_draws + bought_draws - sold_draws
    drawn = np.where(use > 0, (bought_draws - sold_draws) / np.where(use > 0, use, 1.0), np.nan)
    finite = drawn[np.isfinite(drawn)]
    low, high = map(float, interval(finite)) if finite.size else (None, None)
    return Index((bought - sold) / (made + bought - sold), low, high, trade.note), drawn


def withheld(made: float, bought: float, sold: float) -> str:
    """Return why a net import reliance is not given, or an empty string."""
    use = made + bought - sold
    if use <= 0:
        return NO_USE if sold > 0 else NOTHING
    return MOSTLY_SOLD if (bought - sold) / use < LOWEST else ""


def _drawn(what: str, tonnes: float, trade: Trade, sampler: Sampler, label: str) -> Array:
    """Return draws of traded tonnes, counted as the material of the chain by their content."""
    low, high = trade.grade
    content = sampler.amount(f"content of {what} {label}", 1.0, 0.0, "trade", low, high)
    return sampler.amount(f"{what} {label}", tonnes, log_sd("reported"), "trade") * content
