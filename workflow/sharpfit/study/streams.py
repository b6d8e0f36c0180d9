"""What is printed: text that moves no cursor, also where the locale knows few letters."""

import sys
from io import TextIOWrapper

from sharpfit.errors import printable


def say(text: str, *, end: str = "\n", err: bool = False) -> None:
    """Print a text, whatever a received study has put into it; all lines for people go through here."""
    stream = sys.stderr if err else sys.stdout
    stream.write(printable(text) + end)
    stream.flush()


def print_whatever_the_locale() -> None:
    """Print a question mark for what the terminal's encoding lacks, rather than fail on it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def print_utf8() -> None:
    """Print UTF-8, for a log."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8")
