"""Damaged files of every format, and bytes that only begin like one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sharpfit.errors import InputError
from sharpfit.files.formats import FORMATS, reader_of
from sharpfit.files.read_scan import read_scan

FUZZ = Path(__file__).with_name("fuzz_readers.py")
N_EACH = 240
MAGIC = {
    "npy": b"\x93NUMPY",
    "mat": b"MATLAB 5.0 MAT-file",
    "h5": b"\x89HDF\r\n\x1a\n",
    "dat": b"\0\0\0\0\1\0\0\0",
    "vb.dat": b"\0\x40\0\0\6\0\0\0",
    "hdr": b"# Dimensions\n",
}


@pytest.mark.slow
def test_no_damage_to_a_file_of_any_format_ends_in_more_than_a_line(capsys):
    done = subprocess.run(
        [sys.executable, str(FUZZ), str(N_EACH)], capture_output=True, text=True, timeout=900, check=False
    )
    with capsys.disabled():
        print(f"\n{done.stdout}")
    assert done.returncode == 0, done.stdout + done.stderr
    counts = re.findall(r"^(\w+): (\d+) damaged files", done.stdout, re.MULTILINE)
    assert len(counts) == len(FORMATS) + 1  # MATLAB has two
    assert sum(int(count) for _, count in counts) >= 2000


@pytest.mark.parametrize("suffix", MAGIC)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rest=st.binary(max_size=400) | st.text(alphabet="0123456789- \n", max_size=60).map(str.encode))
def test_bytes_that_only_begin_like_a_format_are_refused_in_a_line(tmp_path, suffix, rest):
    path = tmp_path / f"scan.{suffix}"
    path.write_bytes(MAGIC[suffix] + rest)
    path.with_suffix(".cfl").write_bytes(rest)
    with pytest.raises(InputError) as caught:
        read_scan({"file": str(path), "axes": ["ky", "kx"]}, {str(path): reader_of(str(path))})
    assert "\n" not in str(caught.value)
    assert "scan" in str(caught.value)
