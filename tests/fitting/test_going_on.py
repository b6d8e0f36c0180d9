"""A finished fit that is taken further: it goes where a longer fit of the same regime goes."""

import itertools

import numpy as np
import pytest
import torch
from small_problem import CPU, MEASURES, small

from sharpfit.errors import PausedFitError
from sharpfit.fitting.going_on import N_LOOKS
from sharpfit.fitting.observe import checkpoint_iterations
from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.fitting.solvers import torch_optimizer
from sharpfit.fitting.solving import Objective

N = 5
REGIMES = {
    "descent": {"optimizer": {"name": "SGD", "lr": 0.8, "momentum": 0.5}},
    "Adam": {"optimizer": {"name": "Adam", "lr": 0.02}},
    "complex Adam": {"optimizer": {"name": "ComplexAdam", "lr": 0.02}},
    "NAdam": {"optimizer": {"name": "NAdam", "lr": 0.02}},
    "Rprop": {"optimizer": {"name": "Rprop", "lr": 0.02}},
    "ASGD": {"optimizer": {"name": "ASGD", "lr": 0.8}},
    "cg": {"solver": {"name": "cg"}},
    "lsmr": {"solver": {"name": "lsmr"}},
    "fista": {
        "solver": {"name": "fista"},
        "penalty": {"name": "wavelet", "family": "haar", "n_levels": 2, "weight": 0.5},
    },
    "pogm": {"solver": {"name": "pogm"}, "penalty": {"name": "tikhonov", "weight": 0.5}},
    "total variation by its prox": {
        "solver": {"name": "fista"},
        "penalty": {"name": "total_variation", "weight": 0.5},
    },
    "smooth phase": {"solver": {"name": "primal_dual"}, "penalty": {"name": "smooth_phase", "weight": 0.5}},
    "primal-dual": {
        "solver": {"name": "primal_dual"},
        "penalty": {"name": "total_variation", "weight": 0.5},
    },
    "in a basis": {"optimizer": {"name": "SGD", "lr": 0.8}, "basis": {"name": "dct"}},
}


def fit(regime, n=N, case=None, **options):
    case = case or small((16, 16), n_slices=2)
    regime = {"start": "zero", **regime, "n_iterations": n}
    return reconstruct(
        case.scan, case.attrs, regime, {**MEASURES, "n_checkpoints": 99}, device=CPU, **options
    )


@pytest.mark.parametrize("name", REGIMES)
def test_it_goes_where_a_longer_fit_goes(name):
    datasets, *_ = fit(REGIMES[name])
    longer, *_ = fit(REGIMES[name], 2 * N)
    after, distances = datasets["went_on"].T
    expected = longer["measures/surrogate_distance"].sum(1)[N + after.astype(int)]
    np.testing.assert_allclose(distances, expected, rtol=1e-4)
    away = np.flatnonzero(np.diff(distances) > 0)
    assert (after[0], after[-1]) == (1, after[away[0] + 1] if away.size else N)
    assert np.ptp(distances) > 0.005 * distances[0]


def test_it_ends_at_the_first_look_after_a_fifth_that_is_no_nearer():
    regime = {"optimizer": {"name": "SGD", "lr": 1.0, "momentum": 0.9}}
    case = small((16, 16), sigma=0.3)
    datasets, *_ = fit(regime, 10, case)
    longer, *_ = fit(regime, 20, case)
    distances = longer["measures/surrogate_distance"].sum(1)
    after = datasets["went_on"][:, 0].astype(int)
    looks = checkpoint_iterations(10, N_LOOKS)
    away = [
        t
        for before, t in itertools.pairwise(looks[1:])
        if t >= 2 and distances[10 + t] > distances[10 + before]
    ]
    assert after[-1] == away[0] < 10
    assert list(after) == looks[1 : len(after) + 1]


@pytest.mark.parametrize(
    "schedule",
    [
        [{"name": "ExponentialLR", "gamma": 0.7}],
        [
            {"name": "LinearLR", "start_factor": 0.1, "total_iters": 2, "until": 2},
            {"name": "CosineAnnealingLR", "T_max": 4},
        ],
    ],
)
def test_a_schedule_that_has_ended_goes_on_at_its_base_rate(schedule):
    optimizer = {"name": "SGD", "lr": 0.8}
    datasets, *_ = fit({"optimizer": optimizer, "schedule": schedule})
    held = [{**schedule[-1], "until": N}, {"name": "ConstantLR", "factor": 1.0, "total_iters": 0}]
    longer, *_ = fit({"optimizer": optimizer, "schedule": [*schedule[:-1], *held]}, 2 * N)
    after, distances = datasets["went_on"].T
    np.testing.assert_allclose(
        distances, longer["measures/surrogate_distance"].sum(1)[N + after.astype(int)], rtol=1e-4
    )


def test_the_fit_itself_is_the_same_whether_it_goes_on_or_not(monkeypatch):
    whole, attrs, history = fit(REGIMES["Adam"])
    monkeypatch.setattr("sharpfit.fitting.reconstruct._may_go_on", lambda *_: False)
    alone, plain, rows = fit(REGIMES["Adam"])
    assert "went_on" not in alone
    for name, values in alone.items():
        np.testing.assert_array_equal(whole[name], values)
    assert (attrs, history) == (plain, rows)


@pytest.mark.parametrize(
    "regime",
    [
        {"optimizer": {"name": "SGD", "lr": 50.0}, "n": 60},  # leaves the finite numbers
        {"solver": {"name": "fista"}, "penalty": {"name": "total_variation", "weight": "judged"}, "n": 36},
        {"optimizer": {"name": "SGD", "lr": 0.8}, "n": 0},
        {
            "optimizer": {"name": "Adam", "lr": 0.2},
            "stop": {"rule": "judged", "rise": 0.05, "patience": 1},
            "n": 99,
        },
    ],
)
def test_what_has_ended_for_good_does_not_go_on(regime):
    n = regime.pop("n")
    datasets, attrs, _ = fit(regime, n, small((16, 16), sigma=0.3))
    assert "went_on" not in datasets
    if "stop" in regime:
        assert attrs["stopped_because"].startswith("judged")


def test_it_says_for_how_long():
    said = []
    fit(REGIMES["cg"], tell=said.append)
    assert said == [f"going on for up to {N} iterations, to see whether they would help"]


def test_it_ends_where_the_loss_is_not_finite():
    datasets, *_ = fit({"optimizer": {"name": "SGD", "lr": 8.0}}, 20)
    after, distances = datasets["went_on"].T
    assert np.isfinite(distances).all()
    assert (after[0], after[-1] < 20) == (1, True)


DECAYING = {"optimizer": {"name": "Adam", "lr": 0.02}, "schedule": [{"name": "ExponentialLR", "gamma": 0.7}]}


@pytest.mark.parametrize(
    "regime", [REGIMES["Adam"], REGIMES["cg"], REGIMES["total variation by its prox"], DECAYING]
)
@pytest.mark.parametrize("further", [1, 3])
def test_a_fit_that_is_paused_while_it_goes_on_ends_with_the_same_bytes(tmp_path, regime, further):
    whole, attrs, history = fit(regime)
    asked = iter(range(1000))
    with pytest.raises(PausedFitError, match=f"^paused {further} iterations beyond the end"):
        fit(regime, state=tmp_path / "fit", pause=lambda: next(asked) == N + further - 1)
    resumed, again, rows = fit(regime, state=tmp_path / "fit")
    assert whole.keys() == resumed.keys()
    for key, values in whole.items():
        np.testing.assert_array_equal(resumed[key], values)
    assert (repr(again), repr(rows)) == (repr(attrs), repr(history))  # NaN is not itself


@pytest.mark.parametrize(
    "schedule",
    [
        [],
        [{"name": "OneCycleLR", "max_lr": 0.5, "total_steps": 12}],
        [{"name": "CyclicLR", "base_lr": 0.01, "max_lr": 0.5, "step_size_up": 3}],
        [{"name": "ConstantLR", "factor": 0.25, "total_iters": 50}],
        [{"name": "ReduceLROnPlateau", "factor": 0.1, "patience": 0}],
        [
            {"name": "LinearLR", "start_factor": 0.1, "total_iters": 4, "until": 4},
            {"name": "CosineAnnealingLR", "T_max": 8},
        ],
    ],
)
def test_it_steps_as_at_the_largest_rate(schedule):
    """Its momentum too, which two of the schedules cycle; and a schedule that watches the loss ends."""
    start = torch.ones(2, 1, 3, dtype=torch.complex64)
    optimizer = {"name": "SGD", "lr": 0.2, "momentum": 0.9}
    descent = torch_optimizer.make(
        Objective(lambda c: c, start), start, optimizer=optimizer, schedule=schedule
    )
    used, losses = [], torch.ones(2, 1, dtype=torch.float64)

    def step():
        group = descent._optimizers[0].param_groups[0]
        used.append((group["lr"], group["momentum"]))
        descent.step(torch.ones_like(start), losses * len(used))

    for _ in range(12):
        step()
    largest = max(used)
    descent.hold()
    for _ in range(3):
        step()
    assert used[-3:] == [largest] * 3
