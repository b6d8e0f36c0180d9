"""Gather every evaluation into results/summary.csv and results/summary.json."""

from pathlib import Path

from sharpfit.results import summary_file
from sharpfit.results.evaluation_file import read_evaluations


def main(*, evaluations: list[Path], csv: Path, json: Path) -> None:
    """Write one row per scan and regime, as a table and as nested JSON."""
    read = read_evaluations(evaluations)
    summary_file.write_csv(csv, read)
    summary_file.write_json(json, read)
