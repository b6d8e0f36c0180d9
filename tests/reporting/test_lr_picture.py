"""The picture of a learning-rate range test: which losses are shown, and which rate is marked."""

import numpy as np
import pytest

from sharpfit.fitting.lr_range import RangeTest
from sharpfit.reporting import lr_picture

RATES = np.array([0.1, 0.2, 0.4, 0.8, 1.6, 3.2])


@pytest.mark.parametrize(
    ("losses", "shown"),
    [
        ([1.0, 0.9, 0.5, 0.6, 2.9, 3.1], 5),  # up to three times the start, however low the lowest
        ([7.0, 6.0, 5.0, 8.0, 14.9, 15.1], 5),  # or the lowest, if that is above it
        ([1.0, 0.9, 0.5, 0.6, np.nan, np.inf], 4),
    ],
)
def test_losses_up_to_three_times_the_lowest_are_drawn_and_the_rate_is_marked(
    monkeypatch, tmp_path, losses, shown
):
    figures = []
    real = lr_picture.Figure.savefig
    monkeypatch.setattr(
        lr_picture.Figure, "savefig", lambda self, *a, **k: (figures.append(self), real(self, *a, **k))
    )
    test = RangeTest(RATES, np.array(losses), losses[0] + 0.1)
    lr_picture.draw_range_test(test, "head, Adam", tmp_path / "lr.png")
    (axes,) = figures[0].axes
    curve, mark = axes.get_lines()
    np.testing.assert_array_equal(curve.get_xdata(), RATES[:shown])
    np.testing.assert_array_equal(curve.get_ydata(), losses[:shown])
    assert set(mark.get_xdata()) == {test.found}
    assert [one.get_text() for one in axes.get_legend().get_texts()] == [
        "loss after the step",
        f"lr = {test.found:.3g}",
    ]
    assert (axes.get_title(), axes.get_xscale()) == ("head, Adam", "log")
    assert (tmp_path / "lr.png").read_bytes().startswith(b"\x89PNG")
