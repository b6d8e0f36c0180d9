"""The composed model in its fast layout, held to the plain composition ``M @ F @ S @ Phi``."""

import pytest
import torch
from operator_battery import MASKS, SHAPE, check_operator, complex_normal

from sharpfit.physics.acquisition import acquisition
from sharpfit.physics.operators import Coils, Fourier, LinearOperator, Sampling

SUBSET = torch.rand(SHAPE, generator=torch.Generator().manual_seed(1)) < 0.3
every_mask = pytest.mark.parametrize("kind", MASKS)


class Stack(LinearOperator):
    """Φ c = Σ c_k φ_k: coefficients (…, k) → images (…, y, x)."""

    def __init__(self, images):
        self.images = images

    def forward(self, x):
        return torch.einsum("...k,kyx->...yx", x, self.images)

    def adjoint(self, y):
        return torch.einsum("...yx,kyx->...k", y, self.images.conj())


@every_mask
def test_the_encoding_is_the_plain_composition_in_another_layout(kind):
    csm, mask = complex_normal((2, 3, *SHAPE), 4), MASKS[kind]
    E, plain = acquisition(csm, mask).encoding, Sampling(mask) @ Fourier() @ Coils(csm)
    x, y = complex_normal((4, 2, *SHAPE), 6), complex_normal((4, 2, 3, *SHAPE), 7)
    torch.testing.assert_close(E.unstage_image(E.gram(E.stage_image(x))), plain.gram(x))
    torch.testing.assert_close(E.unstage_image(E.adjoint(E.stage(y))), plain.adjoint(y))
    torch.testing.assert_close(E(E.stage_image(x)), E.stage(plain(x)))
    assert torch.equal(E.unstage_image(E.stage_image(x)), x)


@every_mask
def test_samples_and_maps_come_back_out_of_the_layout(kind):
    csm, mask = complex_normal((2, 3, *SHAPE), 4), MASKS[kind]
    E, y = acquisition(csm, mask).encoding, complex_normal((4, 2, 3, *SHAPE), 7)
    torch.testing.assert_close(E.unstage(E.stage(y)), Sampling(mask)(y))
    assert torch.equal(E.csm, csm)


@every_mask
def test_the_encoding_passes_the_battery(kind):
    E = acquisition(complex_normal((1, 2, *SHAPE), 4), MASKS[kind]).encoding
    domain = E.stage_image(torch.zeros(1, *SHAPE)).shape
    check_operator(E, domain, (1, 2, *domain[1:]))


@every_mask
def test_a_basis_is_composed_with_it(kind):
    csm, Phi = complex_normal((1, 3, *SHAPE), 4), Stack(complex_normal((7, *SHAPE), 5))
    A, plain = acquisition(csm, MASKS[kind], Phi), Sampling(MASKS[kind]) @ Fourier() @ Coils(csm) @ Phi
    c, y = complex_normal((1, 7), 6), complex_normal((1, 3, *SHAPE), 7)
    torch.testing.assert_close(A(c), A.encoding.stage(plain(c)))
    torch.testing.assert_close(A.adjoint(A.encoding.stage(y)), plain.adjoint(y))
    torch.testing.assert_close(A.gram(c), plain.gram(c))
    torch.testing.assert_close(A.image(c), Phi(c))
    check_operator(A, (1, 7), A(c).shape)


@every_mask
@pytest.mark.parametrize("subset", [SUBSET, torch.zeros_like(SUBSET)], ids=["some", "none"])
def test_a_subset_and_the_rest_are_encodings_of_their_own(kind, subset):
    csm, mask = complex_normal((1, 3, *SHAPE), 4), MASKS[kind]
    whole = acquisition(csm, mask)
    A, chosen, rest = whole.split(subset)
    x, y = complex_normal((1, *SHAPE), 6), complex_normal((1, 3, *SHAPE), 7)
    for selection, part in ((chosen, mask & subset), (rest, mask & ~subset)):
        plain = Sampling(part) @ Fourier() @ Coils(csm)
        found = (selection @ A).gram(whole.encoding.stage_image(x))
        torch.testing.assert_close(whole.encoding.unstage_image(found), plain.gram(x))
        back = (selection @ A).H(A.encoding.stage(y))
        torch.testing.assert_close(whole.encoding.unstage_image(back), plain.H(y))


@every_mask
def test_staging_and_selecting_leave_out_what_they_do_not_take(kind):
    """Broken values at unsampled locations stay outside, and those of a subset stay out of the rest."""
    mask = MASKS[kind]
    whole = acquisition(complex_normal((1, 3, *SHAPE), 4), mask)
    y = complex_normal((1, 3, *SHAPE), 7)
    staged = whole.encoding.stage(torch.where(mask, y, torch.nan))
    assert torch.equal(staged, whole.encoding.stage(torch.where(mask, y, 0)))
    A, _, rest = whole.split(SUBSET)
    clean, broken = (A.encoding.stage(torch.where(SUBSET, value, y)) for value in (0, torch.nan))
    assert torch.equal(rest(broken), rest(clean))


@every_mask
def test_samples_of_all_coils_are_counted(kind):
    mask = MASKS[kind]
    assert acquisition(complex_normal((1, 3, *SHAPE), 4), mask).encoding.n_samples == 3 * int(mask.sum())


@pytest.mark.parametrize("kind", ["ky lines", "kx lines"])
def test_the_dense_gram_of_lines_is_the_plain_composition(kind):
    csm, mask = complex_normal((2, 3, *SHAPE), 4), MASKS[kind]
    E, plain = acquisition(csm, mask).encoding, Sampling(mask) @ Fourier() @ Coils(csm)
    for n_items in (1, 4, 7):
        x = complex_normal((n_items, 2, *SHAPE), 6)
        found = E.unstage_image(E.batched_normal(E.stage_image(x)))
        torch.testing.assert_close(found, plain.gram(x))


def test_the_bits_of_the_dense_gram_do_not_depend_on_its_company():
    csm = complex_normal((1, 16, 128, 100), 4, torch.complex64)
    mask = torch.arange(128)[:, None].expand(128, 100) % 3 == 0
    E = acquisition(csm, mask).encoding
    x = E.stage_image(complex_normal((11, 1, 128, 100), 6, torch.complex64))
    together = E.batched_normal(x)
    for i, alone in enumerate(x):
        assert torch.equal(E.batched_normal(alone[None])[0], together[i])
    order = torch.randperm(11, generator=torch.Generator().manual_seed(1))
    assert torch.equal(E.batched_normal(x[order]), together[order])


@pytest.mark.parametrize(
    ("kind", "n_coils", "dense"), [("points", 8, False), ("full", 8, False), ("ky lines", 1, True)]
)
def test_the_dense_gram_is_for_lines_alone(kind, n_coils, dense):
    E = acquisition(complex_normal((1, n_coils, *SHAPE), 4), MASKS[kind]).encoding
    assert E.batches(4, 1) == dense


def test_the_dense_gram_ends_where_the_matrices_of_all_slices_take_a_gibibyte():
    mask = torch.arange(128)[:, None].expand(128, 64) % 3 == 0
    E = acquisition(complex_normal((1, 16, 128, 64), 4), mask).encoding  # double: 64 * 128² * 16 B = 16 MiB
    assert E.batches(4, 64)
    assert not E.batches(4, 65)


def test_the_dense_gram_is_for_many_coils_and_images():
    mask = torch.arange(128)[:, None].expand(128, 16) % 3 == 0
    for n_coils, n_images, dense in (
        (7, 4, False),
        (8, 4, True),
        (15, 2, False),
        (16, 2, True),
        (8, 5, False),
    ):
        E = acquisition(complex_normal((1, n_coils, 128, 16), 4), mask).encoding
        assert E.batches(n_images, 1) == dense
