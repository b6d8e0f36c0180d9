"""`sharpfit compare`: what differs between results, and is it better."""

import json
import string
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from sharpfit.commands.one_line import errors_in_one_line
from sharpfit.commands.target import check_target
from sharpfit.errors import InputError, first_line, printable
from sharpfit.study.streams import say

Sources = Annotated[
    list[str],
    typer.Argument(
        help="Two or more of: a study's folder; `workspace`; a revision DVC knows (HEAD~1, a tag, "
        "an experiment). `WHERE::SCAN/REGIME` takes some fits only; both parts may hold * and ?. "
        "Or one range of revisions, HEAD~5..HEAD: how the committed numbers went."
    ),
]
Html = Annotated[
    Path | None, typer.Option(help="Write the interactive page, A and B over each other, to this file.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")]
FailOn = Annotated[
    str, typer.Option(help="any: status 2 too when some fits cannot be compared; worse: only for worse ones.")
]
FailOnChange = Annotated[
    bool, typer.Option("--fail-on-change", help="Status 1 for every fit that differs by more than rounding.")
]


def compare(
    sources: Sources,
    html: Html = None,
    as_json: AsJson = False,
    fail_on: FailOn = "any",
    fail_on_change: FailOnChange = False,
) -> None:
    """Compare results: how many are better or worse first, what differs in their making, then which they are.

    Better and worse mean beyond the judge's uncertainty. Ends with status 0 (same or better), 1 (worse) or
    2 (not comparable). Where a revision's results are not at hand, its committed numbers are compared.
    Results of the study in the current folder that are stale are named below.

    For example:

    sharpfit compare HEAD workspace
    sharpfit compare ../colleague . --html compare.html
    sharpfit compare '.::*/constant' '.::*/warmup'
    sharpfit compare HEAD~5..HEAD
    """
    from sharpfit.comparing.outcome import NOT_COMPARABLE
    from sharpfit.comparing.sources import ResultsNotHereError
    from sharpfit.comparing.trend import is_range, trend

    with errors_in_one_line(NOT_COMPARABLE):
        if html is not None:
            check_target(html, ".html")
        if len(sources) == 1 and is_range(sources[0]):
            say(trend(sources[0]))
            return
        if len(sources) > len(string.ascii_uppercase):
            raise InputError(
                f"{len(sources)} sources: at most {len(string.ascii_uppercase)} can be compared at once"
            )
        if len(sources) < 2 or fail_on not in ("any", "worse"):
            raise InputError("compare needs two sources or more, and --fail-on any or worse; see --help")
        try:
            status = _compare_results(sources, html, as_json, "change" if fail_on_change else fail_on)
        except ResultsNotHereError as missing:
            if len(sources) > 2 or html or as_json:
                raise
            status = _compare_numbers(sources[0], sources[1], missing, fail_on_change)
    raise typer.Exit(status)


def _compare_results(sources: list[str], html: Path | None, as_json: bool, fail_on: str) -> int:
    from sharpfit.comparing.outcome import as_text, compare_sources
    from sharpfit.comparing.sources import DAMAGED, open_source
    from sharpfit.provenance.standing import say_standing
    from sharpfit.reporting.columns import terminal_width

    with tempfile.TemporaryDirectory(prefix="sharpfit-") as scratch:
        opened = [
            open_source(letter, text, Path(scratch))
            for letter, text in zip(string.ascii_uppercase, sources, strict=False)
        ]
        outcome = compare_sources(opened)
        if html is not None:
            from sharpfit.comparing.page import write_comparison

            try:
                write_comparison(html, outcome)
            except InputError:
                raise
            except DAMAGED as error:
                if isinstance(error, OSError) and error.filename == str(html):
                    raise
                raise InputError(
                    f"no page: a result is damaged ({first_line(error)}); see the table"
                ) from error
        text = as_text(outcome, terminal_width())
        say(_as_json(outcome.as_json(fail_on)) if as_json else text, end="")
        say_standing(dict.fromkeys(name for source in opened for name in source.fits_here))
        return outcome.exit_status(fail_on)


def _as_json(content: Mapping[str, Any]) -> str:
    """Return JSON in which every letter is itself, unless one in it is none that can be printed."""
    text = json.dumps(content, indent=1, ensure_ascii=False)
    return (text if printable(text) == text else json.dumps(content, indent=1)) + "\n"


def _compare_numbers(first: str, other: str, missing: InputError, fail_on_change: bool) -> int:
    """Compare two summaries, since one side's images are not at hand; no number says better or worse."""
    from sharpfit.comparing.numbers import compare_numbers, numbers_of

    try:
        numbers = compare_numbers(numbers_of(first), numbers_of(other))
    except InputError:  # no committed numbers either: what is missing says what to do
        raise missing from None
    say(f"{missing}\nThe committed numbers alone, {first} → {other}: {numbers.in_words()}.")
    return int(fail_on_change and not numbers.agree)
