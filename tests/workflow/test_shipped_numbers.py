"""The numbers that the repository is committed with are those of its code."""

import json
import shutil
import subprocess

import pytest
from scratch import REPOSITORY, Scratch

from sharpfit.comparing.numbers import compare_numbers
from sharpfit.study import paths

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
FITS = {"phantom_r2": "gradient_descent", "head_r4": "gradient_descent"}  # those that take seconds


def test_the_committed_numbers_are_what_the_code_gives(tmp_path, warm):
    shipped = REPOSITORY / paths.SUMMARY_JSON
    if not shipped.is_file():
        pytest.skip("the default study's numbers are not committed yet: make ship")
    for name in ("Snakefile", "params.yaml"):
        shutil.copy(REPOSITORY / name, tmp_path)
    for name in ("profiles", "workflow"):
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    targets = [paths.evaluated(scan, regime) for scan, regime in FITS.items()]
    Scratch(tmp_path, commands=warm).call("snakemake", "--cores", "2", "--", *targets)
    committed = json.loads(shipped.read_text(encoding="utf-8"))
    chosen = {scan: {regime: committed[scan][regime]} for scan, regime in FITS.items()}
    found = {scan: {regime: numbers(tmp_path, scan, regime)} for scan, regime in FITS.items()}
    compared = compare_numbers(chosen, found)
    assert compared.agree, compared.in_words()


def numbers(root, scan, regime):
    """The numbers of one fit, as summary.json holds them."""
    found = json.loads((root / paths.evaluated(scan, regime)).read_text(encoding="utf-8"))
    return {
        "verdict": found["verdict"],
        "stop_at": found["picked_iteration"],
        "held_out": found["picked"]["held_out"],
        "nrmse": found["picked"]["nrmse"],
    }
