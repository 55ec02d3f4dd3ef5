"""Highlights, statements and commentary: who says what, as claim, forecast or background, and what is opinion.

Everything printed is a field of a claim or a quotation marked as such; nothing is paraphrased.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ytterby.evidence import Claim, EventKind, Party, SourceClass, StatementKind, Status
from ytterby.evidence.compare import say_amount

from .. import format as fmt
from ..section import Block, Bullets, Cell, SectionContent, Table, Text
from .chain_says import finding
from .view import ARTICLE, ArticleView, about, said_class

SOFT = frozenset(
    (
        Status.TALKS,
        Status.MOU,
        Status.TERM_SHEET,
        Status.FRAMEWORK,
        Status.LETTER_OF_INTENT,
        Status.CONDITIONAL,
        Status.PROPOSED,
        Status.ANNOUNCED,
        Status.STUDY,
    )
)
LONG_QUOTE = 600


def highlights(view: ArticleView) -> SectionContent:
    """What is said, whose word it is, what is opinion, what the chain says, what is not said."""
    items = [*_events(view), _whose_word(view), _opinion(view), *finding(view), _not_said(view)]
    return SectionContent(blocks=(Bullets(items=tuple(item for item in items if item.text)),))


def groups(claims: Iterable[Claim]) -> dict[EventKind, list[Claim]]:
    """Claims and forecasts by the event that they tell of."""
    found: dict[EventKind, list[Claim]] = {}
    for claim in claims:
        if claim.event_kind and claim.statement_kind in (StatementKind.CLAIM, StatementKind.FORECAST):
            found.setdefault(claim.event_kind, []).append(claim)
    return found


def names(parties: Iterable[Party]) -> list[str]:
    """The names of parties, each once."""
    return list(dict.fromkeys(party.name for party in parties))


def _events(view: ArticleView) -> list[Text]:
    items = []
    for kind, claims in groups(view.said).items():
        who = names(party for claim in claims for party in claim.parties)
        status = next((claim.status for claim in claims if claim.status), None)
        amounts = list(dict.fromkeys(say_amount(amount) for claim in claims for amount in claim.amounts))
        parts = [fmt.listing(who[:4]) or "no party named"]
        parts += [f"status: {fmt.words(status.value)}" if status else "the status is not said"]
        parts += [f"amounts: {fmt.listing(amounts[:4])}"] if amounts else []
        text = f"{'; '.join(parts)} ({view.claim_refs(claims)})."
        items.append(about(f"{fmt.capital(fmt.words(kind.value))}:", text))
    return items or [about("No event.", "The rules find no event that the article claims.")]


def _whose_word(view: ArticleView) -> Text:
    said = [claim for claim in view.said if claim.statement_kind is StatementKind.CLAIM]
    if not said:
        return Text(text="")
    state = {party.name: party.state_affiliated for party in view.parties if party.state_affiliated}
    by: dict[tuple[str, str], int] = {}
    for claim in said:
        key = (claim.speaker or view.publisher, claim.speaker_class.value)
        by[key] = by.get(key, 0) + 1
    ranked = sorted(by.items(), key=lambda item: (-item[1], item[0]))
    told = [f"{n} of {name} ({said_class(word)}{_state(view, state, name)})" for (name, word), n in ranked[:4]]
    free = sum(1 for claim in said if claim.speaker_class is SourceClass.INDEPENDENT)
    if len(ranked) == 1:
        told = [f"the word of {told[0].split(' of ', 1)[1]}"]
    apart = f"{view.publisher}, itself {said_class(view.document.publisher_class.value)}, relays them"
    end = "none is an independent party's own word" if not free else f"{free} are an independent party's own word"
    count = fmt.counted(len(said), "claim")
    opening = f"Of {count}: {fmt.listing(told)}" if len(ranked) > 1 else f"{count}, {told[0]}"
    return about("Whose word.", f"{opening}. {apart}; {end}.")


def _state(view: ArticleView, state: dict[str, str], name: str) -> str:
    return f", under the state of {view.place(state[name])}" if name in state else ""


def _opinion(view: ArticleView) -> Text:
    count = len(view.opinions)
    if not count:
        return about("Commentary.", "No sentence reads as commentary.")
    whose = fmt.listing(list(dict.fromkeys(claim.speaker or view.publisher for claim in view.opinions))[:3])
    of = fmt.counted(len(view.claims), "statement")
    return about(
        "Commentary.", f"{count} of {of} are opinion, of {whose}; they stand apart, and nothing rests on them."
    )


def _not_said(view: ArticleView) -> Text:
    told = [claim for claims in groups(view.said).values() for claim in claims]
    if not told:
        return Text(text="")
    lacks = [
        word
        for word, held in (
            ("no amount", any(claim.amounts for claim in told)),
            ("no date", any(claim.dates for claim in told)),
            ("no place", any(claim.places for claim in told)),
        )
        if not held
    ]
    soft = [claim for claim in told if claim.status in SOFT]
    text = f"{fmt.capital(fmt.listing(lacks))} is given for what is claimed. " if lacks else ""
    if soft:
        statuses = fmt.listing(sorted({fmt.words(claim.status.value) for claim in soft if claim.status}))
        text += f"Nothing built or paid follows from a status of {statuses} ({view.claim_refs(soft)})."
    return about("Not said.", text.strip())


def statements(view: ArticleView) -> SectionContent:
    """What was said, numbered, with speaker, class and quotation."""
    if not view.said:
        return SectionContent(blocks=(Text(text="The rules find no claim, forecast or background in the text."),))
    seen: dict[tuple[int, int], int] = {}
    rows = []
    for claim in view.said:
        first = seen.setdefault(claim.span, view.number[claim.id])
        quote = _quoted(claim) if first == view.number[claim.id] else f"The sentence of statement {first}."
        rows.append((Cell(text=str(view.number[claim.id])), _what(view, claim), _who(claim), Cell(text=quote)))
    table = Table(
        columns=("No.", "What", "Whose word", "In the article's words"),
        rows=tuple(rows),
        numeric=frozenset({0}),
        note="Grade: the source A to F and the item 1 to 6, apart, by the Admiralty system; neither A nor 1 is given. "
        "A sentence that tells of two events stands twice.",
        is_folded=False,
    )
    return SectionContent(blocks=(table,))


def commentary(view: ArticleView) -> SectionContent:
    """What is opinion, with the cues by which it was read so."""
    if not view.opinions:
        return SectionContent(blocks=(Text(text="No sentence reads as commentary."),))
    text = (
        "Judgement, exhortation or generalisation, by the wording; it is quoted so that a reader can disagree, and "
        "no figure of this page rests on it."
    )
    table = Table(
        columns=("In the article's words", "Whose word", "Read as commentary by"),
        rows=tuple((Cell(text=_quoted(claim)), _who(claim), Cell(text=_cues(claim))) for claim in view.opinions),
        is_folded=False,
    )
    return SectionContent(blocks=(Text(text=text, sources=(ARTICLE,)), table))


def _quoted(claim: Claim) -> str:
    plain = re.sub(r"^[-*•·]\s+", "", " ".join(claim.quote.split()))
    return f"“{plain[:LONG_QUOTE]}{'…' if len(plain) > LONG_QUOTE else ''}”"


def _what(view: ArticleView, claim: Claim) -> Cell:
    event = ", ".join(fmt.words(part.value) for part in (claim.event_kind, claim.status) if part)
    head = fmt.words(claim.statement_kind.value)
    return Cell(text=fmt.capital(f"{head}: {event}" if event else head), more="; ".join(_details(view, claim)))


def _details(view: ArticleView, claim: Claim) -> list[str]:
    held: tuple[tuple[str, Sequence[str]], ...] = (
        ("parties", names(claim.parties)),
        ("metals", [fmt.words(metal).replace("-", " ") for metal in claim.metals]),
        ("stages", claim.stages),
        ("occupations", [name.replace("-", " ") for name in claim.occupations]),
        ("amounts", [say_amount(amount) for amount in claim.amounts]),
        ("dates", [date.value for date in claim.dates]),
        ("places", [view.place(place) for place in claim.places]),
    )
    return [f"{name}: {', '.join(values)}" for name, values in held if values]


def _who(claim: Claim) -> Cell:
    more = f"{said_class(claim.speaker_class.value)}; grade {claim.source_grade}{claim.item_grade}"
    return Cell(text=claim.speaker or "not known", more=f"{more}; confidence {claim.confidence:.2f}")


def _cues(claim: Claim) -> str:
    fired = [rule.rule.removeprefix("statement.") for rule in claim.rules if rule.field == "statement_kind"]
    return ", ".join(dict.fromkeys(fired)) or fmt.MISSING


def ledger(view: ArticleView) -> SectionContent:
    """What a ledger holds of other documents on the same events."""
    rivals = view.rivals or ()
    if not rivals:
        text = "No other document in the ledger speaks of these events: nothing here is corroborated or contradicted."
        return SectionContent(blocks=(Text(text=text),))
    rows: list[tuple[Cell, ...]] = []
    for rival in rivals:
        other = rival.other
        title = other.document.title or "untitled document"
        rows.append(
            (
                Cell(text=str(view.number.get(rival.own.id, fmt.MISSING))),
                Cell(
                    text=fmt.words(rival.link.kind.value), more=fmt.words(rival.link.field) if rival.link.field else ""
                ),
                Cell(text=title, more=f"{other.document.publisher or 'publisher not given'}, {other.day or 'no date'}"),
                Cell(text=_quoted(other.claim)),
            )
        )
    blocks: tuple[Block, ...] = (
        Table(columns=("No.", "Link", "Other document", "In its words"), rows=tuple(rows), is_folded=False),
    )
    return SectionContent(blocks=blocks)
