"""The one battery every operator passes: adjoint with shapes, linearity, gram, dense matrix; in float64."""

import torch

from sharpfit.physics.operators import LinearOperator


def complex_normal(shape, seed, dtype=torch.complex128):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def dense(operator: LinearOperator, shape) -> torch.Tensor:
    """The operator's matrix, one column for every unit vector of the domain."""
    n = torch.Size(shape).numel()
    return torch.stack(
        [operator(e.reshape(shape)).flatten() for e in torch.eye(n, dtype=torch.complex128)], dim=1
    )


def check_operator(operator: LinearOperator, domain, range_) -> None:
    x, x2 = complex_normal(domain, 1), complex_normal(domain, 2)
    y = complex_normal(range_, 3)
    Ax, AHy = operator(x), operator.H(y)
    assert Ax.shape == torch.Size(range_)
    assert AHy.shape == torch.Size(domain)
    torch.testing.assert_close(torch.vdot(Ax.flatten(), y.flatten()), torch.vdot(x.flatten(), AHy.flatten()))
    torch.testing.assert_close(operator((2 - 1j) * x + x2), (2 - 1j) * Ax + operator(x2))
    torch.testing.assert_close(operator.gram(x), operator.H(Ax))
    matrix = dense(operator, domain)
    torch.testing.assert_close((matrix @ x.flatten()).reshape(range_), Ax)
    torch.testing.assert_close((matrix.mH @ y.flatten()).reshape(domain), AHy)
    assert torch.equal(operator.H.H(x), Ax)


SHAPE = (5, 6)  # an odd and an even axis: the two differ in every fftshift


def line_mask(axis):
    mask = torch.zeros(SHAPE, dtype=torch.bool)
    mask.select(axis, 0)[...] = True
    mask.select(axis, 2)[...] = True
    return mask


MASKS = {
    "points": torch.rand(SHAPE, generator=torch.Generator().manual_seed(0)) < 0.5,
    "ky lines": line_mask(0),
    "kx lines": line_mask(1),
    "full": torch.ones(SHAPE, dtype=torch.bool),
}
