import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray, arranged, kspace_axes, match_sizes, with_axes

KNOWN = ("slice", "coil", "ky", "kx")


def array(*shape, axes=None):
    return FileArray(np.arange(np.prod(shape)).reshape(shape), "scan.npy", axes)


def test_stated_axes_win_and_are_said():
    named, said = kspace_axes(array(8, 6, 4), ["kx", "ky", "coil"])
    assert named.axes == ("kx", "ky", "coil")
    assert said == "axes stated: kx 8, ky 6, coil 4"


def test_axes_of_the_format_come_next():
    named, said = kspace_axes(array(8, 6, axes=("ky", "kx")), None)
    assert named.axes == ("ky", "kx")
    assert "given by the format" in said


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((8, 6), ("ky", "kx")),
        ((1, 8, 6, 1), ("ky", "kx")),
    ],
)
def test_two_long_axes_are_one_image(shape, axes):
    named, said = kspace_axes(array(*shape), None)
    assert named.axes == axes
    assert "one coil's single slice" in said


@pytest.mark.parametrize("shape", [(8, 6, 5), (2, 4, 8, 6), (8,), (4, 96, 96), (8, 230, 180)])
def test_a_third_axis_is_never_taken_for_coils_or_slices_unasked(shape):
    with pytest.raises(InputError, match=r"scan\.npy: .*state axes:"):
        kspace_axes(array(*shape), None)


def test_what_a_third_axis_may_be_is_spelt_out_for_pasting():
    with pytest.raises(InputError, match=r"axes: \[ky, kx, coil\], axes: \[ky, kx, slice\]"):
        kspace_axes(array(96, 96, 4), None)


def test_of_a_cube_no_axis_is_put_forward():
    with pytest.raises(InputError, match=r"axes: \[coil, ky, kx\], .*axes: \[ky, kx, coil\], "):
        kspace_axes(array(64, 64, 64), None)


@pytest.mark.parametrize(
    ("shape", "told"), [((64, 64, 64), True), ((64, 32, 64), True), ((16, 64, 64), False)]
)
def test_a_stated_order_that_lengths_cannot_check_is_told(shape, told):
    _, said = kspace_axes(array(*shape), ["slice", "ky", "kx"])
    assert ("so another order would fit as well: the picture" in said) == told


def test_more_coils_than_samples_are_implausible():
    with pytest.raises(InputError, match=r"64 coils of k-space only 6 samples wide are implausible"):
        kspace_axes(array(64, 64, 6), ["coil", "ky", "kx"])


@pytest.mark.parametrize("names", [["ky"], ["ky", "ky", "kx"], ["ky", "kx", "echo"], ["coil", "slice"]])
def test_wrong_names_are_refused(names):
    with pytest.raises(InputError, match="must name ky and kx"):
        with_axes(array(8, 6, 3), names, KNOWN)


def test_the_wrong_number_of_names_is_refused():
    with pytest.raises(InputError, match=r"2 axes are named, ky, kx, but its shape is \(8, 6, 3\)"):
        with_axes(array(8, 6, 3), ["ky", "kx"], KNOWN)


def test_axes_of_length_one_need_no_name():
    assert with_axes(array(1, 8, 6), ["ky", "kx"], KNOWN).values.shape == (8, 6)


def test_arranged_moves_axes_and_adds_the_absent():
    given = array(6, 8, 3, axes=("kx", "ky", "coil"))
    values = arranged(given, KNOWN)
    assert values.shape == (1, 3, 8, 6)
    assert values.flags.c_contiguous
    assert values[0, 2, 5, 4] == given.values[4, 5, 2]


def test_sizes_name_the_axes_of_what_belongs_to_a_scan():
    sizes = {"slice": 1, "coil": 3, "y": 8, "x": 6}
    given = array(8, 6, 3)
    values = match_sizes(given, sizes)
    assert values.shape == (1, 3, 8, 6)
    assert values[0, 1, 2, 3] == given.values[2, 3, 1]
    transposed = match_sizes(array(6, 8, 3), sizes, ["x", "y", "coil"])
    assert transposed.shape == (1, 3, 8, 6)


def test_of_two_equal_sides_the_first_in_the_file_is_that_of_its_k_space():
    sizes = {"slice": 1, "coil": 3, "y": 8, "x": 8}
    given = array(8, 8, 3)
    assert match_sizes(given, sizes)[0, 1, 2, 3] == given.values[2, 3, 1]
    assert match_sizes(given, sizes, x_first=True)[0, 1, 2, 3] == given.values[3, 2, 1]
    flat = array(8, 3)  # a side of length 1 has no order
    sizes = {"slice": 1, "coil": 3, "y": 1, "x": 8}
    for x_first in (False, True):
        assert match_sizes(flat, sizes, x_first=x_first)[0, 1, 0, 2] == flat.values[2, 1]
    with pytest.raises(InputError, match=r"in the order of its k-space, kx before ky .* y 6, x 8"):
        match_sizes(array(6, 8), {"y": 6, "x": 8}, x_first=True)
    with pytest.raises(InputError, match=r"shape \(5, 8\) does not fit y 6, x 8"):
        match_sizes(array(5, 8), {"y": 6, "x": 8})


def test_sizes_that_do_not_fit_are_refused():
    sizes = {"slice": 2, "coil": 2, "y": 8, "x": 8}
    with pytest.raises(InputError, match=r"shape \(8, 6\) does not fit slice 2, coil 2, y 8, x 8"):
        match_sizes(array(8, 6), sizes)
    with pytest.raises(InputError, match="more than one way, so state axes:"):
        match_sizes(array(2, 2, 8, 8), sizes)
    with pytest.raises(InputError, match="does not fit"):
        match_sizes(array(3, 2, 8, 8), sizes, ["slice", "coil", "y", "x"])


def test_axes_that_a_format_fixes_name_images_too():
    sizes = {"slice": 1, "coil": 3, "y": 8, "x": 8}
    given = array(8, 8, 3, axes=("kx", "ky", "coil"))
    assert match_sizes(given, sizes)[0, 1, 2, 3] == given.values[3, 2, 1]


@pytest.mark.parametrize(
    ("known", "message"),
    [
        (KNOWN, "must name ky and kx and may name slice, coil, each once"),
        (("slice", "y", "x"), "must name y and x and may name slice, each once"),
        (("slice", "coil", "echo", "y", "x"), "must name y and x and may name slice, coil, echo, each once"),
    ],
)
def test_what_axes_must_and_may_be_named_is_told(known, message):
    with pytest.raises(InputError, match=rf"^scan\.npy: axes \['a', 'b'\] {message}$"):
        with_axes(array(8, 6), ["a", "b"], known)


@pytest.mark.parametrize(
    ("n_coils", "shape", "plausible"),
    [
        (16, (6, 8), True),
        (17, (6, 8), False),
        (20, (20, 24), True),
        (21, (20, 24), False),
        (21, (24, 20), False),
    ],
)
def test_as_many_coils_as_samples_are_believed_and_sixteen_always(n_coils, shape, plausible):
    if plausible:
        assert kspace_axes(array(n_coils, *shape), ["coil", "ky", "kx"])[0].axes == ("coil", "ky", "kx")
        return
    with pytest.raises(InputError, match=f"{n_coils} coils of k-space only {min(shape)} samples wide"):
        kspace_axes(array(n_coils, *shape), ["coil", "ky", "kx"])


@pytest.mark.parametrize(
    ("shape", "alike"),
    [
        ((5, 5, 9, 7), ""),
        ((9, 5, 9, 7), "slice"),
        ((5, 7, 9, 7), "coil"),
        ((7, 9, 9, 7), "slice"),
        ((1, 1, 1, 9), ""),
    ],
)
def test_the_axis_that_could_as_well_be_one_of_k_space_is_named(shape, alike):
    _, said = kspace_axes(array(*shape), list(KNOWN))
    assert (f"; {alike} is as long as an axis of k-space" in said) == bool(alike)
    assert ("as long as" in said) == bool(alike)
