"""Text brought to one form, character by character, so that a span in it is a span in the text as printed.

Full width to half width, traditional to simplified characters (those of the field), typographic quotes and dashes to
plain ones, upper to lower case. Every rule maps one character to one, so offsets never move; a character without such
a mapping stays as it is.
"""

from __future__ import annotations

import re
from functools import cache

_TRADITIONAL = (
    "鎢鎢鉭鈮鈮釹鐠鏑鋱釤釓銪釔鈰鑭鈥鉺銩鐿鑥鈧鎵鍺銻鉍鉬銦鋰鈷鎳錫鈦釩銅錳鈹鈾錸"
    "業礦稀團際發簽訂戰議雙將資開冶煉離產噸萬億鋼鐵銀學聯養實驗關與務協進規約達總過後對產價漲"
    "報氧銨粉購買權與贊張國際東風圖書館長劃領術專門標準條備應當檢測經營續強優電子製造磁體許證據會計門"
    "員辦處從屬礎設機構動態環財運輸進步驟層點為無時將現給紅綠藍黃選濃縮純質優飾劑環綜擬預計獲豐鬥爭個"
    "項聞網據維護國暫緩頒訊關係範圍適監督兩類寶莊廣東閩贛陝銷售廠寧華廈門湖內蒙歐洲歷蘇聯韓"
    "來兩說這還讓談該認識語調論評觀麼們樂龐薦損減緊縮飛擴巨蘭納創劇創傷傳統備災難價創鋒"
)
_SIMPLIFIED = (
    "钨钨钽铌铌钕镨镝铽钐钆铕钇铈镧钬铒铥镱镥钪镓锗锑铋钼铟锂钴镍锡钛钒铜锰铍铀铼"
    "业矿稀团际发签订战议双将资开冶炼离产吨万亿钢铁银学联养实验关与务协进规约达总过后对产价涨"
    "报氧铵粉购买权与赞张国际东风图书馆长划领术专门标准条备应当检测经营续强优电子制造磁体许证据会计门"
    "员办处从属础设机构动态环财运输进步骤层点为无时将现给红绿蓝黄选浓缩纯质优饰剂环综拟预计获丰斗争个"
    "项闻网据维护国暂缓颁讯关系范围适监督两类宝庄广东闽赣陕销售厂宁华厦门湖内蒙欧洲历苏联韩"
    "来两说这还让谈该认识语调论评观么们乐庞荐损减紧缩飞扩巨兰纳创剧创伤传统备灾难价创锋"
)
_PUNCTUATION = {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "‑": "-", "−": "-", "～": "~"}
_SPACES = "\u00a0\u2007\u2009\u202f\u3000\t"


@cache
def _table() -> dict[int, str]:
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table |= {ord(old): new for old, new in zip(_TRADITIONAL, _SIMPLIFIED, strict=True)}
    table |= {ord(old): new for old, new in _PUNCTUATION.items()}
    table |= {ord(space): " " for space in _SPACES}
    return table


def fold(text: str) -> str:
    """Return a text of the same length in one form and case as printed."""
    return text if text.isascii() else text.translate(_table())


def fold_case(text: str) -> str:
    """Return a text of the same length in one form and lower case."""
    folded = fold(text)
    lower = folded.lower()
    if len(lower) == len(folded):
        return lower
    return "".join(low if len(low := char.lower()) == 1 else char for char in folded)


_CHINESE = re.compile("[\u3400-\u9fff]")


def has_chinese(text: str) -> bool:
    """Return whether a text holds a Chinese character."""
    return _CHINESE.search(text) is not None


def is_chinese(char: str) -> bool:
    """Return whether a character is a Chinese one."""
    return "\u3400" <= char <= "\u9fff"
