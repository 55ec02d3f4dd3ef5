"""Who takes part: companies, schools and public bodies of the tables, and names of firms that the tables do not know.

Unknown firms are found by the legal or trade word that ends their name (Ltd, Resources, 有限公司 ...), or by standing
before a verb that only somebody can do. Once a full name has been read, its first word stands for it in the same text,
unless that is an everyday word. Roles by place: before the word that tells the event subject, behind it object.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ytterby.evidence.claim import Party, PartyRole
from ytterby.evidence.extract.automaton import Entry, Mention
from ytterby.evidence.extract.gazetteer import Gazetteer
from ytterby.evidence.extract.patterns import lexicon, word_list


def _words(group: str, value: str) -> str:
    return dict(lexicon(group))[value].pattern


_CAP = r"[A-Z][\w&'’\-]*"
_TAIL = _words("firm-ending", "en")
_FIRM = re.compile(
    rf"\b(?:{_CAP}\s+){{1,4}}?(?:(?:{_TAIL})\b\.?(?:\s+(?=(?:{_TAIL})\b))?)+(?!(?:\s+\w+)?\s+(?:Act|[Pp]roject|[Mm]ine|[Dd]eposit|[Tt]ailings)\b)"
)
_SCHOOL = re.compile(
    rf"\b(?:(?:University|Institute) of (?:{_CAP}|and|for|of)(?:\s+(?:{_CAP}|and))*"
    rf"|(?:{_CAP}\s+){{1,3}}(?:University(?: of {_CAP}(?: {_CAP})?)?|School of Mines|Institute of Technology)"
    rf"|(?:TU|RWTH)\s+{_CAP}(?:\s+{_CAP})?)"
)
_BODY = re.compile(rf"\b(?:Ministry|Department|Bureau) of {_CAP}(?:(?:,| and)? {_CAP})*")
_SAYS = r"said|says|confirmed|noted|added|told"
_DOES = r"announced|will|has|have|signed|agreed|denied|bought|acquired|plans|expects|launched"
_ACTOR = re.compile(rf"\b({_CAP})\s+(?:{_SAYS}|{_DOES})\b|\b({_CAP}(?:\s+{_CAP}){{1,2}})\s+(?:{_DOES})\b")
_TITLE = re.compile(rf"(?:{_words('person-title', 'en')})\.?\s+$", re.IGNORECASE)
_ZH_TAIL = _words("firm-ending", "zh")
_ZH_FIRM = re.compile(
    rf"[\u4e00-\u9fff]{{2,16}}?(?:\([\u4e00-\u9fff]{{2,4}}\))?(?:{_ZH_TAIL})(?!{_ZH_TAIL}|股份|有限|集团|公司)"
)
_ACRONYM = re.compile(r"\s*\((?:the )?[\"']?([A-Z][A-Za-z&]{1,7})[\"']?\)")
_ZH_ALIAS = re.compile(r"\s*\(以下(?:简称|称)[:：]?[\"《]?([\u4e00-\u9fff]{2,10})[\"》]?\)")
_ZH_ENDING = re.compile(rf"(?:{_ZH_TAIL})$")
_ZH_CUT = re.compile(rf".*(?:{_words('firm-cut', 'zh')})")

_PAIR = re.compile(r"\b[A-Z][\w'-]+ (?=([A-Z][\w'-]+))")
_AND = "和与及同、"
_GRADES = frozenset(("light", "heavy", "earths"))
MAX_NAMES = 400


@dataclass(frozen=True)
class PartyMention:
    """A party with its place in the text, the rule that found it and how sure it is."""

    party: Party
    start: int
    end: int
    rule: str
    confidence: float


def party_mentions(text: str, mentions: list[Mention], known: Gazetteer) -> list[PartyMention]:
    """Return the parties that a folded text names, in order.

    Args:
        text: the text, folded but in the case as printed.
        mentions: what the gazetteer found in it.
        known: the gazetteer.
    """
    page = _Page(text)
    for mention in mentions:
        kind = mention.entry.kind
        if kind in ("company", "school", "body") and mention.entry.id not in word_list("data-source"):
            page.found.append(_known(mention, known))
            page.take(mention.start, mention.end)
        elif kind in ("ignore", "body") or (kind == "place" and " " in text[mention.start : mention.end]):
            page.take(mention.start, mention.end)
    _find_latin(page)
    _find_chinese(page)
    for mention in mentions:
        page.take(mention.start, mention.end)
    _find_short_forms(page)
    _find_actors(page)
    return sorted(page.found, key=lambda item: (item.start, item.end))


class _Page:
    """A text, the parties found in it so far, and which of its characters are taken."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[PartyMention] = []
        self._taken = bytearray(len(text) + 1)

    def take(self, start: int, end: int) -> None:
        """Mark characters as taken."""
        self._taken[start:end] = b"\1" * (end - start)

    def last_taken(self, start: int, end: int) -> int:
        """Return the place behind the last taken character of a span that is not taken to its end, or 0."""
        at = self._taken.rfind(b"\1", start, end)
        return at + 1 if start <= at < end - 1 else 0

    def add(self, start: int, end: int, party: Party | None, rule: str, sure: float) -> bool:
        """Add a party where nothing of its span is taken; without one it is named as the text names it."""
        if end - start < 3 or self._taken.find(b"\1", start, end) >= 0:
            return False
        named = party or Party(self.text[start:end].rstrip(". "))
        self.found.append(PartyMention(named, start, end, rule, sure))
        self.take(start, end)
        return True


def with_role(mention: PartyMention, trigger: tuple[int, int] | None) -> Party:
    """Return the party with its role relative to the words that tell the event."""
    party = mention.party
    role = PartyRole.MENTIONED
    if trigger:
        role = PartyRole.SUBJECT if mention.start <= trigger[0] else PartyRole.OBJECT
    return Party(party.name, party.id, party.kind, party.country, role, party.state_affiliated)


def _known(mention: Mention, known: Gazetteer) -> PartyMention:
    entry = mention.entry
    if entry.kind == "company":
        kind = known.kind_of.get(entry.id, "company")
        state = known.state_of.get(entry.id, "") or (entry.country if kind == "government" else "")
        party = Party(known.name_of.get(entry.id, entry.name), entry.id, kind, entry.country, state_affiliated=state)
    else:
        kind = "school" if entry.kind == "school" else "government"
        state = entry.country if entry.kind == "body" else ""
        party = Party(entry.id, "", kind, entry.country, state_affiliated=state)
    return PartyMention(party, mention.start, mention.end, f"party.{entry.kind} of the tables", 0.95)


def _find_latin(page: _Page) -> None:
    """Find ministries, schools and firms of Latin script by the words that their names are made with."""
    text = page.text
    for match in _BODY.finditer(text):
        page.add(match.start(), match.end(), Party(match.group(), "", "government"), "party.ministry pattern", 0.8)
    for match in _SCHOOL.finditer(text):
        start = match.start() + (4 if match.group().startswith("The ") else 0)
        page.add(start, match.end(), Party(text[start : match.end()], "", "school"), "party.school pattern", 0.8)
    common = word_list("trade-word") | word_list("legal-word") | word_list("everyday-word") | _GRADES
    for match in _FIRM.finditer(text):
        name = match.group().rstrip()
        words = name.split()
        while words and (words[0].lower() in word_list("no-actor") or words[0].endswith(("-based", "'s"))):
            words.pop(0)
        if len(words) > 1 and not {word.lower().strip(".,") for word in words} <= common:
            start = match.start() + name.index(words[0])
            party = Party(text[start : match.end()].rstrip(". "), "", "company")
            page.add(start, match.start() + len(name), party, "party.firm pattern", 0.7)


def _find_chinese(page: _Page) -> None:
    """Find firms, schools and associations of Chinese script, and the short forms that a text defines for them."""
    text = page.text
    defined: dict[str, Party] = {}
    for match in _ZH_FIRM.finditer(text):
        head = _ZH_ENDING.sub("", match.group())
        cut = _ZH_CUT.match(head)
        if cut and cut.end() == len(head):
            continue
        start = match.start() + (cut.end() if cut else 0)
        inside = page.last_taken(start, match.start() + len(head))
        if inside and text[inside] not in _AND:
            continue  # a known name with more of its own name behind it
        start = max(start, inside)
        while text[start] in _AND:
            start += 1
        name = text[start : match.end()]
        if name in word_list("no-firm") or len(name) < 4 or name.startswith(("该", "本", "两", "某")):
            continue
        kind = "school" if name.endswith(("大学", "研究院", "研究所")) else "company"
        short = _ZH_ALIAS.match(text, match.end())
        alias = short.group(1) if short and short.group(1) not in word_list("no-firm") else ""
        party = Party(alias or name, "", kind)
        if (
            page.add(start, match.end(), party, "party.chinese firm pattern", 0.6)
            and alias
            and len(defined) < MAX_NAMES
        ):
            defined.setdefault(alias, party)
    if defined:
        for place in re.finditer("|".join(re.escape(alias) for alias in defined), text):
            page.add(place.start(), place.end(), defined[place.group()], "party.short form defined", 0.8)


def _find_short_forms(page: _Page) -> None:
    """Find first words and acronyms of names that the text gives in full elsewhere."""
    short: dict[str, PartyMention] = {}
    idle = word_list("everyday-word") | word_list("no-actor")
    for mention in page.found[:MAX_NAMES]:
        first = page.text[mention.start : mention.end].split(" ")[0]
        if first.isascii() and len(first) > 3 and first.lower() not in idle:
            held = short.get(first)
            if held is None or (not held.party.id and mention.party.id):
                short[first] = mention
        if defined := _ACRONYM.match(page.text, mention.end):
            short.setdefault(defined.group(1), mention)
    if not short:
        return
    names = "|".join(re.escape(name) for name in sorted(short, key=len, reverse=True))
    for match in re.finditer(rf"\b(?:{names})\b", page.text):
        rule = "party.first word of a name read in full"
        page.add(match.start(), match.end(), short[match.group()].party, rule, 0.8)


def _find_actors(page: _Page) -> None:
    """Find names before a verb that only somebody can do; persons, known by title or first name, are left out."""
    text, idle = page.text, word_list("no-actor")
    surnames = set(_PAIR.findall(text))
    for match in _ACTOR.finditer(text):
        group = 1 if match.group(1) else 2
        words = match.group(group).split()
        while words and (words[0].lower() in idle or words[0].endswith("'s")):
            words.pop(0)
        if not words or words[0].endswith("ing") or any(word.lower() in idle for word in words):
            continue
        start = match.start(group) + match.group(group).index(words[0])
        before = text[max(0, start - 24) : start]
        is_plural = len(words) == 1 and words[0].endswith("s") and before.rstrip(" ")[-1:] in ("", ".", "\n")
        is_surname = len(words) == 1 and words[0] in surnames
        if not is_plural and not is_surname and not _TITLE.search(before):
            page.add(start, match.end(group), None, "party.stands before a verb of doing", 0.45)


def entry_party(entry: Entry, known: Gazetteer) -> Party:
    """Return an entry of the gazetteer as a party."""
    return _known(Mention(entry, 0, 0), known).party
