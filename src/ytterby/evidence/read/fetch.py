"""One page or feed from an address that the user named: HTTP or HTTPS, bounded in size, time and redirects.

Every hop is checked anew: scheme, host and all of its addresses (see `addresses`). The connection goes to the checked
address, with the certificate checked against the name. No proxy, cookie, password or referrer is sent. The time limit
holds for the whole of an answer, however slowly it drips; the size limit for the answer as sent and as unpacked.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import time
import urllib.parse
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ytterby.evidence.read.addresses import Address, checked_addresses, is_public
from ytterby.evidence.read.limits import Limits, ReadError

CHUNK = 65_536
REDIRECTS = (301, 302, 303, 307, 308)
HEADERS = {
    "User-Agent": "ytterby (reads one page for its user)",
    "Accept": "text/html,application/xhtml+xml,application/pdf,application/rss+xml,application/atom+xml,text/*;q=0.9",
    "Accept-Encoding": "gzip, identity",
    "Accept-Language": "en, zh;q=0.9, *;q=0.5",
    "Connection": "close",
}


@dataclass(frozen=True)
class Fetched:
    """What an address gave: bytes, kind and encoding as the server names them, and the address after redirects."""

    data: bytes
    url: str
    content_type: str
    charset: str


def fetch(url: str, *, limits: Limits, admit: Callable[[Address], bool] = is_public) -> Fetched:
    """Return what an address gives.

    Args:
        url: an http or https address.
        limits: how long, how much, how many redirects.
        admit: which network addresses may be asked.

    Raises:
        ReadError: it cannot be had within the limits, or leads where nothing may be asked.
    """
    until = time.monotonic() + limits.fetch_s
    for _ in range(limits.max_redirects + 1):
        answer = _ask(url, limits=limits, admit=admit, until=until)
        if isinstance(answer, Fetched):
            return answer
        url = answer
    raise ReadError(f"redirects more than {limits.max_redirects} times")


def _ask(url: str, *, limits: Limits, admit: Callable[[Address], bool], until: float) -> Fetched | str:
    """Return what one address gives, or where it redirects to."""
    parts, host, port = _split(url)
    found = checked_addresses(host, port, admit=admit, wait_s=max(0.1, until - time.monotonic()))
    connection = _Pinned(host, port, addresses=found, is_secure=parts.scheme == "https", timeout=limits.silence_s)
    target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    with _translated(host, limits), _ended_at(connection, until):
        connection.request("GET", target, headers=HEADERS)
        with connection.getresponse() as response:
            where = response.getheader("Location")
            if response.status in REDIRECTS and where:
                return _joined(url, where)
            if response.status != 200:
                raise ReadError(f"'{host}' answers {response.status} {_shown(response.reason)}".rstrip())
            data = _body(response, limits, until)
    kind, _, rest = (response.getheader("Content-Type") or "").partition(";")
    charset = re.search(r"charset\s*=\s*[\"']?([\w-]{2,20})", rest, re.IGNORECASE)
    return Fetched(data, url, kind.strip().lower(), charset[1] if charset else "")


def _split(url: str) -> tuple[urllib.parse.SplitResult, str, int]:
    try:
        parts = urllib.parse.urlsplit(_quoted(url))
        host, port = parts.hostname or "", parts.port
        host = host if ":" in host else host.encode("idna").decode("ascii")
    except ValueError as error:
        raise ReadError(f"'{url}' is no address: {error}") from error
    if parts.scheme not in ("http", "https"):
        raise ReadError(f"'{parts.scheme}:' is not asked; only http and https are")
    if not host:
        raise ReadError(f"'{url}' names no host")
    if parts.username is not None or parts.password is not None:
        raise ReadError("an address with a user name or password is not asked")
    return parts, host, port or (443 if parts.scheme == "https" else 80)


def _joined(url: str, where: str) -> str:
    try:
        return urllib.parse.urljoin(url, _quoted(where))
    except ValueError as error:
        raise ReadError(f"redirects to '{_shown(where)}', which is no address") from error


def _quoted(url: str) -> str:
    """Return an address with what may not stand in one written as %XX."""
    return urllib.parse.quote(url.strip(), safe="%/:=&?~#+!$,;'@()*[]")


class _Pinned(http.client.HTTPConnection):
    """A connection to a checked address under a host's name."""

    def __init__(self, host: str, port: int, *, addresses: list[str], is_secure: bool, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._addresses, self._is_secure = addresses, is_secure
        self.default_port = 443 if is_secure else 80  # what the Host header leaves out
        self.line: socket.socket | None = None

    def connect(self) -> None:
        plain = self._reach()
        self.line = plain.dup()
        if self._is_secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(plain, server_hostname=self.host)
        else:
            self.sock = plain

    def _reach(self) -> socket.socket:
        """Return a line to the first of the addresses that answers, as where a host has one that no route leads to."""
        *others, last = self._addresses[:4]
        for address in others:
            with suppress(OSError):
                return socket.create_connection((address, self.port), self.timeout)
        return socket.create_connection((last, self.port), self.timeout)

    def cut(self) -> None:
        """Break the line, whatever is waiting on it."""
        if self.line is not None:
            with suppress(OSError):  # already gone
                self.line.shutdown(socket.SHUT_RDWR)


@contextmanager
def _ended_at(connection: _Pinned, until: float) -> Iterator[None]:
    """Break a connection at a time, and close it at the end of the block."""
    watch = threading.Timer(max(0.1, until - time.monotonic()), connection.cut)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
        connection.close()
        if connection.line is not None:
            connection.line.close()
        if time.monotonic() >= until:
            raise ReadError("takes too long: the time limit of one page is over")


@contextmanager
def _translated(host: str, limits: Limits) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise ReadError(f"'{host}' is silent for {limits.silence_s:g} s") from error
    except (OSError, http.client.HTTPException, zlib.error, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ReadError(f"'{host}' cannot be read: {_shown(said)}") from error


def _shown(text: str) -> str:
    """Return words of a server as one short line."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:120]


def _body(response: http.client.HTTPResponse, limits: Limits, until: float) -> bytes:
    """Return the body, unpacked; both as sent and as unpacked within the limit of size."""
    announced = response.getheader("Content-Length") or ""
    if announced.isdecimal() and int(announced[:20]) > limits.max_bytes:
        raise ReadError(f"is of {int(announced[:20]):,} bytes, more than the {limits.max_bytes:,} that are read")
    coding = (response.getheader("Content-Encoding") or "identity").strip().lower()
    if coding not in ("identity", "gzip", "x-gzip", "deflate"):
        raise ReadError(f"comes packed as '{coding}', which was not asked for")
    unpack = None if coding == "identity" else zlib.decompressobj(47)
    held, sent, size = list[bytes](), 0, 0
    while chunk := response.read1(CHUNK):
        sent += len(chunk)
        plain = unpack.decompress(chunk, limits.max_bytes - size + 1) if unpack else chunk
        size += len(plain)
        if size > limits.max_bytes or sent > limits.max_bytes:
            raise ReadError(f"is of more than the {limits.max_bytes:,} bytes that are read")
        if time.monotonic() > until:
            break  # the caller says that it is late
        held.append(plain)
    if announced.isdecimal() and sent < int(announced) and time.monotonic() <= until:
        raise ReadError(f"broke off after {sent:,} of {announced} bytes")
    return b"".join(held)
