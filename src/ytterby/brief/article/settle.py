"""What is unverified, and the cheapest document that would settle it.

`settle.csv` says for each kind of event, and where it matters for a status, which question is open, which document
answers it, who holds it and how long it takes. A claim is open unless an independent party says it of what has
happened; a second document in the ledger that supports it is named.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

from ytterby.evidence import Claim, EventKind, SourceClass
from ytterby.evidence.ledger.records import LinkKind

from .. import format as fmt
from ..section import Block, Bullets, Cell, SectionContent, Table, Text
from .chain_says import OFF_LADDER
from .said import SOFT, groups
from .view import ArticleView

Rule = dict[str, str]


@cache
def rules() -> dict[tuple[str, str], Rule]:
    """The rules by event kind and status; an empty status stands for all others."""
    text = resources.files(__package__).joinpath("settle.csv").read_text(encoding="utf-8")
    return {(row["event_kind"], row["status"]): row for row in csv.DictReader(text.splitlines())}


def rule_for(claim: Claim) -> Rule | None:
    """The rule for a claim: that of its status, else that of its kind."""
    if claim.event_kind is None:
        return None
    status = claim.status.value if claim.status else ""
    held = rules()
    return held.get((claim.event_kind.value, status)) or held.get((claim.event_kind.value, ""))


def build(view: ArticleView) -> SectionContent:
    """What is open for each event, and what would settle it."""
    rows: list[tuple[Cell, ...]] = []
    for kind, claims in groups(view.said).items():
        lead = next((claim for claim in claims if claim.status), claims[0])
        rule = rule_for(lead)
        if rule:
            rows.append(_row(view, kind, claims, rule))
    blocks: list[Block] = [Bullets(items=tuple(_general(view)))]
    if rows:
        blocks.append(
            Table(
                columns=("Event", "Open", "Cheapest document", "Who holds it", "Effort"),
                rows=tuple(rows),
                note="By a table of rules, one a kind of event; the document is named, not read.",
                is_folded=False,
            )
        )
    return SectionContent(blocks=tuple(blocks))


def _row(view: ArticleView, kind: EventKind, claims: list[Claim], rule: Rule) -> tuple[Cell, ...]:
    return (
        Cell(text=fmt.capital(fmt.words(kind.value)), more=view.claim_refs(claims)),
        Cell(text=rule["question"], more="; ".join(_open(view, claims))),
        Cell(text=fmt.capital(rule["document"])),
        Cell(text=rule["holder"]),
        Cell(text=rule["effort"]),
    )


def _open(view: ArticleView, claims: list[Claim]) -> list[str]:
    ids = {claim.id for claim in claims}
    found = []
    if not any(claim.status for claim in claims):
        found.append("status not said")
    elif all(claim.status in SOFT for claim in claims if claim.status):
        found.append("intended, not done")
    if not any(claim.amounts for claim in claims):
        found.append("no amount")
    if not any(claim.dates for claim in claims):
        found.append("no date")
    if not any(claim.speaker_class is SourceClass.INDEPENDENT for claim in claims):
        found.append("no independent word")
    others = [rival for rival in view.rivals or () if rival.own.id in ids]
    found += [f"supported by {_title(r.other.document.title)}" for r in others if r.link.kind is LinkKind.SUPPORTS]
    found += [
        f"contradicted by {_title(r.other.document.title)}" for r in others if r.link.kind is LinkKind.CONTRADICTS
    ]
    return found


def _title(title: str) -> str:
    return f"“{title or 'an untitled document'}”"


def _general(view: ArticleView) -> list[Text]:
    strangers = [party.name for party in view.parties if not party.id and party.kind not in OFF_LADDER]
    items = [
        Text(
            lead="One document.",
            text="Everything above rests on this article alone"
            + ("." if not view.rivals else ", but for what the ledger links to it."),
        )
    ]
    if strangers:
        items.append(
            Text(
                lead="Parties not in the tables.",
                text=f"{fmt.listing(strangers[:8])}: who owns them is not known here; an extract of the company "
                "register would tell.",
            )
        )
    if not view.document.date:
        items.append(Text(lead="Undated.", text="No date was found; words such as “this year” are not resolved."))
    elif len(view.document.date) < 10:
        text = f"The day is not found, only {view.document.date}; the publisher's own page would tell."
        items.append(Text(lead="Day not known.", text=text))
    return items
