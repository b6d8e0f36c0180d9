"""From measures to a verdict: what happened along a record, why, and which iteration to keep.

The rules are read in order and the first that speaks gives the verdict: values that are not finite, frozen,
a loss that rises (unless J stayed low), over-fitting (or mixed, or not decided), under-fitted, and
otherwise what was gained.
"""

from dataclasses import dataclass

import numpy as np

from sharpfit.judging import diagnosis, divergence
from sharpfit.judging.confidence import ErrorRatio, confidence, error_ratio
from sharpfit.judging.curves import Curves
from sharpfit.judging.gain import gain
from sharpfit.judging.over_fitting import over_fitting, paired_error, stayed_low
from sharpfit.judging.record import Record
from sharpfit.judging.under_fitting import under_fitted
from sharpfit.judging.weight_choice import ChosenWeight, chosen_weight, of_path
from sharpfit.measuring.quorum import agreed_minimum


@dataclass(frozen=True)
class Judgement:
    """A verdict with its reasons; `picked` and `last` index the checkpoints.

    confidence: probability that the verdict is right, NaN where it says that it cannot tell; end_over_picked:
    the error at the end over that at the pick; go_on: see `Finding`.
    """

    verdict: str
    cause: str
    evidence: str
    advice: str
    go_on: int
    confidence: float
    end_over_picked: ErrorRatio
    picked: int
    last: int
    worst_slice: int
    weight: ChosenWeight | None = None


def judge(record: Record) -> Judgement:
    """Judge one scan × regime; non-finite measures must have been replaced by NaN."""
    curves = Curves(record)
    picked, last = pick(curves), len(record.iterations) - 1
    weight, end = None, last
    if record.weights and np.isfinite(record.weights[picked]):
        end = max(k for k, one in enumerate(record.weights) if one == record.weights[picked])
        weight = chosen_weight(curves, picked, np.hypot(*paired_error(curves, picked)))
    finding = (
        divergence.non_finite(record)
        or diagnosis.frozen(record)
        or (of_path(weight, curves, gain(curves, end)) if weight else None)
        or (None if stayed_low(curves, picked) or record.is_penalised else divergence.rising(record))
        or over_fitting(curves, picked)
        or under_fitted(curves)
        or gain(curves)
    )
    return Judgement(
        finding.verdict,
        finding.cause,
        finding.evidence,
        finding.advice,
        finding.go_on,
        confidence(finding.verdict, curves, picked, end),
        error_ratio(curves, picked),
        picked,
        last,
        _worst_slice(curves, picked),
        weight,
    )


def pick(curves: Curves) -> int:
    """Return the checkpoint that the middle one of the estimates picks, the start if none is finite."""
    return agreed_minimum(curves.estimates)


def _worst_slice(curves: Curves, picked: int) -> int:
    """Name the slice whose J rose most since the picked iteration, or is largest where none rose."""
    per_slice = curves.slice_risk.mean(-1)
    rise = np.nan_to_num(per_slice[-1] - per_slice[picked])
    return int(rise.argmax() if rise.max() > 0 else np.nan_to_num(per_slice[-1]).argmax())
