import numpy as np
import pytest
import torch
from small_problem import small

from sharpfit.errors import InputError
from sharpfit.physics.acquisition import acquisition
from sharpfit.physics.matrix_basis import MatrixBasis
from sharpfit.preparing.basis import prepare_basis

SHAPE = (12, 10)


def images(n=8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, *SHAPE)) + 1j * rng.standard_normal((n, *SHAPE))


@pytest.mark.parametrize("unit", [1, 1e-4])
def test_a_basis_is_cast_once_and_scaled_to_a_norm_of_one(unit):
    scan = small(SHAPE, n_slices=2).scan
    scaled, scale = prepare_basis(unit * images(), scan["csm"], scan["mask"], "phi.npy")
    assert scaled.dtype == np.complex64
    np.testing.assert_allclose(scaled, scale * unit * images(), rtol=1e-5)
    maps = torch.from_numpy(scan["csm"]).to(torch.complex128)
    Phi = MatrixBasis(torch.from_numpy(scaled).to(torch.complex128))
    units = torch.eye(8, dtype=torch.complex128)[:, None]  # (coefficient, slice, coefficient)
    norms = [
        torch.linalg.matrix_norm(acquisition(part, torch.from_numpy(scan["mask"]), Phi)(units).flatten(1), 2)
        for part in maps.split(1)
    ]
    assert float(max(norms)) == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize("broken", ["twice", "too many"])
def test_images_that_depend_on_each_other_are_refused(broken):
    scan = small(SHAPE).scan
    phi = np.concatenate([images(), images()[:1]]) if broken == "twice" else images(121)
    with pytest.raises(InputError, match=r"phi\.npy: .* their coefficients are not determined"):
        prepare_basis(phi, scan["csm"], scan["mask"], "phi.npy")


def test_a_basis_outside_the_coils_is_refused():
    scan = small(SHAPE).scan
    with pytest.raises(InputError, match="the coils see none"):
        prepare_basis(images(), 0 * scan["csm"], scan["mask"], "phi.npy")
