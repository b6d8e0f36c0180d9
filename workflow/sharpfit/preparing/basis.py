"""A scan's own basis, checked and scaled once."""

from __future__ import annotations

import numpy as np
import torch

from sharpfit.errors import InputError
from sharpfit.physics.acquisition import acquisition
from sharpfit.physics.masks import each_slice
from sharpfit.physics.matrix_basis import MatrixBasis
from sharpfit.physics.operators import largest_singular_value

_SMALLEST = (
    1e-5  # singular value over the largest at which float32 no longer tells a coefficient from the others
)
_POWER_STEPS = 100


def prepare_basis(
    images: np.ndarray, csm: np.ndarray, mask: np.ndarray, where: str
) -> tuple[np.ndarray, float]:
    """Cast a basis to the precision of the fit and scale it to ‖A‖ = 1, A = M F S Φ.

    Parameters
    ----------
    images
        φ, (coefficient, y, x), real or complex
    csm
        maps as the model uses them, complex64 (slice, coil, y, x)
    mask
        bool (ky, kx) or (slice, ky, kx)
    where
        the file, for messages

    Returns
    -------
        complex64 (coefficient, y, x), and what it was multiplied with

    Raises
    ------
    InputError
        if the images depend on each other, or the coils see none of them
    """
    rows = images.reshape(len(images), -1).astype(np.complex128)
    values = np.linalg.svd(rows, compute_uv=False) if len(rows) <= rows.shape[1] else np.zeros(1)
    rank = int((values > _SMALLEST * values[0]).sum())
    if rank < len(rows):
        raise InputError(
            f"{where}: {len(rows)} images span {rank} dimensions, so their coefficients are not determined; "
            "leave out those that others make up"
        )
    Phi = MatrixBasis(torch.from_numpy(images.astype(np.complex64)))
    start = torch.randn(1, len(rows), generator=torch.Generator().manual_seed(0), dtype=torch.complex64)
    sampled = torch.from_numpy(np.array(each_slice(mask, len(csm))))
    norm = max(
        float(largest_singular_value(acquisition(*one, Phi), start, _POWER_STEPS))
        for one in zip(torch.from_numpy(csm).split(1), sampled, strict=True)
    )
    if not norm > 0:
        raise InputError(f"{where}: the coils see none of its images; is it of another scan?")
    return (images / norm).astype(np.complex64), 1 / norm
