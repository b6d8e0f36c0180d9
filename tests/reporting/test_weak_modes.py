import pytest
from made_evaluations import made_evaluation

from sharpfit.reporting.weak_modes import comparison


def descent(**optimizer):
    return made_evaluation(
        "plain",
        optimizer={"name": "SGD", "lr": 1.0, **optimizer},
        picked={"chi2": 1.2, "weak_mode_share": 0.02, "risk": 1.0},
        along={"chi2": [100.0, 10.0, 1.0], "weak_mode_share": [float("nan"), 0.01, 0.03]},
    )


def adam(regime="constant", **picked):
    return made_evaluation(regime, picked={"chi2": 10**0.5, "weak_mode_share": 0.1, "risk": 2.0, **picked})


def test_the_share_is_read_where_gradient_descent_had_the_same_chi2():
    sentence = comparison([descent(), adam()])
    assert sentence.startswith("At equal χ² (3.16) constant holds 10 % of its image in modes the data hardly")
    assert "plain 2 %: Adam leaves the well-determined directions" in sentence


def test_the_best_of_the_others_is_the_one_named():
    assert "warmup holds" in comparison([adam(), adam("warmup", risk=0.5), descent()])


def test_nothing_is_said_without_a_difference_or_a_baseline():
    assert comparison([descent(), adam(weak_mode_share=0.03)]) == ""
    assert comparison([adam()]) == ""
    assert comparison([descent()]) == ""
    assert comparison([descent(), adam(chi2=0.5)]) == ""  # gradient descent never fitted so closely
    assert comparison([descent(momentum=0.9), adam()]) == ""


@pytest.mark.parametrize(("share", "told"), [(0.0401, True), (0.0399, False)])
def test_only_twice_the_share_is_worth_a_word(share, told):
    """That of gradient descent is 2 % where it had the same χ²."""
    assert bool(comparison([descent(), adam(weak_mode_share=share)])) == told


@pytest.mark.parametrize(
    ("chi2", "expected"),
    [(10.0, "1 %"), (10**0.75, "1.5 %"), (10**0.25, "2.5 %"), (1.0, "3 %"), (11.0, None), (0.99, None)],
)
def test_between_checkpoints_the_share_goes_with_the_log_of_chi2(chi2, expected):
    """From the first checkpoint whose share is known to the last, both included."""
    told = comparison([descent(), adam(chi2=chi2)])
    assert (f"plain {expected}: Adam" in told) if expected else told == ""


def test_a_loss_that_rises_again_counts_where_it_first_falls():
    plain = made_evaluation(
        "plain",
        optimizer={"name": "SGD", "lr": 1.0},
        along={"chi2": [9.0, 1.0, 4.0, 4.0, 1.0], "weak_mode_share": [0.01, 0.02, 0.04, 0.04, 0.06]},
    )
    assert "plain 1.5 %" in comparison([plain, adam(chi2=3.0)])


def test_fits_without_a_share_or_an_optimizer_are_not_compared():
    unknown = adam("unknown", risk=0.1, weak_mode_share=float("nan"))
    momentum = made_evaluation(
        "heavy",
        optimizer={"name": "SGD", "lr": 1.0, "momentum": 0.9},
        picked={"chi2": 3.0, "weak_mode_share": 0.5, "risk": 0.1},
    )
    assert comparison([descent(), unknown, momentum]) == ""
    assert "constant holds" in comparison([unknown, momentum, adam(), descent()])
    assert "constant holds" in comparison([adam("lost", risk=float("nan")), adam(), descent()])


def test_a_loss_of_nothing_has_no_logarithm():
    """One coil's zero-filled image fits its data exactly."""
    plain = made_evaluation(
        "plain",
        optimizer={"name": "SGD", "lr": 1.0},
        along={"chi2": [10.0, 4.0, 0.0], "weak_mode_share": [0.01, 0.02, 0.03]},
    )
    assert comparison([plain, adam(chi2=3.0)]) == ""
    assert "plain 1.5 %" in comparison([plain, adam(chi2=40**0.5)])
