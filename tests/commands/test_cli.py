"""The command line as a whole."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from typer.testing import CliRunner

from sharpfit.cli import app
from sharpfit.commands.completing import fits

REPOSITORY = Path(__file__).parents[2]


def test_the_version_is_the_installed_one():
    assert CliRunner().invoke(app, ["--version"]).output == f"sharpfit {version('sharpfit')}\n"


def test_a_misspelled_command_is_corrected():
    result = CliRunner().invoke(app, ["compair", "a", "b"])
    assert result.exit_code == 2
    assert "compare" in result.stderr


def test_names_of_the_study_complete(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert list(fits("")) == []
    shutil.copy(REPOSITORY / "params.yaml", tmp_path)
    assert list(fits("head_r4/exp")) == ["head_r4/exponential_099", "head_r4/exponential_09"]
    assert next(iter(fits("phan"))) == "phantom_r2"


def test_a_shell_completes_fits(tmp_path):
    shutil.copy(REPOSITORY / "params.yaml", tmp_path)
    asked = {
        "_SHARPFIT_COMPLETE": "complete_bash",
        "COMP_WORDS": "sharpfit show head_r4/exp",
        "COMP_CWORD": "2",
    }
    code = "import sys; sys.argv = ['sharpfit']; from sharpfit.cli import app; app(prog_name='sharpfit')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | asked | {"PYTHONPATH": str(REPOSITORY / "workflow")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["head_r4/exponential_099", "head_r4/exponential_09"]
