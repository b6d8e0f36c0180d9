"""Digests of files: read once, and again after every change."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from sharpfit.provenance import digests as module
from sharpfit.provenance.digests import DigestCache


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files whose bytes were read."""
    seen: list[Path] = []

    def counted(path: Path) -> str:
        seen.append(path)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    monkeypatch.setattr(module, "sha256", counted)
    return seen


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file whose last change lies long enough back."""
    monkeypatch.setattr(module, "SETTLED_AFTER_NS", 20_000_000)
    path = tmp_path / "scan"
    path.write_bytes(b"before")
    time.sleep(0.03)
    return path


def ask(tmp_path: Path, file: Path) -> str | None:
    cache = DigestCache(tmp_path / "cache" / "digests.jsonl")
    digest = cache.digest(str(file))
    cache.save()
    return digest


def test_an_unchanged_file_is_read_once(tmp_path: Path, file: Path, reads: list[Path]) -> None:
    assert ask(tmp_path, file) == ask(tmp_path, file) == hashlib.sha256(b"before").hexdigest()
    assert reads == [file]


def test_an_edit_that_keeps_size_and_time_is_seen(tmp_path: Path, file: Path) -> None:
    ask(tmp_path, file)
    info = file.stat()
    file.write_bytes(b"behind")
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert ask(tmp_path, file) == hashlib.sha256(b"behind").hexdigest()


def test_a_file_just_written_is_not_remembered(tmp_path: Path, file: Path, reads: list[Path]) -> None:
    file.write_bytes(b"again!")
    ask(tmp_path, file)
    ask(tmp_path, file)
    assert len(reads) == 2


def test_a_damaged_cache_costs_only_time(tmp_path: Path, file: Path) -> None:
    ask(tmp_path, file)
    cache = tmp_path / "cache" / "digests.jsonl"
    cache.write_bytes(b'{"half\n[1]\n\xff\n' + cache.read_bytes()[:40])
    assert ask(tmp_path, file) == hashlib.sha256(b"before").hexdigest()


def test_a_missing_file_has_no_digest(tmp_path: Path) -> None:
    assert ask(tmp_path, tmp_path / "nothing") is None


def test_a_long_cache_is_rewritten_short(tmp_path: Path, file: Path) -> None:
    ask(tmp_path, file)
    cache = tmp_path / "cache" / "digests.jsonl"
    cache.write_text(cache.read_text() * 2000)
    file.write_bytes(b"after")
    time.sleep(0.03)
    ask(tmp_path, file)
    assert len(cache.read_text().splitlines()) == 1
