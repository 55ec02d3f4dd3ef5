"""Language of a text as an ISO 639-1 code: by script, and among languages in Latin script by their commonest words.

Empty where neither tells: too short, or mixed. Chinese is one code for simplified and traditional characters.
"""

from __future__ import annotations

import re
from collections import Counter

_SAMPLE = 20_000
_SCRIPTS = {
    "zh": "[\u3400-\u9fff]",
    "ja": "[\u3040-\u30ff]",
    "ko": "[\uac00-\ud7af]",
    "ru": "[\u0400-\u04ff]",
    "ar": "[\u0600-\u06ff]",
    "th": "[\u0e01-\u0e5b]",
    "latin": "[A-Za-z\u00c0-\u024f]",
}
# a sign of Chinese writing says about as much as this many letters
_WEIGHT = {"zh": 3, "ja": 2, "ko": 2}
_WORDS = {
    "en": "the of and to in that for is with on by as from will has its was are be this which an at said",
    "de": "der die das und von zu den mit ist des im für auf nicht ein eine dem sich auch wird werden bei",
    "fr": "le la les des et du en une est pour que dans par sur au avec qui il pas plus sont aux ce",
    "es": "el la los las de y en que del una por con para se es al su como más sus ha lo",
    "pt": "o a os as de e em que do da uma por com para se no na ao mais dos das não foi",
    "it": "il la i gli di e in che del della una per con si è al alla sono dei nel non le da",
    "nl": "de het een en van in is dat op te voor met zijn aan die niet door ook wordt",
}


def language(text: str) -> str:
    """Return the language of a text, or nothing where it cannot be told."""
    head = text[:_SAMPLE]
    counts = {name: len(re.findall(pattern, head)) * _WEIGHT.get(name, 1) for name, pattern in _SCRIPTS.items()}
    total = sum(counts.values())
    if not total:
        return ""
    if counts["ja"] > 0.1 * total:
        return "ja"
    name = max(counts, key=lambda script: counts[script])
    if name != "latin":
        return name if counts[name] >= 0.4 * total else ""
    words = Counter(re.findall(r"[a-zß-ɏ]+", head.lower()))
    votes = {code: sum(words[word] for word in held.split()) for code, held in _WORDS.items()}
    best = max(votes, key=lambda code: votes[code])
    others = max(count for code, count in votes.items() if code != best)
    return best if votes[best] > others else ""
