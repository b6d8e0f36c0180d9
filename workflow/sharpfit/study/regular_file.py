"""Reading small files of a study: a pipe or a device in their place must not stall a start."""

import errno
import os
import stat
from pathlib import Path


def read_bytes(file: Path) -> bytes:
    """Bytes of a regular file.

    Raises
    ------
    OSError
        Also for what is there but is no regular file.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "is no regular file", str(file))
        return opened.read()


def read_text(file: Path) -> str:
    """Text of a regular file, UTF-8.

    Raises
    ------
    OSError
        Also for what is there but is no regular file.
    UnicodeDecodeError
        A ValueError, for other bytes.
    """
    return read_bytes(file).decode("utf-8")
