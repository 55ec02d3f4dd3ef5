"""The brief on an article: sections, numbering, escaping of hostile text, what settles a claim, and the command."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ytterby.brief.article import ArticleView, Rival, article_brief, article_view, chain_says, settle
from ytterby.cli.app import app
from ytterby.evidence import Claim, Document, EventKind, StatementKind, Status, text_sha256
from ytterby.evidence.extract import classify, extract
from ytterby.evidence.ledger import Entry, Link, LinkKind

HOSTILE = (
    '<script>alert(1)</script> "><img src=x onerror=alert(2)> {{ 7*7 }} {% for a in b %} [a](javascript:alert(3)) '
    "`b` # c\n| d | e |"
)
TEXT = f"""China Minmetals signed a strategic cooperation agreement with University of Science and Technology Beijing.
China Minmetals said on 3 March 2025 that it will train 40 metallurgists in tungsten smelting with the university.
Almonty Industries said {HOSTILE.splitlines()[0]} its Sangdong mine will produce 4,000 tonnes of tungsten concentrate.
This underscores how dominant China's grip on the value chain has become.
"""


class Tags(HTMLParser):
    """Tags, handlers and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.handlers: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        given = dict(attrs)
        self.handlers += [name for name in given if name.startswith("on")]
        self.links += [str(given["href"])] if "href" in given else []
        self.ids += [str(given["id"])] if "id" in given else []


def article(text: str = TEXT, **fields: Any) -> tuple[Document, tuple[Claim, ...]]:
    held = {"title": "A deal", "date": "2025-03-04", "publisher": "Metals Courier", "language": "en"} | fields
    document = classify(Document(text=text, sha256=text_sha256(text), **held))
    return document, extract(document)


@pytest.fixture(scope="module")
def view() -> ArticleView:
    return article_view(*article(), draws=20)


@pytest.fixture(scope="module")
def pages(view: ArticleView, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    written = article_brief(view, out=tmp_path_factory.mktemp("brief"), name="x")
    return written.html.read_text(encoding="utf-8"), written.markdown.read_text(encoding="utf-8")


def test_the_page_has_every_part_in_order(pages: tuple[str, str]) -> None:
    titles = re.findall(r"^## (.+)$", pages[1], re.MULTILINE)
    assert titles == [
        "Highlights",
        "Contents",
        "What was said",
        "What is commentary",
        "What the chain says",
        "People and research",
        "What is unverified, and what would settle it",
        "How it was read",
        "Disclaimer",
        "Annex",
        "Sources",
    ]
    assert re.findall(r"<h2>(.+?)</h2>", pages[0]) == titles


def test_hostile_text_is_shown_and_never_obeyed(pages: tuple[str, str]) -> None:
    tags = Tags(pages[0])
    assert not tags.tags["script"]
    assert not tags.tags["img"]
    assert not tags.handlers
    assert all(link.startswith(("#", "http://", "https://")) for link in tags.links)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages[0]
    assert "{{ 7*7 }}" in pages[0]
    prose = pages[1]
    assert "<script" not in prose
    assert "<img" not in prose
    assert r"\[a\](javascript:alert(3))" in prose
    assert r"\`b\`" in prose


@pytest.mark.parametrize("field", ["title", "publisher", "url", "language", "date"])
def test_hostile_words_about_the_article_are_escaped(field: str, tmp_path: Path) -> None:
    document, claims = article("Nothing was said about any metal here by anybody.", **{field: HOSTILE})
    written = article_brief(article_view(document, claims), out=tmp_path, name="x")
    tags = Tags(written.html.read_text(encoding="utf-8"))
    assert not tags.tags["script"]
    assert not tags.tags["img"]
    assert not tags.handlers
    assert all(link.startswith("#") for link in tags.links)
    prose = written.markdown.read_text(encoding="utf-8")
    assert "<script" not in prose
    assert not re.search(r"^\| d \| e \|$", prose, re.MULTILINE)


def test_every_link_in_the_page_has_its_end(pages: tuple[str, str]) -> None:
    tags = Tags(pages[0])
    assert {link[1:] for link in tags.links if link.startswith("#")} <= set(tags.ids)
    ends = set(re.findall(r'<a id="([^"]+)"', pages[1]))
    assert set(re.findall(r"\]\(#([^)]+)\)", pages[1])) <= ends


def test_commentary_is_told_from_claims_and_has_no_number(view: ArticleView) -> None:
    assert {claim.statement_kind for claim in view.opinions} == {StatementKind.COMMENTARY}
    assert StatementKind.COMMENTARY not in {claim.statement_kind for claim in view.said}
    assert [view.number[claim.id] for claim in view.said] == list(range(1, len(view.said) + 1))
    assert not set(view.number) & {claim.id for claim in view.opinions}


def test_shares_are_those_of_the_ladder(view: ArticleView) -> None:
    told = view.told[0]
    rungs = {rung.material: rung for rung in told.result.rungs}
    found = [(place, name, share) for place in chain_says.places(view) for name, share in place.shares]
    assert found
    assert told.metal == "tungsten"
    for place, _, share in found:
        assert share in rungs[place.rung.material].by_owner
    names = {name for _, name, _ in found}
    assert any("Minmetals" in name for name in names)
    assert not any("University" in name for name in names)


def test_a_subsidiary_stands_under_whoever_controls_it(view: ArticleView) -> None:
    told = view.told[0]
    assert told.top("china-tungsten-hightech") == "china-minmetals"
    assert told.top("nobody-knows-this-one") == "nobody-knows-this-one"


def test_each_kind_of_event_has_a_document_that_settles_it() -> None:
    held = settle.rules()
    assert {kind for kind, status in held if not status} == {kind.value for kind in EventKind}
    assert {status for _, status in held if status} <= {status.value for status in Status}
    assert all(row["question"] and row["document"] and row["holder"] and row["effort"] for row in held.values())


def test_the_status_chooses_the_document() -> None:
    text = "Almonty Industries received a letter of intent for a loan of up to US$50 million from a bank."
    claims = [claim for claim in article(text)[1] if claim.event_kind is EventKind.FINANCING]
    assert claims[0].status is Status.LETTER_OF_INTENT
    rule = settle.rule_for(claims[0])
    assert rule
    assert rule["status"] == "letter_of_intent"


def test_metals_without_a_package_and_texts_without_a_metal(tmp_path: Path) -> None:
    gallium = article_view(*article("Example Gallium Ltd opened a gallium refinery in Germany on 3 March 2025."))
    assert gallium.without_package == ("gallium",)
    assert not gallium.told
    page = article_brief(gallium, out=tmp_path).markdown.read_text(encoding="utf-8")
    assert "no package is held" in page
    nothing = article_view(*article("It rained."))
    assert article_brief(nothing, out=tmp_path, name="n").html.is_file()


def test_the_ledger_names_the_other_document(view: ArticleView, tmp_path: Path) -> None:
    own = view.said[0]
    other, claims = article("China Minmetals denied the agreement with University of Science and Technology Beijing.")
    link = Link(LinkKind.CONTRADICTS, own.id, claims[0].id, field="status")
    told = ArticleView(
        document=view.document,
        claims=view.claims,
        told=view.told,
        rivals=(Rival(link, own, Entry(claims[0], other)),),
    )
    page = article_brief(told, out=tmp_path).markdown.read_text(encoding="utf-8")
    assert "What the ledger holds" in page
    assert "contradicted by “A deal”" in page


def test_results_of_a_shock_and_a_plan_are_shown(view: ArticleView, tmp_path: Path) -> None:
    quantiles = {"p05": 2.0, "p50": 3.0, "p95": 7.0}
    shock = {"runs": 100, "months": 24, "time_to_shortage_months": quantiles, "recovery_months": quantiles}
    shock |= {"ranking": [{"place": "CHN", "loss_t": 120.5}], "manifest": {"options": {"stop": ["place:CHN"]}}}
    build = {"process": "soda-autoclave-apt", "place": "EU", "year_decided": 2026, "year_ready": 2031}
    plan = {"manifest": {"packages": {"tungsten": "x"}, "options": {"blocs": ["EU"], "year": 2024, "until": 2040}}}
    plan |= {"objective_usd": 1e9, "status": "optimal", "assumed_share": 0.4}
    plan |= {"builds": [{**build, "capacity_t_per_a": 500.0}]}
    told = ArticleView(document=view.document, claims=view.claims, told=view.told, shock=shock, plan=plan)
    page = article_brief(told, out=tmp_path).markdown.read_text(encoding="utf-8")
    assert "What plan and shock say" in page
    assert "3.00 months" in page
    assert "place:CHN" in page
    assert "A plan of least cost" in page


def test_the_command_writes_the_page_and_refuses_mixed_calls(tmp_path: Path) -> None:
    run = CliRunner().invoke
    source = tmp_path / "news.txt"
    source.write_text("Deal\n\nExample Gallium Ltd opened a gallium refinery in Germany on 3 March 2025.\n")
    done = run(app, ["brief", "--article", str(source), "--to", str(tmp_path / "page.html"), "--json"])
    assert done.exit_code == 0, done.output
    assert Path(json.loads(done.stdout)["html"]) == tmp_path / "page.html"
    assert (tmp_path / "page.md").is_file()
    for wrong in (["brief"], ["brief", "tungsten", "--article", str(source)], ["brief", "tungsten", "--to", "x.html"]):
        assert run(app, wrong).exit_code != 0
    notes = tmp_path / "notes.json"
    notes.write_text("[]")
    assert run(app, ["brief", "--article", str(source), "--shock", str(notes)]).exit_code != 0
