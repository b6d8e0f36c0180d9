"""Writing small files so that others see all of them or nothing."""

import os
from pathlib import Path


def write_atomically(path: Path, text: str, by: Path | None = None) -> None:
    """Write a temporary file and rename it.

    Parameters
    ----------
    path
        The file to write.
    text
        Its content.
    by
        Folder of the temporary file, on the same file system; by default that of ``path``, where a kill
        would leave it.
    """
    folder = by or path.parent
    for needed in (folder, path.parent):
        needed.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{path.name}.{os.getpid()}"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
