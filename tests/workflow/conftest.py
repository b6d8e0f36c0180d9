"""Scratch studies; a finished one is made once and copied."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from scratch import Scratch, build


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, warm: Path) -> Scratch:
    """A study that `dvc repro` has computed and git has committed. Not to be changed: use ``study``."""
    study = build(tmp_path_factory.mktemp("finished") / "study", warm)
    study.repro()
    study.call("dvc", "push", "-q")
    study.commit("Compute")
    return study


@pytest.fixture
def study(finished: Scratch, tmp_path: Path) -> Scratch:
    """A copy of the finished study."""
    shutil.copytree(finished.root, tmp_path / "study", symlinks=True)
    return Scratch(tmp_path / "study", commands=finished.commands)


@pytest.fixture
def new_study(tmp_path: Path, warm: Path) -> Scratch:
    """A study in which nothing was computed yet."""
    return build(tmp_path / "study", warm)


@pytest.fixture
def clone(finished: Scratch, tmp_path: Path) -> Scratch:
    """A fresh clone of the finished study, without any data yet; its DVC remote is the original's."""
    copy = Scratch(tmp_path / "study", commands=finished.commands)
    Scratch(tmp_path).git("clone", "-q", str(finished.root), "study")
    copy.git("config", "user.name", "Tester")
    copy.git("config", "user.email", "tester@example.org")
    copy.call("dvc", "remote", "modify", "--local", "local", "url", str(finished.root / ".dvcstore"))
    return copy
