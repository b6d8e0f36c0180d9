"""Specs and their fingerprints: what is equal and what is not, and sidecars that cannot be read."""

import json
from pathlib import Path

import pytest

from sharpfit.provenance.sidecar import canonical, files_below, fingerprint, read_sidecar, write_spec

SPEC = {"rule": "fit", "params": {"lr": 1, "name": "σ"}, "code": {"a": "1", "b": "2"}}


def test_the_order_of_keys_makes_no_other_fingerprint():
    turned = {key: SPEC[key] for key in reversed(SPEC)} | {"code": {"b": "2", "a": "1"}}
    assert fingerprint(turned) == fingerprint(SPEC)


@pytest.mark.parametrize(
    "params",
    [{"lr": 1.0, "name": "σ"}, {"lr": True, "name": "σ"}, {"lr": "1", "name": "σ"}, {"lr": 1, "name": "s"}],
)
def test_whatever_is_written_otherwise_has_another_fingerprint(params):
    assert fingerprint(SPEC | {"params": params}) != fingerprint(SPEC)


def test_what_is_no_number_has_no_fingerprint():
    with pytest.raises(ValueError, match="JSON"):
        canonical({"lr": float("nan")})


def test_a_spec_is_stored_once_under_its_fingerprint(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = write_spec(SPEC)
    (stored,) = [path for path in Path().rglob("*") if path.is_file()]
    assert (stored.stem, json.loads(stored.read_text())) == (fingerprint(SPEC), SPEC)
    before = stored.stat().st_mtime_ns
    assert write_spec(SPEC) == name
    assert stored.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"fingerprint": "f", "spec": {"rule": "fit"}}',
        '{"fingerprint": "f", "results": {}}',
    ],
)
def test_half_a_sidecar_is_none(tmp_path, text):
    (tmp_path / "sidecar").write_text(text)
    assert read_sidecar(str(tmp_path / "sidecar")) is None
    assert read_sidecar(str(tmp_path / "absent")) is None


def test_a_folder_counts_by_its_files_without_snakemakes_stamp(tmp_path):
    for name in ("b.png", "a/c.png", ".snakemake_timestamp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert files_below(str(tmp_path)) == [f"{tmp_path}/a/c.png", f"{tmp_path}/b.png"]
    assert files_below("no/folder") == ["no/folder"]
