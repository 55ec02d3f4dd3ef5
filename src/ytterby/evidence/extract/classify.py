"""Whose word it is, and how far to trust it: source classes and Admiralty-style grades.

The publisher's class and that of the one who is quoted are told apart. State-affiliated means a government, a public
body, a state's media, or a company that a state controls by the ownership graph, whichever state. Grade of the source
A to F and of the item 1 to 6 after the Admiralty system (NATO AJP-2.1): A and 1 are never given by rule, since they
need a record or a second source; F and 6 mean that it cannot be judged.
"""

from __future__ import annotations

from functools import lru_cache

from ytterby.evidence.claim import Party, SourceClass, StatementKind, Status
from ytterby.evidence.extract.automaton import Automaton
from ytterby.evidence.extract.gazetteer import Gazetteer
from ytterby.evidence.extract.normalise import fold, fold_case
from ytterby.evidence.extract.parties import entry_party
from ytterby.evidence.extract.patterns import lexicon


def publisher_class(publisher: str, known: Gazetteer) -> tuple[SourceClass, str]:
    """Return the class of a publisher, by name or address, and the rule that tells it."""
    name = fold_case(publisher).strip()
    if not name:
        return SourceClass.UNKNOWN, "publisher.not given"
    if name in known.source_class_of:
        return SourceClass(known.source_class_of[name]), "publisher.source of the tables"
    party = _company(publisher, known.automaton, known)
    if party:
        return party_class(party), "publisher.company of the tables"
    for value, pattern in lexicon("publisher"):
        if pattern.search(name):
            rule, _, verdict = value.partition(":")
            return SourceClass(verdict), f"publisher.{rule}"
    return SourceClass.UNKNOWN, "publisher.not known"


def party_class(party: Party) -> SourceClass:
    """Return the class of a party's word."""
    if _is_official(party.name):
        return SourceClass.INDEPENDENT
    if party.state_affiliated or party.kind == "government":
        return SourceClass.STATE_AFFILIATED
    if party.kind in ("school", "university"):
        return SourceClass.INDEPENDENT
    return SourceClass.INTERESTED


@lru_cache(maxsize=1024)
def source_grade(publisher: str, verdict: SourceClass) -> str:
    """Return a source's grade: B statistics and surveys, C press and academe, D with a stake, F unknown."""
    if verdict is SourceClass.INDEPENDENT:
        return "B" if _is_official(publisher) else "C"
    return "F" if verdict is SourceClass.UNKNOWN else "D"


def item_grade(kind: StatementKind, speaker: SourceClass, status: Status | None, *, is_about_itself: bool) -> str:
    """Return the grade of an item before any second source is known.

    2 an independent speaker on what has happened; 3 a party on its own act; 4 others, and what is only intended;
    5 denied; 6 opinions and forecasts, which cannot be judged.
    """
    if kind in (StatementKind.COMMENTARY, StatementKind.FORECAST):
        return "6"
    if status in (Status.DENIED, Status.WITHDRAWN):
        return "5"
    soft = (Status.TALKS, Status.MOU, Status.TERM_SHEET, Status.LETTER_OF_INTENT, Status.PROPOSED, Status.ANNOUNCED)
    if status in soft:
        return "4"
    if speaker is SourceClass.INDEPENDENT:
        return "2"
    return "3" if is_about_itself else "4"


def _company(publisher: str, automaton: Automaton, known: Gazetteer) -> Party | None:
    for mention in automaton.find(fold(publisher)):
        if mention.entry.kind in ("company", "school", "body"):
            return entry_party(mention.entry, known)
    return None


def _is_official(name: str) -> bool:
    """Return whether a name is that of a statistics office or survey."""
    return any(
        pattern.search(fold_case(name)) for value, pattern in lexicon("publisher") if value.startswith("statistics")
    )
