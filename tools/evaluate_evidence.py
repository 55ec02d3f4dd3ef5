"""Scores the extractor against labelled articles: precision, recall and F1 a field.

    python tools/evaluate_evidence.py dev|heldout|real [--texts FOLDER] [--round N] [--show]

`dev` and `heldout` are the synthetic articles of tests/articles; `real` are the public pages of real_pages.csv, whose
texts are not in the repository: those found in FOLDER as PAGE_ID.txt with the hash of the table are scored, the rest
skipped and counted. Fields are scored as sets over an article; a statement's sort line by line, claim and background
against commentary apart. Numbers of an empty set are left out, never counted as right.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from ytterby.evidence.claim import Claim, Document, Party, StatementKind, text_sha256  # noqa: E402
from ytterby.evidence.extract import Gazetteer, extract, packaged_gazetteer  # noqa: E402
from ytterby.evidence.extract.normalise import fold  # noqa: E402

KINDS = {"C": "claim", "M": "commentary", "F": "forecast", "B": "background"}
FIELDS = ("parties", "metals", "stages", "event kind", "status", "amounts", "amount values", "statement kind")
LEGAL = re.compile(r"[\s.,]+(?:ltd|limited|inc|corp|corporation|plc|gmbh|ag|ab|co|company)\b\.?|[\s.()（）]")


@dataclass
class Article:
    """A labelled article: its lines with their sorts, and the labels of the whole."""

    name: str
    language: str
    date: str
    publisher: str
    lines: list[tuple[str, str]] = field(default_factory=list)
    labels: dict[str, list[str]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The article's text, one line a sentence."""
        return "\n".join(line for _, line in self.lines)


@dataclass
class Score:
    """Right, wrong and missed items of one field."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, found: Iterable[object], labelled: Iterable[object]) -> None:
        """Count one article."""
        have, want = set(found), set(labelled)
        self.right += len(have & want)
        self.wrong += len(have - want)
        self.missed += len(want - have)

    def figures(self) -> tuple[float, float, float]:
        """Return precision, recall and F1; nan where nothing was there to find."""
        found, wanted = self.right + self.wrong, self.right + self.missed
        precision = self.right / found if found else float("nan")
        recall = self.right / wanted if wanted else float("nan")
        total = 2 * self.right + self.wrong + self.missed
        return precision, recall, 2 * self.right / total if total else float("nan")


def read_articles(path: Path) -> list[Article]:
    """Return the articles of a file in the format of tests/articles/README.md."""
    articles: list[Article] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            name, language, date, publisher, _ = (part.strip() for part in line[3:].split(" | "))
            articles.append(Article(name, language, date, publisher))
        elif articles and re.match(r"[TCMFB]\| ", line):
            articles[-1].lines.append((line[0], line[3:].strip()))
        elif articles and re.match(r"[EPMSA]=", line):
            articles[-1].labels[line[0]] = _items(line[2:])
    return articles


def read_pages(table: Path, folder: Path, rounds: Collection[str] = ()) -> Iterator[Article | None]:
    """Yield the real pages of some rounds whose text is at hand with the right hash, and None for each that is not."""
    with table.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if rounds and row["round"] not in rounds:
                continue
            path = folder / f"{row['page_id']}.txt"
            if not path.is_file():
                yield None
                continue
            text = path.read_text(encoding="utf-8")
            if hashlib.sha256(text.encode()).hexdigest() != row["sha256"]:
                yield None
                continue
            labels = {key[0].upper(): _items(row[key]) for key in ("events", "parties", "metals", "stages", "amounts")}
            article = Article(row["page_id"], row["language"], row["date"], row["url"].split("/")[2], labels=labels)
            article.lines = list(zip(row["kinds"], text.split("\n"), strict=True))
            yield article


def score(articles: Iterable[Article], known: Gazetteer, *, show: bool = False) -> dict[str, Score]:
    """Return the score of every field over articles."""
    scores = {name: Score() for name in (*FIELDS, "claim or commentary")}
    for article in articles:
        text = article.text
        title = article.lines[0][1] if article.lines[0][0] == "T" else ""
        document = Document(title, text, text_sha256(text), article.date, article.publisher, language=article.language)
        claims = extract(document, known)
        found, wanted = _found(claims), _wanted(article)
        for name in wanted:
            scores[name].add(found[name], wanted[name])
            if show and set(found[name]) != set(wanted[name]):
                wrong, missed = set(found[name]) - set(wanted[name]), set(wanted[name]) - set(found[name])
                print(f"{article.name} {name}: wrong {sorted(map(str, wrong))} missed {sorted(map(str, missed))}")
        _score_statements(article, claims, scores, show=show)
    return scores


def _found(claims: Iterable[Claim]) -> dict[str, set[object]]:
    claims = tuple(claims)
    news = [claim for claim in claims if claim.statement_kind is StatementKind.CLAIM]
    ahead = [claim for claim in claims if claim.statement_kind is StatementKind.FORECAST]
    amounts = [amount for claim in claims for amount in claim.amounts]
    return {
        "parties": {_party(_key(party)) for claim in (*news, *ahead) for party in claim.parties},
        "metals": {metal for claim in claims for metal in claim.metals},
        "stages": {stage for claim in claims for stage in claim.stages},
        "event kind": {claim.event_kind.value for claim in news if claim.event_kind},
        "status": {(c.event_kind.value, c.status.value) for c in news if c.event_kind and c.status},
        "amounts": {(_ends(a.value, a.high), a.unit, a.qualifier.value) for a in amounts},
        "amount values": {(_ends(a.value, a.high), a.unit) for a in amounts},
    }


def _wanted(article: Article) -> dict[str, set[object]]:
    events = [item.partition(":") for item in article.labels.get("E", [])]
    amounts = [item.split() for item in article.labels.get("A", [])]
    ends = [(_label_ends(value), unit, qualifier) for value, unit, qualifier in amounts]
    return {
        "parties": {_party(name) for name in article.labels.get("P", [])},
        "metals": set(article.labels.get("M", [])),
        "stages": set(article.labels.get("S", [])),
        "event kind": {kind for kind, _, _ in events},
        "status": {(kind, status) for kind, _, status in events if status not in ("", "-")},
        "amounts": set(ends),
        "amount values": {(value, unit) for value, unit, _ in ends},
    }


def _score_statements(article: Article, claims: Iterable[Claim], scores: Mapping[str, Score], *, show: bool) -> None:
    """Score the sort of each line but the title; a line without a claim counts as missed."""
    at, kinds = 0, {}
    for sort, line in article.lines:
        if sort != "T":
            kinds[at] = (sort, line)
        at += len(line) + 1
    for start, (sort, line) in kinds.items():
        inside = [claim for claim in claims if start <= claim.span[0] < start + len(line)]
        found = {inside[0].statement_kind.value} if inside else set()
        scores["statement kind"].add(found, {KINDS[sort]})
        if sort in "CM":
            two = {"claim", "commentary"}
            scores["claim or commentary"].add(found & two, {KINDS[sort]})
        if show and found != {KINDS[sort]}:
            print(f"{article.name} statement: {sorted(found)} for {KINDS[sort]}: {line[:110]}")


def _ends(value: float, high: float | None) -> str:
    return f"{value:.6g}" if high is None else f"{value:.6g}-{high:.6g}"


def _label_ends(text: str) -> str:
    low, _, high = text.partition("-")
    return _ends(float(low), float(high) if high else None)


def _key(party: Party) -> str:
    """Return what labels call a party: its id, of schools the name, since only some of them are in the tables."""
    return party.name if party.kind == "university" else party.id or party.name


def _party(name: str) -> str:
    return LEGAL.sub("", fold(name).casefold())


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(";") if item.strip()]


def table(scores: Mapping[str, Score]) -> str:
    """Return the scores as a Markdown table."""
    lines = ["| field | precision | recall | F1 |", "|---|---|---|---|"]
    for name, held in scores.items():
        precision, recall, f1 = held.figures()
        lines.append(f"| {name} | {precision:.2f} | {recall:.2f} | {f1:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Score one set and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("set", choices=("dev", "heldout", "real"))
    parser.add_argument("--texts", type=Path, default=ROOT / "real_pages", help="folder of the texts of the real pages")
    parser.add_argument(
        "--round", action="append", default=[], choices=("1", "2", "3"), help="rounds of the real pages"
    )
    parser.add_argument("--language", choices=("en", "zh"))
    parser.add_argument("--show", action="store_true", help="print every difference")
    options = parser.parse_args()
    folder = ROOT / "tests" / "articles"
    if options.set == "real":
        pages = list(read_pages(folder / "real_pages.csv", options.texts, options.round))
        articles = [page for page in pages if page]
        print(f"{len(articles)} pages scored, {len(pages) - len(articles)} skipped: text not at hand")
    else:
        articles = read_articles(folder / f"{options.set}.txt")
    chosen = [article for article in articles if options.language in (None, article.language)]
    if not chosen:
        raise SystemExit("nothing to score")
    print(table(score(chosen, packaged_gazetteer(), show=options.show)))


if __name__ == "__main__":
    main()
