"""Fits of coefficients: y = M F S Φ c + n."""

import numpy as np
import pytest
import torch
from small_problem import CPU, MEASURES, SGD, small

from sharpfit.errors import InputError
from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.physics.operators import Coils, Fourier, Sampling
from sharpfit.physics.wavelet import Wavelet
from sharpfit.preparing.basis import prepare_basis

CG = {"solver": {"name": "cg"}, "start": "zero", "n_iterations": 60}
WAVELET = {"name": "wavelet", "family": "db4", "n_levels": 2}
SHAPE, N_COEFFICIENTS, SIGMA = (32, 28), 200, 0.05


def run(case, regime):
    return reconstruct(case.scan, case.attrs, regime, MEASURES, device=CPU)


@pytest.mark.parametrize("basis", [WAVELET, {"name": "dct"}])
@pytest.mark.parametrize("regime", [SGD, {**CG, "n_iterations": 8}])
def test_a_unitary_basis_changes_no_linear_fit(basis, regime):
    case = small(n_slices=2)
    plain, found = run(case, regime)[0], run(case, {**regime, "basis": basis})[0]
    np.testing.assert_allclose(found["images"], plain["images"], atol=2e-5)
    np.testing.assert_allclose(found["measures/v_image"], plain["measures/v_image"], rtol=1e-3, atol=1e-6)
    assert "coefficients" not in plain


def test_coefficients_are_those_of_the_images():
    datasets = run(small(n_slices=2), {**SGD, "basis": WAVELET})[0]
    images = Wavelet("db4", 2)(torch.from_numpy(datasets["coefficients"])).numpy()
    np.testing.assert_allclose(images, datasets["images"], atol=1e-5)


@pytest.fixture(scope="module")
def in_a_subspace():
    """R = 4 data of an image in a basis of 200, with the basis, the coefficients and the predicted error."""
    case = small(SHAPE, acceleration=4, sigma=SIGMA, seed=5)
    rng = np.random.default_rng(1)
    phi = rng.standard_normal((N_COEFFICIENTS, *SHAPE)) + 1j * rng.standard_normal((N_COEFFICIENTS, *SHAPE))
    c = (rng.standard_normal(N_COEFFICIENTS) + 1j * rng.standard_normal(N_COEFFICIENTS)) / 20
    case.truth = np.tensordot(c, phi, 1)[None]
    E = Sampling(torch.from_numpy(case.scan["mask"])) @ Fourier() @ Coils(torch.from_numpy(case.scan["csm"]))
    clean = E(torch.from_numpy(case.truth)).numpy()
    noise = SIGMA * (rng.standard_normal(clean.shape) + 1j * rng.standard_normal(clean.shape))
    case.scan["kspace"] = (clean + noise * case.scan["mask"]).astype(np.complex64)
    A = E(torch.from_numpy(phi[:, None])).flatten(1).T.numpy()  # (sample, coefficient)
    spread = (
        np.linalg.inv(A.conj().T @ A)
        @ (phi.reshape(N_COEFFICIENTS, -1).conj() @ phi.reshape(N_COEFFICIENTS, -1).T).T
    )
    predicted = np.sqrt(2 * SIGMA**2 * np.trace(spread).real)
    scaled, scale = prepare_basis(phi, case.scan["csm"], case.scan["mask"], "phi")
    case.scan["basis"], case.attrs["basis_scale"] = scaled, scale
    return case, c, predicted


def test_an_image_in_a_basis_is_recovered_as_well_as_theory_says(in_a_subspace):
    case, c, predicted = in_a_subspace
    datasets = run(case, {**CG, "n_iterations": 150})[0]
    assert np.linalg.norm(datasets["images"][-1] - case.truth) == pytest.approx(predicted, rel=0.2)
    np.testing.assert_allclose(datasets["coefficients"][-1, 0], c, atol=0.1 * np.abs(c).max())
    without = {**case.scan}
    del without["basis"]
    images = reconstruct(without, case.attrs, CG, MEASURES, device=CPU)[0]["images"]
    best = min(np.linalg.norm(image - case.truth) for image in images)
    assert best > 3 * predicted


def test_a_basis_in_double_precision_is_refused(in_a_subspace):
    case, _, _ = in_a_subspace
    scan = {**case.scan, "basis": case.scan["basis"].astype(np.complex128)}
    with pytest.raises(InputError, match="basis is complex128, but preprocess writes complex64"):
        reconstruct(scan, case.attrs, CG, MEASURES, device=CPU)
