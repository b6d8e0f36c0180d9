"""Comparing a DVC revision with the workspace, for real: git, dvc, and results in DVC's cache."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from made_study import make_study, write_sidecars

WORKFLOW = Path(__file__).parents[2] / "workflow"
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(WORKFLOW),
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "DVC_NO_ANALYTICS": "1",
}

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


def run(*command, cwd):
    return subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=300)


def commit_first(root):
    """Put a study under git and DVC and commit all of it."""
    for command in (
        ["git", "init", "-q"],
        ["dvc", "init", "-q"],
        ["dvc", "commit", "-fq"],
        ["git", "add", "-A"],
        ["git", "commit", "-qm", "first"],
    ):
        done = run(*command, cwd=root)
        assert done.returncode == 0, done.stderr


def sharpfit(*words, cwd):
    return run(sys.executable, "-c", "from sharpfit.cli import app; app()", *words, cwd=cwd)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A repository whose first commit has one warmup, and whose workspace another."""
    root = make_study(tmp_path_factory.mktemp("repository"), ("phantom_r2",), size=16)
    stage = {"cmd": "true", "outs": ["results/preprocess", "results/reconstruct", "results/evaluate"]}
    (root / "dvc.yaml").write_text(json.dumps({"stages": {"all": stage}}))
    commit_first(root)
    shutil.copytree(root, root.parent / "untouched")
    write_sidecars(root, "phantom_r2", "warmup", lr=0.02)
    evaluation = root / "results/evaluate/phantom_r2/warmup/evaluation.json"
    content = json.loads(evaluation.read_text())
    content["picked"] |= {"risk": 5.0, "surrogate_distance": 5.0}
    evaluation.write_text(json.dumps(content))
    image = root / "results/evaluate/phantom_r2/warmup/picked.h5"
    shutil.copy(root / "results/evaluate/phantom_r2/gradient_descent/picked.h5", image)
    return root


def test_a_revision_against_the_workspace(repository):
    result = sharpfit("compare", "HEAD", "workspace", cwd=repository)
    assert "regimes.warmup.optimizer.lr: 0.01 → 0.02" in result.stdout, result.stderr
    assert re.search(r"warmup +worse +J 2 → 5", result.stdout)
    assert "1 worse, 1 identical" in result.stdout
    assert result.returncode == 1


def test_a_revision_against_another_folder(repository):
    assert sharpfit("compare", "HEAD", "../untouched", cwd=repository).returncode == 0


def test_a_name_that_is_nothing_is_said_in_one_line(repository):
    result = sharpfit("compare", "HEAD~7", "workspace", cwd=repository)
    assert result.returncode == 2
    assert result.stderr.startswith("error: HEAD~7: neither a folder nor a revision")
    assert len(result.stderr.splitlines()) == 1


def test_results_that_are_not_in_the_cache_are_named(repository, tmp_path):
    clone = tmp_path / "clone"
    run("git", "clone", "-q", repository, clone, cwd=tmp_path)
    result = sharpfit("compare", "HEAD", repository, cwd=clone)
    assert result.returncode == 2
    assert "dvc fetch" in result.stderr
    assert len(result.stderr.splitlines()) == 1, result.stderr


def without_files(repository, clone):
    run("git", "config", "uploadpack.allowFilter", "true", cwd=repository)
    url = repository.as_uri()
    run("git", "clone", "-q", "--filter=blob:none", "--no-checkout", url, clone, cwd=clone.parent)


def damaged(repository, clone):
    run("git", "clone", "-q", "--no-hardlinks", repository, clone, cwd=clone.parent)
    name = run("git", "rev-parse", "HEAD:dvc.lock", cwd=clone).stdout.strip()
    file = clone / ".git/objects" / name[:2] / name[2:]
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-8])


@pytest.mark.parametrize("clone_of", [without_files, damaged])
def test_a_revision_that_git_has_in_part_is_one_line(repository, tmp_path, clone_of):
    clone_of(repository, tmp_path / "clone")
    result = sharpfit("compare", "HEAD", repository, cwd=tmp_path / "clone")
    assert result.returncode == 2
    assert result.stderr.startswith("error: HEAD: this repository lacks files of that revision")
    assert "`git fetch --refetch" in result.stderr
    assert len(result.stderr.splitlines()) == 1, result.stderr


def test_an_experiment_by_its_name(repository, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(repository, copy, symlinks=True)
    for command in (["dvc", "commit", "-fq"], ["dvc", "exp", "save", "--name", "trial"]):
        done = run(*command, cwd=copy)
        assert done.returncode == 0, done.stderr
    result = sharpfit("compare", "HEAD", "trial", cwd=copy)
    assert re.search(r"warmup +worse +J 2 → 5", result.stdout), result.stderr
    assert result.returncode == 1
