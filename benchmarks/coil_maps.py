"""Time coil maps of one slice against their peers, and say how far they lie apart, in one run.

python benchmarks/coil_maps.py    prints a Markdown table; BART's column is empty without `bart`
"""

import datetime
import platform
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
from sigpy.mri.app import EspiritCalib

from sharpfit.physics.kspace import to_images
from sharpfit.preparing import espirit
from sharpfit.simulation.simulate import simulate

SHAPES = [(4, 256), (8, 128), (8, 230), (16, 256)]
SIDE, WIDTH, THRESHOLD, CROP = 24, 6, 0.02, 0.9


def seconds(who=resource.RUSAGE_SELF):
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def ours(kspace, centre):
    calibration = torch.from_numpy(kspace[:, centre, centre].copy())
    begun = seconds()
    maps = espirit.coil_maps(
        calibration, kspace.shape[1:], width=WIDTH, threshold=THRESHOLD, crop=CROP, noise_variance=0.0
    )
    return maps.numpy(), seconds() - begun


def sigpys(kspace):
    begun = seconds()
    maps = EspiritCalib(kspace, SIDE, THRESHOLD, WIDTH, CROP, 100, show_pbar=False).run()
    return maps, seconds() - begun


def barts(kspace):
    """Run the whole process; BART's threshold is that of the singular values squared."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "kspace"
        dims = " ".join(map(str, (*kspace.shape[1:], 1, len(kspace))))
        file.with_suffix(".hdr").write_text(f"# Dimensions\n{dims}\n")
        np.ravel(kspace.transpose(1, 2, 0), "F").tofile(file.with_suffix(".cfl"))
        options = ["-m1", f"-c{CROP}", f"-t{THRESHOLD**2}", "-P", f"-r{SIDE}:{SIDE}:1"]
        begun = seconds(resource.RUSAGE_CHILDREN)
        subprocess.run(["bart", "ecalib", *options, file, f"{folder}/maps"], check=True, capture_output=True)
        used = seconds(resource.RUSAGE_CHILDREN) - begun
        flat = np.fromfile(f"{folder}/maps.cfl", np.complex64)
    return flat.reshape((*kspace.shape[1:], len(kspace)), order="F").transpose(2, 0, 1), used


def distance(kspace, maps, others):
    """99th percentile of ‖S − S'‖ over the object's pixels that both give maps for."""
    brightness = np.linalg.norm(to_images(kspace), axis=0)
    both = (brightness > 0.1 * np.percentile(brightness, 99)) & maps.any(axis=0) & others.any(axis=0)
    return np.percentile(np.linalg.norm(maps - others, axis=0)[both], 99)


def main():
    torch.set_num_threads(1)
    today = datetime.datetime.now(tz=datetime.UTC).date()
    print(f"{platform.machine()}, one thread, CPU seconds a slice, {today}\n")
    columns = ["coils × matrix", "ours", "SigPy", "bart ecalib -m1", "ours to SigPy", "ours to BART"]
    print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    for n_coils, n in SHAPES:
        kspace = simulate(
            object="head", matrix=[n, n], n_coils=n_coils, noise_level=0.01, noise_correlation=0.2, seed=2
        ).kspace[0]
        centre = slice(n // 2 - SIDE // 2, n // 2 + SIDE // 2)
        ours(kspace, centre)  # warm up
        maps, our_time = ours(kspace, centre)
        theirs, their_time = sigpys(kspace)
        row = [f"{n_coils} × {n} × {n}", f"{our_time:.2f}", f"{their_time:.2f}"]
        apart = [f"{distance(kspace, maps, theirs):.0e}"]
        if shutil.which("bart"):
            third, third_time = barts(kspace)
            row.append(f"{third_time:.2f}")
            apart.append(f"{distance(kspace, maps, third):.0e}")
        else:
            row.append("")
            apart.append("")
        print("| " + " | ".join(row + apart) + " |", flush=True)


if __name__ == "__main__":
    main()
