"""HTML into text: the main text of a page and what its metadata say, without menus, scripts and adverts.

trafilatura (Barbaresi 2021) finds the main text; where it finds none, all visible text of the page is taken. Nothing is
loaded and no script is run. Called in the confined process only: a page may be built to exhaust its reader.
"""

from __future__ import annotations

import re
import urllib.parse
from typing import Any

from ytterby.evidence.read.decode import decode
from ytterby.evidence.read.limits import ReadError
from ytterby.evidence.read.parts import Parts

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,20})", re.IGNORECASE)
_SILENT = ("script", "style", "noscript", "template", "svg", "nav", "footer", "aside", "form", "button", "iframe")
_BLOCKS = ("p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "td", "th", "article", "section")
_URL_DATE = re.compile(r"/(20\d\d)[-/]?(0[1-9]|1[0-2])[-/]?(?:t?(?:20\d{4})?(0[1-9]|[12]\d|3[01]))?(?=[/_.-])")


def parse_html(data: bytes, *, url: str = "", declared: str = "") -> Parts:
    """Return the main text of a page, its title, date and publisher.

    Raises:
        ReadError: it holds no text.
    """
    named = _CHARSET.search(data[:4096])
    page = decode(data, declared=declared or (named[1].decode("ascii") if named else ""))
    page = re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", page.replace("\0", ""))
    found = _main_text(page, url)
    text = str(found.text or "") if found else ""
    if len(text) < 80:
        visible = visible_text(page)
        text = visible if len(visible) > len(text) else text
    if not text.strip():
        raise ReadError("holds no text: an empty page, one that a script would fill, or one too large to take apart")
    title = str(found.title or "") if found else ""
    site = str(found.sitename or "") if found else ""
    return Parts(
        text=text,
        title=title or _title(page),
        date=str(found.date or "") if found else "",
        publisher="" if _is_host(site, url) else site,
        url=url,
        fallback_date=_url_date(url),
    )


def _main_text(page: str, url: str) -> Any:
    from trafilatura import bare_extraction

    return bare_extraction(
        page,
        url=url or None,
        include_comments=False,
        include_tables=True,
        with_metadata=True,
        date_extraction_params={"original_date": True, "extensive_search": False, "outputformat": "%Y-%m-%d"},
    )


def visible_text(page: str) -> str:
    """Return the text of a page that a reader would see, one line a block."""
    from lxml import etree, html

    try:
        root = html.document_fromstring(page.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.ParserError, etree.XMLSyntaxError):
        return ""
    etree.strip_elements(root, *_SILENT, etree.Comment, etree.ProcessingInstruction, with_tail=False)
    for node in root.iter(*_BLOCKS):
        node.tail = "\n" + (node.tail or "")
        node.text = "\n" + (node.text or "")
    body = root.find("body")
    return "".join((root if body is None else body).itertext())


def _title(page: str) -> str:
    match = re.search(r"<title[^>]{0,200}>([^<]{1,500})", page[:200_000], re.IGNORECASE)
    return match[1].strip() if match else ""


def _is_host(site: str, url: str) -> bool:
    """Return whether a name of a site is only its address, as it is where the page names none."""
    return bool(site) and site.lower().removeprefix("www.") in urllib.parse.urlsplit(url).netloc


def _url_date(url: str) -> str:
    match = _URL_DATE.search(url)
    return "-".join(filter(None, match.groups())) if match else ""
