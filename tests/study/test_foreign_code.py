"""A study's own code: named, looked at, and run only where that is allowed."""

import os
from pathlib import Path

import pytest

from sharpfit.errors import InputError
from sharpfit.provenance.code import Code
from sharpfit.provenance.digests import DigestCache
from sharpfit.provenance.stale import Provenance
from sharpfit.study.foreign_code import check_code, files_run
from sharpfit.study.jobs import jobs_of
from sharpfit.study.params_file import read_params

MINE = {"solver": {"file": "mine.py", "function": "fit", "lr": 0.1}}
BART = {"solver": {"command": "bash run.sh {kspace} {image} absent.sh", "n": 3}}
ROOT = Path(__file__).parents[2]
CODE = Code(ROOT / "workflow", Path(os.devnull))  # parsed once
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


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def kernels(path: Path) -> None:
    path.symlink_to("/proc/self/pagemap")  # says that it has no bytes, and has terabytes


def terabyte(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10**12)


def nested(path: Path) -> None:
    path.write_text("-" * 900_000 + "1")


NO_SOURCE = {
    pipe: r"regimes\.theirs\.solver: mine\.py is no regular file; name the file itself",
    device: r"regimes\.theirs\.solver: mine\.py is no regular file; name the file itself",
    kernels: r"solver\.function: mine\.py defines no fit; it has no function",
    terabyte: r"mine\.py cannot be read: has 1000000000000 bytes, more than can be meant",
    nested: r"mine\.py: its source is nested too deeply to be parsed",
}


@pytest.mark.parametrize("make", NO_SOURCE, ids=lambda make: make.__name__)
def test_no_start_waits_for_what_lies_in_the_place_of_a_function(study, make):
    (study / "mine.py").unlink()
    make(study / "mine.py")
    asked = read_params(ROOT / "params.yaml")
    asked["regimes"]["theirs"] = MINE
    with pytest.raises(InputError, match=NO_SOURCE[make]):
        check_code(asked, allowed=True)
        Provenance(jobs_of(asked), CODE, DigestCache(study / "known"))


@pytest.mark.parametrize(
    "signature",
    [
        "(A, y, start, lr)",
        "(A, y, start, *, lr=1)",
        "(A, y, /, start, *, lr)",
        "(A, y, start, n=2, *rest, lr)",
        "(*given, lr)",
        "(A, y, start, **more)",
    ],
)
def test_a_function_that_takes_what_the_regime_gives_can_be_called(study, signature):
    (study / "mine.py").write_text(f"def fit{signature}:\n    yield 1\n")
    check_code(params(MINE), allowed=True)


@pytest.mark.parametrize(
    ("signature", "told"),
    [
        ("(A, y, *, lr)", ".function: fit must take A, y and start first"),
        ("(A, y, start)", ".lr: fit has no such argument; it takes none"),
        ("(A, lr, start)", ".lr: fit has no such argument; it takes none"),
        ("(A, y, start, n, *, m)", ".lr: fit has no such argument; it takes n, m"),
    ],
)
def test_what_a_function_lacks_is_told_with_what_it_takes(study, signature, told):
    (study / "mine.py").write_text(f"def fit{signature}:\n    yield 1\n")
    with pytest.raises(InputError) as caught:
        check_code(params(MINE), allowed=True)
    assert str(caught.value) == f"params.yaml: regimes.theirs.solver{told}"


def test_the_functions_that_there_are_are_named(study):
    (study / "mine.py").write_text("def one(): pass\nclass fit: pass\ndef two(): pass\nthree = one\n")
    with pytest.raises(InputError) as caught:
        check_code(params(MINE), allowed=True)
    assert str(caught.value) == (
        "params.yaml: regimes.theirs.solver.function: mine.py defines no fit; it has one, two"
    )


def test_a_command_runs_the_files_it_names_in_their_order(study):
    (study / "a.sh").write_text("")
    command = {"solver": {"command": f"run.sh a.sh run.sh {study}/a.sh nowhere.sh"}}
    assert files_run(command) == ["a.sh", "run.sh"]
