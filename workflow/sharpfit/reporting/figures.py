"""Still pictures of one fit: the images, the curves, where the sharpness comes from.

Every function writes a PNG whose bytes depend on its arguments alone: matplotlib's own defaults are
restored first, no date or version is stored. Colours are Okabe and Ito's, safe for colour-blind
readers, and every line also differs in its dashes (Okabe & Ito 2008, jfly.uni-koeln.de/color).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.ticker import ScalarFormatter

from sharpfit.judging.evaluate import JudgedFit
from sharpfit.reporting.grey import gain_for, grey_window

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#666666"
_NO_METADATA: dict[str, Any] = {"Software": None}


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


def draw_images(
    path: Path,
    picked: np.ndarray,
    last: np.ndarray,
    reference: np.ndarray | None = None,
    inside: np.ndarray | None = None,
    *,
    picked_iteration: int,
    last_iteration: int,
    title: str = "",
) -> None:
    """Draw magnitudes at the picked and the last iteration on one grey scale.

    Images are (y, x) or (slice, y, x) (the middle slice is drawn), complex, in input units. With a
    reference, that and the errors |picked − reference|, |last − reference| follow, magnified alike by
    `gain_for` them; without one, the change |last − picked| takes their place.
    """
    picked, last = middle_slice(picked), middle_slice(last)
    panels = [(f"picked, iteration {picked_iteration}", picked), (f"last, iteration {last_iteration}", last)]
    if reference is None:
        white = grey_window(picked)
        gain = gain_for([last - picked], white)
        panels += [(f"|last − picked| × {gain:g}", gain * (last - picked))]
    else:
        reference = middle_slice(reference)
        white = grey_window(reference)
        gain = gain_for([picked - reference, last - reference], white)
        panels += [
            ("reference", reference),
            (f"error of picked × {gain:g}", gain * (picked - reference)),
            (f"error of last × {gain:g}", gain * (last - reference)),
        ]
    with style.context("default"):
        figure = Figure(figsize=(2.6 * len(panels), 3.1), layout="constrained")
        for axes, (label, image) in zip(figure.subplots(1, len(panels)), panels, strict=True):
            shown = axes.imshow(np.abs(image), cmap="gray", vmin=0.0, vmax=white, interpolation="nearest")
            axes.set_title(label, fontsize=9, parse_math=False)
            axes.set_axis_off()
        if inside is not None:
            first, border = figure.axes[0], middle_slice(inside)
            if border.any() and not border.all():
                first.contour(border, levels=[0.5], colors=ORANGE, linewidths=0.8)
        figure.colorbar(shown, ax=figure.axes, shrink=0.8, label="magnitude, input units")
        figure.suptitle(title, fontsize=10, parse_math=False)
        _save(figure, path)


def draw_curves(
    path: Path,
    history: Mapping[str, np.ndarray],
    *,
    picked_iteration: int,
    iterations: np.ndarray | None = None,
    risk: np.ndarray | None = None,
    title: str = "",
) -> None:
    """Draw loss and held-out residual (both reduced, 1 = noise floor), J, and the learning rate.

    `history` holds the columns of history.csv, each (iteration,). `risk` is J at the checkpoints
    `iterations`, both (checkpoint,), in any unit: it is drawn over its smallest positive value.
    """
    with style.context("default"):
        figure = Figure(figsize=(7.0, 5.2), layout="constrained")
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        steps = history["iteration"]
        top.plot(steps, history["chi2"], color=BLUE, label="loss (χ²)")
        top.plot(steps, history["held_out"], color=ORANGE, linestyle="--", label="held out")
        top.axhline(1.0, color=GREY, linewidth=0.8, linestyle=":", label="noise floor")
        if risk is not None and iterations is not None and np.any(risk > 0):
            relative = np.where(risk > 0, risk, np.nan) / np.min(risk[risk > 0])
            top.plot(iterations, relative, color=GREEN, linestyle="-.", marker=".", label="J / its minimum")
        top.set_yscale("log")
        top.set_ylabel("reduced χ²; J relative")
        bottom.plot(steps, history["lr"], color=PURPLE)
        bottom.set_ylabel("learning rate")
        _finish_axes(top, bottom, picked_iteration)
        figure.suptitle(title, fontsize=10, parse_math=False)
        _save(figure, path)


def draw_sharpness(
    path: Path,
    *,
    iterations: np.ndarray,
    signal: np.ndarray,
    noise: np.ndarray,
    picked_iteration: int,
    title: str = "",
) -> None:
    """Draw the gradient energy split into signal G and noise (P − G) / 2, and the noise share φ.

    All arrays are (checkpoint,); `signal` and `noise` in squared fitted units, φ = noise / (noise + G).
    """
    total = signal + noise
    share = np.divide(noise, total, out=np.full(len(total), np.nan), where=total > 0)
    with style.context("default"):
        figure = Figure(figsize=(7.0, 5.2), layout="constrained")
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        top.stackplot(
            iterations,
            np.clip(signal, 0, None),
            np.clip(noise, 0, None),
            colors=[BLUE, ORANGE],
            labels=["signal (G)", "noise"],
        )
        top.set_ylabel("gradient energy, fitted units²")
        bottom.plot(iterations, share, color=ORANGE, linestyle="--", marker=".")
        bottom.set_ylim(0, 1)
        bottom.set_ylabel("noise share φ")
        _finish_axes(top, bottom, picked_iteration)
        figure.suptitle(title, fontsize=10, parse_math=False)
        _save(figure, path)


def _finish_axes(top: Axes, bottom: Axes, picked_iteration: int) -> None:
    """Mark the picked iteration in both axes; label iterations on a scale that shows the early ones."""
    for axes in (top, bottom):
        axes.axvline(picked_iteration, color="black", linewidth=1.0, label=f"picked ({picked_iteration})")
        axes.set_xscale("symlog", linthresh=1, linscale=0.3)
        axes.set_xlim(left=0)
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.grid(alpha=0.3)
    bottom.set_xlabel("iteration")
    top.legend(fontsize=8, frameon=False)


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, format="png", dpi=100, metadata=_NO_METADATA)


def draw_fit(
    folder: Path,
    judged: JudgedFit,
    picked: np.ndarray,
    last: np.ndarray,
    reference: np.ndarray | None,
    inside: np.ndarray,
    title: str,
) -> None:
    """Draw images, curves and sharpness of a judged fit into a folder."""
    curves, judgement = judged.curves, judged.judgement
    at = int(curves.iterations[judgement.picked])
    end = int(curves.iterations[judgement.last])
    folder.mkdir(parents=True, exist_ok=True)
    draw_images(
        folder / "images.png",
        picked,
        last,
        reference,
        inside,
        picked_iteration=at,
        last_iteration=end,
        title=title,
    )
    draw_curves(
        folder / "curves.png",
        curves.record.history,
        picked_iteration=at,
        iterations=curves.iterations,
        risk=curves.risk,
        title=title,
    )
    draw_sharpness(
        folder / "sharpness.png",
        iterations=curves.iterations,
        signal=curves.cross_gradient,
        noise=curves.noise_energy,
        picked_iteration=at,
        title=title,
    )
