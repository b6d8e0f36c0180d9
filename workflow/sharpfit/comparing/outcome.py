"""A whole comparison: its exit status, and how it reads as text and as JSON."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from sharpfit.comparing.differences import Difference, differences, differences_of_pair
from sharpfit.comparing.pairs import INCOMPARABLE, MISSING, STATUSES, WORSE, Pair, compared_fits
from sharpfit.comparing.sources import Source
from sharpfit.reporting.sentences import aligned

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

        `fail_on` "worse" gives 2 only when nothing at all can be compared; fits that one side lacks never
        count, unless all do.
        """
        found = {pair.status for pair in self.pairs}
        if WORSE in found:
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


def as_text(outcome: Outcome) -> str:
    """Return the comparison for a terminal: what differs in the making first, then the results."""
    lines = [f"A  {outcome.first.name}"]
    for side in outcome.sides:
        letter = side.source.letter
        lines += [f"{letter}  {side.source.name}", "", f"What differs from A to {letter}"]
        lines += list(_difference_lines(side.differences)) or ["  nothing that is recorded"]
        lines += ["", f"Results of {letter} against A", *aligned(_rows(side.pairs)), "", _count(side.pairs)]
    return "\n".join(lines) + "\n"


def words(pair: Pair) -> str:
    """Return a pair's values in words: J 1.2 → 1.1 (± 0.05), or its note."""
    if pair.measure is None:
        return pair.note
    start = "" if pair.first is None else f"{pair.first:.4g} → "
    note = f"; {pair.note}" if pair.note else ""
    return f"{pair.measure} {start}{pair.other:.4g} (± {pair.margin:.2g}{note})"


def _difference_lines(found: Sequence[Difference]) -> list[str]:
    lines = []
    for kind, members in groupby(found, key=lambda difference: difference.kind):
        shown = [f"{d.name}" if kind == "code" else f"{d.name}: {d.first} → {d.other}" for d in members]
        lines += [
            f"  {kind + ' ' * (12 - len(kind)) if place == 0 else ' ' * 12}{text}"
            for place, text in enumerate(shown)
        ]
    return lines


def _rows(pairs: Sequence[Pair]) -> list[tuple[str, ...]]:
    return [("scan", "regime", "status", ""), *((p.scan, p.regime, p.status, words(p)) for p in pairs)]


def _count(pairs: Sequence[Pair]) -> str:
    counts = Counter(pair.status for pair in pairs)
    return ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])
