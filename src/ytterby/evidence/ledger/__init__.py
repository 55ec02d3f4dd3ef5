"""Claims kept: an append-only ledger on SQLite or PostgreSQL.

records      links and reviews, and which of them count
tables       what the database holds
connect      opening, durability, and the triggers that refuse change
store        the ledger itself
query        questions to it
exchange     JSON Lines and CSV
bods         ownership statements
claim_review schema.org ClaimReview

Needs the extra `evidence`; what needs no database (links, reviews, their words) is in `records`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ytterby.evidence.ledger.records import Added, Entry, LedgerError, Link, LinkKind, Review, Verdict

if TYPE_CHECKING:
    from ytterby.evidence.ledger.store import Ledger

__all__ = ["Added", "Entry", "LedgerError", "Link", "LinkKind", "Review", "Verdict", "open_ledger"]


def open_ledger(where: str | Path | None = None, *, create: bool = True) -> Ledger:
    """Open a ledger; see `ytterby.evidence.ledger.store.Ledger`.

    Raises:
        LedgerError: it cannot be opened, or the extra `evidence` is not installed.
    """
    try:
        from ytterby.evidence.ledger.store import Ledger
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "ytterby":
            raise
        raise LedgerError(f"a ledger needs {error.name}; install it with: pip install 'ytterby[evidence]'") from error
    return Ledger(where, create=create)
