"""What a parser finds in a file: its text and what the file says about itself; plain, so that a pipe can carry it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Parts:
    """Text of one document with the title, date, publisher and address that its file or page gives."""

    text: str
    title: str = ""
    date: str = ""
    publisher: str = ""
    url: str = ""
    fallback_date: str = ""  # when the file was made: counts only where the text has no date of its own

    def to_dict(self) -> dict[str, str]:
        """Return the parts as a plain dictionary."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Parts:
        """Return the parts that a dictionary describes; what is not there is empty."""
        return cls(**{name: str(data.get(name) or "") for name in cls.__dataclass_fields__})
