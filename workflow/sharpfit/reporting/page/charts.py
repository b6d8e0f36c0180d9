"""The interactive charts of a page. Lines differ in colour (Okabe and Ito's), dash and marker."""

import html
from collections.abc import Sequence

import numpy as np

from sharpfit.measuring import rings
from sharpfit.measuring.quorum import SURROGATE
from sharpfit.reporting.colours import COLOURS
from sharpfit.reporting.page.drawing import (
    Chart,
    Line,
    chart_over_iterations,
    is_drawn,
    line_over_frequency,
    line_over_iterations,
    marked,
    over_smallest,
    plain_chart,
    positive,
    scatter,
    smallest_positive,
)
from sharpfit.reporting.page.fits import ShownFit
from sharpfit.reporting.page.weight_chart import weight_chart
from sharpfit.results.scan_file import Scan

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "star")
#: What the chart of all regimes can show: name, curve (of checkpoints or history), logarithmic.
QUANTITIES = (
    ("risk J / the scan's best", "risk", True),
    ("loss χ² (1 = noise floor)", "chi2", True),
    ("held-out χ² (1 = noise floor)", "held_out", True),
    ("NRMSE against the reference", "nrmse", True),
    ("noise share of sharpness φ", "noise_share", False),
    ("sharpness without noise G", "cross_gradient", False),
    ("weak-mode share ν", "weak_mode_share", False),
    ("learning rate", "lr", True),
)


def overview(fits: Sequence[ShownFit]) -> dict[str, Chart]:
    """Return one chart per quantity with a line per regime and its picked iteration marked."""
    charts = {}
    for name, key, logarithmic in QUANTITIES:
        floor = smallest_positive([fit.evaluation.trajectory.risk for fit in fits]) if key == "risk" else 1.0
        lines: list[Line] = []
        for place, fit in enumerate(fits):
            x, y = _series(fit, key)
            if fit.ends_of_path and key != "lr":
                y = np.full(len(x), y[fit.picked])  # ordered by weight: only that one compares
            y = positive(y / floor) if logarithmic else y
            if np.isfinite(y).any():
                lines += _regime_lines(fit, place, x, y)
        if lines:
            charts[name] = chart_over_iterations(
                lines, name, fits[0].seen.iterations[-1], logarithmic=logarithmic
            )
    return charts


def closely(fit: ShownFit, scan: Scan) -> dict[str, Chart]:
    """Return the charts of one fit, those of them that are not empty."""
    charts = {
        **weight_chart(fit),
        "curves": _curves(fit),
        "sharpness": _sharpness(fit),
        "rates": _rates(fit),
        "frc": _frc(fit, scan),
        "spectrum": _spectrum(fit, scan),
    }
    return {name: chart for name, chart in charts.items() if is_drawn(chart)}


def _series(fit: ShownFit, key: str) -> tuple[np.ndarray, np.ndarray]:
    if key == "lr":
        return fit.history["iteration"], fit.history["lr"]
    judged = fit.evaluation
    values = judged.nrmse if key == "nrmse" else getattr(judged.trajectory, key)
    return fit.seen.iterations, values


def _regime_lines(fit: ShownFit, place: int, x: np.ndarray, y: np.ndarray) -> list[Line]:
    """Return a regime's line and the mark at its picked iteration."""
    name = html.escape(fit.label, quote=False)
    colour, dash = COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)]
    at = len(x) - 1 if fit.ends_of_path else int(np.argmin(np.abs(x - fit.seen.iterations[fit.picked])))
    shown = f"{name} at {fit.evaluation.weight.weight:.3g} σ" if fit.evaluation.weight else name
    marker = {"size": 11, "symbol": MARKERS[place % len(MARKERS)], "color": colour}
    marker["line"] = {"width": 1, "color": "black"}
    return [
        line_over_iterations(x, y, shown, colour, dash, legendgroup=str(place)),
        scatter(
            x=x[at : at + 1] + 1,
            y=y[at : at + 1],
            text=[html.escape(fit.evaluation.picked_at, quote=False)],
            name=f"{name}, picked",
            mode="markers",
            marker=marker,
            legendgroup=str(place),
            showlegend=False,
            hovertemplate="picked, %{text}: %{y:.4g}",
        ),
    ]


def _curves(fit: ShownFit) -> Chart:
    steps, told = fit.history["iteration"], fit.evaluation.trajectory
    estimates = (
        ("J", told.risk, 2, "dot"),
        (SURROGATE, told.surrogate_distance, 5, "dashdot"),
    )
    lines = [
        line_over_iterations(steps, positive(fit.history["chi2"]), "loss χ²", COLOURS[0], "solid"),
        line_over_iterations(steps, positive(fit.history["held_out"]), "held-out χ²", COLOURS[1], "dash"),
        line_over_iterations(steps[[0, -1]], np.ones(2), "noise floor", COLOURS[7], "longdash"),
    ]
    for name, one, colour, dash in estimates:
        relative, label = positive(one / smallest_positive([one])), over_smallest(name, one)
        lines.append(
            line_over_iterations(
                fit.seen.iterations, relative, label, COLOURS[colour], dash, mode="lines+markers"
            )
        )
    return marked(chart_over_iterations(lines, "reduced χ²; estimates relative", steps[-1]), fit)


def _sharpness(fit: ShownFit) -> Chart:
    lines = [
        line_over_iterations(
            fit.seen.iterations,
            fit.evaluation.trajectory.cross_gradient,
            "signal (G)",
            COLOURS[0],
            "solid",
            stackgroup="one",
        ),
        line_over_iterations(
            fit.seen.iterations,
            fit.evaluation.trajectory.noise_energy,
            "noise",
            COLOURS[1],
            "dash",
            stackgroup="one",
        ),
    ]
    chart = chart_over_iterations(
        lines, "gradient energy, fitted units²", fit.seen.iterations[-1], logarithmic=False
    )
    return marked(chart, fit)


def _rates(fit: ShownFit) -> Chart:
    """Draw the learning rate, its sum so far (what Adam could travel), and what it did travel at most."""
    steps = fit.history["iteration"]
    rate, step = (np.nan_to_num(fit.history[name], posinf=0.0) for name in ("lr", "step"))
    available, travelled = np.concatenate([[0.0], np.cumsum(rate)[:-1]]), np.cumsum(step)
    lines = [
        line_over_iterations(steps, positive(fit.history["lr"]), "learning rate", COLOURS[3], "solid"),
        line_over_iterations(steps, positive(available), "sum of learning rates", COLOURS[0], "dash"),
        line_over_iterations(steps, positive(travelled), "sum of steps taken", COLOURS[2], "dot"),
    ]
    needed = fit.seen.travel_needed
    if np.isfinite(needed) and needed > 1e-3 * travelled[-1]:
        lines.append(
            line_over_iterations(steps[[0, -1]], np.full(2, needed), "still needed", COLOURS[1], "longdash")
        )
    lines = [line for line in lines if np.isfinite(line["y"]).any()]  # not every solver has a learning rate
    return marked(chart_over_iterations(lines, "per coefficient, fitted units", steps[-1]), fit)


def _frc(fit: ShownFit, scan: Scan) -> Chart:
    """Draw the ring correlation of the fission halves at picked and last, and the half-bit curve."""
    side = min(fit.seen.images.shape[-2:])
    frequency = np.arange(fit.seen.frc.shape[1]) / side
    half_bit = rings.half_bit(fit.seen.frc_counts)
    lines = [
        line_over_frequency(frequency, fit.seen.frc[fit.picked], "picked", COLOURS[0], "solid", scan),
        line_over_frequency(frequency, fit.seen.frc[fit.last], "last", COLOURS[1], "dash", scan),
        line_over_frequency(frequency, half_bit, "half-bit threshold", COLOURS[7], "dot", scan),
    ]
    chart = plain_chart(lines, "spatial frequency, cycles per pixel", "Fourier ring correlation")
    text = " · ".join(f"{end} {_resolution(fit, end, scan)}" for end in ("picked", "last"))
    place = {"x": 1, "xref": "paper", "xanchor": "right", "y": 1, "yref": "paper", "yanchor": "bottom"}
    chart["layout"]["annotations"] = [{**place, "text": f"resolution: {text}", "showarrow": False}]
    return chart


def _resolution(fit: ShownFit, end: str, scan: Scan) -> str:
    """Return half a period where the halves stop agreeing, in pixels, and in mm where their size is known."""
    at = fit.picked if end == "picked" else fit.last
    if not np.isfinite(fit.seen.frc[at]).any():  # an empty image
        return "not known"
    pixels = (fit.evaluation.picked if end == "picked" else fit.evaluation.last).resolution
    if not np.isfinite(pixels):
        return "1 px or finer"
    return f"{pixels:.2g} px" + (f" ({pixels * max(scan.spacing):.2g} mm)" if scan.spacing else "")


def _spectrum(fit: ShownFit, scan: Scan) -> Chart:
    """Draw the mean power of each ring of frequencies against the noise of the image, in input units²."""
    rows = [("picked", fit.seen.images[fit.picked], 0), ("last", fit.seen.images[fit.last], 1)]
    if scan.reference is not None:
        rows.append(("reference", scan.reference, 2))
    lines = []
    for name, image, place in rows:
        power = ring_power(image)
        frequency = np.arange(len(power)) / min(image.shape)
        lines.append(
            line_over_frequency(frequency, positive(power), name, COLOURS[place], DASHES[place], scan)
        )
    for name, checkpoint, dash in (("picked", fit.picked, "dot"), ("last", fit.last, "dashdot")):
        floor = float(np.mean(fit.seen.noise_map[checkpoint].astype(float) ** 2))
        flat = positive(np.full(len(frequency), floor))
        lines.append(line_over_frequency(frequency, flat, f"mean noise, {name}", COLOURS[7], dash, scan))
    return plain_chart(lines, "spatial frequency, cycles per pixel", "power, input units²", logarithmic=True)


def ring_power(image: np.ndarray) -> np.ndarray:
    """Return the mean |F image|² of rings r = round(|f| n), r < n / 2, n the smaller side: (ring,)."""
    spectrum = np.abs(np.fft.fft2(np.nan_to_num(image), norm="ortho")) ** 2
    fy, fx = np.fft.fftfreq(image.shape[0])[:, None], np.fft.fftfreq(image.shape[1])[None, :]
    ring = np.round(np.hypot(fy, fx) * min(image.shape)).astype(int).ravel()
    n_rings = (min(image.shape) + 1) // 2
    sums = np.bincount(ring, weights=spectrum.ravel())[:n_rings]
    return np.asarray(sums / np.bincount(ring)[:n_rings])
