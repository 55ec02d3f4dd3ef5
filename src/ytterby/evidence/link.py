"""Same event across sources, and what two claims on it mean for each other, by rules that look at the pair alone.

Because a rule sees two claims and their documents and nothing else, the links of a set of claims do not depend on the
order in which they were read. Same event: kinds of one family, metals, materials and places that do not exclude one
another, said within the family's window, and parties that match: by id, or by name (rapidfuzz, at least 90 of 100)
where either side has no id. Deals need both sides, or the same object of a stake; a single company in common never
makes two deals one. Later news of the same voice, or a step up or off the ladder, supersedes; a difference between
voices contradicts; no difference supports. Commentary takes part in no event. People link what the rules miss.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from ytterby.evidence.claim import Amount, Claim, EventKind, Party, PartyRole, Qualifier, StatementKind, Status
from ytterby.evidence.compare import Difference, day_span, differences, is_later, progress
from ytterby.evidence.ledger.records import Entry, Link, LinkKind

FAMILIES: Mapping[EventKind, str] = {
    EventKind.RESEARCH_COOPERATION: "research",
    EventKind.TALENT_PROGRAMME: "talent",
    EventKind.OFFTAKE: "offtake",
    EventKind.JOINT_VENTURE: "stake",
    EventKind.ACQUISITION: "stake",
    EventKind.FINANCING: "financing",
    EventKind.CONSTRUCTION: "plant",
    EventKind.OPENING: "plant",
    EventKind.CAPACITY: "plant",
    EventKind.QUOTA: "rule",
    EventKind.EXPORT_CONTROL: "rule",
    EventKind.POLICY: "rule",
    EventKind.PRICE: "price",
}
WINDOW_D: Mapping[str, int] = {"rule": 180, "price": 7}
USUAL_WINDOW_D = 730
CLOSE_D = 14
ALIKE = 90.0
_FORMS = frozenset(
    {"ag", "bv", "co", "company", "corp", "corporation", "gmbh", "group", "holding", "holdings", "inc", "incorporated"}
    | {"international", "industries", "limited", "llc", "ltd", "nv", "plc", "pty", "sa", "the", "university", "of"}
    | {"metal", "metals", "mining", "resources", "and", "china"}
)
_FORMS_ZH = ("股份有限公司", "有限责任公司", "有限公司", "集团", "公司", "中国")
_NAMELESS = re.compile(
    r"(the|an?|its|one|some|several|analysts?|sources?|officials?)\b|公司|该|一位|知情|发言人", re.IGNORECASE
)
_CJK = re.compile(r"[\u3400-\u9fff]+")


def family(claim: Claim) -> str:
    """Return the family of events to which a claim may belong; empty for commentary and unknown kinds."""
    if claim.event_kind is None or claim.statement_kind is StatementKind.COMMENTARY:
        return ""
    return FAMILIES[claim.event_kind]


def window_days(name: str) -> int:
    """Return how many days apart two claims of a family may be said and still be on one event."""
    return WINDOW_D.get(name, USUAL_WINDOW_D)


@cache
def plain_name(name: str) -> str:
    """Return a name for comparison: case, width and marks aside, without forms of companies."""
    text = unicodedata.normalize("NFKC", name).casefold()
    for form in _FORMS_ZH:
        text = text.replace(form, "")
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    words = re.findall(r"\w+", text)
    kept = [word for word in words if word not in _FORMS]
    return " ".join(kept or words)


def name_words(name: str) -> frozenset[str]:
    """Return the words of a name by which claims find each other: words of Latin script, pairs of Chinese signs."""
    words: set[str] = set()
    for word in plain_name(name).split():
        if _CJK.fullmatch(word):
            words.update(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        else:
            words.add(word)
    return frozenset(words)


def key_parties(claim: Claim) -> tuple[Party, ...]:
    """Return the parties that act in a claim; those only mentioned count where no other is named."""
    acting = tuple(party for party in claim.parties if party.role is not PartyRole.MENTIONED)
    return acting or claim.parties


def is_same_party(one: Party, two: Party) -> bool:
    """Return whether two parties are one: by id where both have one, else by name."""
    if one.id and two.id:
        return one.id == two.id
    return _alike(plain_name(one.name), plain_name(two.name))


@cache
def _alike(one: str, two: str) -> bool:
    if one == two:
        return True
    from rapidfuzz import fuzz

    return bool(fuzz.token_sort_ratio(one, two) >= ALIKE)


def pair_links(one: Entry, two: Entry) -> tuple[Link, ...]:
    """Return what the rules say of two claims; nothing where they are not on the same event."""
    if one.id == two.id:
        return ()
    first, second = sorted((one, two), key=lambda entry: entry.id)
    reason, extra = same_event(first, second)
    if not reason:
        return ()
    return (Link(LinkKind.SAME_EVENT, first.id, second.id, rule=reason), *_relations(first, second, extra))


def same_event(first: Entry, second: Entry) -> tuple[str, tuple[Difference, ...]]:
    """Return the rule by which two claims are on one event, empty where they are not, and a party in dispute."""
    a, b = first.claim, second.claim
    name = family(a)
    if not name or name != family(b) or not _within(first.day, second.day, window_days(name)):
        return "", ()
    pairs = ((a.metals, b.metals), (a.materials, b.materials), (countries(a), countries(b)), (sites(a), sites(b)))
    if any(_exclude(x, y) for x, y in pairs):
        return "", ()
    matched = _matches(key_parties(a), key_parties(b))
    if name == "rule":
        is_one = a.event_kind == b.event_kind and bool(matched or (countries(a) and countries(b)))
        return ("same_rule" if is_one else ""), ()
    if name == "price":
        return ("same_price" if a.materials and b.materials else ""), ()
    if name == "plant":
        return ("same_plant" if matched or (sites(a) and sites(b)) else ""), ()
    return _same_deal(first, second, matched)


def _same_deal(first: Entry, second: Entry, matched: int) -> tuple[str, tuple[Difference, ...]]:
    mine, others = key_parties(first.claim), key_parties(second.claim)
    smaller = min(len(mine), len(others))
    if smaller and matched == smaller:
        if matched >= 2 or len(mine) == len(others):
            shares_subject = matched >= 2 or bool(first.claim.metals and second.claim.metals)
            return ("same_parties" if shares_subject else ""), ()
        if family(first.claim) == "stake" and _same_object(mine, others):
            return "same_object", ()
    if matched == 1 and len(mine) == len(others) == 2 and _same_terms(first, second):
        mine_only = next(p for p in mine if not any(is_same_party(p, q) for q in others))
        others_only = next(q for q in others if not any(is_same_party(p, q) for p in mine))
        return "same_terms", (Difference("party", mine_only.id or mine_only.name, others_only.id or others_only.name),)
    return "", ()


def _matches(mine: Sequence[Party], others: Sequence[Party]) -> int:
    left = list(others)
    count = 0
    for party in sorted(mine, key=lambda p: (not p.id, p.id, p.name)):
        found = next((other for other in left if is_same_party(party, other)), None)
        if found is not None:
            left.remove(found)
            count += 1
    return count


def _same_object(mine: Sequence[Party], others: Sequence[Party]) -> bool:
    objects = [[p for p in side if p.role is PartyRole.OBJECT] for side in (mine, others)]
    return any(is_same_party(p, q) for p in objects[0] for q in objects[1])


def sites(claim: Claim) -> tuple[str, ...]:
    """Return the sites that a claim names; its countries and blocs are upper case."""
    return tuple(place for place in claim.places if not place.isupper())


def countries(claim: Claim) -> tuple[str, ...]:
    """Return the countries and blocs that a claim names."""
    return tuple(place for place in claim.places if place.isupper())


def _same_terms(first: Entry, second: Entry) -> bool:
    """Return whether an exact amount is told alike within days: one deal of which one party is told differently."""
    exact = [{_amount_key(a) for a in e.claim.amounts if a.qualifier is Qualifier.EXACT} for e in (first, second)]
    is_near = bool(first.day and second.day) and _within(first.day, second.day, CLOSE_D)
    return bool(exact[0] & exact[1]) and is_near and not differences(first.claim, second.claim)


def _amount_key(amount: Amount) -> tuple[str, float, str]:
    return amount.of, amount.value, amount.unit


def _exclude(mine: Sequence[str], others: Sequence[str]) -> bool:
    return bool(mine and others) and not set(mine) & set(others)


def _within(first: str, second: str, window: int) -> bool:
    one, two = day_span(first), day_span(second)
    if not one or not two:
        return True
    return max((one[0] - two[1]).days, (two[0] - one[1]).days) <= window


def _relations(first: Entry, second: Entry, extra: tuple[Difference, ...]) -> Iterator[Link]:
    """Yield supports, contradicts and supersedes between two claims on one event."""
    if is_later(first.day, second.day):
        first, second = second, first
    in_order = is_later(second.day, first.day)
    same_voice = voice(first) == voice(second)
    if first.claim.document_sha256 == second.claim.document_sha256 and same_voice:
        return
    fields = [row.field for row in (*differences(first.claim, second.claim), *extra)]
    step = progress(first.claim.status, second.claim.status)
    moved_on = in_order and step in ("advanced", "ended", "resumed")
    restated = in_order and same_voice and bool(fields or step == "regressed")
    denied = step == "denied"
    is_last_word = denied and in_order and second.claim.status is Status.DENIED
    if moved_on or restated or is_last_word:
        rule = f"status_{step}" if moved_on or is_last_word or not fields else "restated"
        yield Link(LinkKind.SUPERSEDES, second.id, first.id, rule=rule)
    if not moved_on and not (same_voice and in_order):
        for field in fields:
            yield Link(LinkKind.CONTRADICTS, first.id, second.id, field=field, rule="differs")
    open_status = step not in ("", "same") and not in_order
    if denied or (step == "regressed" and not (same_voice and in_order)) or open_status:
        rule = f"status_{step}" if in_order or denied else "status_differs"
        yield Link(LinkKind.CONTRADICTS, first.id, second.id, field="status", rule=rule)
    if not fields and step in ("", "same"):
        yield Link(LinkKind.SUPPORTS, first.id, second.id, rule="agrees")


def voice(entry: Entry) -> str:
    """Return whose word a claim is: its speaker (within one publisher if it has no name), else its publisher."""
    home = plain_name(entry.document.publisher) or entry.document.sha256
    if _NAMELESS.match(entry.claim.speaker):
        return f"{plain_name(entry.claim.speaker)} in {home}"
    return plain_name(entry.claim.speaker) or home


def party_terms(claim: Claim) -> Iterator[tuple[str, str]]:
    """Yield the terms (kind, value) under which a claim is found by others on the same event."""
    for party in claim.parties:
        if party.id:
            yield "party", party.id
        for word in name_words(party.name):
            yield "word", word
    yield from (("place", place) for place in claim.places)
    yield from (("site", place) for place in sites(claim))
    yield from (("material", material) for material in claim.materials)


BLOCKS: Mapping[str, tuple[str, ...]] = {"rule": ("party", "word", "place"), "price": ("material",)}
USUAL_BLOCKS = ("party", "word", "site")
