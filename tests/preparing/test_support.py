"""Where the object is, found from the data alone."""

import numpy as np
import pytest

from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.preparing.preprocess import preprocess
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
