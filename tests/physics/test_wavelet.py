import numpy as np
import pytest
import torch
from operator_battery import check_operator, complex_normal

from sharpfit.physics.wavelet import FILTERS, Wavelet


@pytest.mark.parametrize("family", FILTERS)
@pytest.mark.parametrize(("shape", "n_levels"), [((8, 12), 3), ((7, 6), 2), ((5, 1), 2), ((16, 4), 12)])
def test_wavelets_are_an_orthonormal_operator(family, shape, n_levels):
    Phi = Wavelet(family, n_levels)
    check_operator(Phi, (2, *shape), (2, *shape))
    x = complex_normal((2, *shape), 1)
    torch.testing.assert_close(Phi(Phi.H(x)), x)
    torch.testing.assert_close(Phi.gram(x), x)


@pytest.mark.parametrize("family", FILTERS)
def test_coefficients_are_those_of_pywavelets(family):
    pywt = pytest.importorskip("pywt")
    x = complex_normal((32, 48), 2)
    theirs = pywt.wavedec2(x.numpy(), family, mode="periodization", level=2)
    coefficients, _ = pywt.coeffs_to_array(theirs)
    np.testing.assert_allclose(Wavelet(family, 2).H(x).numpy(), coefficients, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("arguments", [("db3", 2), ("haar", 0), ("haar", 99)])
def test_a_wavelet_that_is_not_known_is_refused(arguments):
    with pytest.raises(ValueError, match=r"known|between 1"):
        Wavelet(*arguments)
