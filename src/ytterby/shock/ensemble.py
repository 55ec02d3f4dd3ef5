"""Thousands of scenarios in chunks of fixed size, on any number of threads, with what matters of each kept.

Chunks do not depend on the number of workers and scenarios not on each other, so that any number of workers gives the
same digits. Finished chunks can be written to a file and taken up again. Memory is bounded by a chunk a worker.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ytterby.chain.descriptor import write_bytes
from ytterby.errors import YtterbyError
from ytterby.shock.model import Model
from ytterby.shock.rules import Array, Draws, Exposure, Paths, Rules
from ytterby.shock.system import System

CHUNK = 1024
BACK = 0.95  # part of the use before the stop at which it counts as recovered (METHODS 10.4)
Kept = dict[str, npt.NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What is kept of each scenario.

    unmet: by use, (uses, scenarios), t over the horizon
    monthly: unmet t of metal by month, (months, scenarios)
    first: months to the first shortage by use, infinite where none, (uses, scenarios)
    recovery: months from the start until 95 % of use is served again; infinite where not within the horizon, 0 where
        it never fell below, (scenarios,)
    """

    unmet: Array
    monthly: Array
    first: Array
    recovery: Array


def propagate_all(
    model: Model,
    draws: Draws,
    exposure: Exposure,
    rules: Rules,
    *,
    start: float,
    workers: int = 1,
    resume: Path | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Outcomes:
    """Return the outcomes of every scenario.

    Raises:
        YtterbyError: numba is not installed, the file to resume is of another run, or the run was stopped.
    """
    kernel = compiled_kernel()
    if workers < 1:
        raise YtterbyError(f"workers are 1 or more, not {workers}")
    starts = list(range(0, draws.count, CHUNK))
    key = _key(model.system, draws, exposure, rules)
    done = _read(resume, key)
    metal = model.contained[model.system.uses]

    def one(at: int) -> tuple[int, Kept]:
        part = draws.part(at, at + CHUNK)
        paths = kernel(model.system, part, exposure, rules)
        return at, _keep(model.system, paths.served, paths.first, part, metal, start)

    pool = ThreadPoolExecutor(workers)
    try:
        for future in as_completed([pool.submit(one, at) for at in starts if at not in done]):
            at, kept = future.result()
            done[at] = kept
            if progress is not None:
                progress(len(done) / len(starts), f"{len(done) * CHUNK:,} scenarios")
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        _write(resume, key, done)
        where = (
            f"kept in '{resume}': go on with --resume {resume}" if resume else "name a file with --resume to keep them"
        )
        raise YtterbyError(f"stopped after {len(done)} of {len(starts)} chunks, {where}") from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    _write(resume, key, done)
    joined = {
        name: np.concatenate([done[at][name] for at in starts], axis=-1) for name in Outcomes.__dataclass_fields__
    }
    return Outcomes(**joined)


def compiled_kernel() -> Callable[..., Paths]:
    """Return the compiled kernel.

    Raises:
        YtterbyError: numba is not installed.
    """
    try:
        from ytterby.shock.compiled import propagate
    except ModuleNotFoundError as error:
        if error.name != "numba":
            raise
        raise YtterbyError("shock needs numba: pip install 'ytterby[shock]'") from error
    return propagate


def _keep(
    system: System,
    served: npt.NDArray[np.floating],
    first: npt.NDArray[np.floating],
    draws: Draws,
    metal: Array,
    start: float,
) -> Kept:
    """Reduce the paths of a chunk; demand above the base scales amounts."""
    use = system.base[system.uses][:, None]
    scale = 1.0 / draws.slack
    unmet = np.maximum(use[None] - served.astype(np.float64), 0.0)
    unmet[unmet < 1e-5 * use[None]] = 0.0
    monthly = np.einsum("mub,u->mb", unmet, metal) * scale
    whole = float((use[:, 0] * metal).sum())
    short = monthly / scale > (1.0 - BACK) * whole
    last = np.where(short.any(axis=0), short.shape[0] - np.argmax(short[::-1], axis=0), 0)
    recovery = np.where(last == 0, 0.0, np.where(last == short.shape[0], np.inf, last - start))
    return {
        "unmet": unmet.sum(axis=0) * scale,
        "monthly": monthly,
        "first": first.astype(np.float64) - start,
        "recovery": recovery,
    }


def _key(system: System, draws: Draws, exposure: Exposure, rules: Rules) -> str:
    digest = hashlib.sha256(repr(rules).encode())
    arrays = (system.base, system.arc_flow, system.slot_cover, exposure.nodes, exposure.arcs, draws.severity)
    for array in (*arrays, draws.target, draws.cover, draws.slack, draws.shift):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _read(path: Path | None, key: str) -> dict[int, Kept]:
    if path is None or not path.exists():
        return {}
    try:
        with np.load(path) as held:
            found, names = str(held["key"]), [name for name in held.files if name != "key"]
            done: dict[int, Kept] = {}
            for name in names:
                at, _, what = name.partition(" ")
                done.setdefault(int(at), {})[what] = held[name]
    except (ValueError, KeyError, OSError) as error:
        raise YtterbyError(f"'{path}' holds no chunks of a shock; name another file with --resume") from error
    if found != key:
        raise YtterbyError(f"'{path}' is of a run with other options or data; name another file with --resume")
    return done


def _write(path: Path | None, key: str, done: dict[int, Kept]) -> None:
    if path is None:
        return
    arrays = {f"{at} {name}": array for at, kept in sorted(done.items()) for name, array in kept.items()}
    buffer = io.BytesIO()
    np.savez(buffer, key=np.array(key), **arrays)  # type: ignore[arg-type]
    write_bytes(path, buffer.getvalue())
