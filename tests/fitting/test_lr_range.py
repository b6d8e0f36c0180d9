"""The learning rate that a range test finds."""

import numpy as np
import pytest
import torch
from small_problem import ADAM, CPU, MEASURES, small

from sharpfit.errors import InputError
from sharpfit.fitting.lr_range import RangeTest, range_test, range_test_of
from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.fitting.regimes import check_regime
from sharpfit.fitting.solvers.torch_optimizer import make_optimizer
from sharpfit.study.jobs import jobs_of


def auto(name="Adam", n=20):
    return {"optimizer": {"name": name, "lr": "auto"}, "start": "zero", "n_iterations": n}


def test_losses_are_those_of_descent_worked_out_by_hand():
    """On AᴴA = I, y of length 2, every step of SGD takes the error to (1 − lr) of itself."""
    y = torch.ones(1, 1, 2, 2, dtype=torch.complex64)
    test = range_test(lambda c: c, y, 4.0, {"name": "SGD"}, torch.zeros_like(y))
    left = np.cumprod(1 - test.rates)
    assert test.at_start == pytest.approx(1)
    assert test.losses == pytest.approx(left**2, rel=1e-4, abs=1e-6)


def test_the_rate_is_where_the_loss_falls_fastest_before_it_is_lowest():
    rates = np.geomspace(1e-4, 1e1, 101)
    falling = 1 / (1 + (rates / 0.01) ** 2)  # steepest in log at 0.01
    assert RangeTest(rates, falling, 1.0).found == pytest.approx(0.01, rel=0.02)
    oscillating = np.where(rates > 1, 1e3 * np.cos(40 * rates), falling)
    oscillating[rates > 1] += 2e3
    assert RangeTest(rates, oscillating, 1.0).found == pytest.approx(0.01, rel=0.02)
    broken = np.where(rates > 1, np.nan, falling)
    assert RangeTest(rates, broken, 1.0).found == pytest.approx(0.01, rel=0.02)


@pytest.mark.parametrize("name", ["Adam", "SGD", "RMSprop"])
def test_a_start_from_which_no_rate_lowers_the_loss_is_told_in_one_line(name):
    """Of a fully sampled coil the zero-filled image is the solution; what is left is rounding."""
    scan = small(n_coils=1, acceleration=1)
    regime = {**auto(name), "start": "zero_filled"}
    with pytest.raises(InputError, match=r"none from 3e-05 to .* lowers the loss.*; state a rate") as raised:
        reconstruct(scan.scan, scan.attrs, regime, MEASURES, device=CPU)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "optimizer",
    [
        {"name": "SGD"},
        {"name": "ASGD"},
        {"name": "SGD", "momentum": 0.9},
        {"name": "SGD", "momentum": 0.9, "nesterov": True},
        {"name": "SGD", "momentum": 0.5, "nesterov": True},
    ],
)
def test_descent_at_the_rate_that_is_found_converges(optimizer):
    """The start fits the strongest direction, so the loss falls on beyond the rates that it can bear."""
    eigenvalues = torch.tensor([1.0, 1e-3, 1e-3, 1e-3])
    y = torch.ones(1, 1, 4, dtype=torch.complex64)  # Aᴴy, and ‖y‖² = Σ 1 / eigenvalue
    start = torch.tensor([1 + 1e-6, 0, 0, 0]).to(y.dtype).expand(1, 1, 4)
    test = range_test(lambda c: c * eigenvalues, y, float((1 / eigenvalues).sum()), optimizer, start)
    c = start.clone().requires_grad_()
    stepping = make_optimizer([c], {**optimizer, "lr": test.found})
    for _ in range(300):
        c.grad = (c * eigenvalues - y).detach()
        stepping.step()
    assert abs(complex(c.detach()[0, 0, 0]) - 1) < 1e-3


def test_the_test_looks_at_the_main_fit_alone_and_costs_less_than_a_tenth_of_200_iterations():
    calls = []
    problem = small(n_slices=2).problem()
    full = problem.full_normal
    problem.full_normal = lambda c: calls.append(c.shape[0]) or full(c)
    range_test_of(problem, {"name": "Adam", "lr": "auto"}, problem.start("zero"))
    assert set(calls) == {1}
    whole_evaluation = problem.replicas.n_items
    assert sum(calls) + whole_evaluation < 0.1 * 200 * problem.replicas.n_items


@pytest.mark.parametrize("name", ["Adam", "SGD", "RMSprop"])
def test_auto_is_the_fit_with_the_rate_it_found(name):
    scan = small()
    found, attrs, rows = reconstruct(scan.scan, scan.attrs, auto(name), MEASURES, device=CPU)
    optimizer = {"name": name, "lr": attrs["lr_found"]}
    stated, plain, _ = reconstruct(
        scan.scan, scan.attrs, {**ADAM, "optimizer": optimizer}, MEASURES, device=CPU
    )
    assert np.array_equal(found["images"], stated["images"])
    assert rows[0]["lr"] == attrs["lr_found"]
    assert "lr_found" not in plain
    assert '"auto"' in attrs["regime"]


def test_auto_is_planned_and_only_its_fits_use_the_range_test():
    check_regime("mine", auto())
    params = {
        "simulations": {},
        "scans": {"a": {"file": "a.npy"}},
        "regimes": {"auto": auto(), "stated": ADAM},
        "measures": {},
        "held_out": {},
    }
    fits = {job.name: job.modules for job in jobs_of(params) if job.rule == "reconstruct"}
    assert "sharpfit.fitting.lr_range" in fits["a/auto"]
    assert "sharpfit.fitting.lr_range" not in fits["a/stated"]
