"""Bytes into characters, whatever the encoding.

In this order: a byte-order mark; UTF-16 without one, told by where its zero bytes stand; UTF-8, some broken bytes
allowed; the encoding that the file or server names; GB 18030 and Big5, told apart by how many of the characters are
everyday ones; charset-normalizer on a sample; Windows-1252. Refuses what is no text: archives, pictures, programs.
"""

from __future__ import annotations

import codecs
import re

from ytterby.evidence.read.limits import ReadError, missing

SAMPLE = 65_536
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = (
    (b"PK\x03\x04", "a ZIP archive or office file; unpack it, or save it as text or PDF"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"BZh", "a bzip2 archive; unpack it first"),
    (b"\xfd7zXZ", "an xz archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"\xd0\xcf\x11\xe0", "an old office file; save it as text or PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "a database"),
    (b"PAR1", "a Parquet table"),
)
_SIMPLIFIED = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自"
    "二理起小现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条"
    "只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几"
    "九区强放决西被干做必战先回则任取完举色规矿钨钽稀土铌企市场口集团司项目亿元万吨"
)
_TRADITIONAL = frozenset(
    "的一是在不了有和人這中大為上個國我以要他時來用們生到作地於出就分對成會可主發年動同工也能下過子說產種面而方後多定行學法所民得經十三之進著等部度家電力裡如水化高自"
    "二理起小現實加量都兩體制機當使點從業本去把性好應開它合還因由其些然前外天政四日那社義事平形相全表間樣與關各重新線內數正心反你明看原又麼利比或但質氣第向道命此變條"
    "只沒結解問意建月公無系軍很情者最立代想已通並提直題黨程展五果料象員革位入常文總次品式活設及管特件長求老頭基資邊流路級少圖山統接知較將組見計別她手角期根論運農指幾"
    "九區強放決西被幹做必戰先回則任取完舉色規礦鎢鉭稀土鈮企市場口集團司項目億元萬噸"
)
_WESTERN = frozenset(
    "àâäáãåæçéèêëíìîïñóòôöõøœúùûüßÿÀÂÄÁÃÅÆÇÉÈÊËÍÎÏÑÓÔÖÕØŒÚÛÜ’‘“”„«»–—…•€£©®™°·¿¡½¼×\xa0".encode("cp1252")
)
_ENCODING = re.compile(r"(?:utf|gb|big5|hz|cp|iso|windows|latin|koi8|mac|euc|shift|sjis|tis)", re.IGNORECASE)
_HANZI = re.compile("[\u4e00-\u9fff]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def everyday_share(text: str) -> float:
    """Return which share of the Chinese characters of a text are everyday ones; 0 where it has none."""
    found = _HANZI.findall(text)
    if not found:
        return 0.0
    return max(sum(char in held for char in found) for held in (_SIMPLIFIED, _TRADITIONAL)) / len(found)


def refuse_binary(data: bytes) -> None:
    """Refuse what its first bytes tell to be no text.

    Raises:
        ReadError: an archive, picture, program or database.
    """
    for magic, what in _BINARY:
        if data.startswith(magic):
            raise ReadError(f"is {what}")


def decode(data: bytes, *, declared: str = "") -> str:
    """Return the characters of a text file.

    Args:
        data: its bytes.
        declared: the encoding that the file or server names, which may be wrong.

    Raises:
        ReadError: empty, or no text.
    """
    if not data.strip(b" \t\r\n\0"):
        raise ReadError("is empty")
    refuse_binary(data)
    text = _decoded(data, declared)
    head = text[:SAMPLE]
    if len(_CONTROLS.findall(head)) > max(2, len(head) // 200):
        raise ReadError("is no text: it holds control characters, as programs and data files do")
    return text


def _decoded(data: bytes, declared: str) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data.decode(name, errors="replace")
    if b"\0" in data[:SAMPLE]:
        if (wide := _wide(data)) is None:
            raise ReadError("is no text: it holds zero bytes, as programs and data files do")
        return wide
    text = _strict(data, "utf-8")
    if text is not None:
        return text
    return _nearly_utf8(data) or _chinese(data, declared) or _other(data, declared)


def _strict(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except (UnicodeError, LookupError):
        return None


def _wide(data: bytes) -> str | None:
    """Return UTF-16 without a mark, in the order of bytes that gives letters rather than noise."""
    best: tuple[float, str] | None = None
    for name in ("utf-16-le", "utf-16-be"):
        text = data[: len(data) // 2 * 2].decode(name, errors="replace")
        head = text[:2000]
        known = sum(char.isascii() and (char.isprintable() or char in "\r\n\t") for char in head)
        common = len(_HANZI.findall(head)) * everyday_share(head)
        score = (known + common) / max(1, len(head))
        if score > 0.5 and (best is None or score > best[0]):
            best = (score, text)
    return best[1] if best else None


def _nearly_utf8(data: bytes) -> str | None:
    """Return UTF-8 with some broken bytes, where most sequences of several bytes are whole."""
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    whole = sum(char > "\x7f" for char in text) - broken
    return text if whole >= 10 * broken else None


def _chinese(data: bytes, declared: str) -> str | None:
    """Return Chinese text in GB 18030 or Big5, whichever gives the more everyday characters."""
    best = (0.3, "")
    for name in ("gb18030", "big5hkscs"):
        text = data.decode(name, errors="replace")
        broken = text.count("\ufffd") / len(text)
        share = everyday_share(text[:SAMPLE]) - 10 * broken + (0.05 if _same(declared, name) else 0.0)
        if share > best[0]:
            best = (share, text)
    return best[1] or None


def _same(declared: str, name: str) -> bool:
    families = {"gb18030": ("gb", "cp936"), "big5hkscs": ("big5", "cp950")}
    return declared.lower().replace("_", "").startswith(families[name])


def _is_western(data: bytes) -> bool:
    """Return whether the bytes above 7F are few, and all of them letters and marks of Western languages."""
    sample = data[:SAMPLE]
    high = re.findall(rb"[\x80-\xff]+", sample)
    if sum(map(len, high)) * 4 > len(re.findall(rb"[A-Za-z]", sample)) + 4:
        return False
    return all(len(run) <= 3 and _WESTERN.issuperset(run) for run in high)


def _other(data: bytes, declared: str) -> str:
    if _ENCODING.match(declared) and (text := _strict(data, declared)) is not None:
        return text
    if _is_western(data):
        return data.decode("cp1252", errors="replace")
    try:
        from charset_normalizer import from_bytes
    except ModuleNotFoundError as error:
        raise missing(error) from error
    guess = from_bytes(data[:SAMPLE]).best()
    if guess is not None and (text := _strict(data, guess.encoding)) is not None:
        return text
    return data.decode("cp1252", errors="replace")
