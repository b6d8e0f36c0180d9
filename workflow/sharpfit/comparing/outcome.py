"""A whole comparison: its exit status, and how it reads as text and as JSON."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any

from sharpfit.comparing.differences import Difference, differences, differences_of_pair
from sharpfit.comparing.pairs import IDENTICAL, INCOMPARABLE, MISSING, STATUSES, WORSE, Pair, compared_fits
from sharpfit.comparing.sources import Source
from sharpfit.reporting.columns import fitted
from sharpfit.reporting.digits import at_most

HEAD = ("scan", "regime", "picked image", "by", "verdict")
OF_WHAT = "Better and worse are said of the picked image, a verdict of what the fit did after it."
SAME_OR_BETTER, IS_WORSE, NOT_COMPARABLE = 0, 1, 2


@dataclass(frozen=True)
class Side:
    """How one other side stands to the first: what differs in its making, and in its results."""

    source: Source
    differences: list[Difference]
    pairs: list[Pair]


@dataclass(frozen=True)
class Outcome:
    """A comparison of a first source with others."""

    first: Source
    sides: list[Side]

    @property
    def pairs(self) -> list[Pair]:
        """Every pair of every side."""
        return [pair for side in self.sides for pair in side.pairs]

    def exit_status(self, fail_on: str = "any") -> int:
        """Return 1 when a fit is worse, 2 when some or all cannot be compared, else 0.

        `fail_on` "worse" gives 2 only when nothing at all can be compared; "change" gives 1 for every fit
        that differs by more than rounding. Fits that one side lacks never count, unless all do, or
        `fail_on` is "change".
        """
        found = {pair.status for pair in self.pairs}
        if WORSE in found or (fail_on == "change" and any(pair.is_change for pair in self.pairs)):
            return IS_WORSE
        if found <= {MISSING, INCOMPARABLE} or (fail_on == "any" and INCOMPARABLE in found):
            return NOT_COMPARABLE
        return SAME_OR_BETTER

    def as_json(self, fail_on: str) -> dict[str, Any]:
        """Return the comparison as plain values."""
        return {
            "first": self.first.name,
            "others": [
                {
                    "name": side.source.name,
                    "side": side.source.letter,
                    "differences": [asdict(difference) for difference in side.differences],
                    "results": [pair.as_json() for pair in side.pairs],
                }
                for side in self.sides
            ],
            "exit_status": self.exit_status(fail_on),
        }


def compare_sources(sources: Sequence[Source]) -> Outcome:
    """Compare the first source with every other one."""
    first, *others = sources
    return Outcome(
        first, [Side(other, _differences(first, other), compared_fits(first, other)) for other in others]
    )


def _differences(first: Source, other: Source) -> list[Difference]:
    if first.one_regime and other.one_regime:
        return differences_of_pair(first.results[0], other.results[0])
    return differences(first, other)


def as_text(outcome: Outcome, width: int | None = None) -> str:
    """Return the comparison for a terminal: the count first, then what differs in the making and why.

    Rows are folded to ``width``; None leaves each on its line.
    """
    lines = [f"A  {outcome.first.name}"]
    for side in outcome.sides:
        letter = side.source.letter
        lines += [f"{letter}  {side.source.name}", "", f"{letter} against A: {count(side.pairs)}."]
        lines += ["", f"What differs from A to {letter} in the making"]
        lines += list(_difference_lines(side.differences)) or [f"  {unmade(side.pairs)}"]
        lines += _result_lines(side, width)
    return "\n".join(lines) + "\n"


def _result_lines(side: Side, width: int | None) -> list[str]:
    shown = differing(side.pairs)
    if not shown:
        return []
    notes = {(pair.measure, pair.note) for pair in shown if pair.measure and pair.note}
    said = dict(notes) if len(dict(notes)) == len(notes) else {}  # what is true of a measure is said below
    folded = len(side.pairs) - len(shown)
    rest = f" (the {folded} identical ones are not listed)" if folded else ""
    lines = [
        "",
        f"Fits of {side.source.letter} that differ from A's{rest}",
        *fitted(
            [HEAD, *(row(replace(pair, note="") if pair.measure in said else pair) for pair in shown)], width
        ),
    ]
    if len(set(said.values())) == 1:
        lines += ["", f"  ± is the {next(iter(said.values()))}"]
    elif said:
        lines += ["", *(f"  ± of {measure} is the {note}" for measure, note in sorted(said.items()))]
    if any(pair.verdict_changed for pair in shown):
        lines += ["", f"  {OF_WHAT}"]
    return lines


def differing(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs that are not identical, changed verdicts and worse ones first."""
    shown = [pair for pair in pairs if pair.status != IDENTICAL]
    return sorted(shown, key=lambda pair: (not pair.verdict_changed, -STATUSES.index(pair.status)))


def words(pair: Pair) -> str:
    """Return a pair's values in words: J 1.2 → 1.1 (± 0.05), or its note."""
    if pair.measure is None or pair.margin is None:
        return pair.note
    start = "" if pair.first is None else f"{pair.first:.4g} → "
    note = f"; {pair.note}" if pair.note else ""
    return f"{pair.measure} {start}{pair.other:.4g} (± {at_most(2, pair.margin)}{note})"


def _difference_lines(found: Sequence[Difference]) -> list[str]:
    lines = []
    for kind, members in groupby(found, key=lambda difference: difference.kind):
        shown = [f"{d.name}" if kind == "code" else f"{d.name}: {d.first} → {d.other}" for d in members]
        lines += [
            f"  {kind + ' ' * (12 - len(kind)) if place == 0 else ' ' * 12}{text}"
            for place, text in enumerate(shown)
        ]
    return lines


def row(pair: Pair) -> tuple[str, ...]:
    """Return what stands of a pair under `HEAD`."""
    return pair.scan, pair.regime, pair.status, words(pair), _verdicts(pair)


def _verdicts(pair: Pair) -> str:
    if pair.verdicts is None:
        return ""
    return " → ".join(dict.fromkeys(pair.verdicts))


def unmade(pairs: Sequence[Pair]) -> str:
    """Say why no difference in the making is told."""
    if {pair.status for pair in pairs} <= {MISSING}:
        return "not told, since no fit is on both sides"
    return "nothing that is recorded"


def count(pairs: Sequence[Pair]) -> str:
    """Return how many fits there are of each status, or that there is no fit of both."""
    counts = Counter(pair.status for pair in pairs)
    if set(counts) <= {MISSING}:
        return "no fit in common"
    changed = sum(pair.verdict_changed for pair in pairs)
    told = [f"{counts[status]} {status}" for status in reversed(STATUSES) if counts[status]]
    return ", ".join(told + ([f"{changed} with another verdict"] if changed else []))
