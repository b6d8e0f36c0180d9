"""How sure, and how much better: by number."""

from dataclasses import replace

import numpy as np
import pytest
from made_records import ITERATIONS, made_record

from sharpfit.judging import thresholds
from sharpfit.judging.confidence import confidence, error_ratio
from sharpfit.judging.curves import Curves
from sharpfit.judging.judge import judge, pick
from sharpfit.judging.over_fitting import least_rise


def risen(share, error, *, asked=0.01, used=0.01, seen=True):
    """A record whose J ends `share` of the least that counts above its minimum; error: its relative SE."""
    record = made_record(sigma=0.3, conditioning=0.5)
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


def test_nothing_is_said_where_the_risk_has_no_root():
    record = replace(made_record(), filtered_trace=np.full((len(ITERATIONS), 1, 1), -1e6))
    assert np.isnan(judge(record).end_over_picked.value)


def test_a_verdict_is_the_surer_the_clearer_the_rise():
    chances = [judge(risen(share, 0.1)).confidence for share in (1.5, 2.5, 4.0)]
    assert chances == sorted(chances)
    assert 0.5 < chances[0] < thresholds.SURE
    blurred = Curves(risen(4.0, 0.45))
    assert confidence("over-fitting", blurred, pick(blurred)) < chances[-1]


def test_probabilities_of_the_three_classes_add_up_to_one():
    curves = Curves(risen(1.2, 0.1))
    names = ("over-fitting", "under-fitted", "sharper")
    chances = [confidence(name, curves, pick(curves)) for name in names]
    assert sum(chances) == pytest.approx(1, abs=0.07)  # each kept within 3 and 97 %


def test_without_bias_left_a_fit_is_hardly_under_fitted():
    """A fit at rest whose error is all variance cannot gain by going on, whatever its curves' slopes."""
    record = made_record(sigma=0.3, conditioning=0.5)
    at_rest = replace(record, v_image=np.full_like(record.v_image, Curves(record).risk.max()))
    curves = Curves(at_rest)
    last = len(ITERATIONS) - 1
    assert not curves.risk[-1] - curves.v_image[-1] > thresholds.BIAS_LEFT * curves.risk[-1]
    assert confidence("under-fitted", curves, last) < 0.2 < confidence("sharper", curves, last)


def test_what_cannot_be_told_has_no_probability():
    found = judge(risen(1.5, 0.9))
    assert found.verdict == "not decided"
    assert np.isnan(found.confidence)
    assert judge(replace(made_record(), stopped_because="non-finite loss")).confidence == thresholds.SURE


def test_a_rise_in_modes_below_the_filter_alone_is_not_decided():
    asked = {"asked": 1e-5, "used": 3e-4}
    assert judge(risen(4.0, 0.1, seen=False)).verdict == "over-fitting"
    assert judge(risen(4.0, 0.1, **asked)).verdict == "over-fitting"
    found = judge(risen(4.0, 0.1, seen=False, **asked))
    assert (found.verdict, found.cause) == ("not decided", "modes too weak to be seen")
    assert "it ends at the eigenvalue 0.0003 of AᴴA, the scan holds signal down to 1e-05" in found.evidence
