"""evaluation.json: what the judge found of one fit, written and read back as one type."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sharpfit.errors import InputError
from sharpfit.judging.confidence import ErrorRatio
from sharpfit.judging.evaluate import AtBound, JudgedFit, NoiseLevel
from sharpfit.judging.findings import place
from sharpfit.judging.over_fitting import paired_error
from sharpfit.judging.weight_choice import ChosenWeight
from sharpfit.measuring.table import FIGURES, QUALITIES, Figures, Quality, unit, units


@dataclass(frozen=True)
class RegimeSettings:
    """How a fit was driven, as params.yaml says it; each part is a name and keyword arguments of it."""

    optimizer: Mapping[str, Any]
    schedule: Sequence[Mapping[str, Any]]
    start: str
    method: Mapping[str, Any] = field(default_factory=dict)
    """`solver` and `penalty` of a regime that names no optimizer"""

    @property
    def solver(self) -> str:
        """Name of the optimizer."""
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
            return f"stop at {self.picked_at} of {self.last_iteration}"
        as_good = f" ({self.weight.as_good})" if self.weight.as_good else ""
        return f"take {self.picked_at}{as_good}"

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
        settings=_settings(settings),
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


def write_evaluation(path: Path, evaluation: Evaluation) -> None:
    """Write indented JSON that holds null, never NaN."""
    content = _without_nan(_as_json(evaluation))
    path.write_text(
        json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )


def read_evaluation(path: Path) -> Evaluation:
    """Read evaluation.json; what an earlier version did not write is NaN or empty.

    Raises
    ------
    InputError
        when the file is missing, is no JSON, or lacks what every version wrote
    """
    try:
        return _evaluation(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no evaluation can be read ({error}); run the study again") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: is no evaluation ({error} is missing); run the study again") from error


def read_evaluations(files: Iterable[Path]) -> list[Evaluation]:
    """Read several, in the order given."""
    return [read_evaluation(file) for file in files]


def _as_json(evaluation: Evaluation) -> dict[str, Any]:
    noise = evaluation.noise
    bounds = {"lower": noise.lower, "upper": noise.upper}
    return {
        "scan": evaluation.scan,
        "regime": evaluation.regime,
        "optimizer": dict(evaluation.settings.optimizer),
        "schedule": list(evaluation.settings.schedule),
        "start": evaluation.settings.start,
        **evaluation.settings.method,
        "verdict": evaluation.verdict,
        "cause": evaluation.cause,
        "evidence": evaluation.evidence,
        "advice": evaluation.advice,
        "go_on": evaluation.go_on,
        "confidence": evaluation.confidence,
        "end_over_picked": asdict(evaluation.end_over_picked),
        "picked_iteration": evaluation.picked_iteration,
        "last_iteration": evaluation.last_iteration,
        "worst_slice": evaluation.worst_slice,
        "noise": {
            "sigma": noise.sigma,
            "relative_uncertainty": noise.relative_uncertainty,
            "given": noise.given,
            "check": noise.check,
            "at_bounds": {name: asdict(bound) for name, bound in bounds.items() if bound is not None},
        },
        "risk_noise": list(evaluation.risk_noise),
        "stopped_because": evaluation.stopped_because,
        "picked": _flat(evaluation.picked, evaluation.picked_quality),
        "last": _flat(evaluation.last, evaluation.last_quality),
        "trajectory": {name: getattr(evaluation.trajectory, name).tolist() for name in FIGURES}
        | {"nrmse": evaluation.nrmse.tolist()}
        | _path(evaluation),
        "units": units() | {"risk_noise": unit("risk")} | (_PATH_UNITS if evaluation.weights else {}),
        **({"weight": asdict(evaluation.weight)} if evaluation.weight else {}),
    }


_PATH_UNITS = {"weight": "σ", "risk_error": unit("risk")}


def _path(evaluation: Evaluation) -> dict[str, list[float]]:
    """Curves that a path of weights has besides."""
    curves = {"weight": evaluation.weights, "risk_error": evaluation.risk_error}
    return {name: list(values) for name, values in curves.items() if values}


def _flat(figures: Figures[float], quality: Quality) -> dict[str, float]:
    return asdict(figures) | {"iteration": int(figures.iteration)} | asdict(quality)


def _without_nan(value: object) -> object:
    """Replace every number that is not finite by None, at any depth."""
    if isinstance(value, Mapping):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def _evaluation(content: Mapping[str, Any]) -> Evaluation:
    ends = [
        content[end] | {"iteration": content[f"{end}_iteration"]}  # earlier versions wrote it there alone
        for end in ("picked", "last")
    ]
    along = content["trajectory"]
    unknown = [None] * len(along["iteration"])
    return Evaluation(
        scan=content["scan"],
        regime=content["regime"],
        settings=_settings(content),
        verdict=content["verdict"],
        cause=content["cause"],
        evidence=content["evidence"],
        advice=content["advice"],
        go_on=content.get("go_on", 0),
        confidence=_number(content.get("confidence")),
        end_over_picked=_ratio(content.get("end_over_picked", {})),
        worst_slice=content["worst_slice"],
        noise=_noise(content.get("noise", {})),
        risk_noise=tuple(map(_number, content.get("risk_noise", []))),
        stopped_because=content["stopped_because"],
        picked=_figures(ends[0]),
        last=_figures(ends[1]),
        picked_quality=_quality(ends[0]),
        last_quality=_quality(ends[1]),
        trajectory=Figures(**{name: np.array(along.get(name, unknown), float) for name in FIGURES}),
        nrmse=np.array(along.get("nrmse", unknown), float),
        weight=ChosenWeight(**content["weight"]) if content.get("weight") else None,
        weights=tuple(map(_number, along.get("weight", []))),
        risk_error=tuple(map(_number, along.get("risk_error", []))),
    )


def _settings(regime: Mapping[str, Any]) -> RegimeSettings:
    optimizer, schedule = regime.get("optimizer", {"name": ""}), regime.get("schedule", [])
    method = {name: regime[name] for name in ("solver", "penalty") if regime.get(name)}
    return RegimeSettings(optimizer, schedule, regime.get("start", ""), method)


def _ratio(ratio: Mapping[str, Any]) -> ErrorRatio:
    return ErrorRatio(*(_number(ratio.get(name)) for name in ("value", "lower", "upper")))


def _noise(noise: Mapping[str, Any]) -> NoiseLevel:
    bounds = noise.get("at_bounds", {})
    lower, upper = (AtBound(**bounds[end]) if end in bounds else None for end in ("lower", "upper"))
    sigma, given, uncertainty = (
        _number(noise.get(key)) for key in ("sigma", "given", "relative_uncertainty")
    )
    return NoiseLevel(sigma, given, uncertainty, noise.get("check", ""), lower, upper)


def _figures(content: Mapping[str, Any]) -> Figures[float]:
    return Figures(**{name: _number(content.get(name)) for name in FIGURES})


def _quality(content: Mapping[str, Any]) -> Quality:
    return Quality(**{name: _number(content.get(name)) for name in QUALITIES})


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)
