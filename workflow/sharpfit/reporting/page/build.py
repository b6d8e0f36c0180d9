"""Put a page together: read the results, make pictures and charts, fill the template."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from sharpfit.errors import InputError
from sharpfit.reporting import ranking
from sharpfit.reporting.decisions import decisions
from sharpfit.reporting.grey import gain_for
from sharpfit.reporting.page import charts, pictures
from sharpfit.reporting.page.fits import ShownFit, read_fit
from sharpfit.reporting.page.standing import Standing, standings
from sharpfit.results import summary_file
from sharpfit.results.evaluation_file import read_evaluations
from sharpfit.results.scan_file import Scan, read_scan

#: Bytes that all pictures of a page may take; with more fits, fewer checkpoints of each are shown.
PICTURE_BUDGET = 5_000_000
OTHER_PICTURES = 4  # of a fit: two errors, two noise maps
_SCRIPTS = ("viewer.js", "charts.js", "page.js")
_CHARTS = (
    ("curves", "Loss, held-out and J"),
    ("sharpness", "Sharpness: signal and noise"),
    ("rates", "Learning rate and travel"),
    ("frc", "Fourier ring correlation"),
    ("spectrum", "Radial spectrum against the noise"),
)


def write_report(
    html: Path,
    evaluations: Sequence[Path],
    reconstructions: Sequence[Path],
    histories: Sequence[Path],
    scans: Sequence[Path],
) -> None:
    """Write the study's page. The first three hold one file per fit, in one order; `scans` one per scan."""
    judged = read_evaluations(evaluations)
    known = {file.stem: read_scan(file) for file in scans}
    groups: dict[str, list[ShownFit]] = {}
    for file, evaluation, *files in zip(evaluations, judged, reconstructions, histories, strict=True):
        if evaluation.scan not in known:
            raise InputError(f"{file}: scan {evaluation.scan!r} is not among the preprocessed ones")
        fit = read_fit(evaluation.regime, known[evaluation.scan], evaluation, *files)
        groups.setdefault(evaluation.scan, []).append(fit)
    answers = {scan: ranking.answer(members) for scan, members in summary_file.by_scan(judged).items()}
    write_page(html, "sharpfit report", [(known[scan], fits) for scan, fits in groups.items()], answers)


def write_page(
    html: Path,
    title: str,
    groups: Sequence[tuple[Scan, Sequence[ShownFit]]],
    answers: dict[str, str],
    notes: Sequence[dict[str, Any]] = (),
    against: dict[str, tuple[int, int]] | None = None,
) -> None:
    """Write a page of fits grouped by scan.

    `answers` holds a sentence by scan name; `notes` are tables (title, text, columns, rows) shown first;
    `against` names, by scan, the two fits laid over each other at first (else the best one's picked and
    last image).
    """
    album = pictures.Album(_affordable_step(groups))
    most = _affordable_checkpoints(groups)
    chosen = against or {}
    sections = [_section(scan, fits, album, most, chosen.get(scan.name)) for scan, fits in groups]
    data = {"images": album.images, "scans": [section["data"] for section in sections]}
    scripts = [get_plotlyjs(), *(_template_text(name) for name in _SCRIPTS)]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sharpfit.reporting.page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["figure"] = _number
    text = environment.get_template("page.html.j2").render(
        title=title,
        answers=answers,
        notes=notes,
        sections=sections,
        images=album.images,
        thinned=most,
        step=album.step,
        rows=[row for _, fits in groups for row in map(_row, fits, standings(fits))],
        chart_names=_CHARTS,
        data=Markup(_inert_json(data)),
        style=Markup(_template_text("page.css")),
        scripts=[Markup(script) for script in scripts],
        script_hashes=" ".join(f"'sha256-{_hash(script)}'" for script in scripts),
    )
    html.write_text(text, encoding="utf-8", newline="\n")


def _section(
    scan: Scan, fits: Sequence[ShownFit], album: pictures.Album, most: int, two: tuple[int, int] | None
) -> dict[str, Any]:
    """Return what the template (`scan`, `fits`) and the scripts (`data`) need of one scan."""
    white = pictures.scan_white(scan, fits)
    gains = {"error": pictures.error_gain(fits, white), "noise": pictures.noise_gain(fits, white)}
    reference = None if scan.reference is None else album.add(scan.reference, white)
    places = standings(fits)
    entries = [
        _entry(fit, scan, place, pictures.Scale(white, gains, album), most)
        for fit, place in zip(fits, places, strict=True)
    ]
    best = next(at for at, place in enumerate(places) if place.rank == 1)
    height, width = fits[0].seen.images.shape[-2:]
    change = pictures.change_image(fits[best])
    change_gain = gain_for([change], white)
    tall, wide = scan.spacing or (1.0, 1.0)
    every = sorted({int(iteration) for fit in fits for iteration in fit.seen.iterations})
    return {
        "scan": scan,
        "fits": fits,
        "best": best,
        "decisions": decisions(scan.facts),
        "gains": gains,
        "reference": reference,
        "change": album.add(change_gain * change, white),
        "change_gain": change_gain,
        "sides": [(two[0], "picked"), (two[1], "picked")] if two else [(best, "picked"), (best, "last")],
        "entries": entries,
        "aspect": f"{width * wide:.6g} / {height * tall:.6g}",
        "data": {
            "name": scan.name,
            "reference": reference,
            "iterations": every,
            "gains": gains,
            "fits": entries,
            "overview": charts.overview(fits),
        },
    }


def _entry(fit: ShownFit, scan: Scan, place: Standing, scale: pictures.Scale, most: int) -> dict[str, Any]:
    """Return one fit as the scripts see it: pictures by number, what to say of each, and its charts."""
    ends = (fit.picked, fit.last)
    errors = None
    if scan.reference is not None:
        errors = [scale.add(pictures.error_image(fit, at), "error") for at in ends]
    frames = [
        {
            "iteration": int(fit.seen.iterations[at]),
            "image": scale.add(fit.seen.images[at]),
            "text": _say(fit, at),
        }
        for at in pictures.kept_checkpoints(fit, most)
    ]
    numbers = {frame["iteration"]: frame["image"] for frame in frames}
    picked, last = (int(fit.seen.iterations[at]) for at in ends)
    return {
        "label": fit.label,
        "frames": frames,
        "picked": picked,
        "last": last,
        "ends": [numbers[picked], numbers[last]],
        "errors": errors,
        "noise": [scale.add(fit.seen.noise_map[at], "noise") for at in ends],
        "montage": scale.add(fit.montage) if fit.montage is not None else None,
        "standing": asdict(place),
        "where": fit.evaluation.where_to_stop,
        "verdict": fit.evaluation.verdict,
        "cause": fit.evaluation.cause,
        "evidence": _evidence(fit, scan),
        "advice": fit.evaluation.advice,
        "charts": charts.closely(fit, scan),
    }


def _evidence(fit: ShownFit, scan: Scan) -> str:
    """Return the judge's evidence, and which slice is worst where there are several."""
    evidence, worst = fit.evaluation.evidence, fit.evaluation.worst_slice
    if scan.n_slices > 1:
        evidence += f"; the worst of {scan.n_slices} slices is slice {worst} (counted from 0)"
    return evidence


def _say(fit: ShownFit, checkpoint: int) -> str:
    """Return a checkpoint's numbers in words, those that are known."""
    along = fit.evaluation.trajectory
    numbers = [("χ²", along.chi2), ("held-out", along.held_out), ("NRMSE", fit.evaluation.nrmse)]
    known = [(name, values[checkpoint]) for name, values in numbers if np.isfinite(values[checkpoint])]
    return " · ".join(f"{name} {_number(float(value))}" for name, value in known)


def _row(fit: ShownFit, place: Standing) -> dict[str, Any]:
    """Return a fit's row of the table: what summary.csv holds, and where its picked image stands."""
    more = {"regime": fit.label, "chi2_last": fit.evaluation.last.chi2, "standing": asdict(place)}
    error = {"error": fit.estimated_error if np.isfinite(fit.estimated_error) else None}
    return asdict(summary_file.row(fit.evaluation)) | more | error


def _affordable_checkpoints(groups: Sequence[tuple[Scan, Sequence[ShownFit]]]) -> int:
    """Return how many checkpoints of each fit fit into `PICTURE_BUDGET`: three at least."""
    return max(3, int(PICTURE_BUDGET / _picture_bytes(groups)) - OTHER_PICTURES)


def _affordable_step(groups: Sequence[tuple[Scan, Sequence[ShownFit]]]) -> int:
    """Return n where every n-th pixel along each axis is kept, so that three checkpoints fit."""
    least = (3 + OTHER_PICTURES) * _picture_bytes(groups)
    return max(1, int(np.ceil(np.sqrt(least / PICTURE_BUDGET))))


def _picture_bytes(groups: Sequence[tuple[Scan, Sequence[ShownFit]]]) -> float:
    """Return the bytes of one picture of every fit, a noisy pixel taking 1.2."""
    return 1.2 * max(sum(fit.seen.images[0].size for _, fits in groups for fit in fits), 1)


def _number(value: Any) -> str:
    """Return a number as people read it; a dash for none."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return "–"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _inert_json(data: Any) -> str:
    """Return JSON that no HTML parser mistakes for markup; nan becomes null."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _template_text(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
