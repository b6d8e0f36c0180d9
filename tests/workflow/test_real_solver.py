"""The matrix's first rows with the real solver, on a small analytic phantom."""

from pathlib import Path

import pytest
from phantom_study import build_phantom, params
from scratch import Scratch

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
REGIMES = {
    "constant": {"optimizer": {"name": "Adam", "lr": 0.01}, "start": "zero", "n_iterations": 20},
    "plain": {"optimizer": {"name": "SGD", "lr": 1.0}, "start": "zero", "n_iterations": 20},
}
KINDS = {
    "cg": {"solver": {"name": "cg"}, "start": "zero_filled", "n_iterations": 8},
    "weighted": {
        "solver": {"name": "fista"},
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
    return build_phantom(tmp_path / "study", warm, params(REGIMES))


def test_the_real_solver_gives_the_same_bytes_again_and_reruns_only_what_changed(real: Scratch) -> None:
    assert len(real.snakemake()) == 8
    first = real.snapshot()
    for regime in REGIMES:
        assert f"evaluate phantom/{regime}: " in real.output
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
    real.replace(
        f"{folder}/penalties/wavelet.py", "Wavelet(family, n_levels))", "Wavelet(family, n_levels) or None)"
    )
    ends = {"summarise", "report"}
    assert real.snakemake() == {"reconstruct phantom/weighted", "evaluate phantom/weighted"} | ends
    real.replace(f"{folder}/bases/dct.py", "Cosine()\n", "Cosine() or None\n")
    assert real.snakemake() == {"reconstruct phantom/cosines", "evaluate phantom/cosines"} | ends
    real.replace(f"{folder}/surrogate.py", "N_STEPS = 60", "N_STEPS = 61")  # all fits are held against it
    fits = {f"{rule} phantom/{name}" for name in KINDS for rule in ("reconstruct", "evaluate")}
    assert real.snakemake() == {"preprocess phantom", *fits} | ends
