"""The exceptions whose message a user is meant to read."""


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


def _on_one_line(text: str) -> str:
    """Return a text with line ends as blanks and other characters that cannot be printed as escapes."""
    lines = " ".join(text.splitlines())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in lines)
