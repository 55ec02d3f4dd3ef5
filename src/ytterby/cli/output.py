"""What commands print: JSON for machines, tables for people, progress on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import typer


class Report(Protocol):
    """Called with the part done, 0 to 1, and what is being done."""

    def __call__(self, done: float, what: str, /) -> None:
        """Report."""
        ...


def print_json(value: Any) -> None:
    """Print a value as JSON; numbers that are not finite have no place in a result."""
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False))


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()
) -> None:
    """Print a table; columns in `right` are set flush right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=title or None,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        title_style="bold",
        pad_edge=False,
        show_edge=False,
    )
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else 100
    Console(highlight=False, markup=False, emoji=False, width=width).print(table)


@contextmanager
def progress(title: str, *, quiet: bool = False) -> Iterator[Report]:
    """Show a bar on standard error while the block runs; nothing where that is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, what, /: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    with Progress(
        TextColumn(title), BarColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda done, what, /: bar.update(task, completed=done, description=what)
