"""Who said it: the class of each source, and what of a table stands on which class.

Classes: independent (statistics offices, geological surveys, intergovernmental bodies, academics, trade press, NGOs),
interested (companies, industry associations), state_affiliated (state media, governments, and companies that a state
controls, whichever state, by the ownership graph). A source row may override its class with the reason in its note.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from ytterby.chain.chain import Chain

INDEPENDENT = "independent"
INTERESTED = "interested"
STATE_AFFILIATED = "state_affiliated"
UNKNOWN_CLASS = "unknown"
CLASSES = (INDEPENDENT, INTERESTED, STATE_AFFILIATED, UNKNOWN_CLASS)
CLASS_OF_KIND: Mapping[str, str] = {
    "statistics_office": INDEPENDENT,
    "geological_survey": INDEPENDENT,
    "intergovernmental": INDEPENDENT,
    "academic": INDEPENDENT,
    "trade_press": INDEPENDENT,
    "ngo": INDEPENDENT,
    "company": INTERESTED,
    "industry_association": INTERESTED,
    "government": STATE_AFFILIATED,
    "state_media": STATE_AFFILIATED,
    "other": UNKNOWN_CLASS,
}


def source_classes(chain: Chain, state: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the class of every source of a chain.

    Args:
        chain: the chain.
        state: state that controls each company, as traced by `trace_control`; empty: companies count as interested.
    """
    controlled = state or {}
    columns = chain.sources.select("source_id", "kind", "publisher_company_id", "class_override")
    result = {}
    for source, kind, company, override in columns.iter_rows():
        by_kind = STATE_AFFILIATED if company in controlled else CLASS_OF_KIND.get(kind, UNKNOWN_CLASS)
        result[source] = override or by_kind
    return result


def best_class(source_ids: str | None, classes: Mapping[str, str]) -> str:
    """Return the most independent class among the sources of a row."""
    held = {classes.get(source, UNKNOWN_CLASS) for source in (source_ids or "").split(";") if source}
    return next((name for name in CLASSES if name in held), UNKNOWN_CLASS)


def is_corroborated(source_ids: str | None, classes: Mapping[str, str]) -> bool:
    """Return whether a row stands on an independent source, or on two interested ones.

    State-affiliated sources never corroborate; a single interested source does not.
    """
    held = [classes.get(source, UNKNOWN_CLASS) for source in dict.fromkeys((source_ids or "").split(";")) if source]
    return INDEPENDENT in held or held.count(INTERESTED) >= 2


def corroborated(frame: pl.DataFrame, classes: Mapping[str, str]) -> pl.DataFrame:
    """Return the rows of a table that are corroborated."""
    if frame.is_empty():
        return frame
    verdict = {ids: is_corroborated(ids, classes) for ids in frame["source_id"].unique()}
    keep = frame["source_id"].replace_strict(verdict, return_dtype=pl.Boolean)
    return frame.filter(keep)
