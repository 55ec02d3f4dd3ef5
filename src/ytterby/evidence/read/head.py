"""Title, date and publisher that a text itself gives, in English or Chinese.

A line that names what it holds ("Published: ...", "来源：...") counts most, then a short line with a date, the dateline
of an agency, the mark of copyright, and last the short notice at the end that officials sign with a date. A date in
the middle of a sentence is that of an event, not of the document, and is not taken. What is not there stays empty.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

HEAD_LINES, TAIL_LINES = 12, 8
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\.?"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<!\d)(?P<y>(?:19|20)\d\d)\s?[-/.]\s?(?P<m>\d{1,2})\s?[-/.]\s?(?P<d>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<y>(?:19|20)\d\d)\s*年\s*(?P<m>\d{1,2})\s*月(?:\s*(?P<d>\d{1,2})\s*[日号號])?",
        rf"\b{_MONTH}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>(?:19|20)\d\d)\b",
        rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH},?\s+(?P<y>(?:19|20)\d\d)\b",
        rf"\b{_MONTH}\s+(?P<y>(?:19|20)\d\d)\b",
        r"(?P<cy>[二一][〇○零九一二三四五六七八]{3})年(?P<cm>[一二三四五六七八九十]{1,2})月(?P<cd>[一二三四五六七八九十]{1,3})[日號号]",
    )
)
_DIGITS = {char: n for n, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0}
_LABEL_DATE = re.compile(
    r"(?:(?:^|[\s|(（])(?:date|published|publication date|posted|released|updated|发布时间|發佈時間|发布日期|發布日期|"
    r"日期|时间|時間|发表时间|成文日期|印发日期)\s*[:：]|"
    r"^(?:published|posted|released|updated)(?: on)?\s)\s*(?P<rest>.{6,40})",
    re.IGNORECASE,
)
_LABEL_PUBLISHER = re.compile(
    r"(?:^|[\s|(（])(?:publisher|published by|source|来源|來源|信息来源|稿源|发布机构|發布機構|发布单位|发文机关|出处)"
    r"\s*[:：]\s*(?P<name>[^|\n]{2,80}?)\s*(?:[|)）]|$|\s{2,}|\s(?=(?:作者|时间|時間|发布|發布|日期|责任编辑|编辑|点击|"
    r"author|date|published)))",
    re.IGNORECASE,
)
_LABEL_TITLE = re.compile(r"^(?:title|headline|标题|標題|题目)\s*[:：]\s*(?P<name>.{3,300})$", re.IGNORECASE)
_COPYRIGHT = re.compile(
    r"(?:©|copyright|\(c\)|版权所有|版權所有)[\s©:：]*(?:\(c\)\s*)?(?P<y>(?:19|20)\d\d)?"
    r"(?:\s?[-–]\s?(?P<to>(?:19|20)\d\d))?[\s,.:：]*(?:by\s)?(?P<name>[A-Z\u4e00-\u9fff][^\n™®.,;|–—]{1,60})?",
    re.IGNORECASE,
)
_AGENCY = re.compile(
    r"^[^\n]{0,60}?\((?P<en>Xinhua|Reuters|AP|AFP|TASS|Bloomberg|Kyodo|Yonhap|dpa|ANSA|EFE|Business Wire|PRNewswire|"
    r"GLOBE NEWSWIRE)\)|^(?P<zh>新华社|中新社|中新网)[^\n，。]{0,20}\d{1,2}月\d{1,2}日电"
)
_STOCK = re.compile(
    r"^(?:highlights?|table of contents|contents|share(?: this.*)?|subscribe.*|advertisement|menu|home|print|"
    r"related .*|(?:\d+|no) comments?|leave a (?:comment|reply)|read more.*|sign up.*|key points?|summary|"
    r"abstract|摘要|目录|分享到?.*|打印.*|关闭窗口?|首页.*|【?字号.*|责任编辑.*|相关(?:阅读|新闻|链接).*|扫一扫.*|"
    r"返回(?:顶部|首页)|当前位置.*|上一篇.*|下一篇.*)[:：]?$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:date|published|publisher|source|posted|发布时间|发布日期|日期|时间|来源|來源)\s*[:：]", re.IGNORECASE
)
_OPENS = re.compile(r"\s?\(opens in (?:a )?new (?:tab|window)\)", re.IGNORECASE)


@dataclass(frozen=True)
class Head:
    """What a text says about itself; empty where it does not."""

    title: str = ""
    date: str = ""
    publisher: str = ""


def read_head(text: str, *, today: dt.date | None = None) -> Head:
    """Return title, date and publisher that a text itself gives."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return Head(_title(lines), _date(lines, today or dt.datetime.now(dt.UTC).date()), _publisher(lines))


def drop_boilerplate(text: str) -> str:
    """Return a text without the lines and insertions of web pages that say nothing: menus, counters, copyright."""
    kept = []
    for line in _OPENS.sub("", text).split("\n"):
        plain = line.strip().lstrip("#").strip()
        if not (_is_stock(plain) or _LABEL_TITLE.match(plain) or (len(plain) < 120 and _LABEL.match(plain))):
            kept.append(line)
    return "\n".join(kept)


def find_date(text: str, *, today: dt.date | None = None) -> str:
    """Return the first date in a text as YYYY-MM-DD, or YYYY-MM where no day is given; nothing where none is."""
    found = sorted(_dates_in(text, today or dt.datetime.now(dt.UTC).date()))
    return found[0][1] if found else ""


def _is_stock(line: str) -> bool:
    """Return whether a line is a stock phrase or a mark of copyright, and no sentence."""
    if len(line) < 80 and not re.search(r"[.。]$", line) and _STOCK.match(line):
        return True
    return len(line) < 250 and bool(re.match(r"(?:©|copyright ©|版权所有)", line, re.IGNORECASE))


def _dates_in(text: str, today: dt.date) -> Iterator[tuple[int, str]]:
    for pattern in _DATES:
        for match in pattern.finditer(text):
            if value := _valid(match.groupdict(), today):
                yield match.start(), value


def _valid(groups: dict[str, str | None], today: dt.date) -> str:
    if groups.get("cy"):
        year = int("".join(str(_DIGITS[char]) for char in str(groups["cy"])))
        month, day = _chinese_number(str(groups["cm"])), _chinese_number(str(groups["cd"]))
    else:
        year, day = int(str(groups["y"])), int(groups.get("d") or 0)
        name = groups.get("name")
        month = _MONTHS.index(name[:3].lower()) + 1 if name else int(str(groups["m"]))
    try:
        date = dt.date(year, month, day or 1)
    except ValueError:
        return ""
    if year < 1980 or date > today + dt.timedelta(days=2):
        return ""
    return date.isoformat() if day else f"{year:04d}-{month:02d}"


def _chinese_number(text: str) -> int:
    tens, ten, ones = text.partition("十")
    if not ten:
        return _DIGITS.get(text, 0)
    return (_DIGITS.get(tens, 0) if tens else 1) * 10 + (_DIGITS.get(ones, 0) if ones else 0)


def _date(lines: list[str], today: dt.date) -> str:
    ends = lines[:HEAD_LINES] + lines[-TAIL_LINES:]
    for line in ends:
        if (match := _LABEL_DATE.search(line[:300])) and (value := find_date(match["rest"], today=today)):
            return value
    for line in ends:
        if len(line) <= 60 and not re.search(r"[.。；;!?]$", line) and (value := find_date(line, today=today)):
            return value
    for line in lines[:HEAD_LINES]:
        dateline = re.match(r"(.{0,90}?)(?: [-–—]{1,2} |[-–—]{2}|\)\s*[-–—]|电[ \u3000（(])", line)
        if dateline and (value := find_date(dateline[1], today=today)):
            return value
    for line in reversed(lines):
        if (match := _COPYRIGHT.search(line[:300])) and (year := match["to"] or match["y"]):
            return year if int(year) <= today.year else ""
    return ""


def _publisher(lines: list[str]) -> str:
    ends = lines[:HEAD_LINES] + lines[-TAIL_LINES:]
    for line in ends:
        if match := _LABEL_PUBLISHER.search(line[:300]):
            name = match["name"].strip(" \u3000\"'“”")
            if len(name) <= 60 and not (re.search(r"[.。]$", name) and len(name.split()) > 4):
                return name
    for line in lines[:HEAD_LINES]:
        if (match := _AGENCY.search(line[:200])) and (name := match["en"] or match["zh"]):
            return name
    for line in reversed(lines[-TAIL_LINES:]):
        if (match := _COPYRIGHT.search(line[:300])) and match["name"] and (match["y"] or "版" in match[0]):
            name = re.sub(r"\s*(?:all rights reserved|版权所有).*", "", match["name"], flags=re.IGNORECASE)
            return name.strip(" :：\u3000")
    return ""


def _title(lines: list[str]) -> str:
    for line in lines[:HEAD_LINES]:
        if match := _LABEL_TITLE.match(line[:320]):
            return match["name"].strip()
    for line in lines[: 2 * HEAD_LINES]:
        plain = line.lstrip("#").strip()
        if _is_heading(plain):
            return plain
    return _first_sentence(lines)


def _is_heading(line: str) -> bool:
    """Return whether a line reads as a title: short, no sentence, no bullet, no label, no stock phrase."""
    if not 6 <= len(line) <= 160 or _is_stock(line) or _LABEL.match(line) or line[0] in "-*•·(（©":
        return False
    if re.search(r"[.。；;：:，,]$", line) or re.match(r"\d+[.)、]", line):
        return False
    if len(line) < 60 and (_DATES[0].search(line) or find_date(line)):
        return False
    if re.search("[\u4e00-\u9fff]", line):
        return len(line) <= 60 and "。" not in line
    words = line.split()
    return len(words) >= 3 and not re.search(r"[.!?] [A-Z]", line)


def _first_sentence(lines: list[str]) -> str:
    for line in lines:
        plain = line.lstrip("-*•#").strip()
        if not _is_stock(plain) and not _LABEL.match(plain):
            sentence = re.split(r"(?<=[。！？])|(?<=[.!?])\s", plain[:400], maxsplit=1)[0].strip()
            return sentence if len(sentence) <= 200 else sentence[:199].rsplit(" ", 1)[0] + "…"
    return ""
