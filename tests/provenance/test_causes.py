"""Why results are stale, of a study whose files lie about as failures, clones and DVC leave them."""

import json
import os
from pathlib import Path

import pytest

from sharpfit.provenance.code import Code
from sharpfit.provenance.digests import DigestCache
from sharpfit.provenance.sidecar import bytes_now, put_sidecar
from sharpfit.provenance.stale import Provenance
from sharpfit.provenance.why import cause, differences, reasons
from sharpfit.study.jobs import Job, jobs_of
from sharpfit.study.params_file import read_params

ROOT = Path(__file__).parents[2]
CODE = Code(ROOT / "workflow", Path(os.devnull))  # parsed once


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """Parameters of a study of one fit, in whose folder every job has been done."""
    monkeypatch.chdir(tmp_path)
    asked = read_params(ROOT / "params.yaml")
    for key in ("scans", "regimes"):
        asked[key] = dict([next(iter(asked[key].items()))])
    for job in opened(asked).jobs:
        make(asked, job)
    return asked


def opened(params: dict) -> Provenance:
    return Provenance(jobs_of(json.loads(json.dumps(params))), CODE, DigestCache(Path("digests")))


def make(params: dict, job: Job) -> None:
    """Write results of a job and their sidecar."""
    provenance = opened(params)
    for output in job.outputs.values():
        file = Path(output) if Path(output).suffix else Path(output, "a.png")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{provenance.fingerprints[job.sidecar]} {output}")
    content = {
        "fingerprint": provenance.fingerprints[job.sidecar],
        "spec": provenance.specs[job.sidecar],
        "results": bytes_now(list(job.outputs.values()), provenance.digests),
        "upstream": bytes_now(
            [file for file in job.input_files if file in provenance.maker], provenance.digests
        ),
        "recorded": {},
    }
    put_sidecar(job.sidecar, content)


def job_of(provenance: Provenance, rule: str) -> Job:
    return next(job for job in provenance.jobs if job.rule == rule)


def test_a_study_in_which_every_job_was_done_has_nothing_stale(params: dict) -> None:
    assert opened(params).stale() == {}


def test_a_folder_without_a_file_was_never_made(params: dict) -> None:
    job = job_of(opened(params), "evaluate")
    for file in (*job.outputs.values(), job.sidecar):
        if Path(file).is_file():
            Path(file).unlink()
    (Path(job.outputs["figures"]) / "a.png").rename(Path(job.outputs["figures"]) / ".snakemake_timestamp")
    assert differences(opened(params), job) == ["was never made"]


@pytest.mark.parametrize("lacking", ["csv", "plots"])
def test_a_job_of_which_one_result_came_from_elsewhere_was_never_made(params: dict, lacking: str) -> None:
    job = job_of(opened(params), "summarise")
    Path(job.sidecar).unlink()
    assert differences(opened(params), job) == [f"has no provenance ({job.sidecar} is missing or unreadable)"]
    there = Path(job.outputs[lacking])
    there.rename("elsewhere")
    assert differences(opened(params), job) == ["was never made"]


def test_the_cause_of_a_fit_whose_preparation_failed_is_that_of_the_preparation(params: dict) -> None:
    scan, settings = next(iter(params["scans"].items()))
    job = job_of(opened(params), "preprocess")
    settings["nothing"] = 1
    Path(job.outputs["output"]).unlink()  # as Snakemake does where a job fails
    provenance = opened(params)
    stale = provenance.stale()
    fit = job_of(provenance, "reconstruct")
    assert f"{job.outputs['output']} is not the file it was made from" in differences(provenance, fit)
    for rule in ("reconstruct", "evaluate"):
        told = cause(provenance, job_of(provenance, rule), stale)
        assert told == f"scans.{scan}.nothing: absent → 1 and 1 more"
    assert reasons(provenance, fit, stale) == [f"after preprocess {scan}"]


def test_the_cause_of_a_fit_of_other_data_is_its_own_where_the_preparation_is_fresh(params: dict) -> None:
    provenance = opened(params)
    job, fit = job_of(provenance, "preprocess"), job_of(provenance, "reconstruct")
    scan = Path(job.outputs["output"])
    scan.write_text("other data")
    put_sidecar(
        job.sidecar,
        json.loads(Path(job.sidecar).read_text())
        | {"results": bytes_now([str(scan)], opened(params).digests)},
    )
    provenance = opened(params)
    stale = provenance.stale()
    told = f"{scan} is not the file it was made from"
    assert (cause(provenance, fit, stale), reasons(provenance, fit, stale)) == (told, [told])


def test_the_cause_of_a_fit_whose_solver_names_a_new_file_is_that_file(params: dict) -> None:
    regime = next(iter(params["regimes"].values()))
    regime["solver"] = {"command": "x {kspace} {image} prior"}
    for job in opened(params).jobs:
        make(params, job)
    Path("prior.cfl").write_text("")
    provenance = opened(params)
    told = cause(provenance, job_of(provenance, "evaluate"), provenance.stale())
    assert told == "prior.cfl is read now"
