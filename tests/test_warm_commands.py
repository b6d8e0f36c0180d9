"""A warm command does what the real one does, as far as a caller can see."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from warm_commands import BIN

pytestmark = pytest.mark.workflow
#: The last one is the folder in which Snakemake was imported; it uses it for nothing.
OTHER_EACH_TIME = re.compile(r"^  (Date|Workflow ID|Run directory): .*\n", re.MULTILINE)
SNAKEFILE = """
import os, sys
from pathlib import Path
if "END" in os.environ:
    os.kill(os.getpid(), int(os.environ["END"]))
print(sorted(os.environ.items()), sys.argv, sys.path, sys.executable, Path.cwd(), sys.stdin.read())
print({name for name in sys.modules if name.partition(".")[0] == "sharpfit"})
"""


def both(warm: Path, folder: Path, *words: str, **environment: str) -> list[tuple[int, str, str]]:
    """Status, output and error output of the real command and of the warm one."""
    command, *rest = words
    ran = [
        subprocess.run(
            [place / command, *rest],
            cwd=folder,
            env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **environment},
            input="typed",
            capture_output=True,
            text=True,
            check=False,
        )
        for place in (BIN, warm)
    ]
    return [(done.returncode, OTHER_EACH_TIME.sub("", done.stdout), done.stderr) for done in ran]


@pytest.mark.parametrize(
    "words",
    [
        ("dvc", "--version"),
        ("dvc", "status"),
        ("dvc", "no such"),
        ("snakemake", "-n"),
        ("snakemake", "--version"),
    ],
    ids=" ".join,
)
def test_a_warm_command_says_the_same_and_ends_with_the_same_status(
    warm: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    real, forked = both(warm, tmp_path, *words)
    assert forked == real
    assert any(real)


def test_a_warm_command_finds_the_same_around_it(warm: Path, tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    real, forked = both(warm, tmp_path, "snakemake", "-n", "a b", PYTHONPATH="/one:/two", LIKE="é 'x'")
    assert "typed" in real[1] and "/one" in real[1]
    assert forked == real


def test_a_warm_command_that_a_signal_ends_is_ended_by_it(warm: Path, tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    real, forked = both(warm, tmp_path, "snakemake", "-n", END="9")
    assert forked == real
    assert forked[0] == -9
    assert sys.platform != "linux" or warm != BIN
