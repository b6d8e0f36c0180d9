"""How far a run is, from logs and sidecars."""

import os
import re
import shutil
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sharpfit.cli import app
from sharpfit.running import watching
from sharpfit.study.jobs import Job

REPOSITORY = Path(__file__).parents[2]


def fit(name):
    return Job(
        "reconstruct", name, {}, {}, {"reconstruction": f"results/reconstruct/{name}/reconstruction.h5"}
    )


def write_log(name, text, age=0.0, now=1000.0):
    log = Path("logs/reconstruct") / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(text)
    os.utime(log, (now - age, now - age))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_job_is_done_running_or_waiting():
    jobs = [fit("a/done"), fit("a/runs"), fit("a/old"), fit("a/never")]
    write_log("a/done", "iteration 5/5  chi2 1")
    write_log("a/runs", "device cpu\niteration 0/50  chi2 9\niteration 20/50  chi2 2.5  lr 0.01\n")
    write_log("a/old", "iteration 1/50  chi2 9", age=100.0)
    steps = watching.look(jobs, {job.sidecar for job in jobs[1:]}, 1000.0)
    assert [step.state for step in steps] == ["done", "running", "waiting", "waiting"]
    assert (steps[1].iteration, steps[1].n_iterations, steps[1].figures) == (20, 50, "chi2 2.5  lr 0.01")


def test_time_left_follows_the_rate_seen():
    watch = watching.Watch()
    at = [watching.Step("reconstruct a", "running", t, 50, "chi2 2") for t in (10, 20)]
    assert "left" not in watch.text([at[0]], 0.0)
    assert "about 15 s left" in watch.text([at[1]], 5.0)
    others = [watching.Step(f"job {place}", "done" if place < 2 else "waiting") for place in range(4)]
    assert watch.text(others, 600.0).startswith("2 of 4 jobs done, about 10 min left")


def test_where_there_is_no_terminal_it_looks_once():
    shutil.copy(REPOSITORY / "params.yaml", "params.yaml")
    write_log("head_r4/warmup", "iteration 7/200  chi2 3.1  held-out 4  lr 0.002", now=time.time())
    result = CliRunner().invoke(app, ["watch"])
    assert result.exit_code == 0
    assert re.match(r"0 of \d+ jobs done\n", result.output)
    assert "reconstruct head_r4/warmup  7/200  chi2 3.1" in result.output


def test_no_study_is_said_in_one_line():
    result = CliRunner().invoke(app, ["watch"])
    assert result.exit_code == 1
    assert "params.yaml" in result.stderr
