"""The confined process that parses HTML, PDF and feeds: bounded computing, memory and files, no output but its answer.

Jobs come on standard input, one line of JSON and then the bytes; answers go to standard output as JSON after a line
with their length. A job that needs more than its share ends the process, and what cannot be foreseen in a damaged file
does too: whoever asked then says so. Run as `python -P -B -m ytterby.evidence.read.worker`.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, BinaryIO

from ytterby.evidence.read.limits import Limits, ReadError, missing
from ytterby.evidence.read.parts import Parts


def parse(kind: str, data: bytes, *, url: str, declared: str, limits: Limits) -> list[Parts]:
    """Return the documents in a page, PDF or feed.

    Raises:
        ReadError: it cannot be read.
    """
    if kind == "pdf":
        from ytterby.evidence.read.pdf import parse_pdf

        return [parse_pdf(data, limits=limits)]
    if kind == "feed":
        from ytterby.evidence.read.feed import parse_feed

        return parse_feed(data, url=url, declared=declared, limits=limits)
    from ytterby.evidence.read.html import parse_html

    return [parse_html(data, url=url, declared=declared)]


def answer(job: dict[str, Any], data: bytes) -> dict[str, Any]:
    """Return the answer to one job: its documents, or one sentence that says why there are none."""
    limits = Limits(**job["limits"])
    confine(limits)
    try:
        found = parse(job["kind"], data, url=job["url"], declared=job["declared"], limits=limits)
    except ReadError as error:
        return {"error": str(error)}
    except ModuleNotFoundError as error:
        return {"error": str(missing(error)), "is_missing": True}
    except MemoryError:
        return {"error": f"needs more than {limits.memory_bytes // 1_000_000:,} MB to be read"}
    except RecursionError:
        return {"error": "is nested too deep to be read"}
    total = sum(len(parts.text) for parts in found)
    if total > limits.max_characters:
        return {"error": f"holds {total:,} characters, more than the {limits.max_characters:,} that are read"}
    return {"parts": [parts.to_dict() for parts in found]}


def confine(limits: Limits) -> None:
    """Bound what this process may use from now on; without `resource`, as on Windows, only its time is bounded."""
    try:
        import resource
    except ModuleNotFoundError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + 1 + limits.cpu_s
    for kind, wanted in (
        (resource.RLIMIT_CPU, until),
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (soft, hard))


def serve(jobs: BinaryIO, answers: BinaryIO) -> None:
    """Answer jobs until there are no more."""
    while line := jobs.readline():
        job = json.loads(line)
        data = jobs.read(job["length"])
        body = json.dumps(answer(job, data)).encode()
        answers.write(b"%d\n" % len(body) + body)
        answers.flush()


def main() -> None:
    """Serve standard input and output; whatever a library prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
