"""Hold the judge's choice among our regimes against BART and SigPy at the weight that the reference likes.

python benchmarks/quality.py STUDY/results/preprocess/*.h5 … [--out FILE.md]     prints Markdown tables

The studies must have been run. Peers get the same k-space, maps and mask (`results/preprocess`), one thread,
no scaling of their own, and every weight or iteration of a sweep; their best by NRMSE is shown, ours is what
the judge picked without a reference. NRMSE is inside the object, SSIM over the frame and over the object;
seconds are those of one fit, ours with all its replicas (and all weights of a judged path). Where the
reference is the scan's own fully sampled data, it shares their noise with every image: what follows the noise
would seem to come near. From NRMSE that is taken out, for the peers by running them on perturbed data too
(`quality.nrmse`); from SSIM it cannot be.
"""

import argparse
import datetime
import os
import platform
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from sharpfit.measuring import quality
from sharpfit.physics.white_noise import white_noise
from sharpfit.reporting.ranking import rank
from sharpfit.results.evaluation_file import read_evaluation
from sharpfit.results.scan_file import read_reference

WEIGHTS = np.geomspace(0.05, 3, 11)  # in units of σ
CG_ITERATIONS = (1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 30, 40)
N_ITERATIONS = 100
PROBE_STEP = 0.2  # ε / σ
BART = {
    "BART L1-wavelet": ("-R", "W:3:0:{}"),
    "BART TV": ("-R", "T:3:0:{}"),
}


class Scan(NamedTuple):
    """What every package is given, one slice, and what its images are compared with."""

    kspace: np.ndarray
    csm: np.ndarray
    mask: np.ndarray
    sigma: float
    scale: float
    reference: quality.Reference
    probe: np.ndarray
    """b, noise of unit variance per component at the samples, complex64 (coil, ky, kx)"""
    combined: np.ndarray
    """P D Eᴴ b (y, x), as such a reference combines it"""
    over_mean: float
    """the expectation of ‖P D Eᴴ b‖² over itself"""


class Row(NamedTuple):
    """One line of the table."""

    method: str
    setting: str
    nrmse: float
    ssim: float
    ssim_inside: float
    """the mean over the object alone"""
    seconds: float


def read(path: Path) -> Scan:
    """Read a preprocessed scan; its maps are those of the fit, so that ‖A‖ = 1."""
    reference = read_reference(path)
    if reference is None:
        raise SystemExit(f"{path}: has no reference to compare with")
    with h5py.File(path) as file:
        csm, mask = file["csm"][0], file["mask"][()]
        sigma, scale = float(file.attrs["sigma"]), float(file.attrs["image_scale"])
        return Scan(
            file["kspace"][0], csm, mask, sigma, scale, reference, *_probe(csm, mask, reference.inside[0])
        )


def _probe(csm: np.ndarray, mask: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    b = white_noise((3,), csm.shape) * mask
    axes = (-2, -1)
    images = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(b, axes=axes), norm="ortho"), axes=axes)
    power = (np.abs(csm) ** 2).sum(0)
    weight = np.where(inside & (power > 0), 1 / np.where(power > 0, power, 1), 0)
    combined = weight * (csm.conj() * images).sum(0)
    expected = 2 * mask.mean() * weight.sum()  # Σ|S|² D² = D
    return b, combined, float(expected / np.linalg.norm(combined) ** 2)


def nrmse(scan: Scan, fit: Callable[[np.ndarray], np.ndarray], image: np.ndarray) -> float:
    """Error of a peer's image (y, x) in fitted units; ``fit`` makes it of k-space."""
    shared = 0.0
    if scan.reference.noise_variance:
        eps = PROBE_STEP * scan.sigma
        spread = fit(scan.kspace + eps * scan.probe) - image
        shared = scan.over_mean * float(np.vdot(scan.combined, spread).real) / eps
    return quality.nrmse(scan.scale * image[None], scan.reference, shared)


def similarity(scan: Scan, image: np.ndarray) -> tuple[float, float]:
    """SSIM over the frame and over the object alone; image (1, y, x), input units."""
    reference = scan.reference
    return quality.ssim(image, reference.image), quality.ssim(image, reference.image, reference.inside)


def ours(study: Path, name: str, scan: Scan) -> Iterator[Row]:
    """Return what the judge picked of every regime that was run, and which of them it calls best."""
    fits = []
    for file in sorted((study / "results" / "evaluate" / name).glob("*/evaluation.json")):
        found = read_evaluation(file)
        with h5py.File(file.with_name("picked.h5")) as picked:
            image = picked["image"][:1]
        log = study / "logs" / "reconstruct" / name / f"{found.regime}.log"
        rate = (
            re.findall(r"^(\S+) seconds per iteration$", log.read_text(), re.MULTILINE)
            if log.exists()
            else []
        )
        end = found.last_iteration if found.weight else found.picked_iteration
        seconds = float(rate[-1]) * end if rate else np.nan
        setting = found.where_to_stop.removeprefix("stop at ").removeprefix("take ")
        error = found.picked_quality.nrmse
        row = Row(f"sharpfit {found.regime}", setting, error, *similarity(scan, image), seconds)
        fits.append((found, row))
    first = rank([found for found, _ in fits])[0]
    best = next(row for found, row in fits if found is first)
    yield best._replace(method=f"**sharpfit, the judge's choice: {first.regime}**")
    yield from (row for _, row in fits)


def bart(scan: Scan) -> Iterator[Row]:
    """BART's conjugate gradients at its best iteration, L1-wavelet and TV at their best weight."""
    with tempfile.TemporaryDirectory() as folder:
        kspace, maps = Path(folder, "kspace"), Path(folder, "maps")
        write_cfl(maps, scan.csm)

        def pics(samples: np.ndarray, *arguments: str) -> np.ndarray:
            write_cfl(kspace, samples)
            command = [
                "bart",
                "pics",
                "-w",
                "1",
                *arguments,
                str(kspace),
                str(maps),
                str(Path(folder, "image")),
            ]
            subprocess.run(
                command, check=True, capture_output=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
            )
            return with_sign_of_data(scan, read_cfl(Path(folder, "image"), scan.mask.shape))

        yield best_of(
            scan,
            "BART CG",
            CG_ITERATIONS,
            lambda y, n: pics(y, "-l2", "-r", "0", "-i", f"{n}"),
            "iteration {}",
        )
        for name, (flag, form) in BART.items():
            yield best_of(
                scan,
                name,
                WEIGHTS,
                lambda y, w, flag=flag, form=form: pics(
                    y, flag, form.format(w * scan.sigma), "-i", f"{N_ITERATIONS}"
                ),
                "weight {:.3g} σ",
            )


def sigpy(scan: Scan) -> Iterator[Row]:
    """SigPy's L1-wavelet and TV at their best weight."""
    import sigpy.mri.app as app

    weights = scan.mask.astype(np.float32)
    for name, kind in {"SigPy L1-wavelet": app.L1WaveletRecon, "SigPy TV": app.TotalVariationRecon}.items():

        def fit(y: np.ndarray, w: float, kind: Callable = kind) -> np.ndarray:
            return kind(
                y, scan.csm, w * scan.sigma, weights=weights, max_iter=N_ITERATIONS, show_pbar=False
            ).run()

        yield best_of(scan, name, WEIGHTS[::2], fit, "weight {:.3g} σ")


def best_of(
    scan: Scan, method: str, settings: tuple | np.ndarray, fit: Callable[..., np.ndarray], words: str
) -> Row:
    """Try every setting; the one of the smallest error, with the seconds of that fit alone."""
    rows = []
    for setting in settings:
        begun = time.perf_counter()
        image = fit(scan.kspace, setting)
        seconds = time.perf_counter() - begun
        error = nrmse(scan, lambda y, setting=setting: fit(y, setting), image)
        similar = similarity(scan, scan.scale * image[None])
        rows.append(Row(method, words.format(setting), error, *similar, seconds))
    return min(rows, key=lambda row: np.nan_to_num(row.nrmse, nan=np.inf))


def write_cfl(path: Path, values: np.ndarray) -> None:
    """Write (coil, ky, kx) as BART's (x, y, z, coil)."""
    array = np.moveaxis(values, 0, -1)[:, :, None]
    path.with_suffix(".hdr").write_text("# Dimensions\n" + " ".join(map(str, array.shape)) + "\n")
    array.astype(np.complex64).ravel(order="F").tofile(path.with_suffix(".cfl"))


def read_cfl(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """Read BART's image."""
    return np.fromfile(path.with_suffix(".cfl"), np.complex64).reshape(shape, order="F")


def with_sign_of_data(scan: Scan, image: np.ndarray) -> np.ndarray:
    """Give an image the sign with which the model explains the data; halves of odd length turn BART's."""
    axes = (-2, -1)
    coils = np.fft.fft2(np.fft.ifftshift(scan.csm * image, axes=axes), norm="ortho")
    explained = np.fft.fftshift(coils, axes=axes) * scan.mask
    return image if np.vdot(explained, scan.kspace).real >= 0 else -image


def table(title: str, rows: list[Row]) -> str:
    lines = [f"### {title}", "", "| method | setting | NRMSE | SSIM, frame | SSIM, object | seconds |"]
    lines.append("|---" * 6 + "|")
    lines += [
        f"| {row.method} | {row.setting} | {row.nrmse:.4f} | {row.ssim:.3f} | {row.ssim_inside:.3f} "
        f"| {row.seconds:.2g} |"
        for row in rows
    ]
    return "\n".join(lines)


def summary(scans: dict[str, list[Row]]) -> str:
    """Hold the judge's choice, each scan's first row, against the better of BART's penalised columns."""
    lines = [
        "| scan | judge's choice | BART's better column | ratio | SSIM, object | BART's best | SSIM, frame "
        "| BART's best |",
        "|---" * 8 + "|",
    ]
    ratios = []
    for name, (choice, *rows) in scans.items():
        peers = [row for row in rows if row.method in BART]
        better = min(peers, key=lambda row: row.nrmse)
        ratios.append(choice.nrmse / better.nrmse)
        similar = [choice.ssim_inside, max(row.ssim_inside for row in peers)]
        similar += [choice.ssim, max(row.ssim for row in peers)]
        lines.append(
            f"| {name} | {choice.nrmse:.4f} | {better.nrmse:.4f} ({better.method.removeprefix('BART ')}) "
            f"| {ratios[-1]:.2f} | {' | '.join(f'{one:.3f}' for one in similar)} |"
        )
    return (
        "NRMSE of the judge's choice over that of the better one of BART's columns, each the best of a sweep "
        f"by the reference: {np.mean(ratios):.2f} on average, {max(ratios):.3f} at worst.\n\n"
        + "\n".join(lines)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "scans", type=Path, nargs="+", help="preprocessed scans: STUDY/results/preprocess/SCAN.h5"
    )
    parser.add_argument("--out", type=Path, help="writes the table here too")
    arguments = parser.parse_args()
    versions = subprocess.run(["bart", "version"], check=True, capture_output=True, text=True).stdout.strip()
    day = datetime.datetime.now(tz=datetime.UTC).date()
    scans = {}
    parts = [f"# Quality against peers\n\n{__doc__.split(chr(10) * 2)[2].strip()}"]
    parts += [f"{platform.machine()}, {os.cpu_count()} cores, {day}; BART {versions}."]
    for path in arguments.scans:
        scan, study = read(path), path.parents[2]
        scans[path.stem] = [*ours(study, path.stem, scan), *bart(scan), *sigpy(scan)]
        print(table(path.stem, scans[path.stem]), flush=True)
    parts += [summary(scans), *(table(name, rows) for name, rows in scans.items())]
    print(parts[2])
    if arguments.out:
        arguments.out.write_text("\n\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
