"""What holds of every ladder: shares cover the rung, intervals hold the point, order and units do not matter."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ytterby.chain import Chain, load_chain
from ytterby.chain.control import trace_control
from ytterby.chain.places import bloc_members, resolve_bloc
from ytterby.chain.sources import is_corroborated, source_classes
from ytterby.chain.uncertainty import Sampler
from ytterby.chain.units import element_fractions
from ytterby.errors import UnknownNameError, YtterbyError
from ytterby.ladder import LadderResult, Rung, ladder
from ytterby.ladder.ladder import CORROBORATED_TABLES, corroborated_view
from ytterby.ladder.result import CLAIMS
from ytterby.ladder.risk import RiskInputs, governance_index
from ytterby.ladder.shares import split
from ytterby.tonnage.amounts import nearest_year

METALS = ("toy", "tungsten")
FEW = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
AMOUNTS = ("stage_output", "facility_output", "deposits", "demand")


@cache
def chain_of(metal: str) -> Chain:
    return load_chain(metal)


@cache
def climbed(metal: str) -> LadderResult:
    return ladder(chain_of(metal), draws=60)


def plain(result: LadderResult) -> dict[str, Any]:
    """The result without the stamp of time and of the package's digest."""
    return {key: value for key, value in result.to_dict().items() if key != "manifest"}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{index}]")
    else:
        yield path, value


def assert_same(one: LadderResult, other: LadderResult, *, relative: float = 1e-12) -> None:
    first, second = dict(leaves(plain(one))), dict(leaves(plain(other)))
    assert first.keys() == second.keys()
    for path, value in first.items():
        if isinstance(value, float):
            assert second[path] == pytest.approx(value, rel=relative, abs=1e-12), path
        else:
            assert second[path] == value, path


def assert_rung_is_whole(rung: Rung) -> None:
    for claim in CLAIMS:
        shares = getattr(rung, claim)
        assert shares[-1].id == "unknown"
        assert len({share.id for share in shares}) == len(shares)
        assert sum(share.share for share in shares) == pytest.approx(1.0, abs=1e-9)
        for share in shares:
            assert 0.0 <= share.share <= 1.0 + 1e-9
            assert share.low <= share.share <= share.high
            assert np.isfinite([share.low, share.high]).all()
    assert sum(rung.evidence.values()) == pytest.approx(1.0, abs=1e-9)
    for index in rung.indices.values():
        assert (index.value is None) == (index.low is None) == (index.high is None)
        if index.value is None:
            assert index.why, "a missing index says why"
        else:
            assert index.low is not None
            assert index.high is not None
            assert index.low <= index.high
            assert np.isfinite([index.value, index.low, index.high]).all()
    assert_concentration_fits(rung)


def assert_concentration_fits(rung: Rung) -> None:
    named = [share.share for share in rung.by_place[:-1] if share.share > 0]
    if rung.hhi.value is None:
        return
    covered = sum(named)
    assert rung.hhi.value == pytest.approx(sum(s * s for s in named))
    assert covered**2 / len(named) - 1e-9 <= rung.hhi.value <= covered**2 + 1e-9
    assert rung.top1.value == pytest.approx(max(named))
    assert rung.top3.value == pytest.approx(sum(sorted(named)[-3:]))
    assert rung.top1.value <= rung.top3.value + 1e-12


@pytest.mark.parametrize("metal", METALS)
def test_every_rung_is_whole(metal: str) -> None:
    assert len(climbed(metal).rungs) >= 5
    for rung in climbed(metal).rungs:
        assert_rung_is_whole(rung)


@pytest.mark.parametrize("metal", METALS)
def test_result_is_json_without_holes(metal: str) -> None:
    told = json.loads(json.dumps(climbed(metal).to_dict(), allow_nan=False))
    assert told["stages"][0]["by_place"][-1]["id"] == "unknown"


quantities = st.floats(min_value=1e-3, max_value=1e6, allow_nan=False)


@FEW
@given(st.lists(quantities, min_size=9, max_size=9), st.lists(quantities, min_size=10, max_size=10), st.integers(0, 99))
def test_any_toy_is_whole(stated: list[float], sites: list[float], seed: int) -> None:
    toy = chain_of("toy")
    share = pl.col("unit") == "1"
    output = toy.stage_output.with_columns(
        pl.when(share).then("quantity").otherwise(pl.Series(stated[: toy.stage_output.height])).alias("quantity")
    )
    made = toy.facility_output.with_columns(pl.Series("quantity", sites[: toy.facility_output.height]))
    result = ladder(toy.with_(stage_output=output, facility_output=made), bloc="ALLIES", draws=12, seed=seed)
    for rung in result.rungs:
        assert_rung_is_whole(rung)


def shuffled(chain: Chain, seed: int) -> Chain:
    """The chain with the rows of every table in another order."""
    return chain.with_(
        **{name: frame.sample(fraction=1.0, shuffle=True, seed=seed) for name, frame in chain.tables.items()}
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_order_of_rows_changes_nothing(seed: int) -> None:
    toy = chain_of("toy")
    assert_same(ladder(toy, bloc="ALLIES", draws=20), ladder(shuffled(toy, seed), bloc="ALLIES", draws=20))


def test_order_of_rows_changes_nothing_in_tungsten() -> None:
    assert_same(climbed("tungsten"), ladder(shuffled(chain_of("tungsten"), 7), draws=60), relative=1e-9)


def in_units(chain: Chain, old: str, new: str, factor: float) -> tuple[Chain, int]:
    """The chain with every amount of unit `old` restated in unit `new`, and how many were."""
    changed, count = {}, 0
    for name in AMOUNTS:
        frame = chain.table(name)
        columns = [c for c in ("quantity", "quantity_low", "quantity_high") if c in frame.columns]
        hit = pl.col("unit").fill_null("") == old
        count += frame.filter(hit).height
        scaled = [pl.when(hit).then(pl.col(c) * factor).otherwise(pl.col(c)).alias(c) for c in columns]
        changed[name] = frame.with_columns(*scaled, pl.when(hit).then(pl.lit(new)).otherwise("unit").alias("unit"))
    return chain.with_(**changed), count


@pytest.mark.parametrize(
    ("metal", "old", "new", "factor"),
    [
        ("toy", "t", "kt", 1e-3),
        ("toy", "t Ty", "kg Ty", 1e3),
        ("tungsten", "t W", "t WO3", None),
    ],
)
def test_units_change_nothing(metal: str, old: str, new: str, factor: float | None) -> None:
    chain, count = in_units(chain_of(metal), old, new, factor or 1 / element_fractions("WO3")["W"])
    assert count > 1
    assert_same(climbed(metal), ladder(chain, draws=60), relative=1e-9)


def test_seed_decides() -> None:
    metal = "toy"
    chain = chain_of(metal)
    assert_same(climbed(metal), ladder(chain, draws=60, seed=0), relative=0)
    other = ladder(chain, draws=60, seed=1)
    assert [r.total_t for r in other.rungs] == [r.total_t for r in climbed(metal).rungs], "the point has no luck in it"
    assert [r.hhi.value for r in other.rungs] == [r.hhi.value for r in climbed(metal).rungs]
    assert [r.total_low for r in other.rungs] != [r.total_low for r in climbed(metal).rungs]


def test_point_needs_no_ensemble() -> None:
    one, many = ladder(chain_of("toy"), draws=1), climbed("toy")
    for few, full in zip(one.rungs, many.rungs, strict=True):
        assert_rung_is_whole(few)
        points = {s.id: s.share for s in few.by_place}
        assert points == {s.id: s.share for s in full.by_place if s.id in points}
        assert few.hhi.value == full.hhi.value


@FEW
@given(
    shares=st.lists(st.floats(0.01, 1.0), min_size=2, max_size=5),
    estimates=st.lists(st.floats(-2.5, 2.5), min_size=5, max_size=5),
    worse=st.floats(0.0, 2.0),
    which=st.integers(0, 4),
)
def test_worse_governance_never_lowers_the_index(
    shares: list[float], estimates: list[float], worse: float, which: int
) -> None:
    names = tuple("ABCDE"[: len(shares)])
    sampler = Sampler(16, 0)
    tonnes = np.array(shares)
    parts = split("test", names, tonnes, np.tile(tonnes, (16, 1)), 0.1, np.full(16, 0.1), sampler)
    before = dict(zip(names, estimates, strict=False))
    place = names[which % len(names)]
    after = before | {place: before[place] - worse}
    risk = [governance_index(parts, RiskInputs(e, {}, 0.0), sampler, "test") for e in (before, after)]
    assert risk[1].value >= risk[0].value - 1e-12
    assert risk[1].low >= risk[0].low - 1e-12
    assert risk[1].high >= risk[0].high - 1e-12


def test_worse_governance_of_the_leader_shows_in_the_ladder() -> None:
    toy = chain_of("toy")
    estimate = pl.when(pl.col("place_id") == "XAA").then(-2.0).otherwise("estimate").alias("estimate")
    worse = ladder(toy.with_(governance=toy.governance.with_columns(estimate)), draws=2)
    for before, after in zip(climbed("toy").rungs, worse.rungs, strict=True):
        if before.hhi_governance.value is not None:
            led = any(share.id == "XAA" and share.share > 0 for share in before.by_place)
            assert (after.hhi_governance.value > before.hhi_governance.value) is led


@pytest.mark.parametrize("metal", METALS)
def test_corroborated_view_holds_corroborated_rows_alone(metal: str) -> None:
    chain = chain_of(metal)
    year = climbed(metal).year
    view, notes = corroborated_view(chain, year)
    classes = source_classes(chain, trace_control(chain, dt.date(year, 7, 1)).state)
    for name in CORROBORATED_TABLES:
        sources = view.table(name)["source_id"].unique()
        assert all(is_corroborated(ids, classes) for ids in sources), name
        lost = chain.table(name).join(view.table(name), on=chain.table(name).columns, how="anti", nulls_equal=True)
        assert not any(is_corroborated(ids, classes) for ids in lost["source_id"].unique()), name
    assert "Left out" in notes[0]
    assert view.overlays == ("corroborated",)


@pytest.mark.parametrize("metal", METALS)
def test_corroborated_rests_on_no_state_affiliated_source_alone(metal: str) -> None:
    result = ladder(chain_of(metal), draws=10, corroborated=True)
    assert plain(result) != plain(climbed(metal))
    assert result.manifest.overlays == ("corroborated",)
    for rung in result.rungs:
        assert_rung_is_whole(rung)
        assert rung.evidence["state_affiliated"] == pytest.approx(0.0)


def test_nearest_year_takes_the_closest_and_of_two_the_earlier() -> None:
    frame = pl.DataFrame({"place": ["A", "A", "B", "B", "C"], "year": [2020, 2024, 2021, 2022, 2030], "quantity": 1.0})
    assert sorted(nearest_year(frame, 2022, ["place"]).select("place", "year").rows()) == [
        ("A", 2020),
        ("B", 2022),
        ("C", 2030),
    ]
    empty = frame.with_columns(pl.when(pl.col("year") == 2022).then(None).otherwise("quantity").alias("quantity"))
    assert ("B", 2021) in nearest_year(empty, 2022, ["place"]).select("place", "year").rows()


@pytest.mark.parametrize(
    ("given_name", "resolved"),
    [
        ("WORLD", "WORLD"),
        ("world", "WORLD"),
        ("ALLIES", "ALLIES"),
        ("The Allies", "ALLIES"),
        ("XCC", "XCC"),
        ("Corvia", "XCC"),
        ("republic of corvia", "XCC"),
        ("Japan", "JPN"),
        ("EU", "EU"),
    ],
)
def test_bloc_by_id_name_or_alias(given_name: str, resolved: str) -> None:
    assert resolve_bloc(chain_of("toy"), given_name) == resolved


def test_result_names_the_bloc_by_its_id() -> None:
    result = ladder(chain_of("toy"), bloc="the allies", draws=1)
    assert result.bloc == result.to_dict()["for"] == "ALLIES"


def test_world_imports_nothing() -> None:
    result = ladder(chain_of("toy"), bloc="WORLD", draws=1)
    assert all(rung.import_reliance.value is None for rung in result.rungs)
    assert "the world imports nothing" in {rung.import_reliance.why for rung in result.rungs}
    assert len(bloc_members(chain_of("toy"), "WORLD", 2023)) > 100


def test_place_outside_the_chain_imports_what_it_buys() -> None:
    mined = next(r for r in ladder(chain_of("toy"), bloc="JPN", draws=1).rungs if r.stage == "mining")
    assert mined.import_reliance.value is None
    assert mined.import_reliance.why


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bloc": "Jpan"}, "unknown place or bloc 'Jpan'; nearest: Japan"),
        ({"bloc": ""}, "unknown place or bloc"),
        ({"year": 1900}, "unknown year '1900': toy has figures for 2023 to 2023; nearest: 2023"),
        ({"year": 2034}, "unknown year '2034'"),
        ({"draws": 0}, "draws must be at least 1"),
        ({"method": "another"}, "another"),
    ],
)
def test_unknown_option_is_refused_with_what_is_near(options: dict[str, Any], words: str) -> None:
    with pytest.raises(YtterbyError) as caught:
        ladder(chain_of("toy"), **options)
    assert words in str(caught.value)


def test_unknown_bloc_is_an_unknown_name() -> None:
    with pytest.raises(UnknownNameError):
        ladder(chain_of("toy"), bloc="Atlantis-upon-nowhere")


def test_empty_chain_is_refused() -> None:
    toy = chain_of("toy")
    bare = toy.with_(stage_output=toy.stage_output.clear(), facility_output=toy.facility_output.clear())
    with pytest.raises(YtterbyError, match="no output or capacity is stated"):
        ladder(bare)


def test_progress_goes_from_nothing_to_all() -> None:
    seen: list[float] = []
    ladder(chain_of("toy"), draws=1, progress=lambda done, what: seen.append(done))
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] < 1


def test_result_names_what_it_was_made_of() -> None:
    manifest = climbed("toy").manifest.to_dict()
    assert manifest["packages"].keys() == {"toy", "world"}
    assert manifest["options"] == {"year": 2023, "bloc": "EU", "draws": 60, "corroborated": False, "method": "ytterby"}
    assert manifest["seed"] == 0
    assert set(manifest["versions"]) == {"ytterby", "polars", "numpy", "python"}
