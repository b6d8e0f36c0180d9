"""Draw the picks with the largest regret: reference, best, picked and last image of a case in each row."""

from collections.abc import Sequence
from pathlib import Path

import h5py
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from methods import JUDGE
from table import Judged, moving

NUMBER = 10


def draw_worst(cases: Sequence[Judged], folders: Path, out: Path) -> None:
    """Write one picture of the ``NUMBER`` worst, from the folders that `trajectories.py` left."""
    worst = sorted(moving(cases), key=lambda one: -one.regret(one.picks[JUDGE]))[:NUMBER]
    figure, rows = plt.subplots(len(worst), 4, figsize=(8, 2.1 * len(worst)), squeeze=False)
    for axes, one in zip(rows, worst, strict=True):
        _draw_case(axes, one, folders / one.name)
    _save(figure, out)


def draw_reliability(bins: Sequence[tuple[float, float, int]], out: Path) -> None:
    """Draw the share of right verdicts over their stated probability, ± one standard error."""
    stated, right, n = np.array(bins).T
    figure, axes = plt.subplots(figsize=(4, 4))
    axes.plot([0, 1], [0, 1], color="0.7", lw=1)
    shrunk = (right * n + 1) / (n + 2)  # no bin is certain
    axes.errorbar(stated, right, np.sqrt(shrunk * (1 - shrunk) / n), fmt="o", capsize=3)
    for x, y, count in bins:
        axes.annotate(f"{count}", (x, y), xytext=(6, -10), textcoords="offset points", fontsize=8)
    axes.set(xlabel="stated probability", ylabel="right", xlim=(0.3, 1.02), ylim=(0.3, 1.02))
    _save(figure, out)


def _draw_case(axes: Sequence[Axes], one: Judged, folder: Path) -> None:
    with h5py.File(folder / "truth.h5") as file:
        reference = np.abs(file["reference"][0])
    shown = {"best": int(one.error.argmin()), "picked": one.picks[JUDGE], "last": len(one.error) - 1}
    with h5py.File(folder / "reconstruction.h5") as file:
        images = {name: np.abs(file["images"][t, 0]) for name, t in shown.items()}
    brightest = np.percentile(reference, 99.5)
    for panel, (name, image) in zip(axes, {"reference": reference, **images}.items(), strict=True):
        panel.imshow(image, cmap="gray", vmin=0, vmax=brightest)
        panel.set_axis_off()
        t = shown.get(name)
        told = "" if t is None else f": iteration {one.iterations[t]}, NRMSE {one.error[t]:.3g}"
        panel.set_title(f"{one.name if t is None else name}{told}", fontsize=7)


def _save(figure: Figure, out: Path) -> None:
    figure.tight_layout()
    figure.savefig(out, dpi=90)
    plt.close(figure)
