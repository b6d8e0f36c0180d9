"""A study that brings solvers along: a function of its own and BART, judged beside each other."""

import json
import shutil
from pathlib import Path

import pytest
from phantom_study import build_phantom, params
from scratch import REPOSITORY, Scratch

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("bart") is None, reason="BART is not installed"),
]
PARAMS = params(
    {
        "cg": {"solver": {"name": "cg"}, "start": "zero", "n_iterations": 10},
        "by_hand": {
            "solver": {"file": "solvers/adam_by_hand.py", "function": "fit", "lr": 0.01},
            "start": "zero",
            "n_iterations": 20,
        },
        "bart": {
            "solver": {
                "command": "bart pics -S -w 1 -R W:3:0:{weight} -i 60 {kspace} {maps} {image}",
                "weight": [4, 2, 1.5, 1, 0.7, 0.4, 0.1],
            },
            "start": "zero",
            "n_iterations": 7,
        },
    },
    size=64,
    n_checkpoints=12,
)


@pytest.fixture
def study(tmp_path: Path, warm: Path) -> Scratch:
    made = build_phantom(tmp_path / "study", warm, PARAMS)
    (made.root / "solvers").mkdir()
    shutil.copy(REPOSITORY / "docs/examples/adam_by_hand.py", made.root / "solvers")
    return made


def test_foreign_solvers_are_judged_where_allowed_and_stale_when_edited(study: Scratch) -> None:
    assert study.snakemake(ok=False) == set()
    assert "regimes.by_hand.solver runs `solvers/adam_by_hand.py`" in study.output
    allow = ("--config", "allow_code=true")
    assert len(study.snakemake(*allow)) == 10

    def judged(regime: str) -> dict:
        return json.loads((study.root / f"results/evaluate/phantom/{regime}/evaluation.json").read_text())

    bart, cg = judged("bart"), judged("cg")
    assert bart["picked"]["nrmse"] < 0.8 * cg["picked"]["nrmse"]
    assert 1 < bart["picked_iteration"] < 7
    assert study.snakemake(*allow) == set()

    study.replace("solvers/adam_by_hand.py", "opt.step()", "opt.step()  # by hand")
    mine = {"reconstruct phantom/by_hand", "evaluate phantom/by_hand", "summarise", "report"}
    assert study.snakemake(*allow) == mine
    (study.root / "solvers/adam_by_hand.py").write_text("def fit(A, y, start, *, rate):\n    yield y\n")
    assert study.snakemake(*allow, ok=False) == set()
    assert "regimes.by_hand.solver.lr: fit has no such argument; it takes rate" in study.output
    (study.root / "solvers/adam_by_hand.py").unlink()
    assert study.snakemake(*allow, ok=False) == set()
    assert "regimes.by_hand.solver: solvers/adam_by_hand.py does not exist" in study.output
