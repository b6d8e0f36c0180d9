"""What a job loads before it begins: an import of torch takes longer than most verdicts."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
SLOW = {"torch", "matplotlib", "plotly", "scipy", "skimage", "sigpy"}


@pytest.mark.parametrize(
    ("script", "needed"),
    [
        ("simulate", {"scipy"}),
        ("preprocess", {"torch", "scipy"}),
        ("reconstruct", {"torch"}),
        ("evaluate", {"matplotlib"}),
        ("summarise", {"matplotlib"}),  # it draws for DVC
        ("report", {"plotly"}),
    ],
)
def test_a_script_loads_no_slow_library_that_it_can_do_without(script, needed):
    listing = "import runpy, sys; runpy.run_path(sys.argv[1]); print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", listing, str(SCRIPTS / f"{script}.py")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert SLOW & set(found.stdout.split()) <= needed
