"""What `ladder` returns: rungs with shares, indices with intervals, evidence, sensitivity.

A share list covers its rung: the shares with the unknown sum to 1. Low and high are the 5 % and 95 % of the draws; the
value is the default-rule value and may lie outside them, because noise raises concentration: `outside` then says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ytterby.manifest import Manifest

UNKNOWN = "unknown"
CLAIMS = ("by_place", "by_owner", "by_owner_equity", "by_contract")
INDICES = ("hhi", "hhi_owner", "hhi_governance", "top1", "top3", "import_reliance", "eu_supply_risk")


@dataclass(frozen=True)
class Share:
    """One holder's share of a rung; `state` is the country of the state that controls it."""

    id: str
    name: str
    share: float
    low: float
    high: float
    state: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the share as JSON would have it."""
        base = {"id": self.id, "name": self.name, "share": self.share, "low": self.low, "high": self.high}
        return base | ({"state": self.state} if self.state else {})


@dataclass(frozen=True)
class Index:
    """A figure with its interval, or none with the reason in `why`."""

    value: float | None
    low: float | None = None
    high: float | None = None
    why: str = ""

    @property
    def outside(self) -> bool:
        """True where the value lies outside its interval."""
        return self.value is not None and self.low is not None and not self.low <= self.value <= (self.high or 0.0)

    def to_dict(self) -> dict[str, Any]:
        """Return the index as JSON would have it."""
        base: dict[str, Any] = {"value": self.value, "low": self.low, "high": self.high}
        if self.why:
            base["why"] = self.why
        if self.outside:
            base["outside_interval"] = True
        return base


@dataclass(frozen=True)
class Rung:
    """One step of the ladder: a material at its stage."""

    stage: str
    material: str
    name: str
    year: int
    total_t: float | None
    total_low: float | None
    total_high: float | None
    basis: str
    basis_note: str
    by_place: tuple[Share, ...]
    by_owner: tuple[Share, ...]
    by_owner_equity: tuple[Share, ...]
    by_contract: tuple[Share, ...]
    indices: Mapping[str, Index]
    evidence: Mapping[str, float]
    source_ids: tuple[str, ...]
    sites: int = 0
    sites_with_figure: int = 0

    def __getattr__(self, name: str) -> Index:
        """Return an index by name: hhi, hhi_owner, hhi_governance, top1, top3, import_reliance, eu_supply_risk."""
        if name in INDICES:
            return self.indices[name]
        raise AttributeError(f"a rung has no '{name}'")

    def to_dict(self) -> dict[str, Any]:
        """Return the rung as JSON would have it."""
        head: dict[str, Any] = {
            "stage": self.stage,
            "material": self.material,
            "name": self.name,
            "total_t": self.total_t,
        }
        head |= {"total_low": self.total_low, "total_high": self.total_high}
        head |= {"basis": self.basis, "basis_note": self.basis_note}
        claims = {claim: [share.to_dict() for share in getattr(self, claim)] for claim in CLAIMS}
        indices = {name: index.to_dict() for name, index in self.indices.items()}
        tail = {"evidence": dict(self.evidence), "sources": list(self.source_ids)}
        return head | claims | indices | tail | {"sites": self.sites, "sites_with_figure": self.sites_with_figure}


@dataclass(frozen=True)
class Sensitivity:
    """How much of a headline's variance one input explains, and what would settle it."""

    headline: str
    input: str
    effect: float
    settles: str

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON would have it."""
        return {"headline": self.headline, "input": self.input, "effect": self.effect, "settles": self.settles}


@dataclass(frozen=True)
class LadderResult:
    """The ladder of control of one metal, for one year and one bloc."""

    metal: str
    year: int
    bloc: str
    rungs: tuple[Rung, ...]
    geopolrisk: Mapping[str, float | None]
    sensitivity: tuple[Sensitivity, ...]
    manifest: Manifest
    corroborated: bool = False
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON would have it."""
        return {
            "metal": self.metal,
            "year": self.year,
            "for": self.bloc,
            "corroborated": self.corroborated,
            "stages": [rung.to_dict() for rung in self.rungs],
            "geopolrisk": dict(self.geopolrisk),
            "sensitivity": [row.to_dict() for row in self.sensitivity],
            "notes": list(self.notes),
            "manifest": self.manifest.to_dict(),
        }

    @property
    def tables(self) -> Mapping[str, pl.DataFrame]:
        """Frames `shares` (stage, material, claim, id, name, share, low, high, state) and `indices`."""
        shares = [
            {"stage": r.stage, "material": r.material, "claim": claim, "state": None, **share.to_dict()}
            for r in self.rungs
            for claim in CLAIMS
            for share in getattr(r, claim)
        ]
        indices = [
            {"stage": r.stage, "material": r.material, "index": name, **index_row}
            for r in self.rungs
            for name, index_row in (
                (n, {"value": i.value, "low": i.low, "high": i.high, "why": i.why}) for n, i in r.indices.items()
            )
        ]
        return {
            "shares": pl.DataFrame(shares, infer_schema_length=None),
            "indices": pl.DataFrame(indices, infer_schema_length=None),
        }

    def summary(self) -> list[str]:
        """Return plain sentences with figures and intervals, one or two a rung."""
        from ytterby.ladder.words import sentences

        return sentences(self)
