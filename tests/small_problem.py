"""A small undersampled multi-coil problem with a known image, for the tests of the fit."""

from dataclasses import dataclass

import numpy as np
import torch

from sharpfit.fitting.objective import Problem
from sharpfit.fitting.surrogate import surrogate
from sharpfit.physics.operators import Coils, Fourier, Sampling

CPU = torch.device("cpu")
SGD = {"optimizer": {"name": "SGD", "lr": 1.0}, "start": "zero", "n_iterations": 20}
ADAM = {"optimizer": {"name": "Adam", "lr": 0.01}, "start": "zero", "n_iterations": 20}
MEASURES = {"n_checkpoints": 8, "n_replicas": 1, "seed": 3}


@dataclass
class Small:
    """What preprocess would hand to reconstruct, with the image it came from."""

    scan: dict[str, np.ndarray]
    attrs: dict[str, float]
    truth: np.ndarray

    def problem(
        self,
        *,
        n_draws=1,
        seed=3,
        device=CPU,
        model_errs=False,
        may_threshold=False,
        measured_noise=None,
        scratch=None,
        **changed,
    ):
        assert changed.keys() <= self.scan.keys()
        scan = {**self.scan, **changed}
        return Problem(
            scan["kspace"],
            scan["csm"],
            scan["mask"],
            scan["held_out_mask"],
            scan["support"],
            self.attrs["sigma"],
            n_draws=n_draws,
            seed=seed,
            device=device,
            model_errs=model_errs,
            may_threshold=may_threshold,
            measured_noise=measured_noise,
            surrogate=scan.get("surrogate"),
            scratch=scratch,
        )


def small(shape=(24, 20), n_coils=4, n_slices=1, acceleration=2, sigma=0.05, seed=0) -> Small:
    """Blocks of constant intensity under smooth maps, lines in ky, white noise."""
    rng = np.random.default_rng(seed)
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    corners = [(np.cos(a), np.sin(a)) for a in 2 * np.pi * np.arange(n_coils) / n_coils]
    maps = np.stack(
        [np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 3 + 1j * (cy * x - cx * y)) for cy, cx in corners]
    )
    maps /= np.linalg.norm(maps, axis=0)
    truth = np.stack([(y**2 + x**2 < 0.7) + 0.5 * (abs(y - 0.1 * s) + abs(x) < 0.4) for s in range(n_slices)])
    mask = np.zeros(shape, bool)
    mask[::acceleration] = True
    mask[shape[0] // 2 - 3 : shape[0] // 2 + 3] = True
    held_out = mask & (rng.random(shape) < 0.08)
    held_out[shape[0] // 2 - 3 : shape[0] // 2 + 3] = False
    csm = np.repeat(maps[None], n_slices, 0).astype(np.complex64)
    A = Sampling(torch.from_numpy(mask)) @ Fourier() @ Coils(torch.from_numpy(csm))
    noise = sigma * rng.standard_normal((*csm.shape, 2)).view(np.complex128)[..., 0]
    clean = A(torch.from_numpy(truth.astype(np.complex64))).numpy()
    kspace = (clean + noise * mask).astype(np.complex64)
    scan = {"kspace": kspace, "csm": csm, "mask": mask, "held_out_mask": held_out, "support": truth > 0}
    scan["surrogate"] = surrogate(scan, sigma)
    return Small(scan, {"sigma": sigma, "image_scale": 1.0}, truth)
