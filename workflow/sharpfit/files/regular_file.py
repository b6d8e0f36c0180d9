"""Reading small files of a study: a pipe, a device or a terabyte in their place must not stall a start."""

import errno
import os
import stat
from pathlib import Path

MAX_BYTES = 250_000_000  # the largest, the sidecar of a summary of 100,000 fits, has some 40 MB


def read_bytes(file: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """Bytes of a regular file, as many as it says it has: those of /proc say none, and some never end.

    Raises
    ------
    OSError
        Also for what is there but is no regular file, or has more than ``max_bytes``.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as opened:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise OSError(errno.EINVAL, "is no regular file", str(file))
        if info.st_size > max_bytes:
            raise OSError(errno.EFBIG, f"has {info.st_size} bytes, more than can be meant", str(file))
        return opened.read(info.st_size)


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
