"""Read a scan for a command, asking the user what its file does not say."""

import re
import sys
from pathlib import Path
from typing import Any

import typer

from sharpfit.errors import InputError, UnclearError
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
        if the file cannot be read, or leaves something open and nobody is there to ask; if what is stated
        could not stand in params.yaml
    OSError
        if it is larger than any that can be fitted
    """
    from sharpfit.files.read_scan import read_scan
    from sharpfit.provenance.attest import WORKFLOW
    from sharpfit.provenance.digests import stamp
    from sharpfit.study.jobs import readers_of
    from sharpfit.study.params import validate_scan

    if Path(scan["file"]).is_file():
        stamp(Path(scan["file"]))
    while True:
        validate_scan(scan, WORKFLOW / "schemas" / "params.schema.yaml")
        try:
            return read_scan(scan, readers_of(scan)), scan
        except UnclearError as unclear:
            if not sys.stdin.isatty():
                raise
            say(str(unclear))
            scan = scan | {unclear.key: parsed(unclear.key, typer.prompt(f"{unclear.key}:"))}


def parsed(key: str, answer: str) -> Any:
    """Read what a user typed for a key: ``ky, kx, coil``; ``contrast: 0``; a dataset's name.

    Raises
    ------
    InputError
        if a selection is not names, each once, and their values
    """
    if key == "axes":
        return re.findall(r"[^\s,:{}\[\]=]+", answer)
    return _selected(answer) if key == "select" else answer.strip()


def _selected(answer: str) -> dict[str, Any]:
    """Read ``contrast:0``, ``contrast=0, set=1`` or ``{slice: [3, 4]}``: all of it, or nothing."""
    values: dict[str, list[int | str]] = {}
    for word, mark in re.findall(r"([^\s,:{}\[\]=]+)\s*([:=]?)", answer):
        number = re.fullmatch("-?[0-9]+", word)
        if mark and not number and word not in values:
            values[word] = []
        elif values and not mark:
            list(values.values())[-1].append(int(word) if number else word)
        else:
            raise _no_selection(answer)
    if not all(values.values()):
        raise _no_selection(answer)
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


def _no_selection(answer: str) -> InputError:
    return InputError(
        f"select: {answer!r} should be names, each once, and their values, such as contrast:0 or slice:3,4"
    )


def entry(file: Path, dataset: str, axes: str, select: str) -> dict[str, Any]:
    """Return a scan's entry from a command's options; empty ones are left out."""
    stated = {"dataset": dataset, "axes": axes, "select": select}
    return {"file": str(file)} | {key: parsed(key, text) for key, text in stated.items() if text}


def scan_name(file: Path) -> str:
    """Return a name for a scan, made of its file's."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", file.stem).lstrip("_.-") or "scan"
