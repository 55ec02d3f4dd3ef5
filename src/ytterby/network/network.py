"""A network: a chain compiled once to labelled tables and sparse matrices, shared by balance, plan and shock.

Every region has two nodes a material: `made`, what it makes, from which lanes start; and `held`, what it has to use,
where lanes end. Material used where it is made takes the home lane, at no cost. So a lane's exporter is its origin, and
a hub that makes nothing is no origin. A `slot` node joins the options of an alternative.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from ytterby.chain.chain import Chain
from ytterby.network.figures import Figure, FigureBook
from ytterby.network.regions import Regions, is_complete

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Network:
    """A chain in one base year.

    materials: material_id, name, stage, kind, form, disposal_usd_per_t, is_traded, is_free, contained (t of the tracked
        components per t)
    regions: region, name, is_own (may build and train)
    nodes: node, region, material, side (made, held or slot)
    activities: activity, process_id, kind (run or choice), stage, region, material (main output), group (row of
        `groups`, empty for a choice), is_existing, is_candidate, missing, and figures: opex_usd_per_t,
        capex_usd_per_t_per_a, build_a, life_a, labour_fte_per_kt, each with the number of its figure
    flows: activity, node, t_per_t (negative in, positive out)
    groups: group, material, region, capacity_t_per_a, output_t, figure (existing capacity that processes share)
    lanes: see `ytterby.network.lanes`
    demand: material, region, end_use, t, growth, confidence, source_id, note, node
    demand_years: demand (row), year, t, growth: use stated for years after the base, in year order
    used: product, material (what it becomes after use), t_per_t
    announced: material, region, year, t_per_a, status, facility_id, confidence, source_id
    figure_list: the figures that its numbers rest on; `figures` has them as a table
    """

    chain: Chain
    year: int
    money_year: int
    places: Regions
    materials: pl.DataFrame
    regions: pl.DataFrame
    nodes: pl.DataFrame
    activities: pl.DataFrame
    flows: pl.DataFrame
    groups: pl.DataFrame
    lanes: pl.DataFrame
    demand: pl.DataFrame
    demand_years: pl.DataFrame
    announced: pl.DataFrame
    used: pl.DataFrame
    figure_list: tuple[Figure, ...]
    notes: tuple[str, ...] = ()

    @property
    def figures(self) -> pl.DataFrame:
        """The figures as a table (columns of `ytterby.network.figures.SCHEMA`)."""
        return FigureBook(list(self.figure_list)).frame()

    @property
    def is_stated(self) -> bool:
        """True where the package says that its demand is complete, so that nothing is scaled or spread."""
        return is_complete(self.chain)

    @cached_property
    def node_of(self) -> Mapping[tuple[str, str, str], int]:
        """Return the node of (material, region, side)."""
        columns = ("material", "region", "side", "node")
        return {(m, r, s): n for m, r, s, n in self.nodes.select(columns).iter_rows()}

    @cached_property
    def technology(self) -> sp.csc_array:
        """Tonnes that one tonne of an activity adds to each node, shape (nodes, activities)."""
        rows, columns = self.flows["node"].to_numpy(), self.flows["activity"].to_numpy()
        shape = (self.nodes.height, self.activities.height)
        return sp.csc_array((self.flows["t_per_t"].to_numpy(), (rows, columns)), shape=shape)

    @cached_property
    def incidence(self) -> sp.csc_array:
        """-1 at the made node where a lane starts, 1 at the held node where it ends, shape (nodes, lanes)."""
        count = self.lanes.height
        start = self._nodes("exporter", "made")
        end = self._nodes("importer", "held")
        rows = np.concatenate([start, end])
        columns = np.concatenate([np.arange(count), np.arange(count)])
        values = np.concatenate([-np.ones(count), np.ones(count)])
        return sp.csc_array((values, (rows, columns)), shape=(self.nodes.height, count))

    def _nodes(self, column: str, side: str) -> Ints:
        pairs = self.lanes.select("material", column).iter_rows()
        return np.array([self.node_of[m, r, side] for m, r in pairs], dtype=np.int64)

    def contained(self, material: str) -> float:
        """Return tonnes of the tracked components in one tonne of a material; 1 where matter is not tracked."""
        if not self.chain.is_tracked:
            return 1.0
        value = self.materials.filter(pl.col("material_id") == material)["contained"]
        return float(value[0]) if len(value) else 0.0
