"""Readouts on their grid: which are chosen, where they come to lie, what disagrees with the header."""

import re

import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.files.readouts import (
    Grid,
    Placed,
    Readouts,
    chosen,
    place,
    to_image,
    to_kspace,
    without_oversampling,
)

RNG = np.random.default_rng(2)
NAMES = ("ky", "kz", "slice", "average", "contrast", "phase", "set", "repetition")


def readouts(n, *, n_coils=2, n_samples=8, centre=4, **counters):
    """Of random samples; counters that are not given are 0."""
    data = RNG.standard_normal((n, n_coils, n_samples, 2)).view(np.complex128)[..., 0].astype(np.complex64)
    given = {name: np.broadcast_to(counters.get(name, 0), n).astype(int) for name in NAMES}
    return Readouts(data, np.broadcast_to(centre, n).astype(int), given)


def refused(function, *given):
    with pytest.raises(InputError) as caught:
        function(*given)
    return str(caught.value)


def test_every_sample_lies_where_its_counters_and_the_header_say():
    """Slices count in the order of their numbers; both encodes and every echo have centres of their own."""
    given = readouts(2, n_samples=5, centre=[2, 3], ky=[0, 3], kz=[0, 2], slice=[7, 3], average=[0, 4])
    placed = place(given, Grid(8, 6, 4, 2, 1), "scan")
    wanted = np.zeros((1, 2, 2, 4, 6, 8), np.complex64)
    wanted[0, 1, :, 1, 1, 2:7] = given.data[0]
    wanted[0, 0, :, 3, 4, 1:6] = given.data[1]
    np.testing.assert_array_equal(placed.averages, wanted)
    np.testing.assert_array_equal(placed.sampled, wanted[0].any(axis=1))
    assert placed.n_left_out == 0


def test_of_lines_acquired_more_often_the_first_averages_count():
    """By the number of their average, then by their order; other lines and slices do not matter."""
    ky, slices = [0, 1, 0, 0, 1, 0, 2, 2], [0, 0, 0, 0, 0, 0, 1, 1]
    average = [2, 0, 0, 1, 0, 1, 5, 3]
    given = readouts(8, ky=ky, slice=slices, average=average)
    placed = place(given, Grid(8, 4, 1, 2, 0), "scan")
    assert placed.averages.shape == (2, 2, 2, 1, 4, 8)
    for (n, slice_number, y), number in {
        (0, 0, 0): 2,
        (1, 0, 0): 3,
        (0, 0, 1): 1,
        (1, 0, 1): 4,
        (0, 1, 2): 7,
        (1, 1, 2): 6,
    }.items():
        np.testing.assert_array_equal(placed.averages[n, slice_number, :, 0, y], given.data[number])
    assert placed.n_left_out == 2
    assert np.argwhere(placed.sampled.any(axis=-1)).tolist() == [[0, 0, 0], [0, 0, 1], [1, 0, 2]]


@pytest.mark.parametrize(
    ("counters", "told"),
    [
        ({"ky": -1}, "a line lies at -1 of a matrix of 6"),
        ({"ky": [2, 6, 9]}, "a line lies at 6 of a matrix of 6"),
        ({"kz": [-1, 3, -2]}, "a partition lies at -1 of a matrix of 4"),
        ({"kz": 4}, "a partition lies at 4 of a matrix of 4"),
        ({"centre": 5}, "a sample lies at -1 of a matrix of 8"),
        ({"centre": 3}, "a sample lies at 8 of a matrix of 8"),
    ],
)
def test_what_lies_one_beyond_the_matrix_is_refused(counters, told):
    said = refused(place, readouts(3, **counters), Grid(8, 6, 4, 3, 2), "scan")
    assert said == f"scan: {told}; header and data disagree"


@pytest.mark.parametrize("ends", [{"ky": [0, 5]}, {"kz": [0, 3]}])
def test_the_first_and_the_last_of_the_matrix_are_within_it(ends):
    assert place(readouts(2, **ends), Grid(8, 6, 4, 3, 2), "scan").sampled.sum() == 16


@pytest.mark.parametrize(("n_y", "n_z"), [(64, 1), (16, 4), (65, 1), (13, 5), (0, 1), (1, 0)])
def test_a_matrix_of_more_than_64_times_the_samples_is_a_damaged_header(n_y, n_z):
    given = readouts(2, slice=[0, 1], ky=n_y // 2, kz=n_z // 2)
    grid = Grid(8, n_y, n_z, n_y // 2, n_z // 2)
    if n_y * n_z == 64:
        assert place(given, grid, "scan").sampled.shape == (2, n_z, n_y, 8)
        return
    assert refused(place, given, grid, "scan") == (
        f"scan: the header declares a matrix of 8 × {n_y} × {n_z}, but the file holds 2 readouts of "
        "8 samples; header and data disagree"
    )


def test_one_value_of_every_counter_is_kept():
    given = readouts(6, contrast=[0, 1, 0, 1, 0, 1], set=[2, 2, 3, 3, 2, 2], ky=range(6))
    kept, these = chosen(given, {"contrast": 1, "set": 2}, "scan")
    np.testing.assert_array_equal(kept.data, given.data[[1, 5]])
    np.testing.assert_array_equal(kept.counters["ky"], [1, 5])
    np.testing.assert_array_equal(np.flatnonzero(these), [1, 5])
    assert len(chosen(readouts(4), {}, "scan")[0]) == 4


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("contrast", [0, 4, 2], "holds 3 contrasts (0, 2, 4); choose one, select: {contrast: 0}"),
        ("phase", [1, 2, 3, 4], "holds 4 phases (1, 2, 3, 4); choose one, select: {phase: 1}"),
        ("set", [5, 9, 6, 7, 8], "holds 5 sets (5 to 9); choose one, select: {set: 5}"),
        (
            "repetition",
            [3, 1],
            "holds 2 repetitions (1, 3); choose one, select: {repetition: 1}, or average them: "
            "select: {repetition: mean}",
        ),
    ],
)
def test_what_several_there_are_is_told_with_what_to_state(name, values, told):
    given = readouts(len(values), **{name: values})
    assert refused(chosen, given, {}, "scan") == f"scan: {told}"
    gone = refused(chosen, given, {name: 77}, "scan")
    there = re.search(r"\((.*?)\)", told)[1]
    assert gone == f"scan: select: {name} 77 is not there; there are {there}"


def test_the_mean_of_repetitions_keeps_their_averages_apart():
    given = readouts(6, repetition=[4, 4, 4, 7, 7, 7], average=[0, 1, 2, 0, 1, 2])
    kept, _ = chosen(given, {"repetition": "mean"}, "scan")
    np.testing.assert_array_equal(kept.data, given.data)
    assert len(set(kept.counters["average"])) == 6
    assert kept.counters["average"].tolist() == sorted(kept.counters["average"])


def dft(n):
    """Centred and orthonormal: row k, column x, both with 0 at n // 2."""
    at = np.arange(n) - n // 2
    return np.exp(-2j * np.pi * np.outer(at, at) / n) / np.sqrt(n)


@pytest.mark.parametrize("n", [5, 6])
@pytest.mark.parametrize("axis", [-1, -2, 0])
def test_one_axis_is_transformed_about_its_centre(n, axis):
    values = np.moveaxis(RNG.standard_normal((3, 4, n)) + 1j, -1, axis)
    wanted = np.moveaxis(np.moveaxis(values, axis, -1) @ dft(n).T, -1, axis)
    np.testing.assert_allclose(to_kspace(values, axis), wanted, atol=1e-12)
    np.testing.assert_allclose(to_image(wanted, axis), values, atol=1e-12)


@pytest.mark.parametrize(("wide", "kept"), [(12, 6), (11, 5), (12, 5), (11, 6), (9, 8)])
def test_the_field_of_view_is_cropped_about_its_centre(wide, kept):
    averages = (RNG.standard_normal((1, 2, 3, 1, 4, wide)) + 1j).astype(np.complex64)
    sampled = np.zeros((2, 1, 4, wide), bool)
    sampled[:, :, [0, 2]] = True
    averages *= sampled[:, None]
    found = without_oversampling(Placed(averages, sampled, 3), kept)
    image = averages @ dft(wide).conj()
    first = wide // 2 - kept // 2
    np.testing.assert_allclose(found.averages, image[..., first : first + kept] @ dft(kept).T, atol=1e-5)
    assert found.sampled.shape == (2, 1, 4, kept)
    np.testing.assert_array_equal(found.sampled.any(-1), sampled.any(-1))
    np.testing.assert_array_equal(found.sampled.all(-1), sampled.any(-1))
    assert (found.n_left_out, found.averages.dtype) == (3, np.complex64)


def test_an_echo_that_lacks_a_sample_is_not_cropped():
    sampled = np.ones((1, 1, 4, 8), bool)
    sampled[0, 0, 3, 0] = False
    assert without_oversampling(Placed(np.ones((1, 1, 2, 1, 4, 8)), sampled, 0), 4) is None
