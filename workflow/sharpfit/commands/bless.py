"""`sharpfit bless`: accept a change that is known not to matter."""

import getpass
import subprocess
from typing import Annotated

import typer

from sharpfit.commands.one_line import errors_in_one_line
from sharpfit.errors import InputError
from sharpfit.provenance import bless as core
from sharpfit.provenance.open_study import open_study, select
from sharpfit.study.streams import say

Names = Annotated[
    list[str] | None,
    typer.Argument(
        help="Results, scans, regimes or rules to accept, as for `why`; nothing means all that is stale."
    ),
]


def bless(
    results: Names = None,
    why: Annotated[str, typer.Option(help="Why the change cannot matter; kept in the sidecar.")] = "",
    who: Annotated[str, typer.Option(help="Who says so; git's user by default.")] = "",
) -> None:
    """Let old results count as made from today's parameters and code, and record who says so and why.

    The bytes stay as they are. Example: sharpfit bless reconstruct --why "renamed a variable in fit.py"
    """
    with errors_in_one_line():
        if not why.strip():
            raise InputError('say why the change cannot matter: --why "…"')
        provenance = open_study()
        accepted = core.bless(provenance, select(provenance, results or []), who or user(), why)
    for job in accepted:
        say(f"{job}: accepted")
    say(f"{len(accepted)} results accepted" if accepted else "Nothing was stale.")


def user() -> str:
    """Name and address that git knows, or the login name."""
    known = [
        subprocess.run(
            ["git", "config", f"user.{key}"], capture_output=True, encoding="utf-8", check=False
        ).stdout.strip()
        for key in ("name", "email")
    ]
    return f"{known[0]} <{known[1]}>" if all(known) else getpass.getuser()
