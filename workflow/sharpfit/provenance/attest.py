"""What a job does about provenance: check that it makes what its spec says, then write the sidecar."""

import os
import platform
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from sharpfit.errors import InputError
from sharpfit.provenance.code import Code
from sharpfit.provenance.digests import DigestCache
from sharpfit.provenance.sidecar import Spec, bytes_now, fingerprint, put_sidecar, read_sidecar
from sharpfit.study import paths

WORKFLOW = Path(__file__).resolve().parents[2]
AGAIN = "the study was changed while it ran; run snakemake again"
LIBRARIES = {name: name for name in ("torch", "numpy", "scipy", "h5py", "matplotlib", "plotly")}
LIBRARIES["skimage"] = "scikit-image"


def check_inputs(spec: Spec, digests: DigestCache) -> dict[str, str | None]:
    """Check that every input is the one the spec was made for; returns the digests of upstream results.

    Raises
    ------
    InputError
        When an input is missing, was changed, or was made by other parameters or other code.
    """
    upstream: dict[str, str | None] = {}
    wanted = {
        file for value in spec["inputs"].values() for file in ([value] if isinstance(value, str) else value)
    }
    for path, identity in spec["made_from"].items():
        if identity.startswith("sha256:"):
            if f"sha256:{digests.digest(path)}" != identity:
                raise InputError(f"{path} is not the file this job was planned with: {AGAIN}")
            continue
        sidecar = read_sidecar(path)
        if sidecar is None or sidecar["fingerprint"] != identity:
            raise InputError(f"{path} is not the result this job was planned with: {AGAIN}")
        for file in sorted(wanted & set(sidecar["results"])):
            upstream[file] = digests.digest(file)
            if upstream[file] != sidecar["results"][file]:
                raise InputError(f"{file} is missing or was changed after it was made; run snakemake again")
    return upstream


def check_code(spec: Spec, loaded: Iterable[str] = ()) -> None:
    """Check that the code on disk is the spec's.

    Before the job runs, a file that changed after this process started counts as changed, since Python may
    have loaded it before or after. At the end only files matter that were not ``loaded`` at the start.

    Raises
    ------
    InputError
        When a file changed; the message names it.
    """
    script = WORKFLOW / "scripts" / f"{spec['rule']}.py"
    now = Code(WORKFLOW, Path(paths.CODE)).digests(script, spec["modules"])
    files = {*now, *spec["code"]} - set(loaded)
    different = {file for file in files if now.get(file) != spec["code"].get(file)}
    if not loaded:
        started = process_start()
        different |= {file for file in files & set(now) if (WORKFLOW / file).stat().st_ctime > started}
    if different:
        raise InputError(f"{' and '.join(sorted(different))} changed: {AGAIN}")


def process_start() -> float:
    """When this process began, seconds since the epoch.

    psutil counts from the second in which the machine was booted, so what was written up to a second before
    would seem to be written after; where the system tells more of that second, it is added.
    """
    started = psutil.Process().create_time()
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return started
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return started + min(max(booted - psutil.boot_time(), 0.0), 1.0)


def loaded_code() -> set[str]:
    """Files of this workflow that Python has loaded into this process, relative to its folder."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    places = [file.rpartition(os.sep) for file in files if file]
    return {f"{inside}{name}" for folder, _, name in places if (inside := _inside(folder)) is not None}


@cache
def _inside(folder: str) -> str | None:
    """Return where a folder lies in this workflow's, with a slash at its end; None where it does not."""
    real = Path(os.path.realpath(folder))
    if not real.is_relative_to(WORKFLOW):
        return None
    return "".join(f"{part}/" for part in real.relative_to(WORKFLOW).parts)


def check_used(spec: Spec, before: Iterable[str]) -> None:
    """Check that the job loaded no module of this workflow that its fingerprint does not cover.

    before: files that were loaded before the job's script, which run jobs and compute nothing.

    Raises
    ------
    InputError
        When it did; the module must be imported by name, or named among the job's modules.
    """
    if unknown := sorted(loaded_code() - set(before) - set(spec["code"])):
        raise InputError(
            f"{', '.join(unknown)} computed here but is no part of the fingerprint; name it among the "
            f"modules of the {spec['rule']} job in sharpfit/study/jobs.py"
        )


def recorded(spec: Spec, device: str) -> dict[str, Any]:
    """Return what is worth knowing but makes nothing stale: library versions, device, kind of processor.

    The libraries are those that the job's code imports; the process may hold more.
    """
    used = Code(WORKFLOW, Path(paths.CODE)).imported(spec["code"])
    versions = {name: found for name, found in versions_now().items() if name in used}
    return {
        "device": _device_name(device),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": versions,
    }


def versions_now() -> dict[str, str]:
    """Versions of Python and of the libraries that compute, as installed."""
    found = {"python": platform.python_version()}
    for name, distribution in LIBRARIES.items():
        with suppress(PackageNotFoundError):
            found[name] = version(distribution)
    return found


def _device_name(device: str) -> str:
    if not device.startswith("cuda"):
        return device
    return f"{device} ({sys.modules['torch'].cuda.get_device_name(device)})"


def write_sidecar(
    spec: Spec,
    upstream: dict[str, str | None],
    circumstances: dict[str, Any],
    digests: DigestCache,
) -> None:
    """Write the sidecar beside the job's first result: the last thing a job does."""
    content = {
        "fingerprint": fingerprint(spec),
        "spec": spec,
        "results": bytes_now(list(spec["outputs"].values()), digests),
        "upstream": upstream,
        "recorded": circumstances,
    }
    digests.save()
    put_sidecar(spec["sidecar"], content)
