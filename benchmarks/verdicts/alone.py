"""The main item of a fit alone, without replicas: what a plain loop of the same solver does."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sharpfit.files.raw_scan import RawScan
from sharpfit.fitting.preprocessed import Preprocessed, shown
from sharpfit.fitting.solving import Objective, make_penalty, make_solver
from sharpfit.physics import noise
from sharpfit.physics.acquisition import acquisition
from sharpfit.physics.encoding import SAMPLES
from sharpfit.physics.norms import energy


class Alone:
    """A preprocessed scan under one regime, fitted to what ``mask`` keeps of its samples.

    Attributes
    ----------
    A
        the model of the samples fitted
    y
        those samples, in the layout of ``A``
    kspace_shape
        (slice, coil, ky, kx)
    support
        bool (slice, y, x), the object
    """

    def __init__(
        self,
        datasets: dict[str, np.ndarray],
        sigma: float,
        regime: dict[str, Any],
        kept: np.ndarray | bool = True,
    ) -> None:
        scan = Preprocessed.of({**datasets, "mask": datasets["mask"] & kept})
        self._datasets, self._regime, self.support = datasets, regime, scan.support
        self.A = acquisition(torch.from_numpy(scan.csm), torch.from_numpy(scan.mask))
        self.kspace_shape = scan.kspace.shape
        self.y = self.A.encoding.stage(torch.from_numpy(scan.kspace))
        self._weight = regime["penalty"]["weight"] * sigma if "penalty" in regime else 0.0

    def images(self, at: list[int], y: Tensor | None = None) -> Iterator[np.ndarray]:
        """Fitted images (slice, y, x) at some iterations, fitted units; of other samples ``y`` if given."""
        A, y = self.A, self.y if y is None else y
        back = A.adjoint(y)[None]
        start = torch.zeros_like(back)
        if self._regime["start"] == "zero_filled":
            start = back * (back.abs().square().sum() / A(back).abs().square().sum())
        objective = Objective(A.gram, y[None], make_penalty(self._regime), self._weight)
        solver = make_solver(self._regime, objective, start)
        for t in range(at[-1] + 1):
            if t in at:
                yield A.image(solver.c.detach())[0].numpy().copy()
            residual = A(solver.c.detach()) - y
            solver.step(A.adjoint(residual), residual.abs().square().sum((-3, -2, -1)))

    def misfit(self, image: np.ndarray) -> float:
        """Return ‖A x − y‖² of an image (slice, y, x) as `images` gives it."""
        staged = self.A.encoding.stage_image(torch.from_numpy(image))
        return float(energy(self.A.encoding(staged) - self.y, SAMPLES).sum())

    def shown(self, image: np.ndarray) -> np.ndarray:
        """Return an image as the product's files hold it."""
        return shown(self._datasets, image, np.zeros(image.shape, np.float32))[0]


def noise_free_samples(datasets: dict[str, np.ndarray], attrs: dict[str, Any], raw: RawScan) -> np.ndarray:
    """Return the twin's k-space in fitted units, (slice, coil, ky, kx), where nothing was sampled too."""
    assert raw.noise_free is not None
    return noise.whiten(noise.whitener(datasets["noise_cov"]), raw.noise_free) * attrs["data_scale"]
