"""Writing small files so that others see all of them or nothing."""

import os
from pathlib import Path


def write_atomically(path: Path, text: str) -> None:
    """Write a temporary file beside ``path`` and rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
