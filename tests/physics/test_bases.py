import pytest
import torch
from operator_battery import check_operator, complex_normal
from scipy import fft

from sharpfit.physics.cosine import Cosine, block_cosines, of_block_cosines
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


def test_cosines_of_blocks_are_those_of_each_block_alone():
    x = torch.randn(3, 8, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found = block_cosines(x, 4)
    for row in range(2):
        for column in range(3):
            block = x[:, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4].numpy()
            alone = fft.dctn(block, axes=(1, 2), norm="ortho")
            torch.testing.assert_close(found[:, row, :, column], torch.from_numpy(alone))
    torch.testing.assert_close(of_block_cosines(found), x)
