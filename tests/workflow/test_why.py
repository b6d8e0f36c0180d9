"""`sharpfit why` and `sharpfit bless`."""

import json
import sys

import pytest
from scratch import Scratch, jobs

pytestmark = pytest.mark.workflow
SHARPFIT = (sys.executable, "-c", "from sharpfit.cli import app; app()")


@pytest.fixture
def study(study: Scratch) -> Scratch:
    study.env["PYTHONPATH"] = str(study.root / "workflow")
    return study


def why(study: Scratch, *names: str) -> str:
    return study.call(*SHARPFIT, "why", *names).stdout


def test_a_fresh_study_has_nothing_to_explain(study: Scratch) -> None:
    assert "Nothing is stale (13 jobs)" in why(study)
    assert "made on cpu" in why(study, "synthetic/fast")


def test_each_field_that_changed_is_named(study: Scratch) -> None:
    study.edit("regimes.fast.optimizer.lr", 0.02)
    study.edit("regimes.fast.n_iterations", 4)
    study.replace("workflow/sharpfit/stub_solver.py", '"plain"', '"spicy"')
    (study.root / "data/raw/measured.npy").write_text("other echoes")
    answer = why(study, "measured/fast")
    assert "regimes.fast.optimizer.lr: 0.01 → 0.02" in answer
    assert "regimes.fast.n_iterations: 3 → 4" in answer
    assert "sharpfit/stub_solver.py changed" in answer
    assert "results/preprocess/measured.h5 is to be made anew" in answer
    assert "data/raw/measured.npy has other content" in why(study, "results/preprocess/measured.h5")
    assert "evaluate synthetic/slow runs before it" not in answer


def test_all_that_one_edit_makes_stale_is_told_in_few_lines(study: Scratch) -> None:
    study.edit("regimes.fast.optimizer.lr", 0.02)
    edit = "  regimes.fast.optimizer.lr: 0.01 → 0.02"
    fits = "synthetic/fast, measured/fast"
    assert why(study).splitlines() == [
        f"reconstruct {fits}: stale",
        edit,
        f"evaluate {fits}: stale",
        edit,
        "summarise: stale",
        "  after evaluate synthetic/fast and 1 more",
        "report: stale",
        "  after evaluate synthetic/fast and 4 more",
        "6 of 13 jobs to run",
    ]
    anew = [line for line in why(study, "report").splitlines() if "to be made anew" in line]
    assert len(anew) == 1 and anew[0].endswith("more are to be made anew")


def test_fits_that_follow_their_own_reconstruction_stand_in_one_line(study: Scratch) -> None:
    study.replace("workflow/sharpfit/stub_solver.py", '"plain"', '"spicy"')
    told = why(study).splitlines()
    at = next(n for n, line in enumerate(told) if line.startswith("evaluate "))
    assert told[at] == "evaluate synthetic/slow, synthetic/fast, measured/slow and 1 more: stale"
    assert told[at + 1 : at + 3] == ["  after reconstruct of the same fit", "summarise: stale"]


def test_damaged_and_missing_results_are_named(study: Scratch) -> None:
    (study.root / "results/summary.json").write_text("{}")
    (study.root / "results/evaluate/measured/fast/figures/curves.png").unlink()
    (study.root / "results/preprocess/synthetic.h5.prov.json").unlink()
    assert "results/summary.json was changed after it was made" in why(study, "summarise")
    assert "figures/curves.png is missing" in why(study, "evaluate")
    assert "has no provenance" in why(study, "preprocess")


def test_an_unknown_name_is_refused_in_one_line(study: Scratch) -> None:
    done = study.call(*SHARPFIT, "why", "nonsense", ok=False)
    assert (done.returncode, done.stdout.count("\n")) == (1, 1)
    assert "nonsense" in done.stdout


def test_a_blessed_change_recomputes_nothing_and_is_on_record(study: Scratch) -> None:
    study.replace("workflow/sharpfit/stub_solver.py", '"plain"', '"pla" "in"')
    study.replace("workflow/sharpfit/stub_solver.py", "import time", "import time\nimport json")
    assert "sharpfit/stub_solver.py changed" in why(study)
    before = study.snapshot()
    study.call(*SHARPFIT, "bless", "--why", "an unused import", "--who", "Ada")
    changed = {name for name, content in study.snapshot().items() if before[name] != content}
    assert changed and all(name.endswith(".prov.json") for name in changed)
    assert study.snakemake() == set()
    sidecar = json.loads(
        (study.root / "results/reconstruct/measured/fast/reconstruction.h5.prov.json").read_text()
    )
    (record,) = sidecar["blessed"]
    assert (record["who"], record["why"]) == ("Ada", "an unused import")
    assert record["accepted"] == ["sharpfit/stub_solver.py changed"]
    assert study.repro() == set()


def test_only_what_is_named_is_blessed(study: Scratch) -> None:
    study.edit("regimes.fast.optimizer.lr", 0.02)
    study.edit("regimes.slow.optimizer.lr", 0.2)
    study.call(*SHARPFIT, "bless", "slow", "--why", "a test")
    assert study.snakemake() == jobs(regime="fast")


def test_damaged_bytes_are_never_blessed(study: Scratch) -> None:
    (study.root / "results/summary.json").write_text("{}")
    done = study.call(*SHARPFIT, "bless", "summarise", "--why", "looks fine", ok=False)
    assert done.returncode == 1
    assert "results/summary.json is missing or was changed" in done.stdout
    assert study.call(*SHARPFIT, "bless", ok=False).returncode == 1
