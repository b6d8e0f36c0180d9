"""Write results/report.html: the whole study as one page."""

from pathlib import Path

from sharpfit.reporting.page.build import write_report


def main(
    *,
    evaluations: list[Path],
    reconstructions: list[Path],
    histories: list[Path],
    scans: list[Path],
    summary: Path,  # noqa: ARG001 (made first, so that the page is the last thing a run writes)
    html: Path,
) -> None:
    """Write the page; the three lists of fits are in one order."""
    write_report(html, evaluations, reconstructions, histories, scans)
