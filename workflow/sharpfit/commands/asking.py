"""Read a scan for a command, asking the user what its file does not say."""

import re
import sys
from pathlib import Path
from typing import Any

import typer

from sharpfit.errors import UnclearError
from sharpfit.files.raw_scan import RawScan
from sharpfit.study.streams import say


def read_asking(scan: dict[str, Any]) -> tuple[RawScan, dict[str, Any]]:
    """Read a scan; at a terminal, ask for dataset, axes or select where the file leaves them open.

    Returns
    -------
        the scan, and its entry for params.yaml with the answers

    Raises
    ------
    InputError
        if the file cannot be read, or leaves something open and nobody is there to ask
    OSError
        if it is larger than any that can be fitted
    """
    from sharpfit.files.read_scan import read_scan
    from sharpfit.provenance.digests import stamp
    from sharpfit.study.jobs import readers_of

    if Path(scan["file"]).is_file():
        stamp(Path(scan["file"]))
    while True:
        try:
            return read_scan(scan, readers_of(scan)), scan
        except UnclearError as unclear:
            if not sys.stdin.isatty():
                raise
            say(str(unclear))
            scan = scan | {unclear.key: parsed(unclear.key, typer.prompt(f"{unclear.key}:"))}


def parsed(key: str, answer: str) -> Any:
    """Read what a user typed for a key: ``ky, kx, coil``; ``contrast: 0``; a dataset's name."""
    words = re.findall(r"[^\s,:{}\[\]=]+", answer)
    if key == "axes":
        return words
    if key == "select":
        values = [int(word) if word.isdigit() else word for word in words[1::2]]
        return dict(zip(words[::2], values, strict=False))
    return answer.strip()


def entry(file: Path, dataset: str, axes: str, select: str) -> dict[str, Any]:
    """Return a scan's entry from a command's options; empty ones are left out."""
    stated = {"dataset": dataset, "axes": axes, "select": select}
    return {"file": str(file)} | {key: parsed(key, text) for key, text in stated.items() if text}


def scan_name(file: Path) -> str:
    """Return a name for a scan, made of its file's."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", file.stem).lstrip("_.-") or "scan"
