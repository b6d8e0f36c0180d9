import numpy as np
import pytest
import torch
from small_problem import CPU, MEASURES, small

from sharpfit.errors import PausedFitError
from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.fitting.stopping import scan_estimates
from sharpfit.fitting.weight_path import LARGEST, N_COARSE, N_WEIGHTS, SMALLEST, WeightPath, path_checkpoints
from sharpfit.measuring.quorum import agreed_minimum, estimates_of

JUDGED = {
    "solver": {"name": "fista"},
    "penalty": {"name": "total_variation", "weight": "judged"},
    "start": "zero",
    "n_iterations": 180,
}


class Marker:
    """Stands for a proximal solver whose iterate is the last weight that it was given."""

    lr, pace = float("nan"), 1.0

    def __init__(self):
        self.c = torch.zeros(1, 1, 1)
        self.weight = 0.0
        self.began_at = []

    def restart(self):
        self.began_at.append(float(self.c))

    def step(self, gradient, loss):
        self.c.fill_(self.weight)


def walk(*best):
    """Weights of a path whose estimates of the error are smallest at `best`, and where each began."""
    solver = Marker()
    path = WeightPath(solver, sigma=2.0)
    for _ in range(N_WEIGHTS):
        path.step(None, None)
        errors = [0.1 + np.log(path.weights[-1] / one) ** 2 for one in (*best, np.nan, np.nan)[:3]]
        path.told((*errors[:2], 1 + errors[2], 0.0, 0.0))
    return np.array(path.weights), np.array(solver.began_at) / 2.0


def test_a_path_goes_from_large_to_small_then_around_the_best_and_ends_there():
    weights, began_at = walk(0.42)
    np.testing.assert_allclose(weights[:N_COARSE], np.geomspace(LARGEST, SMALLEST, N_COARSE))
    np.testing.assert_allclose(began_at[1:N_COARSE], weights[: N_COARSE - 1], rtol=1e-6)
    best = int(np.argmin(abs(np.log(weights[:N_COARSE] / 0.42))))
    refined = weights[N_COARSE:-1]
    assert (np.diff(refined) < 0).all()
    assert weights[best - 1] > refined[0] > weights[best] > refined[-1] > weights[best + 1]
    assert began_at[N_COARSE] == pytest.approx(weights[best - 1])
    assert weights[-1] == weights[np.argmin(abs(np.log(weights[:-1] / 0.42)))]
    assert len(weights) == N_WEIGHTS


@pytest.mark.parametrize("minima", [(0.42, 0.42, 2.0), (2.0, 0.42, 0.42), (0.42, 0.06, 0.42)])
def test_what_two_of_the_estimates_say_leads_a_path(minima):
    weights, began_at = walk(*minima)
    alone, began_alone = walk(0.42)
    np.testing.assert_array_equal(weights, alone)
    np.testing.assert_array_equal(began_at, began_alone)


def test_where_two_differ_a_path_ends_between_them():
    weights, began_at = walk(1.0, 0.25)
    assert 0.25 < weights[-1] < 1.0
    centre = np.sqrt(weights[N_COARSE] * weights[-2])  # of those tried around the best coarse one
    at = int(np.argmin(abs(np.log(weights[:N_COARSE] / centre))))
    assert weights[at - 1] >= began_at[N_COARSE] * (1 - 1e-6) >= weights[at] * (1 - 2e-6)


@pytest.mark.parametrize("best", [100.0, 1e-3])
def test_a_path_may_end_at_its_border(best):
    weights, _ = walk(best)
    assert np.isfinite(weights).all()
    assert weights[-1] == (max(weights) if best > 1 else min(weights))


def test_checkpoints_are_the_ends_of_the_weights():
    assert path_checkpoints(180) == list(range(0, 181, 10))
    assert path_checkpoints(18) == list(range(19))
    assert len(set(path_checkpoints(100))) == N_WEIGHTS + 1


def picked_of(datasets, attrs, checkpoints):
    """Return the checkpoint that the three estimates agree on."""
    measures = [name for name in datasets if name.startswith("measures/")]
    told = []
    for t in checkpoints:
        seen = {name.split("/")[1]: datasets[name][t] for name in measures}
        told.append(scan_estimates(seen, attrs["sigma"], attrs["n_real"], attrs["n_held_out"]))
    return checkpoints[0] + agreed_minimum(estimates_of(*np.array(told).T))


def fit(case, **options):
    return reconstruct(case.scan, case.attrs, JUDGED, MEASURES, device=CPU, **options)


def test_judged_weights_are_near_the_best_ones():
    """Of six scans of much noise: within 5 % in the mean, though neither end of a path is good."""
    losses = []
    for seed in range(6):
        case = small((32, 28), sigma=0.15, acceleration=3, seed=seed)
        datasets, attrs, _ = fit(case)
        misses = (datasets["images"] - case.truth).reshape(N_WEIGHTS + 1, -1)
        error = np.linalg.norm(misses, axis=1) / np.linalg.norm(case.truth)
        picked = picked_of(datasets, attrs, range(1, N_WEIGHTS + 1))
        assert error[picked] < 0.8 * min(error[1], error[N_COARSE])
        losses.append(error[picked] / error.min() - 1)
    assert np.mean(losses) < 0.05


def test_a_path_stores_its_weights_beside_its_checkpoints():
    datasets, attrs, history = fit(small((32, 28), sigma=0.15, acceleration=3))
    weights = datasets["weights"]
    assert weights.shape == datasets["iterations"].shape
    assert weights[-1] == weights[picked_of(datasets, attrs, range(1, N_WEIGHTS))]
    assert len(history) == 181
    assert attrs["is_penalised"]


def test_a_weight_counts_in_units_of_the_noise():
    """Data and noise scaled alike lead to the same weights."""
    case, louder = small(sigma=0.1), small(sigma=0.1)
    louder.scan |= {name: 4 * louder.scan[name] for name in ("kspace", "surrogate")}
    louder.attrs["sigma"] = 0.4
    one, other = fit(case)[0], fit(louder)[0]
    np.testing.assert_allclose(other["weights"], one["weights"], rtol=1e-6)
    np.testing.assert_allclose(other["images"], 4 * one["images"], rtol=0, atol=2e-3)


def test_a_paused_path_goes_on_and_ends_with_the_same_bits(tmp_path):
    case = small()
    whole, asked = fit(case), iter(range(1000))
    with pytest.raises(PausedFitError):
        fit(case, state=tmp_path / "fit", pause=lambda: next(asked) == 141)
    resumed = fit(case, state=tmp_path / "fit")
    assert str(resumed[2]) == str(whole[2])  # nan stands for the learning rate
    for name, values in whole[0].items():
        np.testing.assert_array_equal(resumed[0][name], values)
