"""Recipes as a model sees them: balanced materials, the processes that make each, what an activity takes and gives.

Deposits are free to take, reagents are paid for inside opex, losses leave unless some process reworks them;
everything else is balanced. Rows of one process with the same `alternative` are options: any mix of them serves (in)
or comes out (out).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ytterby.chain.chain import Chain

UNBALANCED = ("deposit", "reagent")
OUTSIDE = ("use", "exploration")
UNTRADED_FORMS = ("ore", "in the ground", "tailings", "slurry", "used part")
READY_TRL = 8


@dataclass(frozen=True)
class Routes:
    """Balanced materials and the processes between them.

    materials: material_id, name, stage, kind, form, disposal_usd_per_t, is_traded, is_free (may be disposed of free)
    processes: process_id, name, stage, trl, main, is_scrap_fed, is_collection (takes used parts), is_ready
    used: product, material (what it becomes after use), t_per_t
    flows: process_id, material_id, t_per_t (negative in, positive out), option (label of an alternative or None)
    """

    materials: pl.DataFrame
    processes: pl.DataFrame
    flows: pl.DataFrame
    used: pl.DataFrame
    deposits: pl.DataFrame

    def makers(self, material: str) -> pl.DataFrame:
        """Return the processes whose main output is a material."""
        return self.processes.filter(pl.col("main") == material)


def make_routes(chain: Chain) -> Routes:
    """Return the routes of a chain."""
    kinds = chain.materials.select("material_id", "kind")
    made = chain.recipes.filter(pl.col("role") == "main").select("process_id", pl.col("material_id").alias("main"))
    processes = (
        chain.processes.filter(~pl.col("stage").is_in(OUTSIDE))
        .select("process_id", "name", "stage", "trl")
        .join(made, on="process_id")
        .with_columns((pl.col("trl").is_null() | (pl.col("trl") >= READY_TRL)).alias("is_ready"))
    )
    rows = chain.recipes.join(kinds, on="material_id").join(processes.select("process_id"), on="process_id", how="semi")
    reworked = rows.filter((pl.col("kind") == "loss") & (pl.col("role") == "feed"))["material_id"].unique()
    is_lost = (pl.col("kind") == "loss") & ~pl.col("material_id").is_in(reworked.implode())
    sign = pl.when(pl.col("direction") == "in").then(-1.0).otherwise(1.0)
    flows = rows.filter(~pl.col("kind").is_in(UNBALANCED) & ~is_lost).select(
        "process_id",
        "material_id",
        (pl.col("t_per_t") * sign).alias("t_per_t"),
        pl.col("alternative").alias("option"),
        "confidence",
        "source_id",
    )
    scrap = rows.filter((pl.col("role") == "feed") & (pl.col("kind") == "scrap"))["process_id"].unique()
    used = _used(chain)
    collects = rows.filter((pl.col("role") == "feed") & pl.col("material_id").is_in(used["material"].implode()))
    processes = processes.with_columns(
        pl.col("process_id").is_in(scrap.implode()).alias("is_scrap_fed"),
        pl.col("process_id").is_in(collects["process_id"].implode()).alias("is_collection"),
    )
    ordered = flows.sort("process_id", "material_id")
    ground = rows.filter((pl.col("kind") == "deposit") & (pl.col("role") == "feed")).select("process_id", "material_id")
    return Routes(_materials(chain, flows), processes.sort("process_id"), ordered, used, ground)


def _used(chain: Chain) -> pl.DataFrame:
    """Return what each product becomes after use, from the processes of stage `use`: product, material, t_per_t."""
    of_use = chain.processes.filter(pl.col("stage") == "use").select("process_id")
    rows = chain.recipes.join(of_use, on="process_id", how="semi")
    feeds, mains = rows.filter(pl.col("role") == "feed"), rows.filter(pl.col("role") == "main")
    joined = feeds.join(mains, on="process_id", suffix="_out").sort("process_id")
    return joined.select(
        pl.col("material_id").alias("product"),
        pl.col("material_id_out").alias("material"),
        (pl.col("t_per_t_out") / pl.col("t_per_t")).alias("t_per_t"),
    )


def _materials(chain: Chain, flows: pl.DataFrame) -> pl.DataFrame:
    """Return the balanced materials that some process takes or gives, or that are used as they are."""
    used = set(flows["material_id"]) | set(chain.demand["material_id"])
    side = chain.recipes.filter(pl.col("role") == "co_product")["material_id"].unique()
    traded = set(chain.material_hs6["material_id"]) | set(chain.trade["material_id"]) | set(chain.lanes["material_id"])
    is_local = (pl.col("form").is_in(UNTRADED_FORMS) | (pl.col("kind") == "loss")) & ~pl.col("material_id").is_in(
        list(traded)
    )
    frame = chain.materials.filter(
        pl.col("material_id").is_in(list(used)) & ~pl.col("kind").is_in(UNBALANCED)
    ).with_columns(
        (~is_local.fill_null(value=False)).alias("is_traded"),
        (pl.col("material_id").is_in(side.implode()) | pl.col("kind").is_in(["scrap", "loss"])).alias("is_free"),
    )
    columns = ["material_id", "name", "stage", "kind", "form", "disposal_usd_per_t", "is_traded", "is_free"]
    return frame.select(columns).sort("material_id")
