"""Readers given anything: a document or one ReadError, nothing else; short here, longer with YTTERBY_FUZZ=SECONDS."""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ytterby.evidence.claim import Document, text_sha256
from ytterby.evidence.read import Limits, ReadError, read_documents
from ytterby.evidence.read.confine import Confined
from ytterby.evidence.read.decode import decode
from ytterby.evidence.read.head import drop_boilerplate, find_date, read_head
from ytterby.evidence.read.language import language
from ytterby.evidence.read.markdown import parse_markdown
from ytterby.evidence.read.mend import mend, tidy

LONGER_S = float(os.environ.get("YTTERBY_FUZZ", "0"))
LENIENT = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
FEW = settings(max_examples=60 + int(20 * LONGER_S), deadline=None, suppress_health_check=LENIENT)
LIMITS = Limits(cpu_s=10, wait_s=20)
PIECES = st.sampled_from(
    ["钨", "中国五矿", "tungsten ", "2025年11月3日", "November 3, 2025", "来源：", "Source: ", "©", "โ", "â€™", "\n",
     "\r\n", "# ", "**", "[a](b)", "---\n", "title: x\n", "<p>", "</p>", "<!--", "&amp;", "\x00", "\u202e", "\ud7ff",
     "é", "10 000 t", "…", "Highlights\n", "\x85", "\u2028", "ÖÐ¹ú"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=400), st.lists(PIECES, max_size=60).map("".join))
SEEDS = (
    b"<!DOCTYPE html><html><head><meta charset='gbk'><title>T</title></head><body><article><p>Tungsten is mined.</p>"
    b"<table><tr><td>1</td></tr></table></article><!-- c --><script>x</script></body></html>",
    b"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>F</title><item><title>Plant</title>"
    b"<pubDate>Mon, 03 Nov 2025 08:00:00 GMT</pubDate><description><![CDATA[<p>x</p>]]></description></item></channel>"
    b"</rss>",
    b"<feed xmlns='http://www.w3.org/2005/Atom'><title>F</title><entry><title>P</title><updated>2025-11-03T08:00:00Z"
    b"</updated><content type='html'>&lt;p&gt;x&lt;/p&gt;</content></entry></feed>",
    b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n"
    b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>\nendobj\n"
    b"4 0 obj\n<</Length 36>>\nstream\nBT /F 9 Tf (Tungsten is mined) Tj ET \nendstream\nendobj\n"
    b"5 0 obj\n<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF",
    "---\ntitle: 钨\ndate: 2025-11-03\n---\n# 钨矿\n\n**中国五矿** [x](y) 三千吨\n".encode(),
    "钨矿企业投产\n发布时间：2025年11月3日 来源：示例网\n公司表示年产能为三千吨。\n".encode("gb18030"),
)
NAMES = ("a.html", "a.rss", "a.atom", "a.pdf", "a.md", "a.txt")


def spoil(data: bytes, chance: random.Random) -> bytes:
    """Cut, repeat, swap or overwrite parts of a file."""
    held = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at, length = chance.randrange(len(held) + 1), chance.choice((1, 2, 8, 40))
        kind = chance.randrange(5)
        if kind == 0:
            del held[at : at + length]
        elif kind == 1:
            held[at:at] = held[at : at + length] * chance.choice((2, 50, 2000))
        elif kind == 2:
            held[at : at + length] = chance.randbytes(length)
        elif kind == 3:
            held[at:at] = chance.choice(SEEDS)[: chance.randrange(200)]
        else:
            held[at : at + 1] = chance.choice(
                (b"\0", b"<", b"&", b">", b"(", b"\xff", b"\n", b"/", b"]]>", b"9999999999")
            )
    return bytes(held)


def check(path: Path, data: bytes) -> bool:
    """Read bytes as a file; return whether they gave a document."""
    path.write_bytes(data)
    found: list[Document] = []
    said = refusal(lambda: found.extend(read_documents(path, limits=LIMITS)))
    assert not said or said.startswith(f"'{path}'")
    for document in found:
        assert document.sha256 == text_sha256(document.text)
        assert len(document.title) <= 500
        assert "\0" not in document.text
        document.text.encode()
    return bool(found)


def refusal(read: Callable[[], object]) -> str:
    """Return the sentence with which a reading is refused; nothing where it is not."""
    try:
        read()
    except ReadError as error:
        said = str(error)
    else:
        return ""
    assert said, "a refusal says why"
    assert "\n" not in said
    return said


@FEW
@given(st.one_of(st.binary(max_size=600), TEXTS.map(lambda text: text.encode("gb18030", "replace"))))
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    refusal(lambda: decode(data).encode("utf-8", "surrogatepass"))


@FEW
@given(TEXTS)
def test_any_text_is_mended_once(text: str) -> None:
    once = tidy(mend(text))
    assert tidy(drop_boilerplate(tidy(drop_boilerplate(once)))) == tidy(drop_boilerplate(once))
    once.encode()
    head = read_head(once)
    assert len(head.date) in (0, 4, 7, 10)
    assert len(head.title) <= 500
    assert language(once) == language(once)
    find_date(text)
    parse_markdown(text)


@FEW
@given(st.sampled_from(["utf-8", "utf-16", "gb18030", "utf-8-sig"]), TEXTS)
def test_any_text_file_is_read_or_refused(tmp_path: Path, encoding: str, text: str) -> None:
    check(tmp_path / "a.txt", text.encode(encoding, "replace"))
    check(tmp_path / "a.md", text.encode(encoding, "replace"))


def spoiled(seconds: float, count: int) -> Iterator[tuple[str, bytes]]:
    chance = random.Random(7)
    until = time.monotonic() + seconds
    number = 0
    while number < count or time.monotonic() < until:
        name, seed = chance.choice(tuple(zip(NAMES, SEEDS, strict=True)))
        yield name, spoil(seed, chance)
        number += 1


@pytest.mark.slow
def test_spoiled_files_are_read_or_refused(tmp_path: Path) -> None:
    read = refused = 0
    with Confined(LIMITS) as confined:
        for name, data in spoiled(LONGER_S, 60):
            if name.endswith((".html", ".rss", ".atom", ".pdf")) and (read + refused) % 10:
                kind = {"html": "html", "pdf": "pdf"}.get(name.rpartition(".")[2], "feed")
                done = not refusal(partial(confined.parse, kind, data))
            else:
                done = check(tmp_path / name, data)
            read, refused = read + done, refused + (not done)
    logging.getLogger(__name__).info("spoiled files: %d read, %d refused", read, refused)
    assert read
    assert refused
