import pytest
import torch
from operator_battery import check_operator, complex_normal

from sharpfit.physics.cosine import Cosine
from sharpfit.physics.matrix_basis import MatrixBasis


def test_the_cosine_transform_is_an_orthonormal_operator():
    check_operator(Cosine(), (2, 5, 8), (2, 5, 8))
    x = complex_normal((2, 5, 8), 1)
    torch.testing.assert_close(Cosine().gram(x), x)


def test_the_cosine_transform_is_scipys():
    fft = pytest.importorskip("scipy.fft")
    x = complex_normal((5, 8), 1)
    theirs = fft.dctn(x.real.numpy(), norm="ortho") + 1j * fft.dctn(x.imag.numpy(), norm="ortho")
    torch.testing.assert_close(Cosine().H(x), torch.from_numpy(theirs))


def test_a_matrix_basis_sums_its_images():
    images = complex_normal((7, 4, 5), 2)
    check_operator(MatrixBasis(images), (2, 7), (2, 4, 5))
    c = complex_normal((3, 7), 3)
    torch.testing.assert_close(MatrixBasis(images)(c), torch.einsum("bk,kyx->byx", c, images))
