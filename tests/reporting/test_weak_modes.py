import copy

from sharpfit.reporting.weak_modes import comparison

DESCENT = {
    "regime": "plain",
    "optimizer": {"name": "SGD", "lr": 1.0},
    "picked": {"chi2": 1.2, "weak_mode_share": 0.02, "risk": 1.0},
    "trajectory": {"chi2": [100.0, 10.0, 1.0], "weak_mode_share": [None, 0.01, 0.03]},
}
ADAM = {
    "regime": "constant",
    "optimizer": {"name": "Adam", "lr": 0.01},
    "picked": {"chi2": 10**0.5, "weak_mode_share": 0.1, "risk": 2.0},
    "trajectory": {"chi2": [100.0, 1.0], "weak_mode_share": [None, 0.1]},
}


def changed(base, **picked):
    other = copy.deepcopy(base)
    other["picked"].update(picked)
    return other


def test_the_share_is_read_where_gradient_descent_had_the_same_chi2():
    sentence = comparison([DESCENT, ADAM])
    assert sentence.startswith("At equal χ² (3.16) constant holds 10 % of its image in modes the data hardly")
    assert "plain 2 %: Adam scales" in sentence


def test_the_best_of_the_others_is_the_one_named():
    better = changed(ADAM, risk=0.5) | {"regime": "warmup"}
    assert "warmup holds" in comparison([ADAM, better, DESCENT])


def test_nothing_is_said_without_a_difference_or_a_baseline():
    assert comparison([DESCENT, changed(ADAM, weak_mode_share=0.03)]) == ""
    assert comparison([ADAM]) == ""
    assert comparison([DESCENT]) == ""
    assert comparison([DESCENT, changed(ADAM, chi2=0.5)]) == ""  # gradient descent never fitted so closely
    assert comparison([{**DESCENT, "optimizer": {"name": "SGD", "lr": 1.0, "momentum": 0.9}}, ADAM]) == ""
