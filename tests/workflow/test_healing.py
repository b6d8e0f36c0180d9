"""What a clock, a crash or a stray hand leaves behind is put right by a plain rerun."""

import os
import time
from pathlib import Path

import pytest
from scratch import EVERYTHING, Scratch, jobs

pytestmark = pytest.mark.workflow
DAY = 86_400


def results(study: Scratch) -> list[Path]:
    return [path for folder in ("results", "data/simulated") for path in study.root.glob(f"{folder}/**/*")]


@pytest.mark.parametrize("dated", ["results", "marker", "raw data"])
def test_what_is_dated_in_the_future_is_made_anew_when_stale(study: Scratch, dated: str) -> None:
    marker, raw = study.root / ".snakemake/stale", study.root / "data/raw/measured.npy"
    for path in {"results": results(study), "marker": [marker], "raw data": [raw]}[dated]:
        os.utime(path, (time.time() + DAY,) * 2)
    assert study.snakemake() == set()
    study.edit("regimes.fast.optimizer.lr", 0.02)
    study.snakemake("-n")
    assert study.snakemake() == jobs(regime="fast")
    study.edit("held_out.seed", 12)
    assert study.snakemake() == EVERYTHING - {"simulate made"}
    study.check()
    assert study.snakemake() == set()


@pytest.mark.parametrize("damage", ["empty", "cut", "other bytes"])
def test_a_damaged_spec_is_written_again(study: Scratch, damage: str) -> None:
    study.edit("regimes.fast.optimizer.lr", 0.02)
    study.snakemake("-n")
    for spec in study.root.glob(".snakemake/spec/*.json"):
        content = spec.read_bytes()
        damaged = {"empty": b"", "cut": content[: len(content) // 2], "other bytes": b"x" * len(content)}
        spec.write_bytes(damaged[damage])
    assert study.snakemake() == jobs(regime="fast")
    study.check()
    assert study.snakemake() == set()
