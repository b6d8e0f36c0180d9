"""Where each rule of the judge begins to speak, and what it says: one threshold at a time."""

from dataclasses import replace

import numpy as np
import pytest
from made_records import ITERATIONS, by_risk_alone, made_record, with_history

from sharpfit.judging.confidence import ErrorRatio, confidence
from sharpfit.judging.curves import Curves
from sharpfit.judging.diagnosis import plateau_cause
from sharpfit.judging.evaluate import NoiseLevel, evaluate
from sharpfit.judging.judge import judge, pick
from sharpfit.judging.over_fitting import over_fitting
from sharpfit.measuring.quality import Reference

OVER = by_risk_alone(made_record(sigma=0.3, conditioning=1e-3, n_draws=2))
PICKED = pick(Curves(OVER))


def with_last_risk(record, risk):
    """The same record with another bias at the last checkpoint, so that J ends at `risk`."""
    bias = record.filtered_rss.copy()
    bias[-1] += risk - Curves(record).risk[-1]
    return replace(record, filtered_rss=bias)


@pytest.mark.parametrize(("share", "over"), [(1.10, False), (1.106, True)])
def test_over_fitting_begins_at_five_per_cent_of_error(share, over):
    best = Curves(OVER).risk[PICKED]
    found = judge(with_last_risk(OVER, share * best))
    assert (found.verdict == "over-fitting") == over


@pytest.mark.parametrize(("rise", "left"), [(0.049, False), (0.051, True)])
@pytest.mark.parametrize(("penalised", "verdict"), [(True, "over-regularised"), (False, "unsettled")])
@pytest.mark.parametrize("scale", [1.0, 40.0])
def test_a_loss_that_rises_with_the_error_by_a_twentieth_is_no_over_fitting(
    rise, left, penalised, verdict, scale
):
    """Of the loss at the pick, or of the noise floor where that is larger; the cause is the fit's own."""
    curves = Curves(replace(OVER, is_penalised=penalised))
    chi2 = scale * np.full(len(ITERATIONS), 0.5)
    chi2[-1] += rise * max(chi2[0], 1.0)
    curves.__dict__["chi2"] = chi2
    found = over_fitting(curves, PICKED)
    assert found.verdict == (verdict if left else "over-fitting")
    if left:
        assert f"χ² rose from {chi2[0]:.3g} to {chi2[-1]:.3g} with the error" in found.evidence
        assert found.advice.startswith(f"stop at iteration {ITERATIONS[PICKED]}, or lower the ")
        assert ("penalty's weight" if penalised else "momentum") in found.advice
        alone = Curves(replace(curves.record, has_learning_rate=False))
        alone.__dict__["chi2"] = chi2
        assert penalised or over_fitting(alone, PICKED).advice.endswith("or lower the solver's smoothing")
    assert confidence(found.verdict, curves, PICKED, -1 % len(ITERATIONS)) > 0.9


def test_a_rise_is_a_share_of_the_variance_where_that_is_larger():
    """A bias estimated far below 0 leaves J smaller than the variance in it."""
    least, variance = Curves(OVER).risk[PICKED], Curves(OVER).v_image[PICKED]
    shifted = replace(OVER, filtered_rss=OVER.filtered_rss - least + 0.3 * variance)
    curves = Curves(shifted)
    size = (1.05**2 - 1) * curves.v_image[PICKED]
    assert size > (1.05**2 - 1) * curves.risk[PICKED]
    for factor, over in ((0.98, False), (1.02, True)):
        found = judge(with_last_risk(shifted, curves.risk[PICKED] + factor * size))
        assert (found.verdict == "over-fitting") == over


def test_over_fitting_is_dated_from_where_j_stays_up():
    """Not from a first peak, and counted in iterations."""
    bias = OVER.filtered_rss.copy()
    bias[-2] -= Curves(OVER).risk[-2] - 1.01 * Curves(OVER).risk[PICKED]  # low again, and not the lowest
    found = judge(replace(OVER, filtered_rss=bias))
    assert found.picked == PICKED
    assert f"since iteration {ITERATIONS[-1]}:" in found.evidence
    assert judge(OVER).advice == f"stop at iteration {ITERATIONS[PICKED]}, or regularise"


def test_what_replicas_could_decide_is_said_with_their_number():
    """Two replicas at J ± 0.7 of its rise: four would bring the error of their mean to half the rise."""
    curves = Curves(OVER)
    rise = curves.risk[-1] - curves.risk[PICKED]
    spread = np.zeros_like(OVER.v_image)
    spread[-1] = 0.7 * rise * np.array([1, -1])
    found = judge(replace(OVER, v_image=OVER.v_image + spread))
    assert (found.verdict, found.advice) == ("not decided", "set n_replicas to 4")
    assert f"between iteration {ITERATIONS[PICKED]} and 100" in found.evidence
    sketch = np.zeros_like(OVER.filtered_sketch)
    sketch[-1] = 0.3 * rise / (2 * OVER.sigma)
    both = judge(replace(OVER, v_image=OVER.v_image + spread, filtered_sketch=sketch))
    assert both.advice == "set n_replicas to 7"  # 2 · 0.49 / (0.25 − 0.09) = 6.1


def test_a_rise_counts_against_the_errors_of_data_and_replicas_together():
    rise = Curves(OVER).risk[-1] - Curves(OVER).risk[PICKED]
    for factor, verdict in ((0.98, "over-fitting"), (1.02, "not decided")):
        sketch = np.zeros_like(OVER.filtered_sketch)
        sketch[-1] = factor * rise / 2 / (2 * OVER.sigma)  # twice this is the rise
        assert judge(replace(OVER, filtered_sketch=sketch)).verdict == verdict


@pytest.mark.parametrize(
    ("change", "cause"), [({"weak": 1.9}, "noise"), ({"weak": 2.1}, "weakly-determined artefact")]
)
def test_artefact_is_what_grew_twice_as_much_as_the_noise_explains(change, cause):
    grown = Curves(OVER).v_image[-1] - Curves(OVER).v_image[PICKED]
    share = np.zeros((len(ITERATIONS), 1))
    share[-1] = 0.5
    norm = np.full((len(ITERATIONS), 1), 2 * np.sqrt(change["weak"] * grown))
    assert judge(replace(OVER, weak_mode_share=share, image_norm=norm)).cause == cause


def test_the_share_of_noise_in_the_sharpness_gained_is_told():
    cross, power = np.ones((len(ITERATIONS), 1, 2)), np.ones((len(ITERATIONS), 1, 2))
    cross[-1], power[-1] = 1.5, 1.5 + 2 * 1.5  # G gains 0.5 and the noise 1.5
    told = judge(replace(OVER, cross_gradient=cross, gradient_energy=power)).evidence
    assert "; 75 % of the sharpness gained since is noise" in told
    assert "sharpness" not in judge(replace(OVER, cross_gradient=power, gradient_energy=power)).evidence


@pytest.mark.parametrize(("last", "verdict"), [(1.049, False), (1.051, True)])
def test_a_loss_five_per_cent_above_its_minimum_diverges(last, verdict):
    record = with_last_risk(made_record(), 1e3)  # no loss diverges while J stays low
    chi2 = np.r_[np.full(100, 1.0), last]
    found = judge(replace(record, history=with_history(record, chi2=chi2)))
    assert (found.verdict == "diverging") == verdict
    tiny = judge(replace(record, history=with_history(record, chi2=chi2 / 100)))
    assert tiny.verdict != "diverging"  # of a loss below the noise floor no five per cent count
    assert "iteration 0" in found.evidence or not verdict


def test_plateaus_are_told_apart():
    assert plateau_cause(1.06, 0.5) == "noise floor"
    assert plateau_cause(1.061, 0.03) == "converged"
    assert plateau_cause(1.061, 0.031) == ""
    assert plateau_cause(np.nan, 0.01) == "converged"
    assert plateau_cause(0.9, 0.01) == "noise floor"


def test_the_worst_slice_rose_most_or_is_the_largest():
    record = made_record(conditioning=0.9, n_slices=3)
    bias = record.filtered_rss.copy()
    bias[-1, 2] += 1e-3
    assert judge(replace(record, filtered_rss=bias)).worst_slice in (0, 2)
    v_image = np.repeat(record.v_image[:1], len(ITERATIONS), axis=0) * 0 + np.array([1.0, 5.0, 2.0])[:, None]
    falling = np.linspace(2, 1, len(ITERATIONS))[:, None] * np.array([1.0, 1.0, 9.0])
    record = replace(record, v_image=v_image, filtered_rss=falling)
    assert judge(record).worst_slice == 2


def test_sharper_begins_where_the_width_changes_by_five_per_cent():
    """From the first checkpoint with a width to the last, geometric mean of y and x."""
    record = made_record(conditioning=0.9, sigma=0.01)
    told = judge(record).evidence
    assert "PSF width 1.21 → 1.21 px" in told
    assert "from iteration 1 to iteration 100" in told
    gain = Curves(record).cross_gradient[-1] / Curves(record).cross_gradient[1] - 1
    assert f"changed by {100 * gain:+.0f} %" in told


@pytest.mark.parametrize(("fall", "verdict"), [(1.9, "over-fitting"), (2.1, "mixed")])
def test_held_out_samples_disagree_once_they_fell_by_two_standard_errors(fall, verdict):
    """Relative standard error of the sum of N squares: √(2 / N), N counted over both slices."""
    record = made_record(sigma=0.3, conditioning=1e-3, n_slices=2, n_draws=2)
    curves = Curves(record)
    best = int(curves.surrogate_distance.argmin())  # J's minimum too
    slight = with_last_risk_of_each(record, 1.15 * curves.risk[best] / 2)
    held_out = np.full((len(ITERATIONS), 2), 10.0)
    held_out[-1] *= 1 - fall * np.sqrt(2 / (2 * record.n_held_out))
    assert judge(replace(slight, held_out_rss=held_out)).verdict == verdict
    size = (1.05**2 - 1) * curves.risk[best]
    for clear, stands in ((1.9, verdict), (2.1, "over-fitting")):
        risen = with_last_risk_of_each(record, (curves.risk[best] + clear * size) / 2)
        assert judge(replace(risen, held_out_rss=held_out)).verdict == stands


def with_last_risk_of_each(record, risk):
    """J of every slice ends at `risk`."""
    bias = record.filtered_rss.copy()
    bias[-1] += risk - Curves(record).slice_risk[-1].mean(-1)
    return replace(record, filtered_rss=bias)


def test_the_judgement_two_standard_errors_away_is_that_of_the_other_noise_level():
    """And a reference is asked at the picked and the last checkpoint, with the images found there."""
    record = made_record(sigma=0.3, conditioning=0.1)
    images = np.linspace(0.5, 1.5, len(ITERATIONS))[:, None, None, None] * np.ones((1, 1, 12, 12))
    truth = Reference(np.ones((1, 12, 12)), np.ones((1, 12, 12), bool))
    level = NoiseLevel(0.3, 0.3, 0.2, "")
    found = evaluate(record, images.__getitem__, truth, level)
    for bound, ratio in ((found.noise.lower, 0.6), (found.noise.upper, 1.4)):
        other = judge(record.at_noise(ratio))
        assert bound.verdict == other.verdict
        assert bound.picked_iteration == ITERATIONS[other.picked]
    assert found.noise.lower.picked_iteration > found.noise.upper.picked_iteration
    errors = np.abs(images[:, 0, 0, 0] - 1)
    np.testing.assert_allclose(found.nrmse, errors)
    assert found.picked_quality.nrmse == pytest.approx(errors[found.judgement.picked])
    assert found.last_quality.nrmse == pytest.approx(0.5)
    unknown = evaluate(record, images.__getitem__, None, replace(level, relative_uncertainty=np.nan))
    assert unknown.noise.lower is None
    assert np.isnan([*unknown.nrmse, unknown.picked_quality.nrmse]).all()


def test_an_image_that_stands_still_does_not_over_fit_whatever_its_replicas_do():
    record = made_record(sigma=0.3, conditioning=1e-3)
    best = judge(record).picked
    assert judge(record).verdict == "over-fitting"
    steps = np.array(record.history["step"])
    steps[ITERATIONS[best] + 1 :] = 0
    still = judge(replace(record, history=with_history(record, step=steps)))
    assert still.verdict not in ("over-fitting", "under-fitted")
    assert still.confidence > 0.5
    assert still.end_over_picked == ErrorRatio(1.0, 1.0, 1.0)
    steps[-1] = 1e-6
    assert judge(replace(record, history=with_history(record, step=steps))).verdict == "over-fitting"
