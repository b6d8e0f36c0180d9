"""The noise scan of an ISMRMRD file, in units of its images; and samples that are numbers."""

import made_mrd
import numpy as np
import pytest
from made_mrd import Line, header, lines_of, oversampled
from scanner_files import HEADER, KSPACE, N_COILS, RNG, changed, close, read, told, written

from sharpfit.errors import InputError


def test_the_noise_scan_is_scaled_by_dwell_time_bandwidth_and_averages(tmp_path):
    noise = RNG.standard_normal((N_COILS, 400)) + 1j * RNG.standard_normal((N_COILS, 400))
    scan = Line(noise, flags=(19,), dwell=8.0)
    raw = read(written(tmp_path, [scan, *lines_of(oversampled(KSPACE))]))
    close(raw.noise.values, noise * np.sqrt(8 / 2 / 0.8))
    twice = [line for n in (0, 1) for line in lines_of(oversampled(KSPACE), counters=(("average", n),))]
    halved = read(written(tmp_path, [scan, *twice]))
    close(halved.noise.values, noise * np.sqrt(8 / 2 / 0.8 / 2))


def test_a_noise_scan_of_other_coils_is_refused(tmp_path):
    noise = RNG.standard_normal((N_COILS + 1, 400)) + 0j
    lines = [Line(noise, flags=(19,)), *lines_of(oversampled(KSPACE))]
    with pytest.raises(InputError, match="its noise scan has other coils than its images"):
        read(written(tmp_path, lines))


@pytest.mark.parametrize(("rest", "fits"), [(0, True), (N_COILS, False), (2 * N_COILS, True), (1, False)])
def test_a_noise_scan_holds_whole_complex_samples_of_every_coil(tmp_path, rest, fits):
    noise = RNG.standard_normal((N_COILS, 400)) + 1j * RNG.standard_normal((N_COILS, 400))
    path = written(tmp_path, [Line(noise, flags=(19,)), *lines_of(oversampled(KSPACE))])

    def shorten(rows):
        rows["data"][0] = rows["data"][0][: len(rows["data"][0]) - rest]

    changed(path, shorten)
    if fits:
        n = 400 - rest // (2 * N_COILS)
        flat = noise.ravel()[: N_COILS * n].reshape(N_COILS, n)
        close(read(path).noise.values, flat / np.sqrt(0.8))
    else:
        assert told(path) == (
            f"{path}:dataset: its noise scan has other coils than its images; it is damaged"
        )


def test_several_noise_acquisitions_are_one_scan_and_its_scale_is_said(tmp_path):
    noise = [RNG.standard_normal((N_COILS, n)) + 1j for n in (30, 20)]
    lines = [Line(noise[0], flags=(19,), dwell=9.0), *lines_of(oversampled(KSPACE))]
    path = written(tmp_path, [*lines, Line(noise[1], flags=(19,), dwell=9.0)])
    raw = read(path)
    close(raw.noise.values, np.concatenate(noise, axis=1) * np.sqrt(4.5 / 0.8))
    assert raw.noise.where == (f"{path}:dataset noise scan (dwell 9 µs against 2 µs, receiver bandwidth 0.8)")


@pytest.mark.parametrize("dwell", [(0.0, 2.0), (8.0, 0.0), (0.5, 0.25)])
def test_a_dwell_time_that_is_not_known_scales_nothing(tmp_path, dwell):
    noise = RNG.standard_normal((N_COILS, 40)) + 0j
    lines = [Line(noise, flags=(19,), dwell=dwell[0]), *lines_of(oversampled(KSPACE), dwell=dwell[1])]
    ratio = dwell[0] / dwell[1] if all(dwell) else 1
    raw = read(written(tmp_path, lines))
    close(raw.noise.values, noise * np.sqrt(ratio / 0.8))
    assert ("(dwell not stated, taken as that of the images, " in raw.noise.where) == (not all(dwell))


def test_a_bandwidth_that_is_not_stated_is_said_to_be_taken_as_1(tmp_path):
    noise = RNG.standard_normal((N_COILS, 40)) + 0j
    lines = [Line(noise, flags=(19,), dwell=8.0), *lines_of(oversampled(KSPACE), dwell=2.0)]
    raw = read(written(tmp_path, lines, bandwidth=None))
    close(raw.noise.values, noise * 2)
    assert "receiver bandwidth not stated, taken as 1)" in raw.noise.where


def test_samples_and_noise_of_a_scanners_file_are_numbers(tmp_path):
    wide = oversampled(KSPACE)
    spoilt = wide.copy()
    spoilt[1, 5, 7] = np.nan
    with pytest.raises(
        InputError, match=r"scan\.h5:dataset: \d+ values are NaN or infinite, the first at coil 1, ky \d"
    ):
        read(written(tmp_path, lines_of(spoilt)))
    noise = RNG.standard_normal((N_COILS, 40)) + 0j
    noise[2, 3] = np.nan
    path = made_mrd.write(
        tmp_path / "noise.h5", header(**HEADER), [Line(noise, flags=(19,)), *lines_of(wide)]
    )
    with pytest.raises(
        InputError, match=r"noise scan .*: 1 values are NaN or infinite, the first at coil 2, sample 3"
    ):
        read(path)
