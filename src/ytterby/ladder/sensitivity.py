"""Which inputs a headline hangs on: the share of its variance that each explains, and what would settle it.

Share of variance is the squared rank correlation (Spearman 1904) of an input's draws with the headline's draws, a
first-order measure that holds while inputs are drawn independently, up to the part that one source shares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ytterby.chain.chain import Chain
from ytterby.chain.uncertainty import Array, Sampler
from ytterby.ladder.result import Sensitivity
from ytterby.tonnage.amounts import Amount
from ytterby.tonnage.book import Tonnage

DOCUMENTS = {
    "production": "the producer's or statistics office's yearbook table for that year",
    "capacity": "the operator's annual report or environmental permit, which print capacity",
    "share": "the yearbook table behind the claim",
    "utilisation": "the industry association's operating-rate series",
    "reserves": "the national mineral inventory",
    "total": "a world total by a statistics office or industry association",
    "unknown": "a list of plants with capacities, such as an industry directory",
}


def ranks(values: Array) -> Array:
    """Return ranks of draws, shape (draws,)."""
    result = np.empty(len(values))
    result[np.argsort(values, kind="stable")] = np.arange(len(values))
    return result


def effects(headline: Array, inputs: Sequence[tuple[str, Array]]) -> list[tuple[str, float]]:
    """Return inputs with the share of the headline's variance that each explains, largest first."""
    target = ranks(headline)
    if np.ptp(headline) == 0:
        return []
    found: dict[str, float] = {}
    for label, draws in inputs:
        if np.ptp(draws) > 0:
            r = float(np.corrcoef(target, ranks(draws))[0, 1])
            found[label] = max(found.get(label, 0.0), r * r)
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


@dataclass(frozen=True)
class Spoken:
    """Names in place of ids, and what settles each conflict set."""

    names: Mapping[str, str]
    reasons: Mapping[str, str]

    @classmethod
    def of(cls, chain: Chain) -> Spoken:
        """Return the names and reasons of a chain."""
        names: dict[str, str] = {}
        for table, key in (("facilities", "facility_id"), ("places", "place_id"), ("materials", "material_id")):
            names |= dict(chain.table(table).select(key, "name").iter_rows())
        return cls(names, dict(chain.conflicts.select("conflict_id", "reason").iter_rows()))

    def label(self, label: str) -> str:
        """Return the name of an input with names in place of ids."""
        head, _, last = label.partition(", ")
        words = [self.names.get(word, word).split(",")[0] for word in head.split(" ")]
        return " ".join(words) + (f", {self.names.get(last, last)}" if last else "")

    def settles(self, label: str, amount: Amount | None) -> str:
        """Return the cheapest document that would settle an input."""
        if amount is None:
            return DOCUMENTS["unknown"]
        if amount.conflict_id is not None and amount.conflict_id in self.reasons:
            return self.reasons[amount.conflict_id]
        return DOCUMENTS.get(label.split(" ")[0], DOCUMENTS["unknown"])


def of_headline(
    spoken: Spoken, headline: str, drawn: Array, tonnage: Tonnage, sampler: Sampler, count: int = 3
) -> list[Sensitivity]:
    """Return the inputs to which a headline of a rung is most sensitive."""
    known = {amount.label: amount for amount in tonnage.inputs}
    inputs = [(amount.label, amount.draws) for amount in known.values()]
    if tonnage.unknown > 0:
        label = f"tonnage of {tonnage.material} without a known place"
        inputs.append((label, tonnage.unknown_draws))
        inputs.append((f"how {label} is spread", sampler.uniform(f"spread places of {tonnage.material}")))
    top = effects(drawn, inputs)[:count]
    return [
        Sensitivity(headline, spoken.label(label), share, spoken.settles(label, known.get(label)))
        for label, share in top
        if share > 0.01
    ]
