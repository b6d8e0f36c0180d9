"""Time a judged fit beside BART, SigPy and a plain torch loop on the same arrays, and how each grows.

python benchmarks/peers.py benchmarks/results/peers.md    writes the table, and peers.png beside it

Every method runs as a process of its own in one thread. *Whole* is its CPU time from start to end at 100
iterations; an *iteration* is what it used for them after a run of two, over 100, BART's the difference to a
run of 20, over 80.
Each function imports what it times alone.
"""

import datetime
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from sharpfit.files.cfl import write_cfl

FEW, MANY = 20, 100
N_TURNS = 1
WEIGHT = 0.002
BASE = {"coils": 8, "matrix": 128, "slices": 1, "replicas": 1}
GROWTH = {"coils": (16,), "matrix": (256,), "slices": (4,), "replicas": (3,)}
METHODS = ("sharpfit, judged", "plain torch loop", "SigPy L1-wavelet", "BART L1-wavelet")


def fitted(arrays, n_iterations, n_replicas):
    import torch

    from sharpfit.fitting.reconstruct import reconstruct

    torch.set_num_threads(1)
    measures = {"n_checkpoints": 25, "n_replicas": n_replicas, "seed": 7}
    regime = {"optimizer": {"name": "Adam", "lr": 0.01}, "start": "zero", "n_iterations": n_iterations}
    attrs = {"sigma": float(arrays["sigma"]), "image_scale": 1.0}
    reconstruct(arrays, attrs, regime, measures, device=torch.device("cpu"))


def looped(arrays, n_iterations):
    import judged
    import torch

    torch.set_num_threads(1)
    judged.N_ITERATIONS = n_iterations
    judged.plain(arrays)


def sigpys(arrays, n_iterations):
    from sigpy.mri.app import L1WaveletRecon

    for y, maps in zip(arrays["kspace"], arrays["csm"], strict=True):
        weights = arrays["mask"].astype(np.float32)
        L1WaveletRecon(y, maps, WEIGHT, weights=weights, max_iter=n_iterations, show_pbar=False).run()


def work(method, file, n_iterations, n_replicas):
    """Do what a process of its own is there for; return the CPU seconds after a run of two."""
    with np.load(file) as stored:
        arrays = dict(stored)
    methods = {
        "SigPy L1-wavelet": lambda n: sigpys(arrays, n),
        "plain torch loop": lambda n: looped(arrays, n),
        "sharpfit, judged": lambda n: fitted(arrays, n, n_replicas),
    }
    methods[method](2)  # imports, of which torch makes some at an optimizer's first step
    begun = time.process_time()
    methods[method](n_iterations)
    return time.process_time() - begun


def process_seconds(command):
    begun = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime, said


def timed(method, folder, case):
    """CPU seconds of the whole process and of an iteration; BART runs once for each slice."""
    if method != "BART L1-wavelet":
        arguments = [method, f"{folder}/scan.npz", str(MANY), str(case["replicas"])]
        whole, said = process_seconds([sys.executable, __file__, "--work", *arguments])
        return whole, float(said) / MANY
    options, files = (
        ["-w", "1", "-R", f"W:3:0:{WEIGHT}", "-i"],
        [f"{folder}/{n}" for n in ("kspace", "maps", "x")],
    )
    few, many = (process_seconds(["bart", "pics", *options, str(n), *files])[0] for n in (FEW, MANY))
    return case["slices"] * many, case["slices"] * (many - few) / (MANY - FEW)


def measured(case):
    """Each method's (whole, iteration), CPU seconds, least of `N_TURNS` taken in turns."""
    from judged import LINES, scan_of

    n, times = case["matrix"], {}
    datasets, attrs = scan_of(case["coils"], (n, n), LINES, 0.03)
    of_slices = ("kspace", "csm", "support", "surrogate")
    for name in of_slices:
        datasets[name] = np.repeat(datasets[name], case["slices"], 0)
    with tempfile.TemporaryDirectory() as folder:
        kept = {name: datasets[name] for name in (*of_slices, "mask", "held_out_mask")}
        np.savez(f"{folder}/scan.npz", sigma=attrs["sigma"], **kept)
        for name, array in {"kspace": datasets["kspace"], "maps": datasets["csm"]}.items():
            write_cfl(Path(folder, name), array[0].transpose(1, 2, 0)[:, :, None])
        for _ in range(N_TURNS):
            for method in METHODS:
                if case["replicas"] > 1 and method != METHODS[0]:
                    continue
                times.setdefault(method, []).append(timed(method, folder, case))
    return {
        method: tuple(min(values) for values in zip(*both, strict=True)) for method, both in times.items()
    }


def table(found):
    head = "| coils | matrix | slices | replicas | " + " | ".join(f"{m}: whole, iteration" for m in METHODS)
    lines = [head + " |", "|" + "---|" * (4 + len(METHODS))]
    for case, times in found:
        cells = [f"{times[m][0]:.2f} s, {1e3 * times[m][1]:.1f} ms" if m in times else "" for m in METHODS]
        lines.append("| " + " | ".join([*(str(case[key]) for key in BASE), *cells]) + " |")
    return "\n".join(lines)


def plot(found, path):
    """One panel for each thing that grows: CPU time of an iteration."""
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, len(GROWTH), figsize=(12, 3.2), sharey=True, layout="constrained")
    for panel, (key, values) in zip(panels, GROWTH.items(), strict=True):
        for method in METHODS:
            along = [
                (case[key], times)
                for case, times in found
                if all(case[k] == BASE[k] for k in BASE if k != key)
            ]
            known = sorted((value, times[method][1]) for value, times in along if method in times)
            panel.loglog(*zip(*known, strict=True), "o-", label=method, base=2)
        panel.set_xlabel(key)
        panel.set_xticks(sorted({BASE[key], *values}), labels=map(str, sorted({BASE[key], *values})))
    panels[0].set_ylabel("CPU seconds an iteration")
    panels[0].legend(fontsize=7)
    figure.savefig(path, dpi=110)


def main():
    cases = [BASE, *({**BASE, key: value} for key, values in GROWTH.items() for value in values)]
    found = [(case, measured(case)) for case in cases]
    version = subprocess.run(["bart", "version"], check=True, capture_output=True, text=True).stdout.strip()
    today = datetime.datetime.now(tz=datetime.UTC).date()
    out = Path(sys.argv[1])
    text = f"""# Side by side: CPU time of reconstructions of the same arrays

`python benchmarks/peers.py {out}` on a {platform.machine()} CPU, one thread, {today}; BART {version}.
Lines, R = 4. *Whole*: CPU seconds of the process at {MANY} iterations, start, reading, a run of two included;
*iteration*: what it used for them after a run of two, over {MANY} (BART: the difference to {FEW}, over
{MANY - FEW}); least of {N_TURNS} taken in turns.
A judged fit fits K + 2 items along, K its replicas, measures about 25 checkpoints and takes one item as far
again; the others make one image. BART takes one process a slice.

{table(found)}

![CPU seconds an iteration](peers.png)
"""
    out.write_text(text, encoding="utf-8")
    plot(found, out.with_suffix(".png"))


if __name__ == "__main__":
    if sys.argv[1] == "--work":
        print(work(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])))
    else:
        main()
