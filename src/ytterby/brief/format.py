"""Numbers as the brief prints them; the only place where a figure becomes text.

In: the plain numbers of `LadderResult.to_dict()` and of the chain tables (shares 0..1, tonnes, years).
Out: text with its unit. Nothing here adds, divides or rescales beyond the percent sign.
Refuses nothing: a missing number is an en dash, never 0.
"""

from __future__ import annotations

import math
import re
from typing import Final

NBSP: Final = "\u00a0"
MISSING: Final = "\u2013"
MINUS: Final = "\u2212"


def is_known(value: float | None) -> bool:
    """True for a finite number."""
    return value is not None and math.isfinite(value)


def share(value: float | None) -> str:
    """A share as percent: whole from ten percent on, one decimal below."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{_percent(value)}{NBSP}%"


def _percent(value: float) -> str:
    if value < 0:
        return MINUS + _percent(-value)
    percent = value * 100
    if percent == 0:
        return "0"
    if percent < 0.05:
        return "<0.1"
    if percent < 9.95:
        return f"{percent:.1f}"
    if 99.5 <= percent < 100:
        return f"{percent:.1f}" if percent < 99.95 else ">99.9"
    return f"{percent:.0f}"


def share_interval(low: float | None, high: float | None) -> str:
    """The interval of a share, `71–86 %`."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return MISSING
    return f"{_span(_percent(low), _percent(high))}{NBSP}%"


def _span(low: str, high: str) -> str:
    return f"{low} to {high}" if MINUS in low + high else f"{low}\u2013{high}"


def share_with_interval(value: float | None, low: float | None, high: float | None) -> str:
    """A share and its interval in one phrase, `79 % (71–86 %)`."""
    if not is_known(low) or not is_known(high):
        return share(value)
    if share(low) == share(high) == share(value):
        return share(value)
    return f"{share(value)} ({share_interval(low, high)})"


def index(value: float | None) -> str:
    """An index with two decimals."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{value:.2f}"


def index_interval(low: float | None, high: float | None) -> str:
    """The interval of an index, `0.40–0.75`."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return MISSING
    return f"{low:.2f}\u2013{high:.2f}"


def index_with_interval(value: float | None, low: float | None, high: float | None) -> str:
    """An index and its interval, `0.63 (0.40–0.75)`."""
    if not is_known(low) or not is_known(high):
        return index(value)
    return f"{index(value)} ({index_interval(low, high)})"


def number(value: float | None) -> str:
    """A plain number with three significant digits and thousands separators."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    digits = 2 - math.floor(math.log10(abs(value)))
    rounded = round(value, digits)
    return f"{rounded:,.{max(digits, 0)}f}" if abs(rounded) < 100 else f"{rounded:,.0f}"


def exact(value: float | None) -> str:
    """A number as the table holds it, with thousands separators and no rounding."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,g}"


def tonnes(value: float | None) -> str:
    """Tonnes a year, three significant digits."""
    return MISSING if not is_known(value) else f"{number(value)}{NBSP}t"


def tonnes_interval(low: float | None, high: float | None) -> str:
    """The interval of a tonnage."""
    if not is_known(low) or not is_known(high):
        return MISSING
    return f"{number(low)}\u2013{number(high)}{NBSP}t"


def quantity(low: float | None, high: float | None, unit: str | None) -> str:
    """A quantity or a range in the unit of its source."""
    known = [exact(bound) for bound in (low, high) if is_known(bound)]
    if not known:
        return MISSING
    text = known[0] if len(known) == 1 or known[0] == known[1] else f"{known[0]}\u2013{known[1]}"
    return f"{text}{NBSP}{unit}" if unit else text


def bounds(low: float | None, high: float | None, unit: str | None) -> str:
    """A claim that is only bounded: at least, at most, or between."""
    if is_known(low) and is_known(high):
        return quantity(low, high, unit)
    word = "at least" if is_known(low) else "at most"
    return f"{word} {quantity(low, high, unit)}"


_SPOKEN: Final = {"mou": "MoU", "ngo": "NGO"}


def words(text: str | None) -> str:
    """An enum value as words: `care_and_maintenance` becomes `care and maintenance`."""
    return MISSING if not text else _SPOKEN.get(text, text.replace("_", " "))


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun, `1 row`, `3 rows`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def of_all(count: int, total: int, noun: str) -> str:
    """A part of a count in words: `the one rung`, `all 8 rungs`, `6 of 8 rungs`."""
    if total == 1:
        return f"the one {noun}" if count else f"not the one {noun}"
    return f"all {total} {noun}s" if count == total else f"{count} of {total} {noun}s"


def roughly(value: float) -> str:
    """A share to the nearest five per cent, `about 45 %`."""
    near = 5 * round(value * 20)
    return f"about {near}{NBSP}%" if near else f"under 5{NBSP}%"


def listing(items: list[str]) -> str:
    """Items joined as in a sentence."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def capital(text: str) -> str:
    """The text with its first letter in upper case, the rest untouched."""
    return text[:1].upper() + text[1:]


def short(name: str) -> str:
    """A traded name without its qualifiers: what follows the first comma, and brackets unless they hold a symbol."""
    head = re.sub(r"\s*\((?![A-Z0-9]{1,6}\))[^)]*\)?", "", name.split(", ")[0]).strip()
    return head or name


def lower(text: str) -> str:
    """The text with its first letter in lower case, unless it opens with an abbreviation."""
    if text.startswith("Use of "):
        return f"use of {lower(text[7:])}"
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def date(text: str | None) -> str:
    """A date as the table holds it: year, month or day."""
    return text or MISSING
