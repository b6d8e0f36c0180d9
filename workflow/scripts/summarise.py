"""Gather every evaluation into results/summary.csv and .json, and into what DVC shows of a study."""

from pathlib import Path

from sharpfit.reporting import dvc_views, ranking
from sharpfit.results import summary_file
from sharpfit.results.evaluation_file import read_evaluations


def main(
    *, evaluations: list[Path], picked: list[Path], csv: Path, json: Path, metrics: Path, plots: Path
) -> None:
    """Write one row per scan and regime, as a table and as nested JSON; a few metrics; pictures.

    `picked` are the picked images of the evaluations, in the same order.
    """
    read = read_evaluations(evaluations)
    summary_file.write_csv(csv, read, ranking.places(read))
    summary_file.write_json(json, read)
    dvc_views.write_metrics(metrics, read)
    dvc_views.write_plots(plots, read, picked)
