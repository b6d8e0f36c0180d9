"""The headers of a Siemens twix file: its measurements, and what their protocols say."""

import made_twix
import numpy as np
import pytest
from made_twix import lines_of, measurement, upright
from scanner_files import KSPACE, N_COILS, N_X, N_Y, WIDE, close, read, told
from twixtools.hdr_def import MultiRaidFileHeader

from sharpfit.errors import InputError
from sharpfit.files.readers import twix_header

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_personal_fields_stay_in_the_file(tmp_path):
    raw = read(made_twix.write(tmp_path / "scan.dat", measurement(lines_of(WIDE), 2 * N_X, N_Y)))
    assert not [word for word in ("Doe", "Jane", "4711") if word in repr(raw)]


@pytest.mark.parametrize(("more", "is_whole"), [(0, True), (1, False)])
def test_a_measurement_ends_with_the_file_at_the_latest(tmp_path, more, is_whole):
    path = made_twix.write(tmp_path / "scan.dat", measurement(lines_of(WIDE), 2 * N_X, N_Y))
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
    made = measurement(lines_of(WIDE), 2 * N_X, N_Y, slice_oversampling=1.0)
    assert read(made_twix.write(tmp_path / "scan.dat", made)).geometry.thickness_mm == 5


@pytest.mark.parametrize(("length", "fits"), [(0, False), (15, False), (16, True), (100, True), (101, False)])
def test_a_header_is_no_shorter_than_its_own_counts_and_no_longer_than_its_file(tmp_path, length, fits):
    path = tmp_path / "meas.dat"
    path.write_bytes(np.array([length, 0], "<u4").tobytes() + bytes(92))
    words = "holds no protocol" if fits else f"its header would take {length} bytes"
    with pytest.raises(InputError, match=words), path.open("rb") as file:
        twix_header.measurements(path, file)


def test_a_header_is_no_longer_than_its_measurement(tmp_path):
    path = made_twix.write(tmp_path / "scan.dat", measurement(lines_of(WIDE), 2 * N_X, N_Y))
    content = bytearray(path.read_bytes())
    first, length = np.frombuffer(content, "<u8", 2, 16)
    content[first : first + 4] = np.array(length + 1, "<u4").tobytes()
    path.write_bytes(content)
    with (
        pytest.raises(InputError, match=f"its header would take {length + 1} bytes"),
        path.open("rb") as file,
    ):
        twix_header.measurements(path, file)


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
    scans = [measurement(lines_of(WIDE), 2 * N_X, N_Y) for _ in range(n)]
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
    scan = measurement(lines_of(WIDE), 2 * N_X, N_Y)
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
    path = made_twix.write(tmp_path / "scan.dat", measurement(lines_of(WIDE), 2 * N_X, N_Y))
    content = bytearray(path.read_bytes())
    entry = np.frombuffer(content, MultiRaidFileHeader, 1)["entry"][0, :1]
    first, header = int(entry["off_"][0]), len(measurement(lines_of(WIDE), 2 * N_X, N_Y)["hdr_str"])
    one = 192 + N_COILS * (32 + 8 * 2 * N_X)
    entry["len_"] = header + 3 * one - 1
    path.write_bytes(content)
    at, end = first + header + 2 * one, first + header + 3 * one - 1
    assert told(path) == f"{path}: a block of {one} bytes at {at} of {end}: it is cut off or damaged"
    entry["len_"] += 1
    path.write_bytes(content)
    assert read(path).sampled[0].any(axis=1).sum() == 3
