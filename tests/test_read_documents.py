"""Every format and encoding becomes the same document: text, title, date, publisher, language; reading twice adds none.

The articles are written for these tests; companies in them are real names or say that they are examples.
"""

from __future__ import annotations

import datetime as dt
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from ytterby.evidence.claim import Document, text_sha256
from ytterby.evidence.read import ReadError, read_documents, read_text
from ytterby.evidence.read.decode import decode
from ytterby.evidence.read.head import drop_boilerplate, find_date, read_head
from ytterby.evidence.read.language import language
from ytterby.evidence.read.markdown import parse_markdown
from ytterby.evidence.read.mend import mend, tidy
from ytterby.evidence.read.wrap import join_lines, unwrap, unwrap_markdown

TODAY = dt.date(2026, 6, 1)
ENGLISH = """Example Tungsten opens APT plant in Spain
Published: November 3, 2025 | Source: Example Metals Daily

Example Tungsten said on Monday that its plant for ammonium paratungstate in Spain has begun to produce. The plant’s
capacity is “up to 3,000 t” a year – more than half of what the company sells in the country.

The chairman said that the cost of the work was about €40 million.
"""
CHINESE = """中国五矿与北京科技大学签署战略合作协议
发布时间：2025年11月3日　来源：示例金属网

中国五矿集团有限公司与北京科技大学近日在北京签署战略合作协议，双方将在钨、钽、铌和稀土的采矿、冶炼和加工技术上合作，并共同培养人才。

公司表示，该项目的产能为每年不超过三千吨，投资约四亿元人民币。
"""
TRADITIONAL = """中國五礦與北京科技大學簽署戰略合作協議
來源：示例金屬網

中國五礦集團有限公司與北京科技大學近日在北京簽署戰略合作協議，雙方將在鎢、鉭和稀土的採礦、冶煉和加工技術上合作，並共同培養人才。
"""


def one(path: Path) -> Document:
    (document,) = read_documents(path)
    return document


def write(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def page(body: str, *, head: str = "", charset: str = "utf-8") -> str:
    return (
        f'<!DOCTYPE html><html><head><meta charset="{charset}">{head}</head><body><nav><a href="/">Front page</a>'
        f'<a href="/m">Markets</a></nav><article>{body}</article><footer>We use cookies</footer>'
        "<script>document.title='robbed'</script></body></html>"
    )


def pdf(lines: list[str], *, title: str = "") -> bytes:
    """A PDF of one page, with a font that maps each character to Unicode, as those of Chinese offices do."""
    chars = sorted({char for line in lines for char in line})
    code = {char: f"{number:04X}" for number, char in enumerate(chars, 1)}
    maps = "\n".join(f"<{code[char]}> <{char.encode('utf-16-be').hex()}>" for char in chars)
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def "
        f"1 begincodespacerange <0000> <FFFF> endcodespacerange {len(chars)} beginbfchar\n{maps}\nendbfchar endcmap"
    )
    shown = " T* ".join(f"<{''.join(code[char] for char in line)}> Tj" for line in lines)
    content = zlib.compress(f"BT /F1 12 Tf 14 TL 50 800 Td {shown} ET".encode())
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >> stream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode 6 0 R "
        b"/DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /DW 500 "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>] >>",
        b"<< /Length %d >> stream\n%s\nendstream" % (len(cmap), cmap.encode()),
        f"<< /Title ({title}) /CreationDate (D:20251105120000Z) >>".encode(),
    ]
    out = b"%PDF-1.4\n"
    places = []
    for number, held in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, held)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer << /Size %d /Root 1 0 R /Info 7 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)


def test_english_text(tmp_path: Path) -> None:
    document = one(write(tmp_path / "a.txt", ENGLISH))
    assert document.title == "Example Tungsten opens APT plant in Spain"
    assert (document.date, document.publisher, document.language) == ("2025-11-03", "Example Metals Daily", "en")
    assert document.sha256 == text_sha256(document.text)
    assert "Published:" not in document.text
    assert "“up to 3,000 t”" in document.text, "typographic quotes stay what they are"
    assert document.path.endswith("a.txt")
    assert document.url == ""


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_chinese_text_in_any_encoding_is_one_document(encoding: str, tmp_path: Path) -> None:
    document = one(write(tmp_path / "a.txt", CHINESE.encode(encoding)))
    assert document.title == "中国五矿与北京科技大学签署战略合作协议"
    assert (document.date, document.publisher, document.language) == ("2025-11-03", "示例金属网", "zh")
    assert document.sha256 == one(write(tmp_path / "b.txt", CHINESE)).sha256


@pytest.mark.parametrize("encoding", ["big5", "big5hkscs", "utf-8", "gb18030"])
def test_traditional_characters(encoding: str, tmp_path: Path) -> None:
    document = one(write(tmp_path / "a.txt", TRADITIONAL.encode(encoding)))
    assert document.text.startswith("中國五礦與北京科技大學簽署戰略合作協議")
    assert (document.publisher, document.language) == ("示例金屬網", "zh")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("L’usine de tungstène a été inaugurée à Nîmes, a déclaré la société.", "cp1252"),
        ("Das Werk für Wolframoxid hat eine Kapazität von höchstens 3.000 t.", "latin-1"),
        ("Завод по производству вольфрама открыт, сообщила компания в понедельник утром. " * 4, "cp1251"),
        ("café", "cp1252"),
    ],
)
def test_single_byte_encodings(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_a_few_broken_bytes_do_not_lose_utf8() -> None:
    assert decode(CHINESE.encode() + b"\xe4\xb8") == CHINESE + "\ufffd"


def test_a_broken_byte_beyond_what_is_sampled_is_marked() -> None:
    assert decode(b"the caf\xe9 is open " * 5_000 + b"\x8d").endswith("café is open \ufffd")


def test_a_wrong_declaration_is_overruled() -> None:
    assert decode(CHINESE.encode(), declared="latin-1") == CHINESE
    assert decode(CHINESE.encode("gb18030"), declared="no-such-code") == CHINESE
    for name in ("punycode", "idna", "undefined", "unicode_escape", "zlib"):
        assert decode("où est l’usine".encode("cp1252"), declared=name) == "où est l’usine"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("Chinaâ€™s plan", "China’s plan"),
        ("It costs Â£40 million", "It costs £40 million"),
        ("Chinaโ€™s plan and the plants of others", "China’s plan and the plants of others"),
        ("Chinaโ\x80\x99s plan and the plants of others", "China’s plan and the plants of others"),
        ("Chinaโs plan and the plants of others", "China’s plan and the plants of others"),
        ("the minersโ plan and the plants of others", "the miners’ plan and the plants of others"),
        ("in โStrategic Metalsโ and in what follows it", "in “Strategic Metals” and in what follows it"),
        ("the modelโmining and refining under one roof", "the model–mining and refining under one roof"),
        ("ยฉ 2025 Example Exchangesโข in a long enough line", "© 2025 Example Exchanges™ in a long enough line"),
        ("R&amp;D in smelting", "R&D in smelting"),
        ("oﬃce", "office"),
        ("pay\u202eload\u202c and\u200b zero", "payload and zero"),
        ("a\x1b[31mred\x07", "ared"),
        ("hidden\U000e0041\U000e0042 tags", "hidden tags"),
        ("价格上涨，钨精矿", "价格上涨，钨精矿"),
        ("ประเทศไทยผลิตทังสเตน", "ประเทศไทยผลิตทังสเตน"),
        ("Un château à Nîmes", "Un château à Nîmes"),
    ],
)
def test_mending(wrong: str, right: str) -> None:
    assert mend(wrong) == right


def test_chinese_read_in_wrong_encodings_is_mended() -> None:
    plain = "中国五矿集团与北京科技大学签署战略合作协议双方将在钨和稀土的冶炼技术上合作培养人才"
    lossy = mend(plain.encode().decode("gb18030", errors="replace"))
    assert sum(char in plain for char in lossy) > 0.8 * len(plain)
    assert mend(plain.encode("gb18030").decode("latin-1")) == plain
    assert mend(plain.encode().decode("latin-1")) == plain


@pytest.mark.parametrize("text", [ENGLISH, CHINESE, TRADITIONAL])
def test_normalising_again_changes_nothing(text: str) -> None:
    once = tidy(mend(text))
    assert tidy(mend(once)) == once


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ENGLISH, "en"),
        (CHINESE, "zh"),
        (TRADITIONAL, "zh"),
        ("中国五矿 China Minmetals 与 USTB 签署合作协议，双方共同培养人才", "zh"),
        ("The agreement of China Minmetals (中国五矿) with the university is on tungsten and tantalum", "en"),
        ("新しい工場はタングステンを生産すると会社が発表した", "ja"),
        ("Das Werk ist für die Produktion von Wolfram und wird im Mai eröffnet", "de"),
        ("La société a déclaré que les travaux de la mine sont en cours dans le sud du pays", "fr"),
        ("Завод открыт в понедельник", "ru"),
        ("12345 --- ...", ""),
    ],
)
def test_language(text: str, code: str) -> None:
    assert language(text) == code


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2025-11-03", "2025-11-03"),
        ("2025/11/3 10:20", "2025-11-03"),
        ("2025.11.03", "2025-11-03"),
        ("2025年11月3日", "2025-11-03"),
        ("2025年11月", "2025-11"),
        ("二〇二五年十一月二十三日", "2025-11-23"),
        ("November 3, 2025", "2025-11-03"),
        ("Nov. 3rd, 2025", "2025-11-03"),
        ("3 November 2025", "2025-11-03"),
        ("Sept 2024", "2024-09"),
        ("31 February 2025", "2025-02"),
        ("2125-01-01", ""),
        ("1200-01-01", ""),
        ("call 2025-1234567", ""),
        ("version 12025-11-03", ""),
    ],
)
def test_dates(text: str, date: str) -> None:
    assert find_date(text, today=TODAY) == date


@pytest.mark.parametrize(
    ("text", "date", "publisher"),
    [
        ("A plant opens at last\nBEIJING, Nov. 3, 2025 (Xinhua) -- The plant opened.", "2025-11-03", "Xinhua"),
        ("某公司钨项目投产\n新华社北京11月3日电（记者）项目投产。", "", "新华社"),
        ("某公司公告全文\n项目投产。\n某某有限公司\n2025年11月3日", "2025-11-03", ""),
        ("Plant opens in the north\nThe plant opened on November 3, 2025, after two years of work.", "", ""),
        ("Plant opens in the north\nIt did.\n© 2024 Example Press. All rights reserved", "2024", "Example Press"),
        ("某公司钨项目投产\n2025-11-03 10:20 来源：示例网 作者：编辑部\n投产。", "2025-11-03", "示例网"),
        ("Plant opens in the north\nSource: the stock exchange said on Monday that it was told late.", "", ""),
    ],
)
def test_head_of_a_text(text: str, date: str, publisher: str) -> None:
    head = read_head(text, today=TODAY)
    assert (head.date, head.publisher) == (date, publisher)
    assert head.title == text.split("\n")[0]


def test_boilerplate_of_pasted_pages_goes_and_sentences_stay() -> None:
    pasted = "Highlights\nA firm (opens in a new tab) mines.\nTable of Contents\nRelated parties signed it."
    text = pasted + "\n0 Comments\n© 2025 X"
    assert drop_boilerplate(text) == "A firm mines.\nRelated parties signed it."


def test_title_without_a_heading_is_the_first_sentence() -> None:
    assert read_head("The firm said it mines tungsten. It said no more.").title == "The firm said it mines tungsten."


def test_markdown(tmp_path: Path) -> None:
    source = (
        "---\ntitle: Plant *opens*\ndate: 2025-11-03\nsource: 'Example Daily'\nrun: !!python/object:os.system x\n---\n"
        "# Other heading\n\nThe **plant** of [Example Tungsten](https://example.com) has `a` capacity of 3,000 t.\n"
        "![map](m.png)\n\n- one\n* two\n\n> said the chairman\n"
    )
    document = one(write(tmp_path / "a.md", source))
    assert (document.title, document.date, document.publisher) == ("Plant *opens*", "2025-11-03", "Example Daily")
    assert "The plant of Example Tungsten has a capacity of 3,000 t." in document.text
    assert "- one\n- two" in document.text
    assert "m.png" not in document.text
    assert parse_markdown("# Only *heading*\n\ntext").title == "Only heading"


def test_html_loses_menus_and_scripts(tmp_path: Path) -> None:
    head = (
        '<title>Plant opens | Example Daily</title><meta property="og:site_name" content="Example Daily">'
        '<meta property="article:published_time" content="2025-11-03T08:00:00Z">'
    )
    body = "<h1>Plant opens</h1>" + "".join(f"<p>{part}</p>" for part in ENGLISH.split("\n\n")[1:])
    document = one(write(tmp_path / "a.html", page(body, head=head)))
    assert (document.title, document.date, document.publisher) == ("Plant opens", "2025-11-03", "Example Daily")
    assert "up to 3,000 t" in document.text
    for noise in ("Front page", "cookies", "robbed"):
        assert noise not in document.text


@pytest.mark.parametrize("charset", ["gb2312", "utf-8"])
def test_chinese_html_in_gbk_whatever_it_declares(charset: str, tmp_path: Path) -> None:
    title, _, rest = CHINESE.partition("\n")
    body = f"<h1>{title}</h1>" + "".join(f"<p>{part}</p>" for part in rest.split("\n") if part)
    document = one(write(tmp_path / "a.htm", page(body, charset=charset).encode("gbk")))
    assert document.title == title
    assert (document.date, document.publisher, document.language) == ("2025-11-03", "示例金属网", "zh")


def test_html_without_a_main_text_gives_what_is_visible(tmp_path: Path) -> None:
    document = one(write(tmp_path / "a.html", "<html><body><div>Tungsten<br>price up</div></body></html>"))
    assert "Tungsten" in document.text
    assert "price up" in document.text


def test_html_that_seems_to_close_a_page_stays_text(tmp_path: Path) -> None:
    body = (
        "<p>The firm said &lt;script&gt;alert(1)&lt;/script&gt; and mines tungsten in the north of the country.</p>" * 3
    )
    document = one(write(tmp_path / "a.html", page(body)))
    assert "The firm said" in document.text


def test_pdf_in_both_scripts(tmp_path: Path) -> None:
    english = one(write(tmp_path / "a.pdf", pdf(["Plant opens in the north", "The plant has a capacity of 3,000 t."])))
    assert "The plant has a capacity of 3,000 t." in english.text
    assert english.date == "2025-11-05", "the day it was made, where the text has none"
    chinese = one(
        write(tmp_path / "b.pdf", pdf(CHINESE.replace("\u3000", " ").split("\n"), title="Report of the year"))
    )
    assert chinese.title == "Report of the year"
    assert (chinese.date, chinese.language) == ("2025-11-03", "zh")


def test_lines_of_a_pdf_become_paragraphs() -> None:
    text = (
        "The capacity of the plant is three thou-\nsand tonnes a year, the company said in its\nnotice.\nShort\nNew one"
    )
    assert join_lines(text).split("\n")[0].startswith("The capacity of the plant is three thousand tonnes a year,")
    assert join_lines("公司表示该项目的产能为每年不超过三\n千吨") == "公司表示该项目的产能为每年不超过三千吨"


RSS = """<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel><title>Example Feed</title>
<item><title>{title}</title><link>https://example.com/a</link><pubDate>Mon, 03 Nov 2025 08:00:00 GMT</pubDate>
<description><![CDATA[<p>The plant has a capacity of <b>3,000 t</b>.</p><script>x()</script>]]></description></item>
<item><title>{title}</title><link>https://example.com/b</link><description>Second text.</description></item>
<item></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Example Feed</title><entry><title>Plant opens</title>
<updated>2025-11-03T08:00:00Z</updated><link href="https://example.com/a"/>
<content type="html">&lt;p&gt;The plant has a capacity of 3,000 t.&lt;/p&gt;</content></entry></feed>"""


def test_feeds_give_one_document_an_item(tmp_path: Path) -> None:
    first, second = read_documents(write(tmp_path / "a.xml", RSS.format(encoding="utf-8", title="钨 opens")))
    assert (first.title, first.date, first.publisher, first.url) == (
        "钨 opens", "2025-11-03", "Example Feed", "https://example.com/a",
    )  # fmt: skip
    assert "The plant has a capacity of 3,000 t." in first.text
    assert "x()" not in first.text
    assert second.date == ""
    gbk = RSS.format(encoding="gb2312", title="钨矿企业").encode("gbk")
    assert next(read_documents(write(tmp_path / "b.rss", gbk))).title == "钨矿企业"
    (entry,) = read_documents(write(tmp_path / "feed", ATOM))
    assert (entry.title, entry.date) == ("Plant opens", "2025-11-03")


def test_what_a_file_is_its_bytes_tell(tmp_path: Path) -> None:
    assert one(write(tmp_path / "a.txt", pdf(["Plant opens in the north"]))).text == "Plant opens in the north"
    assert "<p>" not in one(write(tmp_path / "b.txt", page("<p>Tungsten is mined here by the firm.</p>" * 4))).text


def test_a_folder_is_read_in_order_each_text_once(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".hidden").mkdir()
    write(tmp_path / "b.txt", ENGLISH)
    write(tmp_path / "a.md", CHINESE)
    write(tmp_path / "sub" / "again.txt", ENGLISH.replace("\n", "\r\n"))
    write(tmp_path / ".hidden" / "c.txt", "hidden")
    write(tmp_path / "skip.csv", "a,b")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert [document.language for document in read_documents(tmp_path)] == ["zh", "en"]


def test_line_ends_blanks_and_encoding_do_not_make_another_document(tmp_path: Path) -> None:
    plain = one(write(tmp_path / "a.txt", ENGLISH)).sha256
    other = ENGLISH.replace("\n", "\r\n").replace("a year", "a  year") + "\r\n\r\n"
    assert one(write(tmp_path / "b.txt", other.encode("utf-16"))).sha256 == plain
    assert one(write(tmp_path / "c.txt", ENGLISH + "It closed.")).sha256 != plain


def test_text_of_a_file(tmp_path: Path) -> None:
    assert read_text(write(tmp_path / "a.txt", ENGLISH)).startswith("Example Tungsten opens APT plant in Spain")


@pytest.mark.slow
def test_command_reads_once(run_ytterby: Any, tmp_path: Path) -> None:
    write(tmp_path / "a.txt", ENGLISH)
    command = ("read", "a.txt", "--json", "--ledger", "claims.db")
    first, second = (json.loads(run_ytterby(*command, cwd=tmp_path).stdout) for _ in range(2))
    assert {"title", "date", "publisher", "publisher_class", "language", "sha256"} <= set(first["document"])
    assert first["claims"]
    assert first["ledger"]["new"]["documents"] == 1
    assert second["ledger"]["new"] == dict.fromkeys(second["ledger"]["new"], 0)
    assert [claim["id"] for claim in first["claims"]] == [claim["id"] for claim in second["claims"]]


@pytest.mark.slow
def test_command_prints_a_page_for_people(run_ytterby: Any, tmp_path: Path) -> None:
    write(tmp_path / "a.txt", ENGLISH.replace("The chairman", "The chairman \x1b[2J[bold]"))
    done = run_ytterby("read", "a.txt", "--no-ledger", cwd=tmp_path)
    assert done.stdout.startswith("Example Tungsten opens APT plant in Spain\n2025-11-03, Example Metals Daily")
    assert "\x1b" not in done.stdout
    assert "Nothing kept." in done.stdout
    assert not list(tmp_path.glob("*.db"))


@pytest.mark.slow
def test_command_on_a_folder(run_ytterby: Any, tmp_path: Path) -> None:
    folder = tmp_path / "news"
    folder.mkdir()
    write(folder / "a.txt", ENGLISH)
    write(folder / "b.txt", b"")
    strict = run_ytterby("read", "news", "--ledger", "claims.db", cwd=tmp_path)
    assert strict.returncode == 1
    assert "b.txt' is empty" in strict.stderr
    assert not (tmp_path / "claims.db").exists()
    kept = run_ytterby("read", "news", "--keep-going", "--json", "--ledger", "claims.db", cwd=tmp_path)
    assert kept.returncode == 0
    assert "left out" in kept.stderr
    assert json.loads(kept.stdout)["document"]["language"] == "en"


def test_a_refused_file_ends_the_reading_unless_told(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", b"")
    with pytest.raises(ReadError, match="is empty"):
        list(read_documents(tmp_path))
    left: list[str] = []
    assert list(read_documents(tmp_path, on_refusal=lambda name, reason: left.append(name))) == []
    assert len(left) == 1


def test_lines_of_a_text_that_a_margin_broke_are_joined() -> None:
    text = (
        "Example Tungsten opens plant in the north of Spain\n\n"
        "The company said on Monday that its plant for ammonium\nparatungstate has begun to produce, and that the\n"
        "Commission had been told of it.\nThe plant has a capacity of up to 3,000 t a year.\n"
    )
    assert unwrap(text).split("\n") == [
        "Example Tungsten opens plant in the north of Spain",
        "",
        "The company said on Monday that its plant for ammonium paratungstate has begun to produce, and that the "
        "Commission had been told of it.",
        "The plant has a capacity of up to 3,000 t a year.",
        "",
    ]
    assert unwrap(CHINESE) == CHINESE, "lines that are paragraphs stay"
    assert unwrap("short\nlines\nof a list") == "short\nlines\nof a list"


def test_lines_of_a_markdown_paragraph_are_joined() -> None:
    source = "# Plant opens\nThe plant\nis in Spain.\n\n- one\n  more\n- two\n| a |\n| b |\n中国\n五矿"
    joined = "# Plant opens\nThe plant is in Spain.\n\n- one more\n- two\n| a |\n| b |\n中国五矿"
    assert unwrap_markdown(source) == joined
