"""What a result was made of: package digests, options, versions, seed, solver, time."""

from __future__ import annotations

import datetime as dt
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any


@dataclass(frozen=True)
class Manifest:
    """Everything needed to run a result again."""

    capability: str
    packages: Mapping[str, str]
    options: Mapping[str, Any]
    seed: int
    overlays: tuple[str, ...] = ()
    solver: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    made_at: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the manifest as a plain dictionary."""
        return {**asdict(self), "overlays": list(self.overlays)}


def manifest(
    capability: str,
    *,
    packages: Mapping[str, str],
    options: Mapping[str, Any],
    seed: int,
    overlays: tuple[str, ...] = (),
    solver: str | None = None,
) -> Manifest:
    """Return a manifest stamped with versions and the time in UTC."""
    versions = {name: version(name) for name in ("ytterby", "polars", "numpy")}
    versions["python"] = platform.python_version()
    made_at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return Manifest(capability, dict(packages), dict(options), seed, overlays, solver, versions, made_at)
