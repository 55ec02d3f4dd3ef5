"""The toy package's ladder against a calculation by hand, rung by rung.

Compositions (t of Ty per t): ore 0.1, concentrate 0.5, oxide 0.8, metal 1, part 0.9. Recipes: 2 t of concentrate make
1 t of oxide, 1.3125 t of oxide 1 t of metal, 1 t of metal 1 t of parts. The Allies are Borland (XBB) and Corvia (XCC).

Ultimate owners. The State of Ardal holds 80 % of Xenon, Yonder the other 20 %; the Quill family holds 70 % of Yonder,
Xenon the other 30 %. With x the equity behind Xenon and y that behind Yonder:
    x = 0.8 S + 0.2 y,  y = 0.7 Q + 0.3 x   =>   x = (0.80 S + 0.14 Q) / 0.94,  y = (0.24 S + 0.70 Q) / 0.94
Control: Xenon is the highest company below the State; Yonder, with over half held by the Quill family, is theirs.

Governance g = 2 (2.5 - estimate): Ardal 7, Borland 4, Corvia 2.
"""

from __future__ import annotations

import datetime as dt
from functools import cache

import numpy as np
import polars as pl
import pytest

from ytterby.chain import Chain, load_chain, load_world
from ytterby.chain.uncertainty import Sampler, interval, log_sd
from ytterby.ladder import LadderResult, Rung, Share, ladder
from ytterby.ladder.owners import live_offtakes
from ytterby.ladder.risk import in_force
from ytterby.tonnage.book import TonnageBook

STATE_IN_XENON, QUILL_IN_XENON = 0.80 / 0.94, 0.14 / 0.94
STATE_IN_YONDER, QUILL_IN_YONDER = 0.24 / 0.94, 0.70 / 0.94


@cache
def toy() -> Chain:
    return load_chain("toy")


@cache
def climbed(*, corroborated: bool = False) -> LadderResult:
    return ladder(toy(), bloc="ALLIES", draws=400, corroborated=corroborated)


def rung(material: str, stage: str | None = None, *, of: LadderResult | None = None) -> Rung:
    result = of or climbed()
    (found,) = [
        r for r in result.rungs if r.material == material and (r.stage == stage or (not stage and r.stage != "use"))
    ]
    return found


def points(shares: tuple[Share, ...]) -> dict[str, float]:
    return {share.id: share.share for share in shares}


def about(expected: dict[str, float]) -> object:
    return pytest.approx(expected, abs=1e-9)


def test_rungs_stand_in_chain_order_and_end_in_use() -> None:
    assert [(r.stage, r.material) for r in climbed().rungs] == [
        ("exploration", "toy-deposit"),
        ("mining", "toy-concentrate"),
        ("refining", "toy-oxide"),
        ("smelting", "toy-metal"),
        ("manufacturing", "toy-part"),
        ("use", "toy-part"),
    ]


def test_deposit() -> None:
    # 20,000 and 5,000 t Ty at 10 % Ty: 200,000 and 50,000 t of ore in the ground, 250,000 t together.
    found = rung("toy-deposit")
    assert found.total_t == pytest.approx(250_000)
    assert found.basis == "reserves"
    assert points(found.by_place) == about({"XAA": 0.8, "XBB": 0.2, "unknown": 0})
    # Xenon's hill lies in Ardal, Yonder's in Borland.
    assert points(found.by_owner) == about({"xenon-mining": 0.8, "quill-family": 0.2, "unknown": 0})
    state = 0.8 * STATE_IN_XENON + 0.2 * STATE_IN_YONDER
    assert points(found.by_owner_equity) == about({"state-xaa": state, "quill-family": 1 - state, "unknown": 0})
    # HHI 0.8^2 + 0.2^2; weighted with governance 0.64 x 7 + 0.04 x 4.
    assert found.hhi.value == pytest.approx(0.68)
    assert found.hhi_owner.value == pytest.approx(0.68)
    assert found.hhi_governance.value == pytest.approx(4.64)
    assert (found.top1.value, found.top3.value) == (pytest.approx(0.8), pytest.approx(1.0))


def test_concentrate_by_place() -> None:
    # 300, 150 and 50 t Ty at 50 %: 600, 300 and 100 t. The world total follows from the next stage: 500 t of oxide
    # take 1,000 t of concentrate, so that nothing is left unknown.
    found = rung("toy-concentrate")
    assert found.total_t == pytest.approx(1000)
    assert found.basis == "output"
    assert points(found.by_place) == about({"XAA": 0.6, "XBB": 0.3, "XCC": 0.1, "unknown": 0})
    assert found.hhi.value == pytest.approx(0.36 + 0.09 + 0.01)
    assert found.hhi_governance.value == pytest.approx(0.36 * 7 + 0.09 * 4 + 0.01 * 2)


def test_concentrate_by_owner_equity_and_contract() -> None:
    # Yonder took 60 % of Corvia's mine in 2023 (the older statement is superseded): the family controls 0.3 + 0.1.
    found = rung("toy-concentrate")
    assert points(found.by_owner) == about({"xenon-mining": 0.6, "quill-family": 0.4, "unknown": 0})
    assert found.hhi_owner.value == pytest.approx(0.36 + 0.16)
    assert {s.id: s.state for s in found.by_owner} == {"xenon-mining": "XAA", "quill-family": None, "unknown": None}
    state = 0.6 * STATE_IN_XENON + (0.3 + 0.06) * STATE_IN_YONDER
    expected = {"state-xaa": state, "quill-family": 0.96 - state, "zest-parts": 0.04, "unknown": 0}
    assert points(found.by_owner_equity) == about(expected)
    # Yonder has bought 50 to 60 t of the 1,000: 55 in the middle.
    assert points(found.by_contract) == about({"yonder": 0.055, "unknown": 0.945})
    bought = found.by_contract[0]
    assert 0.04 < bought.low < 0.055 < bought.high < 0.07


def test_concentrate_reliance_and_supply_risk() -> None:
    # The Allies make 400 t, buy 100 from Ardal and sell it 40: (100 - 40) / (400 + 100 - 40).
    found = rung("toy-concentrate")
    reliance = 60 / 460
    assert found.import_reliance.value == pytest.approx(reliance)
    # Their sourcing: 100 t Ardal, 300 t Borland, 100 t Corvia. No policy touches concentrate: every t is 1.
    sourcing = 0.2**2 * 7 + 0.6**2 * 4 + 0.2**2 * 2
    assert found.eu_supply_risk.value == pytest.approx(2.9 * reliance / 2 + sourcing * (1 - reliance / 2))


def test_oxide_by_place() -> None:
    # Published: Ardal 350 (default of the conflict set), Borland 100, world 500 t. Corvia's smelter runs 100 t x 0.75
    # and needs 75 x 1.3125 = 98.4375 t, of which 60 t are bought: 38.4375 t are made at home; 11.5625 t stay unknown.
    found = rung("toy-oxide")
    assert found.total_t == pytest.approx(500)
    expected = {"XAA": 350 / 500, "XBB": 100 / 500, "XCC": 38.4375 / 500, "unknown": 11.5625 / 500}
    assert points(found.by_place) == about(expected)
    assert found.hhi.value == pytest.approx(0.7**2 + 0.2**2 + 0.076875**2)
    assert found.hhi_governance.value == pytest.approx(0.7**2 * 7 + 0.2**2 * 4 + 0.076875**2 * 2)
    assert "mass balance" in found.basis_note


def test_oxide_by_owner() -> None:
    # Refineries of 400 and 125 t at the assumed utilisation of 0.75: 300 and 93.75 t have an owner, the rest has none.
    found = rung("toy-oxide")
    assert points(found.by_owner) == about({"xenon-mining": 0.6, "quill-family": 0.1875, "unknown": 0.2125})
    assert found.hhi_owner.value == pytest.approx(0.6**2 + 0.1875**2)
    state = 0.6 * STATE_IN_XENON + 0.1875 * STATE_IN_YONDER
    quill = 0.6 * QUILL_IN_XENON + 0.1875 * QUILL_IN_YONDER
    assert points(found.by_owner_equity) == about({"state-xaa": state, "quill-family": quill, "unknown": 0.2125})
    assert points(found.by_contract) == about({"unknown": 1.0})


def test_oxide_reliance_and_supply_risk() -> None:
    # The Allies make 138.4375 t and buy 60 t. Ardal's licence, in force since April 2023, makes its t 1.1.
    found = rung("toy-oxide")
    supply = 138.4375 + 60
    reliance = 60 / supply
    assert found.import_reliance.value == pytest.approx(reliance)
    world = 0.7**2 * 7 * 1.1 + 0.2**2 * 4 + 0.076875**2 * 2
    sourcing = ((60 / supply) ** 2 * 7 * 1.1) + (100 / supply) ** 2 * 4 + (38.4375 / supply) ** 2 * 2
    assert found.eu_supply_risk.value == pytest.approx(world * reliance / 2 + sourcing * (1 - reliance / 2))


def test_metal() -> None:
    # Capacities of 300, 100 and 100 t at the published utilisation of 0.75; 380 t of parts need 380 t of metal.
    found = rung("toy-metal")
    assert found.total_t == pytest.approx(380)
    assert found.basis == "capacity"
    by_place = {"XAA": 225 / 380, "XBB": 75 / 380, "XCC": 75 / 380, "unknown": 5 / 380}
    assert points(found.by_place) == about(by_place)
    assert points(found.by_owner) == about(
        {"xenon-mining": 225 / 380, "quill-family": 75 / 380, "zest-parts": 75 / 380, "unknown": 5 / 380}
    )
    state = (225 * STATE_IN_XENON + 75 * STATE_IN_YONDER) / 380
    assert points(found.by_owner_equity)["state-xaa"] == pytest.approx(state)
    assert found.hhi.value == pytest.approx((225**2 + 2 * 75**2) / 380**2)
    weighted = (225**2 * 7 + 75**2 * 4 + 75**2 * 2) / 380**2
    assert found.hhi_governance.value == pytest.approx(weighted)
    assert (found.top1.value, found.top3.value) == (pytest.approx(225 / 380), pytest.approx(375 / 380))
    # No trade of metal is stated: no reliance, and supply risk from the world's mix alone, with the reason.
    assert found.import_reliance.value is None
    assert "no trade" in found.import_reliance.why
    assert found.eu_supply_risk.value == pytest.approx(weighted)
    assert "world supply mix alone" in found.eu_supply_risk.why


def test_part() -> None:
    # 240 t at the assumed utilisation of 0.75 are 180 of the 380 t that the world uses; whose the rest is, nobody says.
    found = rung("toy-part", "manufacturing")
    assert found.total_t == pytest.approx(380)
    assert points(found.by_place) == about({"XCC": 180 / 380, "unknown": 200 / 380})
    assert points(found.by_owner) == about({"zest-parts": 180 / 380, "unknown": 200 / 380})
    assert found.hhi.value == pytest.approx((180 / 380) ** 2)
    assert "lower bound" in found.hhi.why
    assert found.evidence["unknown"] == pytest.approx(200 / 380)


def test_use() -> None:
    # The Allies use 200 t and Ardal 150 of the world's 380.
    found = rung("toy-part", "use")
    assert found.basis == "demand"
    assert points(found.by_place) == about({"ALLIES": 200 / 380, "XAA": 150 / 380, "unknown": 30 / 380})
    assert [share.name for share in found.by_place] == ["The Allies", "Ardal", "unknown"]
    assert found.hhi.value == pytest.approx((200**2 + 150**2) / 380**2)
    assert points(found.by_owner) == about({"unknown": 1.0})
    assert found.hhi_owner.value is None
    assert found.hhi_owner.why


def test_unknown_comes_last_and_widens_the_interval() -> None:
    for found in climbed().rungs:
        assert found.by_place[-1].id == found.by_owner[-1].id == found.by_contract[-1].id == "unknown"
    named, unknown = rung("toy-part", "manufacturing").by_place
    assert named.low < 0.474 < 0.8 < named.high, "what is unknown may be made there too"
    assert unknown.low < 0.2 < 0.5 < unknown.high
    known = rung("toy-metal").by_place[0]
    assert known.high - known.low < (named.high - named.low) / 3


def oxide_of_ardal(chain: Chain) -> tuple[float, float, float]:
    book = TonnageBook(chain, load_world(), 2023, Sampler(2000, 0))
    tonnage = book.of("toy-oxide")
    assert tonnage is not None
    index = tonnage.places.index("XAA")
    low, high = interval(tonnage.draws[:, index])
    return float(tonnage.point[index]), float(low), float(high)


def test_conflict_set_takes_the_default_and_the_interval_covers_both() -> None:
    point, low, high = oxide_of_ardal(toy())
    assert point == pytest.approx(350)
    assert low < 300
    assert high > 350
    one_source = toy().with_(stage_output=toy().stage_output.filter(pl.col("source_id") != "toy-gazette"))
    _, low_alone, high_alone = oxide_of_ardal(one_source)
    assert high - low > 1.2 * (high_alone - low_alone)


def test_conflict_set_with_another_default() -> None:
    # With the gazette's 300 t Ardal has 0.6 of 500; Corvia's 38.4375 t stand, and 61.5625 t are unknown.
    conflicts = toy().conflicts.with_columns(default_source_id=pl.lit("toy-gazette"))
    found = rung("toy-oxide", of=ladder(toy().with_(conflicts=conflicts), bloc="ALLIES", draws=2))
    assert points(found.by_place) == about({"XAA": 0.6, "XBB": 0.2, "XCC": 0.076875, "unknown": 61.5625 / 500})


def claim(low: float | None, high: float | None, value: float | None = None) -> Chain:
    """The toy with no smelter's capacity stated and a share of Ardal in metal claimed instead."""
    row = {"material_id": "toy-metal", "place_id": "XAA", "year": 2023, "measure": "share", "quantity": value}
    row |= {
        "quantity_low": low,
        "quantity_high": high,
        "unit": "1",
        "source_id": "toy-survey",
        "confidence": "reported",
    }
    frame = pl.concat(
        [toy().stage_output, pl.DataFrame([row], schema_overrides=toy().stage_output.schema)], how="diagonal"
    )
    smelters = pl.col("material_id") != "toy-metal"
    return toy().with_(stage_output=frame, facility_output=toy().facility_output.filter(smelters))


def test_claim_of_over_ninety_percent_is_an_interval() -> None:
    found = rung("toy-metal", of=ladder(claim(0.9, None), bloc="ALLIES", draws=400))
    # The middle of 0.9 to 1; the 19 t left of 380 go to Corvia, whose works need more than that.
    assert points(found.by_place) == about({"XAA": 0.95, "XCC": 0.05, "unknown": 0})
    ardal = found.by_place[0]
    assert 0.9 <= ardal.low < 0.93, "never below what is claimed"
    assert 0.97 < ardal.high <= 1


def test_claim_with_a_value_is_a_point_with_spread() -> None:
    found = rung("toy-metal", of=ladder(claim(None, None, 0.6), bloc="ALLIES", draws=400))
    assert points(found.by_place) == about({"XAA": 0.6, "XCC": 0.4, "unknown": 0})
    assert found.by_place[0].low < 0.6 < found.by_place[0].high


@pytest.mark.parametrize(
    ("year", "tonnes", "shared", "ardal"),
    [
        (2022, 2022, 2022, 250),  # tonnes of the year over the total of the next one give way
        (2022, 2022, 2021, 200),  # to a share of the very year only
        (2023, 2022, 2023, 350),  # tonnes and total of one year stand
    ],
)
def test_share_of_the_year_goes_before_tonnes_over_the_total_of_another(
    year: int, tonnes: int, shared: int, ardal: float
) -> None:
    common = {"material_id": "toy-oxide", "place_id": "XAA", "source_id": "toy-survey", "confidence": "reported"}
    rows = [
        common | {"year": tonnes, "measure": "production", "quantity": 200.0, "unit": "t"},
        common | {"year": shared, "measure": "share", "quantity": 0.5, "unit": "1"},
    ]
    added = pl.DataFrame(rows, schema_overrides=toy().stage_output.schema)
    frame = pl.concat([toy().stage_output, added], how="diagonal")
    tonnage = TonnageBook(toy().with_(stage_output=frame), load_world(), year, Sampler(2, 0)).of("toy-oxide")
    assert tonnage is not None
    assert tonnage.total_year == 2023
    assert tonnage.point[tonnage.places.index("XAA")] == pytest.approx(ardal)


def test_corroborated_leaves_out_state_media_and_lone_companies() -> None:
    # Out go the gazette's oxide (state), and what Yonder alone reports: Corvia's mine, Borland's refinery, the offtake.
    result = climbed(corroborated=True)
    assert result.corroborated
    (note,) = [line for line in result.notes if "Left out" in line]
    for words in ("1 of 8 rows of stage_output", "2 of 10 rows of facility_output", "1 of 1 rows of offtakes"):
        assert words in note
    assert "ownership" not in note, "the registry is independent, and holders of other metals are not counted"
    concentrate = rung("toy-concentrate", of=result)
    assert points(concentrate.by_place) == about({"XAA": 0.6, "XBB": 0.3, "XCC": 0.1, "unknown": 0})
    assert points(concentrate.by_owner) == about({"xenon-mining": 0.6, "quill-family": 0.3, "unknown": 0.1})
    assert points(concentrate.by_contract) == about({"unknown": 1.0})
    oxide = rung("toy-oxide", of=result)
    assert points(oxide.by_owner) == about({"xenon-mining": 0.6, "unknown": 0.4})
    assert "toy-gazette" not in {source for r in result.rungs for source in r.source_ids}
    assert "toy-annual-report" not in {source for r in result.rungs for source in r.source_ids}


def test_holders_known_later_are_carried_back() -> None:
    assert not climbed().notes
    later = pl.when(pl.col("owned_id") == "borland-mine").then(pl.lit("2025")).otherwise(pl.col("date_from"))
    result = ladder(toy().with_(ownership=toy().ownership.with_columns(date_from=later)), bloc="ALLIES", draws=2)
    assert points(rung("toy-concentrate", of=result).by_owner)["quill-family"] == pytest.approx(0.4)
    assert any("The holders of 1 companies and sites" in note and "carried back" in note for note in result.notes)


@pytest.mark.parametrize(
    ("day", "is_live"),
    [
        (dt.date(2023, 3, 1), False),  # announced
        (dt.date(2023, 7, 1), True),
        (dt.date(2024, 3, 1), False),  # suspended
        (dt.date(2024, 7, 1), True),  # resumed that day
    ],
)
def test_suspended_policy_is_not_in_force(day: dt.date, is_live: bool) -> None:
    assert (in_force(toy(), day).height == 1) is is_live


@pytest.mark.parametrize(("year", "count"), [(2022, 0), (2023, 1), (2028, 1), (2029, 0)])
def test_offtake_counts_within_its_term(year: int, count: int) -> None:
    assert live_offtakes(toy(), "toy-concentrate", year).height == count


@pytest.mark.parametrize(
    ("column", "value"),
    [("status", "mou"), ("status", "withdrawn"), ("is_binding", False), ("material_id", "toy-oxide")],
)
def test_offtake_that_binds_nobody_does_not_count(column: str, value: object) -> None:
    chain = toy().with_(offtakes=toy().offtakes.with_columns(pl.lit(value).alias(column)))
    assert live_offtakes(chain, "toy-concentrate", 2023).is_empty()


def test_later_year_stands_on_the_nearest_figures() -> None:
    result = ladder(toy(), year=2025, bloc="ALLIES", draws=400)
    now, then = rung("toy-concentrate"), rung("toy-concentrate", of=result)
    assert points(then.by_place) == about(points(now.by_place))
    assert "figures of 2023" in then.basis_note
    assert then.by_place[0].high - then.by_place[0].low > now.by_place[0].high - now.by_place[0].low, "it has aged"
    assert then.import_reliance.value is None, "trade of 2025 is not stated"


def test_sentences_say_who_leads_and_how_sure() -> None:
    text = "\n".join(climbed().summary())
    assert "Ardal 60 % (" in text
    assert "Xenon Mining, controlled by the state of XAA" in text


def test_tables_hold_what_the_rungs_hold() -> None:
    shares, indices = climbed().tables["shares"], climbed().tables["indices"]
    assert shares.height == sum(
        len(s) for r in climbed().rungs for s in (r.by_place, r.by_owner, r.by_owner_equity, r.by_contract)
    )
    assert indices.height == 7 * len(climbed().rungs)
    sums = shares.group_by("stage", "material", "claim").agg(pl.col("share").sum())["share"]
    assert sums.to_list() == pytest.approx([1.0] * len(sums))


def test_offtakes_of_one_site_are_held_within_what_it_makes() -> None:
    chain = toy()
    rows = chain.offtakes
    twice = pl.concat([rows, rows.with_columns(offtake_id=pl.lit("second"), buyer_id=pl.lit("xenon-mining"))])
    more = twice.with_columns(quantity_min=pl.lit(90.0), quantity_max=pl.lit(90.0))
    result = ladder(chain.with_(offtakes=more), bloc="ALLIES", draws=50)
    rung = next(r for r in result.rungs if r.material == "toy-concentrate")
    bought = {share.id: share.share for share in rung.by_contract}
    assert bought["yonder"] == pytest.approx(0.05)  # the mine makes 100 t of 1,000 t: half to each buyer
    assert bought["xenon-mining"] == pytest.approx(0.05)


def test_stated_bounds_hold_on_each_side() -> None:
    sampler = Sampler(4000, 1)
    share = sampler.fraction("share", 0.9, log_sd("reported"), "s", 0.85, 0.95)
    assert np.quantile(share, [0.05, 0.95]) == pytest.approx([0.85, 0.95], abs=0.01)
    at_most = sampler.amount("at most", 0.13, log_sd("reported"), "s", 0.10, 0.13)
    assert at_most.max() <= 0.13
    at_least = sampler.amount("at least", 7000, log_sd("reported"), "s", 7000, None)
    assert at_least.min() >= 7000
