"""PDF into text: the text of its pages, lines joined to paragraphs, and what its metadata say.

Read with pypdf; pictures of text are not read. A file locked with a password is refused; one that only forbids
printing or copying opens without a password, as in any viewer. Called in the confined process only.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from ytterby.evidence.read.limits import Limits, ReadError
from ytterby.evidence.read.parts import Parts
from ytterby.evidence.read.wrap import join_lines

if TYPE_CHECKING:
    from pypdf import PdfReader

_JUNK_TITLE = re.compile(
    r"^(?:untitled|microsoft (?:word|powerpoint)|.*\.(?:docx?|pdf|indd|qxp|tex|pptx?)$|\W*$)", re.I
)


def parse_pdf(data: bytes, *, limits: Limits) -> Parts:
    """Return the text of a PDF, its title and the day it was made.

    Raises:
        ReadError: locked, damaged, too long, or without text.
    """
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise ReadError("is a PDF locked with a password; save it without one")
        count = len(reader.pages)
        if count > limits.max_pages:
            raise ReadError(f"has {count:,} pages, more than the {limits.max_pages:,} that are read")
        text = _text(reader, limits)
    except DependencyError as error:
        raise ReadError("is an encrypted PDF of a kind that is not read; save it without encryption") from error
    except PyPdfError as error:
        raise ReadError(f"is a damaged PDF: {error}") from error
    if not text.strip():
        raise ReadError("is a PDF without text, such as a scan; run text recognition on it first")
    title, made = _metadata(reader)
    return Parts(text=text, title=title, fallback_date=made)


def _text(reader: PdfReader, limits: Limits) -> str:
    pages, total = [], 0
    for page in reader.pages:
        pages.append(join_lines(page.extract_text() or ""))
        total += len(pages[-1])
        if total > limits.max_characters:
            raise ReadError(f"holds more than the {limits.max_characters:,} characters that are read")
    return "\n\n".join(pages)


def _metadata(reader: PdfReader) -> tuple[str, str]:
    from pypdf.errors import PyPdfError

    try:
        info = reader.metadata
        title = str(info.title or "") if info else ""
        made = info.creation_date if info else None
    except (PyPdfError, ValueError, TypeError, AttributeError):
        return "", ""
    return "" if _JUNK_TITLE.match(title.strip()) else title.strip(), made.date().isoformat() if made else ""
