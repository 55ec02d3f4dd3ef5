"""Text made whole: characters that were read in a wrong encoding, typographic marks, hidden characters, blanks.

ftfy (Speer 2019) mends UTF-8 read as a Western or Cyrillic encoding. Added here: UTF-8 read as Thai (ISO 8859-11,
Windows-874), also where the bytes 80 to 9F were lost, UTF-8 read as GBK, and GBK read as Windows-1252. Where a lost
byte left a mark open, it becomes an apostrophe, quotation mark or en dash by its neighbours. Marks that turn the
direction of writing, zero-width and control characters are dropped: they show a reader something else than a program.
"""

from __future__ import annotations

import re

from ytterby.evidence.read.decode import everyday_share
from ytterby.evidence.read.limits import missing

_THAI_RUN = re.compile("[\u0e01-\u0e5b\u0080-\u009f€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]+")
_THAI = re.compile("[\u0e01-\u0e5b]")
_LOST = "โ"  # first byte E2 of a punctuation mark, its other two bytes lost
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_BREAK = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_WIDE_RUN = re.compile("[^\x00-\x7f]+")


def mend(text: str) -> str:
    """Return a text with wrongly decoded characters and marks mended and hidden characters dropped."""
    try:
        from ftfy import TextFixerConfig, fix_text
    except ModuleNotFoundError as error:
        raise missing(error) from error
    text = text.replace("\r\n", "\n")
    if not text.isascii():
        text = _mend_thai(_mend_gbk(text))
    config = TextFixerConfig(
        uncurl_quotes=False, fix_character_width=False, fix_line_breaks=False, normalization="NFC", explain=False
    )
    return _HIDDEN.sub("", _BREAK.sub("\n", fix_text(text, config)))


def tidy(text: str) -> str:
    """Return a text with blanks made single, lines stripped, and at most one empty line in a row."""
    lines = [re.sub(r"[^\S\n]+", " ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _mend_gbk(text: str) -> str:
    """Undo GBK read as Windows-1252, and UTF-8 read as GBK."""
    head = text[:20_000]
    if not re.search("[\u4e00-\u9fff]", head) and len(re.findall("[\u00a1-\u00ff]{2}", head)) * 8 > len(head):
        for name in ("cp1252", "latin-1"):
            try:
                read = text.encode(name).decode("gb18030")
            except (UnicodeEncodeError, UnicodeDecodeError):
                continue
            if everyday_share(read[:20_000]) > 0.3:
                return read
    if re.search("[\u4e00-\u9fff]{2}", head) and everyday_share(head) < 0.3:
        return _WIDE_RUN.sub(_as_utf8, text)
    return text


def _as_utf8(match: re.Match[str]) -> str:
    read = match[0].encode("gb18030", errors="replace").decode("utf-8", errors="replace")
    is_better = read.count("\ufffd") * 5 < len(read) and everyday_share(read) > everyday_share(match[0])
    return read if is_better else match[0]


def _mend_thai(text: str) -> str:
    """Undo UTF-8 read as Thai, in a text that is not Thai."""
    found = len(_THAI.findall(text))
    if not found or found * 8 > len(re.findall("[A-Za-z]", text)) or re.search("[\u0e01-\u0e5b]{5}", text):
        return text
    text = _THAI_RUN.sub(_as_utf8_from_thai, text)
    text = text.replace("โข", "™").replace("ยฉ", "©").replace("ยฎ", "®").replace("ยฐ", "°").replace("ยท", "·")
    text = re.sub(rf"(?<=\w){_LOST}(?=(?:s|t|d|m|re|ll|ve)\b)", "’", text)
    text = re.sub(rf"(?:(?<=^)|(?<=[\s(\[])){_LOST}(?=\w)", "“", text, flags=re.MULTILINE)
    text = re.sub(rf"“([^“”{_LOST}\n]{{1,200}}){_LOST}(?=[\s.,;:!?)\]]|$)", r"“\1”", text, flags=re.MULTILINE)
    text = re.sub(rf"(?<=s){_LOST}(?= \w)", "’", text)
    text = re.sub(rf"(?<=[\w.,;:!?%)\]]){_LOST}(?=[\s.,;:!?)\]]|$)", "”", text, flags=re.MULTILINE)
    return text.replace(_LOST, "–")


def _as_utf8_from_thai(match: re.Match[str]) -> str:
    try:
        return b"".join(map(_byte, match[0])).decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return match[0]


def _byte(char: str) -> bytes:
    """Return the byte that was read as a character of ISO 8859-11 or Windows-874, or as one of 80 to 9F elsewhere."""
    for name in ("iso8859_11", "cp874"):
        if held := char.encode(name, errors="ignore"):
            return held
    return char.encode("cp1252")
