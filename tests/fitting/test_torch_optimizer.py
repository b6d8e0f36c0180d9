"""The seed story: every way in which a fit could sit still is refused before the first iteration."""

import pytest
import torch

from sharpfit.fitting.solvers.torch_optimizer import FrozenFitError, check_leaf, make
from sharpfit.fitting.solving import Objective

DATA = torch.zeros(2, dtype=torch.complex64)


def adam(leaf):
    return torch.optim.Adam([leaf], lr=0.01)


def test_a_leaf_its_optimizer_and_its_data_pass():
    leaf = torch.zeros(2, dtype=torch.complex64, requires_grad=True)
    check_leaf(leaf, adam(leaf), DATA)


def test_a_parameter_moved_after_creation_is_no_leaf():
    created = torch.zeros(2, dtype=torch.complex128, requires_grad=True)
    moved = created.to(torch.complex64)  # what .to("cuda") does to a parameter made on the CPU
    with pytest.raises(FrozenFitError, match="not a leaf"):
        check_leaf(moved, adam(created), DATA)


def test_an_optimizer_built_on_the_old_tensor():
    old = torch.zeros(2, dtype=torch.complex64, requires_grad=True)
    new = old.detach().clone().requires_grad_()
    with pytest.raises(FrozenFitError, match="optimizer holds another tensor"):
        check_leaf(new, adam(old), DATA)


def test_a_tensor_without_gradient():
    leaf = torch.zeros(2, dtype=torch.complex64)
    with pytest.raises(FrozenFitError, match="does not require a gradient"):
        check_leaf(leaf, adam(torch.zeros(1, requires_grad=True)), DATA)


def test_double_precision_data_against_a_single_precision_leaf():
    leaf = torch.zeros(2, dtype=torch.complex64, requires_grad=True)
    with pytest.raises(FrozenFitError, match=r"complex64 but the data and maps are torch\.complex128"):
        check_leaf(leaf, adam(leaf), DATA.to(torch.complex128))


def test_another_device():
    leaf = torch.zeros(2, dtype=torch.complex64, requires_grad=True)
    with pytest.raises(FrozenFitError, match="c is on cpu but the data and maps are on meta"):
        check_leaf(leaf, adam(leaf), DATA.to("meta"))


@pytest.mark.parametrize("schedule", [[], [{"name": "ReduceLROnPlateau"}]])
def test_a_solver_that_could_not_move_is_refused_when_it_is_made(schedule):
    wide = Objective(lambda c: c, DATA.to(torch.complex128))
    start = torch.zeros(2, 1, 2, 2, dtype=torch.complex64)
    with pytest.raises(FrozenFitError, match="the data and maps are"):
        make(wide, start, optimizer={"name": "Adam", "lr": 0.1}, schedule=schedule)


PLATEAU = {
    "optimizer": {"name": "Adam", "lr": 0.1},
    "schedule": [{"name": "ReduceLROnPlateau", "factor": 0.5, "patience": 0}],
}


def plateau(start):
    return make(Objective(lambda c: c, DATA), start, **PLATEAU)


def descend(start, losses):
    descent = plateau(start)
    for loss in losses:
        descent.step(torch.ones_like(start), loss)
    return descent


def test_a_loss_that_is_watched_sets_the_rate_of_its_own_item_alone():
    start = torch.zeros(2, 1, 2, 2, dtype=torch.complex64)
    falling, flat = torch.arange(6.0).flip(0), torch.ones(6)
    together = descend(start, [torch.stack(pair)[:, None] for pair in zip(falling, flat, strict=True)])
    alone = [descend(start[:1], list(loss[:, None, None])) for loss in (falling, flat)]
    assert torch.equal(together.c, torch.cat([descent.c for descent in alone]))
    assert alone[0].lr == 0.1 > alone[1].lr


def test_the_rate_told_is_the_mean_over_the_main_fits_slices():
    """One of two slices has halved its rate; a replica that halved it more often does not count."""
    losses = [torch.tensor([[5.0 - t, 1.0], [1.0, 1.0]]) for t in range(3)]
    rates = descend(torch.zeros(2, 2, 2, 2, dtype=torch.complex64), losses)
    assert rates.lr == pytest.approx((0.1 + 0.025) / 2)
    moved = rates.c.abs().amax((2, 3))
    assert moved[0, 0] == pytest.approx(1.2 * float(moved[0, 1]), rel=0.1)  # 0.3 of 0.1 + 0.1 + 0.05
    assert torch.equal(rates.c[0, 1], rates.c[1, 1])


def test_the_state_goes_on_bit_for_bit():
    start = torch.zeros(2, 1, 2, 2, dtype=torch.complex64)
    losses = [torch.full((2, 1), 1.0 + (i % 3)) for i in range(8)]
    whole = descend(start, losses)
    first, second = descend(start, losses[:4]), plateau(start)
    second.load_state_dict(first.state_dict())
    for loss in losses[4:]:
        second.step(torch.ones_like(start), loss)
    assert torch.equal(whole.c, second.c)
    assert whole.lr == second.lr
