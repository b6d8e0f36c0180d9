"""Stop a fit that only fits noise: the judge's estimates of the error, asked at every checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sharpfit.measuring import quorum
from sharpfit.measuring.estimates import filtered_risk


def stop_rule(regime: Mapping[str, Any], sigma: float, n_real: float, n_held_out: float) -> JudgedStop | None:
    """Build the rule that a regime names under ``stop``; None where it names none."""
    stop = regime.get("stop")
    return JudgedStop(stop["rise"], stop["patience"], sigma, n_real, n_held_out) if stop else None


@dataclass(frozen=True)
class JudgedStop:
    """Stop once most estimates of the error lie above the pick, and the pick lies a while back.

    They are the judge's (`sharpfit.measuring.quorum`), read on the main trajectory; all replicas stop with
    it. As the judge does, the rule takes no rise within two standard errors of the data's noise for one where
    the held-out samples do not say so too. What fits noise lowers the loss: where the loss rose with the
    error, momentum swings.

    Attributes
    ----------
    rise
        how far they must lie above their values at the pick, in shares of the squared error there
    patience
        iterations that must have passed since the pick, as training that stops early counts them
    sigma
        noise std per real and imaginary component, fitted units
    n_real, n_held_out
        real and imaginary parts of the samples of a slice, and of those held out
    """

    rise: float
    patience: int
    sigma: float
    n_real: float
    n_held_out: float

    def __call__(self, iterations: Sequence[int], observations: Sequence[Mapping[str, np.ndarray]]) -> str:
        """Return why to stop after the last of the checkpoints, empty to go on."""
        asked = self._estimates(observations)
        lowest = quorum.agreed_minimum(asked)
        waited = iterations[-1] - iterations[lowest]
        rose = [name for name, one in asked.items() if one.rose(lowest, self.rise)]
        if waited < self.patience or len(rose) < quorum.most_of(asked):
            return ""
        of_risk = asked["J"].values[-1] - asked["J"].values[lowest]
        if _sum(observations[-1]["rss"]) >= _sum(observations[lowest]["rss"]):
            return ""
        if "held-out" not in rose and of_risk <= self._noise(observations, lowest):
            return ""
        return f"judged: the error rose since iteration {iterations[lowest]}, {waited} iterations ago"

    def _estimates(self, observations: Sequence[Mapping[str, np.ndarray]]) -> dict[str, quorum.Estimate]:
        told = [scan_estimates(seen, self.sigma, self.n_real, self.n_held_out) for seen in observations]
        return quorum.estimates_of(*np.array(told).T)

    def _noise(self, observations: Sequence[Mapping[str, np.ndarray]], lowest: int) -> float:
        """Two standard errors of J_t − J_lowest, from the data's noise: see `FilteredRisk.look`."""
        change = observations[-1]["filtered_sketch"] - observations[lowest]["filtered_sketch"]
        return float(2 * 2 * self.sigma * np.sqrt((change.sum(0) ** 2).mean()))


def scan_estimates(
    seen: Mapping[str, np.ndarray], sigma: float, n_real: float, n_held_out: float
) -> tuple[float, ...]:
    """Take from one checkpoint, all slices together, what `sharpfit.measuring.quorum.estimates_of` asks for.

    In its order; each NaN where it is not known.
    """
    of_one = len(seen["rss"]) * sigma**2
    return (
        scan_risk(seen, sigma),
        _sum(seen["surrogate_distance"]),
        _sum(seen["held_out_rss"]) / (n_held_out * of_one or np.nan),
        _sum(seen["v_image"]),
        _sum(seen["v_data"]) / (n_real * of_one),
    )


def scan_risk(seen: Mapping[str, np.ndarray], sigma: float) -> float:
    """J of one checkpoint: the sum over slices, the mean over draws."""
    parts = (seen[name] for name in ("filtered_rss", "filtered_trace", "v_filtered", "v_image"))
    return float(filtered_risk(*parts, sigma=sigma).sum(0).mean())


def _sum(values: np.ndarray) -> float:
    """Sum over slices of the mean over draws, where there are draws."""
    return float(values.reshape(len(values), -1).mean(1).sum())
