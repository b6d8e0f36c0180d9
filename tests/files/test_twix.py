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
from sharpfit.files.readers import twix, twix_header

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


def test_the_slices_of_the_contrast_that_is_chosen_lie_where_its_own_lines_say(tmp_path):
    """The second contrast holds the second slice alone, and moved."""
    blocks = [
        Block(WIDE[:, ky], {"Lin": ky, "Eco": contrast, "Sli": n}, position=(0.0, 0.0, at))
        for contrast, n, at in ((0, 0, 0.0), (0, 1, 5.0), (1, 1, 6.0))
        for ky in range(N_Y)
    ]
    path = made_twix.write(tmp_path / "scan.dat", measurement(blocks, 2 * N_X, N_Y))
    for contrast, centres in ((0, [0, 5]), (1, [6])):
        raw = read(path, select={"contrast": contrast})
        np.testing.assert_allclose(raw.geometry.centres[:, 2], centres)
        assert len(raw.kspace) == len(centres)


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


def told(path, **entries):
    with pytest.raises(InputError) as caught:
        read(path, **entries)
    return str(caught.value)


def protocol(*, space=None, **parts):
    """A measurement whose protocol says this; of readouts it holds none."""
    header = {"MeasYaps": {"sKSpace": space or {}, "sRXSPEC": {"alDwellTime": [2600.0, 9.0]}}}
    header["MeasYaps"]["sSliceArray"] = {
        "asSlice": [
            {"dThickness": 8.0, "dPhaseFOV": 150.0, "dReadoutFOV": 200.0},
            {"dThickness": 1.0, "dPhaseFOV": 1.0, "dReadoutFOV": 1.0},
        ]
    }
    header["MeasYaps"] |= parts.pop("yaps", {})
    return twix_header.Measurement(header | parts, 0, 0, is_ve=True)


def sizes(n_x, n_y, n_z):
    return {"iRoFTLength": n_x, "iPEFTLength": f"{n_y}.0", "i3DFTLength": n_z}


@pytest.mark.parametrize(
    ("dicom", "kept", "readout"),
    [
        ({"flReadoutOSFactor": 2.0}, 128, 400.0),
        ({"flReadoutOSFactor": "1.5"}, 171, 300.0),
        ({}, 256, 200.0),
        (None, 256, 200.0),
    ],
)
def test_the_readouts_oversampling_widens_its_field_of_view(dicom, kept, readout):
    parts = {} if dicom is None else {"Dicom": dicom}
    one = twix_header.encoding(protocol(Meas=sizes(256, 96, 1), **parts), 40, 3)
    assert (one.n_x_kept, one.field_of_view_mm) == (kept, (8.0, 150.0, readout))
    grid = one.grid
    assert (grid.n_x, grid.n_y, grid.n_z, grid.centre_y, grid.centre_z) == (256, 96, 1, 40, 3)


@pytest.mark.parametrize(("n_z", "thickness"), [(1, 8.0), (2, 10.0), (32, 10.0)])
def test_phase_oversampling_widens_both_phase_encodes_of_a_slab(n_z, thickness):
    space = {"dPhaseOversampling": 0.5, "dSliceOversampling": "0.25"}
    one = twix_header.encoding(protocol(space=space, Meas=sizes(64, 96, n_z)), 0, 0)
    assert one.field_of_view_mm == (thickness, 225.0, 200.0)


def test_the_dwell_time_is_that_of_the_first_echo():
    assert twix_header.dwell_us(protocol()) == pytest.approx(2.6)


@pytest.mark.parametrize(
    ("dicom", "scanner"),
    [
        (
            {
                "Manufacturer": "SIEMENS",
                "ManufacturersModelName": "Prisma",
                "flMagneticFieldStrength": 2.89362,
                "SoftwareVersions": "syngo MR E11",
                "tPatientName": "Doe",
            },
            "SIEMENS Prisma 2.89 T (syngo MR E11)",
        ),
        ({"ManufacturersModelName": "Lumina"}, "Lumina"),
        ({}, ""),
    ],
)
def test_the_scanner_is_told_by_what_its_protocol_says(dicom, scanner):
    said = twix_header.notes(protocol(Dicom=dicom, yaps={"tProtocolName": "t2_tse"}))
    assert (said.scanner, said.protocol, said.trajectory) == (scanner, "t2_tse", "cartesian")
    assert twix_header.notes(protocol(Dicom=dicom)).protocol == ""


@pytest.mark.parametrize(("padded", "is_old"), [(10000, True), (9999, False)])
def test_an_older_file_is_one_measurement_without_a_table(tmp_path, padded, is_old):
    """Its first number is the length of its header, which is long; newer ones begin with a small one."""
    header = bytearray(measurement([], 2 * N_X, N_Y)["hdr_str"].tobytes())
    header += bytes(padded - len(header))
    header[:4] = np.array(padded, "<u4").tobytes()
    path = tmp_path / "meas.dat"
    path.write_bytes(bytes(header) + bytes(200))
    with path.open("rb") as file:
        if is_old:
            (one,) = twix_header.measurements(path, file)
            assert (one.first_block, one.end, one.is_ve) == (padded, padded + 200, False)
            assert one.header["MeasYaps"]["tProtocolName"] == "phantom"
        else:
            with pytest.raises(
                InputError, match=r"a measurement of .* does not fit its 10199; it is cut off"
            ):
                twix_header.measurements(path, file)


@pytest.mark.parametrize(
    ("n", "message"), [(0, "too short"), (4, "too short"), (8, "its header would take 0")]
)
def test_a_file_of_a_few_bytes_is_no_twix_file(tmp_path, n, message):
    path = tmp_path / "meas.dat"
    path.write_bytes(bytes(n))
    with pytest.raises(InputError, match=message), path.open("rb") as file:
        twix_header.measurements(path, file)


@pytest.mark.parametrize("n", [1, 2])
def test_the_length_of_an_only_measurement_may_be_left_out(tmp_path, n):
    scans = [measurement(lines(), 2 * N_X, N_Y) for _ in range(n)]
    path = made_twix.write(tmp_path / "scan.dat", *scans)
    content = bytearray(path.read_bytes())
    entries = np.frombuffer(content, MultiRaidFileHeader, 1)["entry"][0, :n]
    first = int(entries["off_"][0])
    entries["len_"][0] = 0
    path.write_bytes(content)
    if n == 1:
        close(read(path).kspace, upright(KSPACE)[None])
    else:
        assert told(path) == (
            f"{path}: a measurement of 0 bytes at {first} does not fit its {len(content)}; it is cut off"
        )


@pytest.mark.parametrize(("index", "refused"), [("9999", False), ("12345", True)])
def test_a_protocol_of_huge_arrays_is_damaged(tmp_path, index, refused):
    scan = measurement(lines(), 2 * N_X, N_Y)
    text = scan["hdr_str"].tobytes()
    changed = text.replace(b'tProtocolName = "phantom"', f"a[{index}] = 1".ljust(25).encode())
    assert len(changed) == len(text)
    scan["hdr_str"] = np.frombuffer(changed, "S1")
    path = made_twix.write(tmp_path / "scan.dat", scan)
    if refused:
        assert told(path) == f"{path}: its protocol names an array's element beyond 9999; it is damaged"
    else:
        close(read(path).kspace, upright(KSPACE)[None])


def test_a_measurement_that_ends_within_a_block_is_cut_off(tmp_path):
    path = made_twix.write(tmp_path / "scan.dat", measurement(lines(), 2 * N_X, N_Y))
    content = bytearray(path.read_bytes())
    entry = np.frombuffer(content, MultiRaidFileHeader, 1)["entry"][0, :1]
    first, header = int(entry["off_"][0]), len(measurement(lines(), 2 * N_X, N_Y)["hdr_str"])
    one = 192 + N_COILS * (32 + 8 * 2 * N_X)
    entry["len_"] = header + 3 * one - 1
    path.write_bytes(content)
    at, end = first + header + 2 * one, first + header + 3 * one - 1
    assert told(path) == f"{path}: a block of {one} bytes at {at} of {end}: it is cut off or damaged"
    entry["len_"] += 1
    path.write_bytes(content)
    assert read(path).sampled[0].any(axis=1).sum() == 3


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
        tmp_path / "scan.dat", measurement([replace(one, cut=cut) for one in lines()], 2 * N_X, N_Y)
    )
    assert told(path) == f"{path}: readouts of 3 coils × 40 samples; it is damaged"


def test_readouts_of_two_lengths_are_refused(tmp_path):
    blocks = [*lines()[:-1], Block(WIDE[:, -1, :-2], {"Lin": N_Y - 1})]
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
    scan = measurement([noise, *lines()], 2 * N_X, N_Y)
    path = made_twix.write(tmp_path / "scan.dat", scan)
    raw = read(path)
    close(raw.noise.values, WIDE[:, 0] / np.sqrt(0.793))
    assert raw.noise.where == f"{path} noise scan (dwell 2 µs against 2 µs, receiver bandwidth 0.793)"
    before = measurement([noise], 2 * N_X, N_Y, dwell_ns=10_000)
    both = made_twix.write(tmp_path / "both.dat", before, measurement(lines(), 2 * N_X, N_Y))
    assert read(both).noise.where.endswith("(dwell 10 µs against 2 µs, receiver bandwidth 0.793)")
    assert read(made_twix.write(tmp_path / "none.dat", measurement(lines(), 2 * N_X, N_Y))).noise is None


@pytest.mark.parametrize(("norm", "known"), [(1 + 5e-4, True), (1 - 5e-4, True), (1 + 2e-3, False)])
def test_a_rotation_is_a_quaternion_of_length_one(tmp_path, norm, known):
    turned = [replace(one, quaternion=tuple(norm * n for n in one.quaternion)) for one in lines()]
    raw = read(made_twix.write(tmp_path / "scan.dat", measurement(turned, 2 * N_X, N_Y)))
    assert (raw.geometry is not None) == known


def test_directions_are_the_columns_of_the_rotation_reversed():
    """Rodrigues: about an axis by an angle, of which the quaternion holds half."""
    axis, angle = np.array([2.0, -1.0, 2.0]) / 3, 0.7
    cross = np.cross(np.eye(3), axis)
    wanted = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    quaternion = np.array([np.cos(angle / 2), *np.sin(angle / 2) * axis])
    rotation = twix._rotation(quaternion)
    np.testing.assert_allclose(rotation @ axis, axis)
    np.testing.assert_allclose(rotation, wanted, atol=1e-12)


def test_every_slice_lies_where_its_first_line_says(tmp_path):
    blocks = [
        Block(WIDE[:, ky], {"Lin": ky, "Sli": n}, position=(1.0, 2.0, 10.0 * n + (ky > 0)))
        for ky in range(N_Y)
        for n in (2, 0, 1)
    ]
    raw = read(made_twix.write(tmp_path / "scan.dat", measurement(blocks, 2 * N_X, N_Y)))
    np.testing.assert_allclose(raw.geometry.centres, [[1, 2, 0], [1, 2, 10], [1, 2, 20]])


def test_the_centre_is_that_of_the_first_line(tmp_path):
    blocks = [Block(WIDE[:, ky], {"Lin": ky - 5}) for ky in range(5, N_Y)]
    scan = measurement(blocks, 2 * N_X, N_Y, centre=(N_Y // 2 - 5, 0))
    scan["mdb"][-1].mdh.CenterLin = 0
    raw = read(made_twix.write(tmp_path / "scan.dat", scan))
    kept = np.where(np.arange(N_Y)[:, None] >= 5, KSPACE, 0)
    close(raw.kspace[0], upright(kept))


def test_the_directions_are_those_of_the_first_slice(tmp_path):
    blocks = lines(Sli=0) + [replace(one, quaternion=(np.nan, 0, 0, 1.0)) for one in lines(Sli=1)]
    raw = read(made_twix.write(tmp_path / "scan.dat", measurement(blocks, 2 * N_X, N_Y)))
    np.testing.assert_allclose([raw.geometry.row, raw.geometry.column], [[1, 0, 0], [0, 1, 0]], atol=1e-6)
    assert raw.geometry.centres.shape == (2, 3)
