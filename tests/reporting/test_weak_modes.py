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
    assert "plain 2 %: Adam scales" in sentence


def test_the_best_of_the_others_is_the_one_named():
    assert "warmup holds" in comparison([adam(), adam("warmup", risk=0.5), descent()])


def test_nothing_is_said_without_a_difference_or_a_baseline():
    assert comparison([descent(), adam(weak_mode_share=0.03)]) == ""
    assert comparison([adam()]) == ""
    assert comparison([descent()]) == ""
    assert comparison([descent(), adam(chi2=0.5)]) == ""  # gradient descent never fitted so closely
    assert comparison([descent(momentum=0.9), adam()]) == ""
