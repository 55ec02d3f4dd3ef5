"""Amounts of English and Chinese text: value, unit, qualifier and what is measured.

Masses come out in t (t/a where a year is said), money in ISO 4217 codes or per unit (USD/t, CNY/kg, USD/mtu), shares in
%, people as such. 万 and 亿 are multiplied out, ranges keep both ends. A bare number without unit is no amount, and
durations, distances and dates are left alone. A bare $ is read as USD, of which the rule's confidence says how sure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from ytterby.evidence.claim import Amount, Qualifier
from ytterby.evidence.extract.normalise import has_chinese
from ytterby.evidence.extract.patterns import lexicon

_N = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SCALE = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9}
_SCALE |= {"b": 1e9, "千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8, "万亿": 1e12, "": 1.0}
_CURRENCY = {
    "us$": "USD", "$us": "USD", "usd": "USD", "$": "USD", "a$": "AUD", "aud": "AUD", "au$": "AUD", "c$": "CAD",
    "cad": "CAD", "ca$": "CAD", "€": "EUR", "eur": "EUR", "£": "GBP", "gbp": "GBP", "¥": "CNY", "rmb": "CNY",
    "cny": "CNY", "yuan": "CNY", "euros": "EUR", "euro": "EUR", "dollars": "USD", "us dollars": "USD",
    "australian dollars": "AUD", "canadian dollars": "CAD", "pounds": "GBP", "yen": "JPY", "jpy": "JPY",
    "元": "CNY", "元人民币": "CNY", "人民币": "CNY", "美元": "USD", "美金": "USD", "澳元": "AUD", "加元": "CAD",
    "欧元": "EUR", "英镑": "GBP", "日元": "JPY", "港元": "HKD", "港币": "HKD", "r$": "BRL", "inr": "INR",
}  # fmt: skip
_MASS = {"t": 1.0, "tonne": 1.0, "ton": 1.0, "tonnes": 1.0, "tons": 1.0, "metric tons": 1.0, "metric tonnes": 1.0}
_MASS |= {
    "mt": 1.0,
    "kt": 1e3,
    "ktpa": 1e3,
    "tpa": 1.0,
    "mtpa": 1e6,
    "kg": 1e-3,
    "kilograms": 1e-3,
    "kilogrammes": 1e-3,
}
_MASS |= {"t/a": 1.0, "tpy": 1.0, "t/y": 1.0, "short tons": 0.90718474, "metric ton": 1.0, "metric tonne": 1.0}
_PER = {"kg": "kg", "kilogram": "kg", "kilo": "kg", "公斤": "kg", "千克": "kg", "t": "t", "tonne": "t", "ton": "t"}
_PER |= {"metric ton": "t", "吨": "t", "mtu": "mtu", "metric ton unit": "mtu", "lb": "lb", "pound": "lb", "标吨": "t"}
_PER |= {"metric tonne": "t", "金属吨": "t"}
_PEOPLE = (
    "people|students|engineers|metallurgists|hydrometallurgists|graduates|specialists|workers|employees|chemists|"
    "geologists|apprentices|trainees|researchers|scientists|jobs|technicians"
)

_BEFORE = r"(?:us\$|\$us|au\$|ca\$|a\$|c\$|r\$|\$|€|£|¥|(?:usd|eur|gbp|aud|cad|rmb|cny|inr)\s?)"
_AFTER = r"(?:us dollars|australian dollars|canadian dollars|dollars|euros|euro|yuan|pounds|yen|rmb|usd|eur|aud|cad)\b"
_TIMES = r"(?:[\s-]?(?P<scale>thousand|million|billion|trillion|mn|bn|m|b|k)\b)?"
_PER_EN = (
    r"(?:\s?(?:/|per|a)\s?(?P<per>metric ton unit|mtu|kilogram|kilo|kg|metric tonne|metric ton|tonne|ton|lb|t)\b)?"
)
_HIGH = rf"(?:\s?(?:-|~|to|and)\s?(?:{_BEFORE})?(?P<high>{_N}))?"
_YEAR = (
    r"(?P<year>\s?(?:/\s?(?:a|y|yr|year)\b|(?:of [a-z -]{3,40} )?"
    r"(?:per year|-per-year|a year|per annum|annually|each year|every year|yearly)\b))?"
)
_ENGLISH = (
    ("money", rf"(?P<cur>{_BEFORE})\s?(?P<n>{_N}){_HIGH}{_TIMES}{_PER_EN}{_YEAR}"),
    ("money", rf"(?<![\w.$])(?P<n>{_N}){_HIGH}{_TIMES}\s(?P<cur>{_AFTER}){_PER_EN}{_YEAR}"),
    ("mass", rf"(?<![\w.$])(?P<n>{_N}){_HIGH}{_TIMES}[\s-]?(?P<unit>metric tonnes|metric tons|short tons|tonnes|tonne|"
             rf"tons|ton|mt|ktpa|mtpa|tpa|tpy|kt|t/a|t/y|kg|t)(?!\w)(?!/(?!y))(?! of tnt){_YEAR}"),
    ("share", rf"(?<![\w.$])(?P<n>{_N}){_HIGH}\s?(?:%|percent\b|per cent\b)"),
    ("people", rf"(?<![\w.$])(?P<n>{_N})(?P<scale>(?!x)x)?\s(?:[a-z-]+\s){{0,2}}?(?:{_PEOPLE})\b{_YEAR}"),
)  # fmt: skip
_ZN = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_ZSCALE = r"(?P<scale>万亿|千万|百万|亿|万|千)?"
_ZHIGH = rf"(?:(?:万|亿)?(?:元|吨)?(?:/吨)?\s?(?:-|~|至|到)\s?(?P<high>{_ZN}))?"
_CHINESE = (
    ("price", rf"每(?P<per>公斤|千克|吨|标吨)\s?(?P<q>约|近|超|逾)?\s?(?P<n>{_ZN})\s?{_ZSCALE}"
              r"\s?(?P<cur>元|美元|欧元)"),
    ("money", rf"(?P<n>{_ZN}){_ZHIGH}\s?(?:多|余)?{_ZSCALE}\s?(?:多|余)?"
              r"(?P<cur>元人民币|美元|美金|澳元|加元|欧元|英镑|日元|港元|港币|元)"
              r"(?:\s?/\s?(?P<per>标吨|金属吨|吨|公斤|千克|kg|mtu))?"),
    ("mass", rf"(?P<n>{_ZN}){_ZHIGH}\s?(?:多|余)?{_ZSCALE}\s?(?:多|余)?"
             r"(?P<unit>标吨|金属吨|实物吨|吨|公斤|千克|t(?![a-z]))"
             r"(?P<year>\s?(?:reo)?\s?/\s?(?:年|a))?"),
    ("share", rf"(?P<n>{_ZN})(?:%?\s?[-~至]\s?(?P<high>{_ZN}))?\s?(?:%|个百分点)"),
    ("people", rf"(?P<n>{_ZN})\s?(?P<scale>万|千)?(?:余|多)?名"),
    ("people", rf"(?:研究生|学生|人才|工程师|毕业生|员工)[^，。;,]{{0,6}}?(?P<n>{_ZN})(?:余|多)?人"),
)  # fmt: skip
_LATIN_RULES = tuple((name, re.compile(pattern)) for name, pattern in _ENGLISH)
_RULES = (*_LATIN_RULES, *((name, re.compile(pattern)) for name, pattern in _CHINESE))
_LEAD = r"(?:\s|的|到|了|达|为|至|占|比|其|全球|总产量|price of|price|a|the|:|total of|sum of)*$"
_YEARLY = re.compile(
    r"(?:年产能?|年处理(?:能力)?|每年|年供应?|年产量|年开采量|年回收|年加工|annual capacity|annual output|capacity of|"
    r"each year|every year|a year|per year|per annum|annually|annual)[^。;；]{0,38}$"
)
_YEARLY_AFTER = re.compile(r"^[^.。;；,，]{0,60}?\b(?:a year|per year|annually|per annum|each year|every year)\b")
_DIGIT = re.compile(r"\d")
_GRADE = re.compile(r"(?:含量|品位|纯度|每增减|grade of|grading|[≥=])\s?$")
_GRADED = re.compile(r"\s?(?:以上)?(?:黑|白)?钨精矿|\s(?:wo3|reo|ta2o5|nb2o5)\b")


@dataclass(frozen=True)
class FoundAmount:
    """An amount with its place in the text and the rule that found it."""

    amount: Amount
    start: int
    end: int
    rule: str
    confidence: float


def amounts(sentence: str) -> list[FoundAmount]:
    """Return the amounts of a sentence in folded lower case, in order."""
    found: list[FoundAmount] = []
    if not _DIGIT.search(sentence):
        return found
    for name, pattern in _RULES if has_chinese(sentence) else _LATIN_RULES:
        for match in pattern.finditer(sentence):
            if any(match.start() < other.end and other.start < match.end() for other in found):
                continue
            amount = _amount(name, match, sentence)
            if amount:
                sure = 0.75 if match.groupdict().get("cur") == "$" else 0.9
                found.append(FoundAmount(amount, match.start(), match.end(), f"amount.{name}", sure))
    return sorted(found, key=lambda item: item.start)


def _amount(name: str, match: re.Match[str], sentence: str) -> Amount | None:
    groups = match.groupdict()
    value, high = _number(groups["n"]), groups.get("high")
    scale = _SCALE.get((groups.get("scale") or "").strip(), 1.0)
    unit, factor = _unit(name, groups, match, sentence)
    if unit is None:
        return None
    qualifier = _qualifier(sentence, match, groups)
    top = _number(high) if high else None
    if top is not None and top <= value:
        top = None
    if top is not None:
        qualifier = Qualifier.BETWEEN
        low_scale = _SCALE.get(_scale_inside(match), scale)
        return Amount(_clean(value * low_scale * factor), unit, qualifier, high=_clean(top * scale * factor))
    return Amount(_clean(value * scale * factor), unit, qualifier)


def _scale_inside(match: re.Match[str]) -> str:
    """Return the scale that the lower end of a range is written with, where it has its own."""
    inside = re.match(rf"{_ZN}\s?(万|亿)", match.group(0))
    return inside.group(1) if inside else "?"


def _unit(name: str, groups: dict[str, str | None], match: re.Match[str], sentence: str) -> tuple[str | None, float]:
    yearly = bool(groups.get("year")) or (groups.get("unit") or "") in ("tpa", "ktpa", "mtpa", "t/a", "t/y", "tpy")
    if name in ("money", "price"):
        code = _CURRENCY.get((groups["cur"] or "").strip())
        per = _PER.get(groups.get("per") or "")
        if code and per:
            return f"{code}/{per}", 1.0
        return (f"{code}/a" if code and yearly else code), 1.0
    if name == "mass":
        unit = groups["unit"] or ""
        factor = _MASS.get(unit, 1e-3 if unit in ("公斤", "千克") else 1.0)
        after = sentence[match.end() : match.end() + 70]
        before = sentence[max(0, match.start() - 60) : match.start()]
        yearly = yearly or bool(_YEARLY.search(before)) or bool(_YEARLY_AFTER.search(after))
        return ("t/a" if yearly else "t"), factor
    if name == "share" and _is_grade(sentence, match):
        return None, 1.0
    if name == "people":
        before = sentence[max(0, match.start() - 14) : match.start()]
        return ("people/a" if yearly and "每年" not in before else "people"), 1.0
    return "%", 1.0


@cache
def _qualifiers() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(rf"(?:{pattern.pattern}){_LEAD}")) for name, pattern in lexicon("qualifier-before"))


def _is_grade(sentence: str, match: re.Match[str]) -> bool:
    """Return whether a share is the grade of a material."""
    before = sentence[max(0, match.start() - 10) : match.start()]
    return bool(_GRADE.search(before) or _GRADED.match(sentence, match.end()))


def _qualifier(sentence: str, match: re.Match[str], groups: dict[str, str | None]) -> Qualifier:
    before = sentence[max(0, match.start() - 24) : match.start()]
    if groups.get("q"):
        return Qualifier.ABOUT if groups["q"] in ("约", "近") else Qualifier.MORE_THAN
    if "per" in groups and match.group(0).startswith("每"):
        before = re.sub(r"每(公斤|千克|吨)$", "", before)
    for name, pattern in _qualifiers():
        if pattern.search(before):
            return Qualifier(name)
    after = sentence[match.end() : match.end() + 8].lstrip(" ")
    if re.search(r"[多余]", match.group(0)):
        return Qualifier.MORE_THAN
    for name, pattern in lexicon("qualifier-after"):
        if pattern.match(after):
            return Qualifier(name)
    return Qualifier.EXACT


def _number(text: str | None) -> float:
    return float((text or "0").replace(",", ""))


def _clean(value: float) -> float:
    return float(f"{value:.12g}")
