"""A comparison as the interactive page: what differs, the results, and the fits under each other."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sharpfit.comparing.outcome import HEAD, OF_WHAT, Outcome, Side, count, differing, row, unmade
from sharpfit.comparing.pairs import IDENTICAL, INCOMPARABLE
from sharpfit.comparing.sources import Result
from sharpfit.reporting.page.build import write_page
from sharpfit.reporting.page.fits import ShownFit, read_fit
from sharpfit.results.scan_file import Scan, read_scan
from sharpfit.study import paths

_MAKING = "What differs in the making"


def write_comparison(html: Path, outcome: Outcome) -> None:
    """Write the page of a comparison; fits of different data stand in sections of their own."""
    sections: dict[str, tuple[Scan, list[ShownFit]]] = {}
    against: dict[str, tuple[int, int]] = {}
    for letter, place, result in _shown(outcome):
        scan = read_scan(result.preprocessed)
        name, fits = sections.setdefault(place, (scan.renamed(place), []))
        fits.append(_fit(f"{letter} {result.regime}", result, scan))
        if letter != "A":
            labels = [fit.label for fit in fits]
            against.setdefault(name.name, (_labelled(labels, f"A {result.regime}"), len(fits) - 1))
    write_page(
        html, "sharpfit comparison", list(sections.values()), _answers(outcome), _notes(outcome), against
    )


def _labelled(labels: Sequence[str], wanted: str) -> int:
    """Return where the fit of this name stands; that of the first, where names differ."""
    return labels.index(wanted) if wanted in labels else 0


def _shown(outcome: Outcome) -> Iterator[tuple[str, str, Result]]:
    """Yield (letter, section's name, result) of every fit to show; one that is identical to A's is not."""
    for result in outcome.first.results:
        yield "A", result.scan, result
    for side in outcome.sides:
        status = {(pair.scan, pair.regime.split(" → ")[-1]): pair.status for pair in side.pairs}
        for result in side.source.results:
            found = status.get((result.scan, result.regime))
            if found != IDENTICAL:
                letter = side.source.letter
                yield letter, f"{result.scan} ({letter})" if found == INCOMPARABLE else result.scan, result


def _fit(label: str, result: Result, scan: Scan) -> ShownFit:
    names = (result.scan, result.regime)
    return read_fit(
        label,
        scan,
        result.evaluation,
        result.reconstruction,
        result.file(paths.reconstructed(*names, "history.csv")),
    )


def _answers(outcome: Outcome) -> dict[str, str]:
    """Return one sentence per scan: how its fits stand to those of A, identical ones as a number."""
    said: dict[str, list[str]] = {}
    folded: Counter[str] = Counter()
    for pair in outcome.pairs:
        told = said.setdefault(pair.scan, [])
        if pair.status == IDENTICAL:
            folded[pair.scan] += 1
        else:
            told.append(f"{pair.side} {pair.regime}: {pair.status}")
    for scan, n in folded.items():
        said[scan].append(f"{n} identical")
    return {scan: f"{'; '.join(sentences)}." for scan, sentences in said.items()}


def _notes(outcome: Outcome) -> list[dict[str, Any]]:
    """Return what comes before the pictures: for every side the count and what differs, then its making."""
    made_otherwise = [
        (f"A → {side.source.letter}", d.kind, d.name, d.first, d.other)
        for side in outcome.sides
        for d in side.differences
    ]
    return [
        *(_stands(outcome.first.name, side) for side in outcome.sides),
        _note(_MAKING, "", ("sides", "kind", "name", "before", "after"), made_otherwise)
        if made_otherwise
        else _note(_MAKING, f"{unmade(outcome.pairs).capitalize()}.", (), []),
    ]


def _stands(first: str, side: Side) -> dict[str, Any]:
    shown = differing(side.pairs)
    said = [f"A is {first}, {side.source.letter} is {side.source.name}."]
    if shown and len(shown) < len(side.pairs):
        said.append(f"The {len(side.pairs) - len(shown)} identical ones are not listed.")
    if any(pair.verdict_changed for pair in shown):
        said.append(OF_WHAT)
    title = f"{side.source.letter} against A: {count(side.pairs)}"
    return _note(title, " ".join(said), HEAD, [row(pair) for pair in shown])


def _note(title: str, text: str, columns: tuple[str, ...], rows: list[Any]) -> dict[str, Any]:
    return {"title": title, "text": text, "columns": columns, "rows": rows}
