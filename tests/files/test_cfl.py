import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.files.cfl import write_cfl
from sharpfit.files.readers import bart

RNG = np.random.default_rng(0)


def values_of(*shape):
    return (RNG.standard_normal(shape) + 1j * RNG.standard_normal(shape)).astype(np.complex64)


def written(folder, shape):
    """A file whose numbers say where they lie in Fortran order, without `write_cfl`."""
    values = np.arange(np.prod(shape), dtype=np.complex64)
    values.tofile(folder / "k.cfl")
    (folder / "k.hdr").write_text(f"# Dimensions\n{' '.join(map(str, shape))}\n")
    return values.reshape(shape, order="F")


def refused(folder, message):
    with pytest.raises(InputError, match=message):
        bart.read(folder / "k.cfl", None)


def test_what_is_written_is_read_back(tmp_path):
    values = values_of(6, 4, 1, 3)
    write_cfl(tmp_path / "k", values)
    found = bart.read(tmp_path / "k.cfl", None)
    assert found.axes == ("ky", "kx", "coil")
    assert np.array_equal(found.values, values[:, :, 0])


@pytest.mark.parametrize("shape", [(6,), (6, 4, 1, 3), (6, 4, 1, 3, *[1] * 9, 2), (2,) * 16])
def test_a_header_states_sixteen_dimensions(tmp_path, shape):
    values = values_of(*shape)
    write_cfl(tmp_path / "k", values)
    first, second = (tmp_path / "k.hdr").read_text().splitlines()
    assert first == "# Dimensions"
    assert [int(n) for n in second.split()] == [*shape, *[1] * (16 - len(shape))]
    assert (tmp_path / "k.cfl").read_bytes() == values.tobytes(order="F")


@pytest.mark.parametrize("space", [(6, 4, 1), (6, 1, 4), (1, 6, 4)])
@pytest.mark.parametrize("n_coils", [1, 3])
@pytest.mark.parametrize("n_slices", [1, 2])
def test_axes_are_told_by_their_place(tmp_path, space, n_coils, n_slices):
    values = written(tmp_path, (*space, n_coils, *[1] * 9, n_slices, 1, 1))
    found = bart.read(tmp_path / "k.hdr", None)
    wanted = {"ky": 6, "kx": 4, "coil": n_coils, "slice": n_slices}
    assert dict(zip(found.axes, found.values.shape, strict=True)) == {
        name: n for name, n in wanted.items() if n > 1
    }
    assert np.array_equal(found.values, values.squeeze())
    assert found.where == str(tmp_path / "k.cfl")


@pytest.mark.parametrize("shape", [(6,), (1, 6), (1, 1, 6)])
def test_one_line_is_a_line_of_ky(tmp_path, shape):
    written(tmp_path, shape)
    assert bart.read(tmp_path / "k.cfl", None).axes == ("ky",)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (2, "two spatial"),
        (4, r"holds map sets \(fifth\), which have no place here: two spatial axes"),
        (5, r"holds echoes \(sixth\), which"),
        (6, r"holds subspace coefficients \(seventh\), which"),
        (7, r"\): two spatial axes"),
        (10, r"holds time \(eleventh\), which"),
        (12, r"\): two spatial axes"),
        (14, r"\): two spatial axes"),
        (15, r"\): two spatial axes"),
    ],
)
def test_other_dimensions_are_refused_by_their_names(tmp_path, place, words):
    shape = [6, 4, 1, 3, *[1] * 12]
    shape[place] = 2
    written(tmp_path, shape)
    refused(tmp_path, words)
    refused(tmp_path, rf"k\.cfl: dimensions \({', '.join(map(str, shape))}\): ")


def test_all_that_have_no_place_are_named(tmp_path):
    written(tmp_path, (2, 2, 1, 1, 2, 2))
    refused(tmp_path, r"holds map sets \(fifth\), echoes \(sixth\), which")


@pytest.mark.parametrize("extra", [-8, -1, 1, 8])
def test_a_file_of_another_size_than_its_header_asks_for_is_refused(tmp_path, extra):
    written(tmp_path, (3, 2))
    data = (tmp_path / "k.cfl").read_bytes() + bytes(8)
    (tmp_path / "k.cfl").write_bytes(data[: 48 + extra])
    refused(tmp_path, rf"k\.cfl: {48 + extra} bytes, but k\.hdr asks for 48")


@pytest.mark.parametrize("n", [0, 17])
def test_a_header_of_too_few_or_too_many_numbers_is_refused(tmp_path, n):
    written(tmp_path, (1,) * n)
    refused(tmp_path, "BART's are 1 to 16 numbers of at least 1")


@pytest.mark.parametrize("text", ["4 0", "4 -2", "-4 -2"])
def test_a_header_of_no_size_is_refused(tmp_path, text):
    written(tmp_path, (4, 2))
    (tmp_path / "k.hdr").write_text(f"# Dimensions\n{text}\n")
    refused(tmp_path, f"dimensions {text}: BART's are")


@pytest.mark.parametrize("text", ["", "4 2\n", "# Dimensions", "# Dimensions\nfour 2\n", "# Creator\n4 2\n"])
def test_a_header_without_dimensions_is_refused(tmp_path, text):
    written(tmp_path, (4, 2))
    (tmp_path / "k.hdr").write_text(text)
    refused(tmp_path, "holds no line of dimensions after '# Dimensions'")


def test_dimensions_are_found_among_other_lines(tmp_path):
    written(tmp_path, (4, 2))
    (tmp_path / "k.hdr").write_text("# Creator\nBART 0.8\n# Dimensions\n4 2\n# Command\n9 9\n")
    assert bart.read(tmp_path / "k.cfl", None).values.shape == (4, 2)


@pytest.mark.parametrize("half", ["hdr", "cfl"])
def test_a_half_that_is_missing_is_named(tmp_path, half):
    written(tmp_path, (4, 2))
    (tmp_path / f"k.{half}").unlink()
    refused(tmp_path, rf"k\.{half}: no such file; BART files come as \.cfl and \.hdr")
