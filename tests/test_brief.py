"""The brief: structure, figures as in the ladder's JSON, hostile names, determinism, nothing fetched or half done."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ytterby.brief import BriefResult, Section, SectionContent, brief
from ytterby.brief import format as fmt
from ytterby.brief.context import BriefContext
from ytterby.brief.page import NAMED_FOLDS
from ytterby.brief.registry import SECTIONS
from ytterby.brief.section import Text
from ytterby.brief.sections import contracts, sensitivity
from ytterby.brief.sections.highlights import best_place_rung, first_named
from ytterby.chain import Chain, load_chain
from ytterby.errors import UnknownNameError
from ytterby.ladder import Index, LadderResult, Rung, Sensitivity, ladder

HOSTILE = (
    '<script>alert(1)</script>"><img src=x onerror=alert(2)> $x^2$ {{ 7*7 }} | [a](javascript:alert(3)) `b` & \u202e'
)
MARKS = "\u2265\u2020\u2021\u00a0"  # at least, by the world mix alone, outside its interval
VOID = frozenset({"meta", "img", "br", "hr", "input", "link"})


class Page(HTMLParser):
    """What a test wants to know of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.handlers: list[str] = []
        self.values: list[tuple[float, str]] = []
        self.words: list[str] = []
        self._open: float | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        given = dict(attrs)
        self.handlers += [name for name in given if name.startswith("on")]
        if given.get("id"):
            self.ids.append(str(given["id"]))
        for name in ("src", "srcset", "data", "poster", "action"):
            if name in given:
                self.fetched.append(f"{tag} {name}={given[name]}")
        for name in ("href", "xlink:href"):
            if name in given:
                (self.links if tag == "a" else self.fetched).append(str(given[name]))
        if tag == "data":
            self._open = float(str(given["value"]))

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._open is not None:
            self.values.append((self._open, data))
            self._open = None

    @property
    def text(self) -> str:
        return " ".join(self.words)


def make(
    chain: Chain, out: Path, *, result: LadderResult | None = None, **more: Any
) -> tuple[BriefResult, LadderResult]:
    found = result or ladder(chain, bloc="ALLIES", draws=100)
    return brief(chain, found, bloc="ALLIES", out=out, **more), found


@pytest.fixture(scope="module")
def toy() -> Chain:
    return load_chain("toy")


@pytest.fixture(scope="module")
def made(toy: Chain, tmp_path_factory: pytest.TempPathFactory) -> tuple[BriefResult, LadderResult]:
    return make(toy, tmp_path_factory.mktemp("brief"))


@pytest.fixture(scope="module")
def page(made: tuple[BriefResult, LadderResult]) -> Page:
    return Page(made[0].html.read_text(encoding="utf-8"))


def test_files_are_named_by_metal_and_bloc(made: tuple[BriefResult, LadderResult]) -> None:
    written = made[0]
    assert written.html.name == "toy-ALLIES.html"
    assert written.markdown.name == "toy-ALLIES.md"
    assert {path.suffix for path in written.figures} == {".svg"}
    assert sorted(path.name for path in written.html.parent.iterdir()) == sorted(path.name for path in written.paths)


def test_every_section_stands_in_order(made: tuple[BriefResult, LadderResult]) -> None:
    html = made[0].html.read_text(encoding="utf-8")
    places = [html.index(f'<section id="{section.key}">') for section in sorted(SECTIONS, key=lambda s: s.order)]
    assert places == sorted(places)
    assert len({section.key for section in SECTIONS}) == len(SECTIONS)


def test_anchors_are_unique_and_links_resolve(page: Page) -> None:
    assert not [anchor for anchor, count in Counter(page.ids).items() if count > 1]
    inner = [link[1:] for link in page.links if link.startswith("#")]
    assert len(inner) > 20
    assert not set(inner) - set(page.ids)
    assert not [link for link in page.links if not link.startswith(("#", "https://", "http://"))]


def test_nothing_is_fetched_and_no_script_runs(made: tuple[BriefResult, LadderResult], page: Page) -> None:
    assert not page.fetched or all(target.startswith("#") for target in page.fetched)
    assert not page.handlers
    assert not {"script", "link", "iframe", "object", "embed", "img", "form"} & set(page.tags)
    html = made[0].html.read_text(encoding="utf-8")
    assert not re.findall(r"@import|url\((?!#)", html)


def test_markdown_links_and_figures_resolve(made: tuple[BriefResult, LadderResult]) -> None:
    written = made[0]
    text = written.markdown.read_text(encoding="utf-8")
    anchors = re.findall(r'<a id="([^"]+)"></a>', text)
    targets = re.findall(r"\]\(#([^)]+)\)", text)
    images = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert targets
    assert len(anchors) == len(set(anchors))
    assert not set(targets) - set(anchors)
    assert sorted(images) == sorted(path.name for path in written.figures)


def test_markdown_tables_are_whole(made: tuple[BriefResult, LadderResult]) -> None:
    lines = made[0].markdown.read_text(encoding="utf-8").splitlines()
    heads = [at for at, line in enumerate(lines) if re.fullmatch(r"\|( :?-+:? \|)+", line)]
    assert heads
    for at in heads:
        columns = lines[at].count("|")
        assert not lines[at - 2].startswith("|")
        row = at - 1
        while row < len(lines) and lines[row].startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", lines[row])) == columns, lines[row]
            row += 1


def test_figures_equal_the_ladders_json(made: tuple[BriefResult, LadderResult], page: Page) -> None:
    printed = {(value, text.strip(MARKS)) for value, text in page.values}
    examined = 0
    for stage in made[1].to_dict()["stages"]:
        for claim in ("by_place", "by_owner", "by_contract"):
            for share in stage[claim]:
                assert (share["share"], fmt.share(share["share"])) in printed, (stage["material"], claim, share)
                examined += 1
        for name, form in (
            ("hhi", fmt.index),
            ("hhi_owner", fmt.index),
            ("top1", fmt.share),
            ("import_reliance", fmt.share),
        ):
            value = stage[name]["value"]
            if value is not None and not (name == "hhi_owner" and form(value) == "0.00"):
                assert (value, form(value)) in printed, (stage["material"], name)
                examined += 1
    assert examined > 20


def test_a_printed_number_is_its_value_rounded(page: Page) -> None:
    examined = 0
    for value, text in page.values:
        number = text.strip(MARKS).replace(",", "").replace(fmt.NBSP, " ").split(" ")[0].strip("<>")
        if number == fmt.MISSING:
            continue
        shown = float(number.split("\u2013")[0].replace(fmt.MINUS, "-"))
        scale = 100 if "%" in text else 1
        assert shown == pytest.approx(value * scale, rel=0.051, abs=0.051), text
        examined += 1
    assert examined > 20


def test_every_source_cited_is_listed_with_its_class(made: tuple[BriefResult, LadderResult], page: Page) -> None:
    cited = {source for rung in made[1].rungs for source in rung.source_ids}
    listed = {anchor.removeprefix("s-") for anchor in page.ids if anchor.startswith("s-")}
    assert cited <= listed
    assert re.search(r"\[(independent|interested|state-affiliated|not classed); ", page.text)


def hostile_chain(toy: Chain) -> Chain:
    def named(table: str) -> pl.DataFrame:
        return toy.table(table).with_columns(name=pl.col("name") + HOSTILE)

    sources = toy.sources.with_columns(
        title=pl.lit(HOSTILE), publisher=pl.lit(HOSTILE), url=pl.lit("javascript:alert(4)")
    )
    tables = {
        name: named(name)
        for name in ("places", "companies", "materials", "facilities", "policies", "projects", "blocs")
    }
    return toy.with_(sources=sources, **tables)


def test_hostile_names_are_shown_and_not_obeyed(toy: Chain, tmp_path: Path) -> None:
    written, _ = make(hostile_chain(toy), tmp_path)
    html = written.html.read_text(encoding="utf-8")
    page = Page(html)
    assert not {"script", "img"} & set(page.tags)
    assert not page.handlers
    assert not [link for link in page.links if "javascript" in link]
    assert "{{ 7*7 }}" in page.text
    markdown = written.markdown.read_text(encoding="utf-8")
    assert "<script" not in markdown
    assert "<img" not in markdown
    assert not re.search(r"(?<!\\)\]\(javascript", markdown)
    for path in written.figures:
        root = ET.fromstring(path.read_text(encoding="utf-8"))
        assert not [item for item in root.iter() if item.tag.endswith(("}script", "}image", "}foreignObject"))]


def test_figures_are_well_formed_and_stand_alone(made: tuple[BriefResult, LadderResult]) -> None:
    for path in made[0].figures:
        text = path.read_text(encoding="utf-8")
        root = ET.fromstring(text)
        ids = {item.get("id") for item in root.iter() if item.get("id")}
        assert set(re.findall(r"url\(#([^)]+)\)", text)) <= ids
        assert [item for item in root.iter() if item.tag.endswith("}title")], f"{path.name} tells nothing on pointing"
        assert "<metadata" not in text


def test_the_same_ladder_gives_the_same_bytes(
    made: tuple[BriefResult, LadderResult], toy: Chain, tmp_path: Path
) -> None:
    written, result = made
    again, _ = make(toy, tmp_path, result=result)
    for one, other in zip(written.paths, again.paths, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_the_order_of_rows_changes_nothing(made: tuple[BriefResult, LadderResult], toy: Chain, tmp_path: Path) -> None:
    written, result = made
    keep_order = {"materials"}  # their order is the order of the chain
    shuffled = {name: frame.reverse() for name, frame in toy.tables.items() if name not in keep_order}
    again, _ = make(toy.with_(**shuffled), tmp_path, result=result)
    for one, other in zip(written.paths, again.paths, strict=True):
        assert one.read_text(encoding="utf-8") == other.read_text(encoding="utf-8"), one.name


def test_a_chain_with_few_tables_says_what_it_lacks(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    bare = (
        "facilities",
        "facility_output",
        "facility_status",
        "recipes",
        "ownership",
        "offtakes",
        "policies",
        "projects",
    )
    chain = toy.with_(**{name: toy.table(name).clear() for name in bare})
    result = replace(made[1], sensitivity=())
    written, _ = make(chain, tmp_path, result=result)
    text = Page(written.html.read_text(encoding="utf-8")).text
    assert "Nothing is held:" not in text
    assert len(re.findall(r"Not held for this metal: ([^.]*)\.", text)[0].split("; ")) == 8
    shown = set(re.findall(r'<section id="([^"]+)">', written.html.read_text(encoding="utf-8")))
    assert not {"contracts", "projects", "policies", "map", "sensitivity"} & shown
    assert {path.name for path in written.figures} >= {"toy-ALLIES-ladder-place.svg"}


def test_a_rung_without_a_total_is_printed_as_unknown(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    bare = tuple(replace(rung, total_t=None, total_low=None, total_high=None) for rung in made[1].rungs)
    written, _ = make(toy, tmp_path, result=replace(made[1], rungs=bare))
    text = Page(written.html.read_text(encoding="utf-8")).text
    assert f"World total {fmt.MISSING}" in text
    assert "nan" not in text.lower().split()


def test_a_failing_section_leaves_the_folder_as_it_was(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    class PlannedError(Exception):
        pass

    def fail(_: object) -> SectionContent:
        raise PlannedError

    older = tmp_path / "toy-ALLIES.html"
    older.write_text("older", encoding="utf-8")
    sections = (*SECTIONS, Section(key="last", title="Last", build=fail, order=999))
    with pytest.raises(PlannedError):
        make(toy, tmp_path, result=made[1], sections=sections)
    assert [path.name for path in tmp_path.iterdir()] == ["toy-ALLIES.html"]
    assert older.read_text(encoding="utf-8") == "older"


def test_a_later_capability_adds_its_section(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    def build(_: object) -> SectionContent:
        return SectionContent(blocks=(Text(text="What stops first.", sources=("toy-survey",)),))

    sections = (*SECTIONS, Section(key="shock", title="If a site stops", build=build, order=85))
    written, _ = make(toy, tmp_path, result=made[1], sections=sections)
    html = written.html.read_text(encoding="utf-8")
    assert (
        html.index('<section id="projects">')
        < html.index('<section id="shock">')
        < html.index('<section id="sensitivity">')
    )


def test_an_unknown_bloc_is_refused_before_anything_is_written(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    with pytest.raises(UnknownNameError):
        brief(toy, made[1], bloc="Atlantis", out=tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.789, "79 %"),
        (0.0421, "4.2 %"),
        (0.0001, "<0.1 %"),
        (0.0996, "10 %"),
        (0.9987, "99.9 %"),
        (0.99999, ">99.9 %"),
    ],
)
def test_shares_are_printed(value: float | None, text: str) -> None:
    assert fmt.share(value).replace(fmt.NBSP, " ") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0"),
        (75416.0, "75,400"),
        (1234567.0, "1,230,000"),
        (9.876, "9.88"),
        (0.01234, "0.0123"),
        (99.96, "100"),
        (999.6, "1,000"),
    ],
)
def test_numbers_keep_three_digits(value: float | None, text: str) -> None:
    assert fmt.number(value) == text


def highlights(chain: Chain, result: LadderResult, out: Path, *, sections: int = 1) -> str:
    """The highlights, of a page with the first sections only."""
    written = brief(chain, result, bloc="ALLIES", out=out, sections=SECTIONS[:sections])
    text = written.markdown.read_text(encoding="utf-8")
    return text[text.index("## Highlights") : text.index("## Contents")].replace(fmt.NBSP, " ")


def with_index(result: LadderResult, name: str, index: Index) -> LadderResult:
    return replace(result, rungs=tuple(replace(rung, indices={**rung.indices, name: index}) for rung in result.rungs))


def test_the_place_sentence_speaks_of_supply_and_says_what_it_rests_on(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    rungs = tuple(replace(rung, basis_note="half by estimated output; figures of 2020") for rung in made[1].rungs)
    text = highlights(toy, replace(made[1], rungs=rungs), tmp_path)
    assert "What this share rests on: half by estimated output; figures of 2020" in text
    supply = sum(rung.stage in ("mining", "refining", "smelting", "processing", "manufacturing") for rung in rungs)
    assert re.search(rf"(all|\d+ of) {supply} rungs from mining to manufacturing", text)
    assert "decides over" not in text


def test_negative_reliance_is_a_net_exporter_and_missing_lines_are_named(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    sold = highlights(toy, with_index(made[1], "import_reliance", Index(-0.4, -0.5, -0.3)), tmp_path / "sold")
    assert "Net exporter" in sold
    gone = Index(None, why="no trade is held for HS 284180")
    missing = highlights(toy, with_index(made[1], "import_reliance", gone), tmp_path / "missing")
    assert "cannot be told on any rung of supply" in missing
    assert "HS 284180" in missing


def test_supply_risk_is_quoted_with_its_basis(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    alone = Index(2.3, 2.0, 2.6, "world supply mix alone: no trade is held for HS 284180")
    result = with_index(made[1], "eu_supply_risk", alone)
    text = highlights(toy, result, tmp_path, sections=2)
    assert "by the world supply mix alone it is highest" in text
    assert "threshold is 1.0" in text
    assert "2.30\u2020" in Page((tmp_path / "toy-ALLIES.html").read_text(encoding="utf-8")).text


def test_concentration_by_owner_is_a_bound_where_owners_are_unknown(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    def unclear(rung: Rung, known: float) -> Rung:
        named = replace(rung.by_place[0], id="toy-owner", name="Owner", share=known, low=known, high=known)
        rest = replace(named, id="unknown", name="unknown", share=1 - known)
        indices = {**rung.indices, "hhi_owner": Index(known**2, known**2, 0.5, "most has no known owner")}
        return replace(rung, by_owner=(named, rest), indices=indices)

    for known, printed in ((0.5, f"\u2265{fmt.NBSP}0.25"), (0.05, "not known"), (0.9, "0.81")):
        result = replace(made[1], rungs=tuple(unclear(rung, known) for rung in made[1].rungs))
        brief(toy, result, bloc="ALLIES", out=tmp_path / str(known), sections=SECTIONS[:2])
        page = Page((tmp_path / str(known) / "toy-ALLIES.html").read_text(encoding="utf-8"))
        assert printed in page.text


def test_the_glance_table_gives_the_leaders_own_interval(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    result = with_index(made[1], "top1", Index(0.5, 0.123, 0.987))
    written, _ = make(toy, tmp_path, result=result)
    assert "12\u201399" not in written.html.read_text(encoding="utf-8")


def test_many_sources_are_cited_by_the_first_two_and_their_number(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    ids = tuple(toy.sources["source_id"])[:6]
    assert len(ids) > 3
    rungs = tuple(replace(rung, source_ids=ids[::-1]) for rung in made[1].rungs)
    text = highlights(toy, replace(made[1], rungs=rungs), tmp_path)
    assert f"[1](#s-{ids[-1]}) [2](#s-{ids[-2]}) [of {len(ids)}](#rung-" in text


def test_inputs_of_a_rung_are_joined_by_their_document(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    rung = next(rung for rung in made[1].rungs if rung.stage == "mining")
    rows = (
        Sensitivity(f"A's share of {rung.name}", f"production of {rung.name}, A", 0.41, "the yearbook"),
        Sensitivity(f"HHI of {rung.name}", f"production of {rung.name}, A", 0.46, "the yearbook"),
        Sensitivity(f"HHI of {rung.name}", f"production of {rung.name}, WORLD", 0.2, "the yearbook"),
    )
    written, _ = make(toy, tmp_path, result=replace(made[1], sensitivity=rows))
    text = written.markdown.read_text(encoding="utf-8").replace(fmt.NBSP, " ")
    assert text.count("The yearbook |") == 1
    assert "production, A (about 45 %); production, world total (about 20 %)" in text
    assert "WORLD" not in text


def test_rungs_and_long_tables_stand_in_the_annex(made: tuple[BriefResult, LadderResult]) -> None:
    html = made[0].html.read_text(encoding="utf-8")
    annex = html.index('<section id="annex">')
    for rung in made[1].rungs:
        assert html.index(f'<div id="rung-{rung.stage}-') > annex
    assert html.index("What would change these conclusions</h2>") < annex < html.index('<section id="sources">')
    assert "<details open" not in html


def test_principal_rungs_alone_stand_on_the_main_page(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    first = next(rung for rung in made[1].rungs if rung.stage == "mining")
    chain = replace(toy, metadata=principal_only(toy, first.material))
    written, _ = make(chain, tmp_path, result=made[1])
    text = Page(written.html.read_text(encoding="utf-8")).text
    assert f"{len(made[1].rungs) - 1} further rungs in the annex" in text


def principal_only(chain: Chain, material: str) -> dict[str, Any]:
    return {**chain.metadata, "ytterby": {**chain.settings, "principal": [material]}}


@pytest.mark.parametrize(
    ("made_text", "text"),
    [
        (fmt.counted(1, "source is", "sources are"), "1 source is"),
        (fmt.counted(2, "source is", "sources are"), "2 sources are"),
        (fmt.of_all(1, 1, "rung"), "the one rung"),
        (fmt.of_all(8, 8, "rung"), "all 8 rungs"),
        (fmt.of_all(6, 8, "rung"), "6 of 8 rungs"),
        (fmt.roughly(0.453).replace(fmt.NBSP, " "), "about 45 %"),
        (fmt.words("mou"), "MoU"),
        (fmt.words("planned_capacity"), "planned capacity"),
    ],
)
def test_counts_and_words_are_spoken(made_text: str, text: str) -> None:
    assert made_text == text


def test_addresses_in_markdown_are_whole(toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path) -> None:
    sources = toy.sources.with_columns(url=pl.lit("https://example.org/a_b?c=1&d=2"))
    written, _ = make(toy.with_(sources=sources), tmp_path, result=made[1])
    assert "<https://example.org/a_b?c=1&d=2>" in written.markdown.read_text(encoding="utf-8")


def carrying(result: LadderResult, material: str, total_t: float) -> LadderResult:
    """The result with one rung of the given tonnage, all of it in one place and under one owner."""

    def alone(rung: Rung) -> Rung:
        place = replace(rung.by_place[0], share=1.0, low=1.0, high=1.0)
        owner = replace(place, id="toy-owner", name="Sole Owner", state=None)
        return replace(rung, total_t=total_t, by_place=(place,), by_owner=(owner,), evidence={"independent": 1.0})

    return replace(
        result,
        rungs=tuple(
            alone(rung) if rung.material == material and rung.stage != "use" else rung for rung in result.rungs
        ),
    )


def test_a_rung_that_carries_little_metal_leads_no_headline(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    tiny = highlights(toy, carrying(made[1], "toy-metal", 0.1), tmp_path / "tiny")
    assert "Sole Owner" not in tiny
    large = highlights(toy, carrying(made[1], "toy-metal", 400.0), tmp_path / "large")
    assert "Sole Owner" in large


def test_the_leader_is_told_where_it_comes_first(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    context = BriefContext(chain=toy, result=made[1], bloc="ALLIES")
    best = best_place_rung(context, context.palette.leader)
    assert best is not None
    assert first_named(best[0].by_place) == best[1]


def test_many_reasons_are_counted_and_one_doubt_is_told_once(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    lines = {rung.material: f"no trade is held for HS {280000 + at}" for at, rung in enumerate(made[1].rungs)}
    rungs = tuple(
        replace(rung, indices={**rung.indices, "import_reliance": Index(None, why=lines[rung.material])})
        for rung in made[1].rungs
    )
    text = highlights(toy, replace(made[1], rungs=rungs), tmp_path / "many")
    assert "no trade is held for its customs line (on " in text
    assert "HS 28" not in text
    doubtful = with_index(made[1], "import_reliance", Index(0.4, 0.3, 0.5, why="prices are far apart"))
    told = highlights(toy, doubtful, tmp_path / "doubt")
    assert told.count("prices are far apart") == 1
    assert told.count("0 % from") == 0


def test_tonnage_that_nobody_states_is_said_in_words(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    nothing = {"independent": 0.0, "interested": 0.0, "state_affiliated": 0.0, "unknown": 1.0}
    rungs = tuple(replace(rung, evidence=nothing) for rung in made[1].rungs)
    text = highlights(toy, replace(made[1], rungs=rungs), tmp_path)
    assert "no publisher states its tonnage" in text
    assert "0 % from" not in text


def test_uses_of_one_name_are_told_apart(toy: Chain, made: tuple[BriefResult, LadderResult]) -> None:
    use = replace(made[1].rungs[-1], name="Use of toy in all products")
    rungs = (*made[1].rungs[:-1], replace(use, material="toy-oxide"), replace(use, material="toy-metal"))
    context = BriefContext(chain=toy, result=replace(made[1], rungs=rungs), bloc="ALLIES")
    named = [context.short(rung) for rung in rungs if rung.stage == "use"]
    assert named == ["Use of toy as toy oxide", "Use of toy as toy metal"]


def test_of_many_folds_the_first_are_linked_and_the_rest_counted(made: tuple[BriefResult, LadderResult]) -> None:
    html = made[0].html.read_text(encoding="utf-8")
    part = html[html.index('<section id="ladder">') :]
    part = part[: part.index("</section>")]
    folds = len(made[1].rungs) + 1
    assert f'<a href="#annex-ladder">{folds - NAMED_FOLDS} more</a>' in part
    assert 'id="annex-ladder"' in html


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        ("2018-06", None, "from 2018-06"),
        (None, "2025", "until 2025"),
        ("2023", "2025", "2023 to 2025"),
        (None, None, "–"),
    ],
)
def test_an_open_term_has_no_dash_for_a_date(start: str | None, end: str | None, text: str) -> None:
    assert contracts._term(start, end) == text


def test_the_document_alone_is_printed() -> None:
    reason = "Two figures, 4,000 t and 13,000 t. Would be settled by customs data of line 2530 90."
    assert sensitivity._document(reason) == "customs data of line 2530 90"
    assert sensitivity._document("the yearbook") == "the yearbook"


def test_a_lower_bound_by_place_is_marked_in_the_glance_table(
    toy: Chain, made: tuple[BriefResult, LadderResult], tmp_path: Path
) -> None:
    for value, printed in ((0.2, f"\u2265{fmt.NBSP}0.20"), (0.001, "not known")):
        bound = Index(value, 0.0, 0.5, "a lower bound: half has no known place")
        found = with_index(made[1], "hhi", bound)
        written, _ = make(toy, tmp_path / str(value), result=found, sections=SECTIONS[:2])
        assert printed in Page(written.html.read_text(encoding="utf-8")).text
