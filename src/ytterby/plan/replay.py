"""A plan run again from the manifest of its file: same packages, same options, and whether cost and builds agree.

Refused where a package's digest is another than the file's, since the plan would be one of other data; a plan made with
overlays cannot be run again from its file, which holds their names alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ytterby.chain.chain import Chain, common_digests
from ytterby.errors import YtterbyError
from ytterby.plan.options import Options
from ytterby.plan.result import PlanResult

CLOSE = 1e-6  # relative difference of cost and of capacity up to which two runs agree


@dataclass(frozen=True)
class Replay:
    """Two runs of one plan: cost of both, relative difference, and the builds that differ, in sentences."""

    objective_usd: float
    held_objective_usd: float
    difference: float
    builds: int
    differing: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """True where cost and every build agree."""
        return abs(self.difference) <= CLOSE and not self.differing

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain values."""
        return {
            "agrees": self.agrees,
            "objective_usd": self.objective_usd,
            "held_objective_usd": self.held_objective_usd,
            "difference": self.difference,
            "builds": self.builds,
            "differing": list(self.differing),
        }


def options_of(held: Mapping[str, Any]) -> Options:
    """Return the options that a plan's file was made with.

    Raises:
        YtterbyError: the file is no plan, or holds an option that this release does not know.
    """
    manifest = held.get("manifest")
    if not isinstance(manifest, Mapping) or manifest.get("capability") != "plan":
        raise YtterbyError("the file is no plan: it has no manifest of a plan; write one with --to")
    if manifest.get("overlays"):
        raise YtterbyError(f"the plan was made with overlays ({', '.join(manifest['overlays'])}), which no file holds")
    plain = dict(manifest["options"])
    unknown = sorted(set(plain) - {field.name for field in fields(Options)})
    if unknown:
        raise YtterbyError(f"the plan holds options that this release does not know: {', '.join(unknown)}")
    for name in ("blocs", "programmes"):
        if plain.get(name) is not None:
            plain[name] = tuple(plain[name])
    for name in ("capacity", "fixed_builds"):
        if plain.get(name):
            plain[name] = {_key(joined): value for joined, value in plain[name].items()}
    return Options(**plain)


def _key(joined: str) -> tuple[str | int, ...]:
    parts = joined.split("|")
    return tuple(int(part) if number == 2 else part for number, part in enumerate(parts))


def refuse_changed(chain: Chain, held: Mapping[str, Any]) -> None:
    """Refuse a chain whose packages are not those of a plan's file.

    Raises:
        YtterbyError: names every package that differs.
    """
    then: Mapping[str, str] = held["manifest"]["packages"]
    now = {chain.name: chain.digest, **common_digests(chain.name)}
    if chain.name not in then:
        raise YtterbyError(f"the plan is not of {chain.name}: its file names {', '.join(then)}")
    changed = sorted(name for name in {*then, *now} if then.get(name) != now.get(name))
    if changed:
        raise YtterbyError(
            f"not as they were when the plan was made: {', '.join(changed)}; plan again without --replay"
        )


def compare(result: PlanResult, held: Mapping[str, Any]) -> Replay:
    """Return whether a plan's file and a new run agree in cost and builds."""
    was, now = float(held["objective_usd"]), result.objective_usd
    then = {(b["process"], b["place"], b["year_decided"]): b["capacity_t_per_a"] for b in held["builds"]}
    rows = result.tables["builds"].select("process", "place", "year_decided", "capacity_t_per_a").iter_rows()
    built = {(process, place, year): t for process, place, year, t in rows}
    differing = []
    for key in sorted({*then, *built}):
        before, after = then.get(key, 0.0), built.get(key, 0.0)
        if abs(before - after) > CLOSE * max(abs(before), abs(after), 1.0):
            process, place, year = key
            differing.append(f"{process} in {place}, decided {year}: {before:,.1f} t/a then, {after:,.1f} t/a now")
    return Replay(now, was, (now - was) / max(abs(was), 1e-9), len(then), tuple(differing))
