"""The console of a run, driven by records as Snakemake logs them."""

import io
import logging
from pathlib import Path

import pytest
from rich.console import Console
from snakemake_interface_logger_plugins.common import LogEvent

from sharpfit.running.console import RunConsole, Study
from sharpfit.running.dry_run import DryRun
from sharpfit.study.jobs import Job

RULES = ("preprocess", "reconstruct", "evaluate")


def job(rule, name):
    return Job(rule, name, {}, {}, {"output": f"results/{rule}/{name}"})


JOBS = [job("preprocess", "head"), job("reconstruct", "head/slow"), job("evaluate", "head/slow")]


def record(event=None, text="", level=logging.INFO, **facts):
    made = logging.LogRecord("snakemake", level, "", 0, text, None, None)
    vars(made).update(facts)
    if event:
        made.event = event
    return made


def started(number, one):
    keys = ("scan", "regime")
    wildcards = dict(zip(keys, one.name.split("/"), strict=False))
    return record(LogEvent.JOB_INFO, jobid=number, rule_name=one.rule, wildcards=wildcards)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def said():
    return io.StringIO()


def run(said, records, *, terminal=False, reasons=None, n_fresh=0, elsewhere=""):
    why = reasons or {}
    study = Study(JOBS, n_fresh, lambda job: why.get(str(job), []), lambda: "the table", elsewhere)
    out = Console(file=said, force_terminal=terminal, width=120, highlight=False, soft_wrap=True)
    shown = RunConsole(study, out)
    for one in records:
        shown.show(one)
    return shown


def write_log(one, text):
    log = Path("logs") / one.rule / f"{one.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(text)


BEGIN = [
    record(LogEvent.WORKFLOW_STARTED, "Workflow has started!"),
    record(text="Building DAG of jobs..."),
    record(LogEvent.RUN_INFO, stats={**dict.fromkeys(RULES, 1), "all": 1, "total": 4}),
]


def test_a_run_that_is_asked_to_stop_says_so_once(said):
    asked = record(text="Will exit after finishing currently running jobs (scheduler).")
    run(said, [*BEGIN, asked, asked]).close()
    assert said.getvalue().count("Asked to stop: ends once the running jobs are done") == 1


def test_a_run_elsewhere_says_where_to_watch_it(said):
    run(said, BEGIN, elsewhere="/home/me/my knees").close()
    assert "From another terminal: cd '/home/me/my knees' && sharpfit watch\n" in said.getvalue()


def test_a_run_says_what_is_to_do_decisions_and_verdicts_and_ends_with_the_last_words(said, capsys):
    write_log(JOBS[0], "decided: axes: coil, ky, kx\n")
    write_log(JOBS[1], "iteration 1/9  chi2 3\n")
    write_log(JOBS[2], "found: over-fitting (noise), stop at 4 of 9\n")
    middle = [
        r for n, one in enumerate(JOBS) for r in (started(n, one), record(LogEvent.JOB_FINISHED, job_id=n))
    ]
    shown = run(said, BEGIN + middle, n_fresh=3)
    shown.finish()
    shown.close()
    lines = said.getvalue().splitlines()
    assert lines[0].startswith("3 jobs to do (1 preprocess, 1 reconstruct, 1 evaluate). From another")
    assert lines[1:4] == [
        "preprocess head: done",
        "  axes: coil, ky, kx",
        "evaluate head/slow: over-fitting (noise), stop at 4 of 9",
    ]
    assert lines[4].startswith("Took ")
    assert len(lines) == 5
    assert capsys.readouterr().out == "the table\n"


def test_a_fit_that_found_its_learning_rate_says_so(said):
    write_log(JOBS[1], "iteration 9/9  chi2 1\ndecided: lr: 0.0458, found by a range test\n")
    run(said, [*BEGIN, started(1, JOBS[1]), record(LogEvent.JOB_FINISHED, job_id=1)])
    assert "reconstruct head/slow: done\n  lr: 0.0458, found by a range test\n" in said.getvalue()


def test_a_failure_is_told_once_and_last(said, capsys):
    write_log(JOBS[0], "Traceback\nerror: head.npy: every value is zero\n")
    failed = record(LogEvent.JOB_ERROR, "Error in rule", logging.ERROR, jobid=0)
    known = record(None, "Exiting because a job execution failed. Look above", logging.ERROR)
    other = record(None, "WorkflowError:\nAt least one job did not complete successfully.", logging.ERROR)
    rule = record(None, "RuleException:\nCalledProcessError in file x.smk, line 37:", logging.ERROR)
    shown = run(said, [*BEGIN, started(0, JOBS[0]), rule, failed, failed, known, other])
    shown.close()
    lines = said.getvalue().splitlines()
    assert lines[-1] == "error: head.npy: every value is zero"
    assert "logs/preprocess/head.log" in lines[-2]
    assert said.getvalue().count("error: ") == 1
    assert len(lines) == 4
    assert capsys.readouterr().out == ""


def test_a_job_killed_without_a_word_is_named(said):
    failed = record(LogEvent.JOB_ERROR, "Error in rule", logging.ERROR, jobid=1)
    run(said, [*BEGIN, started(1, JOBS[1]), failed]).close()
    assert said.getvalue().splitlines()[-1] == "error: reconstruct head/slow ended without a word"


def test_a_terminal_shows_a_bar_while_a_fit_runs(said):
    write_log(JOBS[1], "iteration 3/9  chi2 1.5  held-out 2  lr 0.01\n")
    shown = run(said, [*BEGIN, started(1, JOBS[1])], terminal=True)
    shown.close()
    assert "3/9 chi2 1.5  held-out 2" in said.getvalue()
    assert "0 of 3 jobs done" in said.getvalue()


def test_warnings_pass_and_notes_do_not(said):
    shown = run(
        said, [*BEGIN, record(text="Select jobs to execute..."), record(None, "disk full", logging.WARNING)]
    )
    shown.close()
    assert "disk full" in said.getvalue()
    assert "Select" not in said.getvalue()


def test_what_is_no_run_is_shown_as_snakemake_says_it(said):
    run(said, [record(text="reconstruct")]).close()
    assert said.getvalue() == "reconstruct\n"


def test_nothing_to_do_shows_the_last_words_again(said, capsys):
    nothing = "Nothing to be done (all requested files are present and up to date)."
    run(said, [BEGIN[0], record(text=nothing)], n_fresh=3).close()
    assert said.getvalue() == "Nothing to do: all 3 results are up to date.\n"
    assert capsys.readouterr().out == "the table\n"


def test_a_stage_with_nothing_to_do_does_not_call_all_results_up_to_date(said):
    nothing = "Nothing to be done (all requested files are present and up to date)."
    run(said, [BEGIN[0], record(text=nothing)], n_fresh=1).close()
    assert said.getvalue() == "Nothing to do for this; not asked for, and out of date: 2 results.\n"


def test_a_dry_run_says_why_and_folds_jobs_with_one_reason(capsys):
    twins = [job("reconstruct", f"head/{name}") for name in "abcd"]
    reasons = {str(one): ["lr: 1 → 2"] for one in twins}
    study = Study([*JOBS, *twins], 0, lambda one: reasons.get(str(one), []), str)
    shown = DryRun(study)
    for number, one in enumerate([*twins, JOBS[2]]):
        shown.show(started(number, one))
    shown.close()
    assert capsys.readouterr().out.splitlines() == [
        "5 jobs would run, 2 would not. Nothing was done (-n).",
        "  evaluate head/slow",
        "      asked for by hand",
        "  reconstruct head/a, head/b, head/c and 1 more",
        "      lr: 1 → 2",
    ]


STOPPED = "Stopped, 0 jobs done. The same command goes on from here."


def ended(said, *records):
    failed = record(LogEvent.JOB_ERROR, "Error in rule", logging.ERROR, jobid=1)
    run(said, [*BEGIN, started(1, JOBS[1]), *records, failed]).close()
    return said.getvalue().splitlines()


def test_a_fit_that_paused_is_no_failure_whoever_asked_it(said):
    write_log(JOBS[1], "iteration 3/9\nstopped: paused after iteration 3; run again\n")
    expected = [STOPPED, "  reconstruct head/slow: paused after iteration 3; run again"]
    assert ended(said)[-2:] == expected


def test_a_job_that_a_stop_ended_before_it_could_say_so_is_no_failure(said):
    stopping = record(text="Terminating processes on user request, this might take some time.")
    assert ended(said, stopping)[-2:] == [STOPPED, "  reconstruct head/slow: left to the next run"]


def test_a_job_that_fails_while_a_run_stops_is_a_failure(said):
    write_log(JOBS[1], "error: no space left\n")
    stopping = record(text="Terminating processes on user request, this might take some time.")
    *_, failed, _, why = ended(said, stopping)
    assert (failed, why) == ("1 job failed, 0 done; a rerun goes on from here.", "error: no space left")
