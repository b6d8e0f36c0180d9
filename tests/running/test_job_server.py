"""Jobs that are forked from a process with their libraries: as any other process, for whoever looks."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from sharpfit.running import job_server, start_job

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="jobs are forked on Linux alone")

RUN_JOB = """
import os, signal, sys, time
from sharpfit.running.start_job import HANDED_ON
def run(argv):
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDED_ON)
    print(os.getpid(), os.getppid(), "colorsys" in sys.modules, os.environ["COLOUR"], flush=True)
    exec(argv[-1])
if __name__ == "__main__":
    run(sys.argv[1:])
"""

SHELL = f'exec 9>>lock; exec {sys.executable} -I -S "$@"'


@dataclass
class Jobs:
    """A workflow whose jobs execute the last word of their command line, and a process that serves it."""

    root: Path
    environment: dict[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, code: str, **environment: str) -> tuple[subprocess.Popen[str], list[str]]:
        """Start a job; returns the process that stands for it and the job's first line."""
        job = subprocess.Popen(
            ["bash", "-c", SHELL, "", start_job.__file__, "--spec", "spec.json", code],
            cwd=self.root,
            env=self.environment | {"COLOUR": "red"} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(job)
        assert job.stdout is not None
        return job, job.stdout.readline().split()

    def status(self, code: str) -> int:
        job, _ = self.start(code)
        job.communicate(timeout=60)
        return job.returncode


SERVE = """
import os, sys
from sharpfit.running import job_server
print(job_server.start({}, ["colours.py", "spec.json", "gone.py"]), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    running = tmp_path / "sharpfit" / "running"
    running.mkdir(parents=True)
    for module in (job_server, start_job):
        shutil.copy(module.__file__, running)
    for package in (running, running.parent):
        (package / "__init__.py").touch()
    (running / "run_job.py").write_text(RUN_JOB)
    (tmp_path / "colours.py").write_text("import colorsys\nimport no_such_library\n")
    (tmp_path / "spec.json").write_text(json.dumps({"code": {"colours.py": ""}}))
    return tmp_path


@pytest.fixture
def run(workflow: Path) -> Iterator[subprocess.Popen[str]]:
    """What Snakemake is to a server."""
    environment = os.environ | {"PYTHONPATH": str(workflow)}
    command = [sys.executable, "-c", SERVE]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=workflow, env=environment, **pipes) as process:
        yield process
        process.kill()


@pytest.fixture
def jobs(workflow: Path, run: subprocess.Popen[str]) -> Iterator[Jobs]:
    assert run.stdout is not None
    name = run.stdout.readline().strip()
    environment = os.environ | {"PYTHONPATH": str(workflow), start_job.SERVER: name}
    yield (jobs := Jobs(workflow, environment))
    for job in jobs.started:
        job.communicate(timeout=60)


def gone(pid: str) -> bool:
    try:
        psutil.Process(int(pid)).wait(timeout=30)
    except psutil.NoSuchProcess:
        pass
    except psutil.TimeoutExpired:
        return False
    return True


def test_jobs_share_a_parent_that_holds_their_libraries(jobs: Jobs):
    (one, (_, parent, loaded, _)), (other, (_, same, *_)) = jobs.start("pass"), jobs.start("pass")
    assert one.wait(timeout=60) == other.wait(timeout=60) == 0
    assert (parent, loaded) == (same, "True")
    assert int(parent) != one.pid


def test_a_job_without_a_server_runs_all_the_same(jobs: Jobs):
    del jobs.environment[start_job.SERVER]
    job, (pid, parent, loaded, _) = jobs.start("sys.exit(4)")
    assert job.wait(timeout=60) == 4
    assert (int(pid), int(parent), loaded) == (job.pid, os.getpid(), "False")


def test_a_job_has_the_environment_of_its_caller(jobs: Jobs):
    job, (*_, colour) = jobs.start("pass", COLOUR="blue")
    assert job.wait(timeout=60) == 0
    assert colour == "blue"


@pytest.mark.parametrize(
    ("code", "status"),
    [("sys.exit(3)", 3), ("1 / 0", 1), ("os.kill(os.getpid(), 9)", -9), ("os.abort()", -signal.SIGABRT)],
)
def test_the_process_that_stands_for_a_job_ends_as_it_does(jobs: Jobs, code: str, status: int):
    assert jobs.status(code) == status


def test_code_is_taken_as_it_stands_when_the_job_starts(jobs: Jobs):
    assert jobs.status("pass") == 0
    (jobs.root / "sharpfit/running/run_job.py").write_text(RUN_JOB.replace("exec(argv[-1])", "sys.exit(5)"))
    assert jobs.status("pass") == 5


def test_a_signal_reaches_the_job_once(jobs: Jobs):
    heard = "sys.told = []; signal.signal(15, lambda *_: sys.told.append(1)); print('ready', flush=True)"
    job, _ = jobs.start(
        f"{heard}\nwhile not sys.told: time.sleep(0.01)\ntime.sleep(0.2); sys.exit(10 + len(sys.told))"
    )
    assert job.stdout is not None
    job.stdout.readline()
    job.terminate()
    assert job.wait(timeout=60) == 11


def test_a_job_dies_with_the_process_that_stands_for_it(jobs: Jobs):
    job, (pid, *_) = jobs.start("time.sleep(60)")
    job.kill()
    job.wait()
    assert gone(pid)
    assert jobs.status("pass") == 0  # the server goes on


def test_a_job_dies_with_its_server_and_says_so(jobs: Jobs):
    job, (pid, parent, *_) = jobs.start("time.sleep(60)")
    os.kill(int(parent), signal.SIGKILL)
    assert job.stdout is not None
    assert "error: the process that jobs are started from was killed; run again" in job.stdout.read()
    assert job.wait(timeout=60) == 1
    assert gone(pid)


def test_a_job_outlives_the_run_and_its_server_does_not_outlive_the_job(jobs: Jobs, run):
    job, (_, parent, *_) = jobs.start("sys.stdin.read(); sys.exit(6)", COLOUR="red")
    run.kill()
    run.wait()
    assert job.wait(timeout=60) == 6
    assert gone(parent)
    assert jobs.environment[start_job.SERVER] not in Path("/proc/net/unix").read_text()


def test_what_is_killed_leaves_no_name_and_its_jobs_run_all_the_same(jobs: Jobs, run):
    name = jobs.environment[start_job.SERVER]
    assert name in Path("/proc/net/unix").read_text()
    (server,) = psutil.Process(run.pid).children()
    server.kill()
    run.kill()
    run.wait()
    server.wait(timeout=60)
    assert name not in Path("/proc/net/unix").read_text()
    job, (pid, *_) = jobs.start("sys.exit(4)")
    assert job.wait(timeout=60) == 4
    assert int(pid) == job.pid


def test_processes_of_other_users_are_not_answered(monkeypatch):
    one, other = socket.socketpair()
    with one, other:
        assert start_job.is_ours(one)
        monkeypatch.setattr(os, "getuid", lambda: 12345)
        assert not start_job.is_ours(other)
