"""evaluation.json: an `Evaluation`, written and read back."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from sharpfit.errors import InputError
from sharpfit.files import regular_file
from sharpfit.judging.confidence import ErrorRatio
from sharpfit.judging.evaluate import AtBound, NoiseLevel
from sharpfit.judging.weight_choice import ChosenWeight
from sharpfit.measuring.table import FIGURES, QUALITIES, Figures, Quality, unit, units
from sharpfit.results.evaluation import Evaluation, RegimeSettings


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
        return _evaluation(json.loads(regular_file.read_bytes(path)))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the study again") from None
    except OSError as error:
        raise InputError(
            f"{path}: no evaluation can be read ({error.strerror}); run the study again"
        ) from error
    except (ValueError, RecursionError) as error:
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
        "picked_risk_error": evaluation.picked_risk_error,
        "seen_share": evaluation.seen_share,
        "stopped_because": evaluation.stopped_because,
        "picked": _flat(evaluation.picked, evaluation.picked_quality),
        "last": _flat(evaluation.last, evaluation.last_quality),
        "trajectory": {name: getattr(evaluation.trajectory, name).tolist() for name in FIGURES}
        | {"nrmse": evaluation.nrmse.tolist()}
        | _path(evaluation),
        "units": units()
        | dict.fromkeys(("risk_noise", "picked_risk_error"), unit("risk"))
        | (_PATH_UNITS if evaluation.weights else {}),
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
        settings=RegimeSettings.of(content),
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
        picked_risk_error=_number(content.get("picked_risk_error")),
        seen_share=_number(content.get("seen_share")),
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
