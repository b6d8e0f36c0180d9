import h5py
import numpy as np
import pytest
from made_mrd import header, xsd
from scanner_files import read

from sharpfit.errors import InputError

N_SLICES, N_COILS, N_X, N_Y = 2, 3, 20, 24
FIRST, ACQUIRED = 3, 17
RNG = np.random.default_rng(8)
KSPACE = RNG.standard_normal((N_SLICES, N_COILS, N_X, N_Y)) + 1j * RNG.standard_normal(
    (N_SLICES, N_COILS, N_X, N_Y)
)


def write(
    path, kspace, mask=None, centre=N_Y // 2 - FIRST, *, kept=N_X, field=(200.0, 200.0, 5.0), n_y=ACQUIRED
):
    limit = xsd.limitType(minimum=0, maximum=n_y - 1, center=centre)
    head = header((2 * N_X, N_Y, 1), (kept, N_Y, 1), field, limits={"kspace_encoding_step_1": limit})
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


def test_what_was_done_is_said_in_one_sentence(tmp_path):
    mask = np.arange(N_Y) % 4 == 0
    raw = read(write(tmp_path / "file.h5", wide(KSPACE), mask))
    assert raw.axes_source == (
        "axes given by the format: slice 2, coil 3, readout (ky) 20, phase encode (kx) 24; "
        "lines 3 to 19 of 24 acquired, others are padding; 4 of them in the file's mask; "
        "readout oversampling removed (40 to 20)"
    )
    plain = read(write(tmp_path / "plain.h5", wide(KSPACE), kept=2 * N_X))
    assert plain.axes_source.endswith("lines 3 to 19 of 24 acquired, others are padding")
    assert raw.where == f"{tmp_path / 'file.h5'}:kspace"


@pytest.mark.parametrize("kept", [40, 21, 20, 19])
def test_the_middle_of_the_readout_is_kept(tmp_path, kept):
    """Pixels are as large as before, and of both directions' own size."""
    kspace = RNG.standard_normal((1, 2, 40, N_Y)) + 1j
    raw = read(write(tmp_path / "file.h5", kspace, kept=kept, field=(kept * 4.0, 240.0, 5.0)))
    at = {n: np.arange(n) - n // 2 for n in (40, kept)}
    image = np.exp(2j * np.pi * np.outer(at[40], at[40]) / 40) / np.sqrt(40) @ kspace
    first = 20 - kept // 2
    again = np.exp(-2j * np.pi * np.outer(at[kept], at[kept]) / kept) / np.sqrt(kept)
    wanted = again @ image[..., first : first + kept, :]
    np.testing.assert_allclose(raw.kspace, np.where(inside(), wanted, 0), atol=1e-5)
    assert raw.pixel_spacing_mm == pytest.approx((4.0, 10.0))
    assert raw.sampled.shape == (1, kept, N_Y)


@pytest.mark.parametrize("field", [(200.0, 0.0, 5.0), (0.5, 0.5, 0.5)])
def test_a_field_of_view_of_nothing_tells_no_spacing(tmp_path, field):
    spacing = read(write(tmp_path / "file.h5", wide(KSPACE), field=field)).pixel_spacing_mm
    assert spacing == (None if min(field) == 0 else pytest.approx((0.5 / N_X, 0.5 / N_Y)))


@pytest.mark.parametrize(
    ("centre", "n_y", "told"),
    [
        (12, 24, None),
        (12, 1, None),
        (13, 24, "-1 to 22"),
        (11, 24, "1 to 24"),
        (0, 13, "12 to 24"),
        (0, 12, None),
    ],
)
def test_lines_lie_within_the_matrix_from_the_first_to_the_last(tmp_path, centre, n_y, told):
    path = write(tmp_path / "file.h5", wide(KSPACE), centre=centre, n_y=n_y)
    if told is None:
        first = 12 - centre
        kept = np.flatnonzero(read(path).sampled[0, 0])
        np.testing.assert_array_equal(kept, np.arange(first, first + n_y))
        return
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(caught.value) == f"{path}: its header puts lines {told} into 24; header and data disagree"


@pytest.mark.parametrize(
    ("kspace", "mask", "told"),
    [
        (
            wide(KSPACE),
            np.ones(N_Y - 1),
            "kspace (2, 3, 40, 24) does not fit its header (readout 40) or its mask",
        ),
        (KSPACE[0, 0], None, "kspace of type complex64 and shape (20, 24) is not that of fastMRI"),
        (KSPACE[None], None, "kspace of type complex64 and shape (1, 2, 3, 20, 24) is not that of fastMRI"),
    ],
)
def test_arrays_of_other_sizes_are_refused(tmp_path, kspace, mask, told):
    path = write(tmp_path / "file.h5", kspace, mask)
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(caught.value) == f"{path}: {told}"


def test_real_numbers_are_no_k_space(tmp_path):
    path = write(tmp_path / "file.h5", KSPACE)
    with h5py.File(path, "r+") as file:
        del file["kspace"]
        file["kspace"] = np.abs(KSPACE)
    with pytest.raises(InputError, match=r"kspace of type float64 and shape \(2, 3, 20, 24\) is not that of"):
        read(path)


def test_a_fastmri_file_knows_slices_only(tmp_path):
    path = write(tmp_path / "file.h5", wide(KSPACE))
    for select in ({"repetition": 0}, {"slice": 0, "set": 1}):
        with pytest.raises(InputError, match=r"holds slices only; select: \{slice: …\} is what it knows$"):
            read(path, select=select)
    np.testing.assert_array_equal(read(path, select={"slice": 1}).kspace, read(path).kspace[1:])


def test_of_several_encodings_the_first_is_the_images(tmp_path):
    path = write(tmp_path / "file.h5", wide(KSPACE))
    head = header((2 * N_X, N_Y, 1), (N_X, N_Y, 1))
    head.encoding.append(header((7, 5, 3), (7, 5, 3)).encoding[0])
    with h5py.File(path, "r+") as file:
        del file["ismrmrd_header"]
        file["ismrmrd_header"] = xsd.ToXML(head)
    np.testing.assert_allclose(read(path).kspace, KSPACE, atol=1e-5)


@pytest.mark.parametrize(
    ("stated", "instead"),
    [
        (b"<x>40<", b"<x>4O<"),
        (b"<x>40<", b"<x>NaN<"),
        (b"<maximum>16<", b"<maximum>many<"),
        (b"<x>400.0<", b"<x>INF<"),
    ],
)
def test_a_header_whose_numbers_are_none_is_told_in_one_line(tmp_path, stated, instead):
    path = write(tmp_path / "file.h5", wide(KSPACE))
    with h5py.File(path, "r+") as file:
        text = file["ismrmrd_header"][()]
        assert stated in text
        del file["ismrmrd_header"]
        file["ismrmrd_header"] = text.replace(stated, instead, 1)
    with pytest.raises(InputError, match=r"file\.h5: its header lacks what a scan needs \("):
        read(path)


def test_a_header_without_an_encoding_is_told_in_one_line(tmp_path):
    path = write(tmp_path / "file.h5", wide(KSPACE))
    head = header((2 * N_X, N_Y, 1), (N_X, N_Y, 1))
    head.encoding.clear()
    with h5py.File(path, "r+") as file:
        del file["ismrmrd_header"]
        file["ismrmrd_header"] = xsd.ToXML(head)
    with pytest.raises(InputError, match=r"file\.h5: its header lacks what a scan needs \("):
        read(path)
