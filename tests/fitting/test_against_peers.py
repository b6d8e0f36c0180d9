"""At the weight that a conversion says is equal, our objective's value is at most BART's and SigPy's."""

import os
import shutil
import subprocess

import numpy as np
import pytest
from small_problem import CPU, MEASURES, small

from sharpfit.fitting.reconstruct import reconstruct

SIGMA, WEIGHT = 0.1, 0.5
LAMBDA = WEIGHT * SIGMA
"""BART's -R T:3:0:λ and SigPy's lamda: the weight times σ, in data of the fit's scale."""


@pytest.fixture(scope="module")
def case():
    return small((32, 32), sigma=SIGMA)


def objective(case, image):
    """½ ‖M F S x − y‖² + λ TV(x) of an image (y, x), in float64."""
    coils = case.scan["csm"][0].astype(complex) * image
    shifted = np.fft.fft2(np.fft.ifftshift(coils, axes=(-2, -1)), norm="ortho")
    there = np.fft.fftshift(shifted, axes=(-2, -1))
    misfit = (there - case.scan["kspace"][0])[:, case.scan["mask"]]
    differences = [np.roll(image, -1, axis) - image for axis in (0, 1)]
    length = float(np.sqrt((np.abs(differences) ** 2).sum(0)).sum(dtype=float))
    return 0.5 * float((np.abs(misfit) ** 2).sum()) + LAMBDA * length


@pytest.fixture(scope="module")
def ours(case):
    regime = {
        "solver": {"name": "primal_dual"},
        "penalty": {"name": "total_variation", "weight": WEIGHT},
        "start": "zero",
        "n_iterations": 200,
    }
    datasets, _, _ = reconstruct(case.scan, case.attrs, regime, MEASURES, device=CPU)
    return objective(case, datasets["images"][-1, 0])


@pytest.mark.skipif(shutil.which("bart") is None, reason="needs Debian's bart")
def test_total_variation_is_minimised_at_least_as_well_as_by_bart(case, ours, tmp_path):
    for name, values in {"kspace": case.scan["kspace"][0], "maps": case.scan["csm"][0]}.items():
        array = np.moveaxis(values, 0, -1)[:, :, None]
        (tmp_path / f"{name}.hdr").write_text(f"# Dimensions\n{' '.join(map(str, array.shape))}\n")
        array.astype(np.complex64).ravel(order="F").tofile(tmp_path / f"{name}.cfl")
    command = ["bart", "pics", "-w", "1", "-R", f"T:3:0:{LAMBDA}", "-i", "200", "kspace", "maps", "image"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, cwd=tmp_path, env=environment, capture_output=True)
    theirs = np.fromfile(tmp_path / "image.cfl", np.complex64).reshape(32, 32, order="F")
    assert ours <= objective(case, theirs) * (1 + 1e-5) < 1.05 * ours


def test_total_variation_is_minimised_at_least_as_well_as_by_sigpy(case, ours):
    app = pytest.importorskip("sigpy.mri.app")
    weights = case.scan["mask"].astype(np.float32)
    theirs = app.TotalVariationRecon(
        case.scan["kspace"][0], case.scan["csm"][0], LAMBDA, weights=weights, max_iter=200, show_pbar=False
    ).run()
    assert ours <= objective(case, theirs) * (1 + 1e-5) < 1.5 * ours
