"""Where the code and a study lie, who runs it and in which language does not matter."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from scratch import Scratch, build

pytestmark = pytest.mark.workflow
ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
AWKWARD = "clo{n}e {scan} {{x}} it's $HOME %s"


@pytest.fixture(scope="module")
def workflow(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    return build(tmp_path_factory.mktemp("code") / "workflow")


def test_folders_with_braces_quotes_and_blanks_are_folders(workflow: Scratch, tmp_path: Path) -> None:
    moved = Scratch(tmp_path / AWKWARD / "code")
    shutil.copytree(workflow.root, moved.root, symlinks=True)
    moved.snakemake()
    moved.check()
    study = Scratch(tmp_path / AWKWARD / "study")
    shutil.copytree(workflow.root / "data", study.root / "data")
    shutil.copy(workflow.root / "params.yaml", study.root)
    raw = f"data/raw/{AWKWARD}.npy"
    (study.root / "data/raw/measured.npy").rename(study.root / raw)
    study.edit("scans.measured.file", raw)
    moved.call("snakemake", "--cores", "2", "--directory", str(study.root))
    study.check()
    assert "Nothing to do" in moved.call("snakemake", "-n", "--directory", str(study.root)).stdout


def test_an_ascii_locale_changes_no_byte(workflow: Scratch, tmp_path: Path) -> None:
    study = Scratch(tmp_path / "study", env=dict(ASCII))
    shutil.copytree(workflow.root, study.root, symlinks=True)
    text = (study.root / "params.yaml").read_text() + "# ‖A‖ = 1, σ in Å\n"
    (study.root / "params.yaml").write_text(text, encoding="utf-8")
    study.snakemake()
    study.check()
    study.edit("regimes.fast.optimizer.lr", 0.02)
    assert "regimes.fast.optimizer.lr: 0.01" in study.call("sharpfit", "why", "measured/fast").stdout
    assert study.snakemake("-n") == set()


def nobody(command: list[str], folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a user who owns nothing but a home."""
    who = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    path = f"{home}/venv/bin:/usr/bin:/bin"
    environment = ["env", "-i", f"HOME={home}", f"PATH={path}"]
    return subprocess.run(
        [*who, *environment, *command],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


@pytest.fixture
def home() -> Iterator[Path]:
    """A home of nobody's, with a Python that others may execute and that has the same packages."""
    if os.geteuid() or not shutil.which("setpriv"):
        pytest.skip("only root can become another user")
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to others
        Path(folder).chmod(0o755)
        yield furnished(Path(folder) / "home")


def furnished(home: Path) -> Path:
    home.mkdir()
    subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", str(home / "venv")], check=False)
    site = next((home / "venv").glob("lib/python3*/site-packages"), None)
    packages = Path(pytest.__file__).parents[1]
    if site is None or site.parent.name != packages.parent.name:
        pytest.skip("there is no Python of this version for other users")
    (site / "all.pth").write_text(f"{packages}\n{Path(__file__).parents[2] / 'workflow'}\n")
    os.chown(home, 65534, 65534)
    if nobody(["python", "-c", "import snakemake, torch"], home, home).returncode:
        pytest.skip("the packages cannot be read by other users")
    return home


def received(workflow: Scratch, home: Path) -> tuple[Path, Scratch]:
    """The code, which nobody may write to, and a study of nobody's own."""
    code = home.parent / "code"
    code.mkdir()
    for name in ("Snakefile", "profiles", "workflow"):
        source = workflow.root / name
        shutil.copytree(source, code / name) if source.is_dir() else shutil.copy(source, code / name)
    shutil.rmtree(code / "workflow/sharpfit/__pycache__", ignore_errors=True)
    subprocess.run(["chmod", "-R", "a-w,a+rX", str(code)], check=True)
    study = Scratch(home / "study")
    shutil.copytree(workflow.root / "data", study.root / "data")
    shutil.copy(workflow.root / "params.yaml", study.root)
    subprocess.run(["chown", "-R", "65534:65534", str(study.root)], check=True)
    return code, study


def test_a_user_who_may_only_read_the_code_runs_a_study_elsewhere(workflow: Scratch, home: Path) -> None:
    code, study = received(workflow, home)
    command = ["python", "-m", "snakemake", "--cores", "2", "--directory", str(study.root)]
    done = nobody(command, code, home)
    assert done.returncode == 0, done.stdout
    study.check()
    assert "Nothing to do" in nobody(command, code, home).stdout
    assert not list(code.rglob(".cache")) + list(code.rglob(".snakemake"))

    files = [str(file) for file in (study.root / "results").rglob("*") if file.is_file()]
    subprocess.run(["chmod", "a-w", *files], check=True)  # as hard links to DVC's cache are
    study.edit("regimes.fast.optimizer.lr", 0.02)
    done = nobody(command, code, home)
    assert done.returncode == 0, done.stdout
    study.check()

    subprocess.run(["chmod", "-R", "a-w", str(study.root)], check=True)
    assert nobody([*command, "-n"], code, home).stdout == "Nothing to do: all 13 results are up to date.\n"
    study.edit("regimes.fast.optimizer.lr", 0.03)
    (line,) = nobody([*command, "-n"], code, home).stdout.splitlines()
    assert line.startswith(f"error: Permission denied: {study.root}/.snakemake/")
    assert line.endswith("; compute in a copy of the study that is your own: snakemake --directory COPY")
    (line,) = nobody(["env", "HOME=/proc", *command], code, home).stdout.splitlines()
    assert line.startswith("error: Snakemake's cache /proc/.cache/snakemake: ")
