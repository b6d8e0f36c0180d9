"""Gather every evaluation into results/summary.csv and results/summary.json."""

from pathlib import Path

from sharpfit.reporting import ranking


def main(*, evaluations: list[Path], csv: Path, json: Path) -> None:
    """Write one row per scan and regime, as a table and as nested JSON."""
    rows = ranking.read_evaluations(evaluations)
    ranking.write_csv(csv, rows)
    ranking.write_json(json, rows)
