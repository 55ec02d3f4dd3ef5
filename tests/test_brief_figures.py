"""The rules of the brief's figures: what is stated, what only implied, what is a bound, what was in force and when."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import polars as pl
import pytest

from ytterby.brief.context import BriefContext
from ytterby.brief.controllers import controllers, main_controller
from ytterby.brief.figures import sankey
from ytterby.brief.figures.canvas import name_lines
from ytterby.brief.figures.facility_map import size_steps
from ytterby.brief.figures.hhi_dots import hhi_dots, is_bound
from ytterby.brief.figures.ladder_bars import bloc_share, ladder_bars, shown_rungs, state_block
from ytterby.brief.figures.ownership_tree import Node, ownership_tree
from ytterby.brief.figures.palette import place_palette
from ytterby.brief.figures.policy_timeline import Act, state_on
from ytterby.brief.figures.project_status import Project, project_status, ticks
from ytterby.brief.flows import Flow, Flows, Loss, chain_flows
from ytterby.brief.sections import matter, projects
from ytterby.brief.sections.policies import policy_title, spells_of
from ytterby.brief.sections.projects import project_title, stated_steps
from ytterby.chain import Chain, load_chain
from ytterby.ladder import LadderResult, Rung, Share, ladder

DAY = dt.date(2024, 7, 1)


@pytest.fixture(scope="module")
def tungsten() -> Chain:
    return load_chain("tungsten")


@pytest.fixture(scope="module")
def result(tungsten: Chain) -> LadderResult:
    return ladder(tungsten, bloc="EU", draws=50)


@pytest.fixture
def context(tungsten: Chain, result: LadderResult) -> BriefContext:
    return BriefContext(chain=tungsten, result=result, bloc="EU")


def project(**more: object) -> Project:
    return Project(**{"name": "One", "place_id": "KOR", "material": "Ore", "status": None, **more})  # type: ignore[arg-type]


def test_an_operating_site_stands_before_nameplate() -> None:
    running, full = project(status="operating"), project(status="nameplate")
    assert running.is_made
    assert project(status="ramp_up").rank < running.rank < full.rank
    assert "level unknown" in project_status([running], key="p", largest=1.0, basis="W")


@pytest.mark.parametrize("status", ["inaugurated", "pilot", "construction", "suspended", None])
def test_an_opening_is_no_first_product(status: str | None) -> None:
    assert not project(status=status).is_made


def test_only_dated_rows_state_a_step() -> None:
    rows = [{"status": status} for status in ("study", "permitted", "suspended", "study", "construction", "operating")]
    assert stated_steps(rows) == {1, 4}
    assert stated_steps(rows[:3]) == frozenset()


def test_benchmarks_repeats_and_old_rows_are_told_apart_in_the_title() -> None:
    drawn = [
        project(status="operating"),
        project(status="operating", is_benchmark=True),
        project(status="study"),
        project(status="study", is_repeat=True),
        project(status="study", is_stale=True),
    ]
    title = project_title("mines", drawn, 2019)
    assert title == (
        "Mines: of 3 projects 1 has made a first product, 1 is not yet under construction, and of 1 nothing since 2019 "
        "is on record"
    )


def test_capacities_share_one_scale_in_contained_tonnes(context: BriefContext) -> None:
    rows = context.table("projects").sort("project_id").to_dicts()
    drawn = {row["project_id"]: found for row, found in zip(rows, projects._projects(context, rows), strict=True)}
    content = context.contained
    assert drawn["dahutang-build"].capacity_t == pytest.approx(20000 * content["tungsten-concentrate"])
    assert drawn["katpar-kairakty-build"].capacity_t == pytest.approx(12000)
    assert drawn["sangdong-phase-1"].is_built
    assert drawn["sangdong-phase-1"].capacity_t == pytest.approx(1810)
    assert drawn["sangdong-phase-2-second"].is_repeat
    assert drawn["sangdong-phase-2-second"].capacity_t is None
    assert drawn["yangchushan-build"].is_benchmark
    assert drawn["sautbay-build"].is_stale
    assert drawn["hemerdon-restart"].stated == {1, 2, 4}


@pytest.mark.parametrize("largest", [0.7, 9.0, 12000.0, 51000.0])
def test_ticks_are_round_and_few(largest: float) -> None:
    found = ticks(largest)
    assert found[0] == 0
    assert 2 <= len(found) <= 4 or largest / found[1] < 4
    assert found[-1] <= largest


def act(*states: tuple[str, str], instrument: str = "ban") -> Act:
    rows = [(dt.date.fromisoformat(day), status) for day, status in states]
    return Act(policy_id="p", name="Act", instrument=instrument, imposed_by="China", against="", spells=spells_of(rows))


def test_an_amendment_keeps_the_state_that_it_amends() -> None:
    rule = act(("2023-04-27", "announced"), ("2024-05-30", "amended"), ("2027-01-01", "in_force"))
    assert state_on(rule, DAY) == "announced"
    assert state_on(rule, dt.date(2026, 12, 31)) == "announced"
    assert state_on(rule, dt.date(2027, 1, 1)) == "in_force"
    assert spells_of([(DAY, "amended")]) == ()


def test_a_late_notice_does_not_undo_an_act_in_force() -> None:
    quota = act(("2024-01-01", "in_force"), ("2024-03-18", "announced"), ("2025-01-01", "expired"))
    assert state_on(quota, DAY) == "in_force"
    assert state_on(quota, dt.date(2025, 1, 1)) is None


def test_the_title_counts_what_is_in_force_on_the_day() -> None:
    acts = [
        act(("2020-01-01", "in_force"), ("2021-01-01", "expired")),
        act(("2023-01-01", "in_force")),
        act(("2024-01-01", "announced"), ("2025-02-04", "in_force")),
        act(("2023-01-01", "in_force"), ("2024-01-01", "suspended")),
    ]
    named = [replace(one, policy_id=str(at)) for at, one in enumerate(acts)]
    assert policy_title(named, DAY) == (
        "On 1 July 2024, 1 act that holds material back was in force; 1 more starts later, the last in February 2025 "
        "(China)"
    )
    assert policy_title(named[:1], DAY) == "On 1 July 2024, no act that holds material back was in force"


def test_scrap_comes_first_and_never_exceeds_what_is_on_record(context: BriefContext) -> None:
    drawn = chain_flows(context)
    used = drawn.used_t("carbide-scrap")
    assert used == pytest.approx(drawn.made_t["carbide-scrap"])
    apt = {flow.source: flow.quantity_t for flow in drawn.flows if flow.target == "apt"}
    assert apt["carbide-scrap"] > 0.9 * used
    assert drawn.fed_t("apt") == pytest.approx(
        drawn.made_t["apt"] + sum(loss.quantity_t for loss in drawn.losses if loss.target == "apt")
    )
    assert "from scrap" in matter.flow_title(context, drawn)


def test_the_bloc_has_its_members_together(context: BriefContext) -> None:
    mill = next(rung for rung in context.result.rungs if rung.material == "tungsten-mill-products")
    members = sum(share.share for share in mill.by_place if share.id in context.members)
    assert bloc_share(context, mill, "place") == pytest.approx(members)
    use = next(rung for rung in context.result.rungs if rung.stage == "use")
    assert bloc_share(context, use, "place") == pytest.approx(next(s.share for s in use.by_place if s.id == "EU"))
    drawing = ladder_bars(context, claim="place")
    assert "EU 15" in drawing
    assert "places of the European Union" in drawing


def test_a_larger_state_block_is_named(context: BriefContext) -> None:
    words = state_block(context)
    assert words.startswith("Companies controlled by the state of China together hold ")
    assert words in ladder_bars(context, claim="owner").replace("&#x27;", "'")
    assert words not in ladder_bars(context, claim="place")


def test_a_lower_bound_is_no_dot(context: BriefContext) -> None:
    bounds = [rung.hhi_owner for rung in context.result.rungs if is_bound(rung.hhi_owner)]
    assert bounds
    drawing = hhi_dots(context)
    assert "\u2265" in drawing
    assert "HHI by owner: at least" in drawing
    assert "by controlling owner<" not in drawing


def test_the_main_controller_has_the_largest_share_where_owners_are_known(result: LadderResult) -> None:
    main = main_controller(result)
    assert main is not None
    assert main.unknown < 0.6
    assert main.rung.stage in ("mining", "refining", "smelting", "processing", "manufacturing")
    clear = [c for c in controllers(result) if c.unknown < 0.6 and c.rung.stage != "exploration"]
    assert main.share == max(c.share for c in clear)
    assert main.state_share >= main.share or main.state is None
    blind = tuple(
        replace(rung, by_owner=(Share(id="unknown", name="unknown", share=1.0, low=1.0, high=1.0, state=None),))
        for rung in result.rungs
    )
    assert main_controller(replace(result, rungs=blind)) is None


def test_names_in_the_tree_are_wrapped_whole(context: BriefContext) -> None:
    name = "Minmetals entrusted mines other than Xianglushan and several more of them (aggregate)"
    leaves = [Node(f"s{at}", name, share="33 %*") for at in range(3)]
    deep = Node("a", "Holder", children=[Node("b", "Middle holding company", share="51 %", children=leaves)])
    drawing = ownership_tree(context, Node("r", "State of the holder", children=[deep]))
    assert "\u2026" not in drawing
    assert "Xianglushan" in drawing


def test_principal_rungs_only_where_the_package_names_them(tungsten: Chain, result: LadderResult) -> None:
    settings = {**tungsten.metadata["ytterby"], "principal": ["apt", "tungsten-concentrate"]}
    chain = replace(tungsten, metadata={**tungsten.metadata, "ytterby": settings})
    narrow = BriefContext(chain=chain, result=result, bloc="EU")
    assert {rung.material for rung in shown_rungs(narrow)} == {"apt", "tungsten-concentrate"}
    assert any(rung.stage == "use" for rung in shown_rungs(narrow))
    drawing = ladder_bars(narrow, claim="place")
    assert "the principal ones and use" in drawing
    assert "Cemented carbide<" not in drawing
    whole = BriefContext(chain=tungsten, result=result, bloc="EU")
    assert shown_rungs(whole) == tuple(result.rungs)


def test_the_first_of_few_components_is_counted_and_all_of_many(tungsten: Chain, result: LadderResult) -> None:
    def basis(*components: str) -> str:
        settings = {**tungsten.metadata["ytterby"], "components": {name: [name] for name in components}}
        chain = replace(tungsten, metadata={**tungsten.metadata, "ytterby": settings})
        return BriefContext(chain=chain, result=result, bloc="EU").basis

    assert basis("W", "Mo") == "W"
    assert basis("W", "Mo", "Sn", "Nb") == "tungsten"


def test_ribbons_run_behind_no_bar() -> None:
    pairs = (("ore", "salt", 100.0), ("salt", "metal", 60.0), ("metal", "part", 50.0), ("salt", "part", 30.0))
    flows = [Flow(source=a, target=b, quantity_t=t, process_id="p", is_scrap=False) for a, b, t in pairs]
    drawn = Flows(made_t={"ore": 100.0, "salt": 95.0, "metal": 55.0}, flows=flows)
    bars = sankey._bars(drawn, {"part": 3})
    assert {name: bar.column for name, bar in bars.items()} == {"ore": 0, "salt": 1, "metal": 2, "part": 3}
    assert not bars["part"].is_rung
    lanes = sankey._lanes(drawn, bars)
    assert [len(way) for way in lanes] == [0, 0, 0, 1]
    sankey._place([*bars.values(), *lanes[3]], 4, 200.0, 1.0)
    lane, metal = lanes[3][0], bars["metal"]
    assert lane.x == metal.x
    assert lane.y >= metal.y + metal.height or metal.y >= lane.y + lane.height


def test_what_a_hidden_rung_feeds_shows_no_loss() -> None:
    flows = [Flow(source=a, target="c", quantity_t=5.0, process_id="p", is_scrap=False) for a in ("a", "b")]
    whole = Flows(
        made_t={"a": 5.0, "b": 5.0, "c": 8.0}, flows=flows, losses=[Loss(target="c", quantity_t=2.0, names=())]
    )
    assert whole.only(frozenset()).losses == whole.losses
    assert whole.only(frozenset({"b"})).losses == []


def test_long_names_are_whole_on_three_lines() -> None:
    lines, size, _ = name_lines("Tantalite and microlite concentrate of the lithium mines of one country", 150.0)
    assert size < 12.5
    assert " ".join(lines) == "Tantalite and microlite concentrate of the lithium mines of one country"


def test_the_leader_holds_most_metal_not_most_small_rungs(result: LadderResult) -> None:
    rung = next(rung for rung in result.rungs if rung.stage == "mining")

    def of(place: str) -> Rung:
        return replace(rung, by_place=(Share(place, place, 1.0, 1.0, 1.0),))

    small = [(of("PRT"), 1.0), (of("PRT"), 2.0)]
    assert place_palette([*small, (of("VNM"), 90.0)], bloc=frozenset()).leader == "VNM"
    assert place_palette([(rung, 0.0) for rung, _ in small], bloc=frozenset()).leader == "PRT"


def test_none_is_said_for_no_project() -> None:
    title = project_title("mines", [project(status="construction")], 2019)
    assert title == "Mines: of 1 project none has made a first product, none is not yet under construction"


def test_nothing_comes_on_top_of_nothing() -> None:
    ban = act(("2025-02-04", "in_force"))
    assert "; 1 starts later" in policy_title([ban], DAY)
    assert "; 1 more starts later" in policy_title([ban, act(("2020-01-01", "in_force"))], DAY)


def test_a_figure_states_no_size_of_its_own(context: BriefContext) -> None:
    head = hhi_dots(context).split(">", 1)[0]
    assert "viewBox" in head
    assert " width=" not in head


def test_the_key_of_sizes_is_round() -> None:
    assert size_steps(15000.0) == [10000.0, 1000.0]
    assert size_steps(0.0) == []


def test_frames_stay_untouched(tungsten: Chain, context: BriefContext) -> None:
    before = tungsten.table("facility_status").clone()
    projects.build(context)
    assert isinstance(before, pl.DataFrame)
    assert before.equals(tungsten.table("facility_status"))
