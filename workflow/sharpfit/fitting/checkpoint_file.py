"""The state of a running fit on disk, from which a killed one goes on.

A folder with two files: ``state``, replaced as a whole at every save, and ``seen``, to which the rows and
observations made since the last save are appended. Both hold tensors and plain values only and are read as
such, so that a planted file runs nothing; a digest begins the one and is kept there for the other, so that
damage is noticed.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import torch

_LOG = logging.getLogger(__name__)
Row = dict[str, float]
Observation = dict[str, np.ndarray]
_DIGEST = hashlib.sha256().digest_size


@dataclass
class Seen:
    """What a fit has recorded so far: history rows, and the checkpoints with what was observed there."""

    history: list[Row] = field(default_factory=list)
    iterations: list[int] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)


class CheckpointFile:
    """Saves and loads one fit's state.

    Parameters
    ----------
    folder
        where it lies; made at the first save
    device
        where loaded tensors go
    """

    def __init__(self, folder: Path, device: torch.device) -> None:
        self._folder, self._device = folder, device
        self._begin()

    def _begin(self) -> None:
        self._n_rows = self._n_observations = self._length = 0
        self._digest = hashlib.sha256()

    def save(self, state: dict[str, Any], seen: Seen) -> None:
        """Append what was seen since the last save, then replace the state.

        A kill in between leaves the old state, which knows how much of ``seen`` belongs to it.
        """
        if self._folder.exists() and not self._folder.is_dir():
            self._folder.unlink()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._append(seen)
        written = {"seen": {"length": self._length, "digest": self._digest.hexdigest()}}
        partial = self._folder / f"state.{os.getpid()}.partial"
        with partial.open("wb") as file:
            file.write(bytes(_DIGEST))
            digesting = _Digesting(file)
            torch.save(state | written, cast(IO[bytes], digesting))
            file.seek(0)
            file.write(digesting.digest.digest())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._folder / "state")

    def load(self) -> tuple[dict[str, Any], Seen] | None:
        """Return the state last saved and all that was seen by then; None where there is none.

        What cannot be read is said and removed.
        """
        if not self._folder.exists():
            return None
        try:
            return self._load()
        except Exception as error:  # noqa: BLE001 -- damage may surface as anything; the fit starts anew
            self.forget(f"{type(error).__name__}")
            return None

    def forget(self, why: str) -> None:
        """Remove the state and say why the fit starts anew."""
        _LOG.warning("%s cannot be taken up (%s); starting from iteration 0", self._folder, why)
        if self._folder.is_dir():
            shutil.rmtree(self._folder)
        else:
            self._folder.unlink()
        self._begin()

    def _load(self) -> tuple[dict[str, Any], Seen]:
        content = (self._folder / "state").read_bytes()
        if hashlib.sha256(content[_DIGEST:]).digest() != content[:_DIGEST]:
            raise ValueError("the state is damaged")
        state = _unpacked(content[_DIGEST:], self._device)
        written = state.pop("seen")
        with (self._folder / "seen").open("rb") as file:
            log = file.read(written["length"])
        if hashlib.sha256(log).hexdigest() != written["digest"]:
            raise ValueError("what was seen is damaged")
        seen, stream = Seen(), io.BytesIO(log)
        while size := int.from_bytes(stream.read(8), "little"):
            part = _unpacked(stream.read(size), "cpu")
            seen.history += part["history"]
            seen.iterations += part["iterations"]
            seen.observations += [
                {name: values.numpy() for name, values in one.items()} for one in part["observations"]
            ]
        self._n_rows, self._n_observations = len(seen.history), len(seen.observations)
        self._length, self._digest = len(log), hashlib.sha256(log)
        return state, seen

    def _append(self, seen: Seen) -> None:
        fresh = seen.observations[self._n_observations :]
        content = _packed(
            {
                "history": seen.history[self._n_rows :],
                "iterations": seen.iterations[self._n_observations :],
                "observations": [
                    {name: torch.from_numpy(np.array(values)) for name, values in one.items()}
                    for one in fresh
                ],
            }
        )
        record = len(content).to_bytes(8, "little") + content
        with (self._folder / "seen").open("r+b" if self._length else "wb") as file:
            file.seek(self._length)  # what a killed save appended is written over
            file.truncate()
            file.write(record)
            file.flush()
            os.fsync(file.fileno())
        self._n_rows, self._n_observations = len(seen.history), len(seen.observations)
        self._length += len(record)
        self._digest.update(record)


class _Digesting:
    """A file whose content is digested as it is written: the state of a large scan is held once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Write and digest."""
        self.digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        """Pass on."""
        self._file.flush()


def _packed(content: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def _unpacked(content: bytes, device: torch.device | str) -> dict[str, Any]:
    loaded: dict[str, Any] = torch.load(io.BytesIO(content), map_location=device, weights_only=True)
    return loaded
