"""The cases of the study, each drawn from its split and index alone: a scan and a regime."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.files.reading import read_array
from sharpfit.physics import noise
from sharpfit.preparing.preprocess import preprocess
from sharpfit.simulation.simulate import simulate

SPLITS = {"tuning": 1, "validation": 2, "review": 3, "test": 4}
NOISE_LEVELS = (0.01, 0.03, 0.08)
SAMPLING = (
    None,
    None,
    {"pattern": "lines", "acceleration": 2},
    {"pattern": "lines", "acceleration": 3},
    {"pattern": "lines", "acceleration": 4},
    {"pattern": "lines", "acceleration": 6},
    {"pattern": "poisson", "acceleration": 2},
    {"pattern": "poisson", "acceleration": 3},
    {"pattern": "poisson", "acceleration": 4},
    {"pattern": "poisson", "acceleration": 6},
)
BRAINS = ("brain_8ch", "brain_4ch_mprage")


class Case(NamedTuple):
    """What is fitted, and how."""

    name: str
    scan: dict[str, Any]
    regime: dict[str, Any]
    penalty: dict[str, Any] | None
    """kind, weight / σ and lr of a proximal fit, which takes the optimizer's place"""
    seed: int


def draw_case(split: str, index: int, brains: bool) -> Case:
    """Draw case `index` of a split; `brains` says whether measured scans may be drawn."""
    rng = np.random.default_rng([SPLITS[split], index])
    objects = ("ellipses", "ellipses", "head", "head", *(BRAINS if brains else ("head", "ellipses")))
    sampling = SAMPLING[rng.integers(len(SAMPLING))]
    scan = {
        "object": str(rng.choice(objects)),
        "side": int(rng.choice([64, 80, 96])),
        "n_coils": int(rng.choice([4, 8, 8])),
        "noise_level": float(rng.choice(NOISE_LEVELS)),
        "noise_correlation": float(rng.choice([0.0, 0.2, 0.4])),
        "sampling": sampling and {**sampling, "n_calibration": 16, "seed": int(rng.integers(100))},
        "seed": int(rng.integers(1 << 30)),
    }
    if sampling and sampling["acceleration"] == 6:
        scan["n_coils"] = 8
    regime, penalty = _draw_regime(rng)
    return Case(f"{split}_{index:04d}", scan, regime, penalty, int(rng.integers(1 << 30)))


def _draw_regime(rng: np.random.Generator) -> tuple[dict[str, Any], dict[str, Any] | None]:
    kind = str(rng.choice(list(REGIMES), p=np.array(list(REGIMES.values())) / sum(REGIMES.values())))
    n = int(rng.choice([20, 50, 100, 150]))
    lr = float(rng.choice([0.003, 0.01, 0.03]))
    start = str(rng.choice(["zero", "zero", "zero_filled"]))
    adam: dict[str, Any] = {"name": "Adam", "lr": lr}
    schedule: list[dict[str, Any]] = []
    penalty = None
    if kind == "descent":
        n, start = int(rng.choice([3, 8, 20, 60, 150])), "zero"
        adam = {"name": "SGD", "lr": float(rng.choice([0.3, 1.0, 1.0, 1.5]))}
    elif kind == "momentum":
        adam = {"name": "SGD", "lr": 0.3, "momentum": 0.9}
    elif kind == "exponential":
        schedule = [{"name": "ExponentialLR", "gamma": float(rng.choice([0.9, 0.95, 0.99]))}]
    elif kind == "warmup":
        schedule = [{"name": "LinearLR", "start_factor": 0.02, "total_iters": max(n // 4, 1)}]
    elif kind == "warmup_cosine":
        up = max(n // 10, 1)
        schedule = [
            {"name": "LinearLR", "start_factor": 0.02, "total_iters": up, "until": up},
            {"name": "CosineAnnealingLR", "T_max": n - up},
        ]
    elif kind == "plateau":
        schedule = [{"name": "ReduceLROnPlateau", "factor": 0.5, "patience": 5, "threshold": 0.001}]
    elif kind == "frozen":
        adam, schedule, start = _frozen(rng)
    elif kind == "diverging":
        adam, schedule = _diverging(rng)
    elif kind in ("tv", "wavelet"):
        penalty = {"kind": kind, "weight": float(rng.choice([0.2, 0.6, 2.0])), "lr": 1.0}
        adam, start = {"name": "SGD", "lr": 1.0}, "zero"
    return {"optimizer": adam, "schedule": schedule, "start": start, "n_iterations": n}, penalty


REGIMES = {
    "descent": 4,
    "momentum": 1,
    "constant": 3,
    "exponential": 4,
    "warmup": 1,
    "warmup_cosine": 2,
    "plateau": 1,
    "frozen": 2.5,
    "diverging": 3,
    "tv": 3,
    "wavelet": 2,
}


def _frozen(rng: np.random.Generator) -> tuple[dict[str, Any], list[dict[str, Any]], str]:
    name = str(rng.choice(["Adam", "SGD"]))
    ways = [
        ({"name": name, "lr": 0.0}, [], "zero"),
        (
            {"name": name, "lr": 0.01},
            [{"name": "ConstantLR", "factor": 0.0, "total_iters": 10000}],
            "zero_filled",
        ),
        ({"name": name, "lr": 1e-30}, [], "zero_filled"),
    ]
    return ways[rng.integers(len(ways))]


def _diverging(rng: np.random.Generator) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    ways = [
        ({"name": "SGD", "lr": float(rng.choice([2.1, 2.5, 4.0]))}, []),
        ({"name": "SGD", "lr": 1.0, "momentum": 0.99}, [{"name": "ExponentialLR", "gamma": 1.05}]),
        ({"name": "SGD", "lr": 1.0}, [{"name": "ExponentialLR", "gamma": 1.1}]),
        ({"name": "Adam", "lr": 0.01}, [{"name": "ExponentialLR", "gamma": 1.2}]),
    ]
    return ways[rng.integers(len(ways))]


def make_scan(
    scan: dict[str, Any], data: Path | None
) -> tuple[dict[str, np.ndarray], dict[str, Any], np.ndarray]:
    """Preprocess the scan of a case.

    Returns:
        datasets and attributes of preprocess, and noise-free data (slice, coil, ky, kx) in fitted units
        (of a measured brain: as measured, before noise was added).
    """
    sampling = scan["sampling"]
    held_out = {"fraction": 0.08, "seed": 11}
    if scan["object"] in BRAINS:
        kspace, alone = _brain(scan["object"], scan["side"], data)
        raw = RawScan(kspace, scan["object"], "as known", noise=alone)
        added = {"level": scan["noise_level"], "seed": scan["seed"]}
        datasets, attrs = preprocess(raw, held_out=held_out, sampling_parameters=sampling, added_noise=added)
        clean = kspace
    else:
        side, level = scan["side"], scan["noise_level"]
        made = simulate(
            object=scan["object"],
            matrix=[side, side],
            n_coils=scan["n_coils"],
            noise_level=level,
            noise_correlation=scan["noise_correlation"],
            seed=scan["seed"],
        )
        alone = FileArray(made.noise, "noise scan", ("coil", "sample"))
        raw = RawScan(made.kspace, scan["object"], "as known", noise=alone, noise_free=made.noise_free)
        datasets, attrs = preprocess(raw, held_out=held_out, sampling_parameters=sampling)
        clean = made.noise_free
    white = noise.whiten(noise.whitener(datasets["noise_cov"]), clean)
    fitted = np.where(datasets["mask"], attrs["data_scale"] * white, 0).astype(np.complex64)
    return datasets, attrs, fitted


def _brain(name: str, side: int, data: Path | None) -> tuple[np.ndarray, FileArray]:
    """The middle `side` × `side` samples of a measured scan, (1, coil, ky, kx), and its corners as noise."""
    if data is None:
        raise ValueError(f"{name} needs --data")
    if name == "brain_8ch":
        values = read_array(data / name / "full.cfl", "bart").values.squeeze()
        coil_first = np.moveaxis(values, int(np.argmin(values.shape)), 0)
    else:
        values = read_array(data / name / "MPRAGE_multi_channel.mat", "matlab", "kData").values.squeeze()
        coil_first = np.moveaxis(values, int(np.argmin(values.shape)), 0)
    window = tuple(slice(n // 2 - side // 2, n // 2 + side // 2) for n in coil_first.shape[1:])
    y, x = (np.abs(np.arange(n) - n // 2) / (n / 2) for n in coil_first.shape[1:])
    corners = coil_first[:, np.hypot(y[:, None], x[None, :]) > 1.2]
    scan = np.ascontiguousarray(coil_first[:, *window], np.complex64)[None]
    return scan, FileArray(corners, f"corners of {name}", ("coil", "sample"))
