"""How sure, and how much better: by number."""

from dataclasses import replace

import numpy as np
import pytest
from made_records import ITERATIONS, by_risk_alone, made_record

from sharpfit.judging import thresholds
from sharpfit.judging.confidence import confidence, error_ratio
from sharpfit.judging.curves import Curves
from sharpfit.judging.judge import judge, pick
from sharpfit.judging.over_fitting import least_rise, paired_error
from sharpfit.measuring.quorum import SURROGATE, Estimate


def risen(share, error, *, asked=0.01, used=0.01, seen=True):
    """A record whose J ends `share` of the least that counts above its minimum; error: its relative SE."""
    record = by_risk_alone(made_record(sigma=0.3, conditioning=0.5))
    curves = Curves(record)
    at = pick(curves)
    rise = share * least_rise(curves, at)
    last = curves.risk[at] - curves.risk[-1] + rise
    rss, v_image = record.filtered_rss.copy(), record.v_image.copy()
    if seen:
        rss[-1] += last
    else:
        v_image[-1] += last
    draws = np.zeros((len(ITERATIONS), 1, 8))
    draws[-1, 0] = error * rise / (2 * record.sigma) * np.array([1, -1] * 4)
    return replace(
        record, filtered_rss=rss, v_image=v_image, filtered_sketch=draws, cutoff_asked=asked, cutoff_used=used
    )


def test_the_ratio_of_errors_has_the_bounds_of_two_standard_errors():
    curves = Curves(risen(5.0, 0.1))
    at = pick(curves)
    best, rise = curves.risk[at], curves.risk[-1] - curves.risk[at]
    found = error_ratio(curves, at)
    assert found.value == pytest.approx(np.sqrt(1 + rise / best))
    assert found.lower < np.sqrt(1 + 0.8 * rise / best) * 1.01
    assert found.upper > np.sqrt(1 + 1.2 * rise / best) * 0.99
    assert found.upper - found.lower < 0.7 * (found.value - 1)


def test_the_middle_estimate_gives_the_ratio_and_the_others_its_bounds():
    """The last error is twofold by J, threefold by the surrogate, fourfold by held-out ones."""
    curves = Curves(made_record(sigma=0.3, conditioning=0.5))
    last = len(ITERATIONS) - 1
    rises = {"J": 2.0, SURROGATE: 3.0, "held-out": 4.0}
    curves.__dict__["estimates"] = {
        name: Estimate(np.r_[np.ones(last), 1 + (factor**2 - 1) * 0.5], np.full(last + 1, 0.5))
        for name, factor in rises.items()
    }
    curves.__dict__["risk_noise"] = np.zeros((last + 1, 8))
    found = error_ratio(curves, 0)
    assert found.value == pytest.approx(3)
    error = 2 * np.hypot(*(part[-1] for part in paired_error(curves, 0)))
    assert found.lower == pytest.approx(np.sqrt(max(4 - error / 0.5, 0)))
    assert found.upper == pytest.approx(max(4, np.sqrt(4 + error / 0.5)))


def test_nothing_is_said_where_no_error_is_known():
    nothing = np.zeros((len(ITERATIONS), 1, 1))
    record = by_risk_alone(made_record(v_image=nothing, filtered_trace=nothing - 1e6))
    assert np.isnan(judge(record).end_over_picked.value)


def test_a_verdict_is_the_surer_the_clearer_the_rise():
    chances = [judge(risen(share, 0.1)).confidence for share in (1.5, 2.5, 10.0)]
    assert chances == sorted(chances)
    assert 0.4 < chances[0] < 0.9 < chances[-1] <= thresholds.SURE


def test_probabilities_of_the_three_classes_add_up_to_one():
    curves = Curves(risen(1.2, 0.1))
    names = ("over-fitting", "under-fitted", "sharper")
    end = len(curves.iterations) - 1
    chances = [confidence(name, curves, pick(curves), end) for name in names]
    assert sum(chances) == pytest.approx(1, abs=0.07)  # each kept within 3 and 97 %


def test_without_bias_left_a_fit_is_hardly_under_fitted():
    """A fit at rest whose error is all variance cannot gain by going on, whatever its curves' slopes."""
    record = made_record(sigma=0.3, conditioning=0.5)
    at_rest = replace(record, v_image=np.full_like(record.v_image, Curves(record).risk.max()))
    curves = Curves(at_rest)
    last = len(ITERATIONS) - 1
    assert not curves.risk[-1] - curves.v_image[-1] > thresholds.BIAS_LEFT * curves.risk[-1]
    assert confidence("under-fitted", curves, last, last) < 0.2 < confidence("sharper", curves, last, last)


def test_noise_that_falls_promises_nothing_where_no_bias_is_left():
    """Going on is for what is not fitted yet; the variance of an early checkpoint says nothing of it."""
    record = made_record(sigma=0.3, conditioning=0.5)
    risk = Curves(record).risk
    hump = np.array([0, 0.05, 1, 2, 3, 3, 3, 2.5, 2, 1.5, 1])
    shape = (-1, *(1,) * (record.v_image.ndim - 1))
    falling = replace(record, v_image=np.ones_like(record.v_image) * (hump * risk[-1]).reshape(shape))
    curves = Curves(falling)
    assert curves.risk[-1] > 0
    last = len(risk) - 1
    assert not curves.risk[-1] - curves.v_image[-1] > thresholds.BIAS_LEFT * curves.risk[-1]
    flat = replace(record, v_image=np.full_like(record.v_image, curves.v_image[-1]))
    assert confidence("under-fitted", curves, last, last) == pytest.approx(
        confidence("under-fitted", Curves(flat), last, last)
    )


def test_what_cannot_be_told_has_no_probability():
    found = judge(risen(1.5, 0.9))
    assert found.verdict == "not decided"
    assert np.isnan(found.confidence)
    assert (
        judge(replace(made_record(), is_finite=False, stopped_because="non-finite loss")).confidence
        == thresholds.SURE
    )


def test_a_rise_in_modes_below_the_filter_alone_is_not_decided():
    asked = {"asked": 1e-5, "used": 3e-4}
    assert judge(risen(4.0, 0.1, seen=False)).verdict == "over-fitting"
    assert judge(risen(4.0, 0.1, **asked)).verdict == "over-fitting"
    found = judge(risen(4.0, 0.1, seen=False, **asked))
    assert (found.verdict, found.cause) == ("not decided", "modes too weak to be seen")
    assert "it ends at the eigenvalue 0.0003 of AᴴA, the scan holds signal down to 1e-05" in found.evidence


def test_bias_that_once_was_promises_nothing():
    """Less than a tenth of J is bias at the end: the odds are those of a fit at rest, however it fell."""
    bias = np.array([50.0, 10, 5, 3, 2, 1, 0.6, 0.3, 0.2, 0.1, 0.05])[:, None]
    record = replace(by_risk_alone(made_record()), filtered_rss=bias, v_image=np.ones((11, 1, 1)))
    curves = Curves(record)
    over, under = (np.exp(weights[0]) for weights in (thresholds.OVER_LOGIT, thresholds.UNDER_LOGIT))
    assert pick(curves) == 10
    assert confidence("under-fitted", curves, 10, 10) == pytest.approx(under / (1 + over + under))
    assert confidence("cleaner", curves, 10, 10) == pytest.approx(1 / (1 + over + under))
    more = Curves(replace(record, filtered_rss=bias + 0.1))
    assert confidence("under-fitted", more, 10, 10) > 1.1 * under / (1 + over + under)


@pytest.mark.parametrize(("seen", "worth"), [(0.95, 1.0), (0.949, 0.63), (np.nan, 0.63)])
def test_odds_are_worth_less_where_j_does_not_see_the_modes(seen, worth):
    curves = Curves(replace(by_risk_alone(made_record()), seen_share=seen))
    over, under = (np.exp(worth * weights[0]) for weights in (thresholds.OVER_LOGIT, thresholds.UNDER_LOGIT))
    end = len(curves.iterations) - 1
    curves.__dict__["risk"] = curves.v_image  # no bias, so nothing lies ahead
    assert confidence("cleaner", curves, end, end) == pytest.approx(1 / (1 + over + under))


def test_the_odds_are_those_of_the_middle_rise():
    """Three estimates rose by 0.02, 0.2 and 3 times what counts; of a path of weights nothing lies ahead."""
    curves = Curves(made_record())
    least = thresholds.RISE * 2.0
    curves.__dict__["estimates"] = {
        name: Estimate(np.r_[np.ones(10), 1 + share * least], np.full(11, 2.0))
        for name, share in {"J": 0.02, SURROGATE: 3.0, "held-out": 0.2}.items()
    }
    curves.record = replace(curves.record, weights=tuple(np.linspace(1, 0.1, 11)), seen_share=0.9)
    logits = [w[0] + w[1] * np.log1p(2) for w in (thresholds.OVER_LOGIT, thresholds.UNDER_LOGIT)]
    over, under = np.exp(thresholds.WORTH_UNSEEN * np.array(logits))
    total = 1 + over + under
    assert confidence("over-fitting", curves, 0, 10) == pytest.approx(over / total)
    assert confidence("under-fitted", curves, 0, 10) == pytest.approx(under / total)
