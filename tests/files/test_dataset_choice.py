"""What is told of an error that a library raised."""

import pytest

from sharpfit.files.readers.dataset_choice import first_line


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
