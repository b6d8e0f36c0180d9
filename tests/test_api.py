"""sharpfit from Python, and the notebook that shows it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from made_study import ITERATIONS, make_study

import sharpfit
from sharpfit import api
from sharpfit.errors import InputError

NOTEBOOK = Path(__file__).parents[1] / "docs" / "python.ipynb"


def test_the_package_opens_the_same_door():
    assert sorted(api.__all__) == sorted(sharpfit.__all__)
    for name in api.__all__:
        assert getattr(sharpfit, name) is getattr(api, name)
        assert name in dir(sharpfit)
    with pytest.raises(AttributeError, match="module 'sharpfit' has no attribute 'open_studdy'"):
        _ = sharpfit.open_studdy


def test_what_every_job_imports_imports_nothing():
    asked = "import sys, sharpfit; from sharpfit import errors; dir(sharpfit); print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", asked], text=True).split()
    assert "sharpfit.errors" in loaded
    assert not {"sharpfit.api", "numpy", "torch", "h5py", "matplotlib"} & set(loaded)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("api"), size=24)


def test_a_study_is_its_judged_fits(folder):
    study = api.open_study(folder)
    assert [fit.name for fit in study.fits][:2] == ["head_r4/gradient_descent", "head_r4/warmup"]
    assert [row.picked_iteration for row in study.rows()] == [15] * 4


def test_the_picked_image_is_that_of_the_picked_iteration(folder):
    fit = api.open_study(folder).fit("phantom_r2/warmup")
    assert fit.picked_image().shape == (1, 24, 24)
    assert np.array_equal(fit.picked_image(), fit.image(list(ITERATIONS).index(15)))
    assert not np.array_equal(fit.picked_image(), fit.image(-1))


def test_a_wrong_name_or_folder_says_what_there_is(folder, tmp_path):
    with pytest.raises(InputError, match="did you mean head_r4/warmup"):
        api.open_study(folder).fit("head_r4/warmpu")
    with pytest.raises(InputError, match="nothing was judged"):
        api.open_study(tmp_path)


def test_a_plot_shows_two_images_and_the_curves(folder):
    figure = api.plot(api.open_study(folder).fit("phantom_r2/warmup"))
    assert len(figure.axes) == 3
    assert "iteration 15" in figure.axes[0].get_title()


def test_the_plot_of_a_path_of_weights_tells_no_iteration(tmp_path):
    figure = api.plot(api.open_study(make_study(tmp_path, ("a",), ("tv",), size=16, paths=("tv",))).fits[0])
    titles = [axes.get_title() for axes in figure.axes[:2]]
    assert titles == ["picked, weight 0.4 σ", "smallest, weight 0.05 σ"]
    assert figure.axes[2].get_xlabel() == "weight in noise σ"


def test_every_cell_of_the_notebook_runs(folder, monkeypatch, capsys):
    (folder / "docs").mkdir()
    monkeypatch.chdir(folder / "docs")  # where Jupyter runs what lies there
    names: dict = {}
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), "notebook", "exec"), names)
    assert "iteration 15" in capsys.readouterr().out
