"""From a file, folder, page or feed to documents.

What a file is, its first bytes tell before its name does. Text is decoded, mended, freed of boilerplate and tidied;
its SHA-256 is that of the resulting text, so that the same text is known again wherever it comes from. Title, date and
publisher come from the file's or page's metadata, then from the text, and stay empty where neither gives them. The
network is asked only where an address is named.
"""

from __future__ import annotations

import datetime as dt
import re
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

from ytterby.evidence.claim import Document, text_sha256
from ytterby.evidence.read.addresses import Address, is_public
from ytterby.evidence.read.confine import Confined
from ytterby.evidence.read.decode import decode, refuse_binary
from ytterby.evidence.read.fetch import Fetched, fetch
from ytterby.evidence.read.head import drop_boilerplate, find_date, read_head
from ytterby.evidence.read.language import language
from ytterby.evidence.read.limits import Limits, ReadError
from ytterby.evidence.read.markdown import parse_markdown
from ytterby.evidence.read.mend import mend, tidy
from ytterby.evidence.read.parts import Parts
from ytterby.evidence.read.wrap import unwrap

SUFFIXES = (".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml", ".pdf", ".xml", ".rss", ".atom")
DEFAULT = Limits()
Refusal = Callable[[str, ReadError], None]


def read_documents(
    target: str | Path, *, limits: Limits = DEFAULT, on_refusal: Refusal | None = None
) -> Iterator[Document]:
    """Yield the documents in a file, folder, page or feed, each text once.

    Args:
        target: a path, or an address that begins with http:// or https://.
        limits: how much is taken on.
        on_refusal: called with name and reason for each file of a folder that cannot be read; without it the first
            such file ends the reading.

    Raises:
        ReadError: it cannot be read; the sentence names it.
    """
    if isinstance(target, str) and (scheme := re.match(r"([a-zA-Z][\w+.-]+)://", target)):
        if scheme[1].lower() not in ("http", "https"):
            raise ReadError(f"'{target}': only http and https addresses are read")
        yield from read_address(target, limits=limits)
        return
    path = Path(target)
    seen: set[str] = set()
    with Confined(limits) as confined:
        for each in _files(path, limits):
            try:
                found = list(_read_file(each, confined, limits))
            except ReadError as error:
                if on_refusal is None or not path.is_dir():
                    raise
                on_refusal(str(each), error)
                continue
            for document in found:
                if document.sha256 not in seen:
                    seen.add(document.sha256)
                    yield document


def read_address(
    url: str, *, limits: Limits = DEFAULT, admit: Callable[[Address], bool] = is_public
) -> Iterator[Document]:
    """Yield the documents of one page or feed.

    Raises:
        ReadError: it cannot be had or read; the sentence names it.
    """
    try:
        got = fetch(url, limits=limits, admit=admit)
        with Confined(limits) as confined:
            found = list(_parse(got.data, _kind_of_page(got), confined, limits, url=got.url, declared=got.charset))
        documents = [_document(parts, limits=limits) for parts in found]
    except ReadError as error:
        raise ReadError(f"{url} {error}" if not str(error).startswith("'") else f"{url}: {error}") from error
    yield from {document.sha256: document for document in documents}.values()


def read_text(path: str | Path, *, limits: Limits = DEFAULT) -> str:
    """Return the text of one file, decoded, mended and without boilerplate.

    Raises:
        ReadError: it cannot be read.
    """
    return "\n\n".join(document.text for document in read_documents(path, limits=limits))


def _files(path: Path, limits: Limits) -> list[Path]:
    """Return the files to read: a file itself, or those of a folder that have a suffix of a known kind."""
    if path.is_file():
        return [path]
    if not path.exists():
        raise ReadError(f"there is no file or folder '{path}'; an address begins with http:// or https://")
    if not path.is_dir():
        raise ReadError(f"'{path}' is no file, but a device, pipe or socket")
    found: list[Path] = []
    for each in path.rglob("*"):
        hidden = any(part.startswith(".") for part in each.relative_to(path).parts)
        if each.suffix.lower() in SUFFIXES and not hidden and not each.is_symlink() and each.is_file():
            found.append(each)
        if len(found) > limits.max_files:
            raise ReadError(f"'{path}' has more than the {limits.max_files:,} files that are read at once")
    if not found:
        raise ReadError(f"'{path}' has no file to read; known are {', '.join(SUFFIXES)}")
    return sorted(found)


def _read_file(path: Path, confined: Confined, limits: Limits) -> Iterator[Document]:
    try:
        size = path.stat().st_size
        if size > limits.max_bytes:
            raise ReadError(f"is of {size:,} bytes, more than the {limits.max_bytes:,} that are read")
        with path.open("rb") as stream:
            data = stream.read(limits.max_bytes + 1)
        if len(data) > limits.max_bytes:
            raise ReadError(f"is of more than the {limits.max_bytes:,} bytes that are read")
        found = _parse(data, _kind_of_file(path, data), confined, limits)
        documents = [_document(parts, path=str(path), limits=limits) for parts in found]
    except OSError as error:
        raise ReadError(f"'{path}' cannot be read: {error.strerror}") from error
    except ReadError as error:
        raise ReadError(f"'{path}' {error}") from error
    yield from documents


def _kind_of_file(path: Path, data: bytes) -> str:
    if kind := _kind_of_bytes(data):
        return kind
    suffix = path.suffix.lower()
    if suffix in (".html", ".htm", ".xhtml"):
        return "html"
    if suffix in (".xml", ".rss", ".atom"):
        return "feed"
    if suffix == ".pdf":
        raise ReadError("is no PDF, though its name says so")
    return "markdown" if suffix in (".md", ".markdown") else "text"


def _kind_of_page(got: Fetched) -> str:
    if kind := _kind_of_bytes(got.data):
        return kind
    kind = got.content_type
    if kind.endswith(("/html", "xhtml+xml")):
        return "html"
    if kind.endswith(("xml", "/rss", "/atom")):
        return "feed"
    if kind == "text/markdown" or urllib.parse.urlsplit(got.url).path.endswith((".md", ".markdown")):
        return "markdown"
    return "text"


def _kind_of_bytes(data: bytes) -> str:
    head = data[:2048].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if head.startswith(b"%pdf-") or b"\n%pdf-" in head[:1024]:
        return "pdf"
    if re.search(rb"<(?:rss|feed|rdf:rdf)[\s>]", head) and head.startswith(b"<"):
        return "feed"
    if head.startswith((b"<!doctype html", b"<html")) or (head.startswith(b"<?xml") and b"<html" in head):
        return "html"
    return "feed" if head.startswith(b"<?xml") or b"<!entity" in head else ""


def _parse(
    data: bytes, kind: str, confined: Confined, limits: Limits, *, url: str = "", declared: str = ""
) -> list[Parts]:
    if not data.strip(b" \t\r\n\0"):
        raise ReadError("is empty")
    refuse_binary(data)
    if kind in ("html", "pdf", "feed"):
        return confined.parse(kind, data, url=url, declared=declared)
    if len(data) > 4 * limits.max_characters:
        raise ReadError(f"is text of {len(data):,} bytes; {limits.max_characters:,} characters are read")
    text = decode(data, declared=declared)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    parts = parse_markdown(text) if kind == "markdown" else Parts(unwrap(text))
    return [Parts(**{**parts.to_dict(), "url": url or parts.url})]


def _document(parts: Parts, *, limits: Limits, path: str = "") -> Document:
    if len(parts.text) > limits.max_characters:
        raise ReadError(f"holds {len(parts.text):,} characters, more than the {limits.max_characters:,} that are read")
    whole = tidy(mend(parts.text))
    text = tidy(drop_boilerplate(whole)) or whole
    if not re.search(r"\w", text):
        raise ReadError("holds no words")
    said = read_head(whole)
    host = urllib.parse.urlsplit(parts.url).hostname if parts.url.startswith(("http://", "https://")) else ""
    given = {name: _line(value) for name, value in parts.to_dict().items() if name != "text"}
    return Document(
        title=given["title"] or said.title,
        text=text,
        sha256=text_sha256(text),
        date=find_date(given["date"]) or said.date or find_date(given["fallback_date"]) or "",
        publisher=given["publisher"] or said.publisher or (host or "").removeprefix("www."),
        language=language(text),
        url=_line(parts.url) if host else "",
        path=path,
        read_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    )


def _line(value: str) -> str:
    """Return a value of the metadata as one mended line of bounded length."""
    return " ".join(mend(value[:2000]).split())[:500]
