"""Research programmes of the metals: each has a variant that makes what its base makes, steps that add up, a source.

A variant counts as sourced where its process is read, not assumed, and at least one coefficient that differs from the
base process stands on more than an assumption.
"""

from __future__ import annotations

import math

import polars as pl
import pytest

from ytterby.chain import Chain, load_chain

METALS = ("tungsten", "tantalum", "niobium", "rare_earths")
CHAINS = {metal: load_chain(metal) for metal in METALS}
RECIPE = ["material_id", "direction", "role"]
PARAMETER = ["parameter", "place_id"]
MOST = 6


def _main_of(chain: Chain, process: str) -> list[str]:
    rows = chain.recipes.filter(pl.col("process_id") == process, pl.col("role") == "main", pl.col("direction") == "out")
    return rows["material_id"].to_list()


def _changed(table: pl.DataFrame, base: str, variant: str, keys: list[str], value: str) -> pl.DataFrame:
    """Return the coefficients of the variant that its base lacks or states otherwise, and that are not assumed."""
    own = table.filter(pl.col("process_id") == variant, pl.col("confidence") != "assumed")
    held = table.filter(pl.col("process_id") == base).select(*keys, pl.col(value).alias("of_base"))
    beside = own.join(held, on=keys, how="left", nulls_equal=True)
    return beside.filter(pl.col("of_base").is_null() | ((pl.col(value) - pl.col("of_base")).abs() > 1e-9))


def _is_sourced(chain: Chain, base: str, variant: str) -> bool:
    process = chain.processes.filter(pl.col("process_id") == variant).row(0, named=True)
    inputs = chain.recipes.filter(pl.col("role") != "main")
    changed = _changed(inputs, base, variant, RECIPE, "t_per_t").height
    changed += _changed(chain.process_parameters, base, variant, PARAMETER, "value").height
    return process["confidence"] != "assumed" and changed > 0


@pytest.mark.parametrize("metal", METALS)
def test_variant_makes_what_its_base_makes(metal: str) -> None:
    chain = CHAINS[metal]
    known = set(chain.processes["process_id"])
    assert 2 <= chain.research.height <= MOST
    for row in chain.research.iter_rows(named=True):
        base, variant = row["base_process_id"], row["variant_process_id"]
        assert {base, variant} <= known, row["research_id"]
        assert base != variant
        assert len(_main_of(chain, variant)) == 1
        assert _main_of(chain, variant) == _main_of(chain, base), row["research_id"]
    assert chain.research["variant_process_id"].is_unique().all()


@pytest.mark.parametrize("metal", METALS)
def test_steps_lead_from_now_to_needed(metal: str) -> None:
    chain = CHAINS[metal]
    for row in chain.research.iter_rows(named=True):
        steps = chain.research_steps.filter(pl.col("research_id") == row["research_id"]).sort("from_trl")
        assert steps.height, row["research_id"]
        assert (steps["from_trl"][0], steps["to_trl"][-1]) == (row["trl_now"], row["trl_needed"])
        assert steps["to_trl"][:-1].to_list() == steps["from_trl"][1:].to_list()
        assert math.isclose(math.prod(steps["odds"]), row["odds"], abs_tol=1e-6)
        assert math.isclose(steps["years"].sum(), row["duration_a"], abs_tol=1e-6)
    assert set(chain.research_steps["research_id"]) == set(chain.research["research_id"])


@pytest.mark.parametrize("metal", METALS)
def test_bounds_of_steps_enclose_their_values(metal: str) -> None:
    steps = CHAINS[metal].research_steps
    for name in ("years", "odds"):
        assert (steps[name] >= steps[f"{name}_low"].fill_null(0)).all()
        assert (steps[name] <= steps[f"{name}_high"].fill_null(math.inf)).all()


@pytest.mark.parametrize("metal", METALS)
def test_a_plan_finds_every_figure(metal: str) -> None:
    research = CHAINS[metal].research
    needed = research.select("duration_a", "odds", "budget_musd", "money_year", "adoption")
    assert needed.null_count().sum_horizontal().item() == 0
    assert (research["budget_musd"] > 0).all()


@pytest.mark.parametrize("metal", METALS)
def test_two_variants_stand_on_more_than_assumption(metal: str) -> None:
    chain = CHAINS[metal]
    pairs = chain.research.select("base_process_id", "variant_process_id").iter_rows()
    assert sum(_is_sourced(chain, base, variant) for base, variant in pairs) >= 2


@pytest.mark.parametrize("metal", METALS)
def test_partners_resolve_and_partners_only_has_some(metal: str) -> None:
    chain = CHAINS[metal]
    seats = dict(chain.companies.select("company_id", "place_id").iter_rows())
    reached: dict[str, set[str]] = {}
    for research, parties in chain.partnerships.select("research_id", "party_id").iter_rows():
        assert set(parties.split(";")) <= set(seats)
        if research is not None:
            reached.setdefault(research, set()).update(seats[party] for party in parties.split(";") if seats[party])
    assert set(reached) <= set(chain.research["research_id"])
    closed = chain.research.filter(pl.col("adoption") == "partners")["research_id"]
    assert all(reached.get(research) for research in closed)
