"""What the judge found of one fit, as one type that everything after the judge reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sharpfit.judging import thresholds
from sharpfit.judging.confidence import ErrorRatio
from sharpfit.judging.evaluate import JudgedFit, NoiseLevel
from sharpfit.judging.findings import place
from sharpfit.judging.over_fitting import paired_error, standard_error
from sharpfit.judging.weight_choice import ChosenWeight
from sharpfit.measuring.table import Figures, Quality

STILL = 1e-3
"""Loss and J that change by less of themselves are those of one image."""


@dataclass(frozen=True)
class RegimeSettings:
    """How a fit was driven, as params.yaml says it; each part is a name and keyword arguments of it."""

    optimizer: Mapping[str, Any]
    schedule: Sequence[Mapping[str, Any]]
    start: str
    method: Mapping[str, Any] = field(default_factory=dict)
    """`solver` and `penalty` of a regime that names no optimizer"""

    @classmethod
    def of(cls, regime: Mapping[str, Any]) -> RegimeSettings:
        """Take them from a regime's entry in params.yaml, or from an evaluation.json that repeats it."""
        optimizer, schedule = regime.get("optimizer", {"name": ""}), regime.get("schedule", [])
        method = {name: regime[name] for name in ("solver", "penalty") if regime.get(name)}
        return cls(optimizer, schedule, regime.get("start", ""), method)

    @property
    def optimizer_name(self) -> str:
        """Class of the optimizer; empty where a regime names a solver instead."""
        return str(self.optimizer["name"])


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What the judge found of one fit. Figures and qualities are NaN where undefined.

    Attributes
    ----------
    scan, regime, settings
        which fit it is
    verdict, cause, evidence, advice
        in words, as the judge says them; cause and advice may be empty
    go_on
        for how many iterations the advice is to go on, 0 where it is not
    confidence
        probability that the verdict is right; NaN where it says that it cannot tell
    end_over_picked
        the error at the end over that at the pick
    worst_slice
        counted from 0
    noise
        the noise level and what hangs on it
    risk_noise
        draws of what the data's noise adds to J of the picked image, the same draws for all fits of a scan
    picked_risk_error
        standard error of that J, of the data's noise and of the replicas'
    seen_share
        share of the object's modes whose errors J sees
    stopped_because
        empty where the fit ran to its end
    picked, last
        the figures at the picked and the last checkpoint
    picked_quality, last_quality
        what the reference says of those images
    trajectory
        the figures along all checkpoints
    nrmse
        the error against the reference along them, (checkpoint,)
    weight, weights
        where the judge chose a penalty's weight: the choice, and the weight of every checkpoint
    risk_error
        the same there: standard error of every checkpoint's J minus that of the picked one, (checkpoint,)
    """

    scan: str
    regime: str
    settings: RegimeSettings
    verdict: str
    cause: str
    evidence: str
    advice: str
    go_on: int
    confidence: float
    end_over_picked: ErrorRatio
    worst_slice: int
    noise: NoiseLevel
    risk_noise: tuple[float, ...]
    picked_risk_error: float
    seen_share: float
    stopped_because: str
    picked: Figures[float]
    last: Figures[float]
    picked_quality: Quality
    last_quality: Quality
    trajectory: Figures[np.ndarray]
    nrmse: np.ndarray
    weight: ChosenWeight | None = None
    weights: tuple[float, ...] = ()
    risk_error: tuple[float, ...] = ()

    @property
    def leaves_modes_out(self) -> bool:
        """Whether so many modes are not seen that J's standard error says little of how far J may be off."""
        return self.seen_share < thresholds.SEEN

    @property
    def squared_error(self) -> float:
        """The picked image's squared error as it is told, fitted units; NaN or below 0 where not known.

        J, or, where that leaves modes out, the most that an estimate says: of such a J little more than the
        difference from another fit's is known, and the distance from the surrogate sees all modes.
        """
        picked = self.picked
        if not self.leaves_modes_out:
            return picked.risk
        return float(np.fmax(picked.risk, np.fmax(picked.v_image, picked.surrogate_distance)))

    def at(self, checkpoint: int) -> str:
        """Name a checkpoint: by its iteration, on a path of weights by its weight."""
        weight = self.weights[checkpoint] if self.weights else np.nan
        if self.weights and np.isnan(weight):
            return "start"
        return place(self.trajectory.iteration[checkpoint], weight)

    @property
    def picked_at(self) -> str:
        """Where the picked image stands: iteration 12, or weight 0.4 σ."""
        return place(self.picked_iteration, self.weight.weight if self.weight else np.nan)

    @property
    def where_to_stop(self) -> str:
        """Which image to take, in words."""
        if self.weight is None and self.picked_iteration == self.last_iteration:
            return f"take its last image, at {self.picked_at}"
        if self.weight is None:
            still = ", after which nothing moved" if self.stood_still else ""
            return f"stop at {self.picked_at} of {self.last_iteration}{still}"
        as_good = f" ({self.weight.as_good} σ as good)" if self.weight.as_good else ""
        return f"take {self.picked_at}{as_good}"

    @property
    def stood_still(self) -> bool:
        """Whether the last image is the picked one, by loss and J, although a fit went on after it."""
        if self.weight is not None or self.picked_iteration == self.last_iteration:
            return False
        picked, last = ((one.chi2, one.risk) for one in (self.picked, self.last))
        return bool(np.allclose(picked, last, rtol=STILL, atol=0))

    @property
    def picked_iteration(self) -> int:
        """Where the judge would have stopped."""
        return int(self.picked.iteration)

    @property
    def last_iteration(self) -> int:
        """Where the fit ended."""
        return int(self.last.iteration)


def as_evaluation(judged: JudgedFit, scan: str, regime: str, settings: Mapping[str, Any]) -> Evaluation:
    """Name a judged fit. `settings` is the regime's entry in params.yaml."""
    judgement, curves = judged.judgement, judged.curves
    return Evaluation(
        scan=scan,
        regime=regime,
        settings=RegimeSettings.of(settings),
        verdict=judgement.verdict,
        cause=judgement.cause,
        evidence=judgement.evidence,
        advice=judgement.advice,
        go_on=judgement.go_on,
        confidence=judgement.confidence,
        end_over_picked=judgement.end_over_picked,
        worst_slice=judgement.worst_slice,
        noise=judged.noise,
        risk_noise=tuple(curves.risk_noise[judgement.picked].tolist()),
        picked_risk_error=float(standard_error(curves)[judgement.picked]),
        seen_share=curves.record.seen_share,
        stopped_because=curves.record.stopped_because,
        picked=curves.at(judgement.picked),
        last=curves.at(judgement.last),
        picked_quality=judged.picked_quality,
        last_quality=judged.last_quality,
        trajectory=curves.along(),
        nrmse=judged.nrmse,
        weight=judgement.weight,
        weights=curves.record.weights,
        risk_error=_risk_error(judged) if curves.record.weights else (),
    )


def _risk_error(judged: JudgedFit) -> tuple[float, ...]:
    error = np.hypot(*paired_error(judged.curves, judged.judgement.picked))
    return tuple(np.asarray(error, float).tolist())
