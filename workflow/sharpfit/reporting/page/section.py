"""One scan of a page: its pictures and charts, and what the template and the scripts need of them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from sharpfit.reporting import ranking
from sharpfit.reporting.decisions import decisions
from sharpfit.reporting.grey import times
from sharpfit.reporting.page import charts, pictures
from sharpfit.reporting.page.budget import Budget
from sharpfit.reporting.page.fits import ShownFit
from sharpfit.reporting.page.packed import packed_json
from sharpfit.reporting.page.standing import Standing, standings
from sharpfit.reporting.page.words import pictures_in_words, row, say
from sharpfit.reporting.sentences import how_sure
from sharpfit.results.scan_file import Scan, read_reference_image


def section(
    scan: Scan, fits: Sequence[ShownFit], budget: Budget, two: tuple[int, int] | None
) -> dict[str, Any]:
    """Return what the template (`scan`, `fits` …) and the scripts (`packed`) need of one scan.

    Pictures (`ranked`, each with its number among the fits) and the table's `rows` stand best first; charts
    and choices in the study's order.

    `two` are the fits laid over each other at first; None: the best one's picked and last image, or, of a
    path of weights, its picked one and the next best regime's.
    """
    white = pictures.scan_white(scan, fits)
    slices = [_other_slices(scan, fit, budget.slice_step) for fit in fits]
    gains = pictures.gains(fits, slices, white)
    scale = pictures.Scale(white, gains, pictures.Album(), budget.step)
    reference = _reference(scan, scale, budget.slice_step)
    places = standings(fits)
    entries = [
        _entry(fit, scan, place, scale, others, budget.checkpoints)
        for fit, place, others in zip(fits, places, slices, strict=True)
    ]
    ranked = sorted(range(len(fits)), key=lambda at: places[at].rank)
    best, second = ranked[0], ranked[min(1, len(ranked) - 1)]
    other = (second, "picked") if fits[best].ends_of_path else (best, "last")  # a path ends near its choice
    data: dict[str, Any] = {
        "name": scan.name,
        "middle": scan.n_slices // 2,
        "n_slices": scan.n_slices,
        "reference": reference,
        "iterations": sorted({int(iteration) for fit in fits for iteration in fit.seen.iterations}),
        "gains": gains,
        "fits": entries,
        "overview": charts.overview(fits),
        "images": scale.album.images,
    }
    return {
        "scan": scan,
        "middle": scan.n_slices // 2,
        "fits": fits,
        "best": best,
        "decisions": decisions(scan.facts),
        "facts": pictures_in_words(scan, gains),
        "reference": reference,
        "sides": [(two[0], "picked"), (two[1], "picked")] if two else [(best, "picked"), other],
        "entries": entries,
        "ranked": [(at, entries[at]) for at in ranked],
        "rows": [row(fits[at], places[at]) for at in ranked],
        "stills": _stills(entries[best], gains, scan, scale.album),
        "aspect": _aspect(scan, fits[0]),
        "along": _along(fits),
        "n_steps": len(data["iterations"]),
        "quantities": list(data["overview"]),
        "packed": packed_json(data),
    }


def _along(fits: Sequence[ShownFit]) -> str:
    """Name what the slider walks through."""
    kinds = {"weight" if fit.ends_of_path else "iteration" for fit in fits}
    return kinds.pop() if len(kinds) == 1 else "along the fit"


def _aspect(scan: Scan, fit: ShownFit) -> str:
    height, width = fit.seen.images.shape[-2:]
    tall, wide = scan.spacing or (1.0, 1.0)
    return f"{width * wide:.6g} / {height * tall:.6g}"


def _other_slices(scan: Scan, fit: ShownFit, step: int) -> np.ndarray:
    """Return picked and last of every slice, thinned, (2, slice, y, x); none of a scan of one slice."""
    return fit.slices(step) if scan.n_slices > 1 else np.zeros((2, 0, 1, 1), np.complex64)


def _reference(scan: Scan, scale: pictures.Scale, step: int) -> list[int] | None:
    """Store the reference of every slice, the middle one as finely as the other pictures of it."""
    if scan.reference is None:
        return None
    every = read_reference_image(scan.file, step) if scan.n_slices > 1 else None
    numbers = [] if every is None else [scale.album.add(one, scale.white) for one in every]
    return _with_middle(numbers, scale.add(scan.reference), scan)


def _with_middle(numbers: list[int], middle: int, scan: Scan) -> list[int]:
    """Put the middle slice's own picture among those of all slices."""
    at = scan.n_slices // 2
    return [*numbers[:at], middle, *numbers[at + 1 :]]


def _entry(
    fit: ShownFit, scan: Scan, place: Standing, scale: pictures.Scale, others: np.ndarray, most: int
) -> dict[str, Any]:
    """Return one fit as the scripts see it: pictures by number, what to say of each, and its charts."""
    ends = (fit.picked, fit.last)
    errors = None
    if scan.reference is not None:
        errors = [scale.add(pictures.error_image(fit, at), "error") for at in ends]
    frames: dict[int, dict[str, Any]] = {
        at: {
            "iteration": int(fit.seen.iterations[at]),
            "at": fit.evaluation.at(at),
            "image": scale.add(fit.seen.images[at]),
            "text": say(fit, at),
        }
        for at in pictures.kept_checkpoints(fit, most)
    }
    kinds: dict[str, tuple[np.ndarray, int]] = {
        "picked": (others[0], frames[fit.picked]["image"]),
        "last": (others[1], frames[fit.last]["image"]),
        "difference": (others[1] - others[0], scale.add(pictures.change_image(fit), "change")),
    }
    gain = {"difference": scale.gains["change"]}
    return {
        "label": fit.label,
        "frames": list(frames.values()),
        "picked": int(fit.seen.iterations[fit.picked]),
        "last": int(fit.seen.iterations[fit.last]),
        "ends": {
            kind: _with_middle(
                [scale.album.add(gain.get(kind, 1.0) * one, scale.white) for one in stack], middle, scan
            )
            for kind, (stack, middle) in kinds.items()
        },
        "errors": errors,
        "noise": [scale.add(fit.seen.noise_map[at], "noise") for at in ends],
        "path": _path(fit, frames),
        "worst": fit.evaluation.worst_slice,
        "standing": asdict(place),
        "where": fit.evaluation.where_to_stop,
        "nrmse": ranking.error_against_reference(fit.evaluation),
        "verdict": fit.evaluation.verdict,
        "cause": fit.evaluation.cause,
        "sure": how_sure(fit.evaluation),
        "evidence": _evidence(fit, scan),
        "advice": fit.evaluation.advice,
        "charts": charts.closely(fit, scan),
    }


def _path(fit: ShownFit, frames: dict[int, dict[str, Any]]) -> list[tuple[int, str]] | None:
    """Return picture and caption of too small a weight, the chosen one, and too large a one."""
    if not fit.ends_of_path:
        return None
    small, large = fit.ends_of_path
    named = ((small, "smallest"), (fit.picked, "chosen"), (large, "largest"))
    return [(frames[at]["image"], f"{name} {frames[at]['at']}") for at, name in named]


def _stills(
    best: dict[str, Any], gains: dict[str, float], scan: Scan, album: pictures.Album
) -> list[tuple[str, str, bool]]:
    """Return the answer's three pictures: picked, last, change; of a path, too small, chosen, too large.

    Each with its caption, and whether it is the one to use.
    """
    pair = best["path"]
    if pair is None:
        names = {frame["iteration"]: frame["at"] for frame in best["frames"]}
        middle = scan.n_slices // 2
        captions = {
            "picked": f"picked, {names[best['picked']]}",
            "last": f"last, {names[best['last']]}",
            "difference": f"|last − picked|{times(gains['change'])}",
        }
        pair = [(best["ends"][kind][middle], caption) for kind, caption in captions.items()]
    to_use = 0 if best["path"] is None else 1
    return [(album.images[number], caption, place == to_use) for place, (number, caption) in enumerate(pair)]


def _evidence(fit: ShownFit, scan: Scan) -> str:
    """Return the judge's evidence after the verdict, and which slice is worst where there are several."""
    evidence, worst = fit.evaluation.evidence, fit.evaluation.worst_slice
    evidence = evidence.removeprefix(f"{fit.evaluation.verdict}: ")
    if scan.n_slices > 1:
        evidence += f"; the worst of {scan.n_slices} slices is slice {worst} (counted from 0)"
    return evidence
