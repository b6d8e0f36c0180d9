"""The exceptions whose message a user is meant to read."""

import unicodedata


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message is one line: what is wrong, where (file, key, shape), and what to do. Command lines
    print it without a traceback and exit with status 1. Names that files bring stand in it with their control
    characters written out, so that none moves a terminal's cursor or begins another line.
    """

    def __init__(self, message: str) -> None:
        super().__init__(_on_one_line(message))


class UnclearError(InputError):
    """What a file holds can be several things; the user must say which.

    Attributes
    ----------
    key
        the key of a scan in params.yaml that says it
    """

    def __init__(self, message: str, key: str) -> None:
        super().__init__(message)
        self.key = key


class PausedFitError(RuntimeError):
    """The fit was asked to stop early; its state is saved and the next run goes on from there."""


class StaleResultsWarning(UserWarning):
    """Results that were opened are not what the study asks for now."""


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, its kind where it says nothing."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def printable(text: str) -> str:
    """Return a text with whatever would move a terminal's cursor, or turn what is read, as escapes.

    Line ends, tabs and all kinds of blanks stay.
    """
    return "".join(c if c in "\n\t" or _is_seen(c) else _escaped(c) for c in text)


def _is_seen(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _on_one_line(text: str) -> str:
    """Return a text with line ends as blanks and other characters that cannot be printed as escapes."""
    return printable(" ".join(text.splitlines())).replace("\t", _escaped("\t"))
