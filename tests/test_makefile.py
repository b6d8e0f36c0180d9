"""Every target that the pages name stands in the Makefile, and none is declared without a rule."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text()
RULES = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize(
    "page", ["README.md", "SECURITY.md", "CHANGELOG.md", *sorted(ROOT.glob("docs/*.md"))]
)
def test_every_make_target_that_a_page_names_exists(page):
    assert set(re.findall(r"`make ([a-z]+)`", (ROOT / page).read_text())) <= RULES


def test_every_declared_target_has_a_rule():
    declared = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split()
    assert set(declared) <= RULES


def test_jobs_may_keep_what_they_compiled_even_where_the_environment_forbids_it():
    shown = subprocess.run(
        ["make", "--silent", "--eval=shown: ; @env", "shown"],
        cwd=ROOT,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "KEPT": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert "KEPT=1" in shown
    assert "PYTHONDONTWRITEBYTECODE=1" not in shown
