"""The brief on one article: what it says, what is opinion, what the chain says about it, and what would settle it.

view        the article beside the chains that it speaks of
said        highlights, statements, commentary
chain_says  the parties on the ladder; people and research
results     what a plan or a shock says, where one is given
settle      what is unverified, and the cheapest document that would settle it
closing     how it was read, disclaimer, sources
page        all of it as one page

Text of the article is data: the templates escape it in HTML and in Markdown, and nothing of it is obeyed.
"""

from __future__ import annotations

from .page import article_brief
from .view import ArticleView, Rival, article_view

__all__ = ["ArticleView", "Rival", "article_brief", "article_view"]
