"""An article beside the chains that it speaks of: what every section of its brief looks at.

Holds the document, its statements numbered in order of the text, and for each metal that it names and a package holds
the chain, its ladder and who controls whom. Shares are those of the ladder; nothing is computed here beyond order.
A metal without a package is named and left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ytterby.evidence import Claim, Document, Party, StatementKind

from .. import format as fmt
from ..section import Text

if TYPE_CHECKING:
    from ytterby.chain import Chain
    from ytterby.chain.control import Control
    from ytterby.evidence.ledger import Entry, Link
    from ytterby.ladder import LadderResult

ARTICLE = "the-article"  # id of the article in the list of sources


@dataclass(frozen=True, kw_only=True)
class Told:
    """The chain of one metal that the article names, with its ladder."""

    metal: str
    chain: Chain
    result: LadderResult

    @property
    def day(self) -> dt.date:
        """Mid-year of the ladder."""
        return dt.date(self.result.year, 7, 1)

    @cached_property
    def control(self) -> Control:
        """Who controls whom on that day."""
        from ytterby.chain.control import trace_control

        return trace_control(self.chain, self.day)

    def top(self, company: str) -> str:
        """The id under which the ladder lists a company: that of whoever controls it, else its own."""
        if company in self.control.entities:
            of = self.control.of(company)
            if of:
                best = max(of, key=lambda holder: (of[holder], holder))
                return best if best not in ("unknown", "free-float") else company
        return company

    @cached_property
    def classes(self) -> dict[str, str]:
        """Class of every source."""
        from ytterby.chain.sources import source_classes

        return source_classes(self.chain, self.control.state)


@dataclass(frozen=True)
class Rival:
    """A claim of another document that a ledger links to one of the article's."""

    link: Link
    own: Claim
    other: Entry


@dataclass(kw_only=True)
class ArticleView:
    """One page in the making."""

    document: Document
    claims: tuple[Claim, ...]
    told: tuple[Told, ...]
    without_package: tuple[str, ...] = ()
    plan: Mapping[str, Any] | None = None
    shock: Mapping[str, Any] | None = None
    rivals: tuple[Rival, ...] | None = None
    cited: dict[str, int] = field(default_factory=dict)

    def cite(self, source_ids: tuple[str, ...]) -> None:
        """Number the sources that are cited for the first time."""
        for source_id in source_ids:
            self.cited.setdefault(source_id, len(self.cited) + 1)

    @cached_property
    def said(self) -> tuple[Claim, ...]:
        """The statements that are no commentary, in order of the text; their places are their numbers."""
        return tuple(claim for claim in self.claims if claim.statement_kind is not StatementKind.COMMENTARY)

    @cached_property
    def opinions(self) -> tuple[Claim, ...]:
        """The commentary, in order of the text."""
        return tuple(claim for claim in self.claims if claim.statement_kind is StatementKind.COMMENTARY)

    @cached_property
    def number(self) -> dict[str, int]:
        """Number of each statement that is no commentary."""
        return {claim.id: at for at, claim in enumerate(self.said, 1)}

    @cached_property
    def parties(self) -> tuple[Party, ...]:
        """The parties of what was said, each once, in order of the text."""
        held: dict[str, Party] = {}
        for claim in self.said:
            for party in claim.parties:
                held.setdefault(party.id or party.name.casefold(), party)
        return tuple(held.values())

    @cached_property
    def _places(self) -> dict[str, str]:
        return {
            key: name
            for told in self.told
            for table, column in (("places", "place_id"), ("facilities", "facility_id"))
            for key, name in told.chain.table(table).select(column, "name").iter_rows()
        }

    def place(self, place_id: str) -> str:
        """The name of a place or site; its id where no chain at hand names it."""
        return self._places.get(place_id, place_id)

    @cached_property
    def metals(self) -> tuple[str, ...]:
        """The metals that the article names."""
        return tuple(dict.fromkeys(metal for claim in self.claims for metal in claim.metals))

    @cached_property
    def stages(self) -> tuple[str, ...]:
        """The stages that what was said names, in order of the chain; those of the whole text where it names none."""
        from ..plan_view import STAGES

        named = {stage for claim in self.said for stage in claim.stages}
        named = named or {stage for claim in self.claims for stage in claim.stages}
        return tuple(stage for stage in STAGES if stage in named)

    def class_of(self, source_id: str) -> str:
        """Class of a source, the article itself among them."""
        if source_id == ARTICLE:
            return self.document.publisher_class.value
        return next((told.classes[source_id] for told in self.told if source_id in told.classes), "unknown")

    @cached_property
    def sources(self) -> dict[str, dict[str, Any]]:
        """Source row by id, over all chains."""
        found: dict[str, dict[str, Any]] = {}
        for told in self.told:
            for row in told.chain.table("sources").to_dicts():
                found.setdefault(row["source_id"], row)
        return found

    def claim_refs(self, claims: Iterable[Claim]) -> str:
        """The numbers of statements as they stand in a sentence: `statement 1`, `statements 1, 3 and 4`."""
        numbers = sorted({self.number[claim.id] for claim in claims if claim.id in self.number})
        return f"{'statement' if len(numbers) == 1 else 'statements'} {fmt.listing([str(n) for n in numbers])}"

    @property
    def publisher(self) -> str:
        """Who published the article."""
        return self.document.publisher or "a publisher that the text does not name"


def said_class(value: str) -> str:
    """A source class as it stands in a sentence."""
    return {"state_affiliated": "state-affiliated", "unknown": "not classed"}.get(value, value)


def about(lead: str, text: str) -> Text:
    """A paragraph that rests on the article."""
    return Text(lead=lead, text=text, sources=(ARTICLE,))


def article_view(
    document: Document,
    claims: tuple[Claim, ...],
    *,
    bloc: str = "EU",
    draws: int = 200,
    seed: int = 0,
    report: Callable[[float, str], None] | None = None,
    **given: Any,
) -> ArticleView:
    """Return an article with the chains of the metals that it names.

    Args:
        document: the article, classified.
        claims: what it says.
        bloc: place or bloc for which the ladders are computed; it changes no share.
        draws: size of the ensembles behind the intervals.
        seed: seed of the ensembles.
        report: called with the part done and what is being done.
        **given: `plan`, `shock` and `rivals` of the view.
    """
    from ytterby.chain.chain import load_chain, packaged_metals
    from ytterby.ladder import ladder

    metals = tuple(dict.fromkeys(metal for claim in claims for metal in claim.metals))
    packages = {name.replace("_", "-"): name for name in packaged_metals() if name != "toy"}
    held = [metal for metal in metals if metal in packages]
    told = []
    for at, metal in enumerate(held):
        if report:
            report(0.1 + 0.8 * at / len(held), metal)
        chain = load_chain(packages[metal])
        told.append(Told(metal=metal, chain=chain, result=ladder(chain, bloc=bloc, draws=draws, seed=seed)))
    lost = tuple(metal for metal in metals if metal not in packages)
    return ArticleView(document=document, claims=claims, told=tuple(told), without_package=lost, **given)
