"""What is said of a scan's lines."""

import numpy as np
import pytest

from sharpfit.files.axes import FileArray
from sharpfit.files.geometry import Geometry
from sharpfit.files.raw_scan import RawScan, ScannerNotes
from sharpfit.preparing.inspection import _pattern, inspect


def said_of(sampled, axis=2):
    """What is said of 16 lines along ky, or along kx, of which these are sampled."""
    rng = np.random.default_rng(0)
    kspace = np.zeros((1, 2, 16, 16), np.complex64)
    lines = kspace if axis == 2 else kspace.swapaxes(2, 3)
    lines[:, :, list(sampled)] = rng.standard_normal((1, 2, len(sampled), 16))
    raw = RawScan(kspace, "here", "measured", phase_axis="ky" if axis == 2 else "kx")
    return inspect(raw).facts["sampling"]


@pytest.mark.parametrize("axis", [2, 3])
@pytest.mark.parametrize(
    ("sampled", "words"),
    [
        ([0, 3, 6, 7, 8, 9, 12, 15], "8 of 16 lines, every 3 at the sides;"),
        (range(4, 16), "12 of 16 lines, partial Fourier 0.75;"),
        ([2, *range(5, 16)], "12 of 16 lines, every 3 at the sides;"),
        ([5, 8, 9, 12, 15], "5 of 16 lines, every 3 at the sides, partial Fourier 0.81;"),
        (range(12), "12 of 16 lines, partial Fourier 0.75;"),
        (range(1, 16), "15 of 16 lines;"),
        (range(16), "fully sampled (R = 1)"),
        ([2, 4, *range(6, 16)], "12 of 16 lines, every 2 at the sides;"),
        ([0, 1, 3, 4, 6, 7, 9, 10, 12, 13, 15], "11 of 16 lines, 2 of every 3 at the sides;"),
        (
            [0, 1, 3, 4, 6, 7, 8, 9, 10, 12, 13, 15],
            "12 of 16 lines, at irregular distances up to 2 at the sides;",
        ),
        ([0, 2, 5, 6, 8, 9, 13, 15], "8 of 16 lines, at irregular distances up to 4 at the sides;"),
        ([0, 2, 4, 7, 8, 9, 12, 15], "8 of 16 lines, at irregular distances up to 3 at the sides;"),
    ],
)
def test_lines_their_spacing_and_what_is_missing_of_a_side(sampled, words, axis):
    assert words in said_of(list(sampled), axis)


@pytest.mark.parametrize("n_lines", [60, 75, 128])
@pytest.mark.parametrize("share", [5 / 8, 6 / 8, 7 / 8])
@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("first", [True, False])
def test_partial_fourier_is_told_as_the_protocol_states_it(n_lines, share, step, first):
    n_asked = round(n_lines * share)
    asked = range(n_asked) if first else range(n_lines - n_asked, n_lines)
    sampled = np.zeros(n_lines, bool)
    sampled[[line for line in asked if line % step == 0 or abs(line - n_lines // 2) < 6]] = True
    turned = np.roll(
        sampled[::-1], 1 - n_lines % 2
    )  # upright, about the centre; line 0 is its own image there
    for lines in (sampled, sampled if sampled[0] else turned, np.pad(sampled, 20)):
        told = float(_pattern(lines).rpartition("partial Fourier ")[2])
        assert told == pytest.approx(n_asked / n_lines, abs=step / n_lines + 0.005)


@pytest.mark.parametrize(("width", "is_enough"), [(11, False), (12, True)])
def test_a_calibration_block_is_told_with_whether_maps_can_be_made_of_it(width, is_enough):
    kspace = np.zeros((1, 2, 40, 40), np.complex64)
    lines = [*range(0, 40, 4), *range(20 - width // 2, 20 - width // 2 + width)]
    kspace[:, :, lines] = 1 + np.random.default_rng(1).random((1, 2, len(lines), 40))
    said = inspect(RawScan(kspace, "here", "measured")).facts["calibration"]
    sides = [width, width + 1]  # a line of the others may lie at its side
    assert any(said.startswith(f"the central {side} × {side} are sampled fully") for side in sides)
    assert ("too small for maps, so give them (csm:)" not in said) == is_enough


def test_the_field_of_view_is_pixels_times_their_size():
    kspace = np.ones((1, 2, 24, 16), np.complex64)
    raw = RawScan(kspace, "here", "measured", pixel_spacing_mm=(1.5, 2.0))
    assert inspect(raw).facts["spacing"] == "1.5 × 2 mm (field of view 36 × 32 mm)"


def test_a_coil_of_zeros_is_counted_and_said_to_be_left_out():
    raw = full(n_coils=3)
    raw.kspace[:, 1] = 0
    assert inspect(raw).facts["coils"] == "2 of 3; coil 1 holds only zeros, left out"


def full(n_slices=1, n_coils=2, shape=(24, 16), **parts):
    rng = np.random.default_rng(0)
    kspace = rng.standard_normal((n_slices, n_coils, *shape)) + 1j
    return RawScan(kspace.astype(np.complex64), "here", "as made", **parts)


def test_what_is_known_of_a_scan_is_told_in_the_order_of_interest():
    geometry = Geometry(np.zeros((3, 3)), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), (1.5, 2.0), 4.25)
    notes = ScannerNotes("made", "t1", "cartesian")
    averages = np.stack([full(3).kspace] * 2)
    raw = full(
        3, geometry=geometry, pixel_spacing_mm=(1.5, 2.0), notes=notes, averages=averages, phase_axis="kx"
    )
    found = inspect(raw)
    told = list(found.facts.items())
    assert told[:11] == [
        ("scanner", "made"),
        ("protocol", "t1"),
        ("trajectory", "cartesian"),
        ("matrix", "24 × 16 (ky × kx)"),
        ("coils", "2"),
        ("slices", "3"),
        ("averages", "2"),
        ("spacing", "1.5 × 2 mm (field of view 36 × 32 mm), slices 4.25 mm thick"),
        ("orientation", "axial, turned upright"),
        ("sampling", "fully sampled (R = 1)"),
        ("calibration", "the central 16 × 16 are sampled fully"),
    ]
    assert found.assumed == ["as made", "lines are encoded one by one along kx"]
    assert found.fully_sampled


def test_what_is_not_known_is_told_too():
    facts = inspect(full(n_coils=1)).facts
    assert [facts[name] for name in ("scanner", "protocol", "trajectory", "averages")] == [
        "not stated",
        "not stated",
        "not stated; taken as Cartesian",
        "1",
    ]
    assert facts["spacing"] == "not stated (pixel_spacing_mm:)"
    assert facts["orientation"] == "not stated; the picture is as the file holds it"
    assert facts["calibration"] == "not needed: a single coil"
    separate = full(calibration=np.ones((1, 2, 24, 16), np.complex64))
    assert inspect(separate).facts["calibration"] == "separate lines"


@pytest.mark.parametrize(("degrees", "oblique"), [(1.9, ""), (2.1, ", oblique")])
@pytest.mark.parametrize(("facing", "plane"), [(0, "sagittal"), (1, "coronal"), (2, "axial")])
def test_a_slice_tilted_by_more_than_two_degrees_is_oblique(facing, plane, degrees, oblique):
    normal, row = np.eye(3)[facing], np.eye(3)[facing - 2]
    angle = np.radians(degrees)
    row, column = np.cos(angle) * row + np.sin(angle) * normal, np.cross(normal, row)
    geometry = Geometry(np.zeros((1, 3)), row, column, (1.0, 1.0), 1.0)
    assert inspect(full(geometry=geometry)).facts["orientation"] == f"{plane}{oblique}, turned upright"


@pytest.mark.parametrize("n_slices", [1, 2, 3])
def test_the_picture_is_the_middle_slices_root_sum_of_squares(n_slices):
    """In units of its own: the data's largest sample is one."""
    raw = full(n_slices, shape=(6, 5))
    at = [np.arange(n) - n // 2 for n in (6, 5)]
    back = [np.exp(2j * np.pi * np.outer(a, a) / len(a)) / np.sqrt(len(a)) for a in at]
    kspace = raw.kspace[n_slices // 2]
    images = back[0] @ (kspace / np.abs(kspace).max()) @ back[1]
    np.testing.assert_allclose(inspect(raw).picture, np.sqrt((np.abs(images) ** 2).sum(0)), rtol=1e-4)


@pytest.mark.parametrize("n", [3, 5])
def test_how_much_is_sampled_is_told_as_a_factor(n):
    """Points are no lines; of slices sampled differently all count."""
    kspace = full(2).kspace
    points = np.zeros((24, 16), bool)
    points.ravel()[::n] = True
    both = RawScan(kspace * points, "here", "measured")
    sampled = int(points.sum())
    assert inspect(both).facts["sampling"] == (
        f"R = {384 / sampled:.2f}; {384 - sampled} of 384 locations hold exact zeros in every coil and slice "
        "and count as not sampled"
    )
    each = RawScan(kspace * np.stack([points, ~points])[:, None], "here", "measured")
    assert inspect(each).facts["sampling"].startswith("R = 2.00; slices are sampled differently: ")


def test_where_the_noise_level_comes_from_is_told():
    rng = np.random.default_rng(1)
    noise = FileArray(rng.standard_normal((2, 300)) + 1j * rng.standard_normal((2, 300)), "noise.npy", None)
    assert "noise.npy" in inspect(full(noise=noise)).facts["noise"]
    kspace = rng.standard_normal((1, 2, 24, 16)) + 1j * rng.standard_normal((1, 2, 24, 16))
    several = RawScan(
        kspace, "here", "as made", averages=np.stack([kspace, kspace + rng.random(kspace.shape)])
    )
    assert inspect(several).facts["noise"].startswith("none measured; differences of 2 averages in the outer")
    small = inspect(full(shape=(6, 5)))
    assert small.facts["noise"] == f"not known: {small.missing['noise_std']}"
    assert not small.missing["noise_std"].startswith("here")
