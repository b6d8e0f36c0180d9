"""Fit preprocessed scans on the CPU and on a GPU; print times and how far the images differ.

python benchmarks/device.py params.yaml results/preprocess/*.h5 [--device cuda]    prints a Markdown table
"""

import argparse
import time
from pathlib import Path

import h5py
import numpy as np
import torch
import yaml

from sharpfit.fitting.reconstruct import reconstruct


def fit(path, regime, measures, device):
    """Return the images, the last chi2, and the seconds from open file to result."""
    start = time.perf_counter()
    with h5py.File(path) as scan:
        datasets, _, history = reconstruct(scan, scan.attrs, regime, measures, device=device)
    return datasets["images"], history[-1]["chi2"], time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("params", type=Path)
    parser.add_argument("scans", type=Path, nargs="+")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--cpu-threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.cpu_threads)
    params = yaml.safe_load(arguments.params.read_text())
    device = torch.device(arguments.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"{name} against {arguments.cpu_threads} CPU thread(s), torch {torch.__version__}\n")
    print("| scan | shape | regime | CPU s | GPU s | ratio | distance of last images | of last chi2 |")
    print("|---|---|---|---|---|---|---|---|")
    fit(arguments.scans[0], next(iter(params["regimes"].values())), params["measures"], device)  # warm up
    for path in arguments.scans:
        with h5py.File(path) as scan:
            shape = " × ".join(map(str, scan["kspace"].shape))
        for regime_name, regime in params["regimes"].items():
            cpu, cpu_chi2, cpu_s = fit(path, regime, params["measures"], torch.device("cpu"))
            gpu, gpu_chi2, gpu_s = fit(path, regime, params["measures"], device)
            distance = np.linalg.norm(gpu[-1] - cpu[-1]) / np.linalg.norm(cpu[-1])
            print(
                f"| {path.stem} | {shape} | {regime_name} | {cpu_s:.2f} | {gpu_s:.2f} | {cpu_s / gpu_s:.1f} "
                f"| {distance:.1e} | {abs(gpu_chi2 / cpu_chi2 - 1):.1e} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
