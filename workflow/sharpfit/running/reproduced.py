"""Whether this machine got the numbers that the study was committed with."""

from pathlib import Path

from sharpfit.comparing.numbers import committed, committed_summary, compare_numbers, read_summary
from sharpfit.study import paths


def reproduced() -> str:
    """Return the answer in a line; empty where HEAD holds no numbers, or other parameters."""
    shipped = committed_summary("HEAD")
    if shipped is None or committed("HEAD", paths.PARAMS) != Path(paths.PARAMS).read_bytes():
        return ""
    numbers = compare_numbers(shipped, read_summary(Path(paths.SUMMARY_JSON)))
    if numbers.agree:
        return f"Reproduced the committed numbers: {numbers.in_words()}."
    return f"Not the committed numbers: {numbers.in_words()}. See `dvc metrics diff`."
