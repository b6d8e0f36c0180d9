"""From a fit to its verdict: the lessons the product exists for."""

import numpy as np
import pytest
from small_problem import ADAM, CPU, MEASURES, SGD, small

from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.judging.judge import judge
from sharpfit.results import hdf5
from sharpfit.results.history import write_history
from sharpfit.results.reconstruction_file import read_record


@pytest.fixture
def judged(tmp_path):
    """Fit, write, read, judge; the error at every checkpoint beside."""

    def run(case, regime):
        datasets, attrs, history = reconstruct(
            case.scan, case.attrs, regime, {**MEASURES, "n_checkpoints": 16}, device=CPU
        )
        hdf5.write(tmp_path / "reconstruction.h5", datasets, attrs)
        write_history(tmp_path / "history.csv", history)
        record = read_record(tmp_path / "reconstruction.h5", tmp_path / "history.csv")
        misses = (datasets["images"] - case.truth).reshape(len(record.iterations), -1)
        return record, judge(record), np.linalg.norm(misses, axis=1) / np.linalg.norm(case.truth)

    return run


def test_gamma_09_is_learning_rate_exhausted_and_a_constant_rate_beats_it(judged):
    case = small(sigma=0.02)
    starved = {**ADAM, "n_iterations": 200, "schedule": [{"name": "ExponentialLR", "gamma": 0.9}]}
    _, found, starved_error = judged(case, starved)
    assert (found.verdict, found.cause) == ("under-fitted", "learning rate exhausted")
    assert "Σ lr = 0.1" in found.evidence
    assert found.advice == f"decay later: go on for about {found.go_on} iterations at lr 0.01"
    _, found, error = judged(case, {**ADAM, "n_iterations": 200})
    assert found.cause != "learning rate exhausted"
    assert error[found.picked] < 0.5 * starved_error.min()


def test_loss_falls_while_the_image_gets_worse_is_over_fitting(judged):
    record, found, error = judged(small(sigma=0.4, acceleration=3), {**SGD, "n_iterations": 150})
    assert record.history["chi2"][-1] == record.history["chi2"].min()
    assert error[-1] > 1.3 * error.min()
    assert found.verdict == "over-fitting"
    assert error[found.picked] < 1.05 * error.min()


def test_a_frozen_fit_says_why(judged):
    regime = {**ADAM, "optimizer": {"name": "Adam", "lr": 0.0}}
    _, found, _ = judged(small(), regime)
    assert found.verdict == "frozen"


def test_a_rate_above_the_bound_diverges(judged):
    _, found, _ = judged(small(), {**SGD, "optimizer": {"name": "SGD", "lr": 3.0}, "n_iterations": 60})
    assert found.verdict == "diverging"


def test_stop_judged_ends_a_fit_that_only_fits_noise(judged):
    case = small(sigma=0.4, acceleration=3)
    regime = {**SGD, "n_iterations": 150}
    _, full, _ = judged(case, regime)
    record, found, _ = judged(case, {**regime, "stop": {"rule": "judged", "rise": 0.1, "patience": 5}})
    assert record.stopped_because.startswith("judged: the error rose")
    assert record.iterations[-1] < 60
    assert found.verdict == "over-fitting"
    assert found.picked == full.picked
    patient = {**regime, "stop": {"rule": "judged", "rise": 0.1, "patience": 1000}}
    assert judged(case, patient)[0].stopped_because == ""
