import numpy as np
import pytest

from sharpfit import storage
from sharpfit.errors import InputError
from sharpfit.scan import read_scan
from sharpfit.simulate import as_datasets, simulate

RNG = np.random.default_rng(5)
KSPACE = RNG.standard_normal((3, 16, 12)) + 1j * RNG.standard_normal((3, 16, 12))


@pytest.fixture
def folder(tmp_path):
    np.save(tmp_path / "k.npy", KSPACE)
    np.save(tmp_path / "noise.npy", RNG.standard_normal((200, 3)) + 0j)
    np.save(tmp_path / "maps.npy", np.ones((16, 12, 3), complex))
    np.save(tmp_path / "mask.npy", np.eye(16, 12))
    np.save(tmp_path / "image.npy", np.ones((16, 12)))
    return tmp_path


def read(folder, **entries):
    """Read a scan whose files are given without their folder, as params.yaml does."""
    return read_scan({"file": "k.npy"} | entries, sorted(folder.iterdir()))


def test_kspace_alone(folder):
    raw = read(folder, pixel_spacing_mm=[1.5, 2])
    np.testing.assert_array_equal(raw.kspace, KSPACE[None])
    assert (raw.noise, raw.csm, raw.mask, raw.reference, raw.noise_free) == (None,) * 5
    assert raw.pixel_spacing_mm == (1.5, 2)


def test_what_belongs_to_a_scan_is_arranged(folder):
    roles = {"noise": "noise.npy", "csm": "maps.npy", "mask": "mask.npy", "reference": "image.npy"}
    raw = read(folder, **{role: {"file": name} for role, name in roles.items()})
    assert raw.noise.values.shape == (3, 200)
    assert raw.csm.values.shape == (1, 3, 16, 12)
    assert raw.mask.values.dtype == bool
    assert raw.reference.values.shape == (1, 16, 12)
    assert str(folder / "maps.npy") == raw.csm.where


def test_parts_that_do_not_fit_are_refused(folder):
    with pytest.raises(InputError, match=r"image\.npy: shape \(16, 12\) does not fit slice 1, coil 3"):
        read(folder, csm={"file": "image.npy"})
    with pytest.raises(InputError, match=r"image\.npy: float64 .* is no noise scan of 3 coils"):
        read(folder, noise={"file": "image.npy"})
    with pytest.raises(InputError, match=r"lost\.npy: named by the scan but not among its files"):
        read(folder, mask={"file": "lost.npy"})
    np.save(folder / "mask.npy", np.zeros((16, 12)))
    with pytest.raises(InputError, match=r"mask\.npy: every value is zero"):
        read(folder, mask={"file": "mask.npy"})


def test_a_simulation_brings_its_noise_scan_and_its_noise_free_twin(tmp_path):
    scan = simulate(
        object="ellipses", matrix=[16, 16], n_coils=2, noise_level=0.1, noise_correlation=0, seed=1
    )
    storage.write(tmp_path / "s.h5", *as_datasets(scan))
    raw = read_scan({"file": "s.h5"}, [tmp_path / "s.h5"])
    np.testing.assert_array_equal(raw.kspace, scan.kspace)
    np.testing.assert_array_equal(raw.noise.values, scan.noise)
    np.testing.assert_array_equal(raw.noise_free, scan.noise_free)
    assert raw.pixel_spacing_mm == (15, 15)
    assert raw.csm is None  # the true maps are not what a scanner gives
