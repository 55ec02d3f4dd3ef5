"""Files, folders, pages and feeds into documents, within bounds of time and memory.

documents      from a target to documents
decode, mend   bytes into characters; characters made whole
head           title, date and publisher that a text gives
language       which language it is in
wrap           lines that a margin broke
markdown, html, pdf, feed    one format each
worker, confine    parsing in a process of its own
addresses, fetch   the network, where an address is named
limits, parts  bounds; what a parser finds

Needs the extra `evidence`.
"""

from ytterby.evidence.read.documents import read_documents, read_text
from ytterby.evidence.read.limits import Limits, ReadError

__all__ = ["Limits", "ReadError", "read_documents", "read_text"]
