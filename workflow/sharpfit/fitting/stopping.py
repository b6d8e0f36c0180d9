"""Stop a fit that only fits noise: the judge's risk, asked at the checkpoints while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sharpfit.measuring.estimates import filtered_risk


def stop_rule(regime: Mapping[str, Any], sigma: float) -> JudgedStop | None:
    """Build the rule that a regime names under ``stop``; None where it names none."""
    stop = regime.get("stop")
    return JudgedStop(stop["rise"], stop["patience"], sigma) if stop else None


class JudgedStop:
    """Stop once J has stayed up for a while.

    J (`sharpfit.measuring.filtered_risk`) is read on the main trajectory; all replicas stop with it. As the
    judge does, the rule takes no rise within two standard errors of the data's noise for one.

    Parameters
    ----------
    rise
        how far J must lie above its minimum, in shares of it (or of the image's variance where that is
        larger)
    patience
        iterations that must have passed since the minimum
    sigma
        noise std per real and imaginary component, fitted units
    """

    def __init__(self, rise: float, patience: int, sigma: float) -> None:
        self._rise, self._patience, self._sigma = rise, patience, sigma

    def __call__(self, iterations: Sequence[int], observations: Sequence[Mapping[str, np.ndarray]]) -> str:
        """Return why to stop after the last of the checkpoints, empty to go on."""
        values = np.array([scan_risk(seen, self._sigma) for seen in observations])
        lowest = int(values.argmin())
        variance = float(observations[lowest]["v_image"].sum(0).mean())
        rise = values[-1] - values[lowest]
        waited = iterations[-1] - iterations[lowest]
        least = max(self._rise * max(values[lowest], variance), self._noise(observations, lowest))
        if waited < self._patience or rise <= least:
            return ""
        return f"judged: J rose since iteration {iterations[lowest]}, {waited} iterations ago"

    def _noise(self, observations: Sequence[Mapping[str, np.ndarray]], lowest: int) -> float:
        """Two standard errors of J_t − J_lowest, from the data's noise: see `FilteredRisk.residual`."""
        change = observations[-1]["filtered_sketch"] - observations[lowest]["filtered_sketch"]
        return float(2 * 2 * self._sigma * np.sqrt((change.sum(0) ** 2).mean()))


def scan_risk(seen: Mapping[str, np.ndarray], sigma: float) -> float:
    """J of one checkpoint: the sum over slices, the mean over pairs."""
    parts = (seen[name] for name in ("filtered_rss", "filtered_trace", "v_filtered", "v_image"))
    return float(filtered_risk(*parts, sigma=sigma).sum(0).mean())
