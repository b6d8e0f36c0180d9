"""How the committed numbers of a study went from revision to revision."""

from collections.abc import Iterator

from sharpfit.comparing.git_objects import ask_git, check_objects
from sharpfit.comparing.numbers import Summary, committed_summary, compare_numbers
from sharpfit.errors import InputError
from sharpfit.study import paths

_RANGE = ".."


def is_range(text: str) -> bool:
    """Tell a range of revisions (HEAD~5..HEAD) from a folder or a single one."""
    first, dots, last = text.partition(_RANGE)
    return bool(first and dots and last) and "/" not in text and not last.startswith(".")


def trend(revisions: str) -> str:
    """Return a line for each revision of a range that changed the numbers, against the one before.

    Raises
    ------
    InputError
        when git knows no such range, or the first revision holds no numbers
    """
    first = revisions.partition(_RANGE)[0]
    lines, before = [f"{first}: {_size(_numbers(first))}"], _numbers(first)
    for commit in _commits(revisions):
        now = committed_summary(commit)
        if now is not None:
            lines.append(f"{commit[:9]}: {compare_numbers(before, now).in_words()}")
            before = now
        else:
            check_objects(commit)
    if len(lines) == 1:
        lines.append(f"No revision of {revisions} changed {paths.SUMMARY_JSON}.")
    return "\n".join(lines)


def _numbers(revision: str) -> Summary:
    numbers = committed_summary(revision)
    if numbers is None:
        check_objects(revision)
        raise InputError(f"{revision}: git holds no {paths.SUMMARY_JSON} there")
    return numbers


def _size(numbers: Summary) -> str:
    return f"{sum(map(len, numbers.values()))} fits of {len(numbers)} scans"


def _commits(revisions: str) -> Iterator[str]:
    done = ask_git("rev-list", "--reverse", revisions, "--", paths.SUMMARY_JSON)
    if done.returncode:
        said = done.stderr.decode(errors="replace").splitlines() or ["git failed"]
        raise InputError(f"{revisions}: {said[0]}")
    yield from done.stdout.decode().split()
