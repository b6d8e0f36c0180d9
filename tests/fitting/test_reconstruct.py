"""A whole fit, held to the same descent with matrices: its history, its images and what is stored of it."""

import numpy as np
import pytest
from dense_problem import N_DRAWS, SHAPE, SIGMA, dense_case, dense_fit, dense_problem, of_slice
from small_problem import CPU

from sharpfit.fitting.reconstruct import problem_of, reconstruct

# 0.2 rises to 0.8 in three steps; from the fifth on 0.8 is halved at every step, from the eighth it is 0.1.
RATES = [0.2, 0.4, 0.6, 0.8, 0.8, 0.8, 0.4, 0.2, 0.1, 0.1]
REGIME = {
    "optimizer": {"name": "SGD", "lr": 0.8},
    "schedule": [
        {"name": "LinearLR", "start_factor": 0.25, "total_iters": 3, "until": 5},
        {"name": "ExponentialLR", "gamma": 0.5, "until": 8},
        {"name": "ConstantLR", "factor": 0.125, "total_iters": 100},
    ],
    "start": "zero",
    "n_iterations": 10,
}
MEASURES = {"n_checkpoints": 4, "n_replicas": N_DRAWS, "seed": 3}


@pytest.fixture(scope="module", params=["ky lines", "both"])
def fit(request):
    """Datasets, attributes and history of the product; every iterate of the dense descent, slice by slice."""
    case = dense_case(request.param)
    datasets, attrs, history = reconstruct(case.scan, case.attrs, REGIME, MEASURES, device=CPU)
    problem = dense_problem(case)
    dense = [[dense_fit(case, problem, i, RATES[:t]) for i in range(2)] for t in range(11)]
    return case, datasets, attrs, history, dense


def column(history, name):
    return [row[name] for row in history]


def main_images(dense):
    return np.array([[one.x[0] for one in slices] for slices in dense])  # (iteration, slice, pixel)


def gradients(dense):
    return [
        np.stack([(one.A.conj().T @ (one.A @ one.x[0] - one.data[0])) for one in slices]) for slices in dense
    ]


def test_a_schedule_switches_at_the_iteration_it_names(fit):
    assert column(fit[3], "iteration") == list(range(11))
    np.testing.assert_allclose(column(fit[3], "lr"), [*RATES, 0.1], rtol=1e-6)


def test_the_images_are_those_of_the_descent_in_input_units(fit):
    _, datasets, _, _, dense = fit
    assert list(datasets["iterations"]) == [0, 1, 3, 10]
    expected = main_images(dense)[datasets["iterations"]].reshape(-1, 2, *SHAPE)
    np.testing.assert_allclose(datasets["images"], 3.5 * expected, atol=1e-5)
    for t, found in zip(datasets["iterations"], datasets["noise_map"], strict=True):
        for one, shown in zip(dense[t], found, strict=True):
            d = np.subtract(*one.halves) / 2
            expected = 3.5 * np.sqrt((np.abs(d) ** 2).mean(0)).reshape(SHAPE)
            np.testing.assert_allclose(shown, expected, atol=1e-5)


def test_the_history_is_in_noise_variances_of_all_slices(fit):
    case, _, attrs, history, dense = fit
    n_samples, n_held_out = (
        3 * np.mean([of_slice(case, name, i).sum() for i in range(2)]) for name in ("mask", "held_out_mask")
    )
    held_out = [np.broadcast_to(of_slice(case, "held_out_mask", i), (3, *SHAPE)).ravel() for i in range(2)]
    assert attrs["n_real"] == 2 * n_samples
    assert attrs["n_held_out"] == 2 * n_held_out
    for row, slices in zip(history, dense, strict=True):
        misfits = [one.A @ one.x[0] - one.data[0] for one in slices]
        unseen = [
            (one.A @ one.x[-1] - y)[chosen]
            for one, y, chosen in zip(slices, measured(case), held_out, strict=True)
        ]
        chi2, seen = (
            np.sum(np.abs(np.concatenate(values)) ** 2) / (2 * 2 * n * SIGMA**2)
            for values, n in ((misfits, n_samples), (unseen, n_held_out))
        )
        assert row["chi2"] == pytest.approx(chi2, rel=1e-4)
        assert row["held_out"] == pytest.approx(seen, rel=1e-4)


def measured(case):
    return case.scan["kspace"].reshape(2, -1)


def test_the_gradient_norm_is_a_share_of_its_start(fit):
    norms = [np.linalg.norm(g) for g in gradients(fit[4])]
    np.testing.assert_allclose(column(fit[3], "gradient_norm"), norms / norms[0], rtol=1e-3)
    np.testing.assert_allclose(column(fit[3], "gradient_norm_absolute"), norms, rtol=1e-3)


def percentile99(values):
    """The smallest modulus that 99 % do not exceed."""
    return np.sort(np.abs(values).ravel())[round(0.99 * values.size) - 1]


def test_a_step_is_the_99th_percentile_of_the_change(fit):
    images = main_images(fit[4])
    steps = [0, *(percentile99(images[t] - images[t - 1]) for t in range(1, 11))]
    np.testing.assert_allclose(column(fit[3], "step"), steps, rtol=1e-3)
    assert fit[2]["last_step"] == column(fit[3], "step")[-1]


def test_the_travel_needed_is_ten_krylov_steps_along_the_last_gradient(fit):
    steps = []
    for one, g in zip(fit[4][-1], gradients(fit[4])[-1], strict=True):
        M, vectors = one.A.conj().T @ one.A, [g]
        for _ in range(9):
            vectors.append(M @ vectors[-1] / np.linalg.norm(vectors[-1]))
        V, _ = np.linalg.qr(np.stack(vectors, 1))
        steps.append(V @ np.linalg.solve(V.conj().T @ M @ V, V.conj().T @ g))
    assert fit[2]["travel_needed"] == pytest.approx(percentile99(np.stack(steps)), rel=0.02)


def test_what_was_asked_is_stored_beside(fit):
    _, datasets, attrs, _, _ = fit
    assert (attrs["sigma"], attrs["image_scale"], attrs["n_iterations_asked"]) == (SIGMA, 3.5, 10)
    assert attrs["stopped_because"] == ""
    assert not attrs["is_penalised"]
    assert datasets["measures/psf"].shape == (4, 2, 13, 13)
    assert datasets["frc_counts"].shape == (6,)
    assert {values.shape[0] for name, values in datasets.items() if name.startswith("measures/")} == {4}


@pytest.mark.parametrize(
    ("regime", "step"),
    [
        ({}, 1.0),
        ({"penalty": {"name": "total_variation", "weight": 1.0}}, 0.2),
        ({"solver": {"command": "bart pics {kspace} {maps} {image}"}}, 0.2),
        ({"solver": {"file": "mine.py", "function": "fit"}}, 1.0),
        ({"solver": {"name": "cg"}}, 1.0),
    ],
)
def test_noise_is_added_in_small_steps_where_a_fit_may_threshold(regime, step):
    case = dense_case()
    problem = problem_of(case.scan, case.attrs, regime, {"n_replicas": 2, "seed": 1}, CPU)
    assert (problem.replicas.n_items, problem.replicas.step) == (4, step)
