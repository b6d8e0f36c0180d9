"""A problem small enough for matrices: two slices, two draws, not square, an object off the centre."""

from dataclasses import dataclass

import numpy as np
import torch
from small_problem import CPU, Small, small

from sharpfit.fitting.objective import Problem
from sharpfit.physics.operators import Coils, Fourier, Sampling

SHAPE = (14, 11)
N_PIXELS = SHAPE[0] * SHAPE[1]
N_DRAWS = 2
SIGMA = 0.05
SEED = 3
IMAGE = (-2, -1)


def dense_case(kind="points") -> Small:
    """Blocks in a corner, another image in each slice, sampled at points or along lines of ky or kx.

    ``both``: lines in the first slice, points in the second; ``two of lines``: in each lines of its own.
    """
    case = small(SHAPE, n_coils=3, n_slices=2, sigma=SIGMA)
    rng = np.random.default_rng(7)
    truth = np.zeros((2, *SHAPE), complex)
    truth[:, 1:6, 2:9] = 0.8
    truth[:, 2:4, 6:8] = 0.3 + 0.5j
    truth[1, 4:9, 1:4] += 1j
    if kind in ("both", "two of lines"):
        chosen = [_masks("ky lines", rng), _masks("points" if kind == "both" else "fewer lines", rng)]
        mask, held_out = (np.stack(parts) for parts in zip(*chosen, strict=True))
    else:
        mask, held_out = _masks(kind, rng)
    maps = case.scan["csm"] * np.exp(1j * rng.random((2, 3, 1, 1)))  # other maps in each slice
    case.scan |= {"mask": mask, "held_out_mask": held_out, "csm": maps.astype(np.complex64)}
    case.scan["support"] = np.roll(np.abs(truth) > 0, -1, axis=-2)
    clean = np.stack([matrix(case, i) @ truth[i].ravel() for i in range(2)]).reshape(maps.shape)
    noise = SIGMA * (rng.standard_normal(clean.shape) + 1j * rng.standard_normal(clean.shape))
    case.scan["kspace"] = (clean + noise * (mask if mask.ndim == 2 else mask[:, None])).astype(np.complex64)
    case.truth, case.attrs = truth, {"sigma": SIGMA, "image_scale": 3.5}
    return case


def _masks(kind: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """What is sampled, and what of it is held out."""
    mask = np.zeros(SHAPE, bool)
    mask[5:9, 3:8] = True
    mask |= {
        "points": rng.random(SHAPE) < 0.6,
        "ky lines": np.broadcast_to((np.arange(14) % 2 == 0)[:, None] | mask.any(1)[:, None], SHAPE),
        "fewer lines": np.broadcast_to((np.arange(14) % 3 == 0)[:, None] | mask.any(1)[:, None], SHAPE),
        "kx lines": np.broadcast_to((np.arange(11) % 2 == 0) | mask.any(0), SHAPE),
    }[kind]
    held_out = mask & (rng.random(SHAPE) < 0.15)
    held_out[5:9, 3:8] = False
    return mask, held_out


def of_slice(case: Small, name: str, i: int) -> np.ndarray:
    """One slice's mask or held_out_mask, (ky, kx)."""
    return np.broadcast_to(case.scan[name], (2, *SHAPE))[i]


def matrix(case: Small, i: int, mask=None) -> np.ndarray:
    """A of slice i, (coil · ky · kx, y · x), rows of 0 where nothing is sampled."""
    csm = torch.from_numpy(case.scan["csm"][i].astype(complex))
    sampled = torch.from_numpy(of_slice(case, "mask", i).copy() if mask is None else mask)
    A = Sampling(sampled) @ Fourier() @ Coils(csm)
    units = torch.eye(N_PIXELS, dtype=torch.complex128).reshape(-1, *SHAPE)
    return A(units).reshape(N_PIXELS, -1).numpy().T


def centred(problem: Problem, i: int, staged: torch.Tensor) -> np.ndarray:
    """Staged samples (…, coil, …) of slice i as k-space, flat over coil, ky and kx."""
    encoding = problem._slices[i].A.encoding
    samples = (staged.mT if encoding._transposed else staged).to(torch.complex128)
    full = [axis for axis in IMAGE if axis not in encoding._varying]
    samples = torch.fft.fftn(samples, dim=full, norm="ortho") if full else samples
    return torch.fft.fftshift(samples, dim=IMAGE).flatten(-3).numpy()


@dataclass
class DenseFit:
    """Gradient descent from zero on every item of a slice, with matrices and in double precision."""

    A: np.ndarray
    data: np.ndarray
    """(item, sample), the held-out item's last: 0 where it must not look"""
    w: np.ndarray
    """(draw, sample), of unit variance per component; measured noise last"""
    sketches: np.ndarray
    """(probe, pixel), Aᴴb of further noise"""
    x: np.ndarray
    """(item, pixel)"""
    halves: tuple[np.ndarray, np.ndarray]
    """x(y + σ w) and x(y − σ w), refitted: (draw, pixel) each"""
    fitted: np.ndarray
    """A of the held-out item"""


def dense_fit(case: Small, problem: Problem, i: int, rates) -> DenseFit:
    """Take the replicas' noise out of the problem, check the data, and fit slice i with the rates given."""
    A, part = matrix(case, i), problem._slices[i]
    mask, held_out = (of_slice(case, name, i) for name in ("mask", "held_out_mask"))
    sampled = np.broadcast_to(mask, (3, *SHAPE)).ravel()
    y = case.scan["kspace"][i].ravel().astype(complex)
    staged = centred(problem, i, samples(problem, i))
    step = problem.replicas.step * SIGMA
    w = (staged[1:] - y) / step
    kept = np.broadcast_to(~held_out, (3, *SHAPE)).ravel()
    data = np.concatenate([y[None], y + step * w, (y * kept)[None]])
    np.testing.assert_allclose(staged, data[:-1], atol=2e-6)
    np.testing.assert_allclose(staged[:, ~sampled], 0, atol=1e-6)
    fitted = matrix(case, i, mask & ~held_out)
    x = descend(A, data[:-1], rates), descend(fitted, data[-1:], rates)
    halves = descend(A, y + SIGMA * w, rates), descend(A, y - SIGMA * w, rates)
    sketches = problem.unstage(part.data.replicate().sketch_adjoint).flatten(1).numpy()
    return DenseFit(A, data, w, sketches, np.concatenate(x), halves, fitted)


def samples(problem: Problem, i: int):
    """Every item's staged samples of slice i, but the held-out one's."""
    return torch.cat([problem._slices[i].data.samples(item) for item in range(problem.replicas.n_full)])


def descend(A, data, rates):
    """x ← x − rate · Aᴴ(A x − y), from 0: (item, sample) → (item, pixel)."""
    x = np.zeros((len(data), A.shape[1]), complex)
    for rate in rates:
        x = x - rate * (x @ A.T - data) @ A.conj()
    return x


def dense_problem(case: Small, **options) -> Problem:
    """The product's own."""
    return case.problem(n_draws=N_DRAWS, seed=SEED, device=CPU, **options)


def measured_noise(case: Small) -> np.ndarray:
    """Noise of the data's level where they are sampled, (slice, coil, ky, kx)."""
    rng = np.random.default_rng(11)
    shape = case.scan["kspace"].shape
    noise = SIGMA * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape))
    return np.where(case.scan["kspace"] != 0, noise, 0).astype(np.complex64)
