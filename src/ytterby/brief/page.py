"""The page: every section of the registry built, numbered and printed as HTML and Markdown, with the figures beside.

Main part first: sentences, figures and short tables. Long tables and every rung follow in an annex, closed on a screen.

The HTML stands alone: styles and figures are inside it, nothing is fetched, no script runs. Files are written under a
temporary name in the target folder and renamed when all of them are whole, so that a failed run leaves nothing behind.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from . import format as fmt
from .context import BriefContext
from .section import Block, Bullets, Figure, Fold, Section, SectionContent, Table, Text, slug

if TYPE_CHECKING:
    import jinja2

    from ytterby.chain import Chain
    from ytterby.ladder import LadderResult

    from .sections.claims import Laid

SHOWN_REFS: Final = 2
NAMED_FOLDS: Final = 4
SHORT_ROWS: Final = 8
SHORT_REFS: Final = 12


@dataclass(frozen=True, kw_only=True)
class BriefResult:
    """Where the brief was written."""

    html: Path
    markdown: Path
    figures: tuple[Path, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file, the page first."""
        return self.html, self.markdown, *self.figures

    def to_dict(self) -> dict[str, Any]:
        """The paths as text."""
        return {"html": str(self.html), "markdown": str(self.markdown), "figures": [str(path) for path in self.figures]}


@dataclass(frozen=True, kw_only=True)
class Built:
    """A section with its content: what stands in the main part, and what is folded into the annex."""

    section: Section
    content: SectionContent

    @property
    def main(self) -> tuple[Block, ...]:
        """The blocks that are not folded."""
        return tuple(block for block in self.content.blocks if not _is_folded(block))

    @property
    def folds(self) -> tuple[Fold, ...]:
        """The folded blocks, each with an anchor of its own."""
        folded = [block for block in self.content.blocks if _is_folded(block)]
        return tuple(_fold(block, f"annex-{self.section.key}-{at}") for at, block in enumerate(folded, 1))

    @property
    def named(self) -> tuple[Fold, ...]:
        """The folds that the main part links to one by one: all of a few, of many the first ones."""
        return self.folds if len(self.folds) <= NAMED_FOLDS + 1 else self.folds[:NAMED_FOLDS]

    @property
    def unnamed(self) -> int:
        """How many folds are left to the annex."""
        return len(self.folds) - len(self.named)


def brief(
    chain: Chain,
    result: LadderResult,
    *,
    bloc: str,
    out: str | Path = ".",
    plan: Mapping[str, Any] | None = None,
    claims: Laid | None = None,
    sections: Sequence[Section] | None = None,
) -> BriefResult:
    """Write the brief of one ladder for one bloc or place.

    Args:
        chain: the chain that the ladder was computed from; for a raw material outside the packages, the world's.
        result: the ladder.
        bloc: id or name of the reader's bloc or country.
        out: folder that takes `<metal>-<bloc>.html`, `.md` and the figures as `.svg`; made if missing.
        plan: a plan of the same chain and bloc as `PlanResult.to_dict()` gives it; adds its sections.
        claims: accepted claims that are laid over the chain, and the ladder without them; adds a section.
        sections: sections in place of the registry's.

    Raises:
        UnknownNameError: neither a bloc nor a place.
    """
    from ytterby.chain.places import resolve_bloc

    from .registry import CLAIMS_SECTION, PLAN_SECTIONS, SECTIONS

    context = BriefContext(chain=chain, result=result, bloc=resolve_bloc(chain, bloc), plan=plan, claims=claims)
    chosen = list(SECTIONS if sections is None else sections)
    chosen += [] if plan is None else PLAN_SECTIONS
    chosen += [] if claims is None else [CLAIMS_SECTION]
    built = build_sections(context, chosen)
    stem = f"{slug(result.metal)}-{re.sub(r'[^A-Za-z0-9]+', '-', context.bloc)}"
    figures = [block for part in built for block in part.content.blocks if isinstance(block, Figure)]
    names = {figure.key: f"{stem}-{slug(figure.key)}.svg" for figure in figures}
    page = _page(context, built, names)
    texts = {
        f"{stem}.html": templates(html=True).get_template("page.html.j2").render(page),
        f"{stem}.md": re.sub(r"\n{3,}", "\n\n", templates(html=False).get_template("page.md.j2").render(page)),
        **{names[figure.key]: figure.svg for figure in figures},
    }
    folder = Path(out)
    write_all(folder, texts)
    return BriefResult(
        html=folder / f"{stem}.html",
        markdown=folder / f"{stem}.md",
        figures=tuple(folder / names[figure.key] for figure in figures),
    )


def build_sections(context: BriefContext, sections: Sequence[Section]) -> tuple[Built, ...]:
    """Build the sections in order, numbering sources as they are cited."""
    built = []
    for section in sorted(sections, key=lambda section: (section.order, section.key)):
        content = section.build(context)
        for block in content.blocks:
            context.cite(cited_by(block))
        built.append(Built(section=section, content=content))
    return tuple(built)


def cited_by(block: Block) -> tuple[str, ...]:
    """The sources that a block cites, in order."""
    if isinstance(block, Text):
        return block.sources
    if isinstance(block, Bullets):
        return tuple(source for item in block.items for source in item.sources)
    if isinstance(block, Table):
        return tuple(source for row in block.rows for cell in row for source in cell.sources)
    if isinstance(block, Fold):
        return tuple(source for inner in block.blocks for source in cited_by(inner))
    return ()


def _is_folded(block: Block) -> bool:
    if isinstance(block, Table):
        return len(block.rows) > SHORT_ROWS if block.is_folded is None else block.is_folded
    return isinstance(block, Fold) or (isinstance(block, Text) and block.is_full and len(block.sources) > SHORT_REFS)


def _fold(block: Block, anchor: str) -> Fold:
    if isinstance(block, Table):
        title = f"{block.caption or 'Table'} ({fmt.counted(len(block.rows), 'row')})"
        return Fold(title=title, anchor=anchor, blocks=(replace(block, caption=""),))
    if isinstance(block, Text):
        title = f"{block.text.rstrip(':')} ({fmt.counted(len(block.sources), 'source')})"
        return Fold(title=title, anchor=anchor, blocks=(block,))
    if isinstance(block, Fold):
        return block
    raise TypeError(type(block).__name__)


def references(cited: Mapping[str, int]) -> Callable[..., dict[str, Any]]:
    """What the templates ask for the references of a place: numbers and anchors, cut short where many have another."""

    def refs(sources: tuple[str, ...], anchor: str = "", is_full: bool = False) -> dict[str, Any]:
        found = [(cited[source], f"s-{slug(source)}") for source in dict.fromkeys(sources)]
        is_cut = anchor and not is_full and len(found) > SHOWN_REFS + 1
        return {"shown": found[:SHOWN_REFS] if is_cut else found, "of": len(found) if is_cut else 0, "anchor": anchor}

    return refs


def _page(context: BriefContext, built: tuple[Built, ...], names: dict[str, str]) -> dict[str, Any]:
    held = [part for part in built if not part.content.missing]
    return {
        "metal": context.metal,
        "year": context.result.year,
        "stand_in": _stand_in(context),
        "is_corroborated": context.result.corroborated,
        "bloc": context.bloc_name,
        "main": [part for part in held if not part.section.annex],
        "annex": [part for part in held if not part.section.annex and part.folds],
        "end": [part for part in held if part.section.annex],
        "missing": "; ".join(part.content.missing for part in built if part.content.missing),
        "kind": lambda block: type(block).__name__,
        "refs": references(context.cited),
        "slug": slug,
        "file_of": names,
        "title": f"{context.metal.capitalize()}: who controls each step",
    }


def _stand_in(context: BriefContext) -> str:
    """What the header says of the years behind the figures."""
    base = context.chain.settings.get("base_year")
    if base is None or base == context.result.year:
        return "or the nearest year on record, which each rung names"
    return f"where one is on record; figures of {base} and other years stand in where not, as each rung says"


@cache
def templates(*, html: bool) -> jinja2.Environment:
    """The templates of the page; those of HTML escape everything that is not marked safe."""
    import jinja2

    loader = jinja2.PackageLoader("ytterby.brief", "templates")
    environment = jinja2.Environment(
        loader=loader, autoescape=html, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["md"] = _markdown
    environment.filters["address"] = _address
    return environment


def _markdown(text: str) -> str:
    """Text with everything that Markdown or HTML would obey made plain."""
    plain = re.sub(r"\s+", " ", text)
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|#!~])", r"\\\1", plain)


def _address(url: str) -> str:
    """An address that stands between angle brackets in Markdown."""
    return re.sub(r"[\s<>\\`]", lambda found: quote(found.group()), url)


def write_all(folder: Path, texts: dict[str, str]) -> None:
    """Write files under temporary names, then rename all of them.

    Raises:
        OSError: the folder cannot be written; no file of this run is left behind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    waiting: list[tuple[str, Path]] = []
    try:
        for name, text in texts.items():
            handle, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=folder)
            waiting.append((temporary, folder / name))
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            Path(temporary).chmod(0o644)
        for temporary, target in waiting:
            os.replace(temporary, target)
    finally:
        for temporary, _ in waiting:
            Path(temporary).unlink(missing_ok=True)
