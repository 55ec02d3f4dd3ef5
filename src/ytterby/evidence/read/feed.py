"""RSS and Atom into texts: one document an item, from what the feed itself holds; links are not followed.

Declared entities (as in a "billion laughs" file) are refused before anything is expanded, by defusedxml; feeds that
are not well-formed are read as well as feedparser can. Called in the confined process only.
"""

from __future__ import annotations

import io
import re
from typing import Any

from ytterby.evidence.read.html import visible_text
from ytterby.evidence.read.limits import Limits, ReadError
from ytterby.evidence.read.parts import Parts

_ITEM = re.compile(rb"<(?:\w{1,20}:)?(?:item|entry)[\s>]", re.IGNORECASE)
MAX_DEPTH = 100


def parse_feed(data: bytes, *, url: str = "", declared: str = "", limits: Limits) -> list[Parts]:
    """Return the items of a feed, those without text left out.

    Raises:
        ReadError: no feed, too many items, or entities of its own.
    """
    count = len(_ITEM.findall(data))
    if count > limits.max_items:
        raise ReadError(f"is a feed of {count:,} items, more than the {limits.max_items:,} that are read")
    _refuse_entities(data)
    import feedparser

    headers = {"content-type": f"application/xml; charset={declared}"} if declared else {}
    feed = feedparser.parse(io.BytesIO(data), response_headers=headers)
    if not feed.get("version") and not feed.entries:
        raise ReadError("is XML, but no feed: it has no items of RSS or Atom")
    publisher = str(feed.feed.get("title") or "")
    found = [_item(entry, publisher, url) for entry in feed.entries]
    kept = [parts for parts in found if parts.text.strip()]
    if not kept:
        raise ReadError("is a feed without text in its items")
    return kept


def _item(entry: Any, publisher: str, url: str) -> Parts:
    bodies = [str(part.get("value") or "") for part in entry.get("content") or ()]
    body = max([*bodies, str(entry.get("summary") or "")], key=len)
    title = plain_text(str(entry.get("title") or ""))
    when = entry.get("published_parsed") or entry.get("updated_parsed")
    return Parts(
        text="\n\n".join(filter(None, (title, plain_text(body)))),
        title=" ".join(title.split()),
        date=f"{when[0]:04d}-{when[1]:02d}-{when[2]:02d}" if when else "",
        publisher=str((entry.get("source") or {}).get("title") or publisher),
        url=str(entry.get("link") or url),
    )


def plain_text(body: str) -> str:
    """Return the text of a piece of HTML, or the piece itself where it has no marks."""
    return visible_text(body).strip() if re.search(r"<\w|&\w+;|&#", body) else body.strip()


def _refuse_entities(data: bytes) -> None:
    """Refuse a file that declares entities, or nests without end."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    depth = 0
    try:
        for event, node in iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=False):
            depth += 1 if event == "start" else -1
            if depth > MAX_DEPTH:
                raise ReadError(f"is XML nested more than {MAX_DEPTH} deep")
            if event == "end":
                node.clear()
    except DefusedXmlException as error:
        raise ReadError("is XML that declares entities of its own; no feed needs them") from error
    except (ParseError, ValueError, LookupError) as error:
        if re.search(rb"<!\s*ENTITY", data, re.IGNORECASE):
            raise ReadError("is XML that declares entities of its own; no feed needs them") from error
