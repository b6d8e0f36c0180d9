"""Damaged bookkeeping counts as absent: whatever lies there, nothing raises and nothing stale looks fresh."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from sharpfit.errors import InputError
from sharpfit.provenance.code import Code
from sharpfit.provenance.digests import DigestCache
from sharpfit.provenance.sidecar import bytes_now, read_sidecar
from sharpfit.provenance.stale import Provenance, left_over
from sharpfit.provenance.why import differences, recorded_differences
from sharpfit.running.run_job import _read_spec
from sharpfit.study.jobs import Job, jobs_of
from sharpfit.study.params_file import read_params

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "workflow"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.just("sha256:x"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def provenance(tmp_path_factory: pytest.TempPathFactory) -> Provenance:
    folder = tmp_path_factory.mktemp("study")
    code = Code(WORKFLOW, folder / "code.json")
    return Provenance(jobs_of(read_params(ROOT / "params.yaml")), code, DigestCache(folder / "digests.jsonl"))


@pytest.fixture
def job(provenance: Provenance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """The first job, with a result in the current folder."""
    monkeypatch.chdir(tmp_path)
    job = provenance.jobs[0]
    Path(job.sidecar).parent.mkdir(parents=True)
    Path(job.outputs["output"]).write_text("result")
    return job


def sidecar_of(provenance: Provenance, job: Job) -> dict[str, Any]:
    return {
        "fingerprint": provenance.fingerprints[job.sidecar],
        "spec": provenance.specs[job.sidecar],
        "results": bytes_now(list(job.outputs.values()), provenance.digests),
        "upstream": {},
        "recorded": {"device": "cpu", "machine": "x86_64", "python": "3", "versions": {"torch": "2"}},
    }


def places(value: Any, where: tuple = ()) -> list[tuple]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [where, *(place for key, item in below for place in places(item, (*where, key)))]


def replaced(value: Any, where: tuple, new: Any) -> Any:
    if not where:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[where[0]] = replaced(value[where[0]], where[1:], new)
    return copy


def test_sidecars(tried, provenance: Provenance, job: Job) -> None:
    right = sidecar_of(provenance, job)
    Path(job.sidecar).write_text(json.dumps(right), encoding="utf-8")
    assert provenance.why_stale(job) is None

    def check(change: tuple[tuple, Any]) -> None:
        content = replaced(right, *change)
        Path(job.sidecar).write_text(json.dumps(content), encoding="utf-8")
        reason = provenance.why_stale(job)
        differences(provenance, job)
        recorded_differences(job, {"torch": "3"})
        left_over(provenance.jobs)
        decides = change[0][:1] in (("fingerprint",), ("results",))
        assert reason or not decides or content == right

    tried(1000, st.tuples(st.sampled_from(places(right)), JSON), check)


def test_bytes_of_sidecars(tried, provenance: Provenance, job: Job) -> None:
    right = json.dumps(sidecar_of(provenance, job)).encode()

    def check(change: tuple[int, bytes]) -> None:
        at, new = change
        Path(job.sidecar).write_bytes(right[:at] + new)
        read_sidecar(job.sidecar)
        provenance.why_stale(job)

    tried(500, st.tuples(st.integers(0, len(right)), st.binary(max_size=6) | st.just(b"[" * 100_000)), check)


def test_digest_caches(tried, job: Job, tmp_path: Path) -> None:
    memory = tmp_path / "digests.jsonl"
    wanted = DigestCache(memory).digest(job.outputs["output"])
    lines = st.lists(JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=20), max_size=4)

    def check(content: list[bytes]) -> None:
        memory.write_bytes(b"\n".join(content))
        assert DigestCache(memory).digest(job.outputs["output"]) == wanted

    entry = st.tuples(JSON, JSON, JSON, JSON, JSON, JSON).map(
        lambda values: [json.dumps(list(values)).encode()]
    )
    tried(500, lines | entry, check)


def test_memories_of_code(tried, tmp_path: Path) -> None:
    script = tmp_path / "root" / "script.py"
    script.parent.mkdir()
    script.write_text("import math\n")
    memory = tmp_path / "code.json"
    right = Code(script.parent, memory)
    wanted = right.digests(script)
    right.save()
    known = json.loads(memory.read_text())

    def check(change: tuple[tuple, Any] | bytes) -> None:
        if isinstance(change, bytes):
            memory.write_bytes(change)
        else:
            memory.write_text(json.dumps(replaced(known, *change)))
        found = Code(script.parent, memory).digests(script)
        assert set(found) >= set(wanted)

    outside = st.sampled_from([place for place in places(known) if len(place) < 2])
    tried(300, st.tuples(outside, JSON) | st.binary(max_size=20), check)


def test_specs(tried, tmp_path: Path) -> None:
    spec = tmp_path / f"{'0' * 64}.json"

    def check(content: bytes) -> None:
        spec.write_bytes(content)
        with pytest.raises(InputError, match="run snakemake again"):
            _read_spec(spec)
        assert not spec.exists()

    tried(300, JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=20), check)
