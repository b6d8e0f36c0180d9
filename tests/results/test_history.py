"""A row per iteration, as text that reads back to the same numbers."""

import numpy as np
import pytest

from sharpfit.results.history import COLUMNS, read_history, write_history


def test_rows_are_written_in_nine_digits_and_read_by_column(tmp_path):
    rows = [
        {name: 10.0 * n + k / 3 for k, name in enumerate(COLUMNS)} | {"iteration": float(n)} for n in range(3)
    ]
    rows[0]["step"] = np.nan
    rows[2]["lr"] = 1e-12 / 7
    write_history(tmp_path / "history.csv", rows)
    lines = (tmp_path / "history.csv").read_text().splitlines()
    assert lines[0] == "iteration,lr,pace,chi2,held_out,gradient_norm,step"
    assert lines[1] == "0,0.333333333,0.666666667,1,1.33333333,1.66666667,nan"
    assert lines[3].startswith("2,1.42857143e-13,20.6666667,21,")
    assert (tmp_path / "history.csv").read_bytes().count(b"\r") == 0
    found = read_history(tmp_path / "history.csv")
    assert tuple(found) == COLUMNS
    for name in COLUMNS:
        np.testing.assert_allclose(found[name], [row[name] for row in rows], rtol=1e-8)
        assert found[name].dtype == float


def test_rows_of_unequal_length_are_no_history(tmp_path):
    (tmp_path / "history.csv").write_text("iteration,lr\n0,1\n1\n")
    with pytest.raises(ValueError, match="zip"):
        read_history(tmp_path / "history.csv")
