"""Runs that are killed, stopped, overtaken by edits, or short of disk: nothing stale ever looks fresh."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from crash import kill_at, recover, start
from scratch import Scratch, jobs

pytestmark = pytest.mark.workflow


def wait_for(condition: str, study: Scratch) -> None:
    """Wait until a path exists in the study."""
    for _ in range(1200):
        if any(study.root.glob(condition)):
            return
        time.sleep(0.05)
    raise AssertionError(f"no {condition}")


def forget_results(study: Scratch) -> Scratch:
    for folder in ("results", "data/simulated", "logs"):
        shutil.rmtree(study.root / folder)
    return study


@pytest.mark.parametrize("stage", ["simulate", "reconstruct", "evaluate"])
def test_row_9_a_killed_run_recovers_by_itself(study: Scratch, stage: str) -> None:
    undisturbed = study.snapshot()
    forget_results(study)
    run = start(study)
    wait_for(f"logs/{stage}/**/*.log", study)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    study.snakemake()
    assert study.snapshot() == undisturbed
    assert study.snakemake() == set()


def test_sigterm_ends_a_run_without_debris(study: Scratch) -> None:
    undisturbed = study.snapshot()
    forget_results(study)
    run = start(study)
    wait_for("logs/reconstruct/**/*.log", study)
    os.killpg(run.pid, signal.SIGTERM)
    output, _ = run.communicate(timeout=60)
    assert run.returncode != 0
    assert "Traceback" not in output
    assert not list(study.root.glob("results/.tmp/*"))
    study.snakemake()
    assert study.snapshot() == undisturbed


KILL_WHILE_LOCKED = """
import os, signal, sys
if sys.orig_argv[1].endswith("/snakemake"):
    from snakemake.scheduling.job_scheduler import JobScheduler
    finish = JobScheduler._finish_jobs
    def finish_and_be_told_to_end(self):
        if self._tofinish:
            os.kill(os.getpid(), signal.SIGTERM)
        finish(self)
    JobScheduler._finish_jobs = finish_and_be_told_to_end
"""


def test_sigterm_while_snakemake_holds_its_own_lock_ends_the_run(study: Scratch, tmp_path: Path) -> None:
    undisturbed = study.snapshot()
    forget_results(study)
    (tmp_path / "sitecustomize.py").write_text(KILL_WHILE_LOCKED)
    study.env["PYTHONPATH"] = str(tmp_path)
    run = start(study)
    try:
        run.communicate(timeout=60)
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()
    assert run.returncode != 0
    study.env.clear()
    study.snakemake()
    assert study.snapshot() == undisturbed


@contextmanager
def locked(study: Scratch, name: str) -> Iterator[None]:
    """Hold a lock as a run or a job does."""
    with (study.root / ".snakemake" / name).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def test_a_second_run_is_refused(study: Scratch) -> None:
    study.edit("regimes.fast.optimizer.lr", 0.02)
    with locked(study, "run.lock"):
        assert study.snakemake(ok=False) == set()
    assert "error: another snakemake runs in this study" in study.output
    assert study.snakemake() == jobs(regime="fast")


def test_an_edit_and_a_dry_run_during_a_run_do_no_harm(study: Scratch) -> None:
    forget_results(study)
    run = start(study)
    wait_for("logs/reconstruct/**/*.log", study)
    study.edit("regimes.fast.optimizer.lr", 0.02)
    study.call("snakemake", "-n")
    run.communicate()
    study.snakemake()
    study.check()
    assert study.snakemake() == set()


def test_an_orphaned_job_delays_the_next_run(study: Scratch) -> None:
    undisturbed = study.snapshot()
    forget_results(study)
    study.env["STUB_SECONDS"] = "3"
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    run = subprocess.Popen(["snakemake", "--cores", "1"], cwd=study.root, env=study.environment(), **nowhere)
    wait_for("logs/reconstruct/**/*.log", study)
    run.kill()
    run.wait()
    with (study.root / ".snakemake/jobs.lock").open() as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    study.env.clear()
    study.snakemake()
    assert study.snapshot() == undisturbed
    assert study.snakemake() == set()


def test_code_edited_during_a_run_is_noticed_by_its_jobs(study: Scratch) -> None:
    forget_results(study)
    run = start(study)
    wait_for("logs/preprocess/**/*.log", study)
    study.replace("workflow/sharpfit/stub_solver.py", '"plain"', '"spicy"')
    output, _ = run.communicate()
    assert "error: sharpfit/stub_solver.py changed: the study was changed while it ran" in output
    study.snakemake()
    study.check(flavour="spicy")


def test_a_process_that_reads_the_snakefile_for_a_job_marks_nothing_stale(study: Scratch) -> None:
    """What a cluster job does: read the edited study again, and run one job of it."""
    study.edit("regimes.fast.optimizer.lr", 0.02)
    job = "reconstruct:scan=measured,regime=fast"
    marker = (study.root / ".snakemake/stale").stat()
    study.snakemake(
        "--mode", "remote", "--target-jobs", job, "--allowed-rules", "reconstruct", "--force", "--nolock"
    )
    assert (study.root / ".snakemake/stale").stat().st_mtime_ns == marker.st_mtime_ns
    assert study.snakemake() == jobs(regime="fast") - {"reconstruct measured/fast"}
    study.check()


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A small tmpfs over a folder; skips the test where mounting is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a tmpfs is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_read_only_results_folder_is_said_in_one_line(new_study: Scratch) -> None:
    with mounted(new_study.root / "results", "ro,size=1m"):
        assert new_study.snakemake(ok=False) == set()
    assert "error: results cannot be written to" in new_study.output
    assert "Traceback" not in new_study.output
    new_study.snakemake()
    new_study.check()


def test_a_full_disk_leaves_nothing_that_looks_done(new_study: Scratch) -> None:
    results = new_study.root / "results"
    with mounted(results, "size=64k"):
        (results / "filler").write_bytes(bytes(40_000))
        new_study.snakemake(ok=False)
        assert "No space left on device" in new_study.output
        assert "Traceback" not in new_study.output
        (results / "filler").unlink()
        subprocess.run(["mount", "-o", "remount,size=8m", str(results)], check=True)
        new_study.snakemake()
        new_study.check()


def test_killed_at_once_and_again(study: Scratch) -> None:
    undisturbed = study.snapshot()
    forget_results(study)
    kill_at(study, 0.3)
    kill_at(study, 2.5)
    assert not recover(study, undisturbed)
