"""Pages and feeds from a server: every address and redirect checked, size and time bounded. Only loopback is asked.

Loopback is admitted by an argument that the command line has no way to give; without it the same server is refused.
"""

from __future__ import annotations

import gzip
import http.server
import inspect
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ytterby.cli import read as command
from ytterby.evidence.claim import Document
from ytterby.evidence.read import Limits, ReadError, read_documents
from ytterby.evidence.read import addresses as addresses_of
from ytterby.evidence.read.addresses import Address, is_public
from ytterby.evidence.read.documents import read_address

PAGE = (
    "<!DOCTYPE html><html><head><meta charset='gb2312'><title>钨矿企业投产</title></head><body>"
    "<p>某某钨业有限公司的仲钨酸铵项目已经投产，公司表示年产能为三千吨。</p>" * 1 + "</body></html>"
).encode("gb18030")
FEED = (
    b"<rss version='2.0'><channel><title>Example Feed</title><item><title>Plant opens</title>"
    b"<description>The plant has a capacity of 3,000 t.</description></item></channel></rss>"
)
BOMB = gzip.compress(b"0" * 50_000_000)
QUICK = Limits(fetch_s=3.0, silence_s=1.0, max_bytes=200_000, cpu_s=10)


def loopback(address: Address) -> bool:
    return address.is_loopback


def get(url: str, limits: Limits = QUICK) -> list[Document]:
    return list(read_address(url, limits=limits, admit=loopback))


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by path; what it was asked is kept in `asked`."""

    asked: list[tuple[str, dict[str, str]]]

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers)))
        name = self.path.partition("?")[0].strip("/").replace("-", "_") or "page"
        try:
            getattr(self, f"give_{name}", self.give_missing)()
        except (BrokenPipeError, ConnectionResetError):
            return  # the reader has had enough

    def say(self, body: bytes, kind: str = "text/html", status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        for key, value in ({"Content-Length": str(len(body))} | given).items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def give_page(self) -> None:
        self.say(PAGE)

    def give_feed(self) -> None:
        self.say(FEED, "application/rss+xml; charset=utf-8")

    def give_text(self) -> None:
        self.say("钨矿企业投产\n公司表示年产能为三千吨。".encode("gbk"), "text/plain; charset=gbk")

    def give_markdown(self) -> None:
        self.say(b"# Plant opens\n\nThe **plant** has a capacity.", "text/markdown")

    def give_packed(self) -> None:
        self.say(gzip.compress(PAGE), Content_Encoding="gzip")

    def give_bomb(self) -> None:
        self.say(BOMB, Content_Encoding="gzip")

    def give_brotli(self) -> None:
        self.say(b"x", Content_Encoding="br")

    def give_not_gzip(self) -> None:
        self.say(b"this is not packed", Content_Encoding="gzip")

    def give_big(self) -> None:
        self.say(b"tungsten " * 100_000)

    def give_big_unannounced(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(10_000):
            self.wfile.write(b"tungsten " * 1000)

    def give_short(self) -> None:
        self.say(PAGE[:40], Content_Length="4000")

    def give_drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"t")
            time.sleep(0.1)

    def give_drip_head(self) -> None:
        self.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        for _ in range(100):
            self.wfile.write(b"t")
            time.sleep(0.1)

    def give_silence(self) -> None:
        time.sleep(2.5)

    def give_loop(self) -> None:
        self.say(b"", status=302, Location="/loop")

    def give_five(self) -> None:
        left = int(self.path.partition("?")[2] or 5)
        self.say(b"", status=301, Location=f"/five?{left - 1}" if left > 1 else "/page")

    def give_away(self) -> None:
        self.say(b"", status=302, Location=self.path.partition("?")[2])

    def give_nowhere(self) -> None:
        self.say(PAGE, status=302)

    def give_noise(self) -> None:
        self.wfile.write(b"\xff\xfe no http at all\r\n\r\n")

    def give_heads(self) -> None:
        self.say(PAGE, **{f"X_{number}": "x" for number in range(300)})

    def give_empty(self) -> None:
        self.say(b"")

    def give_missing(self) -> None:
        self.say(b"no such page", status=404)


@contextmanager
def serving(address: str = "127.0.0.1") -> Iterator[tuple[str, list[tuple[str, dict[str, str]]]]]:
    asked: list[tuple[str, dict[str, str]]] = []
    kind = type("Here", (Handler,), {"asked": asked})
    server = http.server.ThreadingHTTPServer((address, 0), kind)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://{address}:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serving() as (base, _):
        yield base


def test_a_page(site: str) -> None:
    (document,) = get(f"{site}/page")
    assert document.title == "钨矿企业投产"
    assert document.language == "zh"
    assert document.url == f"{site}/page"
    assert document.publisher == "127.0.0.1", "the host, where nothing else is given"


@pytest.mark.parametrize("name", ["packed", "five"])
def test_the_same_page_packed_or_redirected_is_the_same_text(name: str, site: str) -> None:
    assert get(f"{site}/{name}")[0].sha256 == get(f"{site}/page")[0].sha256


def test_a_feed_text_and_markdown(site: str) -> None:
    assert get(f"{site}/feed")[0].publisher == "Example Feed"
    assert get(f"{site}/text")[0].title == "钨矿企业投产"
    assert get(f"{site}/markdown")[0].text == "Plant opens\n\nThe plant has a capacity."


def test_what_is_sent_says_nothing_of_the_user() -> None:
    with serving() as (base, asked):
        get(f"{base}/page?q=a b&c=钨")
    ((path, headers),) = asked
    assert path == "/page?q=a%20b&c=%E9%92%A8"
    assert headers["Host"] == base.removeprefix("http://")
    assert not {"Cookie", "Referer", "Authorization"} & set(headers)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("missing", "404"),
        ("loop", "redirects more than 5 times"),
        ("five?6", "redirects more than 5 times"),
        ("bomb", "200,000 bytes"),
        ("big", "900,000 bytes"),
        ("big-unannounced", "200,000 bytes"),
        ("brotli", "packed as 'br'"),
        ("not-gzip", "cannot be read"),
        ("short", "broke off|cannot be read"),
        ("drip", "too long"),
        ("drip-head", "too long"),
        ("silence", "silent for 1 s"),
        ("noise", "cannot be read"),
        ("heads", "cannot be read"),
        ("empty", "is empty"),
        ("nowhere", "302"),
        ("away?file:///etc/hostname", "'file:' is not asked"),
        ("away?ftp://127.0.0.1/a", "'ftp:' is not asked"),
        ("away?http://user:word@127.0.0.1/", "password"),
        ("away?http://10.0.0.1/", "10.0.0.1, which is not a public address"),
        ("away?http://169.254.169.254/latest/", "not a public address"),
        ("away?http://[::ffff:10.0.0.1]/", "not a public address"),
        ("away?//192.168.0.1/", "not a public address"),
        ("away?https:///x", "no host"),
        ("away?http://[", "no address"),
    ],
)
def test_what_a_server_may_not_do(name: str, word: str, site: str) -> None:
    start = time.monotonic()
    with pytest.raises(ReadError, match=word) as caught:
        get(f"{site}/{name}")
    assert time.monotonic() - start < 10
    assert site in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_leave_loopback_is_refused() -> None:
    with serving() as (base, asked):
        for url in (base, base.replace("127.0.0.1", "localhost"), base.replace("127.0.0.1", "[::1]")):
            with pytest.raises(ReadError, match=r"not a public address|cannot be looked up"):
                list(read_documents(url))
        assert asked == []


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.0.0.1", "127.1", "0", "[::ffff:127.0.0.1]", "127.0.0.1.", "①②⑦.⓪.⓪.①"]
)
def test_other_spellings_of_loopback_are_refused(host: str) -> None:
    with serving() as (base, asked):
        port = base.rpartition(":")[2]
        with pytest.raises(ReadError, match=r"not a public address|cannot be looked up|no address"):
            list(read_documents(f"http://{host}:{port}/page"))
        assert asked == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a00:1", False),
        ("2002:7f00:1::", False),
        ("::7f00:1", False),
        ("2001:db8::1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


def answers(*given: str) -> Callable[..., list[Any]]:
    """A name server that gives other addresses each time it is asked."""
    left = list(given)

    def look_up(host: str, port: int, *_: object, **__: object) -> list[Any]:
        each = left.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in each.split()]

    return look_up


def test_one_private_address_among_several_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses_of.socket, "getaddrinfo", answers("93.184.216.34 10.0.0.1"))
    with pytest.raises(ReadError, match=r"10\.0\.0\.1"):
        list(read_documents("http://news.example/"))


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def connect(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        asked.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(addresses_of.socket, "getaddrinfo", answers("93.184.216.34", "127.0.0.1"))
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(ReadError, match="Connection refused"):
        list(read_documents("http://news.example/"))
    assert asked == [("93.184.216.34", 80)], "the second answer of the name server is never asked for"


def test_an_address_that_does_not_answer_is_passed_over(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses_of, "_look_up", lambda *_: ["127.0.0.2", "127.0.0.1"])
    port = site.rpartition(":")[2]
    assert get(f"http://news.example:{port}/text")[0].publisher == "news.example"


def test_a_silent_name_server_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses_of.socket, "getaddrinfo", lambda *_, **__: time.sleep(3) or [])
    start = time.monotonic()
    with pytest.raises(ReadError, match="no answer"):
        list(read_documents("http://news.example/", limits=Limits(fetch_s=0.2)))
    assert time.monotonic() - start < 2


def test_a_certificate_is_checked_against_the_name(site: str) -> None:
    with pytest.raises(ReadError, match="cannot be read"):
        get(site.replace("http:", "https:") + "/page")


def test_the_command_line_cannot_admit_other_addresses() -> None:
    assert "admit" not in inspect.signature(read_documents).parameters
    assert "admit" not in inspect.signature(command.read).parameters


def test_proxies_of_the_environment_are_not_used(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert get(f"{site}/page")


def test_the_command_refuses_a_private_address(run_ytterby: Any, site: str, tmp_path: Any) -> None:
    done = run_ytterby("read", f"{site}/page", "--ledger", "claims.db", cwd=tmp_path)
    assert done.returncode == 1
    assert "not a public address" in done.stderr
    assert not (tmp_path / "claims.db").exists()
