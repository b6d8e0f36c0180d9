"""Put a page together: read the results, make pictures and charts, fill the template."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from sharpfit.errors import InputError
from sharpfit.reporting import ranking
from sharpfit.reporting.page import words
from sharpfit.reporting.page.budget import afford
from sharpfit.reporting.page.fits import ShownFit, read_fit
from sharpfit.reporting.page.packed import digest, packed
from sharpfit.reporting.page.section import section
from sharpfit.reporting.sentences import unseen
from sharpfit.results import summary_file
from sharpfit.results.evaluation_file import read_evaluations
from sharpfit.results.scan_file import Scan, read_scan

_SCRIPTS = ("packed.js", "viewer.js", "slices.js", "charts.js", "page.js")
_CHARTS = (
    ("weights", "J along the weights"),
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
    answers = {scan: ranking.reasons(members) for scan, members in summary_file.by_scan(judged).items()}
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

    `answers` holds by scan name what to say after which image to use; `notes` are tables (title, text,
    columns, rows) shown first; `against` names, by scan, the two fits laid over each other at first (else
    the best one's picked and last image).
    """
    budget = afford(groups)
    chosen = against or {}
    sections = [section(scan, fits, budget, chosen.get(scan.name)) for scan, fits in groups]
    plotly, scripts = get_plotlyjs(), [_template_text(name) for name in _SCRIPTS]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sharpfit.reporting.page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["figure"] = words.number
    environment.globals["unseen"] = unseen
    text = environment.get_template("page.html.j2").render(
        title=title,
        answers=answers,
        notes=notes,
        sections=sections,
        budget=budget,
        rows=[row for one in sections for row in one["rows"]],
        chart_names=_CHARTS,
        plotly=packed(plotly),
        style=Markup(_template_text("page.css")),
        scripts=[Markup(script) for script in scripts],
        script_hashes=" ".join(f"'sha256-{digest(script)}'" for script in (plotly, *scripts)),
    )
    html.write_text(text, encoding="utf-8", newline="\n")


def _template_text(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")
