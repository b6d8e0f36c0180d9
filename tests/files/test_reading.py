import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse

from sharpfit.errors import InputError
from sharpfit.files import reading
from sharpfit.files.formats import reader_of
from sharpfit.files.readers import hdf5

RNG = np.random.default_rng(3)
KSPACE = (RNG.standard_normal((3, 8, 6)) + 1j * RNG.standard_normal((3, 8, 6))).astype(np.complex64)


def read_array(path, dataset=None):
    return reading.read_array(path, reader_of(str(path)), dataset)


def read_kspace(path, dataset=None, axes=None):
    return reading.read_kspace(path, reader_of(str(path)), dataset, axes)


def write_bart(path, values, dimensions):
    path.with_suffix(".hdr").write_text(f"# Dimensions\n{' '.join(map(str, dimensions))}\n")
    values.astype(np.complex64).ravel(order="F").tofile(path.with_suffix(".cfl"))


def write_v73(path, values, name="kData"):
    """As MATLAB does: axes reversed, complex as a compound of real and imag."""
    compound = np.empty(values.T.shape, [("real", values.real.dtype), ("imag", values.real.dtype)])
    compound["real"], compound["imag"] = values.T.real, values.T.imag
    with h5py.File(path, "w", userblock_size=512) as file:
        file[name] = compound
        file["#refs#/a"] = np.ones((4, 4))
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(128))


def check(path, dataset=None, axes=None):
    found, _, said = read_kspace(path, dataset, axes)
    np.testing.assert_array_equal(found.values, KSPACE[None])
    assert str(path.with_suffix("")) in found.where
    return said


def test_npy(tmp_path):
    np.save(tmp_path / "k.npy", KSPACE)
    assert "axes stated" in check(tmp_path / "k.npy", axes=["coil", "ky", "kx"])
    np.save(tmp_path / "t.npy", KSPACE.transpose(2, 1, 0))
    check(tmp_path / "t.npy", axes=["kx", "ky", "coil"])


@pytest.mark.parametrize("suffix", [".cfl", ".hdr"])
def test_bart(tmp_path, suffix):
    write_bart(tmp_path / "k", KSPACE.transpose(1, 2, 0), (1, 8, 6, 3))
    assert "given by the format: ky 8, kx 6, coil 3" in check((tmp_path / "k").with_suffix(suffix))


def test_bart_slices(tmp_path):
    stack = RNG.standard_normal((8, 6, 3, 2)) + 0j
    write_bart(tmp_path / "k", stack, (8, 6, 1, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2))
    found, order, _ = read_kspace(tmp_path / "k.cfl")
    np.testing.assert_array_equal(found.values, stack.transpose(3, 2, 0, 1).astype(np.complex64))
    assert order == ("ky", "kx", "coil", "slice")


def test_bart_needs_two_spatial_axes(tmp_path):
    write_bart(tmp_path / "k", KSPACE[:, 0].T, (6, 1, 1, 3))
    with pytest.raises(InputError, match=r"k\.cfl: axes \['ky', 'coil'\] must name ky and kx"):
        read_kspace(tmp_path / "k.cfl")


def test_matlab_5(tmp_path):
    scipy.io.savemat(tmp_path / "k.mat", {"kData": KSPACE.transpose(1, 2, 0), "TR": 12.0})
    check(tmp_path / "k.mat", axes=["ky", "kx", "coil"])


def test_matlab_73_has_the_same_axes_as_5(tmp_path):
    write_v73(tmp_path / "k.mat", KSPACE.transpose(1, 2, 0))
    check(tmp_path / "k.mat", axes=["ky", "kx", "coil"])


def test_hdf5(tmp_path):
    with h5py.File(tmp_path / "k.h5", "w") as file:
        file["group/other"] = np.ones((4, 4))
        file["kspace"] = KSPACE.transpose(1, 0, 2)
        file["kspace"].attrs["axes"] = "ky coil kx"
    assert "given by the format" in check(tmp_path / "k.h5")
    with pytest.raises(InputError, match="real-valued"):
        read_kspace(tmp_path / "k.h5", "group/other")


def test_double_precision_is_kept(tmp_path):
    np.save(tmp_path / "k.npy", KSPACE.astype(np.complex128))
    assert read_kspace(tmp_path / "k.npy", axes=["coil", "ky", "kx"])[0].values.dtype == np.complex128


def test_an_unknown_dataset_is_answered_with_those_there(tmp_path):
    scipy.io.savemat(tmp_path / "k.mat", {"a": KSPACE, "b": KSPACE[0]})
    with pytest.raises(InputError, match=r"no dataset 'c'; it holds a \(3, 8, 6\), b \(8, 6\)"):
        read_array(tmp_path / "k.mat", "c")
    with pytest.raises(InputError, match=r"not clear; state dataset:, it holds a \(3, 8, 6\)"):
        read_array(tmp_path / "k.mat")
    with h5py.File(tmp_path / "k.h5", "w") as file:
        file["deep/er"] = KSPACE
    with pytest.raises(InputError, match=r"no dataset 'kspace'; it holds deep/er \(3, 8, 6\)"):
        read_array(tmp_path / "k.h5", "kspace")


def test_a_variable_of_matlab_is_told_of_with_matlabs_axes_wherever_it_is(tmp_path):
    write_v73(tmp_path / "k.mat", KSPACE, "kd")
    with h5py.File(tmp_path / "k.mat", "a") as file:
        file["other"] = np.ones((4, 5))
    with pytest.raises(InputError, match=r"it holds kd \(3, 8, 6\), other \(5, 4\)"):
        read_array(tmp_path / "k.mat")
    with pytest.raises(InputError, match=r"kd: shape \(3, 8, 6\) may be"):
        read_kspace(tmp_path / "k.mat", "kd")


def test_the_first_value_that_is_no_number_is_told_along_the_files_own_axes(tmp_path):
    values = KSPACE.transpose(1, 2, 0).copy()
    values[5, 4, 1] = np.nan
    np.save(tmp_path / "k.npy", values)
    with pytest.raises(InputError, match=r"the first at ky 5, kx 4, coil 1$"):
        read_kspace(tmp_path / "k.npy", axes=["ky", "kx", "coil"])


def spoil(values, **changes):
    values = values.copy()
    for value in changes.values():
        values[1, 2, 3] = value
    return values


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (spoil(KSPACE, bad=np.nan), r"1 values are NaN or infinite, the first at coil 1, ky 2, kx 3$"),
        (spoil(KSPACE, bad=np.inf), "1 values are NaN or infinite"),
        (0 * KSPACE, "every value is zero"),
        (KSPACE.real, r"float32 of shape \(3, 8, 6\) is real-valued"),
        (np.stack([KSPACE.real, KSPACE.imag]).astype(np.int16), r"apart, save real \+ 1j \* imaginary\)$"),
        (KSPACE[0, 0], "state axes:"),
        (np.stack([KSPACE, KSPACE]), "4 axes longer than 1"),
    ],
)
def test_what_is_no_kspace_is_refused_in_one_line(tmp_path, values, message):
    np.save(tmp_path / "k.npy", values)
    with pytest.raises(InputError, match=message) as caught:
        read_kspace(tmp_path / "k.npy", axes=None if values.ndim != 3 else ["coil", "ky", "kx"])
    assert "\n" not in str(caught.value)
    assert "k.npy" in str(caught.value)


def broken_files(folder):
    (folder / "empty.npy").write_bytes(b"")
    (folder / "text.npy").write_text("k-space")
    (folder / "text.mat").write_text("k-space " * 40)
    (folder / "text.h5").write_text("k-space")
    (folder / "words.hdr").write_text("# Dimensions\nmany\n")
    (folder / "words.cfl").write_bytes(b"")
    (folder / "short.hdr").write_text("# Dimensions\n8 6 1 3\n")
    (folder / "short.cfl").write_bytes(b"1234")
    (folder / "alone.cfl").write_bytes(b"1234")
    (folder / "scan.xyz").write_bytes(b"")
    write_bart(folder / "echoes", np.ones((8, 6, 5)), (8, 6, 1, 1, 1, 5))
    np.save(folder / "objects.npy", np.array([{}, {}]), allow_pickle=True)
    np.savez(folder / "archive.npz", kspace=KSPACE)
    (folder / "archive.npz").rename(folder / "archive.npy")
    (folder / "cut.npy").write_bytes((folder / "archive.npy").read_bytes()[:100])
    np.save(folder / "strings.npy", np.array(["k", "space"]))
    (folder / "empty.mat").write_bytes(b"")
    scipy.io.savemat(folder / "cut.mat", {"k": KSPACE})
    (folder / "cut.mat").write_bytes((folder / "cut.mat").read_bytes()[:150])
    scipy.io.savemat(folder / "struct.mat", {"raw": {"kspace": KSPACE}, "TR": 12.0})
    scipy.io.savemat(folder / "cells.mat", {"c": np.array([["a", "b"], ["c", "d"]], dtype=object)})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent.npy", "no such file"),
        ("empty.npy", r"cannot be read as \.npy"),
        ("text.npy", r"cannot be read as \.npy"),
        ("text.mat", "cannot be read as MATLAB"),
        ("text.h5", "cannot be read as HDF5"),
        ("words.cfl", "no line of dimensions"),
        ("short.cfl", r"4 bytes, but short\.hdr asks for 1152"),
        ("alone.cfl", r"alone\.hdr: no such file"),
        ("scan.xyz", r"the format is not known, neither by its first bytes nor by its extension '\.xyz'"),
        ("echoes.cfl", "two spatial axes, coils"),
        ("objects.npy", r"cannot be read as \.npy"),
        ("archive.npy", r"is an \.npz archive"),
        ("cut.npy", r"cannot be read as \.npy"),
        ("strings.npy", "not numbers"),
        ("empty.mat", "cannot be read as MATLAB"),
        ("cut.mat", "cannot be read as MATLAB"),
        ("struct.mat", r"raw \(a struct, which cannot be read: save the variable itself\)"),
        ("cells.mat", "holds object, not numbers"),
    ],
)
def test_files_that_cannot_be_read_end_in_one_line(tmp_path, name, message):
    broken_files(tmp_path)
    with pytest.raises(InputError, match=message) as caught:
        read_array(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert name.split(".")[0] in str(caught.value)


@pytest.mark.parametrize("dataset", ["kspace", None])
def test_a_sparse_matrix_is_refused_with_what_to_save(tmp_path, dataset):
    scipy.io.savemat(tmp_path / "s.mat", {"kspace": scipy.sparse.csc_matrix(KSPACE[0])})
    with pytest.raises(InputError, match=r"s\.mat:kspace: is a sparse matrix; save it as full\(kspace\)"):
        read_array(tmp_path / "s.mat", dataset)


def test_a_struct_asked_for_is_refused(tmp_path):
    scipy.io.savemat(tmp_path / "k.mat", {"raw": {"kspace": KSPACE}})
    for dataset in ("raw", "raw/kspace", "raw.kspace"):
        with pytest.raises(InputError, match=r"no dataset .*; it holds raw \(a struct, which cannot be read"):
            read_array(tmp_path / "k.mat", dataset)


def test_a_dataset_of_a_file_that_has_none_is_refused(tmp_path):
    np.save(tmp_path / "k.npy", KSPACE)
    with pytest.raises(InputError, match=r"dataset 'k' is stated, but a \.npy file holds one array"):
        read_array(tmp_path / "k.npy", "k")


@pytest.mark.parametrize(
    ("root", "own", "name", "axes"),
    [
        ("coil ky kx", None, "kspace", ("coil", "ky", "kx")),
        ("coil ky kx", None, "other", None),
        ("coil ky kx", "slice ky kx", "kspace", ("slice", "ky", "kx")),
        (None, "slice ky kx", "other", ("slice", "ky", "kx")),
        (7, None, "kspace", None),
    ],
)
def test_axes_are_those_of_the_dataset_or_of_a_file_of_k_space(tmp_path, root, own, name, axes):
    with h5py.File(tmp_path / "k.h5", "w") as file:
        file[name] = KSPACE
        if root is not None:
            file.attrs["axes"] = root
        if own is not None:
            file[name].attrs["axes"] = own
    found = read_array(tmp_path / "k.h5")
    assert found.axes == axes
    assert found.where == f"{tmp_path / 'k.h5'}:{name}"


def test_a_compound_is_complex_where_its_parts_are_real_and_imag(tmp_path):
    parts = np.empty(KSPACE.shape, [("real", "f4"), ("imag", "f4")])
    parts["real"], parts["imag"] = KSPACE.real, KSPACE.imag
    with h5py.File(tmp_path / "k.h5", "w") as file:
        file["data"] = parts
        file["other"] = parts.astype([("real", "f4"), ("phase", "f4")])
    np.testing.assert_array_equal(read_array(tmp_path / "k.h5", "data").values, KSPACE)
    with pytest.raises(InputError, match=r"k\.h5:other: holds .*, not numbers"):
        read_array(tmp_path / "k.h5", "other")


def test_what_holds_no_numbers_is_not_offered(tmp_path):
    with h5py.File(tmp_path / "k.h5", "w") as file:
        file["#refs#/a"] = KSPACE
        file["text"] = np.array(["a", "b"], dtype=h5py.string_dtype())
        file["nothing"] = h5py.Empty("f4")
        file["group/k"] = KSPACE
    assert read_array(tmp_path / "k.h5").where.endswith(":group/k")
    with pytest.raises(InputError, match=r"no dataset 'x'; it holds group/k \(3, 8, 6\)$"):
        read_array(tmp_path / "k.h5", "x")


def test_a_whole_scan_is_not_one_array(tmp_path):
    with h5py.File(tmp_path / "f.h5", "w") as file:
        file["kspace"], file["ismrmrd_header"] = KSPACE, "x"
    with pytest.raises(InputError) as caught:
        read_array(tmp_path / "f.h5")
    assert str(caught.value) == (
        f"{tmp_path / 'f.h5'}: is a whole scan (fastmri), not the one array that is asked for here"
    )


def test_how_many_values_are_no_numbers_is_told_with_the_first(tmp_path):
    values = KSPACE.copy()
    values[2, 0, 1] = values[1, 7, 5] = np.nan
    np.save(tmp_path / "k.npy", values)
    with pytest.raises(InputError) as caught:
        read_kspace(tmp_path / "k.npy", axes=["coil", "ky", "kx"])
    assert str(caught.value) == (
        f"{tmp_path / 'k.npy'}: 2 values are NaN or infinite, the first at coil 1, ky 7, kx 5"
    )


def test_axes_that_an_hdf5_file_states_are_those_of_its_kspace_alone(tmp_path):
    """Whatever else it holds, before it in the alphabet or behind."""
    with h5py.File(tmp_path / "k.h5", "w") as file:
        file.attrs["axes"] = "slice coil ky kx"
        for name in ("csm", "kspace", "mask"):
            file[name] = np.ones((2, 3, 4, 5))
    found = hdf5.read_several(tmp_path / "k.h5", ["csm", "kspace", "mask"])
    assert [one.axes for one in found] == [None, ("slice", "coil", "ky", "kx"), None]
