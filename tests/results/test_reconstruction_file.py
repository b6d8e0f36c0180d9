"""What is read of a reconstruction: every number from its own place, the middle slice, some of the pixels."""

import numpy as np
import pytest
from made_records import made_record

from sharpfit.errors import InputError
from sharpfit.judging.record import MEASURES
from sharpfit.results import hdf5
from sharpfit.results.history import COLUMNS, write_history
from sharpfit.results.reconstruction_file import (
    ATTRIBUTES,
    read_image,
    read_middle_slice,
    read_record,
    read_thinned,
)

RECORD = made_record(n_slices=3, n_draws=2)
ATTRS = {
    "sigma": 0.25,
    "n_real": 12.5,
    "n_held_out": 3.5,
    "cutoff_asked": 0.01,
    "cutoff_used": 0.02,
    "seen_share": 0.75,
    "stopped_because": "risk rose",
    "is_finite": False,
    "last_step": 0.75,
    "travel_needed": 1.25,
    "has_learning_rate": False,
}
IMAGES = np.arange(11 * 3 * 5 * 4).reshape(11, 3, 5, 4).astype(np.complex64)


def written(folder, changed=(), without=(), **attrs):
    arrays = {
        name if name in ("iterations", "frc_counts") else f"measures/{name}": getattr(RECORD, name)
        for name in MEASURES
    }
    arrays |= {"images": IMAGES, "noise_map": IMAGES.real / 2, **dict(changed)}
    kept = {name: value for name, value in (ATTRS | attrs).items() if name not in without}
    hdf5.write(folder / "reconstruction.h5", {k: v for k, v in arrays.items() if k not in without}, kept)
    write_history(folder / "history.csv", [dict.fromkeys(COLUMNS, float(n)) for n in range(4)])
    return folder / "reconstruction.h5", folder / "history.csv"


def test_every_number_is_read_from_its_own_place(tmp_path):
    assert ATTRS.keys() == set(ATTRIBUTES)
    found = read_record(*written(tmp_path))
    for name in MEASURES:
        np.testing.assert_array_equal(getattr(found, name), getattr(RECORD, name))
    assert {name: getattr(found, name) for name in ATTRIBUTES} == ATTRS
    np.testing.assert_array_equal(found.history["chi2"], [0, 1, 2, 3])
    assert (found.is_penalised, found.has_measured_draw, found.weights) == (False, False, ())
    assert found.went_on == ()


def test_what_only_some_fits_have_is_read_where_it_is(tmp_path):
    weights, went_on = np.array([np.nan, 0.5, 0.25]), np.array([[1.0, 3.5], [8.0, 2.5]])
    files = written(
        tmp_path,
        {"weights": weights, "went_on": went_on},
        is_penalised=True,
        has_measured_draw=True,
        has_learning_rate=True,
    )
    found = read_record(*files)
    assert found.is_penalised is found.has_measured_draw is found.has_learning_rate is True
    np.testing.assert_array_equal(found.weights, weights)
    assert found.went_on == ((1.0, 3.5), (8.0, 2.5))


def test_what_is_not_finite_is_not_a_number_and_no_way_to_go(tmp_path):
    rss = RECORD.rss.copy()
    rss[3, 1], rss[4, 2] = np.inf, -np.inf
    found = read_record(*written(tmp_path, {"measures/rss": rss}, last_step=np.nan, travel_needed=np.nan))
    assert np.argwhere(np.isnan(found.rss)).tolist() == [[3, 1], [4, 2]]
    assert found.rss[0, 0] == rss[0, 0]
    assert (found.last_step, found.travel_needed) == (0.0, 0.0)
    assert found.iterations.dtype.kind == found.frc_counts.dtype.kind == "i"


@pytest.mark.parametrize("name", ["sigma", "has_learning_rate", "measures/rss", "iterations"])
def test_a_reconstruction_that_lacks_something_is_named(tmp_path, name):
    with pytest.raises(
        InputError, match=rf"reconstruction\.h5: .*{name.split('/')[-1]}.*; reconstruct it again"
    ):
        read_record(*written(tmp_path, without=(name,)))


def test_images_are_read_one_checkpoint_or_some_pixels_at_a_time(tmp_path):
    file, _ = written(tmp_path)
    np.testing.assert_array_equal(read_image(file, 7), IMAGES[7])
    np.testing.assert_array_equal(read_thinned(file, 7, 2), IMAGES[7][:, [0, 2, 4]][:, :, [0, 2]])
    np.testing.assert_array_equal(read_thinned(file, 1, 3), IMAGES[1][:, [0, 3]][:, :, [0, 3]])


@pytest.mark.parametrize(("n_slices", "middle"), [(1, 0), (2, 1), (3, 1)])
def test_the_middle_slice_is_read_with_what_all_slices_say(tmp_path, n_slices, middle):
    frc = np.random.default_rng(0).random((11, n_slices, 2, 8))
    norm = np.arange(11.0 * n_slices).reshape(11, n_slices)
    changed = {
        "images": IMAGES[:, :n_slices],
        "noise_map": IMAGES[:, :n_slices].real / 2,
        "measures/frc": frc,
        "measures/image_norm": norm,
    }
    found = read_middle_slice(written(tmp_path, changed)[0])
    np.testing.assert_array_equal(found.images, IMAGES[:, middle])
    np.testing.assert_array_equal(found.noise_map, IMAGES[:, middle].real / 2)
    np.testing.assert_array_equal(found.iterations, RECORD.iterations)
    np.testing.assert_array_equal(found.frc_counts, RECORD.frc_counts)
    np.testing.assert_allclose(found.frc, frc.mean(axis=(1, 2)))
    np.testing.assert_allclose(found.image_norm, np.sqrt((norm**2).sum(axis=1)))
    assert found.travel_needed == 1.25
    bare = tmp_path / "bare"
    bare.mkdir()
    assert np.isnan(read_middle_slice(written(bare, changed, ("travel_needed",))[0]).travel_needed)
