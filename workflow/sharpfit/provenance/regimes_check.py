"""Hold the regimes against torch before any job starts, only when they are new.

Importing torch takes longer than all the rest of a start, so regimes that passed are remembered by digest.
"""

from pathlib import Path
from typing import Any

from sharpfit import paths
from sharpfit.provenance.code import code_digests
from sharpfit.provenance.sidecar import fingerprint, write_atomically


def check(regimes: dict[str, Any], code: Path) -> None:
    """Check every regime's optimizer and schedule.

    Raises
    ------
    InputError
        For an optimizer, schedule or argument that torch does not know.
    """
    checker = code_digests(code / "sharpfit" / "regimes.py", code)
    passed = fingerprint({"regimes": regimes, "code": checker})
    memory = Path(paths.CHECKED_REGIMES)
    if memory.exists() and memory.read_text() == passed:
        return
    from sharpfit.regimes import check_regime

    for name, regime in regimes.items():
        check_regime(name, regime)
    write_atomically(memory, passed)
