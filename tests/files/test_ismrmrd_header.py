"""What the XML header of an ISMRMRD file says, what it may leave out, and what stays in the file."""

import warnings

import h5py
import made_mrd
import pytest
from made_mrd import Line, header, lines_of, oversampled
from scanner_files import HEADER, KSPACE, N_COILS, RNG, close, read, told, written

from sharpfit.errors import InputError
from sharpfit.files.readers import ismrmrd_header


def test_a_header_without_an_encoding_is_told_in_one_line(tmp_path):
    head = header(**HEADER)
    head.encoding.clear()
    path = made_mrd.write(tmp_path / "scan.h5", head, lines_of(oversampled(KSPACE)))
    with pytest.raises(InputError, match=r"scan\.h5:dataset: the header lacks what a scan needs \(") as told:
        read(path)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("part", ["encodedSpace", "reconSpace", "encodingLimits"])
def test_a_header_whose_encoding_lacks_a_part_is_told_in_one_line(tmp_path, part):
    head = header(**HEADER)
    setattr(head.encoding[0], part, None)
    path = made_mrd.write(tmp_path / "scan.h5", head, lines_of(oversampled(KSPACE)))
    with pytest.raises(InputError, match=rf"scan\.h5: its ISMRMRD header cannot be read \(.*{part}"):
        read(path)


def test_a_header_without_system_measurement_and_limits_is_enough(tmp_path):
    head = header(**HEADER)
    head.acquisitionSystemInformation = head.measurementInformation = None
    limits = head.encoding[0].encodingLimits
    limits.kspace_encoding_step_1 = limits.kspace_encoding_step_2 = None
    noise = RNG.standard_normal((N_COILS, 400)) + 0j
    lines = [Line(noise, flags=(19,), dwell=8.0), *lines_of(oversampled(KSPACE))]
    raw = read(made_mrd.write(tmp_path / "scan.h5", head, lines))
    close(raw.kspace[0], KSPACE)
    close(raw.noise.values, 2 * noise)
    assert (raw.notes.scanner, raw.notes.protocol) == ("", "")


def test_personal_parts_never_reach_the_parser(tmp_path):
    path = written(tmp_path, lines_of(oversampled(KSPACE)))
    with h5py.File(path) as file:
        assert file["dataset/xml"][0].count(b"Doe") == 2
        parsed = ismrmrd_header.parse(path, file["dataset/xml"])
    assert parsed.subjectInformation is parsed.studyInformation is None
    assert parsed.measurementInformation.protocolName == "phantom"
    assert len(parsed.encoding) == 1


def test_a_header_that_is_no_xml_is_one_line(tmp_path):
    path = written(tmp_path, lines_of(oversampled(KSPACE)))
    with h5py.File(path, "r+") as file:
        file["dataset/xml"][0] = b"<ismrmrdHeader><encoding>"
    with pytest.raises(InputError, match="its ISMRMRD header cannot be read"):
        read(path)


@pytest.mark.parametrize("birth_date", ["1970-01-31", "31.01.1970"])
def test_personal_fields_stay_in_the_file(tmp_path, capfd, birth_date):
    """A date that is none would be quoted in a warning."""
    path = written(tmp_path, lines_of(oversampled(KSPACE)))
    with h5py.File(path, "r+") as file:
        file["dataset/xml"][0] = file["dataset/xml"][0].replace(b"1970-01-31", birth_date.encode())
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        said = repr(read(path)) + repr([str(one.message) for one in warned]) + "".join(capfd.readouterr())
    assert not [word for word in ("Doe", "Jane", "4711", "1970") if word in said]


def test_what_the_header_lacks_or_holds_too_often_is_told(tmp_path):
    path = written(tmp_path, lines_of(oversampled(KSPACE)))
    with h5py.File(path, "r+") as file:
        text = file["dataset/xml"][0]
        del file["dataset/xml"]
        file["dataset"].create_dataset("xml", data=[text] * 2)
    assert told(path) == f"{path}: /dataset/xml is not the one text that an ISMRMRD header is"
    with h5py.File(path, "r+") as file:
        del file["dataset/xml"]
    assert told(path) == (f"{path}: an ISMRMRD file without its header (xml); it cannot be understood")


@pytest.mark.parametrize(
    ("encoded", "recon", "kept"),
    [
        ((400.0, 200.0, 5.0), (200.0, 200.0, 5.0), 20),
        ((300.0, 150.0, 5.0), (200.0, 200.0, 5.0), 27),
        ((200.0, 200.0, 5.0), (400.0, 200.0, 5.0), 40),
        ((0.0, 200.0, 5.0), (200.0, 200.0, 5.0), 40),
        ((0.5, 200.0, 5.0), (0.25, 200.0, 5.0), 20),
    ],
)
def test_the_readout_keeps_the_share_of_its_field_of_view_that_is_reconstructed(encoded, recon, kept):
    head = header((40, 24, 6), (20, 24, 6))
    head.encoding[0].encodedSpace = made_mrd.space((40, 24, 6), encoded)
    head.encoding[0].reconSpace = made_mrd.space((20, 24, 6), recon)
    found = ismrmrd_header.encoding(head)
    assert found.n_x_kept == kept
    assert found.field_of_view_mm == encoded[::-1]
    grid = found.grid
    assert (grid.n_x, grid.n_y, grid.n_z, grid.centre_y, grid.centre_z) == (40, 24, 6, 12, 3)


def test_centres_are_the_headers_or_half_of_the_matrix():
    limits = [made_mrd.xsd.limitType(minimum=0, maximum=9, center=n) for n in (7, 2)]
    names = ["kspace_encoding_step_1", "kspace_encoding_step_2"]
    stated = header((40, 25, 7), (20, 25, 7), limits=dict(zip(names, limits, strict=True)))
    grid = ismrmrd_header.encoding(stated).grid
    assert (grid.centre_y, grid.centre_z) == (7, 2)
    for name in names:
        setattr(stated.encoding[0].encodingLimits, name, None)
    grid = ismrmrd_header.encoding(stated).grid
    assert (grid.centre_y, grid.centre_z) == (12, 3)


@pytest.mark.parametrize(
    ("vendor", "field", "told", "siemens"),
    [
        ("SIEMENS", 2.89362, "SIEMENS test 2.89 T", True),
        ("Siemens Healthineers", None, "Siemens Healthineers test", True),
        ("GE", 0.55, "GE test 0.55 T", False),
        (None, 1.5, "test 1.5 T", False),
    ],
)
def test_a_scanner_is_told_by_what_its_header_says(vendor, field, told, siemens):
    head = header(**HEADER, vendor=vendor)
    head.acquisitionSystemInformation.systemFieldStrength_T = field
    assert ismrmrd_header.notes(head).scanner == told
    assert ismrmrd_header.is_siemens(head) == siemens
    head.acquisitionSystemInformation = None
    assert ismrmrd_header.notes(head).scanner == ""
    assert not ismrmrd_header.is_siemens(head)


def test_calibration_lines_are_embedded_where_the_header_says_nothing_else():
    assert ismrmrd_header.calibration_mode(header(**HEADER)) == "embedded"
    for mode in ("embedded", "separate", "external"):
        assert ismrmrd_header.calibration_mode(header(**HEADER, calibration=mode)) == mode
    head = header(**HEADER, calibration="separate")
    head.encoding[0].parallelImaging.calibrationMode = None
    assert ismrmrd_header.calibration_mode(head) == "embedded"


def test_of_several_encodings_the_first_is_the_images(tmp_path):
    head = header(**HEADER)
    other = header((7, 5, 3), (7, 5, 3), trajectory="radial", calibration="separate")
    head.encoding.append(other.encoding[0])
    path = made_mrd.write(tmp_path / "scan.h5", head, lines_of(oversampled(KSPACE)))
    close(read(path).kspace[0], KSPACE)
    assert ismrmrd_header.calibration_mode(head) == "embedded"


@pytest.mark.parametrize(
    ("stated", "instead"),
    [
        ("<x>40<", "<x>4O<"),
        ("<x>40<", "<x>40.5<"),
        ("<x>400.0<", "<x>wide<"),
        ("<x>400.0<", "<x>NaN<"),
        ("<center>12<", "<center>mid<"),
        ("<x>400.0<", "<x>INF<"),
        ("<x>400.0<", "<x>1e9<"),
        ("<x>200.0<", "<x>-200<"),
        ("<y>200.0<", "<y>INF<"),
        ("<z>5.0<", "<z>NaN<"),
    ],
)
def test_a_header_whose_numbers_are_none_is_told_in_one_line(tmp_path, stated, instead):
    path = written(tmp_path, lines_of(oversampled(KSPACE)))
    with h5py.File(path, "r+") as file:
        text = file["dataset/xml"][0]
        assert stated.encode() in text
        file["dataset/xml"][0] = text.replace(stated.encode(), instead.encode(), 1)
    said = told(path)
    assert said.startswith(f"{path}:dataset: the header lacks what a scan needs (")
    assert "\n" not in said
