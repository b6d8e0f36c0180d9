"""Make a study's folder: params.yaml with its scans, data/raw, and a README."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from sharpfit.errors import InputError
from sharpfit.study import paths
from sharpfit.study.params import validate
from sharpfit.study.params_file import as_key, parse

_SETTINGS = """
# Held-out samples judge the fit from outside (one replica is fitted without them).
held_out: {fraction: 0.08, seed: 11}

regimes:
  gradient_descent:             # the honest baseline: the step is 1 / largest eigenvalue of the gram
    optimizer: {name: SGD, lr: 1.0}
    start: zero
    n_iterations: 200
  warmup_cosine:
    optimizer: {name: Adam, lr: 0.02}
    schedule:
      - {name: LinearLR, start_factor: 0.02, total_iters: 20, until: 20}
      - {name: CosineAnnealingLR, T_max: 180}
    start: zero
    n_iterations: 200
  smooth_phase:                 # regularised: the judge chooses one of 17 weights, 12 steps for each
    solver: {name: primal_dual}
    penalty: {name: smooth_phase, weight: judged}
    start: zero
    n_iterations: 216

# What reconstruct measures along the way.
measures: {n_checkpoints: 25, n_replicas: 1, seed: 7}
"""
_README = """# A study of sharpfit

- `params.yaml` says which scans are fitted by which regimes.
- `data/raw/` holds the scanner's files; they are never changed, and belong under DVC, not git.
- `results/` is made by `snakemake --cores all --directory THIS_FOLDER`, run where sharpfit lies.
"""


def scan_lines(scans: Mapping[str, Mapping[str, Any]], fully_sampled: Mapping[str, bool]) -> str:
    """Write scans as lines of params.yaml, ready to paste under ``scans:``."""
    lines = []
    for name, scan in scans.items():
        lines.append(f"  {as_key(name)}:")
        lines += [f"    {key}: {_flow(value)}" for key, value in scan.items()]
        if fully_sampled[name]:
            lines.append("    # fully sampled; to undersample it afterwards:")
            lines.append("    # sampling: {pattern: lines, acceleration: 4, n_calibration: 24, seed: 0}")
    return "\n".join(lines) + "\n"


def write_study(
    folder: Path, scans: Mapping[str, Mapping[str, Any]], fully_sampled: Mapping[str, bool], schema: Path
) -> None:
    """Write a new study, copying each scan's file into data/raw.

    Raises
    ------
    InputError
        if the folder already holds a params.yaml, two files have one name, or a run would refuse what
        params.yaml is to say, as it does names that differ by case only
    """
    params = folder / paths.PARAMS
    if params.exists():
        raise InputError(f"{params}: is there already; add to it what `sharpfit inspect FILE` prints")
    placed = {
        name: {**scan, "file": f"{paths.RAW}/{Path(scan['file']).name}"} for name, scan in scans.items()
    }
    listed = (
        scan_lines(placed, fully_sampled)
        if placed
        else "  {}  # `sharpfit inspect FILE` prints what belongs here\n"
    )
    text = f"# yaml-language-server: $schema={schema}\n\nsimulations: {{}}\n\nscans:\n{listed}{_SETTINGS}"
    if placed:  # a study without scans waits for them
        validate(parse(text.encode()), Path(os.path.normpath(folder.resolve() / schema)))
    raw = folder / paths.RAW
    raw.mkdir(parents=True, exist_ok=True)
    for scan in scans.values():
        _copy(Path(scan["file"]), raw)
    params.write_text(text, encoding="utf-8")
    (folder / "README.md").write_text(_README, encoding="utf-8")


def _copy(file: Path, raw: Path) -> None:
    halves = [file]
    if file.suffix in (".cfl", ".hdr"):
        halves = [file.with_suffix(".cfl"), file.with_suffix(".hdr")]
    for half in halves:
        if (raw / half.name).exists():
            raise InputError(f"{raw / half.name}: is there already; rename {half}")
        shutil.copyfile(half, raw / half.name)


def _flow(value: Any) -> str:
    """Write a value on one line; as JSON where YAML 1.1, which PyYAML writes, reads it as another one."""
    text = yaml.safe_dump(value, default_flow_style=True, width=1000).strip().removesuffix("...").strip()
    return text if parse(f"value: {text}".encode()) == {"value": value} else json.dumps(value)
