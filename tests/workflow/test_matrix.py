"""The matrix: whatever a user does, both commands compute all that is stale and nothing else."""

import pytest
from scratch import EVERYTHING, Scratch, jobs

pytestmark = pytest.mark.workflow
by_either_command = pytest.mark.parametrize("command", ["snakemake", "dvc"])


def nothing_to_do(study: Scratch) -> None:
    """Neither command runs a job, and DVC finds its lock file right."""
    assert study.snakemake() == set()
    assert "Nothing to do" in study.output
    before = (study.root / "dvc.lock").read_bytes()
    assert study.repro() == set()
    assert (study.root / "dvc.lock").read_bytes() == before
    assert "up to date" in study.call("dvc", "status").stdout


@by_either_command
def test_row_1_and_2_a_clean_clone_computes_all_once(new_study: Scratch, command: str) -> None:
    assert new_study.make(command) == EVERYTHING
    new_study.check()
    other = "dvc" if command == "snakemake" else "snakemake"
    assert new_study.make(other) == set()
    nothing_to_do(new_study)


@by_either_command
def test_row_3_an_edited_regime_recomputes_only_itself(study: Scratch, command: str) -> None:
    study.edit("regimes.fast.optimizer.lr", 0.02)
    assert study.make(command) == jobs(regime="fast")
    study.check()
    study.repro()
    nothing_to_do(study)


def test_row_4_an_older_commit_is_served_as_it_was(study: Scratch) -> None:
    first = study.snapshot()
    study.edit("regimes.fast.optimizer.lr", 0.02)
    study.repro()
    study.commit("Faster")
    study.git("checkout", "-q", "HEAD~1")
    study.call("dvc", "checkout", "-q", "-f")
    assert study.snapshot() == first
    nothing_to_do(study)


@by_either_command
def test_row_4_an_edit_after_a_checkout_leaves_nothing_stale(study: Scratch, command: str) -> None:
    study.edit("regimes.fast.optimizer.lr", 0.02)
    study.repro()
    study.commit("Faster")
    study.git("checkout", "-q", "HEAD~1")
    study.call("dvc", "checkout", "-q", "-f")
    study.edit("regimes.slow.n_iterations", 4)
    assert study.make(command) == jobs(regime="slow")
    study.check()


@by_either_command
def test_row_5_a_clone_with_pulled_results_is_up_to_date(clone: Scratch, command: str) -> None:
    clone.call("dvc", "pull", "-q")
    nothing_to_do(clone)
    clone.edit("regimes.fast.optimizer.lr", 0.02)
    assert clone.make(command) == jobs(regime="fast")
    clone.check()


@by_either_command
def test_row_6_a_changed_raw_file_recomputes_only_its_scan(study: Scratch, command: str) -> None:
    (study.root / "data/raw/measured.npy").write_text("other echoes")
    assert study.make(command) == jobs(scan="measured", rules=("preprocess", "reconstruct", "evaluate"))
    study.check()


def test_row_6_compressing_the_coils_of_a_scan_recomputes_only_that_scan(study: Scratch) -> None:
    study.edit("scans.measured.coil_compression", 4)
    assert study.snakemake() == jobs(scan="measured", rules=("preprocess", "reconstruct", "evaluate"))
    study.check()


@by_either_command
@pytest.mark.parametrize(
    ("file", "old", "new", "rules", "outcome"),
    [
        ("sharpfit/stub_solver.py", '"plain"', '"spicy"', ("reconstruct", "evaluate"), {"flavour": "spicy"}),
        (
            "scripts/preprocess.py",
            '"whitened"',
            '"bleached"',
            ("preprocess", "reconstruct", "evaluate"),
            {"style": "bleached"},
        ),
        ("sharpfit/stub_unused.py", "= 1", "= 2", (), {}),
        ("sharpfit/stub_solver.py", "import os", "import os  # a remark", (), {}),
    ],
    ids=["module", "script", "unrelated", "comment"],
)
def test_row_7_edited_code_recomputes_what_uses_it(
    study: Scratch,
    command: str,
    file: str,
    old: str,
    new: str,
    rules: tuple[str, ...],
    outcome: dict[str, str],
) -> None:
    study.replace(f"workflow/{file}", old, new)
    assert study.make(command) == (jobs(rules=rules) if rules else set())
    study.check(**outcome)


COMPUTES_NOTHING = (
    ("running/progress.py", "LOG_EVERY_SECONDS = 1.0", "LOG_EVERY_SECONDS = 2.0"),
    ("running/end_table.py", '"stop at"', '"stop here"'),
    ("running/run_job.py", '"Run one job of a study."', '"Run a job."'),
    ("study/paths.py", "TEMPORARY = ", 'SPARE = "spare"\nTEMPORARY = '),
    ("errors.py", "class InputError", "class OtherError(Exception):\n    pass\n\n\nclass InputError"),
    ("files/formats.py", '".npy": "npy"', '".npz": "npy", ".npy": "npy"'),
    ("files/readers/bart.py", '"coil", 13: "slice"', '"coil", 12: "slice"'),
)


@by_either_command
def test_row_12_what_computes_nothing_makes_nothing_stale(study: Scratch, command: str) -> None:
    """The bar, the table, how jobs run, a folder, an exception, the known formats, a reader nobody uses."""
    for file, old, new in COMPUTES_NOTHING:
        study.replace(f"workflow/sharpfit/{file}", old, new)
    assert study.make(command) == set()
    study.check()


@by_either_command
@pytest.mark.parametrize(
    ("file", "old", "new", "scan"),
    [
        ("npy.py", "allow_pickle=False", "allow_pickle=False, mmap_mode=None", "measured"),
        ("hdf5.py", '"biufcV"', '"biufc"', "synthetic"),
    ],
    ids=["npy", "hdf5"],
)
def test_row_12_an_edited_reader_recomputes_the_scans_it_reads(
    study: Scratch, command: str, file: str, old: str, new: str, scan: str
) -> None:
    study.replace(f"workflow/sharpfit/files/readers/{file}", old, new)
    assert study.make(command) == jobs(scan=scan, rules=("preprocess", "reconstruct", "evaluate"))
    study.check()


@by_either_command
def test_row_12_an_edited_solver_recomputes_the_fits_that_use_it(study: Scratch, command: str) -> None:
    without_rate = {"solver": {"name": "cg"}, "start": "zero", "n_iterations": 3}
    study.edit("regimes.slow", without_rate)
    assert study.make(command) == jobs(regime="slow")
    solvers = "workflow/sharpfit/fitting/solvers"
    study.replace(f"{solvers}/cg.py", "+= factors(alpha", "+= 0.5 * factors(alpha")
    assert study.make(command) == jobs(regime="slow")
    study.replace(f"{solvers}/torch_optimizer.py", "len(built) < 2", "len(built) <= 1")
    assert study.make(command) == jobs(regime="fast")
    study.replace("workflow/sharpfit/fitting/methods.py", '("cg", "lsmr")', '("cg", "lsmr", "spare")')
    assert study.make(command) == set()
    study.check()


def test_row_8_experiments_and_comparisons(study: Scratch) -> None:
    assert study.run("dvc", "exp", "run", "-n", "quick", "-S", "regimes.fast.optimizer.lr=0.02") == jobs(
        regime="fast"
    )
    study.check()
    assert "regimes.fast.optimizer.lr" in study.call("dvc", "params", "diff").stdout
    assert "measured.fast" in study.call("dvc", "metrics", "diff").stdout
    assert study.call("dvc", "plots", "diff", "-o", "plots", "HEAD", "workspace").stdout
    study.call("dvc", "exp", "run", "--queue", "-n", "queued", "-S", "regimes.fast.optimizer.lr=0.03")
    study.call("dvc", "queue", "start")
    study.call("dvc", "queue", "logs", "queued", "-f")
    study.call("dvc", "exp", "run", "--temp", "-n", "aside", "-S", "regimes.fast.optimizer.lr=0.04")
    study.check()
    table = study.call("dvc", "exp", "show", "--csv").stdout
    assert all(f"{name}" in table for name in ("quick", "queued", "aside"))
    for name, lr in {"queued": 0.03, "aside": 0.04}.items():
        study.call("dvc", "exp", "apply", name)
        assert study.params()["regimes"]["fast"]["optimizer"]["lr"] == lr
        study.check()
        nothing_to_do(study)


@by_either_command
def test_row_10_an_added_scan_or_regime_runs_alone(study: Scratch, command: str) -> None:
    study.edit("regimes.medium", study.params()["regimes"]["fast"] | {"n_iterations": 5})
    added = {
        f"{rule} {scan}/medium" for rule in ("reconstruct", "evaluate") for scan in ("synthetic", "measured")
    }
    assert study.make(command) == added | {"summarise", "report"}
    (study.root / "data/raw/second.npy").write_text("more echoes")
    study.edit("scans.second", {"file": "data/raw/second.npy", "sampling": {"pattern": "full"}})
    ran = study.make(command)
    assert {name for name in ran if "second" not in name} == {"summarise", "report"}
    assert len(ran) == 2 + 1 + 3 + 3
    study.check()
