"""A study's own code: named, looked at, and run only where that is allowed."""

import pytest

from sharpfit.errors import InputError
from sharpfit.study.foreign_code import check_code, files_run

MINE = {"solver": {"file": "mine.py", "function": "fit", "lr": 0.1}}
BART = {"solver": {"command": "bash run.sh {kspace} {image} absent.sh", "n": 3}}
SOURCE = "def fit(A, y, start, *, lr):\n    yield start\n"


@pytest.fixture(autouse=True)
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(SOURCE)
    (tmp_path / "run.sh").write_text("exit 1")
    return tmp_path


def params(regime):
    return {"regimes": {"ours": {"solver": {"name": "cg"}}, "theirs": regime}}


@pytest.mark.parametrize(("regime", "what"), [(MINE, "mine.py"), (BART, "bash run.sh .*")])
def test_a_studys_code_is_refused_until_it_is_allowed(regime, what):
    with pytest.raises(InputError, match=rf"regimes\.theirs\.solver runs `{what}`.*--config allow_code=true"):
        check_code(params(regime), allowed=False)
    check_code(params(regime), allowed=True)
    check_code(params({"optimizer": {"name": "Adam", "lr": 0.1}}), allowed=False)


def test_files_that_a_regime_runs_are_those_of_the_study():
    assert files_run(MINE) == ["mine.py"]
    assert files_run(BART) == ["run.sh"]
    assert files_run({"optimizer": {}}) == []
    assert files_run({"solver": {"command": "/bin/sh run.sh 'unclosed"}}) == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def fit(A, y start):\n    yield 1\n", r"mine\.py: line 1: "),
        (
            "def other():\n    pass\n",
            r"regimes\.theirs\.solver\.function: mine\.py defines no fit; it has other",
        ),
        ("def fit(A, y):\n    yield y\n", r"solver\.function: fit must take A, y and start first"),
        ("def fit(A, y, start, n):\n    yield y\n", r"solver\.lr: fit has no such argument; it takes n$"),
    ],
)
def test_a_function_that_cannot_be_called_is_told_without_running_it(study, source, message):
    (study / "mine.py").write_text(f"{source}raise SystemExit('ran')\n")
    with pytest.raises(InputError, match=message):
        check_code(params(MINE), allowed=True)
