"""The command line: what a person touches; no arithmetic.

Exit codes: 0 done, 1 bad input or faults found, 2 wrong usage. Results go to standard output, progress and errors to
standard error; with `--json` standard output is JSON alone.
"""

from __future__ import annotations

import sys

from ytterby.cli.app import app

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; a known error is one message and exit code 1, never a traceback."""
    from ytterby.errors import YtterbyError

    try:
        app(prog_name="ytterby")
    except YtterbyError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        sys.stderr.write(f"error: {error.strerror or error}: {error.filename or ''}\n")
        sys.exit(1)
