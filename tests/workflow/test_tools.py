"""Snakemake's own opinion of the rules."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from scratch import REPOSITORY, Scratch

pytestmark = pytest.mark.workflow

# The environment is one for all rules: pyproject.toml, pinned whole by constraints.txt.
ACCEPTED = {"Specify a conda environment or container for each rule."}


def test_snakemake_lint_finds_nothing_else(study: Scratch) -> None:
    output = study.call("snakemake", "--lint", "json", ok=False).stdout
    found = json.loads(output[output.index("{") :])
    titles = {lint["title"] for entry in found["rules"] for lint in entry["lints"]}
    assert titles <= ACCEPTED
    assert not found["snakefiles"]


def test_snakefmt_is_content() -> None:
    snakefmt = Path(sys.executable).parent / "snakefmt"
    done = subprocess.run(
        [snakefmt, "--check", REPOSITORY / "Snakefile", REPOSITORY / "workflow" / "rules"], check=False
    )
    assert done.returncode == 0
