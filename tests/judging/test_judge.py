"""The rule, on fits whose measures are known in closed form."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from made_records import ITERATIONS, by_risk_alone, made_record, with_history

from sharpfit.judging.curves import Curves
from sharpfit.judging.judge import _worst_slice, judge, pick
from sharpfit.judging.over_fitting import paired_error, standard_error
from sharpfit.judging.record import MEASURES


def test_figures_of_a_converged_projection_stand_at_the_noise_floor():
    figures = Curves(made_record(conditioning=0.5)).at(-1)
    assert figures.chi2_df == pytest.approx(1, abs=0.01)
    assert figures.risk == pytest.approx(figures.v_image, rel=0.05)


def test_ill_conditioned_descent_over_fits_and_its_best_iteration_is_picked():
    record = by_risk_alone(made_record(sigma=0.3, conditioning=1e-3))
    found = judge(record)
    assert found.verdict == "over-fitting"
    assert found.cause == "noise"
    risk = Curves(record).risk
    assert found.picked == risk.argmin()
    assert f"J rose {100 * (risk[-1] / risk.min() - 1):.0f} %" in found.evidence
    assert "% of the sharpness gained since is noise" in found.evidence


def test_the_middle_pick_is_taken_and_two_estimates_of_three_make_a_rise():
    """J is least at the fourth checkpoint, the surrogate's distance at the second; held-out decides.

    Where it is least at the fifth, J has risen less from there than the surrogate's distance to the fourth.
    """
    record = made_record(sigma=0.3, conditioning=1e-3)
    near = record.surrogate_distance.copy()
    near[1] = 0.9 * near.min()
    record = replace(record, surrogate_distance=near)
    curves = Curves(record)
    assert [int(one.values.argmin()) for one in curves.estimates.values()] == [3, 1, 1]
    assert judge(record).picked == 1
    late = record.held_out_rss.copy()
    late[4] = 0
    assert judge(replace(record, held_out_rss=late)).picked == 4

    flat = replace(record, filtered_rss=1e4 - record.v_image[..., 0])  # J never rises, the others do
    found = judge(flat)
    assert found.verdict == "over-fitting"
    rise = 100 * (near[-1, 0] / near[found.picked, 0] - 1)
    assert f"J rose 0 %, squared distance from the surrogate rose {rise:.0f} %" in found.evidence
    alone = replace(record, surrogate_distance=0 * near + 10, held_out_rss=0 * late + 10)
    assert judge(alone).verdict != "over-fitting"  # J alone rises


def test_weak_modes_that_grow_more_than_the_noise_are_artefact():
    record = made_record(sigma=0.3, conditioning=1e-3)
    share = np.linspace(0, 0.9, len(ITERATIONS))[:, None]
    assert (
        judge(replace(record, weak_mode_share=share, image_norm=20 * record.image_norm)).cause
        == "weakly-determined artefact"
    )


def test_held_out_samples_that_fell_make_it_mixed():
    record = made_record(sigma=0.3, conditioning=1e-3, n_draws=2)
    falling = np.linspace(30, 8, len(ITERATIONS))[:, None]
    record = replace(record, held_out_rss=falling)
    assert judge(record).verdict == "over-fitting"  # J rose fourfold: that stands
    curves = Curves(record)
    slight = 1.15 * curves.risk[pick(curves)] - curves.v_image[-1]
    bias = np.r_[record.filtered_rss[:-1, 0], slight][:, None]
    assert judge(replace(record, filtered_rss=bias)).verdict == "mixed"


def test_a_rise_within_two_standard_errors_is_not_decided():
    record = by_risk_alone(made_record(sigma=0.3, conditioning=1e-3, n_draws=4))
    spread = np.array([-1, 1, -1, 1]) * np.linspace(0, 1, len(ITERATIONS))[:, None, None] * 4000
    found = judge(replace(record, v_image=record.v_image + spread))
    assert found.verdict == "not decided"
    assert "replicas would decide" in found.evidence
    sketch = np.linspace(0, 1e5, len(ITERATIONS))[:, None, None] * np.ones((1, 1, 8))
    found = judge(replace(record, filtered_sketch=sketch))
    assert found.verdict == "not decided"
    assert "replicas cannot decide" in found.evidence


def test_descent_stopped_early_is_under_fitted():
    found = judge(made_record(sigma=0.02, conditioning=0.01, iterations=ITERATIONS[:4]))
    assert found.verdict == "under-fitted"


def test_learning_rate_exhausted_names_what_was_available_and_needed():
    record = made_record(sigma=0.02, conditioning=0.01, iterations=ITERATIONS[:7])
    lr = 0.01 * 0.5 ** np.arange(14)
    record = replace(
        record,
        history=with_history(record, pace=lr, step=np.r_[np.nan, lr[:-1]]),
        last_step=lr[-2],
        travel_needed=1.6,
    )
    found = judge(record)
    assert (found.verdict, found.cause) == ("under-fitted", "learning rate exhausted")
    assert "Σ lr = 0.02" in found.evidence
    assert "0.02 travelled; from here" in found.evidence
    assert "1.6 is needed" in found.evidence
    assert found.go_on > 0
    assert found.advice == f"decay later: go on for about {found.go_on} iterations at lr 0.01"


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"travel_needed": 0.001}, "too few iterations"),
        ({"travel_needed": 50.0}, "ill-conditioning"),
    ],
)
def test_other_causes_of_under_fitting(changes, cause):
    record = made_record(sigma=0.02, conditioning=0.01, iterations=ITERATIONS[:5], **changes)
    assert judge(record).cause == cause


def test_no_redundancy_leaves_chi2_df_undefined_and_nothing_breaks():
    found = judge(made_record(n_real=805, conditioning=0.9))
    assert np.isnan(Curves(made_record(n_real=805, conditioning=0.9)).chi2_df[-1])
    assert found.verdict == "contrast restored"


def test_frozen_says_why():
    record = made_record(iterations=ITERATIONS[:4])
    still = judge(replace(record, history=with_history(record, pace=np.zeros(4))))
    assert still.cause == "every learning rate is zero"
    assert "Σ lr = 0 over 3 iterations" in still.evidence
    assert judge(replace(record, history=with_history(record, step=np.zeros(4)))).verdict == "frozen"
    why = "parameters did not move though the gradient is not zero: c is not what the optimizer holds"
    frozen = replace(record, stopped_because=why, history=with_history(record, step=np.zeros(4)))
    assert judge(frozen).cause == why


@pytest.mark.parametrize("left", [0.0, 3e-7])
def test_a_fit_that_begins_where_it_ends_is_not_frozen_but_unchanged(left):
    """As the zero-filled image of all samples of one coil: its gradient is the rounding of none."""
    record = made_record()
    at_rest = replace(
        record,
        **{
            name: np.repeat(getattr(record, name)[-1:], len(ITERATIONS), 0)
            for name in MEASURES
            if name not in ("iterations", "frc_counts")
        },
        history=with_history(record, step=np.zeros(101), chi2=np.full(101, 0.7), held_out=np.full(101, 1.1)),
    )
    found = judge(replace(at_rest, gradient_norm=left * at_rest.image_norm))
    assert (found.verdict, found.cause) == ("unchanged", "converged by iteration 0")
    assert judge(replace(at_rest, gradient_norm=1e-3 * at_rest.image_norm)).verdict == "frozen"


def test_one_step_that_leaves_a_gradient_is_not_decided_and_one_that_leaves_none_is_unchanged():
    record = made_record(conditioning=0.05, iterations=ITERATIONS[:2])
    found = judge(record)
    assert found.verdict == "not decided"
    assert "of the gradient left" in found.evidence
    assert np.isnan(found.confidence)
    assert judge(made_record(iterations=ITERATIONS[:2])).verdict == "unchanged"


@pytest.mark.parametrize(("share", "verdict"), [(0.99e-3, "frozen"), (1.01e-3, "other")])
@pytest.mark.parametrize("penalised", [False, True])
def test_a_fit_that_went_a_thousandth_of_its_way_is_frozen_unless_a_penalty_holds_it(
    share, verdict, penalised
):
    record = made_record()
    steps = np.r_[np.nan, np.full(len(record.history["step"]) - 1, 1e-6)]
    record = replace(
        record,
        history=with_history(record, step=steps),
        travel_needed=np.nansum(steps) / share,
        is_penalised=penalised,
    )
    found = judge(record)
    assert (found.verdict == "frozen") == (verdict == "frozen" and not penalised)
    if found.verdict == "frozen":
        assert found.cause == "the steps are far too small"


def test_a_fit_that_moved_and_then_stood_still_is_not_frozen():
    record = made_record(sigma=0.02, conditioning=0.01, iterations=ITERATIONS[:5])
    lr = 0.01 * 0.1 ** np.arange(9)
    history = with_history(record, pace=lr, step=np.r_[np.nan, lr[:-1]])
    stuck = replace(
        record, history=history, last_step=0.0, stopped_because="parameters did not move for 10 iterations"
    )
    assert (judge(stuck).verdict, judge(stuck).cause) == ("under-fitted", "learning rate exhausted")


def test_diverging_by_loss_or_by_values_that_are_not_finite():
    record = made_record()
    rising = np.geomspace(1, 9, len(record.history["chi2"]))
    history = with_history(record, chi2=rising)
    assert judge(replace(record, history=history)).verdict != "diverging", "J fell to the end"
    risen = np.geomspace(1, 9, len(record.iterations))[:, None]
    found = judge(replace(record, history=history, filtered_rss=record.filtered_rss[:1] * risen))
    assert (found.verdict, found.cause) == ("diverging", "loss rising")
    rss = record.rss.copy()
    rss[-3:] = np.nan
    broken = np.where(np.arange(101) < 57, record.history["chi2"], np.nan)
    found = judge(
        replace(
            record,
            rss=rss,
            history=with_history(record, chi2=broken),
            is_finite=False,
            stopped_because="non-finite loss at iteration 57",
        )
    )
    assert found.verdict == "diverging"
    assert "57" in found.evidence
    assert found.picked < 8


def test_sigma_misjudged_gives_a_negative_risk_that_is_reported_as_such():
    record = made_record(sigma=0.3, conditioning=1e-3)
    found = judge(replace(record, filtered_trace=record.filtered_trace - 1e4))
    assert "J went from -603 (unresolved) to 509" in found.evidence


@pytest.mark.parametrize(("standard_errors", "told"), [(1.9, "J went from"), (2.1, "J rose")])
def test_a_rise_has_a_share_where_what_it_rose_from_is_resolved(standard_errors, told):
    record = made_record(sigma=0.3, conditioning=1e-3)
    picked, curves = judge(record).picked, Curves(record)
    off = curves.risk[picked] - standard_errors * standard_error(curves)[picked]
    lower = replace(record, filtered_rss=record.filtered_rss - off)
    assert Curves(lower).risk[picked] > 0
    assert judge(lower).picked == picked
    assert told in judge(lower).evidence


def test_point_spread_that_narrows_is_sharper():
    record = made_record(conditioning=0.9, sigma=0.01)
    psf = record.psf.copy()
    psf[1, ..., 8, 7] = psf[1, ..., 8, 9] = psf[1, ..., 8, 8]
    assert judge(record).verdict == "contrast restored"
    assert judge(replace(record, psf=psf)).verdict == "sharper"


def test_slices_are_summed_and_the_worst_is_named():
    record = made_record(sigma=0.3, conditioning=1e-3, n_slices=3)
    one = made_record(sigma=0.3, conditioning=1e-3)
    np.testing.assert_allclose(Curves(record).risk, 3 * Curves(one).risk)
    assert pick(Curves(record)) == pick(Curves(one))
    v_image = record.v_image.copy()
    v_image[-1, 1] *= 2
    assert judge(replace(record, v_image=v_image)).worst_slice == 1


def test_paired_error_falls_with_more_draws():
    record = made_record(sigma=0.3, conditioning=1e-3)
    data, replicas = paired_error(Curves(record), 3)
    assert replicas[3] == 0
    assert replicas[-1] > 0
    assert (data == 0).all()


def test_the_judge_reads_the_clock_and_never_the_learning_rate():
    record = made_record(sigma=0.02, conditioning=0.01, iterations=ITERATIONS[:5])
    without = replace(record, history=with_history(record, lr=np.full(9, np.nan)))
    assert judge(without) == judge(record)


def test_a_solver_without_a_learning_rate_is_not_told_to_raise_it():
    record = made_record(sigma=0.02, conditioning=0.01, iterations=ITERATIONS[:5])
    found = judge(replace(record, has_learning_rate=False))
    assert found.verdict == "under-fitted"
    assert "iterations = 5" in found.evidence
    assert not any(
        "lr" in text or "learning rate" in text for text in (found.cause, found.evidence, found.advice)
    )


@pytest.mark.parametrize(
    ("first", "last", "worst"),
    [
        ([1.0, 1.0, 1.0], [1.1, 1.3, 1.2], 1),  # all rose, by little
        ([5.0, 1.0, 1.0], [5.1, 1.2, 0.9], 1),  # it rose most, and is not the largest
        ([5.0, 1.0, 7.0], [4.0, 0.5, 6.0], 2),  # none rose
        ([np.nan, 1.0, 2.0], [9.0, 1.5, 2.1], 1),  # what is not known did not rise
        ([1.0, 2.0, np.nan], [0.5, 1.5, np.nan], 1),
        ([np.nan] * 3, [np.nan] * 3, 0),
    ],
)
def test_the_worst_slice_is_the_one_whose_error_rose_most_or_is_largest(first, last, worst):
    """From the pick to the end, in the mean over draws."""
    risk = np.stack([np.full(3, 100.0), first, np.zeros(3), last])[..., None] + np.array([-0.5, 0.5])
    assert _worst_slice(SimpleNamespace(slice_risk=risk), 1) == worst
