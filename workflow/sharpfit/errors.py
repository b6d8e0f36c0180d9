"""The one exception a user is meant to read."""


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message is one line: what is wrong, where (file, key, shape), and what to do. Command lines
    print it without a traceback and exit with status 1.
    """
