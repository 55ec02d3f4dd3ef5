"""Control and equity: vectors by hand, the toy's ownership cycle, and properties of random graphs of shares."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ytterby.chain import Chain, load_chain
from ytterby.chain.control import FLOAT, UNKNOWN, Control, closed_group, controllers_of, trace_control
from ytterby.chain.ownership import holdings, statements_on
from ytterby.chain.read import empty_table
from ytterby.errors import OwnershipError

DAY = dt.date(2023, 7, 1)
Stake = tuple[str, str, float | None]


def chain_of(
    stakes: Sequence[Stake],
    *,
    kinds: Mapping[str, str] | None = None,
    facilities: Sequence[str] = (),
    interest: Mapping[tuple[str, str], str] | None = None,
    seats: Mapping[str, str] | None = None,
) -> Chain:
    """A chain of nothing but companies, sites and the stakes between them."""
    kinds, seats, interest = kinds or {}, seats or {}, interest or {}
    names = sorted({name for owner, owned, _ in stakes for name in (owner, owned)} - set(facilities))
    rows = [
        {
            "statement_id": f"s{number}",
            "owner_id": owner,
            "owned_id": owned,
            "interest": interest.get((owner, owned), "equity"),
            "share": share,
        }
        for number, (owner, owned, share) in enumerate(stakes)
    ]
    companies = [
        {"company_id": name, "name": name, "kind": kinds.get(name, "private"), "place_id": seats.get(name)}
        for name in names
    ]
    sites = [{"facility_id": name, "name": name, "place_id": "XAA"} for name in facilities]
    tables = {"ownership": rows, "companies": companies, "facilities": sites}
    frames = {name: pl.DataFrame(held, schema=empty_table(name).schema) for name, held in tables.items()}
    return Chain("drawn", {"ytterby": {"metal": "drawn"}}, MappingProxyType(frames), "")


def equity(traced: Control, entity: str) -> dict[str, float]:
    row = traced.equity[traced.entities.index(entity)]
    return {traced.holders[i]: float(row[i]) for i in np.flatnonzero(row > 1e-12)}


def test_cross_holdings_by_hand() -> None:
    """Two holders, two companies that hold each other: the look-through solves the circle."""
    traced = trace_control(chain_of([("p", "x", 0.8), ("q", "y", 0.7), ("x", "y", 0.3), ("y", "x", 0.2)]), DAY)
    assert equity(traced, "x") == pytest.approx({"p": 0.851064, "q": 0.148936}, abs=5e-7)
    assert equity(traced, "y") == pytest.approx({"p": 0.255319, "q": 0.744681}, abs=5e-7)
    assert traced.of("x") == {"p": 1.0}
    assert traced.of("y") == {"q": 1.0}


def test_majority_of_a_listed_firm_by_hand() -> None:
    """A holds 60 % of B, B half of a mine, A a tenth and C the rest: 40 % of the equity decides it all."""
    stakes = [("a", "b", 0.6), ("b", "mine", 0.5), ("a", "mine", 0.1), ("c", "mine", 0.4)]
    traced = trace_control(chain_of(stakes, kinds={"b": "listed"}, facilities=["mine"]), DAY)
    assert equity(traced, "mine") == pytest.approx({"a": 0.40, FLOAT: 0.20, "c": 0.40})
    assert traced.of("b") == {"a": 1.0}


def test_votes_that_one_holder_directs_count_together() -> None:
    """B, which A controls, has half and A itself a tenth: no rival, so A decides over the mine."""
    stakes = [("a", "b", 0.6), ("b", "mine", 0.5), ("a", "mine", 0.1), ("c", "mine", 0.4)]
    traced = trace_control(chain_of(stakes, kinds={"b": "listed"}, facilities=["mine"]), DAY)
    assert traced.of("mine") == {"a": 1.0}


TOY_OWNERS = {  # of the toy's sites in mid-2023
    "ardal-mine": {"xenon-mining": 1.0},
    "ardal-refinery": {"xenon-mining": 1.0},
    "borland-mine": {"quill-family": 1.0},
    "corvia-mine": {"quill-family": 1.0},
    "corvia-works": {"zest-parts": 1.0},
    "borland-refinery-two": {UNKNOWN: 1.0},
}


@pytest.mark.parametrize("site", TOY_OWNERS)
def test_toy_control_by_hand(site: str) -> None:
    assert trace_control(load_chain("toy"), DAY).of(site) == TOY_OWNERS[site]


def test_toy_equity_by_hand() -> None:
    """Xenon = 0.8 State + 0.2 Yonder and Yonder = 0.7 Quill + 0.3 Xenon: State 0.8/0.94, Quill 0.14/0.94 of Xenon."""
    traced = trace_control(load_chain("toy"), DAY)
    xenon = {"state-xaa": 0.8 / 0.94, "quill-family": 0.14 / 0.94}
    yonder = {"state-xaa": 0.24 / 0.94, "quill-family": 0.7 / 0.94}
    assert equity(traced, "xenon-mining") == pytest.approx(xenon)
    assert equity(traced, "ardal-smelter") == pytest.approx(xenon)
    assert equity(traced, "yonder") == pytest.approx(yonder)
    corvia = {name: 0.6 * share for name, share in yonder.items()} | {"zest-parts": 0.4}
    assert equity(traced, "corvia-mine") == pytest.approx(corvia)
    assert traced.state["xenon-mining"] == "XAA"
    assert "yonder" not in traced.state


def test_a_statement_holds_until_another_replaces_it() -> None:
    toy = load_chain("toy")
    assert trace_control(toy, dt.date(2022, 7, 1)).of("corvia-mine") == {"zest-parts": 1.0}
    assert trace_control(toy, DAY).of("corvia-mine") == {"quill-family": 1.0}
    frame, carried = statements_on(toy, dt.date(2005, 1, 1))
    assert "corvia-mine" in carried
    assert "own-yonder-corvia-mine-2023" not in frame["statement_id"].to_list()


def test_holders_that_one_state_directs_vote_together() -> None:
    stakes = [("state", "a", 1.0), ("state", "b", 1.0), ("a", "mine", 0.3), ("b", "mine", 0.3), ("c", "mine", 0.4)]
    kinds, seats = {"state": "government"}, {"state": "XAA"}
    together = trace_control(chain_of(stakes, kinds=kinds, seats=seats, facilities=["mine"]), DAY)
    assert together.of("mine") == pytest.approx({"a": 0.5, "b": 0.5})
    assert together.state == dict.fromkeys(("state", "a", "b", "mine"), "XAA")
    apart = trace_control(chain_of(stakes[2:], facilities=["mine"]), DAY)
    assert apart.of("mine") == pytest.approx({"a": 0.3, "b": 0.3, "c": 0.4})


def test_a_golden_share_decides() -> None:
    stakes = [("a", "firm", 0.9), ("b", "firm", None)]
    plain = trace_control(chain_of(stakes), DAY)
    golden = trace_control(chain_of(stakes, interest={("b", "firm"): "golden_share"}), DAY)
    assert plain.of("firm") == {"a": 1.0}
    assert golden.of("firm") == {"b": 1.0}
    assert equity(golden, "firm") == pytest.approx({"a": 0.9, UNKNOWN: 0.1})


@pytest.mark.parametrize(
    ("stakes", "expected"),
    [
        ([("a", "f", 0.51), ("b", "f", 0.49)], {"a": 1.0}),
        ([("a", "f", 0.24), ("b", "f", 0.12)], {"a": 1.0}),
        ([("a", "f", 0.19), ("b", "f", 0.01)], {"f": 1.0}),
        ([("a", "f", 0.3), ("b", "f", 0.2)], {"f": 1.0}),
        ([("a", "f", 0.3), ("b", "f", 0.3)], {"a": 0.5, "b": 0.5}),
        ([("a", "f", None)], {"a": 1.0}),
    ],
    ids=[
        "majority",
        "a fifth and twice the next",
        "below a fifth",
        "rivals with half",
        "partners",
        "sole, size unknown",
    ],
)
def test_rules_of_control(stakes: list[Stake], expected: dict[str, float]) -> None:
    listed = chain_of(stakes, kinds={"f": "listed"})
    assert trace_control(listed, DAY).of("f") == pytest.approx(expected)


def test_a_minority_does_not_decide_where_the_rest_is_unknown() -> None:
    stakes: list[Stake] = [("a", "f", 0.4)]
    assert trace_control(chain_of(stakes), DAY).of("f") == {"f": 1.0}
    assert trace_control(chain_of(stakes, kinds={"f": "listed"}), DAY).of("f") == {"a": 1.0}
    most: list[Stake] = [("a", "f", 0.45), ("b", "f", 0.2)]
    assert trace_control(chain_of(most), DAY).of("f") == {"a": 1.0}


def test_the_largest_member_of_a_state_block_decides() -> None:
    stakes: list[Stake] = [("state", "a", 1.0), ("state", "b", 1.0), ("a", "f", 0.7), ("b", "f", 0.3)]
    chain = chain_of(stakes, kinds={"state": "government"}, seats={"state": "CHN"})
    assert trace_control(chain, DAY).of("f") == {"a": 1.0}


def test_a_stake_of_unknown_size_leaves_equity_unknown() -> None:
    traced = trace_control(chain_of([("a", "f", None), ("f", "g", 1.0)]), DAY)
    row = traced.equity[traced.entities.index("g")]
    assert row[traced.holders.index("unknown")] == pytest.approx(1.0)
    assert traced.equity_high[traced.entities.index("g")][traced.holders.index("a")] == pytest.approx(1.0)


def test_shares_above_1_are_refused() -> None:
    with pytest.raises(OwnershipError, match=r"'f' sum to 1\.2"):
        holdings(chain_of([("a", "f", 0.7), ("b", "f", 0.5)]), DAY)


def test_a_group_without_outside_owner_is_refused_and_named() -> None:
    chain = chain_of([("a", "b", 1.0), ("b", "a", 1.0), ("b", "mine", 1.0)], facilities=["mine"])
    assert closed_group(holdings(chain, DAY)) == ("a", "b")
    with pytest.raises(OwnershipError, match="owns itself entirely"):
        trace_control(chain, DAY)


def test_an_open_stake_has_bounds() -> None:
    held = holdings(chain_of([("a", "f", 0.6), ("b", "f", None)]), DAY)
    b, f = held.entities.index("b"), held.entities.index("f")
    assert (held.share[b, f], held.low[b, f], held.high[b, f]) == pytest.approx((0.0, 0.0, 0.4))


@st.composite
def graphs(draw: st.DrawFn) -> list[Stake]:
    """Stakes among up to eight entities; what others hold of one never exceeds 95 %."""
    names = [f"c{i}" for i in range(draw(st.integers(2, 8)))]
    stakes: list[Stake] = []
    for owned in names:
        owners = draw(st.lists(st.sampled_from([n for n in names if n != owned]), unique=True, max_size=3))
        parts = draw(st.lists(st.integers(1, 30), min_size=len(owners), max_size=len(owners)))
        stakes += [(owner, owned, part / 100) for owner, part in zip(owners, parts, strict=True)]
    return stakes or [("c0", "c1", 0.6)]


@settings(max_examples=60, deadline=None)
@given(stakes=graphs(), listed=st.booleans())
def test_rows_sum_to_1(stakes: list[Stake], listed: bool) -> None:
    traced = trace_control(chain_of(stakes, kinds={"c0": "listed"} if listed else {}), DAY)
    for shares in (traced.control, traced.equity, traced.equity_high):
        assert shares.sum(axis=1) == pytest.approx(np.ones(len(traced.entities)))
        assert (shares >= -1e-12).all()


@settings(max_examples=60, deadline=None)
@given(stakes=graphs(), data=st.data())
def test_permuting_statements_changes_nothing(stakes: list[Stake], data: st.DataObject) -> None:
    mixed = data.draw(st.permutations(stakes))
    one, other = (trace_control(chain_of(held), DAY) for held in (stakes, mixed))
    for entity in one.entities:
        assert other.of(entity) == pytest.approx(one.of(entity))
        assert equity(other, entity) == pytest.approx(equity(one, entity))


@pytest.mark.parametrize("metal", ["toy", "tungsten"])
def test_packages_sum_to_1(metal: str) -> None:
    chain = load_chain(metal)
    traced = trace_control(chain, DAY)
    assert traced.control.sum(axis=1) == pytest.approx(np.ones(len(traced.entities)))
    assert traced.equity.sum(axis=1) == pytest.approx(np.ones(len(traced.entities)))
    table = controllers_of(chain, DAY)
    sums = table.group_by("entity_id").agg(pl.col("weight").sum())["weight"]
    assert sums.to_list() == pytest.approx([1.0] * len(sums))
    assert set(chain.facilities["facility_id"]).isdisjoint(table["controller_id"])
