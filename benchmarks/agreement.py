"""Hold images of measured scans against BART's and SigPy's: the same arrays, and files as others read them.

python benchmarks/agreement.py ../shared/data [--out FILE.md]     prints Markdown tables

Every program solves (AᴴA + λ) x = Aᴴy with the k-space, maps and mask of `sharpfit`'s preprocess; the
relative distance of two images must stay below a tolerance, or the script ends with status 1. "BART alone"
makes its own maps too (ecalib) and is shown without a tolerance: other maps are another model. Then two files
are read by BART's twixread and by the `ismrmrd` package and compared with what `sharpfit` reads.
"""

import argparse
import datetime
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import ismrmrd
import numpy as np
import sigpy
import torch
from sigpy.mri.app import SenseRecon

from sharpfit.files.cfl import write_cfl
from sharpfit.files.geometry import mirrored
from sharpfit.files.read_scan import ROLES, read_scan
from sharpfit.files.readers import bart
from sharpfit.files.readouts import to_image, to_kspace
from sharpfit.physics.acquisition import acquisition
from sharpfit.physics.conjugate_gradient import conjugate_gradient
from sharpfit.preparing.preprocess import preprocess
from sharpfit.study.jobs import readers_of

WEIGHT, N_ITERATIONS = 0.01, 100  # at rest in single precision; far beyond, BART and SigPy drift away
IMAGES_AGREE, SAMPLES_AGREE = 1e-4, 1e-5
LINES = {"pattern": "lines", "acceleration": 3, "n_calibration": 24, "seed": 0}
MPRAGE = "brain_4ch_mprage/MPRAGE_multi_channel.mat"
SCANS = {
    "brain_8ch": {"file": "brain_8ch/full.cfl", "sampling": LINES},
    "brain_4ch_mprage": {"file": MPRAGE, "dataset": "kData", "axes": ["ky", "kx", "coil"], "sampling": LINES},
    "head_1ch": {"file": "head_1ch/se_t1_sag_data.mat"},
    "lowfield_brain": {
        "file": "lowfield_brain/0.055T_Human_TFISP_FA50_kspace.mat",
        "axes": ["ky", "kx", "slice"],
    },
    "bottle_ismrmrd": {"file": "bottle_ismrmrd/meas_MID00349_FID09273_SNR_R3.h5"},
    "gre_twix": {"file": "gre_twix/gre.dat"},
}


def arrays(folder: Path, scan: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """White k-space, maps and mask of the middle slice, and the file's shape in words."""
    scan = scan | {"file": str(folder / scan["file"])}
    raw = read_scan({key: value for key, value in scan.items() if key not in ROLES}, readers_of(scan))
    made, _ = preprocess(
        raw, held_out={"fraction": 0.08, "seed": 11}, sampling_parameters=scan.get("sampling")
    )
    middle = len(made["kspace"]) // 2
    mask = made["mask"]
    shape = "{1} coils, {2} × {3}, R = ".format(*raw.kspace.shape) + f"{mask.size / mask.sum():.2f}"
    return made["kspace"][middle], made["csm"][middle], mask, shape


def ours(kspace: np.ndarray, csm: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Solve for the regularised image (y, x) by our operator."""
    A = acquisition(torch.from_numpy(csm)[None], torch.from_numpy(mask))
    adjoint = A.adjoint(A.encoding.stage(torch.from_numpy(kspace)[None]))
    image = conjugate_gradient(lambda x: A.gram(x) + WEIGHT * x, adjoint, N_ITERATIONS)
    return A.encoding.unstage_image(image)[0].numpy()


def sigpys(kspace: np.ndarray, csm: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Do the same by SigPy."""
    weights = mask.astype(np.float32)
    return SenseRecon(
        kspace, csm, lamda=WEIGHT, weights=weights, max_iter=N_ITERATIONS, show_pbar=False
    ).run()


def barts(kspace: np.ndarray, csm: np.ndarray | None) -> np.ndarray:
    """Do the same by `bart pics`; with maps of `bart ecalib` where none are given."""
    with tempfile.TemporaryDirectory() as folder:
        parts = {"kspace": kspace} if csm is None else {"kspace": kspace, "maps": csm}
        for name, array in parts.items():
            write_cfl(Path(folder, name), array.transpose(1, 2, 0)[:, :, None, :])
        if csm is None:
            call(folder, "ecalib", "-m1", "-c0", "-r24:24:1", "kspace", "maps")
        options = ["-S", "-w1", "-l2", f"-r{WEIGHT}", f"-i{N_ITERATIONS}"]
        call(folder, "pics", *options, "kspace", "maps", "image")
        return bart.read(Path(folder, "image.hdr"), None).values


def call(folder: str, *words: str) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run(["bart", *words], cwd=folder, check=True, capture_output=True, env=environment)


def apart(image: np.ndarray, other: np.ndarray) -> float:
    """‖x − x'‖ / ‖x‖."""
    return float(np.linalg.norm(image - other) / np.linalg.norm(image))


def read_by_bart(file: Path) -> np.ndarray:
    """k-space (coil, ky, kx) of a twix file, without the readout's oversampling."""
    with tempfile.TemporaryDirectory() as folder:
        call(folder, "twixread", "-A", str(file.resolve()), "kspace")
        flat = np.fromfile(Path(folder, "kspace.cfl"), np.complex64)
        sizes = Path(folder, "kspace.hdr").read_text(encoding="utf-8").splitlines()[1].split()
    x, y, _, coils = map(int, sizes[:4])
    return cropped(flat.reshape((x, y, coils), order="F").transpose(2, 1, 0))


def read_by_ismrmrd(file: Path) -> np.ndarray:
    """k-space (coil, ky, kx) of the imaging lines, placed by their counters, without oversampling."""
    dataset = ismrmrd.Dataset(str(file), "dataset", create_if_needed=False)
    kspace = np.zeros((14, 144, 384), np.complex64)
    for n in range(dataset.number_of_acquisitions()):
        line = dataset.read_acquisition(n)
        if not line.is_flag_set(ismrmrd.ACQ_IS_NOISE_MEASUREMENT):
            kspace[:, 144 // 2 - 54 + line.idx.kspace_encode_step_1] = line.data  # 54: the header's centre
    dataset.close()
    return cropped(kspace)


def cropped(kspace: np.ndarray) -> np.ndarray:
    n = kspace.shape[-1] // 4
    return to_kspace(to_image(kspace, -1)[..., n : 3 * n], -1)


def images(folder: Path) -> tuple[list[str], bool]:
    rows, fine = (
        ["| scan | | ours to BART | ours to SigPy | to BART alone, magnitude |", "|---|---|---|---|---|"],
        True,
    )
    for name, scan in SCANS.items():
        kspace, csm, mask, shape = arrays(folder, scan)
        mine = ours(kspace, csm, mask)
        theirs = barts(kspace, csm)
        turned = np.vdot(theirs, mine).real < 0  # bart pics does, where a side is 2, 6, 10, …
        distances = [apart(mine, -theirs if turned else theirs), apart(mine, sigpys(kspace, csm, mask))]
        fine &= max(distances) < IMAGES_AGREE
        power = np.sqrt((np.abs(csm) ** 2).sum(0))  # their maps have Σ|S|² = 1
        both = power > 0
        alone = (
            f"{apart((np.abs(mine) * power)[both], np.abs(barts(kspace, None))[both]):.1%}"
            if len(kspace) > 1
            else "one coil"
        )
        rows.append(f"| {name} | {shape} | {distances[0]:.0e} | {distances[1]:.0e} | {alone} |")
        print(rows[-1], file=sys.stderr, flush=True)
    return rows, fine


def readers(folder: Path) -> tuple[list[str], bool]:
    rows, fine = ["| file | read by | distance of the k-space |", "|---|---|---|"], True
    for name, program, read in (
        ("gre_twix", "bart twixread", read_by_bart),
        ("bottle_ismrmrd", "the ismrmrd package", read_by_ismrmrd),
    ):
        file = folder / SCANS[name]["file"]
        scan = {"file": str(file)}
        mine = read_scan(scan, readers_of(scan)).kspace[0]  # turned upright: ky is mirrored in both files
        distance = apart(mine, mirrored(read(file), -2))
        fine &= distance < SAMPLES_AGREE
        rows.append(f"| {name} | {program} | {distance:.0e} |")
    return rows, fine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    version = subprocess.run(["bart", "version"], capture_output=True, text=True, check=True).stdout.strip()
    (image_rows, images_agree), (reader_rows, samples_agree) = images(options.data), readers(options.data)
    today = datetime.datetime.now(tz=datetime.UTC).date()
    text = "\n".join(
        [
            "# Agreement with other programs",
            "",
            f"(AᴴA + λ) x = Aᴴy, λ = {WEIGHT}, on the same arrays, {N_ITERATIONS} steps; ‖x − x'‖ / ‖x‖",
            f"must stay below {IMAGES_AGREE:g}: {'all do' if images_agree else 'NOT ALL DO'}.",
            f"k-space as others read it must lie within {SAMPLES_AGREE:g}:",
            f"{'it does' if samples_agree else 'IT DOES NOT'}.",
            "BART alone makes its own maps (ecalib), another model: shown without a tolerance.",
            "",
            f"{platform.machine()}, {os.cpu_count()} cores, CPU, {today}; BART {version}, "
            f"SigPy {sigpy.__version__}; "
            "`python benchmarks/agreement.py ../shared/data`",
            "",
            *image_rows,
            "",
            *reader_rows,
            "",
        ]
    )
    (options.out.write_text if options.out else print)(text)
    sys.exit(not (images_agree and samples_agree))


if __name__ == "__main__":
    main()
