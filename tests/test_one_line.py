"""What a user reads is one line, whatever characters a file's names bring."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sharpfit.cli import app
from sharpfit.errors import InputError, UnclearError, first_line


def test_a_message_is_one_printable_line():
    for error in (
        InputError("a\nb\r\n\x1b[31mc\u202ed\x9be: ‖A‖ µ"),
        UnclearError("a\nb\r\n\x1b[31mc", "axes"),
    ):
        assert str(error).isprintable()
    assert str(InputError("a\nb\x1b[31m\u202e ‖A‖")) == r"a b\x1b[31m\u202e ‖A‖"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("bad magic\nat 0x12\nin heap"), "bad magic"),
        (KeyError("data"), "'data'"),
        (EOFError(), "EOFError"),
    ],
)
def test_an_error_is_told_by_its_first_line_or_its_kind(error, said):
    assert first_line(error) == said


def test_what_the_system_says_of_a_file_is_a_line(tmp_path: Path):
    (tmp_path / "file").touch()
    asked = CliRunner().invoke(app, ["init", str(tmp_path / "file/study")])
    assert asked.exit_code == 1
    assert asked.stderr == f"error: {tmp_path}/file/study/data/raw: Not a directory\n"
