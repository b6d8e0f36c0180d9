"""The exceptions whose message a user is meant to read."""


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message is one line: what is wrong, where (file, key, shape), and what to do. Command lines
    print it without a traceback and exit with status 1.
    """


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
