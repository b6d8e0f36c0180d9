"""Every format is read back by another program, which must find the patient's spots where they are."""

import json
import shutil
import subprocess

import nibabel
import numpy as np
import pydicom
import pytest
from made_patient import PLANES, patient, scan, twix_scan
from PIL import Image
from pydicom.pixels import apply_rescale, apply_windowing

from sharpfit.errors import InputError
from sharpfit.exporting import bart, dicom, nifti, png
from sharpfit.exporting.formats import format_of
from sharpfit.exporting.picture import Picture, read_picture
from sharpfit.files.read_scan import read_scan
from sharpfit.preparing.preprocess import preprocess
from sharpfit.results import hdf5
from sharpfit.results.picked_file import write_picked

STEP = 6.0
HELD_OUT = {"fraction": 0.08, "seed": 11}
LPS = np.diag([-1, -1, 1])  # and back


def picture_of(folder, entry, reader, **settings):
    """Preprocess a fully sampled scan, and take its image as the picked one of a fit."""
    datasets, attrs = preprocess(read_scan(entry, {entry["file"]: reader}), held_out=HELD_OUT, **settings)
    hdf5.write(folder / "scan.h5", datasets, attrs)
    write_picked(folder / "picked.h5", datasets["reference"], 12, "weight 0.4 σ")
    return read_picture(folder / "scan.h5", folder / "picked.h5", "picked", "volunteer, slow")


def placed(folder, plane="oblique", n_slices=3, vendor="made", positions=None):
    across = PLANES[plane][2]
    positions = positions or [np.array([4.0, -3.0, 2.0]) + STEP * n * across for n in range(n_slices)]
    path = scan(folder / "scan.mrd", plane, positions=positions, vendor=vendor)
    return picture_of(folder, {"file": str(path)}, "ismrmrd")


def holds_the_patient(values, points):
    """Whether voxels show the patient at the points (…, 3) in mm to the left, back and head."""
    wanted = patient(points)
    assert wanted.max() > 0.3  # a spot is in the picture
    np.testing.assert_allclose(values, wanted, atol=0.02)


@pytest.mark.parametrize("vendor", ["made", "SIEMENS"])
@pytest.mark.parametrize("plane", PLANES)
def test_nibabel_finds_every_spot_where_the_scanner_saw_it(tmp_path, plane, vendor):
    nifti.write(tmp_path / "image.nii.gz", placed(tmp_path, plane, vendor=vendor))
    image = nibabel.load(tmp_path / "image.nii.gz")
    index = np.stack(np.meshgrid(*map(np.arange, image.shape), indexing="ij"), axis=-1)
    holds_the_patient(image.get_fdata(), nibabel.affines.apply_affine(image.affine, index) @ LPS)
    assert image.header.get_xyzt_units()[0] == "mm"
    assert image.get_qform(coded=True)[1] == image.get_sform(coded=True)[1] == 1
    np.testing.assert_allclose(image.get_qform(), image.affine, atol=1e-4)
    assert {round(float(zoom), 3) for zoom in image.header.get_zooms()} == {4.0, 5.0, STEP}


@pytest.mark.parametrize("vendor", ["made", "SIEMENS"])
@pytest.mark.parametrize("plane", PLANES)
def test_pydicom_finds_every_spot_where_the_scanner_saw_it(tmp_path, plane, vendor):
    dicom.write(tmp_path / "series", placed(tmp_path, plane, vendor=vendor))
    files = sorted((tmp_path / "series").iterdir())
    assert [file.name for file in files] == ["1.dcm", "2.dcm", "3.dcm"]
    values, places = [], []
    for read in map(pydicom.dcmread, files):
        row, column = np.array(read.ImageOrientationPatient, float).reshape(2, 3)
        down, right = map(float, read.PixelSpacing)
        y, x = np.arange(read.Rows) * down, np.arange(read.Columns) * right
        corner = np.array(read.ImagePositionPatient, float)
        places.append(corner + y[:, None, None] * column + x[None, :, None] * row)
        values.append(read.pixel_array * float(read.RescaleSlope))
    holds_the_patient(np.array(values), np.array(places))


@pytest.mark.parametrize("plane", PLANES)
def test_a_siemens_twix_file_places_its_images_too(tmp_path, plane):
    positions = [np.array([4.0, -3.0, 2.0]) + STEP * n * PLANES[plane][2] for n in range(3)]
    path = str(twix_scan(tmp_path / "meas.dat", plane, positions=positions))
    nifti.write(tmp_path / "image.nii", picture_of(tmp_path, {"file": path}, "twix", noise_std=1e-3))
    image = nibabel.load(tmp_path / "image.nii")
    index = np.stack(np.meshgrid(*map(np.arange, image.shape), indexing="ij"), axis=-1)
    holds_the_patient(image.get_fdata(), nibabel.affines.apply_affine(image.affine, index) @ LPS)


@pytest.mark.filterwarnings("ignore:The DICOM readers are highly experimental")
def test_nibabels_own_reading_of_the_dicom_agrees_with_the_nifti(tmp_path):
    """The affine of nibabel's DICOM reader, of (row, column, slice) in left, back, head, is ours."""
    from nibabel.nicom import dicomwrappers

    picture = placed(tmp_path)
    nifti.write(tmp_path / "image.nii", picture)
    dicom.write(tmp_path / "series", picture)
    affine = nibabel.load(tmp_path / "image.nii").affine
    theirs = dicomwrappers.wrapper_from_file(tmp_path / "series" / "1.dcm").affine
    np.testing.assert_allclose(LPS @ theirs[:3, [1, 0]], affine[:3, :2], atol=1e-4)
    np.testing.assert_allclose(LPS @ theirs[:3, 3], affine[:3, 3], atol=1e-3)


def test_dicom_says_its_scale_and_nothing_of_a_person(tmp_path):
    picture = placed(tmp_path, n_slices=1)
    scale = dicom.write(tmp_path / "one.dcm", picture)
    read = pydicom.dcmread(tmp_path / "one.dcm")
    assert str(read.RescaleSlope) in scale
    assert scale in read.ImageComments
    assert read.SOPClassUID == pydicom.uid.MRImageStorage
    assert read.pixel_array.max() == 65535
    half_a_step = float(read.RescaleSlope) / 2
    np.testing.assert_allclose(
        read.pixel_array * float(read.RescaleSlope), picture.magnitude[0], atol=1.01 * half_a_step
    )
    personal = [e for e in read if e.keyword.startswith(("Patient", "Study", "Referring")) and e.value]
    assert {e.keyword for e in personal} == {"PatientIdentityRemoved", "StudyInstanceUID"}
    with pytest.raises(InputError, match="3 slices are 3 files; give a folder"):
        dicom.write(tmp_path / "three.dcm", placed(tmp_path))
    dicom.write(tmp_path / "series", picture)
    with pytest.raises(InputError, match="holds something already"):
        dicom.write(tmp_path / "series", picture)


def test_bart_reads_the_complex_image_axis_by_axis(tmp_path):
    if shutil.which("bart") is None:
        pytest.skip("bart is not installed")
    picture = placed(tmp_path)
    bart.write(tmp_path / "image.cfl", picture)
    calls = (
        ["bart", "slice", "13", "2", "image", "third"],
        ["bart", "show", "-m", "image"],
        ["bart", "show", "third"],
    )
    _, dimensions, values = (
        subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for call in calls
    )
    assert "48\t40\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t3" in dimensions
    theirs = np.array([complex(word.replace("i", "j")) for word in values.split()])
    height, width = picture.image.shape[1:]
    np.testing.assert_allclose(theirs.reshape(width, height).T, picture.image[2], atol=1e-5)


def test_a_png_shows_all_slices_at_their_scale(tmp_path):
    scale = png.write(tmp_path / "image.png", placed(tmp_path))
    with Image.open(tmp_path / "image.png") as image:
        assert image.size == (2 * 50, 2 * 48)  # 40 columns of 5 mm beside 48 rows of 4 mm
        assert image.text["scale"] == scale
        assert "orientation" in image.text["place"]


def bare(folder):
    """k-space alone; not of a point, whose other pixels are zero up to the rounding of a machine's FFT."""
    drawn = np.random.default_rng(0).standard_normal((24, 32, 2), np.float32)
    np.save(folder / "bare.npy", drawn.view(np.complex64)[..., 0])
    return str(folder / "bare.npy")


def test_what_no_header_places_is_written_without_a_unit_and_says_so(tmp_path):
    picture = picture_of(tmp_path, {"file": bare(tmp_path)}, "npy", noise_std=0.1)
    nifti.write(tmp_path / "image.nii", picture)
    header = nibabel.load(tmp_path / "image.nii").header
    assert header.get_zooms() == (1, 1, 1)
    assert header.get_xyzt_units()[0] == "unknown"
    assert (header["qform_code"], header["sform_code"]) == (0, 0)
    said = json.loads(header.extensions[0].get_content())
    assert said["place"] == "the raw file states neither spacing nor orientation: voxels of 1 in no unit"
    dicom.write(tmp_path / "one.dcm", picture)
    read = pydicom.dcmread(tmp_path / "one.dcm")
    assert read.SOPClassUID == pydicom.uid.SecondaryCaptureImageStorage
    assert not [name for name in ("PixelSpacing", "ImageOrientationPatient") if name in read]
    assert said["place"] in read.ImageComments


def test_a_stated_spacing_is_written_without_an_orientation(tmp_path):
    entry = {"file": bare(tmp_path), "pixel_spacing_mm": [2.0, 3.0]}
    picture = picture_of(tmp_path, entry, "npy", noise_std=0.1)
    nifti.write(tmp_path / "image.nii", picture)
    header = nibabel.load(tmp_path / "image.nii").header
    assert header.get_zooms() == (3, 2, 1)
    assert header["sform_code"] == 0
    said = json.loads(header.extensions[0].get_content())["place"]
    assert said.startswith("pixels of 2 x 3 mm (y, x)")
    assert "how far slices lie apart (1 mm where a format asks)" in said
    dicom.write(tmp_path / "one.dcm", picture)
    assert list(pydicom.dcmread(tmp_path / "one.dcm").PixelSpacing) == [2, 3]


def test_slices_at_uneven_distances_are_refused_by_nifti_and_placed_one_by_one_by_dicom(tmp_path):
    picture = placed(tmp_path, "axial", positions=[np.array([0, 0, z]) for z in (0.0, 6.0, 20.0)])
    with pytest.raises(InputError, match="not evenly spaced, which NIfTI cannot say; export DICOM"):
        nifti.write(tmp_path / "image.nii", picture)
    dicom.write(tmp_path / "series", picture)
    files = sorted((tmp_path / "series").iterdir())
    assert [pydicom.dcmread(file).ImagePositionPatient[2] for file in files] == [0, 6, 20]


def test_the_same_results_give_the_same_bytes(tmp_path):
    picture = placed(tmp_path, n_slices=1)
    for writer, name in ((nifti, "a.nii.gz"), (dicom, "a.dcm"), (png, "a.png"), (bart, "a.cfl")):
        for folder in ("first", "second"):
            (tmp_path / folder).mkdir(exist_ok=True)
            writer.write(tmp_path / folder / name, picture)
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_voxels_that_are_not_finite_are_counted_and_written_as_zero(tmp_path):
    picture = placed(tmp_path, n_slices=1)
    picture.image[0, 3, 4] = np.nan
    assert "1 voxels are not finite" in picture.said()["not finite"]
    dicom.write(tmp_path / "one.dcm", picture)
    assert pydicom.dcmread(tmp_path / "one.dcm").pixel_array[3, 4] == 0


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        *(("a.nii.gz", "nifti"), ("A.NII", "nifti"), ("x/a.cfl", "bart"), ("a.dcm", "dicom")),
        *(("series", "dicom"), ("v1.2/", "dicom"), ("a.png", "png")),
    ],
)
def test_the_ending_names_the_format(target, kind):
    assert format_of(target) == kind


def test_another_ending_is_refused_with_those_known():
    with pytest.raises(InputError, match=r"a\.jpg: no format is known by this ending; \.nii\.gz"):
        format_of("a.jpg")


@pytest.mark.parametrize("unit", [1e-7, 0.8, 3e4])
def test_a_dicom_viewer_shows_the_grey_of_the_png_in_any_unit(tmp_path, unit):
    """Black at 0, white at the 99.5th percentile, by pydicom's own windowing as the standard has it."""
    values = np.random.default_rng(0).random((1, 30, 40)) ** 2
    image = (unit * values).astype(np.complex64)
    dicom.write(tmp_path / "one.dcm", Picture(image, "made", None, None, ("scan", "image")))
    read = pydicom.dcmread(tmp_path / "one.dcm")
    rescaled = apply_rescale(read.pixel_array, read)
    shown = apply_windowing(rescaled, read)
    grey = (shown - shown.min()) / (shown.max() - shown.min())
    white = np.percentile(values, 99.5)
    np.testing.assert_allclose(grey, np.clip(values[0] / white, 0, 1), atol=1e-4)
