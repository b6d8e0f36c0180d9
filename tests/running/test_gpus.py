"""Jobs that run at the same time take different GPUs; a torch without CUDA asks for none."""

import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
import torch

from sharpfit.running import compute, gpus

WORKFLOW = Path(__file__).parents[2] / "workflow"
HOLD = "import sys; from sharpfit.running import gpus; print(gpus.take(2), flush=True); sys.stdin.read()"


@pytest.fixture(autouse=True)
def _in_a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    yield
    for file in gpus._held:
        file.close()
    gpus._held.clear()


def job(folder: Path) -> subprocess.Popen[str]:
    """A process that holds a GPU until its input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=folder,
        env={"PYTHONPATH": str(WORKFLOW)},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def test_two_jobs_take_two_gpus_and_give_them_back_when_killed(tmp_path: Path):
    first = job(tmp_path)
    assert first.stdout.readline() == "0\n"
    second = job(tmp_path)
    assert second.stdout.readline() == "1\n"
    assert gpus.take(2) in (0, 1)  # a third shares one, rather than fail
    first.kill()
    first.communicate()
    assert gpus.take(2) == 0
    second.communicate("")


def test_gpus_that_a_scheduler_shows_are_told_apart_by_its_names(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    assert gpus.take(1) == 0
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5")
    assert gpus.take(1) == 0
    assert len(gpus._held) == 2


def test_the_device_is_one_that_nobody_holds(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch, "zeros", lambda *_, **__: None)
    assert [compute.resolve("auto"), compute.resolve("cuda")] == ["cuda:0", "cuda:1"]
    assert compute.resolve("cuda:0") == "cuda:0"
    assert compute.resolve("cpu") == "cpu"


@pytest.mark.parametrize(
    ("line", "usable"),
    [
        ("cuda: Optional[str] = None\nhip: Optional[str] = None", False),
        ("cuda: Optional[str] = '12.8'\nhip: Optional[str] = None", True),
        ("cuda = None\nhip = '6.2'", True),
    ],
)
def test_a_torch_without_cuda_asks_for_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line, usable):
    (tmp_path / "version.py").write_text(f"__version__ = '2.13.0'\n{line}\n")
    spec = ModuleSpec("torch", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(gpus, "find_spec", lambda _name: spec)
    monkeypatch.setattr(gpus, "NODES", (str(tmp_path),))
    assert gpus.can_be_used() is usable
    monkeypatch.setattr(gpus, "NODES", (str(tmp_path / "absent"),))
    assert gpus.can_be_used() is False


def test_what_the_installed_torch_says_is_read_right():
    assert gpus.torch_has_gpu() is bool(torch.version.cuda or torch.version.hip)
