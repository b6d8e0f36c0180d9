"""Fits of scans and regimes that are in params.yaml no more are told apart from those it asks for."""

import shutil
from pathlib import Path

import pytest
from made_study import make_study
from typer.testing import CliRunner

import sharpfit
from sharpfit.cli import app
from sharpfit.errors import StaleResultsWarning
from sharpfit.study.judged import judged

PARAMS = "scans: {phantom_r2: {}}\nregimes: {warmup: {}, absent: {}}\n"
ASKED, REST = ["phantom_r2/warmup"], ["phantom_r2/gradient_descent"]


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(make_study(tmp_path, ("phantom_r2",), ("warmup", "gradient_descent"), size=16))
    Path("params.yaml").write_text(PARAMS)
    return tmp_path


def names(results="results"):
    return tuple(list(fits) for fits in judged(Path(results)))


def test_fits_are_those_of_the_scans_and_regimes_that_are_asked_for(study):
    assert names() == (ASKED, REST)
    assert names(study / "results") == (ASKED, REST)
    for other in (
        "scans: {other: {}}\nregimes: {warmup: {}}\n",
        "scans: {phantom_r2: {}}\nregimes: {b: {}}\n",
    ):
        Path("params.yaml").write_text(other)
        assert names() == ([], sorted(ASKED + REST))


@pytest.mark.parametrize("params", [None, "", "scans: [", "scans: [phantom_r2]\nregimes: 3\n"])
def test_all_are_asked_for_where_no_params_say_otherwise(study, params):
    Path("params.yaml").write_text(params) if params is not None else Path("params.yaml").unlink()
    assert names() == (sorted(ASKED + REST), [])


def test_a_folder_counts_by_where_it_lies_and_not_by_how_it_is_spelt(study, monkeypatch):
    Path("link").symlink_to("results")
    assert names("link") == (ASKED, REST)
    monkeypatch.chdir("results")
    assert names(".") == (ASKED, REST)


def test_a_copy_under_another_name_is_of_another_time(study):
    shutil.copytree("results", "before")
    assert names("before") == (sorted(ASKED + REST), [])


def test_show_ranks_only_what_is_asked_for_and_shows_the_rest_by_name(study):
    shown = CliRunner().invoke(app, ["show"]).stdout
    assert "warmup" in shown and "gradient_descent" not in shown
    by_name = CliRunner().invoke(app, ["show", REST[0]]).stdout
    assert "gradient_descent" in by_name


def test_a_side_lacks_what_it_no_longer_asks_for_unless_that_is_named(study):
    shutil.copytree("results", "before")
    told = CliRunner().invoke(app, ["compare", "before", "."]).stdout
    row = next(line for line in told.splitlines() if "gradient_descent" in line)
    assert "missing in B" in row
    told = CliRunner().invoke(app, ["compare", "before", ".::*/gradient_descent"]).stdout
    assert "identical" in told


def test_an_opened_study_has_what_is_asked_for_and_gives_the_rest_by_name(study):
    with pytest.warns(StaleResultsWarning):
        opened = sharpfit.open_study()
    assert [fit.name for fit in opened.fits] == ASKED
    assert list(opened.left_over) == REST
    assert opened.fit(REST[0]).evaluation.regime == "gradient_descent"


def test_an_export_says_that_a_fit_is_asked_for_no_more(study):
    root = Path(__file__).parents[2]
    shutil.copy(root / "params.yaml", "params.yaml")
    done = CliRunner().invoke(app, ["export", "phantom_r2/warmup", "--to", "a.png"])
    assert (
        "phantom_r2/warmup is no longer in params.yaml: put its scan or regime back, and run" in done.stderr
    )
