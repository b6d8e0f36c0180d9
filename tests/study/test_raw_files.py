"""Raw files are regular files that the study does not make itself; anything else is one line."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from sharpfit.cli import app
from sharpfit.errors import InputError
from sharpfit.provenance import digests
from sharpfit.provenance.code import Code
from sharpfit.provenance.digests import DigestCache
from sharpfit.provenance.stale import Provenance
from sharpfit.study.jobs import jobs_of
from sharpfit.study.params_file import read_params

ROOT = Path(__file__).parents[2]
CODE = Code(ROOT / "workflow", Path(os.devnull))  # parsed once


def plan(folder: Path, file: str, name: str = "mine") -> Provenance:
    """Plan a study in a folder with one scan more."""
    params = read_params(ROOT / "params.yaml")
    params["scans"][name] = {"file": file}
    return Provenance(jobs_of(params), CODE, DigestCache(folder / "digests.jsonl"))


def pipe(path: Path) -> None:
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.symlink_to(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def absent(path: Path) -> None:
    path.symlink_to("nowhere")


NO_FILES = {
    pipe: "is no regular file",
    device: "is no regular file",
    folder: "is no regular file",
    loop: "is a link to no file; bring the file it stands for",
    absent: "is a link to no file; bring the file it stands for",
}


@pytest.mark.parametrize("make", NO_FILES, ids=lambda make: make.__name__)
def test_what_has_no_end_is_no_raw_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "scan.npy")
    with pytest.raises(InputError, match=rf"scans\.mine: scan\.npy {NO_FILES[make]}"):
        plan(tmp_path, "scan.npy")


@pytest.mark.parametrize("ending", ["npy", "h5", "dat", "cfl", "mat"])
def test_a_terabyte_of_holes_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(digests, "sha256", lambda path: pytest.fail(f"{path} is read"))
    np.save("scan.npy", np.ones((4, 4), complex))
    h5py.File("scan.h5", "w").close()
    Path("scan.hdr").write_text("# Dimensions\n4 4\n")
    Path(f"scan.{ending}").touch()
    os.truncate(f"scan.{ending}", 2**40)
    with pytest.raises(InputError, match=rf"scans\.mine: scan\.{ending} has 1100 GB, and none of more"):
        plan(tmp_path, f"scan.{ending}")
    asked = CliRunner().invoke(app, ["init", "study", f"scan.{ending}"])
    assert asked.stderr == f"error: scan.{ending}: has {2**40} bytes, more than can be fitted\n"
    assert not Path("study").exists()


@pytest.mark.parametrize("name", ["n" * 300 + ".npy", "n" * 300 + ".h5", "n/" * 1990 + "n.npy"])
def test_a_name_that_no_file_system_takes_is_told_with_its_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=rf"scans\.mine: {name} does not exist"):
        plan(tmp_path, name)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="such files are the kernel's of Linux")
def test_a_file_that_says_it_has_no_bytes_is_no_raw_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scan.npy").touch()
    (tmp_path / "endless.npy").symlink_to("/proc/self/environ")
    for name in ("scan.npy", "endless.npy"):
        with pytest.raises(InputError, match=rf"scans\.mine: {name} is empty; name the file of the data"):
            plan(tmp_path, name)


@pytest.mark.parametrize(
    "file",
    [
        "results/preprocess/head_r4.h5",
        "results/preprocess/mine.h5",
        "data/../results/summary.npy",
        "results/reconstruct/head_r4/constant/reconstruction.h5",
        "linked.h5",
        "data/raw/../simulated/head.h5",
        "same.h5",
        "same.npy",
        ".cache/state/known.npy",
        ".snakemake/metadata/cmVz.h5",
        "logs/preprocess/head_r4.h5",
    ],
)
def test_results_of_the_study_are_no_raw_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "linked.h5").symlink_to("results/preprocess/head_r4.h5")
    (tmp_path / "data/raw").mkdir(parents=True)
    for own, name in (("results/evaluate/any/one.h5", "same.h5"), (".cache/digests.jsonl", "same.npy")):
        (tmp_path / own).parent.mkdir(parents=True)
        (tmp_path / own).write_bytes(b"echoes")
        (tmp_path / name).hardlink_to(tmp_path / own)
    with pytest.raises(InputError, match=r"scans\.mine: .* is among what this study makes"):
        plan(tmp_path, file)


def test_a_file_outside_the_study_may_be_a_raw_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "scan.npy").write_bytes(b"echoes")
    monkeypatch.chdir(tmp_path / "study")
    assert plan(tmp_path, "../scan.npy")


def test_raw_files_that_share_bytes_with_results_in_dvcs_cache_are_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / "cached").write_bytes(b"echoes")
    (tmp_path / "cached").chmod(0o444)
    for name in ("results/scan.npy", "scan.npy"):
        (tmp_path / name).hardlink_to(tmp_path / "cached")
    assert plan(tmp_path, "scan.npy")
