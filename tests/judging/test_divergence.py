"""A loss that rises for good is told from one that swings, and both from one that never was finite."""

from dataclasses import replace

import numpy as np
import pytest
from made_records import made_record, with_history

from sharpfit.judging import thresholds
from sharpfit.judging.divergence import _peaks, non_finite, rising
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
    one = replace(record, history=history, is_finite=False, stopped_because="non-finite loss at iteration 1")
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


@pytest.mark.parametrize(
    ("values", "peaks"),
    [
        ([5, 3, 1], []),
        ([1, 5, 1], [5]),
        ([1, 5], []),  # it has not fallen yet
        ([9, 1, 5, 2, 8, 3, 4, 3.5, 1], [5, 8]),  # 4 stands 1 above its valley: no more than the least
        ([1, 1.9, 1, 2.1, 1], [2.1]),
        ([3, 1, 4, 3.1, 6, 2], [6]),  # the first did not fall by more than the least
        ([3, 1, 4, 2.9, 6, 2], [4, 6]),
        ([0, 5, 1, 0.5, 2, 0], [5, 2]),
    ],
)
def test_swings_are_maxima_that_stand_out_by_more_than_the_least(values, peaks):
    assert _peaks(np.array(values, float), 1.0).tolist() == peaks


def test_a_loss_rises_for_good_where_no_swing_was_as_high_as_its_end():
    """By 5 % of the lowest, and in the later half of what came since more than in the earlier."""
    fallen = [700.0, 100.0, 50.0, 10.0]
    assert rising(losing([*fallen, 10.1, 10.2, 10.4, 10.49])) is None
    assert rising(losing([*fallen, 10.1, 10.2, 10.4, 10.51])) is not None
    assert rising(losing([*fallen, 14.0, 12.0, 11.0, 11.0, 11.0])) is None, "the earlier half is higher"
    assert rising(losing([700.0, 5.0, 30.0, 4.0, 4.1, 5.0, 29.0])) is None, "a swing was higher"
    found = rising(losing([700.0, 5.0, 30.0, 4.0, 4.1, 5.0, 31.0]))
    assert found.evidence == "the loss ended at χ² = 31, above its minimum 4 at iteration 3"
    assert found.advice == "lower the learning rate"


def test_an_end_five_per_cent_of_the_least_above_the_start_is_told_with_it():
    falling = [10.0, 20.0, 4.0, 15.0]
    assert rising(losing([*falling, 10.19])) is None
    found = rising(losing([*falling, 10.21]))
    assert found.evidence.endswith("above its minimum 4 at iteration 2, 10 at the start")


def test_where_the_loss_first_left_the_numbers_is_told():
    record = made_record()
    for chi2, at in (([1.0, np.inf, 2.0, np.nan], 1), ([1.0, 2.0, 3.0, np.inf], 3)):
        found = non_finite(replace(record, history=with_history(record, chi2=np.array(chi2))))
        assert (found.cause, found.evidence) == ("non-finite loss", f"non-finite loss at iteration {at}")
    assert non_finite(losing([1.0, np.nan, 2.0])) is None
    assert non_finite(replace(record, stopped_because="risk rose")) is None
    said = replace(record, is_finite=False, stopped_because="the loss left the numbers")
    assert non_finite(said).evidence == "the loss left the numbers"


def test_a_loss_that_rises_is_less_sure_to_diverge_than_one_that_leaves_the_numbers():
    """The error rose as well: it was passed on the way to the other end of the curves."""
    record = made_record(sigma=0.3, conditioning=1e-3)
    chi2 = np.r_[np.linspace(9, 2, 51), np.geomspace(2, 40, 50)]
    found = judge(replace(record, history=with_history(record, chi2=chi2)))
    assert (found.verdict, found.confidence) == ("diverging", thresholds.RISING)
    ended = judge(replace(record, is_finite=False, stopped_because="non-finite loss at iteration 7"))
    assert (ended.verdict, ended.confidence) == ("diverging", thresholds.SURE)
