"""Every command in the documentation's console blocks runs, page by page, on a small study of the same names.

In a page, ```console blocks are run as typed (each in one shell, at the study's root), ```yaml blocks are
merged into params.yaml, and the - and + lines of ```diff blocks replace one another there. `make run` stands
for what it does once everything is installed.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[1]
PAGES = sorted(page.name for page in (REPOSITORY / "docs").glob("*.md"))
REGIMES = ("gradient_descent", "exponential_09", "warmup_cosine", "frozen")

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


@dataclass
class Study:
    """A copy of the repository with a small study in it, and where snakemake and dvc are looked for first."""

    root: Path
    commands: Path

    def shell(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run lines in one shell, as in the project's environment."""
        places = (self.commands, self.root.parent / "bin", Path(sys.executable).parent, os.environ["PATH"])
        environment = os.environ | {
            "PATH": os.pathsep.join(map(str, places)),
            "PYTHONPATH": str(self.root / "workflow"),
            "DVC_NO_ANALYTICS": "1",
        }
        for role in ("AUTHOR", "COMMITTER"):
            environment |= {f"GIT_{role}_NAME": "a", f"GIT_{role}_EMAIL": "a@example.org"}
        command = ["bash", "-ec", script]
        return subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, timeout=900
        )


def small(params: dict) -> dict:
    """Shrink a study: matrices of 32, few regimes, few iterations."""
    for simulation in params["simulations"].values():
        simulation["matrix"] = [32, 32]
    for scan in params["scans"].values():
        scan["sampling"]["n_calibration"] = 12
    kept = {name: regime for name, regime in params["regimes"].items() if name in REGIMES}
    params["regimes"] = {name: regime | {"n_iterations": 12} for name, regime in kept.items()}
    params["measures"]["n_checkpoints"] = 6
    return params


@pytest.fixture(scope="module")
def finished(tmp_path_factory, warm):
    """A small study, computed by `snakemake` and committed."""
    root = tmp_path_factory.mktemp("docs") / "study"
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True, text=True
    )
    for name in filter(None, tracked.stdout.split("\0")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, root / name)
    for file in (root / "params.yaml", root / "docs/verdicts/params.yaml"):
        params = small(yaml.safe_load(file.read_text()))
        file.write_text(yaml.safe_dump(params, sort_keys=False, default_flow_style=None))
    install(root.parent)
    done = Study(root, warm).shell(
        "git init -q -b main; git add -A; git commit -qm begin; snakemake --cores 2; git add -A"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return root


def install(folder: Path) -> None:
    """Put a `sharpfit` command beside the studies, which takes the package of the study it is run in."""
    command = folder / "bin" / "sharpfit"
    command.parent.mkdir(parents=True)
    command.write_text(f"#!/bin/sh\nexec {sys.executable} -c 'from sharpfit.cli import app; app()' \"$@\"\n")
    command.chmod(0o755)


def blocks(page: str) -> list[tuple[str, str]]:
    return re.findall(r"^```(console|yaml|diff)\n(.*?)^```", page, re.M | re.S)


def commands(block: str) -> list[str]:
    lines = [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]
    return ["snakemake --cores all" if line == "make run" else line for line in lines]


def may_say_worse(line: str) -> str:
    """Let a comparison end with status 1: it says that something is worse, which is an answer."""
    return f"{line} || [ $? -eq 1 ]" if line.startswith("sharpfit compare") else line


def merge(into: dict, new: dict) -> dict:
    return into | {
        key: merge(into[key], value) if isinstance(value, dict) and key in into else value
        for key, value in new.items()
    }


def edit(study: Study, kind: str, block: str) -> None:
    """Do to params.yaml what a page tells its reader to do."""
    file = study.root / "params.yaml"
    params = yaml.safe_load(file.read_text())
    if kind == "yaml":
        params = merge(params, yaml.safe_load(block))
    else:
        old, new = (
            yaml.safe_load("\n".join(line[1:] for line in block.splitlines() if line.startswith(sign)))
            for sign in "-+"
        )
        params = replace(params, old[0], new[0])
    file.write_text(yaml.safe_dump(params, sort_keys=False, default_flow_style=None))


def replace(value: object, old: object, new: object) -> object:
    if value == old:
        return new
    if isinstance(value, dict):
        return {key: replace(item, old, new) for key, item in value.items()}
    return [replace(item, old, new) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", PAGES)
def test_every_command_of_the_page_runs(name, finished, warm, tmp_path):
    page = (REPOSITORY / "docs" / name).read_text()
    if not blocks(page):
        pytest.skip("no commands on this page")
    shutil.copytree(finished, tmp_path / "study", symlinks=True)
    shutil.copytree(finished.parent / "bin", tmp_path / "bin")
    study = Study(tmp_path / "study", warm)
    before = (study.root / "params.yaml").read_text()
    for kind, block in blocks(page):
        if kind == "console":
            done = study.shell("\n".join(map(may_say_worse, commands(block))))
            assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        else:
            edit(study, kind, block)
            assert (study.root / "params.yaml").read_text() != before, f"nothing to edit:\n{block}"


def test_links_between_pages_lead_somewhere():
    for page in [REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
