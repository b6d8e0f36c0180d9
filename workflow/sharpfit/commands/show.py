"""`sharpfit show`: what the judge says of a fit, in words."""

from pathlib import Path
from typing import Annotated

import typer

from sharpfit.commands.completing import fits
from sharpfit.commands.one_line import errors_in_one_line
from sharpfit.errors import InputError
from sharpfit.study.judged import judged
from sharpfit.study.names import hint
from sharpfit.study.streams import say

Name = Annotated[
    str,
    typer.Argument(
        help="SCAN/REGIME for one fit, SCAN for the answer on a scan; nothing for every scan.",
        autocompletion=fits,
    ),
]


def show(name: Name = "") -> None:
    """Print what the judge says of a fit: verdict, evidence, advice and the figures, picked against last.

    What is stale is named below it, and so are fits that are no longer in params.yaml: they are shown where
    their name is given.

    Example: sharpfit show head_r4/warmup
    """
    from sharpfit.provenance.standing import say_standing
    from sharpfit.reporting import sentences
    from sharpfit.results.evaluation_file import read_evaluations
    from sharpfit.results.summary_file import by_scan

    with errors_in_one_line():
        scan, _, regime = name.partition("/")
        there = judged()
        every = there.all
        chosen = [one for one in every if _is_meant(one, scan, regime)]
        if not chosen:
            raise InputError(_nothing(name, list(every)))
        shown = [one for one in chosen if one in there.asked] or chosen
        evaluations = read_evaluations(every[one] for one in shown)
        if regime:
            say(sentences.of_fit(evaluations[0]))
        else:
            say("\n\n".join(sentences.of_scan(members) for members in by_scan(evaluations).values()))
        say_standing(chosen)


def _is_meant(fit: str, scan: str, regime: str) -> bool:
    """Whether a fit, scan/regime, is of this scan and regime, each empty where any will do."""
    return all(wanted in ("", own) for wanted, own in zip((scan, regime), fit.split("/"), strict=True))


def _nothing(name: str, known: list[str]) -> str:
    """Say why there is nothing to show."""
    if not known:
        return f"nothing was judged in {Path.cwd()} yet: run `snakemake --cores all`, or `dvc pull`"
    scans = sorted({fit.partition("/")[0] for fit in known})
    return f"no judged fit is called {name} here; {hint(name, known if '/' in name else scans + known)}"
