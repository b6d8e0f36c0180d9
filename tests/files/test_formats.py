import h5py
import made_mrd
import numpy as np
import pytest
import scipy.io

from sharpfit.errors import InputError
from sharpfit.files.formats import reader_of
from sharpfit.files.read_scan import read_scan
from sharpfit.results import hdf5
from sharpfit.simulation.simulate import as_datasets, simulate
from sharpfit.study.jobs import readers_of

ARRAY = np.ones((8, 6), complex)


def write_hdf5(path, *names):
    with h5py.File(path, "w") as file:
        for name in names:
            file[name] = ARRAY
    return path


def write_fastmri(path):
    return write_hdf5(path, "kspace", "ismrmrd_header")


def write_mrd(path):
    head = made_mrd.header((6, 8, 1), (6, 8, 1))
    return made_mrd.write(path, head, made_mrd.lines_of(np.ones((1, 8, 6), np.complex64)))


def write_simulation(path):
    scan = simulate(
        object="ellipses", matrix=[16, 16], n_coils=2, noise_level=0.1, noise_correlation=0, seed=1
    )
    hdf5.write(path, *as_datasets(scan))


def write_npy(path):
    with path.open("wb") as file:
        np.save(file, ARRAY)


def write_mat(path):
    with path.open("wb") as file:
        scipy.io.savemat(file, {"k": ARRAY})


@pytest.mark.parametrize(
    ("write", "reader"),
    [
        (write_mrd, "ismrmrd"),
        (write_fastmri, "fastmri"),
        (lambda path: write_hdf5(path, "kspace"), "hdf5"),
        (write_simulation, "simulation"),
        (write_npy, "npy"),
        (write_mat, "matlab"),
    ],
)
@pytest.mark.parametrize("name", ["scan.h5", "scan.dat", "scan"])
def test_a_file_is_known_by_what_it_holds_whatever_it_is_called(tmp_path, write, reader, name):
    write(tmp_path / name)
    assert reader_of(str(tmp_path / name)) == reader


def test_hdf5_called_mat_is_matlabs_whose_axes_are_the_other_way_round(tmp_path):
    write_hdf5(tmp_path / "scan.mat", "kspace")
    assert reader_of(str(tmp_path / "scan.mat")) == "matlab"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("image.ima", bytes(128) + b"DICM" + bytes(300), "is a DICOM file, which holds images, not k-space"),
        ("image.dat", bytes(344) + b"n+1\0" + bytes(100), "is a NIfTI file, which holds images"),
        ("image.nii.gz", b"\x1f\x8b" + bytes(100), "is a NIfTI file"),
        ("P12345.7", bytes(300), "is a GE P-file; convert it with ge_to_ismrmrd"),
        ("scan.lab", bytes(300), "convert it with philips_to_ismrmrd"),
        ("fid", bytes(300), "is Bruker raw data; convert it with bruker_to_ismrmrd"),
        ("scan.xyz", b"", "state format: if it is one of them"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_converts_it(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        reader_of(str(tmp_path / name))
    assert "\n" not in str(caught.value)


def test_a_stated_format_speaks_for_the_kspace_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_npy(tmp_path / "noise.npy")
    (tmp_path / "odd.xyz").touch()
    scan = {"file": "odd.xyz", "format": "hdf5", "noise": {"file": "noise.npy"}}
    with pytest.raises(InputError, match="not known"):
        readers_of({key: value for key, value in scan.items() if key != "format"})
    assert readers_of(scan) == {"odd.xyz": "hdf5", "noise.npy": "npy"}


@pytest.fixture
def opened(monkeypatch):
    """Paths of all HDF5 files opened in this process."""
    paths, real = [], h5py.File

    def counting(path, *arguments, **options):
        paths.append(str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(h5py, "File", counting)
    return paths


def test_an_hdf5_file_is_opened_once_to_find_its_format_however_many_scans_name_it(tmp_path, opened):
    write_simulation(tmp_path / "s.h5")
    opened.clear()
    path = str(tmp_path / "s.h5")
    for _ in range(3):
        assert readers_of({"file": path, "reference": {"file": path}}) == {path: "simulation"}
    assert opened == [path]
    write_fastmri(tmp_path / "s.h5")
    assert reader_of(path) == "fastmri"


@pytest.mark.parametrize("name", ["kspace", "noise"])
def test_a_simulation_of_real_numbers_is_refused(tmp_path, name):
    write_simulation(tmp_path / "s.h5")
    with h5py.File(tmp_path / "s.h5", "r+") as file:
        values = file[name][()].real
        del file[name]
        file[name] = values
    path = str(tmp_path / "s.h5")
    with pytest.raises(InputError, match="says it is a simulation"):
        read_scan({"file": path}, {path: "simulation"})


@pytest.mark.parametrize("link", ["dataset", "dataset/data"])
def test_an_ismrmrd_group_that_lies_elsewhere_is_no_ismrmrd_file(tmp_path, link):
    write_mrd(tmp_path / "real.h5")
    with h5py.File(tmp_path / "scan.h5", "w") as file:
        if link == "dataset/data":
            file.create_group("dataset")
        file[link] = h5py.ExternalLink(str(tmp_path / "real.h5"), f"/{link}")
    assert reader_of(str(tmp_path / "scan.h5")) == "hdf5"


def test_a_simulation_is_opened_once_to_be_read(tmp_path, opened):
    write_simulation(tmp_path / "s.h5")
    opened.clear()
    path = str(tmp_path / "s.h5")
    assert read_scan({"file": path}, {path: "simulation"}).noise is not None
    assert opened == [path]


def test_a_link_out_of_the_file_is_not_followed_to_find_the_format(tmp_path):
    write_mrd(tmp_path / "scan.mrd")
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["dataset"] = h5py.ExternalLink("scan.mrd", "dataset")
    assert reader_of(str(tmp_path / "link.h5")) == "hdf5"


def test_a_file_that_only_says_it_is_a_simulation_is_refused(tmp_path):
    write_simulation(tmp_path / "s.h5")
    with h5py.File(tmp_path / "s.h5", "r+") as file:
        del file["noise"]
        file["noise"] = np.ones((5, 40), complex)
    path = str(tmp_path / "s.h5")
    with pytest.raises(InputError, match="says it is a simulation of this project, but its kspace"):
        read_scan({"file": path}, {path: reader_of(path)})
    with h5py.File(path, "r+") as file:
        del file["noise_free"]
    plain = read_scan({"file": path}, {path: reader_of(path)})
    assert reader_of(path) == "hdf5"  # a part is missing, so it is an array with nothing else
    assert plain.noise is None


@pytest.mark.parametrize("block", [0, 512, 1024, 2048])
def test_hdf5_may_begin_after_a_block_of_the_users_own(tmp_path, block):
    path = tmp_path / "scan.dat"
    with h5py.File(path, "w", userblock_size=block) as file:
        file["kspace"] = ARRAY
    assert path.read_bytes()[block : block + 4] == b"\x89HDF"
    assert reader_of(str(path)) == "hdf5"


@pytest.mark.parametrize(("at", "known"), [(127, False), (128, True), (129, False)])
def test_dicom_has_its_mark_at_its_place(tmp_path, at, known):
    path = tmp_path / "scan.npy"
    path.write_bytes(bytes(at) + b"DICM" + bytes(300))
    if known:
        with pytest.raises(InputError, match="is a DICOM file"):
            reader_of(str(path))
    else:
        assert reader_of(str(path)) == "npy"


@pytest.mark.parametrize("mark", [b"n+1\0", b"ni1\0"])
@pytest.mark.parametrize(("at", "known"), [(343, False), (344, True), (345, False)])
def test_nifti_has_its_mark_at_its_place(tmp_path, mark, at, known):
    path = tmp_path / "scan.npy"
    path.write_bytes(bytes(at) + mark + bytes(100))
    if known:
        with pytest.raises(
            InputError, match=r"is a NIfTI file, which holds images, not k-space; give the raw"
        ):
            reader_of(str(path))
    else:
        assert reader_of(str(path)) == "npy"


@pytest.mark.parametrize("version", ["5.0", "7.3"])
def test_matlab_is_known_by_its_first_words(tmp_path, version):
    path = tmp_path / "scan.dat"
    path.write_bytes(f"MATLAB {version} MAT-file, made".encode().ljust(600))
    assert reader_of(str(path)) == "matlab"


def test_an_archive_of_ges_is_named_with_what_converts_it(tmp_path):
    path = write_hdf5(tmp_path / "scan.h5", "DownloadMetaData")
    with pytest.raises(InputError, match=r"scan\.h5: is a GE ScanArchive; convert it with ge_to_ismrmrd$"):
        reader_of(str(path))


@pytest.mark.parametrize("left_out", ["kspace", "ismrmrd_header"])
def test_half_of_what_fastmri_writes_is_plain_hdf5(tmp_path, left_out):
    names = {"kspace", "ismrmrd_header"} - {left_out}
    assert reader_of(str(write_hdf5(tmp_path / "scan.h5", *names))) == "hdf5"


def test_what_is_not_there_is_known_by_its_extension(tmp_path):
    found = {
        ending: reader_of(str(tmp_path / f"scan.{ending}"))
        for ending in ("cfl", "HDR", "npy", "mat", "h5", "hdf5", "mrd", "dat")
    }
    assert list(found.values()) == ["bart", "bart", "npy", "matlab", "hdf5", "hdf5", "ismrmrd", "twix"]


def test_what_is_not_there_or_a_folder_is_not_called_a_format_that_is_not_known(tmp_path):
    (tmp_path / "series").mkdir()
    for name, said in (("series", "is a folder; give the file in it"), ("scan", "no such file")):
        with pytest.raises(InputError, match=f"{name}: {said}"):
            reader_of(str(tmp_path / name))
    assert reader_of(str(tmp_path / "scan.npy")) == "npy"  # a run may make it
