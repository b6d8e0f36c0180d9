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
X = "solvers/x.py"
NPY = "data/p.npy"
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


def put(folder: Path, *names: str, text: str = "") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_a_command_runs_the_files_it_names_in_their_order(study):
    put(study, "a.sh")
    assert files_run({"solver": {"command": "run.sh a.sh run.sh nowhere.sh"}}) == ["a.sh", "run.sh"]


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("bart pics {kspace} data/prior {n}", ["data/prior.cfl", "data/prior.hdr"]),
        ("bart pics {kspace} data/prior.hdr", ["data/prior.cfl", "data/prior.hdr"]),
        ("bart pics data/prior.v2 {image}", ["data/prior.v2.cfl"]),
        ("x --prior=data/prior --n=data", ["data/prior.cfl", "data/prior.hdr"]),
        ("PRIOR=--file=data/p.npy x", ["data/p.npy"]),
        ("bash -c 'python solvers/x.py $0 data/prior' {kspace}", ["data/prior.cfl", "data/prior.hdr", X]),
        ("bash -c 'solvers/x.py {kspace} <data/p.npy; a|b&&cat \"data/a b.npy\"'", ["data/a b.npy", NPY, X]),
        ("""sh -c "bash -c 'cat data/p.npy' {image}" """, ["data/p.npy"]),
        ("""python -c "numpy.load('data/p.npy')" """, ["data/p.npy"]),
        ("""sh -c "don't data/p.npy" """, ["data/p.npy"]),
        ("x 'data/a b.npy' '--in=data/a b.npy'", ["data/a b.npy"]),
        ("x data/odd=name.npy --in=data/odd=name.npy", ["data/odd=name.npy"]),
        (f"{'x' * 300} ={'=' * 300} data", []),
        ("x data/{kspace}.npy {n}.npy ''", []),
    ],
)
def test_every_file_that_a_command_names_counts_wherever_it_stands_in_it(study, command, named):
    put(study, X, NPY, "data/a b.npy", "data/odd=name.npy", "data/prior.v2.cfl", "data/{kspace}.npy", ".cfl")
    put(study, "data/prior.cfl", "data/prior.hdr", "data/prior.txt")
    assert files_run({"solver": {"command": command}}) == named


def test_an_absolute_path_counts_unless_it_is_a_program_of_the_machine(study, monkeypatch):
    put(study, "machine/program", "machine/data.npy", "own/x.sh")
    for name in ("machine/program", "own/x.sh"):
        (study / name).chmod(0o755)
    monkeypatch.chdir(study / "own")
    command = f"{study}/machine/program --in={study}/machine/data.npy {study}/own/x.sh"
    assert files_run({"solver": {"command": command}}) == [f"{study}/machine/data.npy", f"{study}/own/x.sh"]


def test_modules_that_a_program_imports_from_its_own_folder_count_with_it(study):
    sources = {
        X: "import numpy, helper\ndef f():\n    from package.inner import g\n",
        "solvers/helper.py": "import x, broken\nfrom json import loads",
        "solvers/broken.py": "import unseen\nthis is no Python",
        "solvers/package/__init__.py": "",
        "solvers/package/inner.py": "from . import near\nfrom .deep import far\nimport outer\n",
        "solvers/package/near.py": "import beside",
        "solvers/package/beside.py": "",
        "solvers/package/deep/far.py": "from .. import back\nfrom ... import above",
        "solvers/package/back.py": "",
        "solvers/above.py": "",
        "solvers/outer.py": "",
    }
    for name, text in sources.items():
        put(study, name, text=text)
    put(study, "solvers/unseen.py", "solvers/other.py", "helper.py", "solvers/deep.py", "numpy.py")
    for regime in ({"command": f"python {X} {{kspace}}"}, {"file": X, "function": "f"}):
        assert files_run({"solver": regime}) == sorted(sources)


def test_a_module_that_is_no_source_counts_by_its_bytes(study):
    nested(study / "solvers.py")
    (study / "null.py").write_bytes(b"import a\0")
    (study / "mine.py").write_text("import solvers, null, pipe")
    os.mkfifo(study / "pipe.py")
    assert files_run(MINE) == ["mine.py", "null.py", "solvers.py"]


def test_files_that_are_arguments_of_a_function_count(study):
    put(study, "data/prior.cfl", "data/prior.hdr", "fit", NPY, X, text="import other")
    put(study, "solvers/other.py")
    solver = {"file": "mine.py", "function": "fit", "prior": "data/prior", "n": 3, "more": [NPY, 1, f"a={X}"]}
    files = ["data/p.npy", "data/prior.cfl", "data/prior.hdr", "mine.py", "solvers/other.py", X]
    assert files_run({"solver": solver}) == files
    assert files_run({"solver": {"name": "cg", "prior": "data/prior"}}) == []


def test_a_fit_is_stale_when_any_of_its_solvers_files_changed(study):
    put(study, X, text="import helper")
    put(study, "data/prior.cfl", "data/prior.hdr", "solvers/helper.py")
    asked = read_params(ROOT / "params.yaml")
    asked["regimes"]["theirs"] = {"solver": {"command": f"python {X} {{kspace}} {{image}} data/prior"}}

    def fingerprints() -> dict[str, str]:
        provenance = Provenance(jobs_of(asked), CODE, DigestCache(study / "known"))
        return {job.name: provenance.fingerprints[job.sidecar] for job in provenance.jobs}

    for file in ("data/prior.cfl", "data/prior.hdr", "solvers/helper.py"):
        before = fingerprints()
        put(study, file, text=f"# {file}")
        changed = {name for name, one in fingerprints().items() if before[name] != one}
        assert changed == {"", *(f"{scan}/theirs" for scan in asked["scans"])}
