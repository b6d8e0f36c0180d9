"""A command line with placeholders, as a regime writes it under ``solver: {command: …}``."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from string import Formatter
from typing import cast

from sharpfit.errors import InputError

Values = Mapping[str, float | list[float]]
FILES = ("kspace", "maps", "image")
"""Placeholders of files: BART's names without suffix, read (the first two) and written (the last)."""
IN_SIGMA = "weight"
"""The placeholder whose number is in units of the noise; the command sees it times σ."""


class CommandLine:
    """A command for each value of one list, in its order; of weights the largest first, as other paths go.

    Parameters
    ----------
    command
        words as a shell splits them; no shell sees them
    values
        placeholder → its number; or numbers, for at most one of them

    Raises
    ------
    InputError
        for a command that cannot be split, a placeholder without a value, a value without a placeholder, or a
        second list
    """

    def __init__(self, command: str, values: Values) -> None:
        try:
            self._words = shlex.split(command)
            used = {
                name for word in self._words for _, name, _, _ in Formatter().parse(word) if name is not None
            }
        except ValueError as error:
            raise InputError(f"solver.command: {error}; write {{{{ and }}}} for braces") from error
        if not self._words:
            raise InputError("solver.command: is empty")
        self._values = values
        self._check(used)
        lists = [name for name, value in values.items() if isinstance(value, list)]
        if len(lists) > 1:
            raise InputError(f"solver.{lists[1]}: {lists[0]} is a list already; the fit walks along one")
        self._walks = lists[0] if lists else ""
        along = values[self._walks] if lists else [0.0]
        self._along: list[float] = along if isinstance(along, list) else [along]
        if self._walks == IN_SIGMA:
            self._along = sorted(self._along, reverse=True)

    def _check(self, used: set[str]) -> None:
        for name in ("kspace", "image"):
            if name not in used:
                raise InputError(f"solver.command: has no {{{name}}}, the BART file it must {_VERBS[name]}")
        for name in sorted(used - {*FILES, *self._values}):
            raise InputError(
                f"solver.command: {{{name}}} has no value; known here: {', '.join([*FILES, *self._values])}"
            )
        for name, value in self._values.items():
            if name not in used:
                raise InputError(f"solver.{name}: the command has no {{{name}}}")
            if name in FILES:
                raise InputError(f"solver.{name}: is a file that sharpfit names")
            if not all(_is_number(one) for one in (value if isinstance(value, list) and value else [value])):
                raise InputError(f"solver.{name}: is {value!r}, but should be a number or a list of numbers")

    @property
    def program(self) -> tuple[str, ...]:
        """The first two words: program and tool."""
        return tuple(self._words[:2])

    @property
    def n_values(self) -> int:
        """How many commands there are."""
        return len(self._along)

    @property
    def weights(self) -> list[float]:
        """The weights that the commands walk along, in units of σ; empty where they walk along none."""
        return self._along if self._walks == IN_SIGMA else []

    def words(self, t: int, files: Mapping[str, str], sigma: float) -> list[str]:
        """Fill in the t-th value (from 0), the files and the noise."""
        numbers = dict(self._values) | ({self._walks: self._along[t]} if self._walks else {})
        filled = {name: f"{number}" for name, number in numbers.items()}
        if IN_SIGMA in numbers:
            filled[IN_SIGMA] = f"{cast(float, numbers[IN_SIGMA]) * sigma:.9g}"
        return [word.format(**files, **filled) for word in self._words]


_VERBS = {"kspace": "read", "image": "write"}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
