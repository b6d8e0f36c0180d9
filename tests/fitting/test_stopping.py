"""When a judged fit ends, by numbers that can be added up by hand."""

import numpy as np
import pytest

from sharpfit.fitting.stopping import JudgedStop, stop_rule

SIGMA = 0.5


def seen(risk, v_image=1.0, sketch=0.0):
    """An observation of two slices and two draws whose J is `risk`, in which every term counts.

    J = Σ over slices of the mean over draws of rss + σ² trace − v_filtered + v_image. Nothing else is known.
    """
    draw = np.array([[1.0, 3.0], [5.0, 7.0]])
    parts = {"filtered_trace": 4 * draw, "v_filtered": 2 * draw, "v_image": np.full((2, 2), v_image / 2)}
    parts["filtered_sketch"] = np.array([[sketch, -sketch], [2 * sketch, -2 * sketch]])
    parts |= {"v_data": np.full((2, 2), np.nan)}
    parts |= {name: np.full(2, np.nan) for name in ("rss", "held_out_rss", "surrogate_distance")}
    others = (SIGMA**2 * parts["filtered_trace"] - parts["v_filtered"] + parts["v_image"]).mean(1).sum()
    return parts | {"filtered_rss": np.array([0.25, 0.75]) * (risk - others)}


def rule_of(rise=0.1, patience=10):
    return JudgedStop(rise, patience, SIGMA, n_real=100, n_held_out=20)


def told(iterations, risks, *, rise=0.1, patience=10, **changes):
    return rule_of(rise, patience)(iterations, [seen(risk, **changes) for risk in risks])


def test_a_fit_ends_once_it_has_lain_above_its_minimum_for_long_enough():
    assert (
        told([0, 5, 20], [40.0, 20.0, 23.0]) == "judged: the error rose since iteration 5, 15 iterations ago"
    )
    assert (
        told([0, 5, 15], [40.0, 20.0, 23.0]) == "judged: the error rose since iteration 5, 10 iterations ago"
    )
    assert told([0, 5, 14], [40.0, 20.0, 23.0]) == ""
    assert told([0, 5, 20], [40.0, 20.0, 21.9]) == ""
    assert told([0, 5, 20], [40.0, 20.0, 19.0]) == ""
    assert told([0], [40.0], patience=0) == ""


def test_the_last_value_counts_and_not_a_peak_on_the_way():
    assert told([0, 5, 20, 30], [40.0, 20.0, 90.0, 21.0]) == ""


def test_near_zero_a_rise_is_a_share_of_the_images_variance():
    """J can be 0 or below; then ten per cent of it means nothing."""
    assert told([0, 5, 20], [40.0, -1.0, 0.0], v_image=20.0) == ""
    assert told([0, 5, 20], [40.0, -1.0, 1.5], v_image=20.0).startswith("judged")
    assert told([0, 5, 20], [40.0, 1.0, 2.5], v_image=20.0) == ""


def test_a_regime_names_its_own_rule():
    assert stop_rule({}, SIGMA, 100, 20) is None
    stop = stop_rule({"stop": {"rule": "judged", "rise": 0.5, "patience": 3}}, SIGMA, 100, 20)
    checkpoints = [0, 5, 8]
    assert stop(checkpoints, [seen(risk) for risk in (40.0, 20.0, 30.1)]).startswith("judged")
    assert stop(checkpoints, [seen(risk) for risk in (40.0, 20.0, 29.9)]) == ""


@pytest.mark.parametrize("term", ["filtered_rss", "filtered_trace", "v_filtered", "v_image"])
def test_every_term_of_the_risk_counts_with_its_sign(term):
    weight = {"filtered_rss": 1, "filtered_trace": SIGMA**2, "v_filtered": -1, "v_image": 1}[term]
    before, after = seen(20.0), seen(20.0)
    after[term] = after[term] + 3 / weight / 2  # in both slices
    rule = rule_of(0.14, 1)
    assert rule([0, 5], [before, after]).startswith("judged")  # J = 23
    after[term] = after[term] - 0.4 / weight / 2
    assert rule([0, 5], [before, after]) == ""  # J = 22.6


def test_a_rise_within_two_standard_errors_of_the_datas_noise_ends_nothing():
    """2 · 2σ · rms over probes of the change, summed over slices: 4 · 0.5 · 3 · 0.5 = 3."""
    rule = rule_of()
    before = [seen(40.0), seen(20.0)]
    assert rule([0, 5, 20], [*before, seen(22.9, sketch=0.5)]) == ""
    assert rule([0, 5, 20], [*before, seen(23.1, sketch=0.5)]).startswith("judged")


def all_known(risk, distance, held_out, loss=40.0, **changes):
    """The same with the other estimates: the surrogate's distance, the residual over n σ² of two slices.

    v_data = 2 in all.
    """
    of_slices = np.array([0.25, 0.75])
    known = {
        "rss": loss * of_slices,
        "v_data": 2 * np.array([[0.5, 1.5], [0.0, 4.0]]) / 3,
        "surrogate_distance": distance * of_slices,
        "held_out_rss": held_out * 2 * 20 * SIGMA**2 * of_slices,
    }
    return seen(risk, **changes) | known


@pytest.mark.parametrize(
    ("last", "ends"),
    [
        ((22.1, 44.1, 1.4), True),
        ((22.1, 43.9, 1.4), False),  # of J alone
        ((22.1, 43.9, 1.56), True),  # by the held-out samples: a tenth of 1.5 − 1
        ((21.9, 44.1, 1.54), False),
        ((19.0, 44.1, 1.56), True),  # J may fall
    ],
)
def test_most_of_three_estimates_must_rise(last, ends):
    rule = rule_of()
    way = [all_known(40.0, 60.0, 3.0), all_known(20.0, 40.0, 1.5)]
    assert bool(rule([0, 5, 20], [*way, all_known(*last, loss=39.9)])) == ends


def test_a_swing_of_momentum_raises_the_loss_too_and_ends_nothing():
    way = [all_known(40.0, 60.0, 3.0), all_known(20.0, 40.0, 1.5)]
    for loss, ends in ((39.9, True), (40.0, False), (41.0, False)):
        assert bool(rule_of()([0, 5, 20], [*way, all_known(30.0, 60.0, 2.0, loss=loss)])) == ends


def test_held_out_samples_spare_a_rise_the_test_against_the_datas_noise():
    rule = rule_of()
    way = [all_known(40.0, 60.0, 3.0), all_known(20.0, 40.0, 1.5)]
    assert not rule([0, 5, 20], [*way, all_known(22.5, 48.0, 1.5, loss=39.0, sketch=0.5)])
    assert rule([0, 5, 20], [*way, all_known(22.5, 48.0, 1.6, loss=39.0, sketch=0.5)])
