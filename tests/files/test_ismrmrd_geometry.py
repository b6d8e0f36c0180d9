"""Where the images of an ISMRMRD file lie, and which way up they stand."""

import made_mrd
import numpy as np
import pytest
from made_mrd import Line, header, lines_of, oversampled
from scanner_files import HEADER, KSPACE, N_X, N_Y, RNG, close, read, written

from sharpfit.errors import InputError
from sharpfit.files.read_scan import read_scan


def test_the_spacing_is_known_without_directions(tmp_path):
    path = made_mrd.write(
        tmp_path / "scan.h5", header(**HEADER), lines_of(oversampled(KSPACE)), directions=np.zeros((3, 3))
    )
    raw = read(path)
    assert raw.geometry is None
    assert raw.pixel_spacing_mm == (200 / N_Y, 200 / N_X)
    assert "not turned: no complete geometry" in raw.axes_source


def test_a_3d_scan_becomes_independent_slices_along_its_readout(tmp_path):
    n_z = 6
    volume = RNG.standard_normal((2, n_z, N_Y, N_X)) + 1j * RNG.standard_normal((2, n_z, N_Y, N_X))
    wide = oversampled(volume)
    lines = [Line(wide[:, kz, ky], ky, kz) for kz in range(n_z) for ky in range(N_Y) if (ky + kz) % 2]
    path = made_mrd.write(tmp_path / "volume.h5", header((2 * N_X, N_Y, n_z), (N_X, N_Y, n_z)), lines)
    raw = read(path)
    image = np.fft.fftshift(
        np.fft.ifft(np.fft.ifftshift(volume, axes=-1), axis=-1, norm="ortho"), axes=-1
    )  # (coil, kz, ky, x)
    assert raw.sampled.shape == raw.kspace[:, 0].shape
    assert raw.sampled.mean() == 0.5
    assert len(raw.kspace) == N_X
    # sagittal slices stand with the back to the right and the feet down: ky (back) is kx, kz (head) is −ky;
    # they are counted along their normal, from left to right
    turned = np.roll(image[:, ::-1], 1, axis=1).transpose(3, 0, 1, 2)[::-1]
    close(raw.kspace, np.where(raw.sampled[:, None], turned, 0))
    assert raw.phase_axis == "kx"
    assert raw.geometry.centres.shape == (N_X, 3)


def test_an_axial_image_stands_upright_whoever_the_vendor_is(tmp_path):
    """Directions of Siemens are those of a forward FFT; the phantom is the same after both are undone."""
    kspace = RNG.standard_normal((2, 32, 32)).astype(np.complex64)
    plain = read(written(tmp_path, lines_of(kspace), encoded=(32, 32, 1), recon=(32, 32, 1)))
    close(plain.kspace[0], kspace)
    siemens = read(
        written(tmp_path, lines_of(kspace), encoded=(32, 32, 1), recon=(32, 32, 1), vendor="SIEMENS")
    )
    mirrored = np.roll(kspace[:, ::-1, ::-1], (1, 1), axis=(1, 2))
    close(siemens.kspace[0], mirrored)
    for raw in (plain, siemens):
        np.testing.assert_allclose(raw.geometry.row, [1, 0, 0], atol=1e-6)
        np.testing.assert_allclose(raw.geometry.column, [0, 1, 0], atol=1e-6)


def test_every_slice_lies_where_its_first_line_says(tmp_path):
    """Later lines may have moved; the calibration lines' place does not matter."""
    wide = oversampled(KSPACE)
    lines = [Line(wide[:, ky], ky, flags=(20,), position=(9.0, 9.0, 9.0)) for ky in range(8, 16)]
    for ky in range(N_Y):
        lines += [
            Line(wide[:, ky], ky, counters=(("slice", n),), position=(1.0, 2.0, 10.0 * n + (ky > 0)))
            for n in (2, 0, 1)
        ]
    raw = read(written(tmp_path, lines, calibration="separate"))
    np.testing.assert_array_equal(raw.geometry.centres, [[1, 2, 0], [1, 2, 10], [1, 2, 20]])


def test_the_slices_of_the_contrast_that_is_chosen_lie_where_its_own_lines_say(tmp_path):
    """The second contrast holds the second slice alone, and moved."""
    wide = oversampled(KSPACE)
    placed = [(0, 0, 0.0), (0, 1, 5.0), (1, 1, 6.0)]
    lines = [
        Line(wide[:, ky], ky, counters=(("contrast", contrast), ("slice", n)), position=(0.0, 0.0, at))
        for contrast, n, at in placed
        for ky in range(N_Y)
    ]
    path = written(tmp_path, lines)
    for contrast, centres in ((0, [[0, 0, 0], [0, 0, 5]]), (1, [[0, 0, 6]])):
        raw = read(path, select={"contrast": contrast})
        np.testing.assert_array_equal(raw.geometry.centres, centres)
        assert len(raw.kspace) == len(centres)


@pytest.mark.parametrize(("tilt", "known"), [(0.0, True), (5e-4, True), (5e-3, False)])
def test_directions_that_are_not_at_right_angles_place_nothing(tmp_path, tilt, known):
    directions = np.eye(3)
    directions[0, 1] = tilt
    path = made_mrd.write(
        tmp_path / "scan.h5", header(**HEADER), lines_of(oversampled(KSPACE)), directions=directions
    )
    assert (read(path).geometry is not None) == known


def test_maps_of_a_scanners_file_are_read_with_y_before_x(tmp_path):
    """Of a square image, whose sides lengths cannot tell."""
    kspace = RNG.standard_normal((3, 20, 20)) + 1j
    path = written(tmp_path, lines_of(oversampled(kspace)), encoded=(40, 20, 1), recon=(20, 20, 1))
    maps = RNG.standard_normal((3, 20, 20)) + 1j
    np.save(tmp_path / "maps.npy", maps)
    scan = {"file": str(path), "csm": {"file": str(tmp_path / "maps.npy")}}
    raw = read_scan(scan, {str(path): "ismrmrd", str(tmp_path / "maps.npy"): "npy"})
    np.testing.assert_array_equal(raw.csm.values, maps[None])
    assert "read in the same order" not in raw.axes_source
    with pytest.raises(InputError, match=r"scan\.h5: its format names the axes itself; leave out axes:$"):
        read(path, axes=["coil", "ky", "kx"])
    with pytest.raises(InputError, match=r"gone\.h5: no such file$"):
        read_scan({"file": "gone.h5"}, {"gone.h5": "ismrmrd"})
