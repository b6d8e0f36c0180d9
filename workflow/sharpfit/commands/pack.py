"""`sharpfit pack`: hand a study over."""

import datetime
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from sharpfit.commands.bless import user
from sharpfit.commands.one_line import errors_in_one_line
from sharpfit.commands.target import check_target
from sharpfit.errors import InputError
from sharpfit.provenance.attest import WORKFLOW
from sharpfit.provenance.open_study import open_study
from sharpfit.study.streams import say


def pack(
    target: Annotated[Path, typer.Argument(help="The zip file to write.")] = Path("study.crate.zip"),
) -> None:
    """Pack parameters, code revision, data digests, provenance, metrics and figures as an RO-Crate.

    Needs the rocrate library: pip install -e '.[handover]' in the repository. Raw data and images
    are named by digest, not copied.
    """
    with errors_in_one_line():
        check_target(target, ".zip")
        try:
            from sharpfit.running import crate
        except ModuleNotFoundError:
            raise InputError(
                f"packing needs the rocrate library: {sys.executable} -m pip install -e "
                f"'{WORKFLOW.parent}[handover]'"
            ) from None
        provenance = open_study()
        stale = provenance.stale()
        if stale:
            raise InputError(f"{len(stale)} results are stale: run snakemake first, or see `sharpfit why`")
        when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        repository = WORKFLOW.parent
        n = crate.pack(provenance, repository, target, revision=_revision(repository), who=user(), when=when)
    say(f"{target}: {n} results and sidecars; REPRODUCE.txt inside says how to compute them again")


def _revision(repository: Path) -> str:
    """Commit of the code, with `-dirty` when files differ from it."""
    command = ["git", "-C", str(repository), "describe", "--always", "--dirty", "--abbrev=40"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    return done.stdout.strip() or "unknown"
