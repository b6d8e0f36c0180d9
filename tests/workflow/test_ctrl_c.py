"""Ctrl-C, with real signals and the real solver: a fit saves its state, and the next run goes on."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from crash import start
from phantom_study import build_phantom, params
from scratch import Scratch

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
PARAMS = params({"long": {"optimizer": {"name": "Adam", "lr": 0.01}, "start": "zero", "n_iterations": 4000}})
LOG = "logs/reconstruct/phantom/long.log"


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory, warm: Path) -> Scratch:
    """A study with one long fit, all of it computed undisturbed."""
    study = build_phantom(tmp_path_factory.mktemp("fitted") / "study", warm, PARAMS)
    study.snakemake()
    return study


@pytest.fixture
def unfitted(fitted: Scratch, tmp_path: Path) -> Scratch:
    """A copy of it without the fit and what follows from it."""
    shutil.copytree(fitted.root, tmp_path / "study", symlinks=True)
    for folder in ("results/reconstruct", "results/evaluate", "logs"):
        shutil.rmtree(tmp_path / "study" / folder)
    return Scratch(tmp_path / "study", commands=fitted.commands)


def wait_for_iterations(study: Scratch) -> None:
    """Wait until the fit has begun, and a moment longer."""
    for _ in range(1200):
        log = study.root / LOG
        if log.is_file() and "iteration 0/" in log.read_text():
            time.sleep(0.5)
            return
        time.sleep(0.05)
    raise AssertionError(f"{LOG} shows no iteration")


def paused_at(study: Scratch) -> int:
    said = re.findall(r"^stopped: paused after iteration (\d+)", (study.root / LOG).read_text(), re.MULTILINE)
    return int(said[-1])


def assert_goes_on(study: Scratch, undisturbed: dict[str, bytes]) -> None:
    assert "reconstruct phantom/long" in study.snakemake()
    assert "iteration 0/" not in (study.root / LOG).read_text()
    assert study.snapshot() == undisturbed


@pytest.mark.parametrize("told", ["the terminal's processes", "snakemake alone"])
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_pauses_fits_is_no_failure_and_the_next_run_goes_on(
    unfitted: Scratch, fitted: Scratch, told: str, times: int
) -> None:
    run = start(unfitted)
    wait_for_iterations(unfitted)
    for _ in range(times):
        os.kill(run.pid, signal.SIGINT) if told == "snakemake alone" else os.killpg(run.pid, signal.SIGINT)
        time.sleep(0.05)
    output, _ = run.communicate(timeout=60)
    assert run.returncode != 0
    n = paused_at(unfitted)
    assert 0 < n < 4000
    assert "Stopping. Running fits save their state" in output
    assert "Stopped, 0 jobs done. The same command goes on from here." in output
    assert f"reconstruct phantom/long: paused after iteration {n}" in output
    assert "failed" not in output
    assert "Traceback" not in output
    assert not list(unfitted.root.glob("results/.tmp/*"))
    assert_goes_on(unfitted, fitted.snapshot())


def test_sigterm_to_the_run_and_its_jobs_is_told_in_the_same_words(
    unfitted: Scratch, fitted: Scratch
) -> None:
    run = start(unfitted)
    wait_for_iterations(unfitted)
    os.killpg(run.pid, signal.SIGTERM)
    output, _ = run.communicate(timeout=60)
    assert f"reconstruct phantom/long: paused after iteration {paused_at(unfitted)}" in output
    assert "failed" not in output
    assert_goes_on(unfitted, fitted.snapshot())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_job_in_a_process_of_its_own_pauses_at_either_signal(
    unfitted: Scratch, fitted: Scratch, number: int
) -> None:
    unfitted.call("snakemake", "-n")
    specs = [
        json.loads(file.read_text()) | {"file": file} for file in unfitted.root.glob(".snakemake/spec/*")
    ]
    spec = next(one["file"] for one in specs if one["rule"] == "reconstruct")
    command = [sys.executable, "-m", "sharpfit.running.run_job", "--spec", str(spec), "--log", LOG]
    environment = unfitted.environment() | {"PYTHONPATH": str(unfitted.root / "workflow")}
    job = subprocess.Popen(command, cwd=unfitted.root, env=environment)
    wait_for_iterations(unfitted)
    job.send_signal(number)
    assert job.wait(timeout=60) == 128 + number
    assert paused_at(unfitted) > 0
    assert_goes_on(unfitted, fitted.snapshot())
