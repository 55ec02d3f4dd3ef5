"""A sheet in pixels on which the figures are drawn, over matplotlib's SVG backend.

Coordinates are pixels from the upper left corner of a sheet 960 wide; type sizes are pixels too. The SVG states no size
of its own, so that it fits the width it is given. It keeps text as text, carries `<title>` elements for pointing at a
shape, and is the same to the byte for the same drawing: fixed hash salt, no date, ids prefixed by the figure's key.
Shapes lie on each other in the order in which they were drawn. Text is measured with DejaVu Sans, which matplotlib
ships, times the ratio of the narrower fonts that a page will use, with a margin, so that labels that do not touch here
do not touch there.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any, Final

from .palette import INK, PAPER

if TYPE_CHECKING:
    from matplotlib.path import Path

WIDTH: Final = 960.0
SIZE: Final = 13.0
FONTS: Final = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_RATIO: Final = 0.915
_BOLD_RATIO: Final = 0.875
_RC: Final[Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "ytterby",
    "svg.image_inline": True,
    "font.family": "DejaVu Sans",
    "text.parse_math": False,
    "hatch.linewidth": 1.2,
    "path.simplify": False,
    "savefig.facecolor": "none",
}


@cache
def _measurer() -> Any:
    from matplotlib.textpath import TextToPath

    return TextToPath()


@cache
def _advance(character: str, bold: bool) -> float:
    """Width of one character at size 1."""
    from matplotlib.font_manager import FontProperties

    font = FontProperties(family="DejaVu Sans", size=100, weight="bold" if bold else "normal")
    width, _, _ = _measurer().get_text_width_height_descent(character, font, ismath=False)
    return float(width) / 100 * (_BOLD_RATIO if bold else _RATIO)


def text_width(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """Width of a line of text in pixels."""
    return size * sum(_advance(character, bold) for character in text)


def shorten(text: str, room: float, size: float = SIZE, *, bold: bool = False) -> str:
    """The text, or its beginning with an ellipsis where the room is too small; empty where not even that fits."""
    if text_width(text, size, bold=bold) <= room:
        return text
    for length in range(len(text) - 1, 2, -1):
        cut = text[:length].rstrip(" ,.(") + "\u2026"
        if text_width(cut, size, bold=bold) <= room:
            return cut
    return ""


def wrap(text: str, room: float, size: float = SIZE, *, lines: int = 2, bold: bool = False) -> list[str]:
    """The text on at most `lines` lines of the given width, the last one shortened if need be."""
    out: list[str] = []
    words = text.split()
    while words and len(out) < lines - 1:
        line = words.pop(0)
        while words and text_width(f"{line} {words[0]}", size, bold=bold) <= room:
            line = f"{line} {words.pop(0)}"
        out.append(shorten(line, room, size, bold=bold))
    if words:
        out.append(shorten(" ".join(words), room, size, bold=bold))
    return out


def name_lines(text: str, room: float) -> tuple[list[str], float, float]:
    """A name in bold on two lines, on three smaller ones where two cut it: the lines, their size and their distance."""
    lines = wrap(text, room, 12.5, bold=True)
    if not lines[-1].endswith("\u2026"):
        return lines, 12.5, 15.0
    return wrap(text, room, 11.0, lines=3, bold=True), 11.0, 12.5


class Canvas:
    """One figure."""

    def __init__(self, key: str, height: float, *, width: float = WIDTH) -> None:
        import matplotlib
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure

        self.key, self.width, self.height = key, width, height
        self._tips: dict[str, str] = {}
        self._layer = 0
        with matplotlib.rc_context(_RC):
            self._figure = Figure(figsize=(width / 72, height / 72))
            FigureCanvasSVG(self._figure)
            self._axes = self._figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self._axes.set_xlim(0, width)
        self._axes.set_ylim(height, 0)
        self._axes.set_axis_off()

    def _note(self, artist: Any, tip: str) -> None:
        self._layer += 1
        artist.set_zorder(self._layer)
        artist.set_clip_on(False)
        if tip:
            gid = f"{self.key}-tip{len(self._tips)}"
            artist.set_gid(gid)
            self._tips[gid] = tip

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str,
        edge: str | None = None,
        line: float = 1.0,
        hatch: str = "",
        hatch_colour: str = PAPER,
        tip: str = "",
    ) -> None:
        """A rectangle from its upper left corner."""
        import matplotlib
        from matplotlib.patches import Rectangle

        if hatch:
            with matplotlib.rc_context(_RC):
                patch = Rectangle(
                    (x, y), width, height, facecolor=fill, edgecolor=hatch_colour, linewidth=0, hatch=hatch
                )
        else:
            patch = Rectangle((x, y), width, height, facecolor=fill, edgecolor=edge or "none", linewidth=line)
        self._axes.add_artist(patch)
        self._note(patch, tip)

    def shape(
        self,
        path: Path,
        *,
        fill: str,
        edge: str | None = None,
        line: float = 1.0,
        window: tuple[float, float, float, float] | None = None,
        tip: str = "",
    ) -> None:
        """Any closed path; `window` (x, y, width, height) cuts off what lies outside."""
        from matplotlib.patches import PathPatch, Rectangle

        patch = PathPatch(path, facecolor=fill, edgecolor=edge or "none", linewidth=line)
        self._axes.add_artist(patch)
        self._note(patch, tip)
        if window is not None:
            x, y, width, height = window
            patch.set_clip_path(Rectangle((x, y), width, height, transform=self._axes.transData))
            patch.set_clip_on(True)

    def curve(self, path: Path, *, colour: str = INK, line: float = 1.0, dashed: bool = False, tip: str = "") -> None:
        """An open path."""
        from matplotlib.patches import PathPatch

        patch = PathPatch(
            path, facecolor="none", edgecolor=colour, linewidth=line, linestyle=(0, (3, 3)) if dashed else "-"
        )
        self._axes.add_artist(patch)
        self._note(patch, tip)

    def line(
        self,
        xs: Sequence[float],
        ys: Sequence[float],
        *,
        colour: str = INK,
        line: float = 1.0,
        dashed: bool = False,
        tip: str = "",
    ) -> None:
        """A line through points."""
        from matplotlib.lines import Line2D

        artist = Line2D(
            list(xs),
            list(ys),
            color=colour,
            linewidth=line,
            linestyle=(0, (3, 3)) if dashed else "-",
            solid_capstyle="butt",
        )
        self._axes.add_artist(artist)
        self._note(artist, tip)

    def dot(
        self, x: float, y: float, radius: float, *, fill: str, edge: str = PAPER, line: float = 1.0, tip: str = ""
    ) -> None:
        """A circle."""
        from matplotlib.patches import Circle

        patch = Circle((x, y), radius, facecolor=fill, edgecolor=edge, linewidth=line)
        self._axes.add_artist(patch)
        self._note(patch, tip)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = SIZE,
        colour: str = INK,
        bold: bool = False,
        align: str = "left",
        tip: str = "",
    ) -> None:
        """One line of text, its middle at `y`."""
        if not text:
            return
        artist = self._axes.text(
            x,
            y + size * 0.36,
            text,
            fontsize=size,
            color=colour,
            fontweight="bold" if bold else "normal",
            horizontalalignment=align,
            verticalalignment="baseline",
            parse_math=False,
        )
        self._note(artist, tip)

    def svg(self, alt: str) -> str:
        """The drawing as an SVG element that stands alone and can be put into a page."""
        import matplotlib

        buffer = io.StringIO()
        with matplotlib.rc_context(_RC):
            self._figure.savefig(
                buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
            )
        return _finish(buffer.getvalue(), self, alt, self._tips)


def _finish(raw: str, canvas: Canvas, alt: str, tips: dict[str, str]) -> str:
    body = raw[raw.index("<svg") :]
    body = body[body.index(">") + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>|<style type=\"text/css\">.*?</style>", "", body, flags=re.DOTALL)
    prefix = f"{canvas.key}-"
    body = re.sub(r'\bid="(?!' + re.escape(prefix) + ")", f'id="{prefix}', body)
    body = re.sub(r"url\(#", f"url(#{prefix}", body)
    body = re.sub(r'xlink:href="#', f'xlink:href="#{prefix}', body)
    body = re.sub(r"font-family: [^;\"]*", f"font-family: {FONTS}", body)
    for gid, tip in tips.items():
        body = body.replace(f'<g id="{gid}">', f'<g id="{gid}"><title>{escape(tip)}</title>', 1)
    body = re.sub(r"\n\s*", "\n", body).strip()
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1" '
        f'viewBox="0 0 {canvas.width:g} {canvas.height:g}" '
        f'role="img" aria-label="{escape(alt)}" style="stroke-linejoin:round;stroke-linecap:butt">'
    )
    return f"{head}\n{body}\n"
