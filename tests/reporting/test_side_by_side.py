"""The picture of a scan's fits that DVC shows."""

from dataclasses import replace

import numpy as np
from made_evaluations import made_evaluation

from sharpfit.reporting.dvc_views import draw_picked


def fits(*names):
    return [
        replace(made_evaluation(name, picked={"risk": float(i), "iteration": 3}), scan="head")
        for i, name in enumerate(names, 1)
    ]


def test_pixels_that_are_no_numbers_are_black(tmp_path):
    image = np.linspace(1, 2, 64).reshape(8, 8)
    images = [np.where(np.eye(8) > 0, hole, image) for hole in (0.0, np.nan, np.inf)]
    for i, one in enumerate(images):
        draw_picked(tmp_path / f"{i}.png", fits("best", "other"), [image, one])
    drawn = [(tmp_path / f"{i}.png").read_bytes() for i in range(3)]
    assert drawn[0] == drawn[1] == drawn[2]


def test_names_are_no_formulae_and_the_best_fit_sets_the_grey_scale(tmp_path):
    dim, bright = np.full((8, 8), 1.0), np.full((8, 8), 3.0)
    draw_picked(tmp_path / "dim.png", fits("$\\best{$", "other"), [dim, bright])
    draw_picked(tmp_path / "bright.png", fits("$\\best{$", "other"), [bright, bright])
    draw_picked(tmp_path / "same.png", fits("$\\best{$", "other"), [dim, dim])
    read = {name: (tmp_path / f"{name}.png").read_bytes() for name in ("dim", "bright", "same")}
    assert read["dim"] == read["bright"] == read["same"]  # all as white as the best one or whiter
