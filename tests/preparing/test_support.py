"""Where the object is, found from the data alone."""

import numpy as np
import pytest

from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.preparing import support as module
from sharpfit.preparing.preprocess import preprocess
from sharpfit.preparing.support import _solid, support
from sharpfit.simulation.simulate import simulate

HELD_OUT = {"fraction": 0.08, "seed": 2}


def found(object="head", matrix=(72, 60), n_coils=4, noise=0.03, acceleration=1, own_maps=False):
    """Support and true object of a simulated scan, bool (y, x) each."""
    made = simulate(
        object=object, matrix=list(matrix), n_coils=n_coils, noise_level=noise, noise_correlation=0.0, seed=1
    )
    csm = FileArray(made.csm, "maps", ("slice", "coil", "y", "x")) if own_maps else None
    lines = {"pattern": "lines", "acceleration": acceleration, "n_calibration": 16, "seed": 3}
    raw = RawScan(
        made.kspace,
        "scan",
        "as known",
        noise=FileArray(made.noise, "noise", None),
        noise_free=made.noise_free,
        csm=csm,
    )
    datasets, _ = preprocess(raw, held_out=HELD_OUT, sampling_parameters=lines if acceleration > 1 else None)
    magnitude = np.abs(datasets["reference"][0])
    return datasets["support"][0], magnitude > 0.1 * np.percentile(magnitude, 99)


@pytest.mark.parametrize(
    "scan",
    [
        {"n_coils": 1},
        {"own_maps": True, "acceleration": 3},
        {"own_maps": True, "object": "ellipses", "noise": 0.1},
        {"own_maps": True, "noise": 0.002},
        {"n_coils": 8, "acceleration": 4},
    ],
    ids=str,
)
def test_the_support_holds_the_object_and_little_air(scan):
    inside, true = found(**scan)
    assert (true & ~inside).sum() < 0.01 * true.sum()
    assert inside.mean() < 0.75


def test_an_object_that_fills_the_frame_is_all_inside():
    rng = np.random.default_rng(0)
    image = 1 + 0.3 * rng.random((48, 40))
    kspace = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image), norm="ortho"))[None, None]
    noisy = kspace + 0.02 * rng.standard_normal((*kspace.shape, 2)).view(complex)[..., 0]
    datasets, _ = preprocess(
        RawScan(noisy.astype(np.complex64), "scan", "as known"), held_out=HELD_OUT, noise_std=0.02
    )
    assert datasets["support"].all()


def drawn(*boxes):
    """A frame of 60 × 50 with these boxes (y, x, height, width) in it."""
    frame = np.zeros((60, 50), bool)
    for y, x, height, width in boxes:
        frame[y : y + height, x : x + width] = True
    return frame


def grown(frame, n):
    """With all pixels that n steps up, down, left or right reach."""
    for _ in range(n):
        padded = np.pad(frame, 1)
        frame = frame | padded[2:, 1:-1] | padded[:-2, 1:-1] | padded[1:-1, 2:] | padded[1:-1, :-2]
    return frame


@pytest.mark.parametrize(
    ("boxes", "kept"),
    [
        ([(20, 15, 20, 20)], [(20, 15, 20, 20)]),
        ([(20, 15, 20, 20), (5, 5, 2, 2)], [(20, 15, 20, 20), (5, 5, 2, 2)]),  # a hundredth of it
        ([(20, 15, 20, 20), (5, 5, 1, 3)], [(20, 15, 20, 20)]),
        ([(20, 15, 5, 20), (25, 15, 5, 5), (25, 30, 5, 5), (30, 15, 5, 20)], [(20, 15, 15, 20)]),  # a hole
        ([(20, 10, 12, 10), (20, 23, 12, 10)], [(20, 10, 12, 23)]),  # a gap of three pixels
        ([(20, 8, 12, 10), (20, 28, 12, 10)], [(20, 8, 12, 10), (20, 28, 12, 10)]),  # a gap of ten
        ([(0, 0, 12, 10)], [(0, 0, 12, 10)]),
    ],
)
def test_specks_are_dropped_gaps_closed_and_a_margin_added(boxes, kept):
    found = _solid(drawn(*boxes))
    wanted = grown(drawn(*kept), 2)
    corners = grown(drawn(*kept), 1)  # closing rounds gaps' ends
    assert (found & ~wanted).sum() == 0
    assert (
        (corners & ~found).sum() == 0
        if len(boxes) != 2 or len(kept) == 2
        else (found.sum() > 0.95 * wanted.sum())
    )


def powers(monkeypatch, power, noise):
    """What is found where the data's power is this, beside noise of that power; without a margin."""
    monkeypatch.setattr(module, "_powers", lambda *_: (power, np.broadcast_to(noise, power.shape)))
    monkeypatch.setattr(module, "_solid", lambda one: one)
    csm = np.ones((len(power), 2, *power.shape[1:]), np.complex64)
    csm[:, :, 0, 0] = 0
    return support(csm, csm, np.ones(power.shape[1:], bool), 1.0)


@pytest.mark.parametrize(("above", "found"), [(1.02, True), (0.98, False)])
@pytest.mark.parametrize("noise", [1e-6, 0.05])
def test_what_stands_out_by_a_tenth_of_the_brightness_and_clearly_is_object(monkeypatch, noise, above, found):
    """In power a hundredth of the 99th percentile, or three standard errors of the smoothed noise."""
    power = np.full((1, 20, 30), noise)
    power[0, 5:15, 5:25] += 1.0
    clear = 3 / np.sqrt(4 * np.pi * 1.5**2) * noise
    power[0, 2, 2] += above * max(0.01, clear)
    inside = powers(monkeypatch, power, noise)
    assert inside[0, 2, 2] == found
    assert inside.sum() == 200 + found


def test_a_slice_of_air_beside_an_object_holds_none(monkeypatch):
    power = np.full((2, 20, 30), 0.01)
    power[1, 5:15, 5:25] = 1.0
    assert powers(monkeypatch, power, 0.01).sum(axis=(1, 2)).tolist() == [0, 200]


def test_where_nothing_stands_out_in_any_slice_all_is_object_but_what_no_coil_sees(monkeypatch):
    inside = powers(monkeypatch, np.full((2, 20, 30), 0.01), 0.01)
    assert inside.sum(axis=(1, 2)).tolist() == [599, 599]
    assert not inside[:, 0, 0].any()


def test_the_support_is_the_same_on_any_scale():
    """10 % of the brightness is a share: a faint ring around the object is air on every scale."""
    y, x = np.indices((48, 40)) - np.array([[[24]], [[20]]])
    radius = np.hypot(y, x)
    image = 1.0 * (radius < 8) + 0.04 * ((radius >= 8) & (radius < 18))
    kspace = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image), norm="ortho"))[None, None]
    csm, mask = np.ones((1, 1, 48, 40), np.complex64), np.ones((48, 40), bool)
    found = [support((s * kspace).astype(np.complex64), csm, mask, 1e-4 * s) for s in (0.01, 1, 100)]
    assert not found[0][0, 24, 35:].any()
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[2], found[1])
