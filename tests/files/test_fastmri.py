import h5py
import numpy as np
import pytest
from made_mrd import header, xsd

from sharpfit.errors import InputError
from sharpfit.files.formats import reader_of
from sharpfit.files.read_scan import read_scan

N_SLICES, N_COILS, N_X, N_Y = 2, 3, 20, 24
FIRST, ACQUIRED = 3, 17
RNG = np.random.default_rng(8)
KSPACE = RNG.standard_normal((N_SLICES, N_COILS, N_X, N_Y)) + 1j * RNG.standard_normal(
    (N_SLICES, N_COILS, N_X, N_Y)
)


def write(path, kspace, mask=None, centre=N_Y // 2 - FIRST):
    limit = xsd.limitType(minimum=0, maximum=ACQUIRED - 1, center=centre)
    head = header((2 * N_X, N_Y, 1), (N_X, N_Y, 1), limits={"kspace_encoding_step_1": limit})
    with h5py.File(path, "w") as file:
        file["kspace"] = kspace.astype(np.complex64)
        file["ismrmrd_header"] = xsd.ToXML(head)
        file.attrs["patient_id"] = "ID-4711"
        if mask is not None:
            file["mask"] = mask
    return path


def wide(kspace):
    """Double the readout's field of view, along the axis before the last."""
    image = np.fft.fftshift(np.fft.ifft(np.fft.ifftshift(kspace, -2), axis=-2, norm="ortho"), -2)
    padded = np.pad(image, [(0, 0)] * (image.ndim - 2) + [(N_X // 2, N_X // 2), (0, 0)])
    return np.fft.fftshift(np.fft.fft(np.fft.ifftshift(padded, -2), axis=-2, norm="ortho"), -2)


def read(path, **entries):
    return read_scan({"file": str(path), **entries}, {str(path): reader_of(str(path))})


def inside(columns=slice(FIRST, FIRST + ACQUIRED)):
    kept = np.zeros(N_Y, bool)
    kept[columns] = True
    return kept


def test_padding_has_no_weight_and_oversampling_is_removed(tmp_path):
    raw = read(write(tmp_path / "file.h5", wide(KSPACE)))
    np.testing.assert_allclose(raw.kspace, np.where(inside(), KSPACE, 0), atol=1e-5)
    np.testing.assert_array_equal(raw.sampled, np.broadcast_to(inside(), (N_SLICES, N_X, N_Y)))
    np.testing.assert_allclose(raw.pixel_spacing_mm, (200 / N_X, 200 / N_Y))
    assert raw.phase_axis == "kx"
    assert (
        f"slice {N_SLICES}, coil {N_COILS}, readout (ky) {N_X}, phase encode (kx) {N_Y};" in raw.axes_source
    )


def test_the_files_mask_counts(tmp_path):
    mask = (np.arange(N_Y) % 2 == 0).astype(np.uint8)
    raw = read(write(tmp_path / "file.h5", wide(KSPACE * mask), mask))
    np.testing.assert_array_equal(raw.sampled[0, 0], inside() & (mask > 0))


def test_single_coil_files_have_no_coil_axis(tmp_path):
    raw = read(write(tmp_path / "file.h5", wide(KSPACE[:, 0])), select={"slice": [1]})
    np.testing.assert_allclose(raw.kspace, np.where(inside(), KSPACE[1:, :1], 0), atol=1e-5)


def test_header_and_data_that_disagree_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"does not fit its header \(readout 40\)"):
        read(write(tmp_path / "file.h5", KSPACE))
    with pytest.raises(InputError, match="puts lines -8 to 8 into 24"):
        read(write(tmp_path / "file.h5", wide(KSPACE), centre=20))


def test_the_subject_stays_in_the_file(tmp_path):
    assert "4711" not in repr(read(write(tmp_path / "file.h5", wide(KSPACE))))
