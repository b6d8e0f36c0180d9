"""Small files of a study: regular ones, of at most so many bytes."""

import os

import pytest

from sharpfit.files.regular_file import read_bytes, read_text


def test_a_file_of_as_many_bytes_as_can_be_meant_is_read_and_one_byte_more_is_not(tmp_path):
    file = tmp_path / "notes"
    file.write_bytes("χ² = 1".encode())
    assert read_text(file) == "χ² = 1"
    assert read_bytes(file, max_bytes=8) == "χ² = 1".encode()
    with pytest.raises(OSError, match="has 8 bytes, more than can be meant"):
        read_bytes(file, max_bytes=7)


def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="is no regular file"):
        read_bytes(tmp_path / "pipe")


def test_bytes_that_are_no_text_are_a_value_error(tmp_path):
    (tmp_path / "notes").write_bytes(b"\xff")
    with pytest.raises(UnicodeDecodeError):
        read_text(tmp_path / "notes")
