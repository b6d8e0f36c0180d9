"""A sidecar speaks of its own job's files: one that names others is damaged, and they are not read."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sharpfit.files import regular_file
from sharpfit.provenance.code import Code
from sharpfit.provenance.digests import DigestCache
from sharpfit.provenance.sidecar import bytes_now, read_sidecar
from sharpfit.provenance.stale import DAMAGED, Provenance
from sharpfit.study.jobs import Job, jobs_of
from sharpfit.study.params_file import read_params

ROOT = Path(__file__).parents[2]


@pytest.fixture
def provenance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Provenance:
    monkeypatch.chdir(tmp_path)
    params = read_params(ROOT / "params.yaml")
    return Provenance(
        jobs_of(params), Code(ROOT / "workflow", Path("code.json")), DigestCache(Path("digests"))
    )


@pytest.fixture
def job(provenance: Provenance) -> Job:
    """A job that reads results of others and makes files and a folder, all in place."""
    job = next(job for job in provenance.jobs if job.rule == "evaluate")
    for path in [*job.input_files, *job.outputs.values()]:
        file = Path(path) / "a.png" if path == job.outputs["figures"] else Path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)
    write(provenance, job)
    return job


def write(provenance: Provenance, job: Job, **more: dict[str, Any]) -> None:
    content = {
        "fingerprint": provenance.fingerprints[job.sidecar],
        "spec": provenance.specs[job.sidecar],
        "results": bytes_now(list(job.outputs.values()), provenance.digests),
        "upstream": bytes_now(job.input_files, provenance.digests),
        "recorded": {},
    }
    named = {key: {**value, **more.get(key, {})} for key, value in content.items() if isinstance(value, dict)}
    Path(job.sidecar).write_text(json.dumps({**content, **named}))


def test_a_whole_sidecar_covers_its_job(provenance: Provenance, job: Job) -> None:
    assert provenance.why_stale(job) is None


@pytest.mark.parametrize(
    "other", ["/", "/proc/self/pagemap", "data", "{figures}/../../../../../pipe", "{figures}/../other"]
)
@pytest.mark.parametrize("key", ["results", "upstream"])
def test_a_sidecar_that_names_other_files_is_damaged(
    provenance: Provenance, job: Job, monkeypatch: pytest.MonkeyPatch, key: str, other: str
) -> None:
    write(provenance, job, **{key: {other.format(**job.outputs): "sha256"}})
    monkeypatch.setattr("sharpfit.provenance.stale.bytes_now", lambda *_: pytest.fail("was read"))
    assert provenance.why_stale(job) == DAMAGED


def test_a_terabyte_in_the_place_of_a_small_file_is_not_read(provenance: Provenance, job: Job) -> None:
    for path in (job.sidecar, "digests", "code.json"):
        Path(path).touch()
        os.truncate(path, 1 << 40)
    assert read_sidecar(job.sidecar) is None
    assert DigestCache(Path("digests")).digest(job.input_files[0])
    assert Code(ROOT / "workflow", Path("code.json")).digests(ROOT / "workflow/scripts/simulate.py")
    with pytest.raises(OSError, match="more than can be meant"):
        regular_file.read_bytes(Path("digests"))
