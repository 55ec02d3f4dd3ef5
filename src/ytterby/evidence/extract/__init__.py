"""Documents into claims, by rules that name themselves; no model, no download.

gazetteer, automaton    names of the packages and words of the field, longest match
sentences, normalise    one form of the text, whose offsets are those of the text as printed
events, numbers, dates, parties, statements, speakers    what a sentence says
classify    whose word it is, and its grade
claims      all of it put together
model       the same schema from a language model behind an OpenAI-compatible address; off by default
"""

from __future__ import annotations

from dataclasses import replace

from ytterby.evidence.claim import Claim, Document, SourceClass
from ytterby.evidence.extract.claims import extract_claims
from ytterby.evidence.extract.classify import publisher_class, source_grade
from ytterby.evidence.extract.gazetteer import Gazetteer, gazetteer, packaged_gazetteer


def classify(document: Document, known: Gazetteer | None = None) -> Document:
    """Return the document with its publisher's class and grade, where it has none yet."""
    verdict = SourceClass(document.publisher_class)
    if verdict is SourceClass.UNKNOWN:
        table = known or packaged_gazetteer()
        verdict, _ = publisher_class(document.publisher, table)
        if verdict is SourceClass.UNKNOWN and document.url:
            verdict, _ = publisher_class(document.url.split("/")[2] if "//" in document.url else document.url, table)
    return replace(document, publisher_class=verdict, publisher_grade=source_grade(document.publisher, verdict))


def extract(document: Document, known: Gazetteer | None = None) -> tuple[Claim, ...]:
    """Return the claims of a document.

    Args:
        document: the document, its text as read.
        known: the names to look for; those of all packages that ship with Ytterby where none are given.
    """
    table = known or packaged_gazetteer()
    return extract_claims(classify(document, table), table)


__all__ = ["Gazetteer", "classify", "extract", "gazetteer", "packaged_gazetteer"]
