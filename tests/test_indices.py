"""Indices, voting power and look-through: hand-made vectors, properties, and published European values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ytterby.chain.lookthrough import integrated_ownership, ultimate_holders
from ytterby.errors import OwnershipError
from ytterby.ladder.indices import (
    IndexInputError,
    concentration_ratio,
    economic_importance,
    effective_number,
    eu_supply_risk,
    governance_mean,
    governance_scaled,
    hhi,
    hhi_governance,
    hhi_normalised,
    import_reliance,
    net_import_reliance,
    residual_hhi_bounds,
    shares_of,
)
from ytterby.ladder.origin import LookThroughError, origin_tracing
from ytterby.ladder.voting import VotingError, banzhaf, shapley

GOLDEN = Path(__file__).parent / "golden"
WORLD = Path(__file__).parents[1] / "src" / "ytterby" / "data" / "world"
SHARES = [0.5, 0.3, 0.2]
# Rebuilt 1.01 for a printed 1.9, 1.60 for 1.8, 3.63 for 1.8, 1.23 for 1.0: the printed inputs do not give the printed
# result with any governance edition at hand. A fault of the transcription or a special case of the study; not tuned.
NOT_EXPLAINED = {("Arsenic", "P"), ("Beryllium", "E"), ("Germanium", "P"), ("Phosphate rock", "E")}

positive = st.floats(min_value=1e-3, max_value=1e6)
tonnes = st.lists(positive, min_size=1, max_size=30)


def test_concentration_by_hand() -> None:
    assert hhi(SHARES) == pytest.approx(0.38)
    assert hhi_normalised(SHARES) == pytest.approx(0.07)
    assert effective_number(SHARES) == pytest.approx(2.6316, abs=5e-5)
    assert concentration_ratio(SHARES, 1) == pytest.approx(0.5)
    assert concentration_ratio(SHARES, 9) == pytest.approx(1.0)
    assert hhi_normalised([1.0]) == 1.0


def test_governance_weighted_by_hand() -> None:
    assert hhi_governance(SHARES, [2, 6, 8]) == pytest.approx(1.36)
    assert hhi_governance(SHARES, [2, 6, 8], [1, 1.1, 1]) == pytest.approx(1.414)
    assert governance_mean(SHARES, [1.5, -0.5, -1.5]) == pytest.approx(0.30)
    assert governance_scaled(1.1699) == pytest.approx(2.6602)


def test_supply_risk_by_hand() -> None:
    h_eu = float(hhi_governance([0.4, 0.6], [2, 6], [0.8, 1]))
    assert h_eu == pytest.approx(2.416)
    reliance = float(import_reliance(700, 100, 400))
    assert reliance == pytest.approx(0.6)
    risk = eu_supply_risk(h_global=1.414, h_eu=h_eu, reliance=reliance, recycling_input_rate=0.2, substitution=0.95)
    assert risk.value == pytest.approx(1.607704)
    assert risk.basis == "GS+EU"


def test_supply_risk_of_a_net_exporter() -> None:
    reliance = float(import_reliance(100, 300, 400))
    risk = eu_supply_risk(h_global=1.414, h_eu=2.416, reliance=reliance, recycling_input_rate=0.2, substitution=0.95)
    assert (risk.import_reliance_raw, risk.import_reliance) == (-1, 0)
    assert risk.value == pytest.approx(1.83616)


def test_supply_risk_basis() -> None:
    assert eu_supply_risk(h_global=2.0, h_eu=None, reliance=None).basis == "GS"
    assert eu_supply_risk(h_global=None, h_eu=3.0, reliance=0.5).value == pytest.approx(3.0)
    assert eu_supply_risk(h_global=2.0, h_eu=3.0, reliance=None).value is None
    assert eu_supply_risk(h_global=2.0, h_eu=3.0, reliance=0.5, basis="GS").value == pytest.approx(2.0)
    with pytest.raises(IndexInputError):
        eu_supply_risk(h_global=None, h_eu=None, reliance=1.0)


def test_economic_importance_by_hand() -> None:
    value = economic_importance({"a": 0.7, "b": 0.3}, {"a": 100, "b": 50}, value_added_max=200, substitution=0.9)
    assert value == pytest.approx(3.825)
    renormalised = economic_importance({"a": 0.7, "no sector": 0.3}, {"a": 100}, value_added_max=200)
    assert renormalised == pytest.approx(5.0)


def test_net_import_reliance_by_hand() -> None:
    result = net_import_reliance(imports=90, exports=20, stock_decrease=5, primary=10, old_scrap=15)
    assert result.apparent_consumption == pytest.approx(100)
    assert result.value == pytest.approx(0.75)
    assert not result.is_net_exporter
    assert net_import_reliance(imports=0, exports=5, stock_decrease=0, primary=10, old_scrap=0).is_net_exporter


def test_cross_holdings_by_hand() -> None:
    # P, Q, X, Y: P holds 0.8 of X, Q 0.7 of Y, X 0.3 of Y, Y 0.2 of X.
    holdings = np.zeros((4, 4))
    holdings[0, 2], holdings[1, 3], holdings[2, 3], holdings[3, 2] = 0.8, 0.7, 0.3, 0.2
    integrated = integrated_ownership(holdings)
    assert integrated[:2, 2] == pytest.approx([0.851064, 0.148936], abs=5e-7)
    assert integrated[:2, 3] == pytest.approx([0.255319, 0.744681], abs=5e-7)


def test_equity_with_free_float_by_hand() -> None:
    # A, float of B, C, B, mine.
    holdings = np.zeros((5, 5))
    holdings[0, 3], holdings[1, 3] = 0.6, 0.4
    holdings[3, 4], holdings[0, 4], holdings[2, 4] = 0.5, 0.1, 0.4
    assert integrated_ownership(holdings)[:3, 4] == pytest.approx([0.4, 0.2, 0.4])


def test_ownership_that_cannot_be() -> None:
    with pytest.raises(OwnershipError, match="entity 1"):
        integrated_ownership([[0, 0.7, 0], [0, 0, 0], [0, 0.6, 0]])
    with pytest.raises(OwnershipError, match="itself"):
        integrated_ownership([[0, 1], [1, 0]])


@pytest.mark.parametrize(
    ("weights", "by_swings", "by_pivots"),
    [
        ([50, 30, 20], [0.6, 0.2, 0.2], [2 / 3, 1 / 6, 1 / 6]),
        ([40, 35, 25], [1 / 3] * 3, [1 / 3] * 3),
    ],
)
def test_voting_power_by_hand(weights: list[float], by_swings: list[float], by_pivots: list[float]) -> None:
    assert banzhaf(weights, quota=50) == pytest.approx(by_swings)
    assert shapley(weights, quota=50) == pytest.approx(by_pivots)


def test_voting_games_that_cannot_be_counted() -> None:
    with pytest.raises(VotingError, match="20"):
        banzhaf([1.0] * 21)
    with pytest.raises(VotingError, match="no coalition"):
        shapley([1, 2], quota=3)


def test_origin_through_a_hub_by_hand() -> None:
    # A, B, H, C.
    flows = np.zeros((4, 4))
    flows[0, 2], flows[1, 2], flows[2, 3], flows[0, 3] = 40, 10, 30, 20
    origins = origin_tracing(flows, [100, 20, 0, 0])
    assert origins.shares[:, 3] == pytest.approx([0.88, 0.12, 0, 0])
    assert origins.untraced == pytest.approx(np.zeros(4))


def test_origin_unknown_and_impossible() -> None:
    origins = origin_tracing([[0, 30], [0, 0]], [0, 70])
    assert origins.untraced[1] == pytest.approx(0.3)
    with pytest.raises(LookThroughError, match="round"):
        origin_tracing([[0, 10], [10, 0]], [0, 0])


def test_residual_by_hand() -> None:
    assert residual_hhi_bounds(0.10, 0.04) == pytest.approx((0.0, 0.0036))
    assert residual_hhi_bounds(0.0, 0.04) == (0.0, 0.0)


@given(tonnes)
def test_hhi_lies_between_equal_and_single(amounts: list[float]) -> None:
    shares = shares_of(amounts)
    value = float(hhi(shares))
    assert 1 / len(amounts) - 1e-9 <= value <= 1 + 1e-9
    assert shares.max() ** 2 - 1e-12 <= value <= shares.max() + 1e-12


@given(st.integers(min_value=1, max_value=200))
def test_equal_shares_give_one_over_n(count: int) -> None:
    assert hhi(np.full(count, 1 / count)) == pytest.approx(1 / count)
    assert hhi_normalised(np.full(count, 1 / count)) == pytest.approx(1.0 if count == 1 else 0.0, abs=1e-12)


@given(
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 0.5),
)
def test_supply_risk_never_rises_when_things_improve(
    reliance: float, rate: float, better_rate: float, substitution: float, domestic: float
) -> None:
    assume(better_rate >= rate)

    def risk(recycling: float, index: float, parameter: float) -> float:
        h_eu = float(hhi_governance([domestic, 1 - domestic], [2, 6], [parameter, 1]))
        value = eu_supply_risk(
            h_global=3.0, h_eu=h_eu, reliance=reliance, recycling_input_rate=recycling, substitution=index
        ).value
        assert value is not None
        return value

    start = risk(rate, 1.0, 1.0)
    assert risk(better_rate, 1.0, 1.0) <= start + 1e-12
    assert risk(rate, substitution, 1.0) <= start + 1e-12
    assert risk(rate, 1.0, 0.8) <= start + 1e-12


@given(tonnes)
def test_order_of_places_changes_nothing(amounts: list[float]) -> None:
    order = np.array(amounts).argsort()
    mixed = shares_of(amounts)
    governance = np.linspace(0, 10, len(amounts))
    assert hhi(mixed[order]) == pytest.approx(float(hhi(mixed)))
    assert hhi_governance(mixed[order], governance[order]) == pytest.approx(float(hhi_governance(mixed, governance)))
    assert concentration_ratio(mixed[order], 3) == pytest.approx(float(concentration_ratio(mixed, 3)))


@given(tonnes, positive)
def test_scale_of_units_changes_nothing(amounts: list[float], factor: float) -> None:
    assert hhi(shares_of(np.array(amounts) * factor)) == pytest.approx(float(hhi(shares_of(amounts))))


@given(tonnes)
def test_splitting_a_producer_halves_its_term(amounts: list[float]) -> None:
    shares = shares_of(amounts)
    split = np.concatenate([[shares[0] / 2, shares[0] / 2], shares[1:]])
    assert hhi(shares) - hhi(split) == pytest.approx(shares[0] ** 2 / 2, abs=1e-12)


@given(st.integers(2, 8), st.integers(0, 2**32 - 1))
def test_ultimate_holders_own_everything(count: int, seed: int) -> None:
    raw = np.random.default_rng(seed).random((count, count))
    holdings = np.zeros((2 * count, 2 * count))
    holdings[:count, count:] = raw
    holdings[count:, count:] = raw.T * (1 - np.eye(count))
    holdings[:, count:] /= holdings[:, count:].sum(axis=0)
    integrated = integrated_ownership(holdings)
    assert integrated[ultimate_holders(holdings)][:, count:].sum(axis=0) == pytest.approx(np.ones(count))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=9).filter(lambda weights: sum(weights) > 0))
def test_voting_power_sums_to_one(weights: list[int]) -> None:
    assert banzhaf(weights).sum() == pytest.approx(1)
    assert shapley(weights).sum() == pytest.approx(1)


def test_a_stack_of_draws_gives_one_index_a_draw() -> None:
    draws = shares_of(np.random.default_rng(0).random((4, 100, 7)))
    assert hhi(draws).shape == (4, 100)
    assert hhi(draws)[2, 5] == pytest.approx(float(hhi(draws[2, 5])))
    assert concentration_ratio(draws, 3).shape == hhi_governance(draws, np.arange(7.0)).shape == (4, 100)
    assert import_reliance(np.ones((4, 100)), np.zeros((4, 100)), np.ones((4, 100))).shape == (4, 100)


@pytest.mark.parametrize("shares", [[], [0.5, np.nan], [-0.1, 1.1], 1.0])
def test_input_without_meaning_is_refused(shares: object) -> None:
    with pytest.raises(IndexInputError):
        hhi(shares)  # type: ignore[arg-type]


def governance_by_place() -> dict[str, float]:
    """Mean of the six indicators over 2016 to 2020, on the European scale."""
    rows = pl.read_parquet(WORLD / "governance.parquet").filter(pl.col("year").is_between(2016, 2020))
    by_indicator = rows.group_by("place_id", "indicator").agg(pl.col("estimate").cast(pl.Float64).mean())
    means = by_indicator.group_by("place_id").agg(pl.col("estimate").mean(), pl.len()).filter(pl.col("len") == 6)
    return dict(zip(means["place_id"], governance_scaled(means["estimate"].to_numpy()), strict=True))


def rebuilt_supply_risks() -> pl.DataFrame:
    """European supply risk from printed shares, trade parameters, recycling and substitution.

    Study on the critical raw materials for the EU 2023, doi 10.2873/725585, as transcribed in
    erikemilsson/EU-Critical-Raw-Materials-CRM-Reports-Datasets (CC BY 4.0) and meyerdata/CritMAT. Every single
    material of the critical list with a printed mix at its decisive stage, and the second stage of two.
    """
    governance = governance_by_place()
    results = pl.read_csv(GOLDEN / "eu_crm_2023.csv")
    mixes = pl.read_csv(GOLDEN / "eu_crm_2023_mixes.csv").with_columns(
        pl.col("place_id").replace_strict(governance, default=5.0, return_dtype=pl.Float64).alias("governance")
    )
    rebuilt = []
    for row in results.iter_rows(named=True):
        h: dict[str, float | None] = {}
        for mix in ("GS", "EU"):
            part = mixes.filter(material=row["material"], stage=row["stage"], mix=mix)
            columns = (part[c].to_numpy() for c in ("share", "governance", "trade_parameter"))
            h[mix] = float(hhi_governance(*columns)) if part.height else None
        risk = eu_supply_risk(
            h_global=h["GS"],
            h_eu=h["EU"],
            reliance=row["import_reliance"],
            recycling_input_rate=row["recycling_input_rate"],
            substitution=row["substitution"],
            basis=row["basis"],
        )
        rebuilt.append(risk.value)
    return results.with_columns(pl.Series("rebuilt", rebuilt, dtype=pl.Float64))


def test_published_european_supply_risk() -> None:
    """Rounding of the inputs (shares to 1 %, one decimal of the result) and the governance edition explain 0.15."""
    table = rebuilt_supply_risks().with_columns((pl.col("rebuilt") - pl.col("supply_risk")).abs().alias("difference"))
    assert table.height == 31
    off = {(m, s) for m, s in table.filter(pl.col("difference") > 0.15).select("material", "stage").iter_rows()}
    assert off == NOT_EXPLAINED
    assert table["difference"].median() < 0.06
