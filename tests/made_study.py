"""A made-up study in the files' fixed layout, so that report, compare and show are tested without a fit."""

import hashlib
import json
from pathlib import Path

import h5py
import numpy as np

ITERATIONS = np.array([0, 1, 2, 4, 8, 15, 30, 60])
SIGMA = 0.02
WEIGHTS = (None, 3.0, 2.0, 1.0, 0.7, 0.4, 0.2, 0.05)
"""Of a path: one for each checkpoint, in σ; the picked one, 0.4, is that of iteration 15."""


def phantom(size: int, n_slices: int = 1) -> np.ndarray:
    """Return a disc with holes, (slice, y, x) complex, marked at its top, smaller away from the middle."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    image = 1.0 * (x**2 + y**2 < 0.7) + 0.3 * x * (x**2 + y**2 < 0.7)
    for place in (-0.4, 0.0, 0.4):
        image[(x - place) ** 2 + y**2 < 0.015] = 0.2
    image[(abs(x) < 0.06) & (y < -0.5) & (y > -0.75)] = 0.1
    image = image * np.exp(0.3j * x)
    off_middle = [abs(slice - n_slices // 2) for slice in range(n_slices)]
    discs = [
        image * (x**2 + y**2 < 0.7 / (1 + 0.2 * off + 0.05 * slice)) for slice, off in enumerate(off_middle)
    ]
    return np.stack(discs).astype(np.complex64)


def blurred(image: np.ndarray, width: float) -> np.ndarray:
    """Return the image (slice, y, x) with a Gaussian of `width` pixels over it."""
    ky = np.fft.fftfreq(image.shape[-2])[:, None]
    kx = np.fft.fftfreq(image.shape[-1])[None, :]
    window = np.exp(-2 * (np.pi * width) ** 2 * (ky**2 + kx**2))
    return np.fft.ifft2(np.fft.fft2(image) * window)


def write_scan(path: Path, size: int, *, reference: bool, n_slices: int = 1) -> None:
    """Write results/preprocess/<scan>.h5 with what the report reads of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["mask"] = np.ones((size, size), dtype=bool)
        file["kspace"] = np.zeros((n_slices, 1, 1, 1), np.complex64)  # of which only the slices are counted
        if reference:
            file["reference"] = 50 * phantom(size, n_slices)
        file.attrs.update(sigma=SIGMA, image_scale=50.0, operator_norm=1.0, data_scale=50.0, acceleration=2.0)
        file.attrs.update(noise_source="made up", csm_source="made up", pixel_spacing_mm=[1.2, 1.2])
        file.attrs["units"] = json.dumps({"sigma": "fitted units"})


def write_fit(folder: Path, size: int, *, noise: float, seed: int, n_slices: int = 1) -> None:
    """Write reconstruction.h5 and history.csv: sharpening first, noise growing with the iteration."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    steps = len(ITERATIONS)
    images = np.zeros((steps, n_slices, size, size), dtype=np.complex64)
    grown = noise * ITERATIONS / ITERATIONS[-1]
    for index, iteration in enumerate(ITERATIONS[1:], start=1):
        shape = images.shape[1:]
        speckle = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
        images[index] = 50 * (
            blurred(phantom(size, n_slices), 3 / (1 + iteration / 4)) + grown[index] * speckle
        )
    rings = size // 2
    with h5py.File(folder / "reconstruction.h5", "w") as file:
        file["images"], file["iterations"] = images, ITERATIONS
        file["noise_map"] = np.broadcast_to(50 * grown[:, None, None, None], images.shape).astype(np.float32)
        file.attrs.update(sigma=SIGMA, n_real=2 * 8 * size * size, n_held_out=1000, image_scale=50.0)
        file.attrs.update(
            stopped_because="",
            is_finite=True,
            last_step=1e-3,
            travel_needed=2e-3,
            n_iterations_asked=60,
            seen_share=1.0,
        )
        file.attrs["regime"] = json.dumps({"optimizer": {"name": "Adam", "lr": 0.01}})
        _write_measures(file.create_group("measures"), grown, n_slices, size, rings)
        file["frc_counts"] = np.round(2 * np.pi * np.arange(rings)).astype(float)
    rows = ["iteration,lr,chi2,held_out,gradient_norm,step"]
    for step in range(int(ITERATIONS[-1]) + 1):
        chi2 = 0.95 + 700 * np.exp(-step / 4)
        held = 1.1 + 700 * np.exp(-step / 4) + noise * step / 60
        values = (
            step,
            0.01 * min(1, (step + 1) / 20),
            chi2,
            held,
            np.exp(-step / 9),
            0.01 if step else np.nan,
        )
        rows.append(",".join(str(value) for value in values))
    (folder / "history.csv").write_text("\n".join(rows) + "\n")


def _write_measures(group: h5py.Group, grown: np.ndarray, n_slices: int, size: int, rings: int) -> None:
    """Fill the group with curves of the shapes the interface fixes: (checkpoint, slice[, draw])."""
    ones = np.ones((len(grown), n_slices))
    decay = np.exp(-ITERATIONS / 4)[:, None] * ones
    n_real = 2 * 8 * size * size
    group["rss"] = n_real * SIGMA**2 * (0.95 + 700 * decay)
    group["gradient_norm"], group["image_norm"] = decay, size * (1 - decay)
    group["weak_mode_share"] = 0.3 * (1 - decay)
    group["held_out_rss"] = 1000 * SIGMA**2 * (1.1 + 700 * decay)
    variance = (size**2 * 2 * grown**2)[:, None, None] * ones[..., None]
    group["df"] = 0.05 * n_real * (1 - decay[..., None])
    group["v_data"], group["v_image"] = 0.8 * variance, variance
    group["cross_gradient"] = 40 * (1 - decay[..., None])
    group["gradient_energy"] = 40 * (1 - decay[..., None]) + 2 * variance
    ring = np.arange(rings) / rings
    group["frc"] = 1 / (1 + (0.1 + grown[:, None, None, None]) * 20 * ring**2) * ones[..., None, None]
    group["psf"] = np.zeros((len(grown), n_slices, 5, 5), dtype=np.complex64)


def write_evaluation(
    folder: Path, scan: str, regime: str, *, risk: float, nrmse: float | None, is_path: bool = False
) -> None:
    """Write evaluation.json with the keys the interface fixes."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = {
        "chi2": 1.2,
        "held_out": 1.3,
        "risk": risk,
        "surrogate_distance": risk,
        "noise_share": 0.2,
        "resolution": 1.5,
    }
    evaluation = {
        "scan": scan,
        "regime": regime,
        "verdict": "over-fitting",
        "cause": "noise",
        "evidence": "over-fitting since iteration 15: J rose 34 %, held-out 1.21 → 1.38",
        "picked_iteration": 15,
        "last_iteration": 60,
        "picked": figures | {"nrmse": nrmse},
        "last": figures | {"chi2": 0.95, "risk": 2 * risk, "nrmse": nrmse and 2 * nrmse},
        "trajectory": made_curves(risk),
        "worst_slice": 0,
        "advice": "stop at iteration 15",
        "units": {"risk": "squared fitted units", "nrmse": "relative"},
        "stopped_because": "",
        "risk_noise": [0.02, -0.02],
        "picked_risk_error": 0.02,
    }
    if is_path:
        evaluation["trajectory"] |= {"weight": list(WEIGHTS), "risk_error": [0.1 * risk] * 8}
        evaluation["weight"] = {"weight": 0.4, "lowest": 0.2, "highest": 0.7, "n_tried": 7}
    (folder / "evaluation.json").write_text(json.dumps(evaluation, indent=1))


def write_picked(file: Path, reconstruction: Path) -> None:
    """Write picked.h5: the image of checkpoint 5, iteration 15."""
    with h5py.File(reconstruction) as source, h5py.File(file, "w") as target:
        target["image"] = source["images"][5]


def made_curves(risk: float) -> dict[str, list[float | None]]:
    """Return the judge's curves: J falls until iteration 15, then rises; the noise share grows."""
    late = np.maximum(ITERATIONS - 15, 0) / 45
    fallen = np.exp(-ITERATIONS / 4)
    curves = {
        "iteration": ITERATIONS,
        "chi2": 0.95 + 700 * fallen,
        "held_out": 1.1 + 700 * fallen + 0.2 * late,
        "risk": risk * (1 + 50 * fallen + late),
        "cross_gradient": 40 * (1 - fallen),
        "noise_energy": 30 * late,
        "noise_share": np.minimum(late, 0.6),
        "weak_mode_share": 0.3 * (1 - fallen),
        "nrmse": 0.1 * (1 + 9 * fallen + late),
    }
    listed: dict[str, list[float | None]] = {name: values.tolist() for name, values in curves.items()}
    listed["noise_share"][0] = None
    return listed


def write_sidecar(root: Path, result: str, rule: str, params: dict, made_from: dict | None = None) -> None:
    """Write <result>.prov.json in the form the workflow writes, with what the comparison reads."""
    sidecar = {
        "fingerprint": rule,
        "spec": {
            "rule": rule,
            "params": params,
            "code": {"sharpfit/fit.py": "c" * 64},
            "made_from": made_from or {},
        },
        "results": {result: hashlib.sha256((root / result).read_bytes()).hexdigest()},
        "upstream": {},
        "recorded": {"device": "cpu", "versions": {"torch": "2.13.0"}},
    }
    (root / f"{result}.prov.json").write_text(json.dumps(sidecar, indent=1))


def write_sidecars(root: Path, scan: str, regime: str, *, lr: float = 0.01, raw: str = "r" * 64) -> None:
    """Write the sidecars of one fit and its scan; `raw` is the digest of the raw file."""
    settings = {"optimizer": {"name": "Adam", "lr": lr}}
    raw_file = {f"data/raw/{scan}.h5": f"sha256:{raw}"}
    scan_params = {"name": scan, "scan": {"file": f"data/raw/{scan}.h5"}, "held_out": {"seed": 11}}
    write_sidecar(root, f"results/preprocess/{scan}.h5", "preprocess", scan_params, raw_file)
    fit = f"results/reconstruct/{scan}/{regime}/reconstruction.h5"
    write_sidecar(root, fit, "reconstruct", {"regime": settings, "measures": {"seed": 7}})
    judged = {"name": scan, "regime_name": regime, "regime": settings}
    write_sidecar(root, f"results/evaluate/{scan}/{regime}/evaluation.json", "evaluate", judged)


def make_study(
    root: Path,
    scans: tuple[str, ...] = ("phantom_r2", "head_r4"),
    regimes: tuple[str, ...] = ("gradient_descent", "warmup"),
    *,
    size: int = 48,
    risk: float = 1.0,
    n_slices: int = 1,
    paths: tuple[str, ...] = (),
) -> Path:
    """Write a whole results folder under `root`; only the first scan has a reference. Return `root`.

    `paths` are the regimes whose checkpoints are weights of a penalty.
    """
    for scan in scans:
        reference = scan == scans[0]
        write_scan(root / f"results/preprocess/{scan}.h5", size, reference=reference, n_slices=n_slices)
        for place, regime in enumerate(regimes):
            fit = root / "results/reconstruct" / scan / regime
            write_fit(fit, size, noise=0.1 * (1 + place), seed=place, n_slices=n_slices)
            nrmse = 0.1 * (1 + place) * risk if reference else None
            judged = root / "results/evaluate" / scan / regime
            is_path = regime in paths
            write_evaluation(judged, scan, regime, risk=risk * (1 + place), nrmse=nrmse, is_path=is_path)
            write_picked(judged / "picked.h5", fit / "reconstruction.h5")
            write_sidecars(root, scan, regime)
    return root
