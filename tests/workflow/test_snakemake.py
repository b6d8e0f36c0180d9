"""Snakemake's own options do what its users expect, and never make a stale result look fresh."""

import shutil
import tarfile

import pytest
import yaml
from scratch import EVERYTHING, Scratch, jobs

pytestmark = pytest.mark.workflow
FAST = "results/reconstruct/measured/fast/reconstruction.h5"


def test_a_damaged_result_is_made_again(study: Scratch) -> None:
    file = study.root / FAST
    file.write_text(file.read_text()[:-1])
    ran = {"reconstruct measured/fast", "evaluate measured/fast", "summarise", "report"}
    assert study.snakemake() == ran
    study.check()


@pytest.mark.parametrize("name", ["history.csv", "reconstruction.h5", "reconstruction.h5.prov.json"])
def test_a_deleted_result_is_made_again(study: Scratch, name: str) -> None:
    (study.root / FAST).with_name(name).unlink()
    assert "reconstruct measured/fast" in study.snakemake()
    study.check()
    assert study.snakemake() == set()


def test_touch_does_not_accept_a_stale_result(study: Scratch) -> None:
    study.edit("regimes.fast.optimizer.lr", 0.02)
    study.snakemake("--touch")
    assert study.snakemake() == jobs(regime="fast")
    study.check()


def test_forcerun_runs_a_rule_and_what_follows(study: Scratch) -> None:
    before = study.snapshot()
    assert study.snakemake("--forcerun", "evaluate") == jobs(rules=("evaluate",))
    assert study.snakemake("--forcerun", FAST, "--jobs", "8") == {
        "reconstruct measured/fast",
        "evaluate measured/fast",
        "summarise",
        "report",
    }
    assert study.snakemake("--forceall", "--rerun-incomplete") == EVERYTHING
    assert study.snapshot() == before


def test_targets_until_and_omit_choose_jobs(study: Scratch) -> None:
    study.edit("regimes.fast.optimizer.lr", 0.02)
    study.edit("regimes.slow.optimizer.lr", 0.2)
    assert study.snakemake(FAST) == {"reconstruct measured/fast"}
    assert study.snakemake("--until", "reconstruct") == jobs() - jobs(rules=("evaluate",)) - {
        "reconstruct measured/fast"
    }
    assert study.snakemake() == jobs(rules=("evaluate",))
    study.check()


def test_verdicts_of_earlier_parameters_are_not_printed(study: Scratch) -> None:
    study.edit("regimes.fast.optimizer.lr", 0.02)
    assert "Report:" not in study.call("snakemake", "--cores", "2", "--", "reconstructed").stdout
    assert "Report:" in study.call("snakemake", "--cores", "2").stdout


def test_verdicts_are_printed_by_the_stage_that_makes_them_alone(study: Scratch) -> None:
    said = study.call("snakemake", "--cores", "2", "--", "preprocessed").stdout
    assert "Nothing to do" in said
    assert "Report:" not in said
    assert "Report:" in study.call("snakemake", "--cores", "2", "--", "evaluated").stdout


def test_only_a_profile_that_one_asked_for_is_named(study: Scratch) -> None:
    assert "specific profile" not in study.call("snakemake", "-n").stdout
    (study.root / "profiles/default").rename(study.root / "profiles/own")
    said = study.call("snakemake", "-n", "--workflow-profile", "own").stdout
    assert "Using workflow specific profile profiles/own" in said


def test_results_of_a_removed_regime_are_named(study: Scratch) -> None:
    text = yaml.safe_dump({**study.params(), "regimes": {"slow": study.params()["regimes"]["slow"]}})
    (study.root / "params.yaml").write_text(text)
    said = study.call("snakemake", "--cores", "2").stdout.splitlines()
    line = next(line for line in said if line.startswith("No longer in params.yaml"))
    assert "results/evaluate/measured/fast, " in line
    assert "slow" not in line


def test_views_of_the_workflow(study: Scratch) -> None:
    assert "digraph" in study.call("snakemake", "--dag").stdout
    assert FAST in study.call("snakemake", "--summary").stdout
    study.call("snakemake", "--report", "overview.html")
    assert (study.root / "overview.html").stat().st_size > 10_000
    study.edit("regimes.fast.optimizer.lr", 0.02)
    assert "reconstruct" in study.call("snakemake", "-n").stdout
    assert "Warning" not in study.call("snakemake", "--report", "overview.html").stdout


def test_archive_holds_code_parameters_and_raw_data(study: Scratch) -> None:
    study.call("snakemake", "--archive", "study.tar.gz")
    with tarfile.open(study.root / "study.tar.gz") as archive:
        names = set(archive.getnames())
    assert {"Snakefile", "params.yaml", "data/raw/measured.npy", "workflow/rules/reconstruct.smk"} <= names


def test_delete_all_output_leaves_raw_data_alone(study: Scratch) -> None:
    study.call("snakemake", "--cores", "1", "--delete-all-output")
    assert not (study.root / FAST).exists()
    assert (study.root / "data/raw/measured.npy").exists()
    assert study.snakemake() == EVERYTHING
    study.check()


def test_another_folder_is_another_study(study: Scratch) -> None:
    other = Scratch(study.root / "other")
    (other.root / "data/raw").mkdir(parents=True)
    shutil.copy(study.root / "params.yaml", other.root)
    (other.root / "data/raw/measured.npy").write_text("elsewhere")
    before = study.snapshot()
    study.call("snakemake", "--cores", "2", "--directory", "other")
    other.check()
    assert study.snapshot() == before
    study.call("snakemake", "--cores", "2", "--directory", "other")


def test_one_and_two_cores_give_the_same_bytes(study: Scratch) -> None:
    before = study.snapshot()
    study.call("snakemake", "--cores", "1", "--forceall")
    assert study.snapshot() == before


@pytest.mark.parametrize("longest", ["slow", "fast"])
def test_the_longest_fits_begin_first(study: Scratch, longest: str) -> None:
    """One of them begun last would run alone, beside idle cores."""
    for regime in ("slow", "fast"):
        study.edit(f"regimes.{regime}.n_iterations", 9 if regime == longest else 5)
    study.call("snakemake", "--cores", "1", "--until", "reconstruct")
    logs = sorted(study.root.glob("logs/reconstruct/*/*.log"), key=lambda log: log.stat().st_mtime_ns)
    assert [log.stem == longest for log in logs] == [True, True, False, False]


def test_forced_repro_leaves_the_lock_file_alone(study: Scratch) -> None:
    before = (study.root / "dvc.lock").read_bytes()
    study.run("dvc", "repro", "--force")
    assert (study.root / "dvc.lock").read_bytes() == before
