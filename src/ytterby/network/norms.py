"""Look-ups by place and stage: parameters of processes, and norms that hold for any metal.

The most specific row counts: the place's own, then its bloc's, then the world's; the stage's own before one of all
stages. Where rows of one rank disagree, the default of their conflict set counts. A parameter that was read for another
place stands in with confidence `estimated` at best. Nothing that is missing becomes 0: a look-up gives a figure, or
None.
A package whose demand is complete has only its own norms, unless it says `"norms": "common"`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import polars as pl

from ytterby.chain.chain import Chain, common_tables
from ytterby.chain.places import WORLD
from ytterby.network.figures import Figure, Money
from ytterby.network.regions import Regions, is_complete

Row = dict[str, object]


class Norms:
    """Norms and process parameters of a chain, in money of one year."""

    def __init__(self, chain: Chain, regions: Regions, money: Money) -> None:
        self.chain, self.regions, self.money = chain, regions, money

    @cached_property
    def _defaults(self) -> Mapping[str, str]:
        return dict(self.chain.conflicts.select("conflict_id", "default_source_id").drop_nulls().iter_rows())

    @cached_property
    def table(self) -> pl.DataFrame:
        """The norms that count: all, or the package's own where it is taken at its word (setting `norms`)."""
        norms = self.chain.norms
        held = self.chain.settings.get("norms", "own" if is_complete(self.chain) else "common")
        if held != "own" or norms.is_empty():
            return norms
        common = common_tables(self.chain.name).get("norms", norms.clear())
        own = norms.join(common.select("norm_id", "source_id"), on=["norm_id", "source_id"], how="anti")
        rate = pl.col("parameter") == "social_discount_rate"  # of who plans, not of the package
        return own if own.filter(rate).height else pl.concat([own, norms.filter(rate)])

    @cached_property
    def _norms(self) -> Mapping[str, list[Row]]:
        return _grouped(self.table, "parameter")

    @cached_property
    def _parameters(self) -> Mapping[str, list[Row]]:
        joined = self.chain.process_parameters.with_columns(
            pl.concat_str("process_id", "parameter", separator="|").alias("__key__")
        )
        return _grouped(joined, "__key__")

    def of(
        self, parameter: str, *, stage: str | None = None, place: str | None = None, subject: str | None = None
    ) -> Figure | None:
        """Return a norm, or None where nothing is stated for it."""
        rows = [
            row
            for row in self._norms.get(parameter, [])
            if row["stage"] in (None, stage) and row["subject"] in (None, subject)
        ]
        ranked = [
            (rank, row["stage"] is None, row["subject"] is None, row)
            for row in rows
            if (rank := self._rank(row["place_id"], place)) is not None
        ]
        if not ranked:
            return None
        best = min(entry[:3] for entry in ranked)
        row = self._default([entry[3] for entry in ranked if entry[:3] == best])
        named = "; ".join(str(v) for v in (stage, place, subject) if v is not None)
        return self._figure(parameter.replace("_", " "), named or "all", row)

    def parameter(self, process: str, parameter: str, place: str) -> Figure | None:
        """Return a parameter of a process at a place, or None where nothing is stated for it."""
        rows = self._parameters.get(f"{process}|{parameter}", [])
        if not rows:
            return None
        ranked = [(self._rank(row["place_id"], place), row) for row in rows]
        held = [(rank, row) for rank, row in ranked if rank is not None]
        if held:
            best = min(rank for rank, _ in held)
            return self._figure(parameter, process, self._default([row for rank, row in held if rank == best]))
        figure = self._figure(parameter, process, self._default([row for _, row in ranked]))
        confidence = "estimated" if figure.confidence in ("measured", "reported") else figure.confidence
        return figure.times(1.0, confidence=confidence)

    def _rank(self, stated: object, place: str | None) -> int | None:
        """Return how closely a stated place fits: 0 itself, 1 a bloc or member of it, 2 everywhere; None not."""
        if stated is None or stated == WORLD:
            return 2
        if place is None:
            return None
        if stated == place:
            return 0
        members, own = self.regions.members(str(stated)), self.regions.members(place)
        if own and own <= members:
            return 1
        return 1 if str(stated) in own and self.regions.is_bloc(place) else None

    def _default(self, rows: list[Row]) -> Row:
        for row in rows:
            if row["conflict_id"] and self._defaults.get(str(row["conflict_id"])) in str(row["source_id"]).split(";"):
                return row
        # of equally close rows the latest money, then the surest, then the first by source
        order = {"measured": 0, "reported": 1, "estimated": 2, "assumed": 3}
        return min(
            rows,
            key=lambda row: (-int(str(row["money_year"] or 0)), order[str(row["confidence"])], str(row["source_id"])),
        )

    def _figure(self, what: str, subject: str, row: Row) -> Figure:
        year = row["money_year"]
        factor = self.money.factor(int(str(year))) if year is not None else 1.0

        def scaled(name: str) -> float | None:
            value = row[name]
            return None if value is None else float(str(value)) * factor

        return Figure(
            what=what,
            subject=subject,
            value=scaled("value") or 0.0,
            unit=str(row["unit"]),
            confidence=str(row["confidence"]),
            source_id=str(row["source_id"]),
            low=scaled("value_low"),
            high=scaled("value_high"),
            note=str(row["note"] or ""),
        )


def _grouped(frame: pl.DataFrame, key: str) -> dict[str, list[Row]]:
    result: dict[str, list[Row]] = {}
    for row in frame.iter_rows(named=True):
        result.setdefault(row[key], []).append(row)
    return result
