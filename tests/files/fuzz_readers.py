"""Damage small files of every format and read them: `python tests/files/fuzz_readers.py [PER_FORMAT [SEED]]`.

Whatever is in a file, reading ends in a scan of finite numbers or in one line that names the file: no other
exception, no crash, nothing that takes long or more memory than allowed here. Prints a count for each format.
"""

import resource
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import h5py
import numpy as np
import scipy.io

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "workflow")]

import made_mrd  # noqa: E402
import made_twix  # noqa: E402

from sharpfit.errors import InputError  # noqa: E402
from sharpfit.files.formats import reader_of  # noqa: E402
from sharpfit.files.read_scan import read_scan  # noqa: E402

MEMORY_BYTES = 6 * 2**30
SLOW_SECONDS = 5.0
SIZE = (3, 12, 10)


def kspace(rng):
    return (rng.standard_normal(SIZE) + 1j * rng.standard_normal(SIZE)).astype(np.complex64)


def write_bart(folder, values):
    (folder / "scan.hdr").write_text("# Dimensions\n12 10 1 3 1\n")
    values.transpose(1, 2, 0).ravel(order="F").tofile(folder / "scan.cfl")
    return folder / "scan.cfl", folder / "scan.hdr"


def write_npy(folder, values):
    np.save(folder / "scan.npy", values)
    return folder / "scan.npy", folder / "scan.npy"


def write_mat(folder, values):
    scipy.io.savemat(folder / "scan.mat", {"kspace": values, "note": "text"}, do_compression=True)
    return folder / "scan.mat", folder / "scan.mat"


def write_mat73(folder, values):
    with h5py.File(folder / "scan.mat", "w", userblock_size=512) as file:
        file["kspace"] = values.T
    with (folder / "scan.mat").open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(128))
    return folder / "scan.mat", folder / "scan.mat"


def write_hdf5(folder, values):
    with h5py.File(folder / "scan.h5", "w") as file:
        file.create_dataset("kspace", data=values, compression="gzip", chunks=(1, 12, 10))
        file["kspace"].attrs["axes"] = "coil ky kx"
    return folder / "scan.h5", folder / "scan.h5"


def write_simulation(folder, values):
    with h5py.File(folder / "scan.h5", "w") as file:
        file.attrs["format"] = "sharpfit simulation"
        file["kspace"], file["noise_free"] = values[None], values[None]
        file["noise"], file["pixel_spacing_mm"] = values.reshape(3, -1), np.ones(2)
    return folder / "scan.h5", folder / "scan.h5"


def write_ismrmrd(folder, values):
    lines = made_mrd.lines_of(made_mrd.oversampled(values))
    noise = made_mrd.Line(values[:, 0], flags=(19,))
    path = made_mrd.write(folder / "scan.h5", made_mrd.header((20, 12, 1), (10, 12, 1)), [noise, *lines])
    return path, path


def write_fastmri(folder, values):
    with h5py.File(folder / "scan.h5", "w") as file:
        file["kspace"] = values[None]
        file["ismrmrd_header"] = made_mrd.xsd.ToXML(made_mrd.header((12, 10, 1), (12, 10, 1)))
        file["mask"] = np.ones(10, np.uint8)
    return folder / "scan.h5", folder / "scan.h5"


def write_twix(folder, values):
    wide = made_mrd.oversampled(values)
    blocks = [made_twix.Block(wide[:, ky], {"Lin": ky}) for ky in range(12)]
    noise = made_twix.measurement([made_twix.Block(values[:, 0], flags=("NOISEADJSCAN",))], 10, 1)
    path = made_twix.write(folder / "scan.dat", noise, made_twix.measurement(blocks, 20, 12))
    return path, path


FORMATS = {
    name.removeprefix("write_"): value for name, value in list(globals().items()) if name.startswith("write_")
}


def damaged(content, rng):
    """Flip, cut, overwrite, repeat or insert; half of the time near the start, where headers are."""
    values = bytearray(content)
    reach = max(min(len(values), 2048), 1) if rng.random() < 0.5 else max(len(values), 1)
    at = int(rng.integers(reach))
    match rng.integers(6):
        case 0:
            for place in rng.integers(reach, size=int(rng.integers(1, 9))):
                values[place] ^= int(rng.integers(1, 256))
        case 1:
            del values[at:]
        case 2:
            stop = min(at + int(rng.integers(1, 64)), len(values))
            values[at:stop] = bytes([int(rng.choice([0, 255, 127]))]) * (stop - at)
        case 3:
            values[at:at] = values[at : at + int(rng.integers(1, 256))]
        case 4:
            values[at:at] = rng.bytes(int(rng.integers(1, 64)))
        case 5:
            number = int(rng.choice([0, 1, 2**15, 2**16 - 1, 2**31, 2**32 - 1, 10**6]))
            values[at : at + 4] = number.to_bytes(4, "little")
    return bytes(values)


def outcome(path, axes):
    """Read as a job does; anything but a finite scan or a line that names the file is a fault."""
    scan = {"file": str(path)} | axes
    try:
        raw = read_scan(scan, {str(path): reader_of(str(path))})
    except InputError as error:
        assert "\n" not in str(error), f"more than a line: {error}"
        assert path.stem in str(error), f"does not name the file: {error}"
        return "refused"
    assert np.isfinite(raw.kspace).all()
    return "read"


def main(per_format, seed):
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    warnings.simplefilter("ignore")
    faults = 0
    for name, write in FORMATS.items():
        rng = np.random.default_rng([seed, *name.encode()])
        counts = Counter()
        with tempfile.TemporaryDirectory() as temporary:
            path, target = write(Path(temporary), kspace(rng))
            content = target.read_bytes()
            axes = {"axes": ["coil", "ky", "kx"]} if name in ("npy", "mat", "mat73") else {}
            assert outcome(path, axes) == "read", name
            for number in range(per_format):
                target.write_bytes(damaged(content, rng))
                start = time.perf_counter()
                try:
                    counts[outcome(path, axes)] += 1
                    if time.perf_counter() - start > SLOW_SECONDS:
                        raise TimeoutError(f"took {time.perf_counter() - start:.1f} s")
                except BaseException as error:  # whatever it is, it is what is looked for
                    faults += 1
                    print(f"{name} {number}: {type(error).__name__}: {error}"[:300], flush=True)
        print(
            f"{name}: {per_format} damaged files, {counts['refused']} refused, {counts['read']} read",
            flush=True,
        )
    print(f"{per_format * len(FORMATS)} damaged files in all, {faults} faults")
    return min(faults, 1)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*(numbers + [240, 0][len(numbers) :])))
