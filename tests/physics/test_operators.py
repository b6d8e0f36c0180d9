import numpy as np
import pytest
import torch
from operator_battery import MASKS, SHAPE, check_operator, complex_normal

from sharpfit.physics.operators import Coils, Fourier, Identity, Sampling, largest_singular_value


def test_fourier():
    check_operator(Fourier(), SHAPE, SHAPE)


def test_fourier_is_the_centred_unitary_dft():
    x = complex_normal(SHAPE, 5)
    ky, kx = (torch.arange(n) - n // 2 for n in SHAPE)
    y_phase = torch.exp(-2j * np.pi * torch.outer(ky, ky).double() / SHAPE[0])
    x_phase = torch.exp(-2j * np.pi * torch.outer(kx, kx).double() / SHAPE[1])
    expected = y_phase @ x @ x_phase / np.sqrt(SHAPE[0] * SHAPE[1])
    torch.testing.assert_close(Fourier()(x), expected)
    torch.testing.assert_close(Fourier().gram(x), x)


def test_coils():
    check_operator(Coils(complex_normal((3, *SHAPE), 4)), SHAPE, (3, *SHAPE))


def test_sampling_selects_and_never_multiplies():
    mask = MASKS["points"]
    check_operator(Sampling(mask), SHAPE, SHAPE)
    broken = torch.where(mask, complex_normal(SHAPE, 5), torch.nan)
    assert torch.isfinite(torch.view_as_real(Sampling(mask)(broken))).all()


@pytest.mark.parametrize("kind", MASKS)
def test_composition(kind):
    A = Sampling(MASKS[kind]) @ Fourier() @ Coils(complex_normal((3, *SHAPE), 4))
    check_operator(A, SHAPE, (3, *SHAPE))


@pytest.mark.parametrize("kind", ["points", "ky lines"])
def test_against_sigpy(kind):
    sigpy_mri = pytest.importorskip("sigpy.mri")
    csm, mask = complex_normal((3, *SHAPE), 4), MASKS[kind]
    theirs = sigpy_mri.linop.Sense(csm.numpy(), weights=mask.double().numpy())
    ours = Sampling(mask) @ Fourier() @ Coils(csm)
    x, y = complex_normal(SHAPE, 6), complex_normal((3, *SHAPE), 7)
    np.testing.assert_allclose(ours(x).numpy(), theirs(x.numpy()), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ours.H(y).numpy(), theirs.H(y.numpy()), rtol=1e-10, atol=1e-12)


def test_largest_singular_value_per_item():
    csm = complex_normal((2, 3, *SHAPE), 4)
    A = Sampling(MASKS["points"]) @ Fourier() @ Coils(csm)
    start = complex_normal((2, *SHAPE), 8)
    expected = []
    for item in csm:
        single = Sampling(MASKS["points"]) @ Fourier() @ Coils(item)
        columns = [single(e.reshape(SHAPE)).flatten() for e in torch.eye(30, dtype=torch.complex128)]
        expected.append(torch.linalg.matrix_norm(torch.stack(columns, 1), 2))
    torch.testing.assert_close(
        largest_singular_value(A, start, 400), torch.stack(expected), rtol=1e-6, atol=0
    )


def test_the_power_method_takes_as_many_steps_as_asked():
    """After n steps: ‖Gⁿ x‖ / ‖Gⁿ⁻¹ x‖, rooted; of a start of any length, for every item alone."""
    A = Sampling(MASKS["points"]) @ Fourier() @ Coils(complex_normal((2, 3, *SHAPE), 4))
    start = 7 * complex_normal((2, *SHAPE), 8)
    for n_steps in (1, 4):
        before = start
        for _ in range(n_steps - 1):
            before = A.gram(before)
        norms = [x.flatten(1).norm(dim=1) for x in (before, A.gram(before))]
        torch.testing.assert_close(largest_singular_value(A, start, n_steps), (norms[1] / norms[0]).sqrt())


def test_sums_and_scalings_of_operators_are_those_of_their_matrices():
    first, second = (Sampling(MASKS[kind]) @ Fourier() for kind in ("points", "ky lines"))
    check_operator(first + (2 - 1j) * second, SHAPE, SHAPE)
    x = complex_normal(SHAPE, 9)
    torch.testing.assert_close((first + (2 - 1j) * second)(x), first(x) + (2 - 1j) * second(x))


def test_a_gram_is_an_operator_that_adds():
    A = Sampling(MASKS["points"]) @ Fourier() @ Coils(complex_normal((3, *SHAPE), 4))
    check_operator(A.gram + 0.5 * Identity(), SHAPE, SHAPE)
    x = complex_normal(SHAPE, 9)
    torch.testing.assert_close((A.gram + 0.5 * Identity())(x), A.H(A(x)) + 0.5 * x)


@pytest.mark.parametrize("kind", MASKS)
def test_what_is_taken_from_samples_is_gone_from_them_even_if_broken(kind):
    mask, y = MASKS[kind], complex_normal((2, 3, *SHAPE), 5)
    left = torch.where(mask, torch.nan, y)
    assert Sampling(mask).take_from_(left).isnan().all()
    assert torch.equal(left, torch.where(mask, 0, y))
    assert torch.equal(Sampling(mask).take_from_(y.clone()), y[..., mask])
