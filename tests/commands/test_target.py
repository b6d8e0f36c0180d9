"""No command writes over a file of another kind, and no export over what its study reads or makes."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sharpfit.cli import app
from sharpfit.commands.target import check_not_of_study
from sharpfit.errors import InputError
from sharpfit.study.jobs import jobs_of
from sharpfit.study.params_file import read_params

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("scan.npy", np.ones((32, 32), np.complex64))
    Path("params.yaml").write_text("scans: mine\n")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "ending"),
    [
        (("inspect", "scan.npy", "--picture"), ".png"),
        (("lr-find", "scan", "--plot"), ".png"),
        (("pack",), ".zip"),
        (("compare", ".", ".", "--html"), ".html"),
    ],
)
@pytest.mark.parametrize("target", ["params.yaml", "scan.npy", "picture.txt", ".", "png"])
def test_a_target_of_another_kind_is_refused_before_anything_is_done(words, ending, target):
    before = {file: file.read_bytes() for file in Path().iterdir()}
    done = CliRunner().invoke(app, [*words, target])
    assert done.exit_code in (1, 2)
    assert f"error: {target}: is written as {ending}; give a name that ends so\n" == done.stderr
    assert {file: file.read_bytes() for file in Path().iterdir()} == before


@pytest.mark.parametrize(
    "words",
    [
        ("inspect", "scan.npy", "--picture", "results/evaluate/a/cg/picked.png"),
        ("lr-find", "scan", "--plot", "link/new.png"),
        ("compare", ".", ".", "--html", "results/report.html"),
        ("pack", "results/new.zip"),
    ],
)
def test_nothing_is_written_among_the_results(words):
    Path("results").mkdir()
    Path("link").symlink_to("results")
    done = CliRunner().invoke(app, words)
    assert f"error: {words[-1]}: results/ holds what a run makes; name a file elsewhere\n" == done.stderr
    assert not list(Path("results").iterdir())


def test_an_ending_counts_in_either_case():
    done = CliRunner().invoke(app, ["inspect", "scan.npy", "--picture", "P.PNG"])
    assert done.exit_code == 0, done.output
    assert Path("P.PNG").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "name",
    [
        *("data/raw/scan.cfl", "./data/raw/../raw/scan.hdr", "link/scan.cfl", "data/raw/maps.cfl"),
        *("results/summary.csv", "results/export/bart/cg/images/bart.cfl", "results/report.html"),
    ],
)
def test_what_a_study_is_made_from_or_makes_is_not_written_over(folder, name):
    params = read_params(ROOT / "params.yaml")
    params["scans"] = {"bart": {"file": "data/raw/scan.cfl", "csm": {"file": "data/raw/maps.hdr"}}}
    params["regimes"] = {"cg": params["regimes"]["cg"]}
    params["export"] = {"image": "picked", "formats": ["bart"]}
    Path("data/raw").mkdir(parents=True)
    (folder / "link").symlink_to("data/raw")
    for half in ("scan.cfl", "scan.hdr", "maps.cfl", "maps.hdr"):
        (folder / "data/raw" / half).touch()
    jobs = jobs_of(params)
    check_not_of_study([Path("data/raw/other.cfl"), Path("scan.cfl")], jobs)
    with pytest.raises(InputError, match="is a file of this study; name another one to write"):
        check_not_of_study([Path("other.cfl"), Path(name)], jobs)
