"""Why an adaptive optimizer can fit as well as gradient descent and yet give a worse image."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from sharpfit.measuring.table import Figures
from sharpfit.results.evaluation import Evaluation

CLEARLY_MORE = 2.0  # times the share of gradient descent


def comparison(evaluations: Sequence[Evaluation]) -> str:
    """Compare the weak-mode share ν of a scan's fits with that of gradient descent at equal chi2.

    ν = ‖x − w‖ / ‖x‖ is the part of the image that lives in modes the data hardly determine
    (`sharpfit.measuring.measures.weak_mode_share`). It grows with iterations for every solver, so it is read
    at the same chi2. The fit named is the one whose picked image has the smallest risk.

    Parameters
    ----------
    evaluations
        of one scan's regimes

    Returns
    -------
        A sentence; empty where no fit is plain gradient descent, its chi2 is never reached, or no share is
        more than twice that of gradient descent.
    """
    baseline = next((one for one in evaluations if _is_gradient_descent(one)), None)
    others = [
        one
        for one in evaluations
        if one.settings.optimizer_name not in ("", "SGD") and np.isfinite(one.picked.weak_mode_share)
    ]
    if baseline is None or not others:
        return ""
    other = min(others, key=lambda one: one.picked.risk if np.isfinite(one.picked.risk) else np.inf)
    chi2, share = other.picked.chi2, other.picked.weak_mode_share
    expected = _share_at(baseline.trajectory, chi2)
    if expected is None or share < CLEARLY_MORE * expected:
        return ""
    return (
        f"At equal χ² ({chi2:.3g}) {other.regime} holds {100 * share:.2g} % of its image in modes the "
        f"data hardly determine, {baseline.regime} {100 * expected:.2g} %: {other.settings.optimizer_name} "
        "leaves the well-determined directions and fills the others with artefact that the loss hardly sees."
    )


def _is_gradient_descent(evaluation: Evaluation) -> bool:
    return evaluation.settings.optimizer_name == "SGD" and not evaluation.settings.optimizer.get("momentum")


def _share_at(trajectory: Figures[np.ndarray], chi2: float) -> float | None:
    """ν where a trajectory's chi2 first falls to a value, between checkpoints linear in log chi2."""
    seen = [
        (c, s)
        for c, s in zip(trajectory.chi2, trajectory.weak_mode_share, strict=True)
        if c > 0 and np.isfinite(s)
    ]
    for (before, share_before), (after, share_after) in pairwise(seen):
        if before >= chi2 >= after and before > after:
            part = np.log(before / chi2) / np.log(before / after)
            return float(share_before + part * (share_after - share_before))
    return None
