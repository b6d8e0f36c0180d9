"""The shell commands of the rules: run one job, with the code of this folder."""

import shlex
import sys
from pathlib import Path

from sharpfit.running import start_job
from sharpfit.study import paths


def run_job() -> str:
    """Shell command of every rule: run the job of the spec that is named after its fingerprint."""
    python, start = _literal(sys.executable), _literal(str(Path(start_job.__file__)))
    return f"{python} -I -S {start} --spec {paths.spec('{params.fp}')} --log {{log:q}}"


def shell_prefix(code: str) -> str:
    """Put before every shell command: the folder of the code, and the lock that jobs share."""
    lock = _literal(paths.JOBS_LOCK)
    # PYTHONSAFEPATH: no module is imported from the study's folder
    python = f"export PYTHONPATH={_literal(code)} PYTHONSAFEPATH=1"
    return f"set -euo pipefail; exec 9>>{lock}; flock --shared 9; {python}; "


def _literal(text: str) -> str:
    """Text as a word of a shell command in which Snakemake replaces what stands in braces."""
    return shlex.quote(text).replace("{", "{{").replace("}", "}}")
