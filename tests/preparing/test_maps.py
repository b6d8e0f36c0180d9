"""Where a scan's maps come from, what they were learnt from, and what is said of them."""

from dataclasses import replace

import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.preparing import coil_maps, frame_edges, maps
from sharpfit.preparing.coil_maps import Espirit

SHAPE = (2, 3, 40, 36)
RNG = np.random.default_rng(2)
KSPACE = (RNG.standard_normal(SHAPE) + 1j * RNG.standard_normal(SHAPE)).astype(np.complex64)
RAW = RawScan(KSPACE, "scan", "as made")
COVARIANCE = np.diag([1.0, 2.0, 6.0])
MASK = np.zeros(SHAPE[2:], bool)
MASK[::3] = MASK[13:27, 11:25] = True  # 14 lines and columns in the middle


def found(monkeypatch, csm=None, second=None, raw=RAW, mask=MASK, unit=4.0):
    """What is found where ESPIRiT returns these maps, and what it was asked."""
    asked = {}
    ones = np.ones(SHAPE, np.complex64)

    def espirit(kspace, block, variance):
        asked.update(kspace=kspace, block=block, variance=variance)
        return Espirit(ones if csm is None else csm, 0 * ones if second is None else second)

    monkeypatch.setattr(coil_maps, "espirit", espirit)
    return maps.find(raw, KSPACE, mask, COVARIANCE, unit), asked


def test_maps_are_learnt_from_the_central_block_at_the_mean_noise_of_the_coils(monkeypatch):
    made, asked = found(monkeypatch)
    assert asked["kspace"] is KSPACE
    assert asked["block"] == (slice(13, 27), slice(11, 25))
    assert asked["variance"] == 3.0
    learnt = np.zeros(SHAPE[2:], bool)
    learnt[13:27, 11:25] = True
    np.testing.assert_array_equal(made.learnt, learnt)
    assert made.source == "ESPIRiT from the central 14 × 14 samples"
    assert made.second is None


def test_separate_calibration_lines_are_brought_to_the_units_of_the_data(monkeypatch):
    """Where any coil of every slice holds them; no fitted sample is learnt from."""
    separate = np.zeros(SHAPE, np.complex64)
    separate[:, 1, 10:26] = 8.0
    separate[:, 2, 26:28] = 8.0
    separate[1, 0, 28:32] = 8.0
    made, asked = found(monkeypatch, raw=replace(RAW, calibration=separate))
    np.testing.assert_array_equal(asked["kspace"], separate / 4)
    assert asked["block"] == (slice(12, 28), slice(10, 26))
    assert made.learnt is None
    assert made.source == "ESPIRiT from the central 16 × 16 separate calibration lines"


def test_of_slices_sampled_differently_the_block_is_that_of_all(monkeypatch):
    other = MASK.copy()
    other[13] = False
    _, asked = found(monkeypatch, mask=np.stack([MASK, other]))
    assert asked["block"] == (slice(14, 27), slice(12, 25))


@pytest.mark.parametrize("empty", [[0], [1], [0, 1]])
def test_slices_without_signal_are_named(monkeypatch, empty):
    csm = np.ones(SHAPE, np.complex64)
    csm[empty] = 0
    if len(empty) == 2:
        with pytest.raises(
            InputError, match=r"^scan: no slice holds signal above the noise, so there are no"
        ):
            found(monkeypatch, csm)
        return
    made, _ = found(monkeypatch, csm)
    assert made.source == (
        f"ESPIRiT from the central 14 × 14 samples; slice {empty[0]} holds no signal above the noise: "
        "maps and image 0"
    )


@pytest.mark.parametrize(("n", "doubled"), [(10, False), (11, True)])
def test_a_second_set_is_fitted_where_more_than_a_twentieth_of_the_pixels_need_it(monkeypatch, n, doubled):
    """Of 200 pixels that have maps."""
    csm, second = np.zeros(SHAPE, np.complex64), np.zeros(SHAPE, np.complex64)
    csm[:, :, :10, :10] = 1
    second[0, 1].ravel()[:n] = 1
    monkeypatch.setattr(frame_edges, "one_place_each", lambda *_: None)
    made, _ = found(monkeypatch, csm, second)
    assert (made.second is second) == doubled
    said = "ESPIRiT from the central 14 × 14 samples"
    if doubled:
        said += (
            "; 6 % of their pixels hold two places of the object, the field of view is smaller than the "
            "object: two sets of maps are fitted, and the root sum of squares of their images is shown"
        )
    assert made.source == said
    with_basis = replace(RAW, basis=FileArray(np.ones((2, 40, 36)), "phi.npy", None))
    made, _ = found(monkeypatch, csm, second, raw=with_basis)
    assert made.second is None
    assert made.source.endswith("which one set of maps, all that a basis takes, cannot tell apart") == doubled


@pytest.mark.parametrize("basis", [None, FileArray(np.ones((2, 40, 36)), "phi.npy", None)])
def test_maps_that_go_on_from_inside_are_the_one_set_that_is_fitted(monkeypatch, basis):
    """Asked of what is fitted, where it is sampled, also where maps are learnt from separate lines."""
    csm, second, one = (np.full(SHAPE, value, np.complex64) for value in (1, 2, 3))
    second[1] = 0
    seen = []
    monkeypatch.setattr(frame_edges, "one_place_each", lambda *given: seen.append(given) or one)
    raw = replace(RAW, basis=basis, calibration=KSPACE.copy())
    made, asked = found(monkeypatch, csm, second, raw=raw)
    assert made.csm is one
    assert made.second is None
    assert made.source == (
        f"ESPIRiT from the central {asked['block'][0].stop - asked['block'][0].start} × 24 separate "
        "calibration lines; 50 % of their pixels lie near edges of the frame that the object reaches: "
        "continued from inside"
    )
    for value, expected in zip(seen[0], (KSPACE, csm, second, MASK, COVARIANCE), strict=True):
        assert value is expected


def test_given_maps_go_before_all_others_and_one_coil_needs_none(monkeypatch):
    given = FileArray(3 * np.ones(SHAPE), "maps.npy", None)
    made, asked = found(monkeypatch, raw=replace(RAW, csm=given, calibration=KSPACE))
    assert not asked
    np.testing.assert_allclose(np.linalg.norm(made.csm, axis=1), 1, rtol=1e-6)
    assert made.learnt is made.second is None
    one = maps.find(RAW, KSPACE[:, :1], MASK, COVARIANCE[:1, :1], 1.0)
    np.testing.assert_array_equal(one.csm, np.ones((2, 1, 40, 36)))
    assert (one.source, one.learnt) == ("ones: a single coil", None)


def test_what_espirit_refuses_is_told_with_the_scan():
    with pytest.raises(InputError, match=r"^scan: no calibration region: .* is 1 × 1, "):
        maps.find(RAW, KSPACE, MASK & (np.arange(36) % 2 == 0), COVARIANCE, 1.0)
