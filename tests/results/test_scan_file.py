"""What is told of a preprocessed scan."""

import numpy as np
import pytest

from sharpfit.judging.evaluate import NoiseLevel
from sharpfit.results import hdf5
from sharpfit.results.scan_file import (
    read_noise,
    read_reference,
    read_reference_image,
    read_scan,
    read_support,
)


@pytest.mark.parametrize(
    ("datasets", "n_slices"),
    [({}, 1), ({"kspace": (3, 2, 4, 4)}, 3), ({"kspace": (3, 2, 4, 4), "reference": (3, 4, 4)}, 3)],
)
def test_slices_are_counted_where_something_has_them(tmp_path, datasets, n_slices):
    made = {name: np.full(shape, 1 + 1j, np.complex64) for name, shape in datasets.items()}
    hdf5.write(tmp_path / "head.h5", made, {"sigma": 0.1, "acceleration": 2.0})
    scan = read_scan(tmp_path / "head.h5")
    assert (scan.name, scan.n_slices, scan.acceleration) == ("head", n_slices, 2.0)
    assert (scan.reference is None) == ("reference" not in datasets)
    assert scan.noise.given == scan.noise.sigma == 0.1


@pytest.mark.parametrize(("n_slices", "middle"), [(1, 0), (2, 1), (7, 3)])
def test_what_is_shown_of_the_reference_is_the_middle_slice(tmp_path, n_slices, middle):
    reference = np.arange(n_slices * 6, dtype=np.complex64).reshape(n_slices, 2, 3)
    hdf5.write(tmp_path / "scan.h5", {"reference": reference, "support": reference.real > 4}, {})
    scan = read_scan(tmp_path / "scan.h5")
    assert scan.n_slices == n_slices
    np.testing.assert_array_equal(scan.reference, reference[middle])
    np.testing.assert_array_equal(scan.support, reference[middle].real > 4)


def test_every_fact_is_read_from_its_own_place(tmp_path):
    facts = {
        "pixel_spacing_mm": np.array([3.0, 4.0]),
        "sigma": 0.2,
        "sigma_given": 0.3,
        "sigma_uncertainty": 0.04,
        "noise_check": "checked",
        "acceleration": 2.5,
        "reference_source": "noise-free: R",
        "mask_source": "M",
        "noise_source": "N",
        "csm_source": "C",
        "is_simulated": True,
    }
    arrays = {"reference": np.ones((1, 2, 3), np.complex64), "support": np.ones((1, 2, 3), bool)}
    hdf5.write(tmp_path / "head.h5", arrays, facts)
    scan = read_scan(tmp_path / "head.h5")
    assert scan.file == tmp_path / "head.h5"
    assert scan.spacing == (3.0, 4.0)
    assert scan.acceleration == 2.5
    assert (scan.reference_source, scan.mask_source, scan.noise_source, scan.csm_source) == (
        "noise-free: R",
        "M",
        "N",
        "C",
    )
    assert scan.noise == read_noise(tmp_path / "head.h5") == NoiseLevel(0.2, 0.3, 0.04, "checked")
    assert scan.is_simulated
    assert scan.facts.keys() >= facts.keys()
    other = scan.renamed("other")
    assert (other.name, other.spacing, other.file) == ("other", scan.spacing, scan.file)


def test_what_nothing_says_is_none_empty_or_not_a_number(tmp_path):
    hdf5.write(
        tmp_path / "bare.h5", {"kspace": np.ones((1, 1, 2, 2), np.complex64)}, {"reference_source": "given"}
    )
    scan = read_scan(tmp_path / "bare.h5")
    assert scan.spacing is scan.reference is scan.support is None
    assert scan.mask_source == scan.noise_source == scan.csm_source == scan.noise.check == ""
    assert np.isnan(
        [scan.acceleration, scan.noise.sigma, scan.noise.given, scan.noise.relative_uncertainty]
    ).all()
    assert not scan.is_simulated
    assert read_reference(tmp_path / "bare.h5") is None
    assert read_reference_image(tmp_path / "bare.h5") is None


def test_the_reference_is_read_whole_and_every_so_many_pixels(tmp_path):
    image = np.arange(2 * 5 * 7).reshape(2, 5, 7).astype(np.complex64)
    noise = {"reference_noise_variance": 0.5, "reference_noise_energy": 7.0}
    hdf5.write(tmp_path / "scan.h5", {"reference": image, "support": image.real > 9}, noise)
    found = read_reference(tmp_path / "scan.h5")
    np.testing.assert_array_equal(found.image, image)
    np.testing.assert_array_equal(found.inside, image.real > 9)
    assert (found.noise_variance, found.noise_energy) == (0.5, 7.0)
    np.testing.assert_array_equal(read_reference_image(tmp_path / "scan.h5"), image)
    np.testing.assert_array_equal(read_reference_image(tmp_path / "scan.h5", 2), image[:, ::2, ::2])
    np.testing.assert_array_equal(read_support(tmp_path / "scan.h5"), image.real > 9)
