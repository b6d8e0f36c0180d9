"""What DVC is told of a study: the numbers in its metrics and behind its curves."""

import json

import numpy as np
import pytest
from made_evaluations import made_evaluation

from sharpfit.judging.weight_choice import ChosenWeight
from sharpfit.reporting import dvc_views

ALONG = {"iteration": [0, 15, 60], "chi2": [9.0, 4.0, 2.0], "held_out": [8.0, 5.0, 6.0]}


@pytest.mark.parametrize(
    ("picked", "told"),
    [
        ({"nrmse": 0.125, "held_out": 1.5}, {"nrmse": 0.125}),
        ({"held_out": 1.5}, {"held_out": 1.5}),
        ({"nrmse": np.inf, "held_out": 1.5}, {"held_out": 1.5}),
        ({}, {}),
    ],
)
def test_a_scan_has_the_error_of_its_best_image_alone(tmp_path, picked, told):
    fits = [
        made_evaluation("worse", picked={"risk": 3.0, "nrmse": 0.5, "held_out": 2.0}),
        made_evaluation("best", picked={"risk": 2.0, **picked}),
        made_evaluation("alone", picked={"risk": 9.0, "nrmse": 0.75}, scan="größer"),
    ]
    dvc_views.write_metrics(tmp_path / "metrics.json", fits)
    text = (tmp_path / "metrics.json").read_text(encoding="utf-8")
    of_head = {name: {"head": value} for name, value in told.items()}
    assert json.loads(text) == of_head | {"nrmse": of_head.get("nrmse", {}) | {"größer": 0.75}}
    assert "größer" in text
    assert text.endswith("}\n")


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draw the regimes and return the figure."""
    figures = []
    monkeypatch.setattr(dvc_views, "save_figure", lambda figure, path: figures.append(figure))

    def draw(*evaluations):
        dvc_views.draw_regimes(tmp_path / "curves.png", evaluations)
        return figures[-1]

    return draw


def lines(axes):
    """What is drawn as a line or a point: label or marker → places and values."""
    found = {}
    for line in axes.get_lines():
        name = line.get_marker() if line.get_marker() != "None" else line.get_label()
        found[name] = (line.get_xdata(), line.get_ydata())
    return found


def test_each_half_draws_its_measure_over_iterations_and_marks_the_pick(drawn):
    fit = made_evaluation(along=ALONG, picked={"chi2": 4.0, "held_out": 5.0})
    for axes, name in zip(drawn(fit).axes, ("chi2", "held_out"), strict=True):
        found = lines(axes)
        np.testing.assert_array_equal(found["constant"], [ALONG["iteration"], ALONG[name]])
        np.testing.assert_array_equal(found["o"], [[15], [ALONG[name][1]]])
        assert sorted(axes.get_lines()[-1].get_ydata()) == [1.0, 1.0], "the noise floor"
        assert axes.get_xlim()[0] == 0


def test_a_path_of_weights_is_drawn_as_the_level_of_its_picked_weight(drawn):
    path = made_evaluation(
        "path",
        along=ALONG,
        picked={"chi2": 3.0, "held_out": 5.5},
        weight=ChosenWeight(0.387, 0.3, 0.5, 18),
    )
    figure = drawn(path)
    for axes, level in zip(figure.axes, (3.0, 5.5), strict=True):
        found = lines(axes)
        np.testing.assert_array_equal(found["path, weight 0.387 σ"], [ALONG["iteration"], [level] * 3])
        assert "o" not in found
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["path, weight 0.387 σ"]


def test_regimes_differ_in_colour_or_dashes(drawn):
    figure = drawn(*(made_evaluation(f"r{i}", along=ALONG) for i in range(30)))
    shown = [one for one in figure.axes[0].get_lines() if one.get_label().startswith("r")]
    assert len({(one.get_color(), str(one._dash_pattern)) for one in shown}) == len(shown) == 30
