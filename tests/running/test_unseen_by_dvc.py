"""A run names the files that `dvc repro` would not see change, by the dvc.yaml that the study has."""

import os
import shutil
from pathlib import Path

import pytest

from sharpfit.provenance.code import Code
from sharpfit.provenance.digests import DigestCache
from sharpfit.provenance.stale import Provenance
from sharpfit.running.last_words import last_words
from sharpfit.running.unseen_by_dvc import unseen_by_dvc
from sharpfit.study.jobs import jobs_of
from sharpfit.study.params_file import read_params

ROOT = Path(__file__).parents[2]
CODE = Code(ROOT / "workflow", Path(os.devnull))  # parsed once
KEEP = ", or keep it in data/raw"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study's folder with the repository's dvc.yaml."""
    folder = tmp_path / "study"
    (folder / "data" / "raw").mkdir(parents=True)
    monkeypatch.chdir(folder)
    shutil.copy(ROOT / "dvc.yaml", folder)
    return folder


def opened(files: tuple[str, ...] = (), command: str = "") -> Provenance:
    """Return the default study with scans of these files and a solver of this command besides."""
    params = read_params(ROOT / "params.yaml")
    for number, name in enumerate(files):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("echoes")
        params["scans"][f"mine_{number}"] = {"file": name}
    if command:
        params["regimes"]["mine"] = {"solver": {"command": command}}
    return Provenance(jobs_of(params), CODE, DigestCache(Path("digests")))


def preprocess(files: str, them: str = "it", keep: str = KEEP) -> str:
    return (
        f"dvc repro will not see changes of {files}: name {them} under deps of preprocess in dvc.yaml{keep}"
    )


@pytest.mark.parametrize("name", ["../o.h5", "data/other/x.npy", "data/raw_too/x.npy", "x.npy"])
def test_a_scan_whose_file_no_deps_cover_is_named_at_the_end_of_a_run(study: Path, name: str) -> None:
    provenance = opened((name, "data/raw/a.npy"))
    assert list(unseen_by_dvc(provenance)) == [preprocess(name)]
    assert preprocess(name) in last_words(provenance, {"preprocessed"}).splitlines()


def test_nothing_is_said_of_what_deps_cover(study: Path) -> None:
    link_to_raw_files()
    text = Path("dvc.yaml").read_text().replace("data/raw,", "data/raw, ../one.npy, ../many,")
    Path("dvc.yaml").write_text(text)
    files = (
        "data/raw/a.npy",
        "data/raw/link.npy",
        "link_to_raw.npy",
        f"{study}/data/raw/c.npy",
        "../one.npy",
        "../many/d.npy",
    )
    assert list(unseen_by_dvc(opened(files))) == []


def link_to_raw_files() -> None:
    """Put a link to a file into data/raw, and one to a file of it elsewhere."""
    for name in ("elsewhere.npy", "data/raw/b.npy"):
        Path(name).write_text("echoes")
    Path("data/raw/link.npy").symlink_to("../../elsewhere.npy")
    Path("link_to_raw.npy").symlink_to("data/raw/b.npy")


def test_a_folder_of_raw_files_may_be_a_link_and_one_within_it_may_not(study: Path) -> None:
    for name in ("disk", "other"):
        Path(name).mkdir()
    Path("data/raw").rmdir()
    Path("data/raw").symlink_to("../disk")
    Path("data/raw/inner").symlink_to("../other")
    lines = list(unseen_by_dvc(opened(("data/raw/a.npy", "data/raw/inner/b.npy"))))
    assert lines == [preprocess("data/raw/inner/b.npy", keep="")]


def test_many_files_are_one_line(study: Path) -> None:
    files = tuple(f"../{letter}.npy" for letter in "edcba")
    told = preprocess("../a.npy, ../b.npy, ../c.npy and 2 more", "them", KEEP.replace("it", "them"))
    assert list(unseen_by_dvc(opened(files))) == [told]


def test_files_of_a_solver_belong_to_the_stage_that_runs_it(study: Path) -> None:
    for name in ("prior.npy", "data/raw/prior.npy"):
        Path(name).write_text("")
    lines = list(unseen_by_dvc(opened(command="x {kspace} {image} prior.npy data/raw/prior.npy")))
    assert lines == [
        "dvc repro will not see changes of data/raw/prior.npy, prior.npy: "
        "name them under deps of reconstruct in dvc.yaml"
    ]


def test_deps_of_a_later_stage_bring_an_earlier_one_along(study: Path) -> None:
    text = "stages: {all: {cmd: snakemake, deps: [../a.npy]}, reconstruct: {cmd: x, deps: [../b.npy]}}"
    Path("dvc.yaml").write_text(text)
    assert list(unseen_by_dvc(opened(("../a.npy", "../b.npy", "data/raw/c.npy")))) == [
        preprocess("data/raw/c.npy", keep="")
    ]


def test_deps_are_seen_from_the_folder_in_which_their_stage_works(study: Path) -> None:
    Path("dvc.yaml").write_text("stages: {all: {cmd: snakemake, wdir: .., deps: [a.npy]}}")
    assert list(unseen_by_dvc(opened(("../a.npy",)))) == []
    assert list(unseen_by_dvc(opened(("a.npy",)))) == [preprocess("a.npy", keep="")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "stages: [",
        "stages: []",
        "stages: {all: x}",
        "stages: {all: {cmd: x, deps: data}}",
        "stages: {all: {cmd: x, deps: [{data: 1}]}}",
        "stages: {all: {cmd: x, deps: ['${folder}']}}",
        "stages: {all: {cmd: x, wdir: 3, deps: [data]}}",
        "stages: {all: {foreach: [data], do: {cmd: x, deps: [data]}}}",
    ],
)
def test_deps_that_cannot_be_told_say_nothing(study: Path, text: str) -> None:
    provenance = opened(("../a.npy",))
    assert list(unseen_by_dvc(provenance))
    Path("dvc.yaml").write_text(text)
    assert list(unseen_by_dvc(provenance)) == []
    Path("dvc.yaml").unlink()
    assert list(unseen_by_dvc(provenance)) == []
