"""A loss that rises for good is told from one that swings, and both from one that never was finite."""

from dataclasses import replace

import numpy as np
import pytest
from made_records import made_record, with_history

from sharpfit.judging.divergence import rising
from sharpfit.judging.judge import judge

T = np.arange(101)


def losing(chi2):
    record = made_record()
    return replace(record, history=with_history(record, chi2=np.asarray(chi2, float)))


def swing(decay, period=20, floor=1.0, start=300.0):
    return floor + start * np.exp(-decay * T) * np.cos(np.pi * T / period) ** 2


@pytest.mark.parametrize("end", [95, 100])
@pytest.mark.parametrize("decay", [0.01, 0.03, 0.1])
def test_a_swing_that_dies_away_is_no_divergence(decay, end):
    chi2 = swing(decay)[: end + 1]
    assert end == 95 or chi2[-1] > 1.5 * chi2.min() or decay == 0.1, "it ends high on a swing"
    assert rising(losing(chi2)) is None


def test_swings_that_grow_are():
    assert rising(losing(swing(-0.01))).cause == "loss rising"
    late = np.arange(51)
    grown = np.r_[np.geomspace(700, 2, 50), 2 * np.exp(0.05 * late) * (1 + 0.3 * np.sin(late))]
    assert rising(losing(grown)) is not None


def test_a_loss_that_fell_and_then_rises_without_end_is():
    chi2 = np.r_[np.geomspace(700, 1.2, 90), 1.2 * 1.02 ** np.arange(1, 12)]
    found = rising(losing(chi2))
    assert found.evidence.startswith("the loss ended at χ² = 1.49, above its minimum 1.2 at iteration 89")


def test_a_twentieth_of_the_noise_is_no_rise():
    assert rising(losing(np.r_[np.geomspace(700, 0.02, 90), np.linspace(0.02, 0.06, 11)])) is None
    assert rising(losing(np.r_[np.geomspace(700, 0.9, 90), np.linspace(0.9, 1.06, 11)])) is not None
    assert rising(losing(np.r_[np.geomspace(700, 1.0, 90), np.linspace(1.0, 1.04, 11)])) is None


def test_a_loss_that_ends_within_the_noise_has_not_diverged():
    """One coil, started from the zero-filled image, begins at χ² = 0: any step raises it."""
    assert rising(losing(np.linspace(1e-9, 0.12, 21))) is None
    assert rising(losing(np.r_[np.geomspace(700, 0.3, 90), np.linspace(0.3, 0.99, 11)])) is None
    assert rising(losing(np.r_[np.geomspace(700, 0.3, 90), np.linspace(0.3, 1.2, 11)])) is not None


def test_an_end_above_the_start_is_divergence_whatever_swung_before():
    chi2 = 10 + 9 * np.cos(T / 5) * np.exp(-T / 200)
    chi2[-3:] = [12, 17, 21]
    assert "at the start" in rising(losing(chi2)).evidence


def test_a_fit_that_leaves_the_finite_numbers_in_its_first_step_is_diverging_not_frozen():
    record = made_record(iterations=np.array([0]))
    history = {name: column[:1] for name, column in record.history.items()}
    one = replace(record, history=history, stopped_because="non-finite loss at iteration 1; the last is kept")
    assert (judge(one).verdict, judge(one).cause) == ("diverging", "non-finite loss")
    found = judge(replace(record, history=with_history(record, chi2=np.r_[1.0, np.nan])))
    assert "iteration 1" in found.evidence


def test_rates_that_cancel_are_not_frozen():
    record = made_record(conditioning=0.5)
    pace = 0.01 * (-1.0) ** T
    assert judge(replace(record, history=with_history(record, pace=pace, lr=pace))).verdict != "frozen"


def test_the_loss_of_a_penalised_fit_may_rise():
    """From a zero-filled start a penalty takes the image away from the data for good."""
    record = losing(np.r_[0.98, np.linspace(0.97, 1.2, 100)])
    uphill = replace(
        record, filtered_rss=record.filtered_rss + np.linspace(0, 900, len(record.iterations))[:, None]
    )
    assert judge(uphill).verdict == "diverging"
    assert judge(replace(uphill, is_penalised=True)).verdict != "diverging"
