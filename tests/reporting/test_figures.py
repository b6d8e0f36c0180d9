"""The still pictures: same bytes for the same input, one grey scale, hostile titles, odd values."""

import numpy as np
import pytest
from PIL import Image

from sharpfit.reporting import figures


@pytest.fixture
def image():
    rng = np.random.default_rng(0)
    square = np.zeros((3, 32, 24), dtype=np.complex64)
    square[:, 8:20, 6:18] = 1.0
    return square + 0.05 * (rng.standard_normal(square.shape) + 1j * rng.standard_normal(square.shape))


def drawings(folder, image):
    """Write one of each picture into `folder`; return the files."""
    steps = np.arange(31)
    history = {
        "iteration": steps,
        "chi2": 1 + 700 * np.exp(-steps / 4),
        "held_out": np.where(steps > 28, np.nan, 1.3 + 700 * np.exp(-steps / 4)),
        "lr": np.full(31, 0.01),
    }
    checkpoints = np.array([0, 1, 3, 10, 30])
    risk = np.array([9.0, 3.0, -1.0, 1.0, 2.0])
    title = "a $b <script> \\frac"
    figures.draw_images(
        folder / "images", ("picked, iteration 3", image), ("last", 2 * image), image, title=title
    )
    figures.draw_images(folder / "plain", ("picked", image[0]), ("last", image[1]))
    figures.draw_curves(
        folder / "curves", figures.Axis(steps, 3), history, checkpoints, {"J": risk}, title=title
    )
    figures.draw_sharpness(
        folder / "sharpness",
        figures.Axis(checkpoints, 3),
        np.array([0.0, 1.0, 2.0, 2.5, 2.6]),
        np.array([0.0, 0.0, 0.1, 0.2, np.nan]),
    )
    figures.save_picture(folder / "picture", image)
    return sorted(folder.iterdir())


def test_same_input_same_bytes_whatever_the_user_configured(tmp_path, image, monkeypatch):
    import matplotlib as mpl

    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    before = drawings(first, image)
    monkeypatch.setitem(mpl.rcParams, "font.size", 30)
    after = drawings(second, image)
    assert len(before) == 5
    assert [file.read_bytes() for file in before] == [file.read_bytes() for file in after]


def test_a_saved_picture_has_the_pixels_of_the_image(tmp_path):
    ramp = np.linspace(0, 2, 48).reshape(6, 8) * 1j
    ramp[0, 1] = np.nan
    figures.save_picture(tmp_path / "picture", ramp, white=1.0)
    grey = np.asarray(Image.open(tmp_path / "picture").convert("L")).astype(float)
    expected = np.clip(np.abs(np.nan_to_num(ramp)), 0, 1) * 255
    assert grey.shape == ramp.shape
    assert np.max(np.abs(grey - expected)) <= 1


def test_an_empty_image_is_black_and_no_error(tmp_path):
    figures.save_picture(tmp_path / "picture", np.zeros((4, 4)))
    assert np.asarray(Image.open(tmp_path / "picture").convert("L")).max() == 0
    assert figures.grey_window(np.full((2, 2), np.nan)) == 1.0
    assert figures.grey_window(np.full((2, 2), -0.25j)) == 0.25
    assert figures.grey_window(np.zeros((2, 2))) == 1.0


def test_without_a_learning_rate_there_is_one_panel_and_each_line_is_named_once(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(figures, "save_figure", lambda figure, path: drawn.append(figure))
    weights = np.array([0.1, 0.5, 2.0])
    history = {"chi2": np.ones(3), "held_out": np.ones(3)}
    figures.draw_curves(tmp_path / "curves", figures.Axis(weights, 0.5, is_path=True), history)
    (axes,) = drawn[0].axes
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["loss (χ²)", "held out", "noise floor", "picked (0.5 σ)"]
