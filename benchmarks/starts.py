"""How long it takes to begin: the shipped study from its clone, no-op runs, planned scale, large raw files.

Run by ``make bench``; prints its findings and writes ``benchmarks/results/starts.json``. No-op runs stand
against bare Snakemake and DVC. Their results are fabricated with right sidecars, so that thousands of jobs
need not run; the bare workflow has the same rules and files, without fingerprints.
"""

import json
import os
import platform
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "tests" / "workflow"), str(REPOSITORY / "workflow")]

import yaml  # noqa: E402
from scratch import Scratch, build  # noqa: E402

BARE = """
import yaml
params = yaml.safe_load(open("params.yaml"))
S, R = list(params["scans"]), list(params["regimes"])
pre = "results/preprocess/{s}.h5"
rec = "results/reconstruct/{s}/{r}/reconstruction.h5"
his = "results/reconstruct/{s}/{r}/history.csv"
eva = "results/evaluate/{s}/{r}/evaluation.json"
evaluations, fits, scans = expand(eva, s=S, r=R), expand(rec, s=S, r=R), expand(pre, s=S)
rule all:
    input: scans, fits, evaluations, "results/summary.csv", "results/report.html"
rule preprocess:
    input: lambda w: params["scans"][w.s]["file"]
    output: pre
    shell: "cp {input} {output}"
rule reconstruct:
    input: pre
    output: rec, his
    shell: "cp {input} {output[0]}; touch {output[1]}"
rule evaluate:
    input: pre, rec, his
    output:
        eva, "results/evaluate/{s}/{r}/picked.h5", "results/evaluate/{s}/{r}/picked.png",
        directory("results/evaluate/{s}/{r}/figures")
    shell: "touch {output}"
rule summarise:
    input: evaluations
    output: "results/summary.csv", "results/summary.json"
    shell: "touch {output}"
rule report:
    input: evaluations, fits, scans, "results/summary.csv"
    output: "results/report.html"
    shell: "touch {output}"
"""


def timed(study: Scratch, *commands: tuple[str, ...]) -> list[float]:
    """Best of three wall times (s) of each command in a study, taken in turns."""
    best = [float("inf")] * len(commands)
    for _ in range(3):
        for index, command in enumerate(commands):
            begun = time.monotonic()
            study.call(*command)
            best[index] = min(best[index], time.monotonic() - begun)
    return best


def planned(folder: Path, n_scans: int, n_regimes: int, raw_bytes: int = 100) -> Scratch:
    """Make a study of so many scans × regimes with raw files of so many (sparse) bytes, nothing computed."""
    study = build(folder)
    params = study.params()
    regime = params["regimes"]["slow"]
    params["simulations"] = {}
    params["regimes"] = {f"regime{i}": regime | {"n_iterations": i + 1} for i in range(n_regimes)}
    params["scans"] = {}
    for i in range(n_scans):
        file = f"data/raw/scan{i}.npy"
        with (study.root / file).open("wb") as raw:
            raw.write(f"scan {i}".encode())
            raw.truncate(raw_bytes)
        params["scans"][f"scan{i}"] = {"file": file, "sampling": {"pattern": "full"}}
    (study.root / "params.yaml").write_text(yaml.safe_dump(params))
    return study


def fabricate(study: Scratch) -> None:
    """Write a small file for every result and the sidecar that makes it fresh."""
    script = """
from pathlib import Path
from sharpfit.provenance.attest import recorded, write_sidecar
from sharpfit.provenance.digests import DigestCache
from sharpfit.provenance.open_study import open_study
from sharpfit.study import paths
provenance = open_study()
provenance.digests.save()
digests = DigestCache(Path(paths.DIGESTS))
for job in provenance.jobs:
    for keyword, path in job.outputs.items():
        target = Path(path) / "images.png" if keyword == "figures" else Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(path)
    upstream = {file: digests.digest(file) for file in job.input_files if file in provenance.maker}
    write_sidecar(provenance.specs[job.sidecar], upstream, recorded("cpu"), digests)
"""
    study.call(sys.executable, "-c", script)


def scale(folder: Path, n_scans: int) -> dict[str, Any]:
    """Time starts with ``n_scans`` × 8: all to do, nothing to do, and the same without fingerprints."""
    study = planned(folder / f"scale{n_scans}", n_scans, 8)
    study.env["PYTHONPATH"] = str(study.root / "workflow")
    row: dict[str, Any] = {"scans": n_scans, "jobs": n_scans * 17 + 2}
    (row["all_to_do_s"],) = timed(study, ("snakemake", "-n", "--quiet", "rules"))
    fabricate(study)
    (study.root / "Bare").write_text(BARE)
    bare = ("snakemake", "-s", "Bare", "--cores", "2", "--workflow-profile", "none")
    study.call(*bare, "--touch")
    row["nothing_to_do_s"], row["bare_nothing_to_do_s"] = timed(study, ("snakemake", "--cores", "2"), bare)
    row["peak_mb"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    row["ratio"] = row["nothing_to_do_s"] / row["bare_nothing_to_do_s"]
    shutil.rmtree(study.root)
    return row


def dvc_start(folder: Path) -> dict[str, Any]:
    """No-op ``dvc repro`` of the default shape against a ``dvc.yaml`` without our code as a dependency."""
    study = planned(folder / "dvc", 2, 7)
    study.repro()
    (ours,) = timed(study, ("dvc", "repro"))
    stages = yaml.safe_load((study.root / "dvc.yaml").read_text())
    for stage in stages["stages"].values():
        stage["deps"] = [dep for dep in stage["deps"] if dep not in ("workflow", "Snakefile")]
        stage["cmd"] = "true"
    (study.root / "dvc.yaml").write_text(yaml.safe_dump(stages))
    study.repro()
    (bare,) = timed(study, ("dvc", "repro"))
    return {"dvc_repro_s": ours, "bare_dvc_repro_s": bare, "ratio": ours / bare}


def large_raw(folder: Path) -> dict[str, Any]:
    """First and later starts with 4 scans of 2 GB, against tiny ones."""
    tiny = planned(folder / "tiny", 4, 2)
    large = planned(folder / "large", 4, 2, raw_bytes=2_000_000_000)
    command = ("snakemake", "-n", "--quiet", "rules")
    begun = time.monotonic()
    large.call(*command)
    first = time.monotonic() - begun
    (later,), (small,) = timed(large, command), timed(tiny, command)
    return {"first_s": first, "later_s": later, "tiny_s": small}


def shipped_study(folder: Path) -> dict[str, Any]:
    """Compute the shipped study in a fresh clone: where sharpfit is installed, and installing it first."""
    study = Scratch(folder / "shipped")
    found = {}
    for name, command in (
        ("after_install_s", ("snakemake", "--cores", "all")),
        ("from_clone_s", ("make", "run")),
    ):
        Scratch(folder).git("clone", "-q", str(REPOSITORY), study.root.name)
        begun = time.monotonic()
        study.call(*command)
        found[name] = time.monotonic() - begun
        shutil.rmtree(study.root)
    return found


def main(sizes: list[int]) -> None:
    """Measure, print and record."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found: dict[str, Any] = {
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        }
        found["load_before"] = os.getloadavg()[0]
        found["shipped_study"] = shipped_study(folder)
        print(json.dumps(found["shipped_study"]), flush=True)
        found["large_raw"] = large_raw(folder)
        print(json.dumps(found["large_raw"]), flush=True)
        found["dvc"] = dvc_start(folder)
        print(json.dumps(found["dvc"]), flush=True)
        found["scale"] = []
        for size in sizes:
            found["scale"].append(scale(folder, size))
            print(json.dumps(found["scale"][-1]), flush=True)
    target = REPOSITORY / "benchmarks" / "results" / "starts.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [2, 10, 100, 1000])
