"""What sort of statement a sentence is: claim, commentary, forecast or background.

Each cue of `cues.csv` has a weight for one sort; the sort with the most weight wins, claim where none leads. A claim
needs somebody who did or said something; commentary judges, exhorts or generalises; a forecast looks ahead;
background tells what was known before. The rules that fired are kept with the claim.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ytterby.evidence.claim import StatementKind
from ytterby.evidence.extract.normalise import has_chinese
from ytterby.evidence.extract.patterns import Patterns, all_patterns

_C, _M, _F, _B = StatementKind.CLAIM, StatementKind.COMMENTARY, StatementKind.FORECAST, StatementKind.BACKGROUND
_YEAR = re.compile(r"(?<![\d.,$])(19\d\d|20\d\d)(?!\d|\.\d|-\d)(?!\s?(?:吨|t\b|tonnes))")
_QUOTED = re.compile(r'"[^"]{2,200}"')


@dataclass(frozen=True)
class Statement:
    """The sort of a statement, how sure, and the rules that spoke for it."""

    kind: StatementKind
    confidence: float
    rules: tuple[str, ...]


def statement(
    sentence: str,
    *,
    parties: int,
    amounts: int,
    places: int,
    events: Sequence[str],
    document_year: int,
    has_new_date: bool,
    patterns: Patterns | None = None,
) -> Statement:
    """Return the sort of a sentence in folded lower case.

    Args:
        sentence: the sentence.
        parties: how many parties it names.
        amounts: how many amounts it holds.
        places: how many countries it names.
        events: event kinds whose words it holds.
        document_year: year of the document, 0 where unknown.
        has_new_date: whether it names a day or month of the document's year.
        patterns: those that can match in its text; all where none are given.
    """
    plain = _QUOTED.sub(" ", sentence)
    if len(plain.strip()) < len(sentence) / 2:
        plain = sentence
    score = dict.fromkeys(StatementKind, 0.0)
    fired: dict[StatementKind, list[str]] = {kind: [] for kind in StatementKind}
    for kind, weight, rule, pattern in (patterns or all_patterns()).cues["zh" if has_chinese(sentence) else "en"]:
        if pattern.search(plain):
            score[kind] += weight
            fired[kind].append(rule)
    score[_C] += (
        0.4 * min(parties, 2) + 0.4 * min(amounts, 2) + (0.9 if events else 0.0) + (0.9 if has_new_date else 0.0)
    )
    if not parties and not amounts and not has_new_date and not (events and places):
        score[_M] += 0.9
        fired[_M].append("statement.nobody named")
    years = [int(year) for year in _YEAR.findall(plain)]
    if document_year and years and max(years) < document_year - (1 if has_new_date else 0):
        score[_B] += 5.0 if not has_new_date else 2.4
        fired[_B].append("statement.past year")
    if document_year and years and min(years) > document_year:
        score[_F] += 0.8
        fired[_F].append("statement.year ahead")
    best = max(StatementKind, key=lambda kind: (score[kind], kind is _C))
    if score[best] < 0.8:
        best = _C
    rest = max(value for kind, value in score.items() if kind is not best)
    sure = min(0.95, 0.55 + 0.12 * max(0.0, score[best] - rest))
    return Statement(best, round(sure, 2), tuple(fired[best]) or ("statement.default",))
