"""A simulated scan, and what preprocess makes of it; both made once and not to be changed."""

import pytest
from simulated_scan import HELD_OUT, LINES, SETTINGS, as_raw

from sharpfit.preparing.preprocess import preprocess
from sharpfit.simulation.simulate import simulate


@pytest.fixture(scope="session")
def scan():
    return simulate(noise_level=0.02, **SETTINGS)


@pytest.fixture(scope="session")
def result(scan):
    return preprocess(as_raw(scan), held_out=HELD_OUT, sampling_parameters=LINES)
