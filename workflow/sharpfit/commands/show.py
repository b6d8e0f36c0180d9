"""`sharpfit show`: what the judge says of a fit, in words."""

from pathlib import Path
from typing import Annotated

import typer

from sharpfit.commands.one_line import errors_in_one_line
from sharpfit.errors import InputError
from sharpfit.study import paths

Name = Annotated[
    str,
    typer.Argument(help="SCAN/REGIME for one fit, SCAN for the answer on a scan; nothing for every scan."),
]


def show(name: Name = "") -> None:
    """Print what the judge says of a fit: verdict, evidence, advice and the figures, picked against last.

    Example: sharpfit show head_r4/warmup
    """
    from sharpfit.reporting import sentences
    from sharpfit.results.evaluation_file import read_evaluations
    from sharpfit.results.summary_file import by_scan

    with errors_in_one_line():
        scan, _, regime = name.partition("/")
        files = sorted(Path(paths.RESULTS, "evaluate").glob("*/*/evaluation.json"))
        chosen = [file for file in files if scan in ("", file.parts[-3]) and regime in ("", file.parts[-2])]
        if not chosen:
            known = ", ".join("/".join(file.parts[-3:-1]) for file in files) or "none: run `snakemake` first"
            raise InputError(f"no judged fit is called {name or 'anything'} here; there are {known}")
        evaluations = read_evaluations(chosen)
        if regime:
            typer.echo(sentences.of_fit(evaluations[0]))
        else:
            typer.echo("\n\n".join(sentences.of_scan(members) for members in by_scan(evaluations).values()))
