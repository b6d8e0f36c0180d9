"""What is printed where the locale knows few letters."""

import sys
from io import TextIOWrapper


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
