"""Take a scan of many slices through every stage under a cap of memory, and print what each stage needed.

python benchmarks/memory.py [--slices 64] [--coils 16] [--matrix 320] [--cap-gib 8]    prints a Markdown table

The cap is the kernel's (RLIMIT_DATA): a stage that asks for more fails. It counts what is asked for, used or
not; the peaks are of what is used and can be lost only by swapping. Mapped files, which the system takes out
of memory at will, count in neither.
"""

import argparse
import datetime
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import h5py
import numpy as np
import torch

from sharpfit.files.raw_scan import FileArray, RawScan
from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.fitting.surrogate import with_surrogate
from sharpfit.judging.evaluate import evaluate
from sharpfit.preparing.preprocess import preprocess
from sharpfit.results import hdf5
from sharpfit.results.history import write_history
from sharpfit.results.reconstruction_file import read_image, read_record
from sharpfit.results.scan_file import read_noise, read_reference
from sharpfit.simulation.simulate import simulate

MEASURES = {"n_checkpoints": 5, "n_replicas": 1, "seed": 7}
REGIMES = {
    "Adam": {"optimizer": {"name": "Adam", "lr": 0.01}, "start": "zero", "n_iterations": 10},
    "cg": {"solver": {"name": "cg"}, "start": "zero", "n_iterations": 10},
    "wavelet": {
        "solver": {"name": "fista"},
        "penalty": {"name": "wavelet", "family": "haar", "n_levels": 4, "weight": 0.5},
        "start": "zero",
        "n_iterations": 10,
    },
}
LINES = {"pattern": "lines", "acceleration": 4, "n_calibration": 16, "seed": 0}
FIRST, LAST = "preprocess", "evaluate"


def make(file, n_slices, n_coils, n):
    made = simulate(
        object="ellipses", matrix=[n, n], n_coils=n_coils, noise_level=0.03, noise_correlation=0.2, seed=1
    )
    with h5py.File(file, "w") as written:
        kspace = written.create_dataset("kspace", (n_slices, n_coils, n, n), np.complex64)
        for i in range(n_slices):
            kspace[i] = made.kspace[0] * np.exp(2j * np.pi * i / n_slices)
        written["noise"] = made.noise


def scan_of(file):
    with h5py.File(file) as raw:
        noise = FileArray(raw["noise"][()], "noise", ("coil", "sample"))
        return RawScan(raw["kspace"][()], "raw.h5", "stated", noise=noise)


def prepared(folder):
    held_out = {"fraction": 0.08, "seed": 11}
    found = preprocess(scan_of(folder / "raw.h5"), held_out=held_out, sampling_parameters=LINES)
    hdf5.write(folder / "scan.h5", *with_surrogate(*found))


def fitted(folder, regime):
    with hdf5.opened(folder / "scan.h5") as scan:
        state = folder / f"state_{regime}" / "fit"
        state.parent.mkdir(exist_ok=True)
        device = torch.device("cpu")
        datasets, attrs, rows = reconstruct(
            scan, scan.attrs, REGIMES[regime], MEASURES, device=device, state=state
        )
    hdf5.write(folder / "fit.h5", datasets, attrs)
    write_history(folder / "history.csv", rows)


def judged(folder):
    record = read_record(folder / "fit.h5", folder / "history.csv")
    evaluate(
        record,
        lambda at: read_image(folder / "fit.h5", at),
        read_reference(folder / "scan.h5"),
        read_noise(folder / "scan.h5"),
    )


def stage(name, folder, cap):
    """Run one stage in this process and print its peak of memory that only swapping frees, MB."""
    resource.setrlimit(resource.RLIMIT_DATA, (cap, cap))
    torch.set_num_threads(1)
    peak = [0.0]
    threading.Thread(target=_watch, args=(peak,), daemon=True).start()
    {FIRST: prepared, LAST: judged}.get(name, lambda at: fitted(at, name))(folder)
    print(peak[0])


def _watch(peak):
    while True:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        held = next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
        peak[0] = max(peak[0], held * 1024 / 1e6)
        time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("slices", 64), ("coils", 16), ("matrix", 320), ("cap-gib", 8)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--stage", nargs=2)
    given = parser.parse_args()
    if given.stage:
        return stage(given.stage[0], Path(given.stage[1]), given.cap_gib << 30)
    today = datetime.datetime.now(tz=datetime.UTC).date()
    n_bytes = 8 * given.slices * given.coils * given.matrix**2
    print("# Memory of every stage for a scan of many slices\n")
    print(
        f"{given.slices} slices × {given.coils} coils × {given.matrix}²: {n_bytes / 1e6:.0f} MB of samples; "
        f"10 iterations, {MEASURES['n_checkpoints']} checkpoints; a cap of {given.cap_gib} GiB.\n"
    )
    print(f"{platform.machine()} CPU, one thread, torch {torch.__version__}, {today}\n")
    print("| stage | peak, MB | over the samples | seconds |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=".") as folder:
        make(Path(folder) / "raw.h5", given.slices, given.coils, given.matrix)
        for name in (FIRST, *REGIMES, LAST):
            begun = time.monotonic()
            command = [sys.executable, __file__, "--stage", name, folder, "--cap-gib", str(given.cap_gib)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            took, said = time.monotonic() - begun, done.stderr.strip().splitlines()[-1:]
            peak = float(done.stdout.split()[-1]) if done.returncode == 0 else float("nan")
            over = f"{peak * 1e6 / n_bytes:.1f}" if done.returncode == 0 else f"failed: {said}"
            print(f"| {name} | {peak:.0f} | {over} | {took:.0f} |", flush=True)
    return None


if __name__ == "__main__":
    main()
