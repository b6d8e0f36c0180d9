"""Files that a word of a command line, or an argument, names."""

import os
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

HALVES = (".cfl", ".hdr")
"""Suffixes of BART's pairs of files, which it names without."""


def files_named(text: str) -> Iterator[str]:
    """Yield the files that a text names: as a whole, behind a ``=`` in it, or by a word that it quotes.

    What has braces stands for a file of a run. Programs of the machine, by absolute paths, are no files here.
    """
    behind = (text[at + 1 :] for at, sign in enumerate(text) if sign == "=")
    for name in (text, *behind):
        if name and "{" not in name:
            yield from filter(_counts, _spellings(name))
    for word in words_of(text):
        if word != text:
            yield from files_named(word)


def words_of(text: str) -> list[str]:
    """Words of a text as a shell takes it apart; what stands between blanks where its quotes do not pair."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        return list(lexer)
    except ValueError:
        return text.split()


def _spellings(name: str) -> dict[str, None]:
    """Return the name, and those of BART's two files, which it may mean with or without their suffix."""
    stem = name.removesuffix(HALVES[0]).removesuffix(HALVES[1])
    return dict.fromkeys((name, *(f"{stem}{half}" for half in HALVES)))


def _counts(file: str) -> bool:
    with suppress(OSError):  # a text longer than any name, for one
        return Path(file).is_file() and not _is_program(file)
    return False


def _is_program(file: str) -> bool:
    """Whether a file is run by its absolute path and lies outside the study."""
    outside = not Path(os.path.realpath(file)).is_relative_to(os.path.realpath("."))
    return Path(file).is_absolute() and outside and os.access(file, os.X_OK)
