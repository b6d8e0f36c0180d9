"""Numbers of two summaries, and whether a run reproduced the committed ones."""

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sharpfit.cli import app
from sharpfit.comparing.numbers import compare_numbers
from sharpfit.running.reproduced import reproduced

FIT = {"verdict": "sharper", "stop_at": 100, "held_out": 1.2, "nrmse": 0.25}


def summary(**changes):
    return {"head": {"warm": FIT | changes, "cold": FIT}}


def test_identical_numbers_are_said_to_be():
    numbers = compare_numbers(summary(), summary())
    assert numbers.agree
    assert numbers.in_words() == (
        "all 2 verdicts and places to stop at are the same; every number is identical"
    )


def test_rounding_agrees_and_more_does_not():
    near, far = (compare_numbers(summary(), summary(nrmse=0.25 * factor)) for factor in (1.0005, 1.002))
    assert near.agree
    assert not far.agree
    assert "is 0.002 (nrmse of head/warm)" in far.in_words()


def test_another_verdict_or_iteration_is_named():
    numbers = compare_numbers(summary(), summary(verdict="over-fitting", stop_at=40))
    assert not numbers.agree
    assert "1 of 2" in numbers.in_words()
    assert "head/warm: sharper at 100 → over-fitting at 40" in numbers.in_words()


def test_another_weight_is_another_place_to_stop_at():
    paths = [{"head": {"tv": {"verdict": "sharper", "weight": weight}}} for weight in (0.7663094, 0.7157614)]
    numbers = compare_numbers(*paths)
    assert not numbers.agree
    assert numbers.changes == ("head/tv: sharper at 0.766 σ → sharper at 0.716 σ",)
    assert "1 of 1 verdicts or places to stop at differ" in numbers.in_words()
    assert compare_numbers(paths[0], paths[0]).agree


def test_a_fit_that_one_lacks_does_not_agree():
    assert not compare_numbers(summary(), {"head": {"warm": FIT}}).agree


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A committed study with numbers."""
    monkeypatch.chdir(tmp_path)
    Path("results").mkdir()
    Path("params.yaml").write_text("a: 1\n")
    subprocess.run(["git", "init", "-q"], check=True)
    commit(summary())
    return tmp_path


def commit(numbers):
    Path("results/summary.json").write_text(json.dumps(numbers))
    commit_all()


def commit_all():
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["add", "-A"], ["commit", "-qm", "numbers"]):
        subprocess.run(["git", *identity, *command], check=True)


def test_a_run_says_whether_it_reproduced_the_committed_numbers(study):
    assert reproduced().startswith("Reproduced the committed numbers: all 2")
    (study / "results/summary.json").write_text(json.dumps(summary(stop_at=9)))
    assert reproduced().startswith("Not the committed numbers: 1 of 2")


def test_other_parameters_are_not_held_against_the_committed_numbers(study):
    (study / "params.yaml").write_text("a: 2\n")
    assert reproduced() == ""


def test_a_folder_without_git_says_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert reproduced() == ""


def test_a_range_tells_how_the_numbers_went(study):
    commit(summary(nrmse=0.3))
    commit(summary(nrmse=0.3, verdict="mixed"))
    lines = CliRunner().invoke(app, ["compare", "HEAD~2..HEAD"]).output.splitlines()
    assert lines[0] == "HEAD~2: 2 fits of 1 scans"
    assert "nrmse of head/warm" in lines[1]
    assert "sharper at 100 → mixed at 100" in lines[2]
    assert CliRunner().invoke(app, ["compare", "nowhere..HEAD"]).exit_code == 2


@pytest.mark.parametrize("shipped", ["[]", "7", '{"head": []}', '{"head": {"warm": 7}}', "[" * 100_000])
def test_what_is_committed_as_numbers_and_is_none_says_nothing(study, shipped):
    ours = (study / "results/summary.json").read_text()
    (study / "results/summary.json").write_text(shipped)
    commit_all()
    (study / "results/summary.json").write_text(ours)
    assert reproduced() == ""
    done = CliRunner().invoke(app, ["compare", "HEAD~1..HEAD"])
    assert (done.exit_code, done.exception is None or isinstance(done.exception, SystemExit)) == (0, True)


def test_a_repository_that_came_with_a_study_runs_no_program_of_its_own(study):
    """git fetches what a repository lacks from its promisor, by a program that its settings name."""
    settings = {
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::sh -c touch% {study}/executed",
        "protocol.ext.allow": "always",
        "protocol.file.allow": "always",
    }
    for name, value in settings.items():
        subprocess.run(["git", "config", name, value], check=True)
    command = ["git", "rev-parse", "HEAD:results/summary.json"]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    Path(".git/objects", found[:2], found[2:]).unlink()
    assert reproduced() == ""
    done = CliRunner().invoke(app, ["compare", "HEAD..HEAD"])
    assert (done.exit_code, "lacks files of that revision" in done.output) == (2, True)
    assert not (study / "executed").exists()
