"""Files that commands take and folders that they write to, refused before any work is done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ytterby.errors import YtterbyError


def refuse_file(folder: Path | None) -> None:
    """Refuse a file where a folder is written to.

    Raises:
        YtterbyError: it exists and is no folder.
    """
    if folder is not None and folder.exists() and not folder.is_dir():
        raise YtterbyError(f"'{folder}' is no folder; name one to write to")


def read_results(path: Path) -> dict[str, Any]:
    """Read the results of a plan or of a shock, as the command wrote them.

    Raises:
        YtterbyError: the file is no JSON or holds no object.
    """
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise YtterbyError(f"'{path}' is no JSON file: {error}") from error
    if not isinstance(held, dict):
        raise YtterbyError(f"'{path}' holds no results: it has no manifest")
    return held
