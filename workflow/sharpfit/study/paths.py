"""The one place that says where things lie in a study's folder (all paths relative to it).

Functions take names or Snakemake wildcards: ``preprocessed("{scan}")`` is the pattern of a rule,
``preprocessed("brain")`` the file of one job.
"""

from pathlib import Path

PARAMS = "params.yaml"
SIMULATED = "data/simulated"
RAW = "data/raw"
RESULTS = "results"
LOGS = "logs"
SPECS = ".snakemake/spec"
STALE = ".snakemake/stale"
RUN_LOCK = ".snakemake/run.lock"
JOBS_LOCK = ".snakemake/jobs.lock"
DIGESTS = ".cache/digests.jsonl"
CODE = ".cache/code.json"
STATES = ".cache/state"
TEMPORARY = ".tmp"
SUMMARY_CSV = f"{RESULTS}/summary.csv"
SUMMARY_JSON = f"{RESULTS}/summary.json"
METRICS = f"{RESULTS}/metrics.json"
PLOTS = f"{RESULTS}/plots"
REPORT = f"{RESULTS}/report.html"


def simulated(name: str) -> str:
    """k-space of a simulated scan, HDF5."""
    return f"{SIMULATED}/{name}.h5"


def preprocessed(scan: str) -> str:
    """Whitened, scaled k-space with maps and masks, HDF5."""
    return f"{RESULTS}/preprocess/{scan}.h5"


def reconstructed(scan: str, regime: str, file: str = "reconstruction.h5") -> str:
    """One file of a reconstruct job: ``reconstruction.h5`` or ``history.csv``."""
    return f"{RESULTS}/reconstruct/{scan}/{regime}/{file}"


def evaluated(scan: str, regime: str, file: str = "evaluation.json") -> str:
    """One file of an evaluate job: ``evaluation.json``, ``picked.h5``, ``picked.png`` or ``figures``."""
    return f"{RESULTS}/evaluate/{scan}/{regime}/{file}"


def exported(scan: str, regime: str, file: str = "export.json") -> str:
    """One file of an export job: ``export.json`` or ``images``, a folder."""
    return f"{RESULTS}/export/{scan}/{regime}/{file}"


def sidecar(result: str) -> str:
    """Return the provenance file beside a job's first result; it covers all results of that job."""
    return f"{result}.prov.json"


def temporary(result: str) -> Path:
    """Return the folder for what is being written, beside the results; a run begins by clearing it."""
    return Path(Path(result).parts[0]) / TEMPORARY


def spec(fingerprint: str) -> str:
    """Return what a job is told to do, named after its content."""
    return f"{SPECS}/{fingerprint}.json"


def state(fingerprint: str) -> str:
    """Folder from which a killed job resumes; named after the job's content, so never another job's."""
    return f"{STATES}/{fingerprint}"


def gpu_lock(name: str) -> str:
    """Held by the job that computes on a GPU; ``name`` says which, of which machine."""
    return f".snakemake/gpu-{name}.lock"


def log(rule: str, name: str) -> str:
    """Log of one job; ``name`` is empty for a rule that has one job only."""
    return f"{LOGS}/{rule}/{name}.log" if name else f"{LOGS}/{rule}.log"
