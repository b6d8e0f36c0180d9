"""Gather every evaluation into results/summary.csv and results/summary.json."""

from pathlib import Path

from sharpfit import job, summary


def main(*, evaluations: list[Path], csv: Path, json: Path) -> None:
    """Write one row per scan and regime, as a table and as nested JSON."""
    rows = summary.read_evaluations(evaluations)
    summary.write_csv(csv, rows)
    summary.write_json(json, rows)


if __name__ == "__main__":
    job.run(main)
