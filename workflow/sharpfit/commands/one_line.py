"""How commands say that something the user gave cannot be used."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from sharpfit.errors import InputError
from sharpfit.study.streams import print_whatever_the_locale, say


@contextmanager
def errors_in_one_line(status: int = 1) -> Iterator[None]:
    """Print an InputError as one line and end with `status`."""
    print_whatever_the_locale()
    try:
        yield
    except InputError as error:
        say(f"error: {error}", err=True)
        raise typer.Exit(status) from None
