"""What holds for every plan: matter is kept, more is never dearer, tonnes scale, a plan replayed costs the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from plan_package import rows_of
from test_plan_toy import OPTIONS, norm, toy
from ytterby.chain import Chain
from ytterby.plan import Options, PlanResult, plan

EVERYTHING = replace(OPTIONS, people=True, money=True, build_rates=True, discount=0.03)
FEW = settings(
    max_examples=3, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.too_slow]
)


@dataclass(frozen=True)
class Case:
    """Plant of three steps, a yearly budget, people, hiring, a build rate, and how dear new plant is."""

    oxide: float
    metal: float
    part: float
    musd: float
    people: float
    hiring: float
    rate: float
    scale: float = 1.0

    def chain(self) -> Chain:
        k = self.scale
        press = {"occupation_id": "presser", "name": "Presser", "study_a": 1, "competence_a": 0}
        crew = {"process_id": "toy-pressing", "occupation_id": "presser", "phase": "run", "fte_per_kt": 100}
        staff = {"place_id": "XBB", "occupation_id": "presser", "year": 2023, "headcount": k * self.people}
        use = {"demand_id": "a", "region_id": "ALLIES", "material_id": "toy-part", "end_use": "total", "year": 2023}
        plant = {"toy-oxide": self.oxide, "toy-metal": self.metal, "toy-part": self.part, "toy-ore": 4000}
        return toy(
            plant={m: k * t for m, t in {"toy-concentrate": 700, **plant}.items()},
            built=("toy-refining", "toy-smelting", "toy-pressing", "toy-remelting"),
            demand=rows_of("demand", {**use, "quantity": 200 * k, "unit": "t", "growth_per_a": 0.03}),
            occupations=rows_of("occupations", press),
            crews=rows_of("crews", crew),
            workforce=rows_of("workforce", staff),
            budgets=rows_of("budgets", {"bloc_id": "ALLIES", "year": 2024, "musd": k * self.musd}),
            norms=rows_of(
                "norms",
                norm("hiring_limit", self.hiring, "1/a"),
                norm("hiring_cost", 500, "USD"),
                norm("training_cost", 900, "USD"),
                norm("attrition", 0.05, "1/a"),
                norm("build_rate", self.rate, "1/a"),
                norm("cost_of_capital", 0.06, "1/a"),
                norm("ramp_first_year", 0.5, "1"),
            ),
        )


CASES = st.builds(
    Case,
    oxide=st.floats(50, 400),
    metal=st.floats(50, 300),
    part=st.floats(50, 300),
    musd=st.floats(0.01, 0.3),
    people=st.floats(5, 40),
    hiring=st.floats(0.01, 0.3),
    rate=st.floats(0.05, 0.5),
)


def solved(chain: Chain, options: Options = EVERYTHING, **more: Any) -> PlanResult:
    return plan(chain, replace(options, **more), worth=False)


@FEW
@given(case=CASES)
def test_matter_is_kept_at_every_node_and_year(case: Case) -> None:
    chain = case.chain()
    result = solved(chain)
    made = result.tables["output"].select("process", "place", "year", "t")
    flows = chain.recipes.join(made, left_on="process_id", right_on="process").with_columns(
        (pl.col("t_per_t") * pl.col("t")).alias("t")
    )
    key = ["material_id", "place", "year"]
    given_ = flows.filter(direction="out").group_by(key).agg(pl.col("t").sum().alias("made"))
    taken = flows.filter(direction="in").group_by(key).agg(pl.col("t").sum().alias("taken"))
    lanes = result.tables["flows"].rename({"material": "material_id"})
    sent = lanes.group_by("material_id", pl.col("from").alias("place"), "year").agg(pl.col("t").sum().alias("sent"))
    came = lanes.group_by("material_id", pl.col("to").alias("place"), "year").agg(pl.col("t").sum().alias("came"))
    use = result.tables["use"].select(
        pl.col("material").alias("material_id"), "place", "year", pl.col("t").alias("use")
    )
    lacking = result.tables["unmet"].select(
        pl.col("material").alias("material_id"), "place", "year", pl.col("t").alias("lacking")
    )
    nodes = pl.concat([frame.select(key).cast({"year": pl.Int64}) for frame in (given_, taken, use)]).unique()
    for frame in (given_, taken, sent, came, use, lacking):
        nodes = nodes.join(frame.with_columns(pl.col("year").cast(pl.Int64)), on=key, how="left")
    nodes = nodes.join(chain.materials.select("material_id", "kind"), on="material_id").fill_null(0.0)
    whole = nodes["use"].max()
    held = nodes.filter(pl.col("kind") == "chain")
    assert held.height > 20
    for row in held.iter_rows(named=True):
        assert row["made"] == pytest.approx(row["sent"], abs=1e-9 * whole), row
        assert row["came"] == pytest.approx(row["taken"] + row["use"] - row["lacking"], abs=1e-9 * whole), row
    for row in nodes.filter(pl.col("kind") == "scrap").iter_rows(named=True):
        assert row["made"] >= row["sent"] - 1e-9 * whole


@FEW
@given(case=CASES, more=st.floats(1.01, 2.0))
def test_more_is_never_dearer(case: Case, more: float) -> None:
    cost = solved(case.chain()).objective_usd
    for name in ("oxide", "metal", "part", "musd", "people", "hiring", "rate"):
        better = replace(case, **{name: getattr(case, name) * more})
        assert solved(better.chain()).objective_usd <= cost * (1 + 1e-9), name


@FEW
@given(case=CASES, scale=st.floats(0.1, 50))
def test_tonnes_scale_cost(case: Case, scale: float) -> None:
    cost = solved(case.chain()).objective_usd
    grown = solved(replace(case, scale=scale).chain()).objective_usd
    assert grown == pytest.approx(scale * cost, rel=1e-7)


@FEW
@given(case=CASES)
def test_a_plan_replayed_costs_the_same(case: Case) -> None:
    chain = case.chain()
    first = solved(chain)
    builds = {
        (process, place, year): t
        for process, place, year, t in first.tables["builds"]
        .select("process", "place", "year_decided", "capacity_t_per_a")
        .iter_rows()
    }
    again = solved(chain, fixed_builds=builds)
    assert again.objective_usd == pytest.approx(first.objective_usd, rel=1e-6)
    assert sum(again.cost_breakdown.values()) == pytest.approx(again.objective_usd, rel=1e-9)


@FEW
@given(case=CASES, seed=st.integers(0, 99))
def test_order_of_rows_changes_nothing(case: Case, seed: int) -> None:
    chain = case.chain()
    names = [name for name, frame in chain.tables.items() if frame.height > 1 and name not in ("places", "blocs")]
    mixed = chain.with_(**{name: chain.table(name).sample(fraction=1.0, shuffle=True, seed=seed) for name in names})
    first, again = solved(chain), solved(mixed)
    assert again.objective_usd == pytest.approx(first.objective_usd, rel=1e-12)
    assert again.tables["builds"].equals(first.tables["builds"])
    assert again.tables["flows"].equals(first.tables["flows"])
