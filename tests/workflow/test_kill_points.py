"""A run that dies at a certain point of a job; jobs that Snakemake passes over: nothing is lost or left."""

import shutil
import signal

import pytest
from crash import recover, start
from scratch import EVERYTHING, Scratch

pytestmark = pytest.mark.workflow
RUN_JOB = "running/run_job.py"
KILL = "[os.killpg(os.getpgid(os.getppid()), 9), os.kill(os.getpid(), 9)]"  # the run, and this job of it
#: What stands before the point, in which file, and what holds there for the job of one rule.
POINTS = {
    "one result in its place": (
        RUN_JOB,
        "            _put(made[keyword], Path(path))\n",
        "spec['rule'] == RULE",
    ),
    "all results, half of the provenance": (
        "provenance/atomic_write.py",
        '    temporary.write_text(text, encoding="utf-8")\n',
        "'.prov.' in path.name and RULE in path.parts",
    ),
    "all done, not known to Snakemake": (
        RUN_JOB,
        "        shutil.rmtree(paths.state(name), ignore_errors=True)\n",
        "spec['rule'] == RULE",
    ),
}


def die_at(study: Scratch, point: str, rule: str) -> None:
    """Run until a job of this rule has come to a point, and kill the run and its jobs there."""
    name, line, holds = POINTS[point]
    file = f"workflow/sharpfit/{name}"
    source = (study.root / file).read_text()
    indent = line[: len(line) - len(line.lstrip())]
    study.replace(file, line, f"{line}{indent}{holds.replace('RULE', repr(rule))} and {KILL}\n")
    run = start(study)
    run.communicate(timeout=300)
    assert run.returncode == -signal.SIGKILL
    (study.root / file).write_text(source)


@pytest.mark.parametrize("rule", ["preprocess", "evaluate"])
@pytest.mark.parametrize("point", POINTS)
def test_a_run_that_dies_at_a_point_recovers(study: Scratch, point: str, rule: str) -> None:
    undisturbed = study.snapshot()
    for folder in ("results", "data/simulated", "logs"):
        shutil.rmtree(study.root / folder)
    die_at(study, point, rule)
    assert not recover(study, undisturbed)


def test_a_run_that_passed_over_a_stale_job_has_not_succeeded(study: Scratch) -> None:
    """Snakemake's own triggers run jobs that are fresh, and hide what is stale behind them."""
    undisturbed = study.snapshot()
    (study.root / "results/report.html").unlink()
    done = study.call("snakemake", "--cores", "2", "--rerun-triggers", "mtime", "input", ok=False)
    assert done.returncode == 1
    assert "error: report had to run and did not; run snakemake again, as it is" in done.stdout
    assert not recover(study, undisturbed)


def test_a_result_asked_for_by_force_hides_nothing(study: Scratch) -> None:
    report, raw = "results/report.html", "results/preprocess/measured.h5"
    shutil.rmtree(study.root / "results/evaluate/measured")
    ran = study.snakemake("--force", raw, report, "--")
    assert {"preprocess measured", "evaluate measured/fast", "evaluate measured/slow", "report"} <= ran
    assert "reconstruct synthetic/fast" not in ran
    study.check()
    assert ran < EVERYTHING
