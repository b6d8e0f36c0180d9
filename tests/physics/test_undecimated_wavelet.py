import numpy as np
import pytest
import torch
from operator_battery import complex_normal

from sharpfit.physics.undecimated_wavelet import UndecimatedWavelet
from sharpfit.physics.wavelet import FILTERS


@pytest.mark.parametrize("family", FILTERS)
def test_details_are_those_of_pywavelets(family):
    pywt = pytest.importorskip("pywt")
    x, wavelet = complex_normal((32, 48), 2), UndecimatedWavelet(family, 3)
    coarse = x
    for level, (_, theirs) in enumerate(pywt.swt2(x.numpy(), family, level=3)[::-1]):
        coarse, details = wavelet.split(coarse, level)
        for ours, by_them in zip(details, (theirs[1], theirs[0], theirs[2]), strict=True):
            np.testing.assert_allclose(  # they lie elsewhere, each as a whole
                np.sort(abs(ours.numpy()), axis=None), np.sort(abs(by_them), axis=None), rtol=1e-8, atol=1e-10
            )


@pytest.mark.parametrize("family", FILTERS)
@pytest.mark.parametrize("shape", [(8, 12), (7, 9), (2, 16)])
def test_joining_undoes_splitting_and_is_its_adjoint_over_four(family, shape):
    wavelet, x = UndecimatedWavelet(family, 5), complex_normal((3, *shape), 1)
    assert wavelet.levels(x.shape) == range(int(np.log2(min(shape))))
    for level in wavelet.levels(x.shape):
        coarse, details = wavelet.split(x, level)
        torch.testing.assert_close(wavelet.join(coarse, details, level), x)
        other, others = complex_normal(coarse.shape, 5), complex_normal(details.shape, 6)
        product = torch.vdot(other.flatten(), coarse.flatten()) + torch.vdot(
            others.flatten(), details.flatten()
        )
        adjoint = torch.vdot(4 * wavelet.join(other, others, level).flatten(), x.flatten())
        torch.testing.assert_close(product, adjoint)


@pytest.mark.parametrize("arguments", [("db3", 2), ("haar", 0), ("haar", 99)])
def test_a_wavelet_that_is_not_known_is_refused(arguments):
    with pytest.raises(ValueError, match=r"known|between 1"):
        UndecimatedWavelet(*arguments)
