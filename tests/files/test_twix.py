from dataclasses import replace

import made_twix
import numpy as np
import pytest
from made_mrd import oversampled
from made_twix import Block, measurement
from twixtools.hdr_def import MultiRaidFileHeader

from sharpfit.errors import InputError
from sharpfit.files.formats import reader_of
from sharpfit.files.read_scan import read_scan
from sharpfit.files.readers import twix_header

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

N_COILS, N_Y, N_X = 3, 24, 20
RNG = np.random.default_rng(6)
KSPACE = (RNG.standard_normal((N_COILS, N_Y, N_X)) + 1j * RNG.standard_normal((N_COILS, N_Y, N_X))).astype(
    np.complex64
)
WIDE = oversampled(KSPACE)


def read(path, **entries):
    return read_scan({"file": str(path), **entries}, {str(path): reader_of(str(path))})


def lines(wide=WIDE, **counters):
    return [Block(wide[:, ky], {"Lin": ky} | counters) for ky in range(wide.shape[1])]


def upright(kspace):
    """The phase encode of the axial slice runs to the back after a forward FFT, so ky is mirrored here."""
    return np.roll(kspace[..., ::-1, :], 1 - kspace.shape[-2] % 2, axis=-2)


def close(found, wanted):
    np.testing.assert_allclose(found, wanted, atol=2e-6 * np.abs(wanted).max())


def test_known_kspace_comes_back_upright_without_its_oversampling(tmp_path):
    raw = read(made_twix.write(tmp_path / "scan.dat", measurement(lines(), 2 * N_X, N_Y)))
    close(raw.kspace, upright(KSPACE)[None])
    assert raw.sampled.all()
    np.testing.assert_allclose(raw.pixel_spacing_mm, (200 / N_Y, 160 / N_X))
    np.testing.assert_allclose([raw.geometry.row, raw.geometry.column], [[1, 0, 0], [0, 1, 0]], atol=1e-6)


def test_the_noise_of_an_adjustment_is_scaled_to_the_images(tmp_path):
    noise = RNG.standard_normal((N_COILS, 256)) + 1j * RNG.standard_normal((N_COILS, 256))
    halves = [Block(part, flags=("NOISEADJSCAN",)) for part in (noise[:, :128], noise[:, 128:])]
    before = measurement(halves, 128, 1, dwell_ns=10_000)
    raw = read(made_twix.write(tmp_path / "scan.dat", before, measurement(lines(), 2 * N_X, N_Y)))
    close(raw.noise.values, noise * np.sqrt(5 / 0.793))


def test_lines_that_calibrate_and_image_belong_to_the_calibration_lines(tmp_path):
    """Every second line images, the middle ones calibrate too; those between them alone would leave holes."""
    middle = range(8, 16)
    imaging = [
        Block(WIDE[:, ky], {"Lin": ky}, ("PATREFSCAN", "PATREFANDIMASCAN") if ky in middle else ())
        for ky in range(0, N_Y, 2)
    ]
    between = [Block(WIDE[:, ky], {"Lin": ky}, ("PATREFSCAN",)) for ky in middle if ky % 2]
    raw = read(made_twix.write(tmp_path / "scan.dat", measurement([*imaging, *between], 2 * N_X, N_Y)))
    plain = read(made_twix.write(tmp_path / "plain.dat", measurement(imaging, 2 * N_X, N_Y)))
    close(raw.kspace, plain.kspace)
    whole = upright(KSPACE)[None]
    known = np.abs(raw.calibration).sum((0, 1, 3)) > 0
    assert known.sum() == len(middle)
    close(raw.calibration, np.where(known[:, None], whole, 0))


def test_partial_fourier_reversed_lines_and_averages(tmp_path):
    blocks = [
        Block(WIDE[:, ky, ::-1] * (1 + n), {"Lin": ky - 8, "Ave": n}, ("REFLECT",))
        for n in (0, 1)
        for ky in range(8, N_Y)
    ]
    scan = measurement(blocks, 2 * N_X, N_Y, centre=(N_Y // 2 - 8, 0))
    raw = read(made_twix.write(tmp_path / "scan.dat", scan))
    kept = np.where(np.arange(N_Y)[:, None] >= 8, KSPACE, 0)
    close(raw.kspace[0], 1.5 * upright(kept))
    assert len(raw.averages) == 2
    assert raw.sampled.mean() == (N_Y - 8) / N_Y


def test_slices_acquired_out_of_order_are_sorted_by_position(tmp_path):
    blocks = []
    for number, at in enumerate((5.0, -5.0, 0.0)):
        for block in lines((at + 10) * WIDE, Sli=number):
            block.position = (0, 0, at)
            blocks.append(block)
    raw = read(made_twix.write(tmp_path / "scan.dat", measurement(blocks, 2 * N_X, N_Y)))
    close(raw.kspace, np.stack([factor * upright(KSPACE) for factor in (5, 10, 15)]))
    np.testing.assert_allclose(raw.geometry.centres[:, 2], [-5, 0, 5])


@pytest.mark.parametrize(
    ("number", "name"), [(2, "radial"), (4, "spiral"), (8, "PROPELLER"), (16, "trajectory 16")]
)
def test_what_is_not_cartesian_is_refused_by_name(tmp_path, number, name):
    scan = measurement(lines(), 2 * N_X, N_Y, trajectory=number)
    with pytest.raises(InputError, match=f"{name}.*, which cannot be fitted yet"):
        read(made_twix.write(tmp_path / "scan.dat", scan))


def test_echo_planar_scans_are_refused(tmp_path):
    blocks = [Block(WIDE[:, 0], flags=("PHASCOR",)), *lines()]
    with pytest.raises(InputError, match="echo-planar"):
        read(made_twix.write(tmp_path / "scan.dat", measurement(blocks, 2 * N_X, N_Y)))


def test_personal_fields_stay_in_the_file(tmp_path):
    raw = read(made_twix.write(tmp_path / "scan.dat", measurement(lines(), 2 * N_X, N_Y)))
    assert not [word for word in ("Doe", "Jane", "4711") if word in repr(raw)]


@pytest.mark.real
def test_the_samples_of_a_scanners_file_are_those_that_turbotwix_reads(shared_data):
    turbotwix = pytest.importorskip("turbotwix")
    path = shared_data / "gre_twix" / "gre.dat"
    with turbotwix.open_twix(path) as file:
        table = file.measurements[-1].lines
        wide = np.asarray(table.read())  # (coil, ky, kx)
    raw = read(path)
    image = np.fft.fftshift(np.fft.ifft(np.fft.ifftshift(wide, -1), axis=-1, norm="ortho"), -1)[..., 80:240]
    kspace = np.fft.fftshift(np.fft.fft(np.fft.ifftshift(image, -1), axis=-1, norm="ortho"), -1)
    close(raw.kspace[0], upright(kspace))


@pytest.mark.parametrize(("more", "is_whole"), [(0, True), (1, False)])
def test_a_measurement_ends_with_the_file_at_the_latest(tmp_path, more, is_whole):
    path = made_twix.write(tmp_path / "scan.dat", measurement(lines(), 2 * N_X, N_Y))
    content = bytearray(path.read_bytes())
    entry = np.frombuffer(content, MultiRaidFileHeader, 1)["entry"][0, :1]
    entry["len_"] = len(content) - entry["off_"] + more
    path.write_bytes(content)
    if is_whole:
        close(read(path).kspace, upright(KSPACE)[None])
    else:
        with pytest.raises(InputError, match=rf"does not fit its {len(content)}; it is cut off"):
            read(path)


def test_oversampling_along_a_slab_makes_no_single_slice_thicker(tmp_path):
    made = measurement(lines(), 2 * N_X, N_Y, slice_oversampling=1.0)
    assert read(made_twix.write(tmp_path / "scan.dat", made)).geometry.thickness_mm == 5


@pytest.mark.parametrize("quaternion", [(1.0, 1.0, 0.0, 0.0), (np.nan, 0.0, 0.0, 1.0)])
def test_what_is_no_rotation_tells_no_geometry(tmp_path, quaternion):
    turned = [replace(line, quaternion=quaternion) for line in lines()]
    raw = read(made_twix.write(tmp_path / "scan.dat", measurement(turned, 2 * N_X, N_Y)))
    assert raw.geometry is None
    assert raw.pixel_spacing_mm is not None


@pytest.mark.parametrize(("length", "fits"), [(0, False), (15, False), (16, True), (100, True), (101, False)])
def test_a_header_is_no_shorter_than_its_own_counts_and_no_longer_than_its_file(tmp_path, length, fits):
    path = tmp_path / "meas.dat"
    path.write_bytes(np.array([length, 0], "<u4").tobytes() + bytes(92))
    words = "holds no protocol" if fits else f"its header would take {length} bytes"
    with pytest.raises(InputError, match=words), path.open("rb") as file:
        twix_header.measurements(path, file)


def test_a_header_is_no_longer_than_its_measurement(tmp_path):
    path = made_twix.write(tmp_path / "scan.dat", measurement(lines(), 2 * N_X, N_Y))
    content = bytearray(path.read_bytes())
    first, length = np.frombuffer(content, "<u8", 2, 16)
    content[first : first + 4] = np.array(length + 1, "<u4").tobytes()
    path.write_bytes(content)
    with (
        pytest.raises(InputError, match=f"its header would take {length + 1} bytes"),
        path.open("rb") as file,
    ):
        twix_header.measurements(path, file)
