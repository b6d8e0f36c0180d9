"""How commands say that something the user gave cannot be used."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from sharpfit.errors import InputError


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    """Print an InputError as one line and end with status 1."""
    try:
        yield
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
