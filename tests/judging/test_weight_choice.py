"""Fits whose checkpoints are weights of a penalty."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from made_records import ITERATIONS, by_risk_alone, made_record

from sharpfit.judging import thresholds
from sharpfit.judging.curves import Curves
from sharpfit.judging.divergence import rising
from sharpfit.judging.findings import Finding
from sharpfit.judging.judge import judge
from sharpfit.judging.weight_choice import ChosenWeight, chosen_weight, of_path

WEIGHTS = (np.nan, 3.0, 2.0, 1.0, 0.7, 0.5, 0.3, 0.2, 0.1, 0.06, 0.5)


def path(picked=5, **changes):
    """A path whose squared bias is smallest at one weight; its loss rises at the end, as it must."""
    record = by_risk_alone(made_record(sigma=0.02))
    bias = np.abs(np.log(np.r_[10.0, WEIGHTS[1:]] / WEIGHTS[picked]))[:, None] + 0.5
    chi2 = record.history["chi2"].copy()
    chi2[-1] = 2 * chi2.min()
    history = {**record.history, "chi2": chi2}
    return replace(record, filtered_rss=bias, weights=WEIGHTS, history=history, **changes)


def test_the_picked_weight_is_that_of_the_smallest_risk():
    found = judge(path())
    assert found.weight.weight == 0.5
    assert found.weight.lowest <= 0.5 <= found.weight.highest
    assert found.weight.n_tried == 9
    assert "weight 0.5 σ of 9 from 3 to 0.06 σ" in found.evidence


def test_the_start_of_a_path_is_no_weight_to_pick():
    record = path()
    bias = record.filtered_rss.copy()
    bias[0] = -1e3
    assert judge(replace(record, filtered_rss=bias)).weight.weight == 0.5


def test_held_out_samples_have_a_say_in_the_weight():
    """Of two estimates the larger weight is taken: of J's 0.5 and of what the held-out samples prefer."""
    record = path()
    for preferred, weight in ((3, 1.0), (8, 0.5)):
        held_out = np.ones((len(ITERATIONS), 1))
        held_out[preferred] = 0.5
        assert judge(replace(record, held_out_rss=held_out)).weight.weight == weight


def test_a_path_is_no_divergence_although_its_loss_rises_again():
    assert judge(path()).verdict == "cleaner"
    assert rising(path()) is not None, "what of a fit in time would be one"


def test_weights_within_a_standard_error_are_named():
    sure = judge(path(filtered_sketch=np.zeros((len(ITERATIONS), 1, 8)))).weight
    noisy = np.random.default_rng(0).normal(size=(len(ITERATIONS), 1, 8)) * 30
    unsure = judge(path(filtered_sketch=noisy)).weight
    assert unsure.highest > sure.highest
    assert unsure.lowest < sure.lowest


@pytest.mark.parametrize(("picked", "told"), [(1, True), (9, True), (5, False)])
def test_a_best_weight_at_the_end_of_the_path_is_told(picked, told):
    assert ("the best weight lies at the path's end" in judge(path(picked)).advice) == told


def test_a_path_that_never_moved_is_frozen():
    record = path()
    still = {**record.history, "step": np.zeros(len(record.history["step"]))}
    assert judge(replace(record, history=still)).verdict == "frozen"


def test_a_path_that_ends_at_its_choice_is_as_sure_as_one_that_goes_on():
    """Weights are no descent of one loss, so nothing lies ahead: the odds are those of a fit at rest."""
    at_rest = 1 / (1 + np.exp(thresholds.OVER_LOGIT[0]) + np.exp(thresholds.UNDER_LOGIT[0]))
    for picked in (3, 5, 7):  # the path ends with the fifth weight once more
        assert judge(path(picked)).confidence == pytest.approx(at_rest)


def test_a_path_is_judged_to_the_picked_weight_wherever_it_ends():
    """As a command's list goes on to its smallest weight, and does not come back to the picked one."""
    back = path()
    gradient, bias = back.cross_gradient.copy(), back.filtered_rss.copy()
    gradient[-1] *= 0.1
    bias[-1] = 50.0
    on = replace(back, weights=(*WEIGHTS[:-1], 0.05), cross_gradient=gradient, filtered_rss=bias)
    found = judge(on)
    assert found.weight.weight == 0.5
    assert "to weight 0.5 σ the sharpness" in found.evidence
    assert found.verdict == judge(back).verdict
    assert found.confidence > 0.8


def test_weights_that_are_as_good_are_told_where_there_are_others():
    assert ChosenWeight(0.5, 0.4, 0.6, 9).as_good == "0.4 to 0.6"
    assert not ChosenWeight(0.5, 0.5, 0.5, 9).as_good
    curves = Curves(replace(made_record(), weights=(np.nan, *np.linspace(2, 0.1, 10))))
    told = [
        of_path(choice, curves, Finding("sharper", "", "it grew", "")).evidence
        for choice in (ChosenWeight(0.5, 0.4, 0.6, 9), ChosenWeight(0.5, 0.5, 0.5, 9))
    ]
    assert told[0].endswith(" σ, 0.4 to 0.6 σ as good within a standard error")
    assert told[1] == "it grew; weight 0.5 σ of 9 from 2 to 0.1 σ"


@pytest.mark.parametrize(
    ("error", "lowest", "highest"),
    [
        ([0, 0, 0, 0, 0, 0], 1.0, 1.0),
        ([9, 3.9, 0.29, 0, 0.21, 0], 0.5, 1.0),
        ([9, 0, 0.31, 0, 0.19, 0], 1.0, 2.0),
        ([9, 9, 9, 0, 9, 9], 0.25, 3.0),
    ],
)
def test_as_good_are_weights_whose_risk_lies_within_its_standard_error(error, lowest, highest):
    """Above that of the chosen one by 4, 0.3, 0.2 and 0.5; the start is none, a repeated one counts once."""
    record = SimpleNamespace(weights=(np.nan, 3.0, 2.0, 1.0, 0.5, 0.25))
    curves = SimpleNamespace(record=record, risk=np.array([0.0, 5.0, 1.3, 1.0, 1.2, 1.5]))
    found = chosen_weight(curves, 3, np.array(error, float))
    assert found == ChosenWeight(1.0, lowest, highest, 5)
    record.weights = (np.nan, 3.0, 2.0, 1.0, 0.5, 1.0)
    assert chosen_weight(curves, 3, np.zeros(6)).n_tried == 4
