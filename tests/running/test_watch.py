"""How far a run is, from logs and sidecars."""

import io
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from sharpfit.cli import app
from sharpfit.provenance.open_study import open_study
from sharpfit.running import watching
from sharpfit.running.live import bars
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


def working_folder(fingerprint, process):
    (Path("results/.tmp") / f"{fingerprint}-{process}").mkdir(parents=True)


def dead_process():
    child = subprocess.Popen(["true"])
    child.wait()
    return child.pid


def test_a_job_is_done_running_silent_or_waiting():
    names = ("done", "runs", "thinks", "killed", "remote", "never")
    jobs = [fit(f"a/{name}") for name in names]
    write_log("a/runs", "device cpu\niteration 0/50  chi2 9\niteration 20/50  chi2 2.5  lr 0.01\n")
    write_log("a/thinks", "iteration 1/50  chi2 9", age=500.0)
    write_log("a/killed", "iteration 2/50  chi2 9", age=300.0)
    write_log("a/remote", "iteration 3/50  chi2 9", age=10.0)
    for name, process in (("runs", os.getpid()), ("thinks", os.getpid())):
        working_folder(name, process)
    for name in ("killed", "remote"):
        working_folder(name, dead_process())
    fingerprints = {job.sidecar: name for job, name in zip(jobs, names, strict=True)}
    steps = watching.look(jobs, {job.sidecar for job in jobs[1:]}, fingerprints, 1000.0)
    assert [step.state for step in steps] == ["done", "running", "running", "silent", "running", "waiting"]
    assert (steps[1].iteration, steps[1].n_iterations, steps[1].figures) == (20, 50, "chi2 2.5  lr 0.01")
    assert steps[3].note == "silent for 5 min: killed, or on another machine"


def test_time_left_follows_the_rate_seen():
    watch = watching.Watch()
    at = [watching.Step("reconstruct a", "running", t, 50, "chi2 2") for t in (10, 20)]
    assert watch.left_of(at[0], 0.0) == ""
    assert watch.left_of(at[1], 5.0) == "about 15 s left"
    assert watch.head([watching.Step("a", "waiting")] * 4, 0.0) == "0 of 4 jobs done"
    others = [watching.Step(f"job {place}", "done" if place < 2 else "waiting") for place in range(4)]
    assert watch.head(others, 600.0) == "2 of 4 jobs done, about 10 min left"


def test_where_there_is_no_terminal_it_looks_once():
    shutil.copy(REPOSITORY / "params.yaml", "params.yaml")
    sidecar = "results/reconstruct/head_r4/warmup_cosine/reconstruction.h5.prov.json"
    working_folder(open_study().fingerprints[sidecar], os.getpid())
    write_log("head_r4/warmup_cosine", "iteration 7/200  chi2 3.1  held-out 4  lr 0.002", now=time.time())
    result = CliRunner().invoke(app, ["watch"])
    assert result.exit_code == 0
    assert re.search(r"^0 of \d+ jobs done$", result.output, re.M)
    assert re.search(r"^reconstruct head_r4/warmup_cosine .* 7/200 chi2 3.1 ", result.output, re.M)


@pytest.mark.parametrize("every", ["-1", "0", "0.09", "nan", "inf", "3601"])
def test_seconds_between_looks_are_some_that_can_be_waited(every):
    shutil.copy(REPOSITORY / "params.yaml", "params.yaml")
    result = CliRunner().invoke(app, ["watch", "--every", every])
    assert result.exit_code == 1
    assert result.stderr == f"error: --every {every}: should be 0.1 to 3600 seconds\n"


def test_no_study_is_said_in_one_line():
    result = CliRunner().invoke(app, ["watch"])
    assert result.exit_code == 1
    assert "params.yaml" in result.stderr


@pytest.mark.parametrize(
    ("width", "shown", "left_out"),
    [
        (130, ("held-out 1.497", "lr 0.01", "━"), ()),
        (100, ("phantom_r2/gradient_descent", "━"), ("held-out", "lr")),
        (80, ("phantom_r2/gradient_des",), ("held-out", "lr", "━")),
    ],
)
def test_a_narrow_terminal_keeps_chi2_and_the_time_left(width, shown, left_out):
    fit = "reconstruct phantom_r2/gradient_descent"
    figures = "chi2 0.8488  held-out 1.497  lr 0.01"
    seen = watching.Watch(first={fit: (0.0, 0)})
    steps = [
        watching.Step(fit, watching.RUNNING, 60, 200, figures),
        watching.Step("evaluate phantom_r2/cg", watching.RUNNING),
    ]
    console = Console(width=width, file=io.StringIO())
    console.print(bars(steps, seen, 40.0, width))
    line, other = console.file.getvalue().splitlines()
    for part in ("60/200 chi2 0.8488  ", "about 1 min 33 s left", *shown):
        assert part in line
    assert not any(part in line for part in left_out)
    assert other.startswith("evaluate phantom_r2/cg")
