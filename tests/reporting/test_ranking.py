"""The fits of one scan against each other, and the sentence that says it."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from made_evaluations import made_evaluation
from made_study import make_study

from sharpfit.judging.evaluate import NoiseLevel
from sharpfit.judging.weight_choice import ChosenWeight
from sharpfit.measuring.quorum import SURROGATE
from sharpfit.reporting import ranking
from sharpfit.results.evaluation_file import read_evaluations
from sharpfit.results.summary_file import by_scan


def fit(risk, draws=(), regime="constant", **changes):
    return made_evaluation(regime, picked={"risk": risk}, risk_noise=tuple(draws), **changes)


def test_the_answer_names_the_best_regime_where_to_stop_and_whether_the_drop_is_real(tmp_path):
    root = make_study(tmp_path, size=16)
    evaluations = read_evaluations(sorted(root.glob("results/evaluate/*/*/evaluation.json"))[::-1])
    answers = {scan: ranking.answer(members) for scan, members in by_scan(evaluations).items()}
    assert answers["phantom_r2"] == (
        "Best is gradient_descent: stop at iteration 15 of 60 (NRMSE 0.100, 0.200 at the end). "
        "The loss that falls after that is not real: it fits noise. "
        "Next: warmup at iteration 15, with 41 % more estimated error."
    )


def test_warm_up_is_compared_with_the_same_regime_without_it():
    linear = {"name": "LinearLR", "start_factor": 0.02, "total_iters": 50}

    def warmed(risk):
        return made_evaluation("warmup", picked={"risk": risk, "iteration": 120}, schedule=[linear])

    plain = made_evaluation("constant", picked={"risk": 1.0, "iteration": 100}, schedule=[])
    told = ranking.answer([plain, warmed(1.44)])
    assert "Warm-up (warmup against constant) hurt: 20 % more estimated error" in told
    assert "best image at iteration 120 instead of 100" in told
    assert "made no difference beyond the uncertainty" in ranking.answer([plain, warmed(1.01)])
    assert "Warm-up" not in ranking.answer([plain])


def test_two_risks_are_as_good_only_within_the_judges_uncertainty():
    assert ranking.as_good(fit(1.0), fit(1.03))
    assert not ranking.as_good(fit(1.0), fit(1.05))
    assert not ranking.as_good(fit(1.0), fit(float("nan")))
    assert not ranking.as_good(fit(0.1), fit(0.11))  # a share of the risk, whatever its size
    assert ranking.as_good(fit(10.0), fit(10.3))
    draws = [[r, -r, r, -r] for r in (0.0, 0.1)]
    assert ranking.as_good(fit(1.0, draws[0]), fit(1.19, draws[1]))
    assert not ranking.as_good(fit(1.0, draws[0]), fit(1.21, draws[1]))


@pytest.mark.parametrize("risk", [-20.0, 0.0, 3.0, 15.0])
@pytest.mark.parametrize(("seen", "ratio"), [(0.9, np.sqrt(2.0)), (0.96, None)])
def test_where_j_leaves_modes_out_errors_are_told_by_the_most_that_an_estimate_says(risk, seen, ratio):
    """Every J of a scan is off by one common amount there, which would make its ratios any number."""
    one, two = (
        made_evaluation(picked={"risk": j, "v_image": 10.0, "surrogate_distance": distance}, seen_share=seen)
        for j, distance in ((risk, 18.0), (36.0, 1.0))
    )
    by_j = np.sqrt(36.0 / risk) if risk > 0 else None
    assert ranking.error_ratio(two, one) == pytest.approx(ratio or by_j)
    assert one.squared_error == (18.0 if ratio else risk)


def test_where_j_leaves_modes_out_and_nothing_else_is_known_j_is_told():
    unknown = {"v_image": np.nan, "surrogate_distance": np.nan}
    assert made_evaluation(picked={"risk": 8.0, **unknown}, seen_share=0.5).squared_error == 8.0


def test_draws_that_do_not_match_count_as_no_uncertainty():
    assert ranking.risk_margin(fit(1.0, [0.1, -0.1]), fit(1.0, [0.3, 0.1])) == pytest.approx(0.4)
    assert ranking.risk_margin(fit(1.0, [0.1]), fit(1.0, [0.3, 0.1])) is None
    assert ranking.risk_margin(fit(1.0, [0.1]), fit(1.0, [float("nan")])) is None
    assert ranking.risk_margin(fit(1.0), fit(1.0)) is None


def test_a_fit_without_risk_ranks_last_and_a_new_verdict_is_still_said():
    odd = fit(float("nan"), verdict="something new")
    assert ranking.rank([odd, fit(3.0, regime="other")])[-1] is odd
    assert "something new" in ranking.answer([odd])


def test_fits_rank_by_risk_and_those_without_one_by_held_out():
    def unknown(regime, held_out):
        return made_evaluation(regime, picked={"held_out": held_out})

    nothing = [unknown("none", float("nan")), unknown("worse", 1.3), unknown("better", 1.2)]
    ranked = ranking.rank([*nothing, fit(2.0, regime="second"), fit(-1.0, regime="first")])
    assert [one.regime for one in ranked] == ["first", "second", "better", "worse", "none"]


def seen(regime, risk, distance, held_out, draws=()):
    picked = {"risk": risk, "v_image": 0.5, "surrogate_distance": distance, "held_out": held_out}
    return made_evaluation(regime, picked=picked, risk_noise=tuple(draws))


def test_the_middle_one_of_three_estimates_ranks():
    """J alone would take the second, by half; what is held out and the surrogate deny it."""
    fits = [seen("a", 3.0, 0.5, 1.02), seen("b", 2.0, 3.0, 1.5), seen("c", 4.0, 0.6, 1.03)]
    assert [one.regime for one in ranking.rank(fits)] == ["a", "c", "b"]
    told = ranking.answer(fits)
    assert told.startswith("Best is a: ")
    assert (
        "J alone would take b; the distance from the surrogate and the held-out samples say otherwise."
        in told
    )
    assert "J alone" not in ranking.answer(fits[::2])


def test_where_j_leaves_modes_out_held_out_samples_rank_alone():
    fits = [seen("a", 3.0, 0.5, 1.03), seen("b", 2.0, 0.4, 1.5), seen("c", 4.0, 0.6, 1.02)]
    assert [one.regime for one in ranking.rank(fits)] == ["b", "a", "c"]
    blind = [replace(one, seen_share=0.9) for one in fits]
    assert [one.regime for one in ranking.rank(blind)] == ["c", "a", "b"]
    assert ranking.middle_estimate(blind[2], blind[1]).name == "held-out"
    assert "J alone would take b; the held-out samples say otherwise." in ranking.answer(blind)
    unheld = [seen("a", 3.0, 0.5, float("nan")), seen("b", 2.0, 0.4, float("nan"))]
    assert ranking.rank([replace(one, seen_share=0.9) for one in unheld])[0].regime == "b"


def blind(*arguments):
    return replace(seen(*arguments), seen_share=0.9)


def test_a_fit_that_is_far_behind_is_ranked_by_the_middle_one_though_j_leaves_modes_out():
    """What is held out cannot tell two starved fits apart, and puts the worse one first."""
    fits = [
        blind("worse", 90.0, 80.0, 1.86),
        blind("starved", 60.0, 50.0, 1.88),
        blind("best", 2.0, 1.0, 1.1),
    ]
    assert [one.regime for one in ranking.rank(fits)] == ["best", "starved", "worse"]
    found = ranking.middle_estimate(fits[2], fits[0])
    assert (found.change > 0, found.is_equal) == (True, False)
    near = [blind("a", 2.0, 1.0, 1.2), blind("b", 5.9, 7.0, 1.1)]
    assert [one.regime for one in ranking.rank(near)] == ["b", "a"], "a rise by 1.95 is not far"
    far = [blind("a", 2.0, 1.0, 1.2), blind("b", 6.1, 7.0, 1.1)]
    assert [one.regime for one in ranking.rank(far)] == ["a", "b"]


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ((3.0, 1.5, 1.19), "J"),  # J and the surrogate say worse
        ((3.0, 1.03, 1.19), "held-out"),  # the surrogate says nothing
        ((3.0, 0.5, 1.19), "held-out"),  # it denies J
        ((2.3, 1.5, 1.19), "held-out"),  # J says nothing
        ((1.0, 0.5, 1.21), "J"),  # both say better
        ((3.0, 1.5, 1.5), "held-out"),  # held out, it says so itself
    ],
)
def test_where_what_is_held_out_says_nothing_j_decides_if_the_surrogate_seconds_it(other, name):
    draws = ([0.0, 0.0], [0.2, -0.2])
    one, two = blind("a", 2.0, 1.0, 1.2, draws[0]), blind("b", *other, draws[1])
    found = ranking.middle_estimate(one, two)
    assert found.name == name
    assert found.is_equal == (name == "held-out" and other[2] < 1.25)


def test_an_estimate_that_not_every_fit_has_ranks_none():
    fits = [seen("a", 2.0, 1.0, float("nan")), seen("b", 3.0, 1.5, 1.0)]
    assert [one.regime for one in ranking.rank(fits[::-1])] == ["a", "b"]


@pytest.mark.parametrize(
    ("other", "name", "margin"),
    [
        ((2.2, 1.5, 1.0), "J", 0.4),  # +10 %, +25 %, −17 %
        ((2.6, 1.2, 1.0), SURROGATE, 0.04 * 2.0),
        ((3.0, 1.05, 1.3), "held-out", 0.04 * 1.2),
        ((2.2, 1.5, float("nan")), "J", 0.4),  # of two, the lesser change
        ((1.8, 0.4, float("nan")), "J", 0.4),
        ((2.6, 1.1, float("nan")), SURROGATE, 0.04 * 2.0),
    ],
)
def test_the_estimate_with_the_middle_change_decides_between_two(other, name, margin):
    draws = ([0.0, 0.0], [0.2, -0.2])
    one, two = seen("a", 2.0, 1.0, 1.2, draws[0]), seen("b", *other, draws[1])
    found = ranking.middle_estimate(one, two)
    assert (found.name, found.margin) == (name, pytest.approx(margin))
    assert ranking.middle_estimate(two, one).values == found.values[::-1]
    assert ranking.as_good(one, two) == (abs(found.change) <= margin)


@pytest.mark.parametrize(
    ("other", "name", "equal"),
    [
        ((2.6, 0.4, 1.22), "J", False),  # a residual near its floor: +2 %, J by 30 %
        ((1.4, 3.0, 1.19), "J", False),  # the other way round
        ((2.3, 0.4, 1.22), "held-out", True),  # J is not beyond its margin either
        ((2.6, 0.4, 1.19), "held-out", True),  # J is denied
        ((2.6, 1.01, float("nan")), "J", False),  # of two
    ],
)
def test_where_the_middle_one_decides_nothing_j_does_beyond_its_uncertainty(other, name, equal):
    draws = ([0.0, 0.0], [0.2, -0.2])
    one, two = seen("a", 2.0, 1.0, 1.2, draws[0]), seen("b", *other, draws[1])
    for pair in ((one, two), (two, one)):
        found = ranking.middle_estimate(*pair)
        assert (found.name, found.is_equal) == (name, equal)
        assert ranking.as_good(*pair) == equal


def test_errors_are_compared_by_the_root_of_the_risks():
    assert ranking.error_ratio(fit(4.0), fit(1.0)) == pytest.approx(2)
    assert ranking.error_ratio(fit(1.0), fit(4.0)) == pytest.approx(0.5)
    assert ranking.error_ratio(fit(0.0), fit(1.0)) is None
    assert ranking.error_ratio(fit(1.0), fit(-1.0)) is None


@pytest.mark.parametrize(
    ("risk", "told"), [(1.2**2, None), (1.2**-2, None), (1.3**2, 1.3), (1.3**-2, 1 / 1.3)]
)
def test_near_errors_are_compared_by_no_number_where_modes_are_left_out(risk, told):
    one, two = fit(risk, seen_share=0.9), fit(1.0, seen_share=0.9)
    assert ranking.error_ratio(one, two) == (told and pytest.approx(told))
    assert ranking.error_ratio(fit(risk), fit(1.0)) == pytest.approx(np.sqrt(risk))


def test_the_answer_names_the_fits_that_are_as_good_and_the_first_that_is_not():
    told = ranking.answer([fit(r, regime=f"r{r}") for r in (2.25, 1.02, 1.0, 1.21)])
    assert told.startswith("Best is r1.0: stop at iteration 15 of 60. The drop in loss is real")
    assert "As good within the uncertainty: r1.02. Next: r1.21 at iteration 15, with 10 % more" in told
    alone = ranking.answer([fit(1.0)])
    assert "As good" not in alone
    assert "Next" not in alone


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"name": "LinearLR"}, True),  # torch begins at a third
        ({"name": "LinearLR", "end_factor": 0.34}, True),
        ({"name": "LinearLR", "end_factor": 0.33}, False),
        ({"name": "LinearLR", "start_factor": 0.2, "end_factor": 0.1}, False),
        ({"name": "LinearLR", "start_factor": 1.0}, False),
        ({"name": "ConstantLR", "start_factor": 0.1}, False),
    ],
)
def test_only_a_rate_that_rises_is_a_warm_up(part, said):
    after = {"name": "CosineAnnealingLR", "T_max": 10}
    warm = made_evaluation("warm", picked={"risk": 0.25}, schedule=[part, after])
    plain = made_evaluation("plain", picked={"risk": 1.0}, schedule=[after])
    told = ranking.answer([warm, plain])
    assert ("Warm-up (warm against plain) helped: 50 % less estimated error" in told) == said


def test_a_warm_up_is_compared_with_no_other_optimizer_schedule_or_start():
    part = {"name": "LinearLR", "start_factor": 0.1}
    warm = made_evaluation("warm", picked={"risk": 0.25}, schedule=[part])
    for changes in ({"optimizer": {"name": "SGD", "lr": 1}}, {"schedule": [part]}):
        other = made_evaluation("other", picked={"risk": 1.0}, **changes)
        assert "Warm-up" not in ranking.answer([warm, other])


def test_a_corrected_noise_level_is_said_with_the_answer():
    level = NoiseLevel(0.8, 1.0, 0.01, "corrected by 0.80: the residual of a fit has 0.64 of its variance")
    told = ranking.answer([fit(1.0, noise=level)])
    assert (
        "All fits are judged at 0.80 of the noise level that was measured or stated (corrected by 0.80"
        in told
    )
    assert "noise level" not in ranking.answer([fit(1.0)])


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (1.001, "an estimated error within 0.5 %"),
        (1.0049, "an estimated error within 0.5 %"),
        (0.9951, "an estimated error within 0.5 %"),
        (1.0051, "0.51 % more estimated error"),
        (0.9949, "0.51 % less estimated error"),
        (2.0, "2 times the estimated error"),
        (1.12, "12 % more estimated error"),
        (0.9, "10 % less estimated error"),
        (1.997, "100 % more estimated error"),
        (3.14, "3.1 times the estimated error"),
        (123.0, "120 times the estimated error"),
    ],
)
def test_an_error_is_told_by_a_share_where_it_is_near_and_as_a_multiple_where_it_is_far(ratio, words):
    assert ranking._by(ratio) == words


def test_no_sentence_tells_an_iteration_instead_of_itself():
    warmed = {"schedule": [{"name": "LinearLR", "start_factor": 0.1}]}
    told = ranking.answer([made_evaluation("warm", **warmed), made_evaluation("plain")])
    assert "instead of" not in told
    last = made_evaluation("last", picked={"iteration": 60})
    assert "take its last image, at iteration 60" in ranking.answer([last])


def test_as_good_is_a_difference_of_at_most_the_margin():
    assert ranking.as_good(fit(25.0), fit(26.0))
    assert ranking.as_good(fit(-1.0), fit(-0.97))
    assert not ranking.as_good(fit(-1.0), fit(-0.95))
    draws = [0.5, -0.5], [0.25, -0.25]
    assert ranking.as_good(fit(1.0, draws[0]), fit(1.5, draws[1]))
    assert ranking.risk_margin(fit(1.0, [0.0, 0.0]), fit(1.0, [0.3, 0.4])) == pytest.approx(2 * 0.125**0.5)


@pytest.mark.parametrize(
    ("picked", "last", "changes", "told"),
    [
        ({"nrmse": 0.125}, {"nrmse": 0.25}, {}, "NRMSE 0.125, 0.250 at the end"),
        ({"nrmse": 0.125, "iteration": 60}, {"nrmse": 0.125}, {}, "NRMSE 0.125"),
        ({"nrmse": 0.125}, {"nrmse": 0.25}, {"weight": ChosenWeight(0.4, 0.3, 0.5, 18)}, "NRMSE 0.125"),
        ({}, {"nrmse": 0.25}, {}, ""),
    ],
)
def test_an_error_is_told_at_the_pick_and_at_another_end(picked, last, changes, told):
    evaluation = made_evaluation(picked=picked, last=last, **changes)
    assert ranking.error_against_reference(evaluation) == told
    stop = f"Best is constant: {evaluation.where_to_stop}"
    assert ranking.answer([evaluation]).startswith(f"{stop} ({told}). " if told else f"{stop}. ")


def test_a_path_is_told_by_what_its_weights_brought():
    path = made_evaluation(weight=ChosenWeight(0.4, 0.3, 0.5, 18), picked={"risk": 1.0})
    assert ranking.reasons([path]).startswith(
        "From the largest weight down to this one the image grew sharper."
    )


@pytest.mark.parametrize(
    ("verdict", "end", "told"),
    [
        ("sharper", 15, "the image grew sharper to the end."),
        ("sharper", 60, "the image grew sharper; after iteration 15 its error hardly changed."),
        ("cleaner", 15, "the error fell to the end, though nothing grew sharper."),
        ("cleaner", 60, "the error fell until iteration 15, though nothing grew sharper."),
    ],
)
def test_a_gain_is_told_to_the_end_only_where_that_is_taken(verdict, end, told):
    one = fit(1.0, verdict=verdict, last={"iteration": end})
    assert ranking.reasons([one]) == f"The drop in loss is real: {told}"


@pytest.mark.parametrize(("cause", "told"), [("noise", "noise"), ("", "cause unknown")])
def test_a_cause_is_named_or_said_to_be_unknown(cause, told):
    said = ranking.reasons([fit(1.0, verdict="over-fitting", cause=cause)])
    assert said == f"The loss that falls after that is not real: it fits {told}."


def test_where_an_error_has_no_root_the_next_is_told_without_a_number():
    told = ranking.reasons([fit(-1.0, regime="best"), fit(2.0, regime="other")])
    assert told.endswith(" Next: other at iteration 15.")
    linear = {"name": "LinearLR", "start_factor": 0.02}
    warm = made_evaluation("warm", picked={"risk": -1.0}, schedule=[linear])
    plain = made_evaluation("plain", picked={"risk": 2.0})
    assert ranking.reasons([warm, plain]).endswith(
        "Warm-up (warm against plain) helped: best image at the same iteration."
    )


def drawn(rng, regime, **changes):
    """A fit whose three estimates of the error are drawn each on its own."""
    risk, distance, held_out = rng.uniform(0.5, 2, 3)
    picked = {"risk": risk, "v_image": 0.1, "surrogate_distance": distance, "held_out": 1 + held_out}
    return made_evaluation(regime, picked=picked, **changes)


def test_what_is_said_to_deny_j_denies_it():
    """Ranks of three fits need not be those of each pair: what is named must put the best first."""
    rng = np.random.default_rng(0)
    said = Counter()
    for _ in range(400):
        fits = [drawn(rng, name) for name in "abc"]
        best, first = ranking.rank(fits)[0], min(fits, key=lambda one: one.picked.risk)
        told = ranking.answer(fits)
        if "J alone" in told:
            by_surrogate, held_out = "the distance from the surrogate" in told, "held-out" in told
            nearer = best.picked.surrogate_distance < first.picked.surrogate_distance
            assert by_surrogate == nearer
            assert held_out == (best.picked.held_out < first.picked.held_out)
            said[by_surrogate, held_out] += 1
    assert said[True, True] > 10
    assert said[True, False] + said[False, True] > 2


def test_a_warm_up_that_helped_is_never_said_to_have_more_error():
    rng, said = np.random.default_rng(1), Counter()
    linear = {"name": "LinearLR", "start_factor": 0.02, "total_iters": 50}
    for _ in range(200):
        told = ranking.answer([drawn(rng, "plain", schedule=[]), drawn(rng, "warm", schedule=[linear])])
        warm_up = told[told.index("Warm-up") :]
        helped, hurt = "helped" in warm_up, "hurt" in warm_up
        assert not (helped and "more estimated" in warm_up)
        assert not (hurt and "less estimated" in warm_up)
        said[helped, hurt, "estimated" in warm_up] += 1
    assert min(said[True, False, True], said[True, False, False], said[False, True, False]) > 0


@pytest.mark.parametrize(("risk", "said"), [(-0.1, True), (float("nan"), False)])
def test_a_warm_up_is_compared_where_j_has_no_root_and_not_where_it_is_unknown(risk, said):
    linear = {"name": "LinearLR", "start_factor": 0.02, "total_iters": 50}
    plain = made_evaluation("plain", picked={"risk": 1.0}, schedule=[])
    warm = made_evaluation("warm", picked={"risk": risk}, schedule=[linear])
    assert ("Warm-up (warm against plain) helped: best image at" in ranking.answer([plain, warm])) == said
    assert ("Warm-up" in ranking.answer([plain, warm])) == said


def test_places_count_within_each_scan_in_the_order_given():
    fits = [fit(2.0, scan="a"), fit(9.0, scan="b"), fit(1.0, regime="cg", scan="a")]
    assert ranking.places(fits) == [2, 1, 1]
