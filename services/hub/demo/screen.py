"""How does the demo look? Headings, tables of rupiah and progress, by rich."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table

from services.hub.rupiah import format_rupiah

PIPE_CHARACTERS: Final = 100
Cell = str | int
"""Text, or an amount of whole rupiah."""


class Screen:
    """Where the story is told; pipes get the same text without colours."""

    def __init__(self, console: Console | None = None) -> None:
        width = None if sys.stdout.isatty() else PIPE_CHARACTERS
        self._console = console or Console(highlight=False, width=width)
        self._steps = 0

    def title(self, text: str) -> None:
        """The headline, once."""
        self._console.print(Rule(f"[bold]{text}[/]", style="green"))

    def step(self, text: str) -> None:
        """The next step's heading."""
        self._steps += 1
        self._console.print(f"\n[bold green]{self._steps}. {text}[/]")

    def say(self, text: str) -> None:
        """A sentence."""
        self._console.print(f"   {text}")

    def passed(self, text: str) -> None:
        """Something that had to be so, and is."""
        self._console.print(f"   [green]✓[/] {text}")

    def failed(self, text: str) -> None:
        """Why the story ends early."""
        self._console.print(f"\n[bold red]✗ {text}[/]", soft_wrap=True)

    def plain(self, text: str) -> None:
        """Lines from elsewhere, such as a log, without markup."""
        self._console.print(text, markup=False, soft_wrap=True)

    def table(
        self, headings: Sequence[str], rows: Sequence[Sequence[Cell]], *, title: str
    ) -> None:
        """A table; whole numbers are amounts and stand at the right."""
        table = Table(
            title=title,
            title_justify="left",
            title_style="italic",
            box=box.SIMPLE_HEAD,
            pad_edge=False,
        )
        for position, heading in enumerate(headings):
            is_amount = bool(rows) and isinstance(rows[0][position], int)
            # An amount broken over two lines is hard to read; a name is not.
            table.add_column(
                heading, justify="right" if is_amount else "left", no_wrap=is_amount
            )
        for row in rows:
            table.add_row(
                *(
                    format_rupiah(cell) if isinstance(cell, int) else cell
                    for cell in row
                )
            )
        self._console.print(Padding(table, (0, 0, 0, 3)))

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Say what takes a while: a spinner on a terminal, a line elsewhere."""
        started = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(text):
                yield
        else:
            self._console.print(f"   … {text}")
            yield
        self._console.print(
            f"   [green]✓[/] {text} [dim]({time.monotonic() - started:.1f} s)[/]"
        )
