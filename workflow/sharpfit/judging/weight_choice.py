"""Judge a fit whose checkpoints are the weights of a penalty: where the middle estimate rose least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sharpfit.judging.curves import Curves
from sharpfit.judging.findings import Finding


@dataclass(frozen=True)
class ChosenWeight:
    """The weight of the picked image, in units of σ, and what is as good within the uncertainty.

    Attributes
    ----------
    weight
        chosen
    lowest, highest
        weights whose J exceeds that of the chosen one by no more than its standard error
    n_tried
        different weights on the path
    """

    weight: float
    lowest: float
    highest: float
    n_tried: int

    @property
    def as_good(self) -> str:
        """The weights that are as good, 0.4 to 0.6; empty where the chosen one is alone."""
        return f"{self.lowest:.3g} to {self.highest:.3g}" if self.lowest < self.highest else ""


def chosen_weight(curves: Curves, picked: int, error: np.ndarray) -> ChosenWeight:
    """Name the picked checkpoint's weight; `error` is the standard error of every J minus its own."""
    weights = np.array(curves.record.weights)
    as_good = weights[(curves.risk - curves.risk[picked] <= error) & np.isfinite(weights)]
    lowest, highest = (float(end(as_good, initial=weights[picked])) for end in (np.min, np.max))
    return ChosenWeight(float(weights[picked]), lowest, highest, len(np.unique(weights[1:])))


def by_weight(weights: Sequence[float] | np.ndarray) -> np.ndarray:
    """Order checkpoints from the smallest weight to the largest, the start, whose weight is NaN, left out."""
    return np.argsort(weights)[: np.count_nonzero(np.isfinite(weights))]  # NaN sorts last


def of_path(choice: ChosenWeight, curves: Curves, sharper: Finding) -> Finding:
    """Word the verdict of a path: what the picked image gained, and whether the path held the best weight."""
    tried = np.array(curves.record.weights[1:])
    as_good = f", {choice.as_good} σ as good within a standard error" if choice.as_good else ""
    evidence = (
        f"{sharper.evidence}; weight {choice.weight:.3g} σ of {choice.n_tried} from {tried.max():.3g} to "
        f"{tried.min():.3g} σ{as_good}"
    )
    advice = ""
    if choice.weight in (tried.min(), tried.max()):
        advice = "the best weight lies at the path's end: try weights beyond it, or another penalty"
    return Finding(sharper.verdict, "", evidence, advice)
