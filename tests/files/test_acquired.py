"""From readouts to a raw scan: what is placed, cropped, turned, calibrated and said."""

from dataclasses import replace

import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.files.acquired import Kinds, as_raw_scan
from sharpfit.files.axes import FileArray
from sharpfit.files.encoding import Encoding
from sharpfit.files.geometry import Geometry
from sharpfit.files.raw_scan import ScannerNotes
from sharpfit.files.readouts import Grid, Readouts, to_image, to_kspace

RNG = np.random.default_rng(9)
LEFT, BACK, HEAD = np.eye(3)
NAMES = ("ky", "kz", "slice", "average", "contrast", "phase", "set", "repetition")
N_COILS, N_Y, N_X = 2, 6, 8
FLAT = Encoding(Grid(2 * N_X, N_Y, 1, N_Y // 2, 0), N_X, (5.0, 180.0, 320.0))
NOTES = ScannerNotes("made", "phantom", "cartesian")


def lines(n_y=N_Y, *, n_slices=1, n_z=1, n_samples=2 * N_X, first=0, **counters):
    """Every line of every slice, in the order of slice, partition, line; random samples."""
    slices, kz, ky = (part.ravel() for part in np.indices((n_slices, n_z, n_y)))
    data = RNG.standard_normal((len(ky), N_COILS, n_samples, 2)).view(np.complex128)[..., 0]
    given = {"slice": slices, "kz": kz, "ky": ky + first} | counters
    whole = {name: np.broadcast_to(given.get(name, 0), len(ky)).astype(int) for name in NAMES}
    return Readouts(data.astype(np.complex64), np.full(len(ky), n_samples // 2), whole)


def joined(*parts):
    return Readouts(
        np.concatenate([part.data for part in parts]),
        np.concatenate([part.centre for part in parts]),
        {name: np.concatenate([part.counters[name] for part in parts]) for name in NAMES},
    )


def raw_scan(imaging, *, encoding=FLAT, calibration=None, noise=None, geometry=None):
    return as_raw_scan(Kinds(imaging, calibration, noise), encoding, lambda _: geometry, NOTES, {}, "scan")


def cropped(readouts, n=N_X):
    """(line, coil, kx) of the middle n pixels."""
    image = to_image(readouts.data, -1)
    first = image.shape[-1] // 2 - n // 2
    return to_kspace(image[..., first : first + n], -1)


def close(found, wanted):
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_what_was_done_is_said_in_one_sentence():
    one, again = lines(n_slices=2), lines(n_slices=2, average=1)
    more = lines(2, n_slices=2, average=2)
    raw = raw_scan(joined(one, again, more))
    assert raw.axes_source == (
        "axes given by the format: slice 2, coil 2, ky 6, kx 8; readouts placed by the header on 16 × 6 × 1; "
        "mean of 2 averages; 4 readouts of lines acquired more often than others left out; "
        "readout oversampling removed (16 to 8); not turned: no complete geometry"
    )
    wanted = [cropped(part).reshape(2, N_Y, N_COILS, N_X).swapaxes(1, 2) for part in (one, again)]
    close(raw.averages, wanted)
    close(raw.kspace, np.mean(wanted, axis=0))
    assert raw.pixel_spacing_mm == (30.0, 20.0)
    assert (raw.where, raw.notes, raw.phase_axis) == ("scan", NOTES, "ky")


def test_a_readout_without_oversampling_is_left_as_it_is():
    given = lines()
    raw = raw_scan(given, encoding=replace(FLAT, n_x_kept=2 * N_X))
    np.testing.assert_array_equal(raw.kspace[0], given.data.swapaxes(0, 1))
    assert "oversampling" not in raw.axes_source
    assert raw.averages is None


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        (LEFT, BACK, "; upright as acquired"),
        (-LEFT, BACK, "; turned upright (kx mirrored)"),
        (LEFT, -BACK, "; turned upright (ky mirrored)"),
        (BACK, LEFT, "; turned upright (ky and kx exchanged)"),
        (-BACK, -LEFT, "; turned upright (ky and kx exchanged, ky mirrored, kx mirrored)"),
    ],
)
def test_how_slices_are_turned_is_said(row, column, said):
    given = lines()
    raw = raw_scan(given, geometry=Geometry(np.zeros((1, 3)), row, column, (30.0, 20.0), 5.0))
    assert raw.axes_source.endswith(said)
    exchanged = bool(abs(row @ BACK))
    assert raw.phase_axis == ("kx" if exchanged else "ky")
    assert raw.kspace.shape[-2:] == ((N_X, N_Y) if exchanged else (N_Y, N_X))
    assert raw.pixel_spacing_mm == ((20.0, 30.0) if exchanged else (30.0, 20.0))


def test_slices_are_ordered_along_their_normal():
    """With their calibration lines, averages and positions; as counted where no position is known."""
    given = joined(lines(n_slices=3), lines(n_slices=3, average=1))
    separate = lines(n_slices=3)
    centres = np.array([[0.0, 0, 7], [0, 0, -2], [0, 0, 3]])
    placed = Geometry(centres, LEFT, BACK, (30.0, 20.0), 5.0)
    raw = raw_scan(given, calibration=separate, geometry=placed)
    counted = raw_scan(given, calibration=separate, geometry=None)
    order = [1, 2, 0]
    np.testing.assert_array_equal(raw.geometry.centres[:, 2], [-2, 3, 7])
    close(raw.kspace, counted.kspace[order])
    close(raw.averages, counted.averages[:, order])
    close(raw.calibration, counted.calibration[order])
    close(counted.calibration, cropped(separate).reshape(3, N_Y, N_COILS, N_X).swapaxes(1, 2))


def test_of_an_image_with_fewer_slices_place_and_calibration_are_those_of_its_own():
    """Contrast 1 holds the second slice alone; without calibration lines of that slice there are none."""
    second, both = lines(slice=1, contrast=1), lines(n_slices=2)
    asked = []

    def geometry(these):
        asked.append(these)
        return Geometry(np.array([[0.0, 0, 5]]), LEFT, BACK, (30.0, 20.0), 5.0)

    for separate in (lines(n_slices=2), lines()):
        kinds = Kinds(joined(both, second), separate, None)
        raw = as_raw_scan(kinds, FLAT, geometry, NOTES, {"contrast": 1}, "scan")
        np.testing.assert_array_equal(np.flatnonzero(asked[-1]), np.arange(2 * N_Y, 3 * N_Y))
        np.testing.assert_array_equal(raw.geometry.centres, [[0, 0, 5]])
        if len(separate) == N_Y:
            assert raw.calibration is None
        else:
            close(raw.calibration[0], cropped(separate)[N_Y:].swapaxes(0, 1))


@pytest.mark.parametrize("name", ["contrast", "phase", "set", "repetition"])
def test_calibration_lines_are_those_of_the_first_image(name):
    """The mean of their averages."""
    first = [lines(4, first=1, average=n, **{name: 3}) for n in (0, 1)]
    other = lines(4, first=1, **{name: 5})
    raw = raw_scan(lines(), calibration=joined(other, *first))
    wanted = np.zeros((N_COILS, N_Y, N_X), np.complex64)
    wanted[:, 1:5] = (cropped(first[0]) + cropped(first[1])).swapaxes(0, 1) / 2
    close(raw.calibration[0], wanted)


@pytest.mark.parametrize("other", [{"n_samples": 10}, {"n_slices": 1}, {"slice": 1}])
def test_calibration_lines_of_another_readout_or_of_other_slices_are_none(other):
    assert raw_scan(lines(n_slices=2), calibration=lines(**{"n_slices": 2} | other)).calibration is None
    assert raw_scan(lines(n_slices=2), calibration=lines(n_slices=2)).calibration is not None


def test_calibration_lines_keep_the_oversampling_that_the_images_keep():
    """An asymmetric echo cannot be cropped: 12 of 16 samples, the centre being the fourth."""
    imaging, separate = (replace(lines(n_samples=12), centre=np.full(N_Y, 4)) for _ in range(2))
    raw = raw_scan(imaging, calibration=separate)
    assert "readout oversampling kept: the echo is asymmetric, and removing it mixes neighbours" in (
        raw.axes_source
    )
    assert raw.kspace.shape == raw.calibration.shape == (1, N_COILS, N_Y, 2 * N_X)
    np.testing.assert_array_equal(raw.calibration[0, :, :, 4:], separate.data.swapaxes(0, 1))
    assert not raw.calibration[..., :4].any()


@pytest.mark.parametrize("n_averages", [1, 2, 4])
def test_the_noise_is_that_of_the_mean_of_averages(n_averages):
    noise = FileArray(np.arange(6, dtype=np.complex64).reshape(2, 3) + 1, "noise", ("coil", "sample"))
    raw = raw_scan(joined(*(lines(average=n) for n in range(n_averages))), noise=noise)
    close(raw.noise.values, noise.values / np.sqrt(n_averages))
    assert raw.noise.where == "noise"
    assert raw_scan(lines()).noise is None


SLAB = Encoding(Grid(2 * N_X, N_Y, 4, N_Y // 2, 2), N_X, (10.0, 180.0, 320.0))


def test_a_slab_becomes_slices_along_its_readout():
    given = lines(n_z=4)
    given = given.where(np.arange(24) % 3 != 1)
    raw = raw_scan(given, encoding=SLAB)
    wanted = np.zeros((N_X, N_COILS, N_Y, 4), np.complex64)
    image = to_image(cropped(given), -1)
    for n in range(len(given)):
        wanted[:, :, given.counters["ky"][n], given.counters["kz"][n]] = image[n].T
    close(raw.kspace, wanted)
    np.testing.assert_array_equal(raw.sampled, wanted.any(axis=1))
    assert "; 3-D: the readout is transformed, and its 8 positions are slices; ky × kz become ky × kx" in (
        raw.axes_source
    )
    assert raw.pixel_spacing_mm == (30.0, 2.5)


def test_several_slabs_and_asymmetric_slabs_are_refused():
    with pytest.raises(InputError, match=r"^scan: holds 2 slabs of 3-D k-space; one can be fitted$"):
        raw_scan(lines(n_z=4, n_slices=2), encoding=SLAB)
    short = replace(lines(n_z=4, n_samples=12), centre=np.full(24, 4))
    with pytest.raises(InputError, match=r"^scan: a 3-D scan with asymmetric echoes cannot be fitted: its "):
        raw_scan(short, encoding=SLAB)
