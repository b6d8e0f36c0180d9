"""Tables of text: columns that stand under each other, in a terminal no wider than it is."""

import shutil
import sys
import textwrap
from collections.abc import Sequence
from itertools import zip_longest

_GAP = "  "
_LEAST = 12  # no column gets narrower, so that numbers and most names stay whole


def terminal_width() -> int | None:
    """Return the columns of the terminal that stdout is; None for a file or a pipe: lines stay whole."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def fitted(rows: Sequence[tuple[str, ...]], width: int | None = None) -> list[str]:
    """Return rows of cells as indented lines whose columns stand under each other.

    Where they are wider than ``width``, cells go on in the next line: at blanks, and within names that are
    longer than their column.
    """
    columns = _widths(rows, width)
    lines = []
    for row in rows:
        cells = [
            textwrap.wrap(cell, max(most, 1), break_on_hyphens=False)
            for cell, most in zip(row, columns, strict=True)
        ]
        for parts in zip_longest(*cells, fillvalue=""):
            padded = [part.ljust(most) for part, most in zip(parts, columns, strict=True)]
            lines.append((_GAP + _GAP.join(padded)).rstrip())
    return lines


def _widths(rows: Sequence[tuple[str, ...]], width: int | None) -> list[int]:
    """Return the width of each column; the widest give way where all do not fit."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if width is None:
        return widths
    while sum(widths) + len(_GAP) * len(widths) > width and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1
    return widths
