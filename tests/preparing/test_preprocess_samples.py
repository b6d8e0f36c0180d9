"""Which samples, coils and slices preprocess fits, and which it leaves out or refuses."""

from dataclasses import replace

import numpy as np
import pytest
from simulated_scan import HELD_OUT, LINES, SETTINGS, as_raw

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.preparing.preprocess import preprocess
from sharpfit.simulation.simulate import simulate


def test_maps_use_only_what_the_fit_may_see(scan, result):
    """Held-out samples and everything outside the mask may be anything; the maps stay the same."""
    raw = as_raw(scan)
    kspace = raw.kspace.copy()
    hidden = ~result[0]["mask"] | result[0]["held_out_mask"]
    kspace[..., hidden] *= 1.5
    datasets, attrs = preprocess(replace(raw, kspace=kspace), held_out=HELD_OUT, sampling_parameters=LINES)
    scale = result[1]["operator_norm"] / attrs["operator_norm"]
    np.testing.assert_allclose(datasets["csm"], scale * result[0]["csm"], atol=1e-6)


def test_held_out_samples_lie_outside_the_calibration_block(result):
    mask, held_out = result[0]["mask"], result[0]["held_out_mask"]
    assert held_out.sum() == round(0.08 * mask.sum())
    assert not held_out[24:40, 20:36].any()


def test_zeros_are_taken_as_not_sampled_and_said(scan):
    raw = replace(as_raw(scan), noise_free=None)
    kspace = raw.kspace.copy()
    kspace[:, :, 1:20:2] = 0
    datasets, attrs = preprocess(replace(raw, kspace=kspace), held_out=HELD_OUT)
    assert datasets["mask"].sum() == 64 * 56 - 10 * 56
    assert "reference" not in datasets
    assert attrs["mask_source"].startswith("560 of 3584 locations hold exact zeros")
    with pytest.raises(InputError, match="sampling: needs a fully sampled scan"):
        preprocess(replace(raw, kspace=kspace), held_out=HELD_OUT, sampling_parameters=LINES)


def test_a_stray_zero_is_a_sample(scan):
    kspace = scan.kspace.copy()
    kspace[..., 3, 4] = 0
    datasets, attrs = preprocess(replace(as_raw(scan), kspace=kspace), held_out=HELD_OUT)
    assert datasets["mask"].all()
    assert "1 stray zeros" in attrs["mask_source"]


def test_a_given_mask_is_used_checked_and_said(scan, result):
    given = FileArray(result[0]["mask"], "mask.npy", None)
    datasets, attrs = preprocess(replace(as_raw(scan), mask=given), held_out=HELD_OUT)
    np.testing.assert_array_equal(datasets["kspace"], result[0]["kspace"])
    assert "given (mask.npy)" in attrs["mask_source"]
    with pytest.raises(InputError, match=r"mask\.npy: a scan takes either mask: or sampling:"):
        preprocess(replace(as_raw(scan), mask=given), held_out=HELD_OUT, sampling_parameters=LINES)
    kspace = scan.kspace.copy()
    kspace[..., 30:34, :] = 0
    with pytest.raises(InputError, match=r"mask\.npy: 224 locations of the mask hold only zeros"):
        preprocess(replace(as_raw(scan), mask=given, kspace=kspace), held_out=HELD_OUT)


def test_a_single_coil_has_maps_of_one(scan):
    raw = RawScan(
        scan.kspace[:, :1], "one", "", noise=FileArray(scan.noise[:1], "noise", None), pixel_spacing_mm=None
    )
    datasets, attrs = preprocess(raw, held_out=HELD_OUT, sampling_parameters=LINES)
    np.testing.assert_allclose(datasets["csm"], datasets["csm"][0, 0, 0, 0], rtol=1e-6)
    assert attrs["csm_source"] == "ones: a single coil"
    assert "pixel_spacing_mm" not in attrs


def test_no_calibration_region_is_one_line(scan):
    with pytest.raises(InputError, match=r"^scan\.h5:kspace: no calibration region.*csm:"):
        preprocess(
            as_raw(scan), held_out=HELD_OUT, sampling_parameters=LINES | {"n_calibration": 0, "seed": 1}
        )


def test_slices_share_one_scale(scan):
    second = simulate(noise_level=0.02, **SETTINGS | {"seed": 3})
    raw = replace(as_raw(scan), kspace=np.concatenate([scan.kspace, 0.5 * second.kspace]), noise_free=None)
    datasets, attrs = preprocess(raw, held_out=HELD_OUT, sampling_parameters=LINES)
    assert datasets["kspace"].shape == (2, 4, 64, 56)
    assert np.ndim(attrs["image_scale"]) == 0
    ratio = np.linalg.norm(datasets["reference"][1]) / np.linalg.norm(datasets["reference"][0])
    assert ratio == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_a_slice_of_air_is_said_and_leaves_the_others_as_they_are(scan, order):
    air = (scan.kspace - scan.noise_free).astype(np.complex64)
    raw = replace(as_raw(scan), kspace=np.concatenate([air, scan.kspace])[order], noise_free=None)
    datasets, attrs = preprocess(raw, held_out=HELD_OUT, sampling_parameters=LINES)
    alone, scales = preprocess(as_raw(scan), held_out=HELD_OUT, sampling_parameters=LINES)
    where = 0 if order == slice(None) else 1
    assert f"slice {where} holds no signal above the noise" in attrs["csm_source"]
    assert attrs["operator_norm"] == scales["operator_norm"]
    assert not datasets["csm"][where].any()
    np.testing.assert_array_equal(datasets["csm"][1 - where], alone["csm"][0])
    with pytest.raises(InputError, match=r"scan\.h5:kspace: no slice holds signal above the noise"):
        preprocess(replace(raw, kspace=air), held_out=HELD_OUT, sampling_parameters=LINES)


@pytest.mark.parametrize("given", ["maps", "calibration"])
def test_a_coil_that_holds_only_zeros_is_left_out_and_that_is_said(scan, given):
    noise = np.random.default_rng(5).standard_normal((2, *scan.kspace.shape, 2)) @ [0.05, 0.05j]
    averages = (scan.kspace + noise).astype(np.complex64)
    raw = replace(as_raw(scan), kspace=averages.mean(axis=0), averages=averages)
    if given == "maps":
        raw = replace(raw, csm=FileArray(scan.csm, "maps", None))
    else:
        raw = replace(raw, calibration=scan.noise_free)
    datasets, attrs = preprocess(with_a_dead_coil(raw), held_out=HELD_OUT, sampling_parameters=LINES)
    alone, scales = preprocess(raw, held_out=HELD_OUT, sampling_parameters=LINES)
    assert attrs.pop("coils_left_out") == "4 of 5; coil 1 holds only zeros, left out"
    assert (datasets.keys(), attrs.keys()) == (alone.keys(), scales.keys())
    for name, values in alone.items():
        np.testing.assert_array_equal(datasets[name], values, err_msg=name)


def with_a_dead_coil(raw):
    """Return the scan with a coil of zeros in the second place, in all that has coils."""
    axes = {"kspace": 1, "noise_free": 1, "calibration": 1, "csm": 1, "averages": 2, "noise": 0}
    parts = {}
    for name, axis in axes.items():
        value = getattr(raw, name)
        if isinstance(value, FileArray):
            parts[name] = value._replace(values=np.insert(value.values, 1, 0, axis))
        elif value is not None:
            parts[name] = np.insert(value, 1, 0, axis)
    return replace(raw, **parts)


def test_coils_and_slices_of_zeros_are_refused(scan):
    kspace = np.concatenate([scan.kspace, scan.kspace])
    kspace[1, 0] = 0
    raw = replace(as_raw(scan), kspace=kspace, noise_free=None)
    with pytest.raises(
        InputError, match=r"scan\.h5:kspace: coil 0 holds only zeros in slice 1 and more in others; leave"
    ):
        preprocess(raw, held_out=HELD_OUT, sampling_parameters=LINES, noise_std=0.04)
    kspace[1, 2] = 0
    with pytest.raises(InputError, match=r"coil 0 holds only zeros in slice 1"):  # the first of both
        preprocess(raw, held_out=HELD_OUT, sampling_parameters=LINES, noise_std=0.04)
    kspace[1] = 0
    with pytest.raises(InputError, match=r"scan\.h5:kspace: slice 1 holds only zeros; leave it out"):
        preprocess(raw, held_out=HELD_OUT, sampling_parameters=LINES)
