"""What a clock, a crash or a stray hand leaves behind is put right by a plain rerun."""

import os
import shutil
import time
from itertools import cycle
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


def test_damaged_bookkeeping_counts_as_absent_and_is_told_once(study: Scratch) -> None:
    sidecars = sorted(study.root.glob("results/**/*.prov.json"))
    for sidecar, content in zip(sidecars, ("[1]", '{"fingerprint": 1}', "{", '{"spec": []}'), strict=False):
        sidecar.write_text(content)
    for name in (".cache/digests.jsonl", ".cache/code.json"):
        (study.root / name).write_text('[["a"], {}, 1]\n')
    study.snakemake()
    assert "Traceback" not in study.output
    assert study.output.count("and 3 more: damaged, counts as absent") == 1
    study.check()
    assert study.snakemake() == set()


def test_damaged_records_of_snakemakes_count_as_absent(study: Scratch) -> None:
    records = [file for file in (study.root / ".snakemake/metadata").rglob("*") if file.is_file()]
    for record, damage in zip(records, cycle((b"\xff{", b"[" * 100_000, b'{"rule": 7}', None)), strict=False):
        record.unlink()
        record.mkdir() if damage is None else record.write_bytes(damage)
    study.edit("regimes.fast.optimizer.lr", 0.02)
    assert study.snakemake() == jobs(regime="fast")
    assert "Traceback" not in study.output
    study.check()
    assert study.snakemake() == set()
    assert "counts as absent" not in study.output
    for record in filter(Path.is_file, records):
        record.write_bytes(b"\xff")
    shutil.rmtree(study.root / ".snakemake/incomplete")  # Snakemake had none before version 8
    assert study.snakemake() == set()


def test_a_file_in_the_place_of_a_cache_is_no_cache(study: Scratch) -> None:
    shutil.rmtree(study.root / ".cache")
    (study.root / ".cache").write_text("")
    (study.root / "results/.tmp").write_text("")
    study.edit("held_out.seed", 12)
    study.snakemake()
    assert "Traceback" not in study.output
    study.check()
    shutil.rmtree(study.root / ".snakemake/spec")
    (study.root / ".snakemake/spec").write_text("")
    study.edit("held_out.seed", 13)
    study.snakemake(ok=False)
    assert "error: " in study.output
    assert ".snakemake/spec" in study.output
    assert "Traceback" not in study.output
    (study.root / ".snakemake/spec").unlink()
    study.snakemake("-n")
    spec = next((study.root / ".snakemake/spec").iterdir())
    spec.unlink()
    spec.mkdir()
    study.snakemake(ok=False)
    assert f"error: Is a directory: .snakemake/spec/{spec.name}; move it away" in study.output
