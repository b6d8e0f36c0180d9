"""sharpfit from Python, and the notebook that shows it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_records import ITERATIONS as ITERATIONS_OF_RECORD
from made_records import made_record
from made_study import ITERATIONS, make_study

import sharpfit
from sharpfit import api
from sharpfit.errors import InputError
from sharpfit.judging.judge import judge
from sharpfit.results import hdf5
from sharpfit.results.history import COLUMNS

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


def test_a_fit_is_asked_for_by_a_name_and_an_image_by_a_checkpoint_that_there_is(folder):
    study = api.open_study(folder)
    with pytest.raises(
        InputError, match=r"^no judged fit is called 3; known here: head_r4/gradient_descent, "
    ):
        study.fit(3)
    for checkpoint in (99, 8, -9, "last", 1.0):
        told = rf"^head_r4/warmup has no image {checkpoint!r}: its checkpoints are 0 to 7, -1 the last$"
        with pytest.raises(InputError, match=told):
            study.fit("head_r4/warmup").image(checkpoint)


def test_the_folder_of_a_fit_may_be_text(folder):
    fit, same = api.Fit(str(folder), "head_r4/warmup"), api.Fit(folder, "head_r4/warmup")
    assert np.array_equal(fit.picked_image(), same.picked_image())
    assert fit.scan.file == same.scan.file
    assert fit.history.keys() == same.history.keys()


def write_preprocessed(file, sigma=0.05):
    """The scan of `made_record`, 16 × 16, with a reference."""
    disc = (np.hypot(*np.mgrid[-1:1:16j, -1:1:16j]) < 0.8)[None]
    arrays = {"kspace": np.ones((1, 1, 16, 16), np.complex64), "mask": np.ones((16, 16), bool)}
    attrs = {"sigma": sigma, "reference_noise_variance": 0.0, "reference_noise_energy": 0.0}
    hdf5.write(file, {**arrays, "reference": disc.astype(np.complex64), "support": disc}, attrs)
    return file


def an_image(_checkpoint):
    return np.ones((1, 16, 16), np.complex64)


def test_a_recorded_trajectory_is_judged_again(tmp_path):
    file = write_preprocessed(tmp_path / "scan.h5")
    judged = api.judge(made_record(), an_image, str(file))
    assert judged.judgement.verdict == judge(made_record()).verdict
    assert np.isfinite(judged.nrmse).all()
    alone = api.judge(made_record(), lambda checkpoint: np.ones(3), file, use_reference=False)
    assert np.isnan(alone.nrmse).all()


NOTHING = np.full((11, 1), np.nan)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rss": NOTHING}, r"record\.rss: no number among its values, shape \(11, 1\)"),
        ({"image_norm": NOTHING}, r"record\.image_norm: no number among its values"),
        ({"filtered_rss": NOTHING}, r"record\.filtered_rss: no number among its values"),
        ({"v_image": NOTHING[..., None]}, r"record\.v_image: no number among its values"),
        ({"rss": np.ones((11, 2))}, r"record\.rss: has the shape \(11, 2\), but must begin \(11, 1\)"),
        ({"df": np.ones(11)}, r"record\.df: has the shape \(11,\), but must begin \(11, 1\)"),
        ({"sigma": 0.0}, r"record\.sigma: is 0\.0; it must be a number above 0"),
        ({"sigma": -0.05}, r"record\.sigma: is -0\.05; it must be"),
        ({"sigma": np.nan}, r"record\.sigma: is nan; it must be"),
        ({"sigma": 0.06}, r"record\.sigma: is 0\.06, but .*scan\.h5 has 0\.05: another scan's"),
        ({"n_real": 0}, r"record\.n_real: is 0; it must be a number above 0"),
        ({"n_held_out": -1}, r"record\.n_held_out: is -1; it must be 0 or more"),
        (
            {"iterations": ITERATIONS_OF_RECORD[::-1]},
            r"record\.iterations: must increase .*, but are \[100, 60",
        ),
        ({"iterations": np.zeros(11, int)}, r"record\.iterations: must increase from 0 or more"),
        ({"iterations": np.arange(11) - 1}, r"record\.iterations: must increase from 0 or more"),
        (
            {"iterations": np.array([])},
            r"record\.iterations: has the shape \(0,\), not numbers \(checkpoint,\)",
        ),
        ({"iterations": list("abcdefghijk")}, r"record\.iterations: has the shape \(11,\), not numbers"),
        ({"sigma": None}, r"record\.sigma: is None; it must be a number above 0"),
        ({"weights": (1.0,)}, r"record\.weights: has 1 of 11 checkpoints"),
        ({"went_on": ((5.0, 1.0), (5.0, 0.5))}, r"record\.went_on: must be pairs"),
        ({"went_on": ((1.0, float("nan")),)}, r"record\.went_on: must be pairs"),
        ({"went_on": ((1.0,), (2.0, 1.0, 3.0))}, r"record\.went_on: must be pairs"),
        ({"went_on": (1.0, "a")}, r"record\.went_on: must be pairs"),
        ({"df": np.ones((11, 1))}, r"record\.df: has the shape \(11, 1\), .* and go on with draws"),
        ({"frc_counts": np.ones(3)}, r"record\.frc: has 8 rings, frc_counts 3"),
        (
            {"history": dict.fromkeys(COLUMNS, np.ones(9))},
            r"record\.history: iteration has 9 rows, but iteration 100 is a checkpoint",
        ),
        ({"history": {"pace": np.ones(3)}}, r"record\.history: has no iteration and no lr and no chi2"),
    ],
)
def test_a_record_that_no_fit_of_the_scan_left_is_refused_in_one_line(tmp_path, change, message):
    file = write_preprocessed(tmp_path / "scan.h5")
    with pytest.raises(InputError, match=f"^{message}"):
        api.judge(replace(made_record(), **change), an_image, file)


def test_what_is_no_record_no_scan_or_no_image_of_it_is_refused_in_one_line(tmp_path, folder):
    file = write_preprocessed(tmp_path / "scan.h5")
    with pytest.raises(InputError, match=r"^record: is a dict; fit\.record\(\) returns what is judged"):
        api.judge({}, an_image, file)
    reconstruction = folder / "results/reconstruct/head_r4/warmup/reconstruction.h5"
    with pytest.raises(InputError, match=r"reconstruction\.h5: is no preprocessed scan \(it holds .*images"):
        api.judge(made_record(), an_image, reconstruction)
    with pytest.raises(InputError, match=r"no such file"):
        api.judge(made_record(), an_image, tmp_path / "another.h5")
    told = r"^image_at\(\d+\): has the shape \(16, 16\), but the scan's reference has \(1, 16, 16\) \(slice,"
    with pytest.raises(InputError, match=told):
        api.judge(made_record(), lambda checkpoint: np.ones((16, 16)), file)
    with pytest.raises(InputError, match=r"^image_at\(\d+\): 256 of 256 pixels are NaN or infinite"):
        api.judge(made_record(), lambda checkpoint: np.full((1, 16, 16), np.nan), file)


def test_every_cell_of_the_notebook_runs(folder, monkeypatch, capsys):
    (folder / "docs").mkdir()
    monkeypatch.chdir(folder / "docs")  # where Jupyter runs what lies there
    names: dict = {}
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), "notebook", "exec"), names)
    assert "iteration 15" in capsys.readouterr().out
