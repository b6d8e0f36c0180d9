"""A study packed for a colleague."""

import json
import sys
import zipfile

import pytest
from scratch import Scratch

pytest.importorskip("rocrate", reason="the handover extra is not installed")
pytestmark = pytest.mark.workflow
SHARPFIT = (sys.executable, "-W", "ignore", "-c", "from sharpfit.cli import app; app()")


def test_a_packed_study_says_what_it_is_and_how_to_repeat_it(study: Scratch) -> None:
    study.env["PYTHONPATH"] = str(study.root / "workflow")
    (study.root / "constraints.txt").write_text("torch==2.13.0\n")
    study.call(*SHARPFIT, "pack", "study.zip")
    with zipfile.ZipFile(study.root / "study.zip") as crate:
        names = set(crate.namelist())
        graph = {
            entity["@id"]: entity for entity in json.loads(crate.read("ro-crate-metadata.json"))["@graph"]
        }
        instructions = crate.read("REPRODUCE.txt").decode()
    revision = study.git("rev-parse", "HEAD").strip()
    assert {"params.yaml", "Snakefile", "results/summary.csv", "results/report.html"} <= names
    assert "results/reconstruct/measured/fast/reconstruction.h5.prov.json" in names
    assert not any(name.endswith((".h5", ".npy")) for name in names)
    assert graph["Snakefile"]["version"].startswith(revision)
    assert graph["#run"]["instrument"] == {"@id": "Snakefile"}
    assert "make run" in instructions
    assert "data/raw/measured.npy" in instructions


def test_a_stale_study_is_not_packed(study: Scratch) -> None:
    study.env["PYTHONPATH"] = str(study.root / "workflow")
    study.edit("regimes.fast.optimizer.lr", 0.02)
    done = study.call(*SHARPFIT, "pack", ok=False)
    assert done.returncode == 1
    assert "error: 6 results are stale" in done.stdout
