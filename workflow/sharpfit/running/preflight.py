"""Check parameters before any job starts: against the schema, and regimes against torch.

Importing torch takes longer than all the rest of a start, so parameters that passed are remembered by digest:
in the user's cache, since a study's folder may come from someone who wants a check left out.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from sharpfit.errors import InputError
from sharpfit.fitting.methods import EVERY_MODULE
from sharpfit.provenance.code import Code
from sharpfit.provenance.sidecar import fingerprint

RULES = "sharpfit.study.params"
OBEYED = (".numba_config.yaml", "matplotlibrc")
"""Files of the current folder by which libraries are told what to load."""


def check(params: dict[str, Any], code: Code, thorough: bool) -> None:
    """Check parameters that did not pass before; only a ``thorough`` check asks torch.

    Raises
    ------
    InputError
        For a file that a library would obey, for a key or value that may not stand there, and for an
        optimizer, schedule or argument that torch does not know.
    """
    for name in OBEYED:
        if Path(name).exists():
            raise InputError(f"{name} in a study's folder would change what a library does; take it away")
    schema = code.root / "schemas" / "params.schema.yaml"
    rules = {
        "schema": hashlib.sha256(schema.read_bytes()).hexdigest(),
        "code": code.digests(code.root / "sharpfit" / "fitting" / "regimes.py", (*EVERY_MODULE, RULES)),
    }
    try:
        memory = remembered(fingerprint({"params": params, **rules}))
    except (
        ValueError,
        RuntimeError,
    ):  # nan, of which the check below says where it stands; a user without home
        memory = None
    if memory and memory.exists():
        return
    from sharpfit.study.params import validate

    validate(params, schema)
    if not thorough:
        return
    from sharpfit.fitting.regimes import check_regime

    for name, regime in params["regimes"].items():
        check_regime(name, regime)
    if memory:
        with suppress(OSError):  # without a cache, every start checks
            memory.parent.mkdir(parents=True, exist_ok=True)
            memory.touch()


def remembered(digest: str) -> Path:
    """Return the file that exists when parameters of this digest passed."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "sharpfit" / "checked" / digest
