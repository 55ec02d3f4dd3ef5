"""Who is speaking: the party or the sort of person that a sentence quotes, and whose information a document rests on.

Named parties count with their class; unnamed persons ("a spokesperson", "analysts") with the class of their role: those
of a company are interested, those of a ministry state-affiliated, analysts and traders unknown. Without a speaker it
is the publisher's word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ytterby.evidence.claim import Document, Party, SourceClass
from ytterby.evidence.extract.classify import party_class
from ytterby.evidence.extract.parties import PartyMention
from ytterby.evidence.extract.patterns import lexicon

_BEFORE = re.compile(r"according to|as announced by|in a statement by|据")


@dataclass(frozen=True)
class Speaker:
    """Whose word a claim is, with the rule that tells it."""

    name: str
    source_class: SourceClass
    rule: str
    confidence: float


def speaker(
    sentence: str, start: int, parties: Sequence[PartyMention], document: Document, basis: Speaker | None
) -> Speaker:
    """Return the speaker of a sentence in folded lower case that starts at `start` in its document."""
    said = lexicon("says")[0][1].search(sentence)
    if said:
        near = [m for m in parties if m.start - start <= said.start() and said.start() - (m.end - start) < 40]
        role = _role(sentence)
        if near and not (role and role[0] in ("analysts", "traders")):
            party = near[0].party
            return Speaker(party.name, party_class(party), "speaker.party before a verb of saying", 0.85)
        if role:
            return Speaker(role[0], role[1], "speaker.role", 0.7)
    if match := _BEFORE.search(sentence):
        near = [m for m in parties if 0 <= m.start - start - match.end() < 12]
        if near:
            return Speaker(near[0].party.name, party_class(near[0].party), "speaker.according to", 0.85)
    role = _role(sentence)
    if role:
        return Speaker(role[0], role[1], "speaker.role", 0.6)
    if basis:
        return basis
    return Speaker(document.publisher, document.publisher_class, "speaker.publisher", 0.5)


def document_basis(text: str, parties: Sequence[PartyMention]) -> Speaker | None:
    """Return whose information a document says that it rests on, if it does."""
    match = lexicon("basis")[0][1].search(text)
    if not match:
        return None
    near = [m for m in parties if 0 <= m.start - match.end() < 60]
    if not near:
        return None
    party: Party = near[0].party
    return Speaker(party.name, party_class(party), "speaker.document says whose information it is", 0.8)


def _role(sentence: str) -> tuple[str, SourceClass] | None:
    for value, pattern in lexicon("speaker"):
        if pattern.search(sentence):
            name, _, verdict = value.partition(":")
            return name, SourceClass(verdict)
    return None
