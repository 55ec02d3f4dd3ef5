"""Names that the extractor knows: companies, sites, materials and places of the packages, and the words of the field.

Made from the packages' tables (companies, names, facilities, materials, places, schools and occupations where held) and
from `words.csv`, which holds words of both languages for metals, materials, stages, public bodies and schools. Who is
controlled by a state comes from the ownership graph of the shared tables. Nothing is guessed: a name that would also be
an everyday word is used only in its full form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING

from ytterby.evidence.extract.automaton import KINDS, Automaton, Entry
from ytterby.evidence.extract.normalise import fold, is_chinese
from ytterby.evidence.extract.patterns import rows, word_list

if TYPE_CHECKING:
    from ytterby.chain.chain import Chain

_SITE = re.compile(
    r"\s+(mine|mines|project|plant|refinery|smelter|concentrator|works|deposit|pits|restart|licence|factory)\b.*$", re.I
)
_ZH_LEGAL = re.compile(r"(?:股份有限公司|有限责任公司|有限公司)$")
_SKIPPED_NAMES = re.compile(r"^[\W\d_]*$|^\d|\.(SZ|SH|HK|L|AX|TO)$|:|^[a-z0-9-]+$|^[A-Z]{1,2}$")


@dataclass(frozen=True)
class Gazetteer:
    """Entries, and what is known of the things that they name."""

    entries: tuple[Entry, ...]
    metal_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stage_of: Mapping[str, str] = field(default_factory=dict)
    state_of: Mapping[str, str] = field(default_factory=dict)
    kind_of: Mapping[str, str] = field(default_factory=dict)
    name_of: Mapping[str, str] = field(default_factory=dict)
    source_class_of: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def metal_words(self) -> Mapping[str, str]:
        """The metals by their words."""
        return {entry.name: entry.id for entry in sorted(self.entries) if entry.kind == "metal"}

    @cached_property
    def automaton(self) -> Automaton:
        """The automaton over all entries, built on first use."""
        return Automaton(self.entries)


def gazetteer(chains: Iterable[Chain]) -> Gazetteer:
    """Return the gazetteer of chains and of the field's words."""
    entries: set[Entry] = set()
    metal_of: dict[str, set[str]] = {}
    stage_of: dict[str, str] = {}
    kind_of: dict[str, str] = {}
    name_of: dict[str, str] = {}
    country_of: dict[str, str] = {}
    source_class: dict[str, str] = {}
    state: dict[str, str] = {}
    for chain in chains:
        metal = chain.metal.replace("_", "-")
        for row in chain.materials.select("material_id", "name", "stage", "kind").iter_rows():
            material, _, stage, kind = row
            if kind in ("chain", "scrap") or (kind is None):
                metal_of.setdefault(material, set()).add(metal)
                stage_of[material] = stage
        for facility in chain.facilities["facility_id"]:
            metal_of.setdefault(facility, set()).add(metal)
        for company, name, place, kind in chain.companies.select("company_id", "name", "place_id", "kind").iter_rows():
            kind_of[company], name_of[company], country_of[company] = kind, name, place or ""
        entries |= set(_table_entries(chain))
        source_class |= _publisher_classes(chain)
        state = state or _states(chain)
    named = {company: name for company, name in name_of.items() if kind_of[company] != "government"}
    entries |= set(_company_entries(named, country_of))
    universities = {name: company for company, name in name_of.items() if kind_of[company] == "university"}
    entries |= set(_word_entries(country_of, universities))
    metals = {material: tuple(sorted(found)) for material, found in metal_of.items()}
    return Gazetteer(tuple(sorted(entries)), metals, stage_of, state, kind_of, name_of, source_class)


@cache
def packaged_gazetteer() -> Gazetteer:
    """Return the gazetteer of all packages that ship with Ytterby."""
    from ytterby.chain.chain import load_chain, packaged_metals

    return gazetteer([load_chain(name) for name in packaged_metals() if name != "toy"])


def _table_entries(chain: Chain) -> Iterator[Entry]:
    """Yield entries of sites, places, aliases, schools and occupations of a chain."""
    firms = chain.companies.filter(chain.companies["kind"] != "government")
    companies = dict(zip(firms["company_id"], firms["place_id"], strict=True))
    places = set(chain.places["place_id"])
    facilities = dict(zip(chain.facilities["facility_id"], chain.facilities["place_id"], strict=True))
    materials = set(chain.materials["material_id"])
    for facility, name, place in chain.facilities.select("facility_id", "name", "place_id").iter_rows():
        yield from (Entry("facility", facility, short, place or "") for short in _site_names(name))
    for place, name in chain.places.select("place_id", "name").iter_rows():
        if len(name) > 3:
            yield Entry("place", place, name, place)
    for subject, name, kind in chain.names.select("subject_id", "name", "kind").iter_rows():
        if kind in ("code", "ticker") or _SKIPPED_NAMES.search(name):
            continue
        cased = name.isupper() and len(name) <= 5
        short = _ZH_LEGAL.sub("", name)
        if subject in companies and short != name and len(short) > 3:
            yield Entry("company", subject, short, companies[subject] or "")
        if subject in companies:
            yield Entry("company", subject, name, companies[subject] or "", is_cased=cased)
        elif subject in places:
            yield Entry("place", subject, name, subject, is_cased=cased)
        elif subject in facilities:
            yield Entry("facility", subject, name, facilities[subject] or "", is_cased=cased)
        elif subject in materials:
            yield Entry("material", subject, name, is_cased=cased)
    for name, place in chain.schools.select("name", "place_id").unique().iter_rows():
        yield Entry("school", name, name, place or "")
    for occupation, name in chain.occupations.select("occupation_id", "name").iter_rows():
        yield Entry("occupation", occupation, name)


def _company_entries(names: Mapping[str, str], countries: Mapping[str, str]) -> Iterator[Entry]:
    stems: dict[str, set[str]] = {}
    for company, name in names.items():
        for short in _short_names(name) | {_stem(name)} - {""}:
            stems.setdefault(short, set()).add(company)
    for short, bearers in stems.items():
        company = min(bearers)
        is_own = names[company] == short
        if len(bearers) == 1 or is_own:
            cased = " " not in short and short.isascii()
            yield Entry("company", company, short, countries[company], is_cased=cased)


def _short_names(name: str) -> set[str]:
    """Return a company's name, the same without brackets and legal form, and what the brackets hold."""
    plain = re.sub(r"\s*\([^)]*\)", "", name).strip()
    found = {name, plain}
    words = plain.split()
    while len(words) > 1 and words[-1].lower().rstrip(".,") in word_list("legal-word"):
        words.pop()
        if len(words) > 1 or (len(words[0]) > 3 and words[0].lower() not in word_list("everyday-word")):
            found.add(" ".join(words))
    found |= {_trimmed(plain)} - {""}
    found |= {
        inner
        for inner in re.findall(r"\(([A-Z][A-Za-z]{3,}|[A-Z]{3,})\)", name)
        if inner.lower() not in word_list("legal-word")
    }
    return {short for short in found if short.lower() not in word_list("everyday-word") and len(short) > 2}


def _trimmed(name: str) -> str:
    """Return the two or more distinctive words that a name begins with, without those of law or trade, or nothing."""
    words = re.split(r"\s(?:und|and|&)\s", name)[0].split()
    while words and words[-1].lower().strip(".,()") in word_list("legal-word") | word_list("trade-word"):
        words.pop()
    is_own = len(words) > 1 and words[-1].lower() not in word_list("everyday-word") and len(words[-1]) > 3
    return " ".join(words) if is_own else ""


def _stem(name: str) -> str:
    """Return the one distinctive word of a name whose other words are of law or trade, or nothing."""
    words = re.sub(r"\s*\([^)]*\)", "", name).split()
    own = [
        word for word in words if word.lower().strip(".,()") not in word_list("legal-word") | word_list("trade-word")
    ]
    if len(own) != 1 or own[0] != words[0] or len(own[0]) < 5 or own[0].lower() in word_list("everyday-word"):
        return ""
    return own[0]


def _site_names(name: str) -> set[str]:
    """Return a site's name, and its bare name where that is no everyday word."""
    if "aggregate" in name or "other" in name.lower().split():
        return set()
    plain = re.sub(r"\s*\([^)]*\)", "", name).split(",")[0].strip()
    bare = _SITE.sub("", plain).strip()
    names = {plain} if " " in plain else set()
    if len(bare) > 4 and bare[0].isupper() and not (set(bare.lower().split()) <= word_list("everyday-word")):
        names.add(bare)
    return names


def _word_entries(countries: Mapping[str, str], universities: Mapping[str, str]) -> Iterator[Entry]:
    for row in rows("words.csv"):
        if row["kind"] == "school" and row["id"] in universities:
            for word in row["words"].split("|"):
                yield Entry("company", universities[row["id"]], fold(word), row["country"])
            continue
        if row["kind"] not in (*KINDS, "name"):
            continue
        kind = "company" if row["kind"] == "name" else row["kind"]
        country = countries.get(row["id"], row["country"]) if kind == "company" else row["country"]
        for word in row["words"].split("|"):
            if word in ("us", "uk", "apt", "ree", "reo"):
                yield Entry(kind, row["id"], word.upper(), country, is_cased=True)
            elif kind == "company" and not is_chinese(word[0]):
                yield Entry(kind, row["id"], word.title(), country)
            else:
                if kind in ("material", "stage") and word.isascii() and not word.endswith("s"):
                    yield Entry(kind, row["id"], f"{word}s")
                yield Entry(kind, row["id"], fold(word), country or (row["id"] if kind == "place" else ""))


def _states(chain: Chain) -> dict[str, str]:
    """Return the state that controls each company, by the ownership graph of the shared tables."""
    import datetime as dt

    from ytterby.chain.control import trace_control

    dates = [str(date) for date in chain.ownership["date_from"] if date]
    latest = max(dates, default="2000")
    day = dt.date(int(latest[:4]), int(latest[5:7] or 12), int(latest[8:10] or 28))
    return dict(trace_control(chain, day).state)


def _publisher_classes(chain: Chain) -> dict[str, str]:
    """Return the class of each publisher of the tables' sources, where all its sources have one class."""
    from ytterby.chain.sources import source_classes

    classes = source_classes(chain)
    found: dict[str, set[str]] = {}
    for source, publisher in chain.sources.select("source_id", "publisher").iter_rows():
        found.setdefault(fold(publisher or "").lower().strip(), set()).add(classes[source])
    return {publisher: next(iter(held)) for publisher, held in found.items() if len(held) == 1 and publisher}
