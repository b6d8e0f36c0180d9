"""What DVC shows of a study, whatever its scans and regimes are called: a few metrics, and pictures.

Pictures, since DVC's page of curves fetches its scripts from the network, and still shows pictures without.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from sharpfit.reporting import ranking
from sharpfit.reporting.colours import COLOURS
from sharpfit.reporting.figures import log_scale, save_figure
from sharpfit.reporting.grey import grey_window
from sharpfit.results.evaluation import Evaluation
from sharpfit.results.picked_file import read_picked_slice
from sharpfit.results.summary_file import by_scan

_DASHES = ("-", "--", ":", "-.", (0, (6, 1, 1, 1, 1, 1)))  # no divisor of the number of colours
_ACROSS = 5
#: Measure of a trajectory, and the title of its half of the curves.
_DRAWN = (("chi2", "loss"), ("held_out", "held out"))


def write_metrics(path: Path, evaluations: Sequence[Evaluation]) -> None:
    """Write {nrmse: {scan: error of its best picked image}}, one number a scan: DVC gives each a column.

    Of a scan without a reference the held-out residual stands for the error, under {held_out: {scan: …}}.
    """
    metrics: dict[str, dict[str, float]] = {}
    for scan, members in by_scan(evaluations).items():
        best = ranking.rank(members)[0]
        known = {"nrmse": best.picked_quality.nrmse, "held_out": best.picked.held_out}
        for name, value in known.items():
            if np.isfinite(value):
                metrics.setdefault(name, {})[scan] = float(value)
                break
    path.write_text(
        json.dumps(metrics, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )


def write_plots(folder: Path, evaluations: Sequence[Evaluation], picked: Sequence[Path]) -> None:
    """Write <scan>/curves.png and <scan>/picked.png, of all its fits; `picked` holds a picked.h5 for each."""
    file_of = dict(zip(map(id, evaluations), picked, strict=True))
    for scan, members in by_scan(evaluations).items():
        (folder / scan).mkdir(parents=True)
        draw_regimes(folder / scan / "curves.png", members)
        images = [np.abs(read_picked_slice(file_of[id(one)])) for one in members]
        draw_picked(folder / scan / "picked.png", members, images)


def draw_picked(path: Path, evaluations: Sequence[Evaluation], images: Sequence[np.ndarray]) -> None:
    """Draw the magnitudes (y, x) of a scan's picked images side by side, on the best one's grey scale."""
    best = ranking.rank(evaluations)[0]
    white = grey_window(next(image for one, image in zip(evaluations, images, strict=True) if one is best))
    across = min(_ACROSS, len(evaluations))
    n_rows = -(-len(evaluations) // across)
    with style.context("default"):
        figure = Figure(figsize=(2.4 * across, 2.9 * n_rows + 0.3), layout="constrained")
        places = figure.subplots(n_rows, across, squeeze=False).ravel()
        for axes in places:
            axes.set_axis_off()
        for axes, evaluation, image in zip(places, evaluations, images, strict=False):
            shown = np.nan_to_num(image, nan=0.0, posinf=0.0)
            axes.imshow(shown, cmap="gray", vmin=0.0, vmax=white, interpolation="nearest")
            error = evaluation.picked_quality.nrmse
            told = f", NRMSE {error:.3f}" if np.isfinite(error) else ""
            axes.set_title(f"{evaluation.regime}\n{evaluation.picked_at}{told}", fontsize=8, parse_math=False)
        figure.suptitle(f"{evaluations[0].scan}, picked images", fontsize=10, parse_math=False)
        save_figure(figure, path)


def draw_regimes(path: Path, evaluations: Sequence[Evaluation]) -> None:
    """Draw loss and held-out residual (both reduced, 1 = noise floor) of a scan's fits over iterations.

    The picked image of each is marked. A path of weights has no iterations to compare: the level of its
    picked weight is drawn.
    """
    with style.context("default"):
        figure = Figure(figsize=(10.0, 4.4), layout="constrained")
        halves = figure.subplots(1, len(_DRAWN), sharex=True)
        for axes, (name, title) in zip(halves, _DRAWN, strict=True):
            for place, evaluation in enumerate(evaluations):
                _draw_regime(axes, evaluation, name, place)
            axes.axhline(1.0, color="#666666", linewidth=0.8, linestyle=":")
            log_scale(axes)
            axes.set_xscale("symlog", linthresh=1, linscale=0.3)
            axes.set_xlim(left=0)
            axes.xaxis.set_major_formatter(ScalarFormatter())
            axes.grid(alpha=0.3)
            axes.set_title(f"{title}, reduced χ² (1 = noise floor)", fontsize=9)
            axes.set_xlabel("iteration")
        labels = halves[0].get_legend_handles_labels()
        figure.legend(*labels, loc="outside right upper", fontsize=8, frameon=False)
        figure.suptitle(evaluations[0].scan, fontsize=10, parse_math=False)
        save_figure(figure, path)


def _draw_regime(axes: Axes, evaluation: Evaluation, name: str, place: int) -> None:
    iterations, values = evaluation.trajectory.iteration, getattr(evaluation.trajectory, name)
    at, level = evaluation.picked_iteration, getattr(evaluation.picked, name)
    label = evaluation.regime
    colour, dash = COLOURS[place % len(COLOURS)], _DASHES[place % len(_DASHES)]
    if evaluation.weight is None:
        axes.plot([at], [level], "o", color=colour, markeredgecolor="black", markersize=6)
    else:
        values = np.full(len(iterations), level)
        label += f", {evaluation.picked_at}"
    axes.plot(iterations, values, color=colour, linestyle=dash, label=label)
