"""sha256 of files, computed once and remembered while the file keeps its size, times and inode."""

import errno
import hashlib
import json
import operator
import os
import re
import stat
import time
from pathlib import Path

from sharpfit.errors import InputError
from sharpfit.files import regular_file
from sharpfit.study.streams import say

# A file changed twice within one tick of the file system's clock looks unchanged: the digest of a file
# that was modified less than this long ago is not remembered.
SETTLED_AFTER_NS = 1_000_000_000
CHUNK = 1 << 20
EMPTY = hashlib.sha256().hexdigest()
DIGEST = re.compile(r"[0-9a-f]{64}")
ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EFBIG)
MAX_BYTES = 2**38  # no scan that is read into memory to be fitted has more; a file full of holes may say so
TOLD_BYTES = 4 * 2**30  # reading more takes long enough that it is said
COMPACT_ABOVE = 4  # the cache is rewritten when it has so many lines per remembered file

Stamp = tuple[int, int, int, int]


def stamp(path: Path) -> Stamp:
    """Size, mtime, ctime (ns) and inode of a regular file: while they stay, the bytes stay."""
    info = path.stat()
    if not stat.S_ISREG(info.st_mode):  # nobody knows when the bytes of a pipe or a device end
        raise OSError(errno.EISDIR, "is no regular file", str(path))
    if info.st_size > MAX_BYTES:
        raise OSError(errno.EFBIG, f"has {info.st_size} bytes, more than can be fitted", str(path))
    return info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino


def sha256(path: Path) -> str:
    """Digest of a file's bytes, hexadecimal: of as many as it says it has, since some of /proc never end."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        left = os.fstat(file.fileno()).st_size
        while left and (read := file.read(min(left, CHUNK))):
            digest.update(read)
            left -= len(read)
    return digest.hexdigest()


class DigestCache:
    """Digests remembered in a file of JSON lines that many processes append to.

    A line that was cut short or interleaved is skipped: the worst that a damaged cache does is that a
    file is read again.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._known: dict[str, tuple[Stamp, str]] = {}
        self._new: list[str] = []
        lines = _lines(file)
        for line in lines:
            if entry := _parsed(line):
                self._known[entry[0]] = entry[1:]
        self._crowded = len(lines) > COMPACT_ABOVE * len(self._known) + 1000

    def digest(self, path: str) -> str | None:
        """sha256 of the file, None when there is no such regular file; paths are relative to the study.

        A file of more than `MAX_BYTES` counts as none.

        Raises
        ------
        InputError
            For a file that is there and cannot be read.
        """
        try:
            before = stamp(Path(path))
            known = self._known.get(path)
            if known and known[0] == before:
                return known[1]
            if before[0] > TOLD_BYTES:
                say(f"Reading {path}, {before[0] / 1e9:.0f} GB, to know it by its bytes, once", err=True)
            digest = sha256(Path(path))
            after = stamp(Path(path))
        except OSError as error:
            if error.errno in ABSENT:
                return None
            raise InputError(f"{path} cannot be read: {error.strerror}") from None
        except ValueError:  # no path at all, as damaged bookkeeping may name it
            return None
        if after == before and time.time_ns() - max(before[1], before[2]) > SETTLED_AFTER_NS:
            self._known[path] = (before, digest)
            self._new.append(self._line(path))
        return digest

    def save(self) -> None:
        """Append what was learned; rewrite the file when most of its lines are outdated."""
        if not self._new:
            return
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            if self._crowded:
                temporary = self.file.with_suffix(f".{os.getpid()}")
                temporary.write_text("".join(map(self._line, self._known)), encoding="utf-8")
                temporary.replace(self.file)
            else:
                with self.file.open("a", encoding="utf-8") as file:
                    file.write("".join(self._new))
        except OSError:  # a read-only study can be looked at; its files are then read at every start
            return
        self._new.clear()

    def _line(self, path: str) -> str:
        (size, mtime, ctime, inode), digest = self._known[path]
        return json.dumps([path, size, mtime, ctime, inode, digest]) + "\n"


def _lines(file: Path) -> list[str]:
    try:
        return regular_file.read_bytes(file).decode("utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _parsed(line: str) -> tuple[str, Stamp, str] | None:
    """Path, stamp and digest; None for a line that was cut short or interleaved."""
    try:
        path, *numbers, digest = json.loads(line)
        size, mtime, ctime, inode = map(operator.index, numbers)
    except (ValueError, TypeError, RecursionError):
        return None
    if not isinstance(path, str) or not DIGEST.fullmatch(str(digest)):
        return None
    return path, (size, mtime, ctime, inode), str(digest)
