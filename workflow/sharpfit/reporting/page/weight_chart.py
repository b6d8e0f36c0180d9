"""The chart of a path of weights: J with its standard error against the weight, the chosen one marked."""

import numpy as np

from sharpfit.judging.weight_choice import by_weight
from sharpfit.reporting.colours import COLOURS
from sharpfit.reporting.page.drawing import Chart, Line, over_smallest, plain_chart, scatter
from sharpfit.reporting.page.fits import ShownFit


def weight_chart(fit: ShownFit) -> dict[str, Chart]:
    """Return the chart under its name; nothing where the fit is no path of weights.

    J is drawn over its smallest value. A bar is the standard error of J minus that of the picked image, which
    therefore has none; the band holds the weights that are as good within it. With a reference its squared
    error is drawn too, over its smallest value: how far J could be trusted.
    """
    if not fit.ends_of_path:
        return {}
    weights = np.array(fit.evaluation.weights, float)
    order = by_weight(weights)
    risk = fit.evaluation.trajectory.risk[order]
    lines = [_line(weights[order], *_relative(risk, _errors(fit)[order]), over_smallest("J", risk), 0)]
    error = fit.evaluation.nrmse[order] ** 2
    if np.isfinite(error).any():
        lines.append(_line(weights[order], *_relative(error), "squared error / its minimum", 1))
    chart = plain_chart(lines, "weight in noise σ", "relative", logarithmic=True)
    chart["layout"]["xaxis"] |= {"type": "log"}
    _mark(chart, fit)
    return {"weights": chart}


def _errors(fit: ShownFit) -> np.ndarray:
    """Return the standard error of every checkpoint's J; NaN where an earlier version did not write it."""
    error = np.array(fit.evaluation.risk_error, float)
    return error if error.size else np.full(len(fit.evaluation.weights), np.nan)


def _relative(values: np.ndarray, error: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray | None]:
    """Return positive values over the smallest of them, others as NaN; their errors alike."""
    values = np.where(values > 0, values, np.nan)
    floor = np.nanmin(values) if np.isfinite(values).any() else 1.0
    return values / floor, None if error is None else error / floor


def _line(x: np.ndarray, y: np.ndarray, error: np.ndarray | None, name: str, place: int) -> Line:
    bars = {} if error is None or not np.isfinite(error).any() else {"error_y": {"array": error, "width": 3}}
    return scatter(
        x=x,
        y=y,
        name=name,
        mode="lines+markers",
        line={"color": COLOURS[place], "dash": ("solid", "dash")[place]},
        marker={"symbol": ("circle", "square")[place]},
        hovertemplate="%{x:.3g} σ: %{y:.4g}",
        **bars,
    )


def _mark(chart: Chart, fit: ShownFit) -> None:
    """Mark the chosen weight and those as good, and say what lies at either end."""
    choice = fit.evaluation.weight
    ends = {"y": 0, "yref": "paper", "xref": "paper", "yanchor": "bottom", "showarrow": False}
    chart["layout"]["annotations"] = [
        {**ends, "text": "← too small: noisy", "x": 0, "xanchor": "left"},
        {**ends, "text": "too large: smeared →", "x": 1, "xanchor": "right"},
    ]
    if choice is None:
        return
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": choice.weight, "x1": choice.weight}
    band = line | {"type": "rect", "x0": choice.lowest, "x1": choice.highest, "opacity": 0.2}
    chart["layout"]["shapes"] = [
        {**line, "line": {"width": 2}},
        {**band, "fillcolor": COLOURS[0], "line": {"width": 0}},
    ]
    label = {"text": f"chosen {choice.weight:.3g} σ", "x": float(np.log10(choice.weight)), "y": 1}
    chart["layout"]["annotations"].append({**label, "yref": "paper", "yanchor": "bottom", "showarrow": False})
