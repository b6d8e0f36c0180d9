"""Snakemake's own opinion of the rules."""

import subprocess
import sys
from pathlib import Path

import pytest
from scratch import REPOSITORY, Scratch

pytestmark = pytest.mark.workflow

# The environment is one for all rules: pyproject.toml, pinned whole by constraints.txt.
ACCEPTED = {"Specify a conda environment or container for each rule"}


def test_snakemake_lint_finds_nothing_else(new_study: Scratch) -> None:
    output = new_study.call("snakemake", "--lint", ok=False).stdout
    found = {
        line.strip().removeprefix("* ").rstrip(":.")
        for line in output.splitlines()
        if line.startswith("    * ")
    }
    assert found == ACCEPTED


def test_snakefmt_is_content() -> None:
    snakefmt = Path(sys.executable).parent / "snakefmt"
    done = subprocess.run(
        [snakefmt, "--check", REPOSITORY / "Snakefile", REPOSITORY / "workflow" / "rules"], check=False
    )
    assert done.returncode == 0
