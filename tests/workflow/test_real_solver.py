"""The matrix's first rows with the real solver, on a small analytic phantom."""

import shutil
from pathlib import Path

import pytest
from scratch import REPOSITORY, Scratch, build

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


@pytest.fixture
def real(tmp_path: Path) -> Scratch:
    study = build(tmp_path / "study")
    for name in ("scripts", "sharpfit"):
        shutil.rmtree(study.root / "workflow" / name)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / "workflow" / name, study.root / "workflow" / name, ignore=ignored)
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
