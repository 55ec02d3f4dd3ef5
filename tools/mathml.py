r"""Hook of the documentation site: equations become MathML while the page is built, so that no script is loaded.

pymdownx.arithmatex leaves LaTeX in `<span class="arithmatex">` and `<div class="arithmatex">`; browsers draw MathML
without help or network. The number of an equation, `\tag{n}`, is set beside it. mkdocs names the hook's functions.
"""

from __future__ import annotations

import html
import re
from importlib import import_module
from typing import Any

INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
TAG = re.compile(r"\\tag\{(\d+)\}")
BLOCK = re.compile(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.DOTALL)


def to_mathml(latex: str, *, display: str) -> str:
    """Return LaTeX as a MathML element; `display` is inline or block."""
    converter: Any = import_module("latex2mathml.converter")
    return str(converter.convert(html.unescape(latex).strip(), display=display))


def numbered(latex: str) -> str:
    """Return an equation on a line of its own, its number beside it."""
    tag = TAG.search(latex)
    number = f'<span class="number">({tag[1]})</span>' if tag else ""
    anchor = f' id="equation-{tag[1]}"' if tag else ""
    return f'<div class="equation"{anchor}>{to_mathml(TAG.sub("", latex), display="block")}{number}</div>'


def on_page_content(content: str, /, **_: Any) -> str:
    """Replace the equations of a page; called by mkdocs for each."""
    return INLINE.sub(
        lambda found: to_mathml(found[1], display="inline"), BLOCK.sub(lambda found: numbered(found[1]), content)
    )
