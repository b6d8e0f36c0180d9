"""The interactive charts of a page, as plotly's plain data without colours of their own for text and grid.

Iterations stand on a logarithmic axis of iteration + 1, so that the start is seen. Lines differ in colour
(Okabe and Ito's), dash and marker. Text colours follow the page, light or dark.
"""

import html
from collections.abc import Sequence
from typing import Any

import numpy as np

from sharpfit.measuring import rings
from sharpfit.reporting.page.fits import ShownFit
from sharpfit.results.scan_file import Scan

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D31", "#888888")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "star")
#: Points of a line: more are not seen.
MAX_POINTS = 64
DIGITS = 5
#: What the chart of all regimes can show: name, curve (of checkpoints or history), logarithmic.
QUANTITIES = (
    ("risk J (relative to the scan's best)", "risk", True),
    ("loss χ² (1 = noise floor)", "chi2", True),
    ("held-out χ² (1 = noise floor)", "held_out", True),
    ("NRMSE against the reference", "nrmse", True),
    ("noise share of sharpness φ", "noise_share", False),
    ("sharpness without noise G", "cross_gradient", False),
    ("weak-mode share ν", "weak_mode_share", False),
    ("learning rate", "lr", True),
)

Chart = dict[str, Any]
Line = dict[str, Any]


def overview(fits: Sequence[ShownFit]) -> dict[str, Chart]:
    """Return one chart per quantity with a line per regime and its picked iteration marked."""
    charts = {}
    for name, key, logarithmic in QUANTITIES:
        floor = _smallest_positive([fit.evaluation.trajectory.risk for fit in fits]) if key == "risk" else 1.0
        lines: list[Line] = []
        for place, fit in enumerate(fits):
            x, y = _series(fit, key)
            if (
                fit.ends_of_path and key != "lr"
            ):  # its order is that of the weights: only the picked one compares
                y = np.full(len(x), y[fit.picked])
            if np.isfinite(y).any():
                lines += _regime_lines(fit, place, x, _positive(y / floor) if logarithmic else y)
        if lines:
            charts[name] = _chart(lines, name, fits[0].seen.iterations[-1], logarithmic=logarithmic)
    return charts


def closely(fit: ShownFit, scan: Scan) -> dict[str, Chart]:
    """Return the charts of one fit: curves, sharpness, rates, frc and spectrum."""
    return {
        "curves": _curves(fit),
        "sharpness": _sharpness(fit),
        "rates": _rates(fit),
        "frc": _frc(fit, scan),
        "spectrum": _spectrum(fit, scan),
    }


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
    at = int(np.argmin(np.abs(x - fit.seen.iterations[fit.picked])))
    shown = f"{name} at {fit.evaluation.weight.weight:.3g} σ" if fit.evaluation.weight else name
    marker = {"size": 11, "symbol": MARKERS[place % len(MARKERS)], "color": colour}
    marker["line"] = {"width": 1, "color": "black"}
    return [
        _line(x, y, shown, colour, dash, legendgroup=str(place)),
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
    steps = fit.history["iteration"]
    risk = fit.evaluation.trajectory.risk / _smallest_positive([fit.evaluation.trajectory.risk])
    lines = [
        _line(steps, _positive(fit.history["chi2"]), "loss χ²", COLOURS[0], "solid"),
        _line(steps, _positive(fit.history["held_out"]), "held-out χ²", COLOURS[1], "dash"),
        _line(
            fit.seen.iterations, _positive(risk), "J / its minimum", COLOURS[2], "dot", mode="lines+markers"
        ),
        _line(steps[[0, -1]], np.ones(2), "noise floor", COLOURS[7], "longdash"),
    ]
    return _marked(_chart(lines, "reduced χ²; J relative", steps[-1]), fit)


def _sharpness(fit: ShownFit) -> Chart:
    lines = [
        _line(
            fit.seen.iterations,
            fit.evaluation.trajectory.cross_gradient,
            "signal (G)",
            COLOURS[0],
            "solid",
            stackgroup="one",
        ),
        _line(
            fit.seen.iterations,
            fit.evaluation.trajectory.noise_energy,
            "noise",
            COLOURS[1],
            "dash",
            stackgroup="one",
        ),
    ]
    chart = _chart(lines, "gradient energy, fitted units²", fit.seen.iterations[-1], logarithmic=False)
    return _marked(chart, fit)


def _rates(fit: ShownFit) -> Chart:
    """Draw the learning rate, its sum so far (what Adam could travel), and what it did travel at most."""
    steps, rate = fit.history["iteration"], np.nan_to_num(fit.history["lr"])
    available = np.concatenate([[0.0], np.cumsum(rate)[:-1]])
    travelled = np.cumsum(np.nan_to_num(fit.history["step"]))
    lines = [
        _line(steps, _positive(fit.history["lr"]), "learning rate", COLOURS[3], "solid"),
        _line(steps, _positive(available), "sum of learning rates", COLOURS[0], "dash"),
        _line(steps, _positive(travelled), "sum of steps taken", COLOURS[2], "dot"),
    ]
    needed = fit.seen.travel_needed
    if np.isfinite(needed) and needed > 1e-3 * travelled[-1]:
        lines.append(_line(steps[[0, -1]], np.full(2, needed), "still needed", COLOURS[1], "longdash"))
    return _marked(_chart(lines, "per coefficient, fitted units", steps[-1]), fit)


def _frc(fit: ShownFit, scan: Scan) -> Chart:
    """Draw the ring correlation of the fission halves at picked and last, and the half-bit curve."""
    side = min(fit.seen.images.shape[-2:])
    frequency = np.arange(fit.seen.frc.shape[1]) / side
    half_bit = rings.half_bit(fit.seen.frc_counts)
    lines = [
        _frequency_line(frequency, fit.seen.frc[fit.picked], "picked", COLOURS[0], "solid", scan),
        _frequency_line(frequency, fit.seen.frc[fit.last], "last", COLOURS[1], "dash", scan),
        _frequency_line(frequency, half_bit, "half-bit threshold", COLOURS[7], "dot", scan),
    ]
    chart = plain_chart(lines, "spatial frequency, cycles per pixel", "Fourier ring correlation")
    text = " · ".join(f"{end} {_resolution(fit, end, scan)}" for end in ("picked", "last"))
    place = {"x": 1, "xref": "paper", "xanchor": "right", "y": 1, "yref": "paper", "yanchor": "bottom"}
    chart["layout"]["annotations"] = [{**place, "text": f"resolution: {text}", "showarrow": False}]
    return chart


def _resolution(fit: ShownFit, end: str, scan: Scan) -> str:
    """Return half a period where the halves stop agreeing, in pixels, and in mm where their size is known."""
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
        lines.append(_frequency_line(frequency, _positive(power), name, COLOURS[place], DASHES[place], scan))
    for name, checkpoint, dash in (("picked", fit.picked, "dot"), ("last", fit.last, "dashdot")):
        floor = float(np.mean(fit.seen.noise_map[checkpoint].astype(float) ** 2))
        flat = _positive(np.full(len(frequency), floor))
        lines.append(_frequency_line(frequency, flat, f"mean noise, {name}", COLOURS[7], dash, scan))
    return plain_chart(lines, "spatial frequency, cycles per pixel", "power, input units²", logarithmic=True)


def ring_power(image: np.ndarray) -> np.ndarray:
    """Return the mean |F image|² of rings r = round(|f| n), r < n / 2, n the smaller side: (ring,)."""
    spectrum = np.abs(np.fft.fft2(np.nan_to_num(image), norm="ortho")) ** 2
    fy, fx = np.fft.fftfreq(image.shape[0])[:, None], np.fft.fftfreq(image.shape[1])[None, :]
    ring = np.round(np.hypot(fy, fx) * min(image.shape)).astype(int).ravel()
    n_rings = min(image.shape) // 2
    sums = np.bincount(ring, weights=spectrum.ravel())[:n_rings]
    return np.asarray(sums / np.bincount(ring)[:n_rings])


def scatter(**properties: Any) -> Line:
    """Return a line or marks as plotly takes them."""
    return {"type": "scatter", **properties}


def _line(x: np.ndarray, y: np.ndarray, name: str, colour: str, dash: str, **more: Any) -> Line:
    """Return a line over iterations x (drawn at x + 1)."""
    style = {"mode": "lines", "hovertemplate": "%{customdata:.0f}: %{y:.4g}", **more}
    return scatter(x=x + 1, y=y, customdata=x, name=name, line={"color": colour, "dash": dash}, **style)


def _frequency_line(x: np.ndarray, y: np.ndarray, name: str, colour: str, dash: str, scan: Scan) -> Line:
    """Return a line over spatial frequency, which tells the length of half a period when pointed at."""
    pixel, unit = (max(scan.spacing), "mm") if scan.spacing else (1.0, "px")
    length = np.divide(pixel, 2 * x, out=np.full(len(x), np.inf), where=x > 0)
    return scatter(
        x=x,
        y=y,
        customdata=length,
        name=name,
        mode="lines",
        line={"color": colour, "dash": dash},
        hovertemplate=f"%{{y:.3g}} at %{{customdata:.3g}} {unit}",
    )


def _chart(lines: list[Line], y: str, last: float, *, logarithmic: bool = True) -> Chart:
    """Return a chart over iterations."""
    ticks = [t for t in (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000) if t <= last]
    axis = {"type": "log", "title": {"text": "iteration"}, "tickvals": [t + 1 for t in ticks]}
    axis["ticktext"] = [str(t) for t in ticks]
    chart = plain_chart(lines, "iteration", y, logarithmic=logarithmic)
    chart["layout"]["xaxis"] |= axis
    return chart


def _marked(chart: Chart, fit: ShownFit) -> Chart:
    """Mark a fit's picked checkpoint by shape 0 in its chart over iterations; shape 1 is the cursor."""
    picked, weight = float(fit.seen.iterations[fit.picked]), fit.evaluation.weight
    mark = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": picked + 1, "x1": picked + 1}
    chart["layout"]["shapes"] = [
        {**mark, "line": {"width": 2, "dash": "solid"}},
        {**mark, "line": {"width": 1, "dash": "dot"}},
    ]
    said = f"picked {weight.weight:.3g} σ" if weight else f"picked {picked:.0f}"
    place = {"text": said, "x": np.log10(picked + 1), "y": 1, "yref": "paper"}
    chart["layout"]["annotations"] = [{**place, "showarrow": False, "yanchor": "bottom"}]
    if weight:
        chart["layout"]["xaxis"]["title"] = {
            "text": "iteration: weights from large to small, then near the best"
        }
    return chart


def plain_chart(lines: list[Line], x: str, y: str, *, logarithmic: bool = False) -> Chart:
    """Return a chart of lines, each thinned to `MAX_POINTS`, under the names of its axes."""
    axes = {"xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}}}
    axes["yaxis"] |= _logarithmic_axis(lines) if logarithmic else {}
    chart: Chart = _plain({"data": [_thinned(line) for line in lines], "layout": axes})
    return chart


def _plain(value: Any) -> Any:
    """Return a figure with lists for arrays: `DIGITS` significant digits, which pack well, None for NaN."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value


def _thinned(line: Line) -> Line:
    """Keep `MAX_POINTS` of a line, evenly spaced on a logarithmic axis."""
    n = len(line["x"])
    if n <= MAX_POINTS:
        return line
    keep = np.unique(np.geomspace(1, n, MAX_POINTS).round().astype(int)) - 1
    return line | {name: np.asarray(line[name])[keep] for name in ("x", "y", "customdata") if name in line}


def _logarithmic_axis(lines: list[Line]) -> dict[str, Any]:
    """Return an axis that labels decades alone when there are several, else 1, 2 and 5 too."""
    values = np.concatenate([np.asarray(line["y"], dtype=float) for line in lines])
    known = values[np.isfinite(values)]
    decades = np.log10(known.max() / known.min()) if known.size else 0.0
    return {"type": "log", "dtick": 1 if decades > 2 else "D2"}


def _smallest_positive(curves: Sequence[np.ndarray]) -> float:
    values = np.concatenate(curves)
    positive = values[np.isfinite(values) & (values > 0)]
    return float(positive.min()) if positive.size else 1.0


def _positive(values: np.ndarray) -> np.ndarray:
    """Return the values with those a logarithmic axis cannot show as nan."""
    return np.where(np.asarray(values) > 0, values, np.nan)
