"""A plan as its file holds it, with names: what the sections and the figures of a plan look at.

Reads the fixed shape and the tables under `more`; computes nothing beyond sums over years and orders by size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from . import format as fmt
from .figures.palette import ACCENT, BLOC, MUTED, OTHER

if TYPE_CHECKING:
    from ytterby.chain import Chain

STAGES = ("exploration", "mining", "refining", "smelting", "processing", "manufacturing", "use", "recycling")
NAMED = (
    ("places", "place_id"),
    ("blocs", "bloc_id"),
    ("materials", "material_id"),
    ("processes", "process_id"),
    ("occupations", "occupation_id"),
)


@dataclass(frozen=True, kw_only=True)
class PlanView:
    """A plan's file beside the chain that it was made of."""

    chain: Chain
    held: Mapping[str, Any]

    def table(self, name: str) -> pl.DataFrame:
        """A table of the plan in full; empty where the plan has none."""
        rows = self.held.get("more", {}).get(name) or self.held.get(name) or []
        return pl.DataFrame(rows, infer_schema_length=None)

    @property
    def bloc(self) -> str:
        """The id of the bloc that is planned for."""
        return str(self.held["manifest"]["options"]["blocs"][0])

    @property
    def first(self) -> int:
        """The base year."""
        return int(self.held["manifest"]["options"]["year"])

    @property
    def last(self) -> int:
        """The last year."""
        return int(self.held["manifest"]["options"]["until"])

    @property
    def target(self) -> str:
        """The group of targets; empty where there is none."""
        return str(self.held["manifest"]["options"].get("target") or "")

    @property
    def metal(self) -> str:
        """The metal as it stands in a sentence."""
        return str(self.chain.metal).replace("-", " ").replace("_", " ")

    @cached_property
    def names(self) -> dict[str, str]:
        """Name by id."""
        found: dict[str, str] = {"ROW": "Rest of the world"}
        for table, key in NAMED:
            found.update(self.chain.table(table).select(key, "name").iter_rows())
        return found

    def name(self, subject_id: str) -> str:
        """The name of an id; a process that only adds to what is collected bears a plus."""
        return self.names.get(subject_id) or self.names.get(subject_id.rstrip("+")) or subject_id.replace("-", " ")

    def short(self, subject_id: str) -> str:
        """The name without its qualifiers."""
        return fmt.short(self.name(subject_id))

    @cached_property
    def order(self) -> dict[str, int]:
        """Place of each material in the chain, upstream first."""
        rows = self.chain.materials.select("material_id", "stage").iter_rows()
        ranked = sorted(rows, key=lambda row: STAGES.index(row[1]) if row[1] in STAGES else len(STAGES))
        return {material: number for number, (material, _) in enumerate(ranked)}

    @cached_property
    def inflows(self) -> pl.DataFrame:
        """What comes to the bloc, home use included: material, from, year, t."""
        flows = self.table("flows")
        if flows.is_empty():
            return pl.DataFrame(schema={"material": pl.String, "from": pl.String, "year": pl.Int64, "t": pl.Float64})
        return flows.filter(pl.col("to") == self.bloc).select("material", "from", "year", "t")

    @cached_property
    def colours(self) -> dict[str, str]:
        """Colour by origin: the bloc, its largest origin over all materials, then the next ones."""
        share = pl.col("t") / pl.col("t").sum().over("material")
        ranked = (
            self.inflows.filter(~pl.col("from").is_in([self.bloc, "ROW"]))
            .with_columns(share.alias("share"))
            .group_by("from")
            .agg(pl.col("share").sum())
            .sort("share", "from", descending=[True, False])["from"]
            .to_list()
        )
        palette = (ACCENT, *MUTED)
        return {self.bloc: BLOC, **dict(zip(ranked, palette, strict=False))}

    def colour(self, place: str) -> str:
        """The colour of an origin."""
        return self.colours.get(place, OTHER)


def years_of(frame: pl.DataFrame, view: PlanView) -> list[int]:
    """The years of a table, within the plan."""
    return sorted(set(frame["year"].to_list()) & set(range(view.first, view.last + 1)))
