"""Still pictures of one fit: the images, the curves, where the sharpness comes from.

Every function writes a PNG whose bytes depend on its arguments alone: matplotlib's own defaults are
restored first, no date or version is stored. Colours are Okabe and Ito's, safe for colour-blind
readers, and every line also differs in its dashes (Okabe & Ito 2008, jfly.uni-koeln.de/color).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.ticker import LogFormatter, ScalarFormatter

from sharpfit.judging.evaluate import JudgedFit
from sharpfit.judging.findings import place
from sharpfit.judging.weight_choice import by_weight
from sharpfit.reporting.colours import COLOURS
from sharpfit.reporting.grey import gain_for, grey_window, times

BLUE, ORANGE, GREEN, PURPLE = COLOURS[:4]
SKY, GREY = COLOURS[5], "#666666"
_OF_ESTIMATES = ((GREEN, "-."), (SKY, (0, (1, 2))))
_NO_METADATA: dict[str, Any] = {"Software": None}

# Fixed margins: to find them, a constrained layout draws every figure twice, half of the time of a verdict.
_CHART = {"left": 0.15, "right": 0.98, "bottom": 0.1, "top": 0.93}
_TWO_CHARTS = {**_CHART, "height_ratios": [3, 1], "hspace": 0.08}
_ROW_OF_IMAGES = {"left": 0.01, "right": 0.9, "bottom": 0.03, "top": 0.83, "wspace": 0.05}


def middle_slice(image: np.ndarray) -> np.ndarray:
    """Return (y, x) of an image (slice, y, x), the one in the middle; a single (y, x) as it is."""
    return image[image.shape[0] // 2] if image.ndim == 3 else image


def save_picture(path: Path, image: np.ndarray, white: float | None = None) -> None:
    """Write |image| as a grey PNG, one pixel per voxel, black at 0 and white at `white`.

    `image` is (y, x), or (slice, y, x) of which the middle slice is shown, in any unit; `white` is in
    the same unit and defaults to `grey_window(image)`. Values that are not finite are black.
    """
    shown = np.nan_to_num(np.abs(middle_slice(image)), nan=0.0, posinf=0.0)
    imsave(
        path,
        shown,
        cmap="gray",
        vmin=0.0,
        vmax=white or grey_window(shown),
        origin="upper",
        format="png",
        metadata=_NO_METADATA,
    )


@dataclass(frozen=True, eq=False)
class Axis:
    """What the curves of a fit are drawn over: iterations, or the weights of a path.

    Attributes
    ----------
    values
        of every point, (point,)
    picked
        the value of the picked checkpoint
    is_path
        whether the values are weights in σ, and not iterations
    """

    values: np.ndarray
    picked: float
    is_path: bool = False

    def finish(self, top: Axes, bottom: Axes) -> None:
        """Mark the picked value in both axes; label values on a scale that shows the small ones."""
        unit = " σ" if self.is_path else ""
        for axes in dict.fromkeys((top, bottom)):  # one and the same where there is no learning rate
            axes.axvline(self.picked, color="black", linewidth=1.0, label=f"picked ({self.picked:.3g}{unit})")
            if self.is_path:
                axes.set_xscale("log")
            else:
                axes.set_xscale("symlog", linthresh=1, linscale=0.3)
                axes.set_xlim(left=0)
            axes.xaxis.set_major_formatter(ScalarFormatter())
            axes.grid(alpha=0.3)
        bottom.set_xlabel("weight in noise σ" if self.is_path else "iteration")
        top.legend(fontsize=8, frameon=False)


def draw_images(
    path: Path,
    picked: tuple[str, np.ndarray],
    other: tuple[str, np.ndarray],
    reference: np.ndarray | None = None,
    inside: np.ndarray | None = None,
    *,
    title: str = "",
) -> None:
    """Draw the magnitudes of two images of a fit, each under its name, on one grey scale.

    Images are (y, x) or (slice, y, x) (the middle slice is drawn), complex, in input units. With a
    reference, that and the errors |picked − reference|, |other − reference| follow, magnified alike by
    `gain_for` them; without one, the change |other − picked| takes their place.
    """
    panels = [(name, middle_slice(image)) for name, image in (picked, other)]
    names, (best, second) = ("picked", other[0].split(",")[0]), (image for _, image in panels)
    if reference is None:
        white = grey_window(best)
        gain = gain_for([second - best], white)
        panels += [(f"|{names[1]} − picked|{times(gain)}", gain * (second - best))]
    else:
        reference = middle_slice(reference)
        white = grey_window(reference)
        gain = gain_for([best - reference, second - reference], white)
        panels += [("reference", reference)]
        panels += [
            (f"error of {name}{times(gain)}", gain * (image - reference))
            for name, image in zip(names, (best, second), strict=True)
        ]
    with style.context("default"):
        figure = Figure(figsize=(2.6 * len(panels), 3.1))
        columns = figure.subplots(1, len(panels), gridspec_kw=_ROW_OF_IMAGES)
        for axes, (label, image) in zip(columns, panels, strict=True):
            shown = axes.imshow(np.abs(image), cmap="gray", vmin=0.0, vmax=white, interpolation="nearest")
            axes.set_title(label, fontsize=9, parse_math=False)
            axes.set_axis_off()
        if inside is not None:
            first, border = figure.axes[0], middle_slice(inside)
            if border.any() and not border.all():
                first.contour(border, levels=[0.5], colors=ORANGE, linewidths=0.8)
        bar = figure.add_axes((0.91, 0.15, 0.012, 0.6))
        figure.colorbar(shown, cax=bar, label="magnitude, input units")
        figure.suptitle(title, fontsize=10, parse_math=False)
        save_figure(figure, path)


def draw_curves(
    path: Path,
    along: Axis,
    history: Mapping[str, np.ndarray],
    checkpoints: np.ndarray | None = None,
    estimates: Mapping[str, np.ndarray] | None = None,
    *,
    title: str = "",
) -> None:
    """Draw loss and held-out residual (reduced, 1 = noise floor), other estimates, and the learning rate.

    `history` holds chi2, held_out and, where there is one, lr at `along.values`, each (point,). `estimates`
    are J and the like by their names, at `checkpoints`, all (checkpoint,), in any unit: each is drawn over
    its smallest positive value.
    """
    with style.context("default"):
        figure = Figure(figsize=(7.0, 5.2))
        rate = history.get("lr", np.array([]))
        if np.isfinite(rate).any():
            top, bottom = figure.subplots(2, 1, sharex=True, gridspec_kw=_TWO_CHARTS)
            bottom.plot(along.values, rate, color=PURPLE)
            bottom.set_ylabel("learning rate")
        else:
            top = bottom = figure.subplots(gridspec_kw=_CHART)
        top.plot(along.values, history["chi2"], color=BLUE, label="loss (χ²)")
        top.plot(along.values, history["held_out"], color=ORANGE, linestyle="--", label="held out")
        top.axhline(1.0, color=GREY, linewidth=0.8, linestyle=":", label="noise floor")
        for (name, one), (color, dashes) in zip((estimates or {}).items(), _OF_ESTIMATES, strict=False):
            if checkpoints is not None and np.any(one > 0):
                relative = np.where(one > 0, one, np.nan) / np.min(one[one > 0])
                label = f"{name} / its minimum"
                top.plot(checkpoints, relative, color=color, linestyle=dashes, marker=".", label=label)
        log_scale(top)
        top.set_ylabel("reduced χ²; estimates of the error relative")
        along.finish(top, bottom)
        figure.suptitle(title, fontsize=10, parse_math=False)
        save_figure(figure, path)


def log_scale(axes: Axes) -> None:
    """Scale values by their logarithm, with plain numbers, which are set sooner than powers of ten."""
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(LogFormatter())
    axes.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(2, 0.5)))


def draw_sharpness(
    path: Path, along: Axis, signal: np.ndarray, noise: np.ndarray, *, title: str = ""
) -> None:
    """Draw the gradient energy split into signal G and noise (P − G) / 2, and the noise share φ.

    All arrays are (checkpoint,); `signal` and `noise` in squared fitted units, φ = noise / (noise + G).
    """
    total = signal + noise
    share = np.divide(noise, total, out=np.full(len(total), np.nan), where=total > 0)
    with style.context("default"):
        figure = Figure(figsize=(7.0, 5.2))
        top, bottom = figure.subplots(2, 1, sharex=True, gridspec_kw=_TWO_CHARTS)
        top.stackplot(
            along.values,
            np.clip(signal, 0, None),
            np.clip(noise, 0, None),
            colors=[BLUE, ORANGE],
            labels=["signal (G)", "noise"],
        )
        top.set_ylabel("gradient energy, fitted units²")
        bottom.plot(along.values, share, color=ORANGE, linestyle="--", marker=".")
        bottom.set_ylim(0, 1)
        bottom.set_ylabel("noise share φ")
        along.finish(top, bottom)
        figure.suptitle(title, fontsize=10, parse_math=False)
        save_figure(figure, path)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG that holds no date and no version."""
    figure.savefig(path, format="png", dpi=100, metadata=_NO_METADATA)


def draw_fit(
    folder: Path,
    judged: JudgedFit,
    image_at: Callable[[int], np.ndarray],
    reference: np.ndarray | None,
    inside: np.ndarray,
    title: str,
) -> None:
    """Draw images, curves and sharpness of a judged fit into a folder.

    Over its iterations, picked beside last; on a path of weights over those, picked beside the smallest.
    """
    curves, at = judged.curves, judged.judgement.picked
    weights = np.array(curves.record.weights or [np.nan] * len(curves.iterations), float)
    if judged.judgement.weight is None:
        order, values = np.arange(len(curves.iterations)), curves.iterations
        second, name = judged.judgement.last, "last"
        history = curves.record.history
        steps = Axis(history["iteration"], curves.iterations[at])
    else:
        order = by_weight(weights)
        values, second, name = weights[order], int(order[0]), "smallest"
        history = {"chi2": curves.chi2[order], "held_out": curves.held_out[order]}
        steps = Axis(values, weights[at], is_path=True)
    folder.mkdir(parents=True, exist_ok=True)
    named = [
        (f"{which}, {place(curves.iterations[one], weights[one])}", image_at(one))
        for which, one in (("picked", at), (name, second))
    ]
    draw_images(folder / "images.png", named[0], named[1], reference, inside, title=title)
    others = {name: one.values[order] for name, one in curves.estimates.items() if name != "held-out"}
    draw_curves(folder / "curves.png", steps, history, values, others, title=title)
    over = Axis(values, steps.picked, steps.is_path)
    signal, noise = curves.cross_gradient[order], curves.noise_energy[order]
    draw_sharpness(folder / "sharpness.png", over, signal, noise, title=title)
