"""Specs, fingerprints and the sidecar files that say what a result was made from.

A *spec* says all that decides a job's results: rule, parameters, files read and written, digests of the code
it runs, fingerprints of the results it is made from and digests of raw files. Its sha256 is the
*fingerprint*. A *sidecar* is the spec as it was when the results were made, with the digests of their bytes.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

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
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        return content if content["fingerprint"] and content["spec"] and content["results"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_spec(spec: Spec) -> str:
    """Store a spec under its fingerprint, unless it is there already, whole; returns the fingerprint."""
    name, text = fingerprint(spec), canonical(spec)
    path = Path(paths.spec(name))
    try:
        whole = path.read_text(encoding="utf-8") == text
    except (OSError, ValueError):
        whole = False
    if not whole:
        write_atomically(path, text)
    return name


def files_below(path: str) -> list[str]:
    """The file itself, or the files inside the folder; Snakemake's own time stamps left out."""
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
