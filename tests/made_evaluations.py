"""Evaluations with a few figures known and every other one NaN."""

import numpy as np

from sharpfit.judging.confidence import ErrorRatio
from sharpfit.judging.evaluate import NoiseLevel
from sharpfit.measuring.table import FIGURES, QUALITIES, Figures, Quality
from sharpfit.results.evaluation import Evaluation, RegimeSettings

ADAM = {"name": "Adam", "lr": 0.01}


def made_evaluation(
    regime="constant", *, picked=None, last=None, along=None, optimizer=ADAM, schedule=(), **changes
) -> Evaluation:
    """`picked`, `last` and `along` hold the figures that are known."""
    ends = [{"iteration": 15, **(picked or {})}, {"iteration": 60, **(last or {})}]
    known = {
        "scan": "head",
        "regime": regime,
        "settings": RegimeSettings(optimizer, schedule, "zero"),
        "verdict": "sharper",
        "cause": "",
        "evidence": "sharper: it grew",
        "advice": "",
        "go_on": 0,
        "confidence": 0.9,
        "end_over_picked": ErrorRatio(1.5, 1.4, 1.6),
        "worst_slice": 0,
        "noise": NoiseLevel(0.02, 0.02, np.nan, "agrees"),
        "risk_noise": (),
        "picked_risk_error": np.nan,
        "seen_share": 1.0,
        "stopped_because": "",
        "picked": Figures(**{name: ends[0].get(name, np.nan) for name in FIGURES}),
        "last": Figures(**{name: ends[1].get(name, np.nan) for name in FIGURES}),
        "picked_quality": Quality(**{name: ends[0].get(name, np.nan) for name in QUALITIES}),
        "last_quality": Quality(**{name: ends[1].get(name, np.nan) for name in QUALITIES}),
        "trajectory": Figures(**{name: np.array((along or {}).get(name, []), float) for name in FIGURES}),
        "nrmse": np.array((along or {}).get("nrmse", []), float),
    }
    return Evaluation(**{**known, **changes})
