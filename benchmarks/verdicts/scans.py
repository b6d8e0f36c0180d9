"""The scans of the study: physics drawn at random, and the truth they were made from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter, zoom
from skimage import color, data

from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics.kspace import to_images, to_kspace
from sharpfit.simulation.simulate import simulate

PICTURES = ("camera", "coins", "brick", "chelsea", "moon", "astronaut")
SAMPLINGS = [None, None, *({"pattern": "lines", "acceleration": r} for r in (2, 2, 3, 4, 6))]
SAMPLINGS += [{"pattern": "poisson", "acceleration": r} for r in (2, 3, 4, 6)]
FINER = 2  # pictures and bars are made on a grid this much finer, so that k-space is no crime of the model


@dataclass(frozen=True)
class ScanCase:
    """What a scan is made from; `stated` is the noise level told, over the true one, NaN: a noise scan."""

    object: str
    shape: tuple[int, int]
    n_coils: int
    n_slices: int
    noise: float
    correlation: float
    own_maps: bool
    sampling: dict[str, Any] | None
    stated: float
    seed: int
    n_averages: int


def draw_scan(rng: np.random.Generator) -> ScanCase:
    """Draw a scan: every number from its own range; R is no larger than the coils allow."""
    sides = rng.integers(44, 84, 2)
    n_coils = int(rng.choice([1, 2, 4, 8, 16, 32], p=[0.12, 0.1, 0.2, 0.38, 0.12, 0.08]))
    sampling = SAMPLINGS[rng.integers(len(SAMPLINGS))]
    if sampling and sampling["acceleration"] > max(2, n_coils):
        sampling = {**sampling, "acceleration": 2}
    if sampling:
        sampling = {**sampling, "n_calibration": 16, "seed": int(rng.integers(100))}
    return ScanCase(
        object=str(rng.choice(["ellipses", "head", "bars", *PICTURES], p=[0.2, 0.25, 0.13, *[0.07] * 6])),
        shape=(int(sides[0]), int(sides[1])),
        n_coils=n_coils,
        n_slices=int(rng.choice([1, 1, 1, 1, 2])),
        noise=float(np.exp(rng.uniform(np.log(0.002), np.log(0.1)))),
        correlation=float(rng.choice([0.0, 0.3])),
        own_maps=bool(rng.random() < 0.5),
        sampling=sampling,
        stated=float(rng.choice([np.nan, np.nan, np.nan, 1.0, 0.8, 1.2])),
        seed=(seed := int(rng.integers(1 << 30))),
        n_averages=int(np.random.default_rng([seed, 1]).choice([1, 1, 1, 1, 2, 3])),
    )


def make_scan(case: ScanCase) -> tuple[RawScan, float | None]:
    """Make the raw scan, its noise-free twin, and the noise level to state (None: a noise scan tells)."""
    if case.object in ("ellipses", "head"):
        clean, maps = _simulated(case)
    else:
        maps = np.repeat(biot_savart(case.shape, case.n_coils)[None], case.n_slices, 0)
        clean = np.stack([coil_kspace(_picture(case, i), case) for i in range(case.n_slices)])
    rng = np.random.default_rng(case.seed)
    brightness = np.percentile(np.linalg.norm(to_images(clean), axis=1), 99)
    std = case.noise * float(brightness)
    steps = np.subtract.outer(np.arange(case.n_coils), np.arange(case.n_coils))
    root = np.linalg.cholesky(case.correlation ** np.abs(steps) * np.exp(0.5j * steps) + 0j)

    def noise(*shape: int) -> np.ndarray:
        drawn = rng.standard_normal((*shape, 2)).view(complex)[..., 0]
        return std * np.einsum("ij,...jk->...ik", root, drawn)

    averages = np.stack(
        [
            clean + np.sqrt(case.n_averages) * noise(*clean.shape[:2], clean[0, 0].size).reshape(clean.shape)
            for _ in range(case.n_averages)
        ]
    )
    raw = RawScan(
        averages.mean(0).astype(np.complex64),
        case.object,
        "as known",
        noise=None if np.isfinite(case.stated) else FileArray(noise(case.n_coils, 4096), "noise", None),
        noise_free=clean,
        averages=averages.astype(np.complex64) if case.n_averages > 1 else None,
        csm=FileArray(maps, "maps", ("slice", "coil", "y", "x")) if case.own_maps else None,
    )
    return raw, case.stated * std if np.isfinite(case.stated) else None


def _simulated(case: ScanCase) -> tuple[np.ndarray, np.ndarray]:
    made = simulate(
        object=case.object,
        matrix=list(case.shape),
        n_coils=case.n_coils,
        noise_level=0.01,
        noise_correlation=0.0,
        seed=0,
    )
    dimmed = [made.noise_free[0] * (1 - 0.4 * i) for i in range(case.n_slices)]
    return np.stack(dimmed), np.repeat(made.csm, case.n_slices, 0)


def _picture(case: ScanCase, i: int) -> np.ndarray:
    """Return a picture or bars on the finer grid, with a smooth phase; pictures fill the frame."""
    rng = np.random.default_rng((case.seed, i))
    shape = [FINER * side for side in case.shape]
    y, x = (np.linspace(-1, 1, n) for n in shape)
    if case.object == "bars":
        widths = np.floor(6 * (1 + y[:, None])) + 2
        image = (np.abs(x) < 0.8) * (np.abs(y[:, None]) < 0.8) * (0.3 + 0.7 * (np.sin(widths * 9 * x) > 0))
    else:
        picture = getattr(data, case.object)()
        grey = color.rgb2gray(picture) if picture.ndim == 3 else picture / 255
        image = zoom(grey, [n / m for n, m in zip(shape, grey.shape, strict=True)], order=1)
    phase = gaussian_filter(rng.standard_normal(shape), 0.3 * min(shape), mode="wrap")
    return image * np.exp(1j * phase / max(np.abs(phase).max(), 1e-9))


def coil_kspace(image: np.ndarray, case: ScanCase) -> np.ndarray:
    """k-space of all coils (coil, ky, kx) from an image on the finer grid: the central samples of its own."""
    fine = to_kspace(biot_savart(image.shape, case.n_coils) * image)
    starts = [n // 2 - side // 2 for n, side in zip(image.shape, case.shape, strict=True)]
    window = tuple(slice(start, start + side) for start, side in zip(starts, case.shape, strict=True))
    return fine[:, *window] / FINER


def biot_savart(shape: tuple[int, ...], n_coils: int) -> np.ndarray:
    """Σ|S|² = 1 maps of loops on a cylinder around the object, complex (coil, y, x); ones for a single coil.

    Each loop, of radius 0.5 at distance 1.6 (half the field of view is 1), is cut into 40 pieces of wire; its
    receive field is Bx − i By.
    """
    if n_coils == 1:
        return np.ones((1, *shape), complex)
    y, x = np.meshgrid(*((np.arange(n) - n // 2) / (n / 2) for n in shape), indexing="ij")
    maps = []
    for angle in 2 * np.pi * np.arange(n_coils) / n_coils:
        out, along = np.array([np.cos(angle), np.sin(angle), 0]), np.array([-np.sin(angle), np.cos(angle), 0])
        turn = 2 * np.pi * np.arange(40) / 40
        wire = 1.6 * out + 0.5 * (np.outer(np.cos(turn), along) + np.outer(np.sin(turn), [0, 0, 1]))
        piece = np.roll(wire, -1, 0) - wire
        away = np.stack([x, y, 0 * x], -1)[..., None, :] - wire
        field = np.cross(piece, away) / np.linalg.norm(away, axis=-1, keepdims=True) ** 3
        total = field.sum(-2)
        maps.append(total[..., 0] - 1j * total[..., 1])
    stacked = np.stack(maps)
    return stacked / np.linalg.norm(stacked, axis=0)
