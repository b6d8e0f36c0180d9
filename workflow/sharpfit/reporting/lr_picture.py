"""A picture of a learning-rate range test."""

from pathlib import Path

import numpy as np
from matplotlib import style
from matplotlib.figure import Figure

from sharpfit.fitting.lr_range import RangeTest
from sharpfit.reporting.figures import BLUE, ORANGE


def draw_range_test(test: RangeTest, title: str, file: Path) -> None:
    """Draw the loss after a step with each rate, and the rate that was found.

    Parameters
    ----------
    test
        what was seen
    title
        which scan and optimizer
    file
        PNG to write
    """
    with style.context("default"):
        figure = Figure(figsize=(6, 3.5), layout="constrained")
        axes = figure.subplots()
        lowest = float(np.nanmin(test.losses))
        shown = test.losses < 3 * max(1.0, lowest)
        axes.semilogx(test.rates[shown], test.losses[shown], color=BLUE, label="loss after the step")
        axes.axvline(test.found, color=ORANGE, linestyle="--", label=f"lr = {test.found:.3g}")
        axes.set(xlabel="learning rate", ylabel="‖A c − y‖² / ‖y‖²", title=title)
        axes.legend()
        figure.savefig(file, dpi=120, metadata={"Software": None})
