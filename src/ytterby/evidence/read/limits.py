"""How much a reader takes on, and the error it raises beyond that or on anything that it cannot read.

Sizes in bytes, times in seconds, text in characters. `max_bytes` holds for a file and for a page alike, and for a page
both as sent and as unpacked. Parsing of HTML, PDF and feeds is confined to a process of its own, which may use
`cpu_s` of computing and `memory_bytes` of address space a document.
"""

from __future__ import annotations

from dataclasses import dataclass

from ytterby.errors import YtterbyError

EXTRA = "pip install 'ytterby[evidence]'"


@dataclass(frozen=True)
class Limits:
    """Bounds of one reading; the defaults suit an article, a report or a day's feed."""

    max_bytes: int = 20_000_000
    max_characters: int = 1_000_000
    max_pages: int = 500
    max_items: int = 1_000
    max_files: int = 10_000
    max_redirects: int = 5
    cpu_s: int = 20
    memory_bytes: int = 1_500_000_000
    wait_s: float = 60.0
    fetch_s: float = 30.0
    silence_s: float = 10.0


class ReadError(YtterbyError):
    """A file, page or feed that cannot be read, in one sentence that names it."""


def missing(error: ModuleNotFoundError) -> ReadError:
    """Return the error that says how to install what is missing."""
    return ReadError(f"reading needs {error.name}; install it with: {EXTRA}")
