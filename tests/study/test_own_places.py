"""A run writes into the study alone, and waits for no pipe, whatever links a study brings."""

import os
from pathlib import Path

import pytest

from sharpfit.errors import InputError
from sharpfit.study import paths
from sharpfit.study.jobs import Job
from sharpfit.study.own_places import SNAKEMAKES, OwnFiles, check_folders, check_own_places

WRITTEN = (
    paths.STALE,
    paths.RUN_LOCK,
    paths.JOBS_LOCK,
    paths.DIGESTS,
    paths.CODE,
    paths.log("preprocess", "head"),
    ".snakemake/metadata/cmVzdWx0cw==",
)


@pytest.fixture(autouse=True)
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "study").mkdir()
    monkeypatch.chdir(tmp_path / "study")
    return tmp_path / "study"


@pytest.mark.parametrize("place", WRITTEN)
def test_no_link_leads_a_run_out_of_the_study(study: Path, place: str) -> None:
    (study / place).parent.mkdir(parents=True)
    (study / place).symlink_to(study.parent / "profile")
    with pytest.raises(InputError, match="is a link, and a run writes there; take it away") as caught:
        check_own_places()
    assert str(caught.value).startswith(place)


@pytest.mark.parametrize("place", WRITTEN)
def test_no_pipe_keeps_a_run_waiting(study: Path, place: str) -> None:
    (study / place).parent.mkdir(parents=True)
    os.mkfifo(study / place)
    with pytest.raises(InputError, match="is no regular file, and a run writes there"):
        check_own_places()


PLACES = ["results", "logs", "data/simulated", ".snakemake", *(f".snakemake/{name}" for name in SNAKEMAKES)]


@pytest.mark.parametrize("place", PLACES)
def test_a_file_or_a_loop_in_the_place_of_a_folder_is_one_line(study: Path, place: str) -> None:
    (study / place).parent.mkdir(exist_ok=True)
    (study / place).touch()
    with pytest.raises(InputError, match=f"{place} is no folder; move it away"):
        check_own_places()
    (study / place).unlink()
    (study / place).symlink_to((study / place).name)
    with pytest.raises(InputError, match=f"{place} is no folder; move it away"):
        check_own_places()


def test_a_file_that_results_merely_link_to_is_not_one_of_them(study: Path) -> None:
    raw = study.parent / "raw.npy"
    raw.touch()
    (study.parent / "copy.npy").hardlink_to(raw)
    (study / "results").mkdir()
    (study / "results" / "link.npy").symlink_to(raw)
    assert not OwnFiles().hold(str(raw))
    (study / "results" / "own.npy").hardlink_to(raw)
    assert OwnFiles().hold(str(raw))


def test_folders_may_lie_on_another_disk(study: Path) -> None:
    for place in ("results", "logs", ".snakemake", ".cache"):
        (study.parent / "disk" / place).mkdir(parents=True)
        (study.parent / "disk" / place / "file").touch()
        (study / place).symlink_to(study.parent / "disk" / place)
    check_own_places()


def test_a_loop_of_links_in_the_place_of_the_cache_is_no_cache(study: Path) -> None:
    (study / ".cache").symlink_to(".cache")
    check_own_places()


@pytest.mark.parametrize("place", ["results/evaluate", "results/evaluate/head", "logs/evaluate/head"])
def test_so_it_is_where_a_job_needs_a_folder(study: Path, place: str) -> None:
    outputs = {"evaluation": "results/evaluate/head/adam/evaluation.json"}
    job = Job("evaluate", "head/adam", {}, {}, outputs)
    (study / place).parent.mkdir(parents=True, exist_ok=True)
    check_folders([job])
    (study / place).symlink_to((study / place).name)
    with pytest.raises(InputError, match=f"{place} is no folder; move it away"):
        check_folders([job])
