"""What shapes tell of a scan is said before any job starts."""

from pathlib import Path

import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.files.cfl import write_cfl
from sharpfit.running.preflight_scans import check_scans

LINES = {"pattern": "lines", "acceleration": 2, "n_calibration": 16, "seed": 0}


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("k.npy", np.ones((48, 40, 4, 3), np.complex64))
    np.save("maps.npy", np.ones((3, 4, 48, 40), np.complex64))
    np.save("other.npy", np.ones((3, 4, 40, 40), np.complex64))
    np.save("mask.npy", np.ones((48, 40), bool))
    write_cfl(Path("bart.cfl"), np.ones((48, 40, 1, 4), np.complex64))


def check(**scan: object) -> None:
    scan = {"file": "k.npy", "axes": ["ky", "kx", "coil", "slice"]} | scan
    made = {"made": {"matrix": [64, 32]}}
    check_scans(["knee"], {"simulations": made, "scans": {"knee": scan}})


def test_shapes_that_fit_pass_and_only_they_are_looked_at() -> None:
    np.save("k.npy", np.full((48, 40, 4, 3), np.nan + 0j))
    check(sampling=LINES, csm={"file": "maps.npy"}, mask={"file": "mask.npy"})


@pytest.mark.parametrize("n_slices", [1, 2])
def test_maps_belong_to_the_slices_that_are_chosen(n_slices: int) -> None:
    select = {"slice": list(range(n_slices))}
    np.save("maps.npy", np.ones((n_slices, 4, 48, 40), np.complex64))
    check(select=select, csm={"file": "maps.npy"})
    with pytest.raises(InputError, match="does not fit slice 3, coil 4, y 48, x 40"):
        check(csm={"file": "maps.npy"})


@pytest.mark.parametrize(
    ("scan", "message"),
    [
        ({"csm": {"file": "other.npy"}}, "other.npy: shape (3, 4, 40, 40) does not fit slice 3, coil 4,"),
        ({"mask": {"file": "maps.npy"}}, "maps.npy: shape (3, 4, 48, 40) does not fit ky 48, kx 40"),
        ({"reference": {"file": "mask.npy"}}, "mask.npy: shape (48, 40) does not fit slice 3, y 48, x 40"),
        ({"sampling": LINES | {"n_calibration": 41}}, "n_calibration 41 does not fit the matrix [48, 40]"),
        ({"sampling": LINES | {"acceleration": 90}}, "acceleration 90 is not between 1 and 40"),
        ({"axes": ["ky", "kx"]}, "k.npy: 2 axes are named, ky, kx, but its shape is (48, 40, 4, 3)"),
        (
            {"file": "data/simulated/made.h5", "sampling": LINES | {"n_calibration": 33}},
            "n_calibration 33 does not fit the matrix [64, 32]",
        ),
    ],
)
def test_what_does_not_fit_is_one_line_that_names_the_scan(scan: dict, message: str) -> None:
    with pytest.raises(InputError) as caught:
        check(**scan)
    assert str(caught.value).startswith("params.yaml: scans.knee: ")
    assert message in str(caught.value)


def test_headers_of_bart_files_name_their_axes() -> None:
    scans = {"file": "bart.cfl", "sampling": LINES | {"n_calibration": 41}}
    with pytest.raises(InputError, match=r"n_calibration 41 does not fit the matrix \[48, 40\]"):
        check_scans(["knee"], {"simulations": {}, "scans": {"knee": scans}})


@pytest.mark.parametrize("content", [b"echoes", b"\x93NUMPY\x01\x00"])
def test_a_file_that_cannot_be_read_is_left_to_its_job(content: bytes) -> None:
    Path("k.npy").write_bytes(content)
    check(sampling=LINES)


def test_no_values_are_read() -> None:
    Path("huge.npy").write_bytes(b"")
    with Path("huge.npy").open("wb") as file:
        shape = (1 << 14, 1 << 14, 4)
        np.lib.format.write_array_header_1_0(file, {"descr": "<c8", "fortran_order": False, "shape": shape})
        file.truncate(file.tell() + 8 * (1 << 30))
    check(file="huge.npy", axes=["ky", "kx", "coil"], sampling=LINES)
