"""A new study's folder: its scans as lines to paste, its files copied, its parameters valid."""

from pathlib import Path

import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.study.new_study import scan_lines, write_study
from sharpfit.study.params import validate
from sharpfit.study.params_file import parse, read_params

SCHEMA = Path(__file__).parents[2] / "workflow" / "schemas" / "params.schema.yaml"
FULL = """    # fully sampled; to undersample it afterwards:
    # sampling: {pattern: lines, acceleration: 4, n_calibration: 24, seed: 0}
"""


def test_scans_are_lines_to_paste():
    scans = {
        "a": {"file": "data/raw/a b.npy", "axes": ["coil", "ky", "kx"], "select": {"slice": 3}},
        "b": {"file": "data/raw/b.dat", "noise_std": 0.5},
    }
    assert scan_lines(scans, {"a": True, "b": False}) == (
        "  a:\n    file: data/raw/a b.npy\n    axes: [coil, ky, kx]\n    select: {slice: 3}\n"
        + FULL
        + "  b:\n    file: data/raw/b.dat\n    noise_std: 0.5\n"
    )
    assert scan_lines({"a": {"axes": ["x" * 60] * 15}}, {"a": False}).count("\n") == 2, (
        "one line, however long"
    )


@pytest.mark.parametrize("name", ["5", "on", "1e5", "0x1f", "2026-11-30", "null", "a"])
def test_a_scan_is_read_back_whatever_its_file_is_called(name):
    """YAML reads some of these as a number, a date or a yes."""
    scan = {"file": f"data/raw/{name}.npy", "dataset": name, "axes": ["ky", "kx"]}
    lines = scan_lines({name: scan}, {name: True})
    assert parse(f"scans:\n{lines}".encode()) == {"scans": {name: scan}}


def test_a_study_holds_copies_of_its_files_and_valid_parameters(tmp_path):
    np.save(tmp_path / "scan.npy", np.ones((4, 4)))
    (tmp_path / "other.hdr").write_text("# Dimensions\n4 4\n")
    (tmp_path / "other.cfl").write_bytes(bytes(128))
    scans = {
        "one": {"file": str(tmp_path / "scan.npy"), "axes": ["ky", "kx"]},
        "two": {"file": str(tmp_path / "other.cfl")},
    }
    study = tmp_path / "deep" / "study"
    write_study(study, scans, {"one": True, "two": False}, SCHEMA)
    params = read_params(study / "params.yaml")
    validate(params, SCHEMA)
    assert params["scans"] == {
        "one": {"file": "data/raw/scan.npy", "axes": ["ky", "kx"]},
        "two": {"file": "data/raw/other.cfl"},
    }
    assert params["simulations"] == {}
    assert sorted(file.name for file in (study / "data/raw").iterdir()) == [
        "other.cfl",
        "other.hdr",
        "scan.npy",
    ]
    assert (study / "data/raw/scan.npy").read_bytes() == (tmp_path / "scan.npy").read_bytes()
    assert (study / "params.yaml").read_text().startswith(f"# yaml-language-server: $schema={SCHEMA}\n\n")
    assert "`data/raw/` holds the scanner's files" in (study / "README.md").read_text()
    with pytest.raises(InputError) as caught:
        write_study(study, scans, {"one": True, "two": False}, SCHEMA)
    assert str(caught.value) == (
        f"{study}/params.yaml: is there already; add to it what `sharpfit inspect FILE` prints"
    )


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (("Knee", "knee"), r"scans\.knee and Knee differ by case only"),
        (("con",), r"scans\.con is a device of Windows"),
        (("_knee",), "'_knee' cannot be a name"),
    ],
)
def test_a_study_that_no_run_would_take_is_not_written(tmp_path, names, why):
    scans = {}
    for name in names:
        np.save(tmp_path / f"{name}.npy", np.ones((4, 4)))
        scans[name] = {"file": str(tmp_path / f"{name}.npy"), "axes": ["ky", "kx"]}
    with pytest.raises(InputError, match=why):
        write_study(tmp_path / "study", scans, dict.fromkeys(names, False), SCHEMA)
    assert not (tmp_path / "study").exists()


def test_two_files_of_one_name_are_refused(tmp_path):
    for folder in "ab":
        (tmp_path / folder).mkdir()
        np.save(tmp_path / folder / "scan.npy", np.ones((4, 4)))
    scans = {folder: {"file": str(tmp_path / folder / "scan.npy")} for folder in "ab"}
    with pytest.raises(
        InputError, match=rf"data/raw/scan\.npy: is there already; rename {tmp_path}/b/scan\.npy$"
    ):
        write_study(tmp_path / "study", scans, dict.fromkeys("ab", False), SCHEMA)


def test_a_study_without_scans_says_what_belongs_there(tmp_path):
    write_study(tmp_path / "study", {}, {}, SCHEMA)
    text = (tmp_path / "study" / "params.yaml").read_text()
    assert "scans:\n  {}  # `sharpfit inspect FILE` prints what belongs here\n\n# Held-out" in text
    assert read_params(tmp_path / "study" / "params.yaml")["scans"] == {}
