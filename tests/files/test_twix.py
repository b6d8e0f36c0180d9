"""What a Siemens twix file acquired becomes k-space: its lines are placed, cropped, averaged, or refused."""

from dataclasses import replace

import made_twix
import numpy as np
import pytest
from made_twix import Block, lines_of, measurement, upright
from scanner_files import KSPACE, N_COILS, N_X, N_Y, RNG, WIDE, close, read, told

from sharpfit.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_known_kspace_comes_back_upright_without_its_oversampling(tmp_path):
    raw = read(made_twix.write(tmp_path / "scan.dat", measurement(lines_of(WIDE), 2 * N_X, N_Y)))
    close(raw.kspace, upright(KSPACE)[None])
    assert raw.sampled.all()
    np.testing.assert_allclose(raw.pixel_spacing_mm, (200 / N_Y, 160 / N_X))
    np.testing.assert_allclose([raw.geometry.row, raw.geometry.column], [[1, 0, 0], [0, 1, 0]], atol=1e-6)


def test_the_noise_of_an_adjustment_is_scaled_to_the_images(tmp_path):
    noise = RNG.standard_normal((N_COILS, 256)) + 1j * RNG.standard_normal((N_COILS, 256))
    halves = [Block(part, flags=("NOISEADJSCAN",)) for part in (noise[:, :128], noise[:, 128:])]
    before = measurement(halves, 128, 1, dwell_ns=10_000)
    raw = read(made_twix.write(tmp_path / "scan.dat", before, measurement(lines_of(WIDE), 2 * N_X, N_Y)))
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


@pytest.mark.parametrize(
    ("number", "name"), [(2, "radial"), (4, "spiral"), (8, "PROPELLER"), (16, "trajectory 16")]
)
def test_what_is_not_cartesian_is_refused_by_name(tmp_path, number, name):
    scan = measurement(lines_of(WIDE), 2 * N_X, N_Y, trajectory=number)
    with pytest.raises(InputError, match=f"{name}.*, which cannot be fitted yet"):
        read(made_twix.write(tmp_path / "scan.dat", scan))


def test_echo_planar_scans_are_refused(tmp_path):
    blocks = [Block(WIDE[:, 0], flags=("PHASCOR",)), *lines_of(WIDE)]
    with pytest.raises(InputError, match="echo-planar"):
        read(made_twix.write(tmp_path / "scan.dat", measurement(blocks, 2 * N_X, N_Y)))


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


@pytest.mark.parametrize("cut", [(6, 0), (0, 4), (6, 4)])
@pytest.mark.parametrize("flags", [(), ("REFLECT",)])
def test_samples_that_the_header_cuts_off_are_left_out(tmp_path, cut, flags):
    junk = np.pad(WIDE, ((0, 0), (0, 0), cut), constant_values=1e3)
    blocks = [
        Block(junk[:, ky, ::-1] if flags else junk[:, ky], {"Lin": ky}, flags, centre=N_X + cut[0], cut=cut)
        for ky in range(N_Y)
    ]
    close(
        read(made_twix.write(tmp_path / "scan.dat", measurement(blocks, 2 * N_X, N_Y))).kspace[0],
        upright(KSPACE),
    )


@pytest.mark.parametrize("cut", [(2 * N_X, 0), (N_X, N_X)])
def test_a_readout_of_which_nothing_is_left_is_refused(tmp_path, cut):
    path = made_twix.write(
        tmp_path / "scan.dat", measurement([replace(one, cut=cut) for one in lines_of(WIDE)], 2 * N_X, N_Y)
    )
    assert told(path) == f"{path}: readouts of 3 coils × 40 samples; it is damaged"


def test_readouts_of_two_lengths_are_refused(tmp_path):
    blocks = [*lines_of(WIDE)[:-1], Block(WIDE[:, -1, :-2], {"Lin": N_Y - 1})]
    path = made_twix.write(tmp_path / "scan.dat", measurement(blocks, 2 * N_X, N_Y))
    assert told(path) == (
        f"{path}: its readouts differ in coils, samples or cut-off: [(3, 38, 0, 0), (3, 40, 0, 0)]"
    )


def test_a_measurement_without_images_is_refused(tmp_path):
    noise = [Block(WIDE[:, 0], flags=("NOISEADJSCAN",)) for _ in range(2)]
    path = made_twix.write(tmp_path / "scan.dat", measurement(noise, 2 * N_X, N_Y))
    assert told(path) == f"{path}: its last measurement holds no image data among 2 readouts"


def test_the_scale_of_a_noise_scan_is_said(tmp_path):
    """That of the scan itself, and of an adjustment before it, which was sampled more slowly."""
    noise = Block(WIDE[:, 0], flags=("NOISEADJSCAN",))
    scan = measurement([noise, *lines_of(WIDE)], 2 * N_X, N_Y)
    path = made_twix.write(tmp_path / "scan.dat", scan)
    raw = read(path)
    close(raw.noise.values, WIDE[:, 0] / np.sqrt(0.793))
    assert raw.noise.where == f"{path} noise scan (dwell 2 µs against 2 µs, receiver bandwidth 0.793)"
    before = measurement([noise], 2 * N_X, N_Y, dwell_ns=10_000)
    both = made_twix.write(tmp_path / "both.dat", before, measurement(lines_of(WIDE), 2 * N_X, N_Y))
    assert read(both).noise.where.endswith("(dwell 10 µs against 2 µs, receiver bandwidth 0.793)")
    assert (
        read(made_twix.write(tmp_path / "none.dat", measurement(lines_of(WIDE), 2 * N_X, N_Y))).noise is None
    )


def test_the_centre_is_that_of_the_first_line(tmp_path):
    blocks = [Block(WIDE[:, ky], {"Lin": ky - 5}) for ky in range(5, N_Y)]
    scan = measurement(blocks, 2 * N_X, N_Y, centre=(N_Y // 2 - 5, 0))
    scan["mdb"][-1].mdh.CenterLin = 0
    raw = read(made_twix.write(tmp_path / "scan.dat", scan))
    kept = np.where(np.arange(N_Y)[:, None] >= 5, KSPACE, 0)
    close(raw.kspace[0], upright(kept))
