"""The one interface by which a capability adds a section to the brief.

A section is a key, a title and a function from the page's context to its content; the content is a tuple of blocks
(paragraph, bullets, table, figure) that both templates know how to print. Text is plain text: markup in it is shown,
never obeyed. `order` places the section on the page; sections registered later keep the page's order.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .context import BriefContext


PRINTED_ROWS: Final = 25  # rows of a folded table above which a print leaves it to the screen


@dataclass(frozen=True, kw_only=True)
class Text:
    """One paragraph; `lead` opens it in bold; `sources` are ids of the sources table.

    More than a few sources are cut short with a link to `anchor`, the place that lists them all, unless `is_full`.
    """

    text: str
    lead: str = ""
    sources: tuple[str, ...] = ()
    anchor: str = ""
    is_full: bool = False
    is_small: bool = False


@dataclass(frozen=True, kw_only=True)
class Bullets:
    """A list of paragraphs."""

    items: tuple[Text, ...]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell: printed text, the exact number behind it, and where it was read."""

    text: str
    value: float | None = None
    sources: tuple[str, ...] = ()
    anchor: str = ""
    more: str = ""
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table; `numeric` lists the columns that are set flush right; `is_tight` keeps intervals on the line.

    A folded table stands in the annex; None leaves it to its length.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    note: str = ""
    numeric: frozenset[int] = frozenset()
    is_tight: bool = False
    is_folded: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A drawing with the finding as its title; `svg` is self-contained."""

    key: str
    title: str
    subtitle: str
    svg: str
    alt: str
    credit: str = ""


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A heading inside a section, with its own anchor."""

    text: str
    anchor: str


@dataclass(frozen=True, kw_only=True)
class SourceEntry:
    """One line of the list of sources."""

    source_id: str
    number: int
    text: str
    kind: str
    group: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class SourceList:
    """The list of sources, each an anchor."""

    entries: tuple[SourceEntry, ...]


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Blocks that stand in the annex, closed on a screen until asked for."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]

    @property
    def is_long(self) -> bool:
        """True where a print leaves it closed."""
        return any(isinstance(block, Table) and len(block.rows) > PRINTED_ROWS for block in self.blocks)


Block = Text | Bullets | Table | Figure | Heading | SourceList | Fold


@dataclass(frozen=True, kw_only=True)
class SectionContent:
    """What a section prints, in order; `missing` names what the chain does not hold, so that nothing is printed."""

    blocks: tuple[Block, ...]
    missing: str = ""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of the page; `closing` sections come after every source has been cited, `annex` after the main part."""

    key: str
    title: str
    build: Callable[[BriefContext], SectionContent]
    order: int
    closing: bool = field(default=False)
    annex: bool = field(default=False)


def nothing_held(what: str) -> SectionContent:
    """A section for which the chain has no table: one entry in the list of what is not held."""
    return SectionContent(blocks=(Text(text=f"Nothing is held: the package has no {what}."),), missing=what)


def slug(text: str) -> str:
    """Text as an anchor or a file name: lower-case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"
