"""Specs, fingerprints and the sidecar files that say what a result was made from.

A *spec* says all that decides a job's results: rule, parameters, files read and written, digests of the code
it runs, fingerprints of the results it is made from and digests of raw files. Its sha256 is the
*fingerprint*. A *sidecar* is the spec as it was when the results were made, with the digests of their bytes.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from sharpfit.files import regular_file
from sharpfit.provenance.atomic_write import write_atomically
from sharpfit.provenance.digests import DigestCache
from sharpfit.study import paths

Spec = dict[str, Any]


def canonical(value: Any) -> str:
    """JSON with sorted keys: equal values give equal text on every machine.

    Numbers count as written: 1 and 1.0 differ.
    """
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def fingerprint(spec: Spec) -> str:
    """sha256 of a spec, hexadecimal."""
    return hashlib.sha256(canonical(spec).encode()).hexdigest()


def read_sidecar(path: str) -> dict[str, Any] | None:
    """Content of a sidecar; None where there is none or it cannot be read as one."""
    try:
        content = json.loads(regular_file.read_text(Path(path)))
    except (OSError, ValueError, RecursionError):
        return None
    return content if _is_sidecar(content) else None


def _is_sidecar(content: Any) -> bool:
    """Whether JSON has the shape of a sidecar, as far as anybody looks into it."""
    if not (isinstance(content, dict) and isinstance(content.get("fingerprint"), str)):
        return False
    spec, recorded = content.get("spec"), content.get("recorded")
    return (
        isinstance(spec, dict)
        and isinstance(recorded, dict)
        and all(isinstance(one, dict) for one in (spec.get("params"), recorded.get("versions", {})))
        and all(map(_are_texts, (spec.get("code"), spec.get("made_from"))))
        and all(map(_are_texts, (content.get("results"), content.get("upstream"))))
    )


def _are_texts(values: Any) -> bool:
    return isinstance(values, dict) and all(isinstance(value, str) for value in values.values())


def put_sidecar(path: str, content: dict[str, Any]) -> None:
    """Write a sidecar by way of the folder that every run clears, so that a kill leaves no half of one."""
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    write_atomically(Path(path), text, by=paths.temporary(path))


def write_spec(spec: Spec) -> str:
    """Store a spec under its fingerprint, unless it is there already, whole; returns the fingerprint."""
    name, text = fingerprint(spec), canonical(spec)
    path = Path(paths.spec(name))
    try:
        whole = regular_file.read_text(path) == text
    except (OSError, ValueError):
        whole = False
    if not whole:
        write_atomically(path, text)
    return name


def files_below(path: str) -> list[str]:
    """Return the file itself, or the files inside the folder; Snakemake's own time stamps left out."""
    if not Path(path).is_dir():
        return [path]
    return sorted(
        file.as_posix()
        for file in Path(path).rglob("*")
        if file.is_file() and file.name != ".snakemake_timestamp"
    )


def bytes_now(files: list[str], digests: DigestCache) -> dict[str, str | None]:
    """Digest of each file as it is now, folders taken apart; None where a file is missing."""
    return {file: digests.digest(file) for path in files for file in files_below(path)}
