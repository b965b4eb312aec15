"""How a large workbook is read and written without holding up everybody else.

Opening a workbook is seconds of computation in one piece, during which a service of
green threads would answer nobody. So it is done by a child process, row by row over a
socket: `python -m services.shared.presentation.apart`. Nothing is put on a disk, and a
file that eats memory ends the child alone.
"""

from __future__ import annotations

import json
import os
import re
import resource
import socket
import subprocess
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from services.shared.presentation import sheets

FIRST: Final = "*"
"""Stands for the first tab, when no tab has the name that was asked for."""

MEMORY_BYTES_MAX: Final = 2 * 1024**3
CPU_SECONDS_MAX: Final = 300
RECEIVE_BYTES: Final = 64 * 1024
ROWS_AT_ONCE: Final = 500
ROOT: Final = Path(__file__).resolve().parents[3]

_READ: Final = "read"
_WRITE: Final = "write"
_BESIDE_LETTERS: Final = re.compile(r"[^0-9a-z]")

Tab = tuple[str, int, list[str]]
"""The name that was asked for, the number of the row, and its cells."""


def read(content: bytes, wanted: Sequence[str]) -> Generator[Tab]:
    """The rows of the tabs with these names, in the order of the names.

    Case, spaces and signs of a tab's title do not count; tabs that are not there are
    left out. Raises UnreadableWorkbook, also in the middle of reading.
    """
    with _child(_READ, *wanted) as (child, line_to_it):
        line_to_it.sendall(content)
        line_to_it.shutdown(socket.SHUT_WR)
        for line in _lines(_received(line_to_it)):
            row = json.loads(line)
            if isinstance(row, dict):
                raise sheets.UnreadableWorkbook(row["fault"])
            yield row[0], row[1], row[2]
        if child.wait():
            raise sheets.UnreadableWorkbook("The workbook is too big when unpacked.")


def write(rows: Iterable[Sequence[Any]], header: Sequence[str], title: str) -> bytes:
    """A workbook with one sheet; cells are JSON primitives."""
    with _child(_WRITE, title) as (child, line_to_it):
        remaining = iter(chain((header,), rows))
        while some := list(islice(remaining, ROWS_AT_ONCE)):
            text = "".join(json.dumps(list(row)) + "\n" for row in some)
            line_to_it.sendall(text.encode())
        line_to_it.shutdown(socket.SHUT_WR)
        content = b"".join(_received(line_to_it))
        if child.wait():
            raise sheets.UnreadableWorkbook("The workbook cannot be written.")
        return content


@contextmanager
def _child(
    *arguments: str,
) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """A child process, and the line to it.

    A pair of sockets and not pipes: eventlet reads a line from a pipe byte by byte.
    """
    ours, theirs = socket.socketpair()
    # eventlet has made both ends non-blocking, which the child does not expect.
    os.set_blocking(theirs.fileno(), True)
    with ours:
        with theirs:
            child = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", __name__, *arguments],
                cwd=ROOT,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
            )
        try:
            yield child, ours
        except (BrokenPipeError, ConnectionResetError) as error:
            raise sheets.UnreadableWorkbook("The workbook is damaged.") from error
        finally:
            # Whoever stops reading in the middle needs the rest no more.
            child.kill()
            child.wait()


def _received(line: socket.socket) -> Iterator[bytes]:
    while some := line.recv(RECEIVE_BYTES):
        yield some


def _lines(parts: Iterable[bytes]) -> Iterator[bytes]:
    begun = b""
    for part in parts:
        *whole, begun = (begun + part).split(b"\n")
        yield from whole


# In the child


def main(task: str, arguments: Sequence[str]) -> None:
    """Do what the parent asks, over standard input and output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX))
    if task == _READ:
        _read(arguments)
    else:
        _write(arguments[0])


def _read(wanted: Sequence[str]) -> None:
    content = sys.stdin.buffer.read()
    out = sys.stdout
    try:
        for name, number, cells in _rows(content, wanted):
            out.write(json.dumps([name, number, cells]) + "\n")
    except sheets.UnreadableWorkbook as error:
        out.write(json.dumps({"fault": str(error)}) + "\n")


def _rows(content: bytes, wanted: Sequence[str]) -> Iterator[Tab]:
    with sheets.opened(content) as book:
        titles = {_bare(title): title for title in reversed(book.titles)}
        for name in wanted:
            title = book.titles[0] if name == FIRST else titles.get(_bare(name))
            if title is None:
                continue
            for number, cells in enumerate(book.rows(title), 1):
                if cells:
                    yield name, number, cells
            if FIRST in wanted:
                # The one that was asked for is there: the first is not needed.
                return


def _bare(title: str) -> str:
    return _BESIDE_LETTERS.sub("", title.lower())


def _write(title: str) -> None:
    rows = (json.loads(line) for line in sys.stdin.buffer)
    content = sheets.write(rows, next(rows), title)
    sys.stdout.buffer.write(content)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
