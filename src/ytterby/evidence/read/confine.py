"""Parsing in a process of its own, so that a file built to exhaust its reader ends that process and nothing else.

The process is started at the first page, PDF or feed and serves all that follow; one that dies or is late is replaced.
Its answers are JSON: nothing that it sends is run here.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from ytterby.evidence.read.limits import Limits, ReadError
from ytterby.evidence.read.parts import Parts


class Confined:
    """The confined process; a context manager that ends it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def parse(self, kind: str, data: bytes, *, url: str = "", declared: str = "") -> list[Parts]:
        """Return the documents in a page ('html'), 'pdf' or 'feed'.

        Raises:
            ReadError: it cannot be read within the limits.
        """
        job = {"kind": kind, "length": len(data), "url": url, "declared": declared, "limits": asdict(self._limits)}
        late = threading.Event()
        process = self._start()

        def stop() -> None:
            late.set()
            process.kill()

        watch = threading.Timer(self._limits.wait_s, stop)
        watch.daemon = True
        watch.start()
        try:
            found = _ask(process, json.dumps(job).encode() + b"\n" + data)
        finally:
            watch.cancel()
        if found is None:
            code = process.wait()
            self.close()
            raise ReadError(self._cause(code, is_late=late.is_set()))
        if "error" in found:
            raise ReadError(str(found["error"]))
        return [Parts.from_dict(parts) for parts in found["parts"]]

    def _cause(self, code: int, *, is_late: bool) -> str:
        if is_late:
            return f"takes more than {self._limits.wait_s:g} s to read"
        if code < 0:
            return (
                f"takes more than {self._limits.cpu_s} s of computing or "
                f"{self._limits.memory_bytes // 1_000_000:,} MB of memory to read"
            )
        return "cannot be read: it is damaged, or not what it seems to be"

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            paths = [path for path in sys.path if path and os.path.isabs(path) and path != os.getcwd()]
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-B", "-m", "ytterby.evidence.read.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            )
        return self._process


def _ask(process: subprocess.Popen[bytes], message: bytes) -> dict[str, Any] | None:
    """Send one job and return its answer; None where the process has ended."""
    assert process.stdin is not None and process.stdout is not None  # noqa: PT018 - both are pipes
    try:
        process.stdin.write(message)
        process.stdin.flush()
    except BrokenPipeError:
        return None
    length = process.stdout.readline()
    if not length.strip().isdigit():
        return None
    body = process.stdout.read(int(length))
    return json.loads(body) if len(body) == int(length) else None
