"""How commands say that something the user gave cannot be used."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from sharpfit.errors import InputError
from sharpfit.study.streams import print_whatever_the_locale, say


@contextmanager
def errors_in_one_line(status: int = 1) -> Iterator[None]:
    """Print an InputError, or what the system says of a file, as one line, and end with `status`."""
    print_whatever_the_locale()
    try:
        yield
    except InputError as error:
        said = str(error)
    except OSError as error:
        if error.filename is None:  # not of a file that the user named: a fault of the code
            raise
        said = str(InputError(f"{error.filename2 or error.filename}: {error.strerror}"))
    else:
        return
    say(f"error: {said}", err=True)
    raise typer.Exit(status)
