"""A study's jobs: what each one reads, writes and uses of ``params.yaml``.

This is the only place that says which parameters a job depends on; rules, fingerprints and ``sharpfit why``
all read it from here.
"""

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from sharpfit.errors import InputError
from sharpfit.exporting.formats import WRITERS
from sharpfit.files.formats import READERS, reader_of
from sharpfit.files.roles import ROLES
from sharpfit.fitting.methods import MATRIX, acts_on_coefficients, modules_of
from sharpfit.study import paths
from sharpfit.study.foreign_code import files_run

Files = str | list[str]


@dataclass(frozen=True, eq=False)
class Job:
    """One run of ``workflow/scripts/<rule>.py``.

    Attributes
    ----------
    rule
        Name of the Snakemake rule and of the script.
    name
        Its wildcards joined by ``/``, e.g. ``head_r4/warmup``; empty for a rule with one job only.
    params
        Keyword arguments of the script that come from ``params.yaml``.
    inputs, outputs
        Keyword arguments that are files, relative to the study's folder.
    modules
        The modules that this job chooses among several, by their dotted names (the readers of its files, its
        solver and penalty); its script imports them by name, so that only the ones it uses count in its
        fingerprint.
    runs
        Files that a solver of the study's own is made of or given; they count by their bytes.
    """

    rule: str
    name: str
    params: dict[str, Any] = field(repr=False)
    inputs: dict[str, Files] = field(repr=False)
    outputs: dict[str, str] = field(repr=False)
    modules: tuple[str, ...] = field(default=(), repr=False)
    runs: tuple[str, ...] = field(default=(), repr=False)

    @property
    def sidecar(self) -> str:
        """Path of the provenance file that covers this job's results."""
        return paths.sidecar(next(iter(self.outputs.values())))

    @property
    def input_files(self) -> list[str]:
        """All input files, in the order of the keywords, then those of its solver."""
        lists = ([value] if isinstance(value, str) else value for value in self.inputs.values())
        return [*(file for files in lists for file in files), *self.runs]

    def __str__(self) -> str:
        """Name the job as the console does."""
        return f"{self.rule} {self.name}".strip()


def jobs_of(params: dict[str, Any]) -> list[Job]:
    """Every job of a study with these parameters, upstream first.

    Raises
    ------
    InputError
        When a scan names a simulated file that no entry of ``simulations`` makes.
    """
    scans, regimes = params["scans"], params["regimes"]
    pairs = [(scan, regime) for scan in scans for regime in regimes]
    runs = {name: tuple(files_run(regime)) for name, regime in regimes.items()}
    return [
        *(_simulate(name, params) for name in simulations_used(params)),
        *(_preprocess(scan, params) for scan in scans),
        *(_reconstruct(scan, regime, params, runs[regime]) for scan, regime in pairs),
        *(_evaluate(scan, regime, params) for scan, regime in pairs),
        _summarise(pairs),
        _report(pairs, list(scans)),
        *(_export(scan, regime, params) for scan, regime in pairs if "export" in params),
    ]


def raw_files(scan: dict[str, Any]) -> list[str]:
    """Return the files a scan is read from: its k-space first, then those of its `ROLES`.

    A BART ``.cfl`` or ``.hdr`` brings its other half along.
    """
    named = [scan["file"], *(scan[role]["file"] for role in ROLES if role in scan)]
    found: list[str] = []
    for file in named:
        path = PurePosixPath(file)
        halves = [file]
        if path.suffix in (".cfl", ".hdr"):
            halves.append(str(path.with_suffix(".hdr" if path.suffix == ".cfl" else ".cfl")))
        found.extend(half for half in halves if half not in found)
    return found


def readers_of(scan: dict[str, Any]) -> dict[str, str]:
    """File → name of its reader, for every file a scan is read from; `format:` speaks for the k-space."""
    readers = {scan["file"]: scan["format"]} if "format" in scan else {}
    for file in raw_files(scan):
        if PurePosixPath(file).is_relative_to(paths.SIMULATED):
            readers.setdefault(file, "simulation")  # it may not be made yet
        elif file not in readers:
            readers[file] = reader_of(file)
    return readers


def simulations_used(params: dict[str, Any]) -> list[str]:
    """Names of the simulations that some scan reads, in the order of ``params.yaml``."""
    files = {file for scan in params["scans"].values() for file in raw_files(scan)}
    used = [name for name in params["simulations"] if paths.simulated(name) in files]
    for file in sorted(files - {paths.simulated(name) for name in used}):
        if PurePosixPath(file).is_relative_to(paths.SIMULATED):
            scan = next(name for name, scan in params["scans"].items() if file in raw_files(scan))
            known = ", ".join(params["simulations"]) or "none"
            raise InputError(
                f"{paths.PARAMS}: scans.{scan}: {file} is made by no entry of simulations ({known})"
            )
    return used


def _simulate(name: str, params: dict[str, Any]) -> Job:
    return Job(
        "simulate", name, {"simulation": params["simulations"][name]}, {}, {"output": paths.simulated(name)}
    )


def _preprocess(scan: str, params: dict[str, Any]) -> Job:
    settings = params["scans"][scan]
    raw = raw_files(settings)
    readers = readers_of(settings)
    uses = {"name": scan, "scan": settings, "held_out": params["held_out"], "readers": readers}
    modules = tuple(sorted({f"{READERS}.{reader}" for reader in readers.values()}))
    return Job("preprocess", scan, uses, {"raw": raw}, {"output": paths.preprocessed(scan)}, modules)


def _reconstruct(scan: str, regime: str, params: dict[str, Any], runs: tuple[str, ...]) -> Job:
    return Job(
        "reconstruct",
        f"{scan}/{regime}",
        {"regime": params["regimes"][regime], "measures": params["measures"]},
        {"scan": paths.preprocessed(scan)},
        {
            "reconstruction": paths.reconstructed(scan, regime),
            "history": paths.reconstructed(scan, regime, "history.csv"),
        },
        _methods(scan, regime, params),
        runs,
    )


def _methods(scan: str, regime: str, params: dict[str, Any]) -> tuple[str, ...]:
    """Modules of a fit: those of its regime, and its scan's own basis, where not every regime works."""
    modules, settings = modules_of(params["regimes"][regime]), params["regimes"][regime]
    if "basis" not in params["scans"][scan]:
        return modules
    if "basis" in settings or not acts_on_coefficients(settings):
        key = next(key for key in ("basis", "penalty", "solver") if key in settings)
        raise InputError(
            f"{paths.PARAMS}: regimes.{regime}.{key} works on images, but scans.{scan}.basis asks for "
            "coefficients of its own; give that scan a study of its own"
        )
    return (*modules, MATRIX)


def _evaluate(scan: str, regime: str, params: dict[str, Any]) -> Job:
    return Job(
        "evaluate",
        f"{scan}/{regime}",
        {"name": scan, "regime_name": regime, "regime": params["regimes"][regime]},
        {
            "scan": paths.preprocessed(scan),
            "reconstruction": paths.reconstructed(scan, regime),
            "history": paths.reconstructed(scan, regime, "history.csv"),
        },
        {
            "evaluation": paths.evaluated(scan, regime),
            "picked": paths.evaluated(scan, regime, "picked.h5"),
            "picture": paths.evaluated(scan, regime, "picked.png"),
            "figures": paths.evaluated(scan, regime, "figures"),
        },
    )


def _summarise(pairs: list[tuple[str, str]]) -> Job:
    inputs: dict[str, Files] = {
        "evaluations": [paths.evaluated(*pair) for pair in pairs],
        "picked": [paths.evaluated(*pair, "picked.h5") for pair in pairs],
    }
    outputs = {
        "csv": paths.SUMMARY_CSV,
        "json": paths.SUMMARY_JSON,
        "metrics": paths.METRICS,
        "plots": paths.PLOTS,
    }
    return Job("summarise", "", {}, inputs, outputs)


def _report(pairs: list[tuple[str, str]], scans: list[str]) -> Job:
    inputs: dict[str, Files] = {
        "evaluations": [paths.evaluated(*pair) for pair in pairs],
        "reconstructions": [paths.reconstructed(*pair) for pair in pairs],
        "histories": [paths.reconstructed(*pair, "history.csv") for pair in pairs],
        "scans": [paths.preprocessed(scan) for scan in scans],
        "summary": paths.SUMMARY_CSV,
    }
    return Job("report", "", {}, inputs, {"html": paths.REPORT})


def _export(scan: str, regime: str, params: dict[str, Any]) -> Job:
    image, formats = params["export"]["image"], params["export"]["formats"]
    picked = paths.evaluated(scan, regime, "picked.h5")
    return Job(
        "export",
        f"{scan}/{regime}",
        {"name": scan, "regime_name": regime, "image": image, "formats": formats},
        {
            "scan": paths.preprocessed(scan),
            "source": picked if image == "picked" else paths.reconstructed(scan, regime),
        },
        {"account": paths.exported(scan, regime), "images": paths.exported(scan, regime, "images")},
        tuple(f"{WRITERS}.{kind}" for kind in sorted(formats)),
    )
