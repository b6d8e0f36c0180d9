"""Check parameters before any job starts: against the schema, and regimes against torch.

Importing torch takes longer than all the rest of a start, so parameters that passed are remembered by digest.
"""

import hashlib
from pathlib import Path
from typing import Any

from sharpfit.provenance.atomic_write import write_atomically
from sharpfit.provenance.code import Code
from sharpfit.provenance.sidecar import fingerprint
from sharpfit.study import paths


def check(params: dict[str, Any], code: Code, thorough: bool) -> None:
    """Check parameters that did not pass before; only a ``thorough`` check asks torch.

    Raises
    ------
    InputError
        For a key or value that may not stand there, and for an optimizer, schedule or argument that torch
        does not know.
    """
    schema = code.root / "schemas" / "params.schema.yaml"
    rules = {
        "schema": hashlib.sha256(schema.read_bytes()).hexdigest(),
        "code": code.digests(code.root / "sharpfit" / "fitting" / "regimes.py"),
    }
    memory = Path(paths.CHECKED)
    try:
        passed = fingerprint({"params": params, **rules})
        if memory.exists() and memory.read_text() == passed:
            return
    except ValueError:  # JSON has no nan: the check below says where it stands
        passed = ""
    from sharpfit.study.params import validate

    validate(params, schema)
    if not thorough:
        return
    from sharpfit.fitting.regimes import check_regime

    for name, regime in params["regimes"].items():
        check_regime(name, regime)
    write_atomically(memory, passed)
