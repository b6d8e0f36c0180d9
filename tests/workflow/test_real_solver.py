"""The matrix's first rows with the real solver, on a small analytic phantom."""

from pathlib import Path

import pytest
from scratch import Scratch, build

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
PARAMS = """
simulations:
  phantom: {object: ellipses, matrix: [48, 48], n_coils: 4, noise_level: 0.03,
            noise_correlation: 0.2, seed: 1}
scans:
  phantom:
    file: data/simulated/phantom.h5
    sampling: {pattern: lines, acceleration: 2, n_calibration: 16, seed: 0}
held_out: {fraction: 0.08, seed: 11}
regimes:
  constant: {optimizer: {name: Adam, lr: 0.01}, start: zero, n_iterations: 20}
  plain: {optimizer: {name: SGD, lr: 1.0}, start: zero, n_iterations: 20}
measures: {n_checkpoints: 5, n_replicas: 1, seed: 7}
"""


KINDS = {
    "cg": {"solver": {"name": "cg"}, "start": "zero_filled", "n_iterations": 8},
    "weighted": {
        "solver": {"name": "pogm"},
        "penalty": {"name": "wavelet", "family": "db4", "n_levels": 2, "weight": 0.5},
        "start": "zero",
        "n_iterations": 8,
    },
    "judged": {
        "solver": {"name": "fista"},
        "penalty": {"name": "total_variation", "weight": "judged"},
        "start": "zero",
        "n_iterations": 36,
    },
    "cosines": {
        "optimizer": {"name": "SGD", "lr": 1.0},
        "basis": {"name": "dct"},
        "start": "zero",
        "n_iterations": 8,
    },
}


@pytest.fixture
def real(tmp_path: Path, warm: Path) -> Scratch:
    study = build(tmp_path / "study", warm)
    study.take_real_code()
    (study.root / "params.yaml").write_text(PARAMS)
    study.call("dvc", "remove", "data/raw/measured.npy.dvc")
    return study


def test_the_real_solver_gives_the_same_bytes_again_and_reruns_only_what_changed(real: Scratch) -> None:
    assert len(real.snakemake()) == 8
    first = real.snapshot()
    assert "sharper" in real.output or "fit" in real.output
    assert real.snakemake() == set()
    real.edit("regimes.constant.optimizer.lr", 0.02)
    edited = {"reconstruct phantom/constant", "evaluate phantom/constant", "summarise", "report"}
    assert real.snakemake() == edited
    real.edit("regimes.constant.optimizer.lr", 0.01)
    assert real.snakemake() == edited
    assert real.snapshot() == first


def test_an_unknown_optimizer_ends_in_one_line_before_any_job(real: Scratch) -> None:
    real.edit("regimes.constant.optimizer", {"name": "Adamant", "lr": 0.01})
    assert real.snakemake(ok=False) == set()
    assert "error: params.yaml: regimes.constant.optimizer" in real.output
    assert "Traceback" not in real.output
    real.edit("regimes.constant.optimizer", {"name": "Adam", "lrr": 0.01, "lr": 0.01})
    assert real.snakemake(ok=False) == set()
    assert "lrr" in real.output


def test_every_kind_of_regime_runs_once_and_each_alone_when_its_files_change(real: Scratch) -> None:
    """No fit loads a file that its fingerprint leaves out, and none is stale through another's files."""
    real.edit("regimes", KINDS)
    assert len(real.snakemake()) == 4 + 2 * len(KINDS)
    assert real.snakemake() == set()
    folder = "workflow/sharpfit/fitting"
    real.replace(f"{folder}/penalties/total_variation.py", "N_STEPS = 8", "N_STEPS = 7")
    ends = {"summarise", "report"}
    assert real.snakemake() == {"reconstruct phantom/judged", "evaluate phantom/judged"} | ends
    real.replace(f"{folder}/bases/dct.py", "Cosine()\n", "Cosine() or None\n")
    assert real.snakemake() == {"reconstruct phantom/cosines", "evaluate phantom/cosines"} | ends
