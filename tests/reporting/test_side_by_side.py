"""The picture of a scan's fits that DVC shows."""

from dataclasses import replace

import numpy as np
import pytest
from made_evaluations import made_evaluation

from sharpfit.judging.weight_choice import ChosenWeight
from sharpfit.reporting import dvc_views
from sharpfit.reporting.dvc_views import draw_picked
from sharpfit.reporting.grey import grey_window
from sharpfit.results.picked_file import write_picked


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


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draw picked images and return the figure."""
    figures = []
    monkeypatch.setattr(dvc_views, "save_figure", lambda figure, path: figures.append(figure))

    def draw(evaluations, images):
        draw_picked(tmp_path / "picked.png", evaluations, images)
        return figures[-1]

    return draw


def test_a_title_says_the_regime_its_pick_and_its_error_where_that_is_known(drawn):
    known = made_evaluation("known", picked={"risk": 2.0, "iteration": 3, "nrmse": 0.12345})
    unknown = made_evaluation("unknown", picked={"risk": 1.0, "iteration": 7})
    path = made_evaluation("path", picked={"risk": 3.0}, weight=ChosenWeight(0.387, 0.3, 0.5, 18))
    figure = drawn([known, unknown, path], [np.ones((4, 5))] * 3)
    assert [axes.get_title() for axes in figure.axes] == [
        "known\niteration 3, NRMSE 0.123",
        "unknown\niteration 7",
        "path\nweight 0.387 σ",
    ]


@pytest.mark.parametrize(("n", "places"), [(1, 1), (4, 4), (5, 5), (6, 10), (11, 15)])
def test_images_stand_in_rows_of_five_on_the_scale_of_the_best(drawn, n, places):
    images = [np.full((4, 6), 1.0 + i) for i in range(n)]
    fits = [made_evaluation(f"r{i}", picked={"risk": float(n - i)}) for i in range(n)]  # the last is the best
    figure = drawn(fits, images)
    assert len(figure.axes) == places
    assert not any(axes.axison for axes in figure.axes)
    shown = [axes.get_images() for axes in figure.axes]
    assert [len(one) for one in shown] == [1] * n + [0] * (places - n)
    for (one,), image in zip(shown[:n], images, strict=True):
        np.testing.assert_array_equal(one.get_array(), image)
        assert one.get_clim() == (0.0, grey_window(images[-1]))


def test_every_scan_has_a_folder_of_two_pictures_of_its_own_fits(monkeypatch, tmp_path):
    """Of the middle slice of each fit's own file, whatever the order of scans."""
    asked = []
    monkeypatch.setattr(dvc_views, "draw_regimes", lambda *given: asked.append(given))
    monkeypatch.setattr(dvc_views, "draw_picked", lambda *given: asked.append(given))
    names = [("b", "x"), ("a", "x"), ("b", "y")]
    evaluations = [made_evaluation(regime, scan=scan) for scan, regime in names]
    files = [tmp_path / f"{n}.h5" for n in range(3)]
    for n, file in enumerate(files):
        picked = np.zeros((3, 4, 5))
        picked[1] = -(n + 1)
        write_picked(file, picked, 3, "iteration 3")
    dvc_views.write_plots(tmp_path / "plots", evaluations, files)
    assert [(given[0], [one.regime for one in given[1]]) for given in asked] == [
        (tmp_path / "plots/b/curves.png", ["x", "y"]),
        (tmp_path / "plots/b/picked.png", ["x", "y"]),
        (tmp_path / "plots/a/curves.png", ["x"]),
        (tmp_path / "plots/a/picked.png", ["x"]),
    ]
    assert [image[0, 0] for image in asked[1][2]] == [1.0, 3.0]
    assert [image.shape for image in asked[3][2]] == [(4, 5)]
    assert asked[3][2][0][0, 0] == 2.0
    assert (tmp_path / "plots/a").is_dir()
    assert (tmp_path / "plots/b").is_dir()
