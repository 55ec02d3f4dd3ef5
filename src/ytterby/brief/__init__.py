"""The brief: one page that pulls the results for a metal together, as HTML and Markdown.

`brief(chain, result, bloc=..., out=...)` writes it; `registry.SECTIONS` lists what it prints.
"""

from __future__ import annotations

from .page import BriefResult, brief
from .section import Section, SectionContent

__all__ = ["BriefResult", "Section", "SectionContent", "brief"]
