"""`sharpfit compare`: what differs between results, and is it better."""

import json
import string
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from sharpfit.commands.one_line import errors_in_one_line
from sharpfit.errors import InputError

Sources = Annotated[
    list[str],
    typer.Argument(
        help="Two or more of: a study's folder; `workspace`; a revision DVC knows (HEAD~1, a tag, "
        "an experiment). `WHERE::SCAN/REGIME` takes some fits only; both parts may hold * and ?."
    ),
]
Html = Annotated[
    Path | None, typer.Option(help="Write the interactive page, A and B over each other, to this file.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")]
FailOn = Annotated[
    str, typer.Option(help="any: status 2 too when some fits cannot be compared; worse: only for worse ones.")
]


def compare(sources: Sources, html: Html = None, as_json: AsJson = False, fail_on: FailOn = "any") -> None:
    """Compare results: what differs in their making first, then which are identical, equal, better or worse.

    Better and worse mean beyond the judge's uncertainty. Ends with status 0 (same or better), 1 (worse) or
    2 (not comparable).

    Examples:
    sharpfit compare HEAD~1 workspace
    sharpfit compare ../colleague . --html compare.html
    sharpfit compare '.::*/constant' '.::*/warmup'
    """
    from sharpfit.comparing.outcome import NOT_COMPARABLE, as_text, compare_sources
    from sharpfit.comparing.sources import open_source

    with errors_in_one_line(NOT_COMPARABLE), tempfile.TemporaryDirectory(prefix="sharpfit-") as scratch:
        if len(sources) < 2 or fail_on not in ("any", "worse"):
            raise InputError("compare needs two sources or more, and --fail-on any or worse; see --help")
        opened = [
            open_source(letter, text, Path(scratch))
            for letter, text in zip(string.ascii_uppercase, sources, strict=False)
        ]
        outcome = compare_sources(opened)
        if html is not None:
            from sharpfit.comparing.page import write_comparison

            write_comparison(html, outcome)
        text = json.dumps(outcome.as_json(fail_on), indent=1, ensure_ascii=False) + "\n"
        typer.echo(text if as_json else as_text(outcome), nl=False)
    raise typer.Exit(outcome.exit_status(fail_on))
