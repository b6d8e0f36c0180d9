"""Lines and charts as plotly's plain data, without colours of their own for text and grid.

Iterations stand on a logarithmic axis of iteration + 1, so that the start is seen. Text colours follow the
page, light or dark.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sharpfit.reporting.page.fits import ShownFit
from sharpfit.results.scan_file import Scan

#: Points of a line: more are not seen.
MAX_POINTS = 64
DIGITS = 5

Chart = dict[str, Any]
Line = dict[str, Any]


def scatter(**properties: Any) -> Line:
    """Return a line or marks as plotly takes them."""
    return {"type": "scatter", **properties}


def line_over_iterations(
    x: np.ndarray, y: np.ndarray, name: str, colour: str, dash: str, **more: Any
) -> Line:
    """Return a line over iterations x (drawn at x + 1)."""
    style = {"mode": "lines", "hovertemplate": "%{customdata:.0f}: %{y:.4g}", **more}
    return scatter(x=x + 1, y=y, customdata=x, name=name, line={"color": colour, "dash": dash}, **style)


def line_over_frequency(x: np.ndarray, y: np.ndarray, name: str, colour: str, dash: str, scan: Scan) -> Line:
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


def chart_over_iterations(lines: list[Line], y: str, last: float, *, logarithmic: bool = True) -> Chart:
    """Return a chart over iterations."""
    ticks = [t for t in (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000) if t <= last]
    axis = {"type": "log", "title": {"text": "iteration"}, "tickvals": [t + 1 for t in ticks]}
    axis["ticktext"] = [str(t) for t in ticks]
    chart = plain_chart(lines, "iteration", y, logarithmic=logarithmic)
    chart["layout"]["xaxis"] |= axis
    return chart


def marked(chart: Chart, fit: ShownFit) -> Chart:
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
        chart["layout"]["xaxis"]["title"] = {"text": "iteration (weights: large to small)"}
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
    kept: Line = {name: np.asarray(line[name])[keep] for name in ("x", "y", "customdata") if name in line}
    if "error_y" in line:
        kept["error_y"] = line["error_y"] | {"array": np.asarray(line["error_y"]["array"])[keep]}
    return line | kept


def _logarithmic_axis(lines: list[Line]) -> dict[str, Any]:
    """Return an axis that labels decades alone when there are several, else 1, 2 and 5 too."""
    values = np.concatenate([np.empty(0), *(np.asarray(line["y"], dtype=float) for line in lines)])
    known = np.log10(values[np.isfinite(values)])
    decades = np.ptp(known) if known.size else 0.0
    return {"type": "log", "dtick": 1 if decades > 2 else "D2"}


def over_smallest(name: str, values: np.ndarray) -> str:
    """Name a line of values over their smallest, and say that those without a logarithm are left out."""
    return f"{name} / its minimum" if not (values <= 0).any() else f"{name} / its smallest above 0"


def is_drawn(chart: Chart) -> bool:
    """Whether anything can be seen in a chart: a line of it has a point."""
    return any(height is not None for line in chart["data"] for height in line["y"])


def smallest_positive(curves: Sequence[np.ndarray]) -> float:
    """Return the smallest positive value of all curves; 1 where there is none."""
    values = np.concatenate(curves)
    positive = values[np.isfinite(values) & (values > 0)]
    return float(positive.min()) if positive.size else 1.0


def positive(values: np.ndarray) -> np.ndarray:
    """Return the values with those a logarithmic axis cannot show as nan."""
    return np.where(np.asarray(values) > 0, values, np.nan)
