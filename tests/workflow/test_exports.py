"""Exports of a study are results like others: made once, stale when what they show is."""

import pytest
from scratch import Scratch, jobs

pytestmark = pytest.mark.workflow
by_either_command = pytest.mark.parametrize("command", ["snakemake", "dvc"])
FITS = [f"{scan}/{regime}" for scan in ("synthetic", "measured") for regime in ("slow", "fast")]
EXPORTS = {f"export {fit}" for fit in FITS}


@by_either_command
def test_a_study_that_asks_for_exports_makes_them_alone_and_once(study: Scratch, command: str) -> None:
    study.edit("export", {"image": "picked", "formats": ["nifti", "png"]})
    assert study.make(command) == EXPORTS
    assert study.snakemake() == study.repro() == set()
    folder = study.root / "results/export/measured/fast"
    assert {file.name for file in folder.rglob("*") if file.is_file()} >= {"export.json", "nifti", "png"}
    picked = (study.root / "results/evaluate/measured/fast/picked.h5").read_text()
    assert picked in (folder / "images" / "nifti").read_text()


@by_either_command
def test_an_edited_regime_makes_its_exports_stale_and_no_others(study: Scratch, command: str) -> None:
    study.edit("export", {"image": "picked", "formats": ["nifti"]})
    study.make(command)
    study.edit("regimes.fast.optimizer.lr", 0.02)
    mine = {name for name in EXPORTS if name.endswith("/fast")}
    assert study.make(command) == jobs(regime="fast") | mine
    study.edit("export.image", "last")
    assert study.make(command) == EXPORTS
    assert "picked" not in (study.root / "results/export/measured/fast/images/nifti").read_text()
    study.check()


@by_either_command
def test_a_writers_code_counts_where_its_format_is_asked_for(study: Scratch, command: str) -> None:
    study.edit("export", {"image": "picked", "formats": ["nifti"]})
    study.make(command)
    study.replace("workflow/sharpfit/exporting/dicom.py", "_HIGHEST = 65535", "_HIGHEST = 32767")
    assert study.make(command) == set()
    study.replace("workflow/sharpfit/exporting/nifti.py", '"comment"', '"ecode"')
    assert study.make(command) == EXPORTS


def test_exports_that_are_asked_for_no_more_are_named_as_left_over(study: Scratch) -> None:
    study.edit("export", {"image": "picked", "formats": ["nifti"]})
    study.snakemake()
    study.edit("export", None)
    assert study.snakemake() == set()
    assert "results/export/measured/fast" in study.output
