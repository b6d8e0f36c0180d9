"""The phantom of Debian's ismrmrd-tools, whose file says, too, what the image must be and where up is."""

import shutil
import subprocess

import h5py
import numpy as np
import pytest
import torch

from sharpfit.files.formats import reader_of
from sharpfit.files.read_scan import read_scan
from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.fitting.surrogate import with_surrogate
from sharpfit.preparing.preprocess import preprocess

GENERATE, RECONSTRUCT = "ismrmrd_generate_cartesian_shepp_logan", "ismrmrd_recon_cartesian_2d"
pytestmark = pytest.mark.skipif(shutil.which(GENERATE) is None, reason="ismrmrd-tools are not installed")
CG = {"solver": {"name": "cg"}, "start": "zero", "n_iterations": 12}


def generated(folder, *arguments):
    """A scan of 64 × 64 with a noise scan, and its true image: the phantom times its coils' Σ|S|² to ½."""
    path = folder / "phantom.h5"
    subprocess.run([GENERATE, "-m", "64", "-n", "0.01", "-C", "-o", path, *arguments], check=True)
    with h5py.File(path) as file:
        phantom, csm = (file[f"dataset/{name}"][0] for name in ("phantom", "csm"))
    moduli = [np.hypot(values["real"], values["imag"]) for values in (phantom, csm)]
    return path, moduli[0] * np.linalg.norm(moduli[1], axis=0)


def fitted(path, **settings):
    scan = {"file": str(path), "select": {"repetition": 0}}
    raw = read_scan(scan, {str(path): reader_of(str(path))})
    found = preprocess(raw, held_out={"fraction": 0.05, "seed": 1}, **settings)
    datasets, attrs = with_surrogate(*found)
    measures = {"n_checkpoints": 2, "n_replicas": 1, "seed": 7}
    arrays, _, _ = reconstruct(datasets, attrs, CG, measures, device=torch.device("cpu"))
    return np.abs(arrays["images"][-1, 0]), attrs


def distance(found, wanted):
    return np.linalg.norm(found - wanted) / np.linalg.norm(wanted)


@pytest.mark.parametrize(
    ("arguments", "settings", "maps", "error"),
    [
        (["-c", "4"], {}, "ESPIRiT from the central 24 × 24 samples", 0.04),
        (["-c", "8", "-a", "2", "-w", "24"], {}, "24 × 24 separate calibration lines", 0.06),
        (["-c", "8"], {"n_virtual_coils": 4}, "ESPIRiT from the central 24 × 24 samples", 0.04),
    ],
    ids=["full", "half", "compressed"],
)
def test_the_phantom_comes_back_upright_and_at_scale(tmp_path, arguments, settings, maps, error):
    path, truth = generated(tmp_path, *arguments)
    image, attrs = fitted(path, **settings)
    assert distance(image, truth) < error
    assert np.vdot(truth, image) / np.vdot(truth, truth) == pytest.approx(1, abs=0.005)
    for turned in (truth[::-1], truth[:, ::-1], truth.T, np.roll(truth, 1, 0), np.roll(truth, 1, 1)):
        assert distance(image, turned) > 5 * error
    assert maps in attrs["csm_source"]
    assert np.allclose(attrs["pixel_spacing_mm"], 300 / 64)


def test_it_is_the_image_of_the_tools_own_reconstruction(tmp_path):
    """Which is the root of the sum of squares, of an inverse FFT without a factor."""
    path, _ = generated(tmp_path, "-c", "8")
    image, _ = fitted(path)
    subprocess.run([RECONSTRUCT, path], check=True)
    with h5py.File(path) as file:
        theirs = file["dataset/cpp/data"][0, 0, 0] / np.sqrt(2 * 64 * 64)
    bright = theirs > 0.1 * theirs.max()
    assert distance(image[bright], theirs[bright]) < 0.03
