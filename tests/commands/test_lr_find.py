import h5py
import pytest
from small_problem import small
from typer.testing import CliRunner

from sharpfit.cli import app


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scan = small()
    (tmp_path / "results/preprocess").mkdir(parents=True)
    with h5py.File(tmp_path / "results/preprocess/small.h5", "w") as file:
        for name, array in scan.scan.items():
            file[name] = array
        file.attrs.update(scan.attrs)
    return tmp_path


def test_a_rate_is_said_and_drawn(study):
    done = CliRunner().invoke(app, ["lr-find", "small"])
    assert done.exit_code == 0, done.output
    assert 0.001 < float(done.output.split()[1]) < 1
    assert (study / "lr-find.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("arguments", [["absent"], ["small", "--optimizer", "LBFGS"]])
def test_what_cannot_be_tested_is_told_in_one_line(study, arguments):
    done = CliRunner().invoke(app, ["lr-find", *arguments])
    assert done.exit_code == 1
    assert "Traceback" not in done.output
