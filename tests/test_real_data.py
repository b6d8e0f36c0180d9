"""Preprocess on measured k-space; skipped, saying so, where the data are not beside the repository."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from sharpfit.files.read_scan import read_scan
from sharpfit.files.roles import ROLES
from sharpfit.preparing.preprocess import preprocess
from sharpfit.study.jobs import readers_of

pytestmark = pytest.mark.real

STUDY = Path(__file__).parents[1] / "studies" / "real"
HELD_OUT = {"fraction": 0.08, "seed": 11}
LINES = {"pattern": "lines", "acceleration": 4, "n_calibration": 24, "seed": 0}


def prepare(folder, scan, **settings):
    """Preprocess a scan whose parts, too, are datasets of its one file."""
    (path,) = folder.glob(f"*/{scan['file']}")
    parts = {role: part | {"file": str(path)} for role, part in scan.items() if role in ROLES}
    scan = scan | {"file": str(path)} | parts
    return preprocess(read_scan(scan, readers_of(scan)), held_out=HELD_OUT, **settings)


def noise_std(datasets):
    return np.sqrt(np.diag(datasets["noise_cov"]).real / 2)


def head(datasets):
    picture = np.abs(datasets["reference"][0])
    return picture > 0.1 * np.percentile(picture, 99)


def stands(mask):
    """Whether an axial head is longer from top to bottom (front to back) than from left to right."""
    height, width = (np.ptp(np.flatnonzero(mask.sum(axis) > 10)) for axis in (1, 0))
    return height > 1.15 * width


def test_the_eight_coil_brain(shared_data):
    datasets, attrs = prepare(shared_data, {"file": "full.cfl"}, sampling_parameters=LINES)
    assert datasets["kspace"].shape == (1, 8, 230, 180)
    assert ((noise_std(datasets) > 0.9) & (noise_std(datasets) < 1.5)).all()  # 0.98 to 1.42 as published
    assert "radius > 1.25" in attrs["noise_source"]
    assert stands(head(datasets))
    supported = np.abs(datasets["csm"][0]).sum(0) > 0
    assert 0.5 < head(datasets).mean() < supported.mean() < 0.85


def test_the_mprage(shared_data):
    scan = {"file": "MPRAGE_multi_channel.mat", "dataset": "kData", "axes": ["ky", "kx", "coil"]}
    poisson = {"pattern": "poisson", "acceleration": 6, "n_calibration": 24, "seed": 0}
    datasets, attrs = prepare(shared_data, scan, sampling_parameters=poisson)
    assert datasets["kspace"].shape == (1, 4, 256, 256)
    air = [2.69, 3.89, 3.15, 2.90]  # in the corners of the coils' images; the edge of k-space has 5.7 to 8.3
    np.testing.assert_allclose(noise_std(datasets), air, rtol=0.1)
    assert abs(attrs["acceleration"] - 6) < 0.15
    assert stands(head(datasets))


def test_its_own_maps_and_masks_can_be_used(shared_data):
    name = "MPRAGE_multi_channel.mat"
    own = {"csm": {"file": name, "dataset": "coil_sens"}, "mask": {"file": name, "dataset": "kMaskRandACS7"}}
    _, attrs = prepare(shared_data, {"file": name, "dataset": "kData", "axes": ["ky", "kx", "coil"]} | own)
    assert abs(attrs["acceleration"] - 7) < 0.2
    assert "coil_sens" in attrs["csm_source"]


def test_the_single_coil_head(shared_data):
    datasets, attrs = prepare(shared_data, {"file": "se_t1_sag_data.mat"})
    np.testing.assert_allclose(noise_std(datasets), 3.9, atol=0.2)
    assert attrs["csm_source"] == "ones: a single coil"
    assert "stray zeros" in attrs["mask_source"]
    assert datasets["mask"].all()


def test_the_low_field_slices(shared_data):
    scan = {"file": "0.055T_Human_TFISP_FA50_kspace.mat", "axes": ["ky", "kx", "slice"]}
    datasets, _ = prepare(shared_data, scan)
    assert datasets["kspace"].shape == (4, 1, 96, 96)
    assert datasets["reference"].shape == (4, 96, 96)


@pytest.mark.usefixtures("shared_data")
def test_the_study_names_files_that_exist():
    scans = yaml.safe_load((STUDY / "params.yaml").read_text())["scans"]
    assert all((STUDY / scan["file"]).is_file() for scan in scans.values())
