"""Dates of English and Chinese text, each with the precision that was said.

A day without a year takes that of the document; "on Tuesday" is the last one up to the document's date. A date that
cannot be (the 31st of June) is no date. Words such as "this year" need the document's date and are left out without it.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

from ytterby.evidence.claim import ClaimDate, DatePrecision

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>january|february|march|april|may|june|july|august|september|october|november|december|"
    r"jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec)\.?"
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_YEAR = r"(?P<year>(?:19|20)\d{2})"
_ORDINAL = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_ORDINAL |= {"一": 1, "二": 2, "三": 3, "四": 4, "上": 1, "下": 2, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_RULES = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("iso", rf"(?<!\d){_YEAR}-(?P<m>\d{{1,2}})-(?P<day>\d{{1,2}})(?!\d)"),
        ("day", rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH},? {_YEAR}\b"),
        ("day", rf"\b{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? {_YEAR}\b"),
        ("day", rf"(?<!\d){_YEAR}年(?P<m>\d{{1,2}})月(?P<day>\d{{1,2}})[日号]"),
        ("quarter", rf"\b(?:the )?(?P<part>first|second|third|fourth|1st|2nd|3rd|4th) quarter (?:of )?{_YEAR}\b"),
        ("quarter", rf"\bq(?P<part>[1-4]) {_YEAR}\b"),
        ("quarter", rf"{_YEAR}年第?(?P<part>[一二三四1-4])季度"),
        ("half", rf"\b(?P<part>first|second|1st|2nd) half (?:of )?{_YEAR}\b"),
        ("half", rf"\bh(?P<part>[12]) {_YEAR}\b"),
        ("half", rf"{_YEAR}年(?P<part>[上下])半年"),
        ("month", rf"\b{_MONTH},? {_YEAR}\b"),
        ("month", rf"(?<!\d){_YEAR}年(?P<m>\d{{1,2}})月"),
        ("day", rf"\b{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!,? \d{{4}})"),
        ("day", rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH}\b"),
        ("day", r"(?<![\d年])(?P<m>\d{1,2})月(?P<day>\d{1,2})[日号]"),
        ("year", rf"(?<![\d.,$]){_YEAR}年?(?![\d.,]?\d|\s?(?:吨|t\b|tonnes|万|元))"),
        ("weekday", rf"\bon (?P<weekday>{'|'.join(_WEEKDAYS)})\b"),
    )
)
_HINT = re.compile(
    r"(?:19|20)\d\d|\d月|\bon [a-z]{3,6}day\b|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.? \d|"
    r"\d(?:st|nd|rd|th)? (?:of )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
)
_OF = (
    ("start", r"production|commission|first |start|begin|deliver|shipment|投产|建成|开工|供货"),
    ("signing", r"sign|agreement|签|协议"),
    ("in_force", r"effect|force|from |起|实施|施行"),
    ("completion", r"complet|finish|完成|竣工"),
)
_PURPOSES = tuple((name, re.compile(pattern)) for name, pattern in _OF)


@dataclass(frozen=True)
class FoundDate:
    """A date with its place in the text and the rule that found it."""

    date: ClaimDate
    start: int
    end: int
    rule: str
    confidence: float


def dates(sentence: str, document_date: str) -> list[FoundDate]:
    """Return the dates of a sentence in folded lower case, in order."""
    found: list[FoundDate] = []
    if not _HINT.search(sentence):
        return found
    today = _parse(document_date)
    taken: list[tuple[int, int]] = []
    for name, pattern in _RULES:
        for match in pattern.finditer(sentence):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            taken.append((match.start(), match.end()))
            value, precision, sure = _value(name, match.groupdict(), today)
            if value:
                purpose = _purpose(sentence[max(0, match.start() - 60) : match.end() + 20])
                date = ClaimDate(value, precision, purpose)
                found.append(FoundDate(date, match.start(), match.end(), f"date.{name}", sure))
    return sorted(found, key=lambda item: item.start)


def _value(name: str, groups: dict[str, str | None], today: dt.date | None) -> tuple[str, DatePrecision, float]:
    if name == "weekday":
        if not today:
            return "", DatePrecision.DAY, 0.0
        back = (today.weekday() - _WEEKDAYS.index(groups["weekday"] or "")) % 7
        try:
            return (today - dt.timedelta(days=back)).isoformat(), DatePrecision.DAY, 0.6
        except OverflowError:
            return "", DatePrecision.DAY, 0.0
    said = groups.get("year")
    year = int(said) if said else (today.year if today else 0)
    if not year:
        return "", DatePrecision.DAY, 0.0
    if name in ("quarter", "half"):
        part = _ORDINAL[groups["part"] or "1"]
        month = 3 * part - 2 if name == "quarter" else 6 * part - 5
        return f"{year}-{month:02d}", DatePrecision(name), 0.9
    if name == "year":
        return str(year), DatePrecision.YEAR, 0.9
    written = groups.get("month")
    month = _MONTHS.index(written[:3]) + 1 if written else int(groups.get("m") or 0)
    if not 1 <= month <= 12:
        return "", DatePrecision.DAY, 0.0
    if name == "month":
        return f"{year}-{month:02d}", DatePrecision.MONTH, 0.95
    try:
        day = dt.date(year, month, int(groups["day"] or 0))
    except ValueError:
        return "", DatePrecision.DAY, 0.0
    return day.isoformat(), DatePrecision.DAY, 0.95 if said else 0.8


def _purpose(context: str) -> str:
    return next((name for name, pattern in _PURPOSES if pattern.search(context)), "")


@lru_cache(maxsize=64)
def _parse(text: str) -> dt.date | None:
    parts = re.match(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", text or "")
    if not parts:
        return None
    try:
        return dt.date(int(parts[1]), int(parts[2] or 12), int(parts[3] or 28))
    except ValueError:
        return None
