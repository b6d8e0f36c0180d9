from dataclasses import replace

import numpy as np
import pytest
import torch

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.files.geometry import Geometry
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics.acquisition import acquisition
from sharpfit.physics.operators import Fourier, largest_singular_value
from sharpfit.preparing.preprocess import UNITS, preprocess
from sharpfit.preparing.reference import combine
from sharpfit.simulation.simulate import simulate

SETTINGS = {"object": "ellipses", "matrix": [64, 56], "n_coils": 4, "noise_correlation": 0.2, "seed": 1}
LINES = {"pattern": "lines", "acceleration": 3, "n_calibration": 16, "seed": 0}
HELD_OUT = {"fraction": 0.08, "seed": 2}


def as_raw(scan, factor=1.0, dtype=np.complex64):
    return RawScan(
        (factor * scan.kspace.astype(np.complex128)).astype(dtype),
        "scan.h5:kspace",
        "axes given by the format",
        noise=FileArray((factor * scan.noise.astype(np.complex128)).astype(dtype), "scan.h5:noise", None),
        noise_free=factor * scan.noise_free.astype(np.complex128),
        pixel_spacing_mm=(3.0, 4.0),
    )


@pytest.fixture(scope="module")
def scan():
    return simulate(noise_level=0.02, **SETTINGS)


@pytest.fixture(scope="module")
def result(scan):
    return preprocess(as_raw(scan), held_out=HELD_OUT, sampling_parameters=LINES)


def model(datasets):
    return acquisition(torch.from_numpy(datasets["csm"]), torch.from_numpy(datasets["mask"])).encoding


def in_coils(datasets, image):
    """F S c at every location."""
    return Fourier().forward(torch.from_numpy(datasets["csm"] * image[:, None])).numpy()


def test_types_shapes_and_zeros(result):
    datasets, attrs = result
    shapes = {name: (values.shape, values.dtype.str[1:]) for name, values in datasets.items()}
    assert shapes == {
        "kspace": ((1, 4, 64, 56), "c8"),
        "csm": ((1, 4, 64, 56), "c8"),
        "mask": ((64, 56), "b1"),
        "held_out_mask": ((64, 56), "b1"),
        "noise_cov": ((4, 4), "c16"),
        "reference": ((1, 64, 56), "c8"),
        "support": ((1, 64, 56), "b1"),
    }
    assert not datasets["kspace"][..., ~datasets["mask"]].any()
    assert attrs["acceleration"] == pytest.approx(datasets["mask"].size / datasets["mask"].sum())
    assert all(isinstance(attrs[f"{part}_source"], str) for part in ("noise", "csm", "mask", "axes"))


def test_the_operators_largest_singular_value_is_one(result):
    operator = model(result[0])
    start = torch.randn((1, 64, 56), dtype=torch.complex64, generator=torch.Generator().manual_seed(9))
    value = largest_singular_value(operator, operator.stage_image(start), 400)
    assert float(value) == pytest.approx(1, abs=2e-3)


def test_the_first_steepest_descent_step_has_order_one(result):
    operator = model(result[0])
    gradient = operator.adjoint(operator.stage(torch.from_numpy(result[0]["kspace"])))
    forward = operator.forward(gradient)
    alpha = torch.linalg.vector_norm(gradient) ** 2 / torch.linalg.vector_norm(forward) ** 2
    assert np.percentile(float(alpha) * gradient.abs(), 99) == pytest.approx(1, abs=1e-4)


def test_noise_in_fitted_units_is_white_and_has_std_sigma(scan, result):
    datasets, attrs = result
    noise_only = RawScan(scan.kspace - scan.noise_free, "n", "", noise=as_raw(scan).noise, csm=None)
    clean = RawScan(scan.noise_free, "c", "", noise=as_raw(scan).noise)
    whitening = np.linalg.inv(np.linalg.cholesky(datasets["noise_cov"]))
    white = attrs["data_scale"] * np.einsum("ij,sjyx->iyxs", whitening, noise_only.kspace).reshape(4, -1)
    np.testing.assert_allclose(white.real.std(1), attrs["sigma"], rtol=0.05)
    np.testing.assert_allclose(np.cov(white) / (2 * attrs["sigma"] ** 2), np.eye(4), atol=0.08)
    fitted = attrs["data_scale"] * np.einsum("ij,sjyx->siyx", whitening, clean.kspace + noise_only.kspace)
    where = datasets["mask"]
    np.testing.assert_allclose(datasets["kspace"][..., where], fitted[..., where], atol=1e-4)


def test_noise_free_data_are_explained_by_reference_and_scales(scan):
    """y = A c with c = reference / image_scale, to the accuracy of the maps; with the true maps exactly."""
    maps = FileArray(scan.csm.astype(np.complex128), "maps", None)
    image = RNG_IMAGE * (np.abs(scan.csm).sum(1) > 0)
    unit_maps = scan.csm / np.linalg.norm(scan.csm, axis=1, keepdims=True)
    exact = Fourier().forward(torch.from_numpy(unit_maps * image[:, None])).numpy()
    raw = RawScan(exact, "exact", "", noise=as_raw(scan).noise, csm=maps, noise_free=exact)
    datasets, attrs = preprocess(raw, held_out=HELD_OUT, sampling_parameters=LINES)
    np.testing.assert_allclose(datasets["reference"], image, atol=1e-5)
    predicted = in_coils(datasets, (datasets["reference"] / attrs["image_scale"]).astype(np.complex64))
    where = datasets["mask"]
    np.testing.assert_allclose(predicted[..., where], datasets["kspace"][..., where], atol=2e-5)


RNG_IMAGE = np.random.default_rng(0).standard_normal((1, 64, 56)) + 1j


@pytest.mark.parametrize("factor", [1e13, 5e-4, 2.0**-40])
def test_the_unit_of_the_file_does_not_matter(scan, result, factor):
    datasets, attrs = preprocess(
        as_raw(scan, factor, np.complex128), held_out=HELD_OUT, sampling_parameters=LINES
    )
    np.testing.assert_allclose(datasets["kspace"], result[0]["kspace"], atol=2e-5)
    np.testing.assert_allclose(datasets["csm"], result[0]["csm"], atol=2e-5)
    assert attrs["image_scale"] == pytest.approx(factor * result[1]["image_scale"], rel=1e-4)
    assert attrs["operator_norm"] == pytest.approx(result[1]["operator_norm"] / factor, rel=1e-4)
    assert attrs["sigma"] == pytest.approx(result[1]["sigma"], rel=1e-4)
    np.testing.assert_allclose(datasets["reference"], factor * result[0]["reference"], atol=1e-4 * factor)
    np.testing.assert_allclose(datasets["noise_cov"], factor**2 * result[0]["noise_cov"], rtol=1e-4)


def test_scales_are_consistent(result):
    attrs = result[1]
    assert attrs["sigma"] == pytest.approx(attrs["data_scale"] / np.sqrt(2))
    assert attrs["image_scale"] == pytest.approx(1 / (attrs["data_scale"] * attrs["operator_norm"]))


def test_twice_gives_the_same_bits(scan, result):
    datasets, attrs = preprocess(as_raw(scan), held_out=HELD_OUT, sampling_parameters=LINES)
    for name, values in datasets.items():
        assert values.tobytes() == result[0][name].tobytes()
    assert repr(attrs) == repr(result[1])


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


def test_added_noise_counts_in_sigma_and_covariance(scan):
    added = {"level": 0.05, "seed": 6}
    datasets, attrs = preprocess(
        as_raw(scan), held_out=HELD_OUT, sampling_parameters=LINES, added_noise=added
    )
    plain = preprocess(as_raw(scan), held_out=HELD_OUT, sampling_parameters=LINES)[0]
    difference = datasets["noise_cov"] - plain["noise_cov"]
    np.testing.assert_allclose(difference, 2 * attrs["added_noise_std"] ** 2 * np.eye(4), atol=1e-7)
    images = np.abs(Fourier().adjoint(torch.from_numpy(scan.kspace)).numpy())
    assert attrs["added_noise_std"] == pytest.approx(
        0.05 * np.percentile(np.linalg.norm(images, axis=1), 99), rel=1e-5
    )
    assert attrs["seed"] == 6


def test_noise_is_added_as_a_share_of_the_image_that_the_sampled_lines_make(scan):
    kspace = scan.kspace.copy()
    kspace[..., 1:24:2, :] = kspace[..., 41::2, :] = 0
    added = {"level": 0.05, "seed": 6}
    attrs = preprocess(replace(as_raw(scan), kspace=kspace), held_out=HELD_OUT, added_noise=added)[1]
    brightness = np.linalg.norm(Fourier().adjoint(torch.from_numpy(kspace)).numpy(), axis=1)
    assert attrs["added_noise_std"] == pytest.approx(0.05 * np.percentile(brightness, 99), rel=1e-5)


def test_the_reference_is_the_noise_free_object(scan, result):
    brightness = np.linalg.norm(Fourier().adjoint(torch.from_numpy(scan.noise_free)).numpy(), axis=1)
    inside = brightness > 0.1 * np.percentile(brightness, 99)
    np.testing.assert_allclose(np.abs(result[0]["reference"])[inside], brightness[inside], rtol=0.05)


def test_a_measured_full_scan_is_its_own_reference_before_noise_is_added(scan):
    raw = replace(as_raw(scan), noise_free=None)
    added = {"level": 0.3, "seed": 6}
    maps = FileArray(scan.csm, "maps", None)
    datasets, attrs = preprocess(
        replace(raw, csm=maps), held_out=HELD_OUT, sampling_parameters=LINES, added_noise=added
    )
    unit_maps = scan.csm / np.linalg.norm(scan.csm, axis=1, keepdims=True)
    expected = combine(scan.kspace, unit_maps.astype(np.complex64), datasets["noise_cov"])
    np.testing.assert_allclose(datasets["reference"], expected, atol=1e-5)
    assert attrs["reference_source"].startswith("all samples as measured")
    assert attrs["reference_noise_variance"] > 0  # of the noise that it shares with the fit


def test_a_reference_of_its_own_shares_no_noise_with_the_fit(result):
    assert result[1]["reference_noise_variance"] == result[1]["reference_noise_energy"] == 0


def test_a_given_image_is_turned_by_the_smooth_phase_that_the_maps_leave_free(scan, result):
    truth = result[0]["reference"]
    magnitude = FileArray(np.abs(truth), "image.npy", None)
    datasets, attrs = preprocess(
        replace(as_raw(scan), reference=magnitude), held_out=HELD_OUT, sampling_parameters=LINES
    )
    inside = np.abs(truth) > 0.5
    np.testing.assert_allclose(datasets["reference"][inside], truth[inside], rtol=0.15)
    assert attrs["reference_source"].startswith("given as magnitude (image.npy)")
    y, x = np.mgrid[-1:1:64j, -1:1:56j]
    whole = FileArray(truth * np.exp(1j * (2.5 + x - y + 0.5 * x * y)), "image.npy", None)
    datasets, attrs = preprocess(
        replace(as_raw(scan), reference=whole), held_out=HELD_OUT, sampling_parameters=LINES
    )
    error = np.linalg.norm((datasets["reference"] - truth)[inside]) / np.linalg.norm(truth[inside])
    assert error < 0.03
    np.testing.assert_allclose(np.abs(datasets["reference"]), np.abs(truth), rtol=1e-5)
    assert attrs["reference_source"].startswith("given (image.npy), up to a smooth phase")


def test_combining_recovers_any_image_exactly():
    rng = np.random.default_rng(1)
    maps = rng.standard_normal((2, 3, 8, 8)) + 1j * rng.standard_normal((2, 3, 8, 8))
    image = rng.standard_normal((2, 8, 8)) + 1j * rng.standard_normal((2, 8, 8))
    kspace = Fourier().forward(torch.from_numpy(maps * image[:, None])).numpy()
    factor = rng.standard_normal((3, 3)) + 1j * rng.standard_normal((3, 3))
    np.testing.assert_allclose(combine(kspace, maps, factor @ factor.conj().T), image, atol=1e-5)


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


def test_noise_may_be_stated(scan):
    datasets, attrs = preprocess(as_raw(scan), held_out=HELD_OUT, sampling_parameters=LINES, noise_std=0.04)
    np.testing.assert_allclose(datasets["noise_cov"], 2 * 0.04**2 * np.eye(4))
    assert attrs["noise_source"] == "stated: std 0.04 per component"


def test_slices_share_one_scale(scan):
    second = simulate(noise_level=0.02, **SETTINGS | {"seed": 3})
    raw = replace(as_raw(scan), kspace=np.concatenate([scan.kspace, 0.5 * second.kspace]), noise_free=None)
    datasets, attrs = preprocess(raw, held_out=HELD_OUT, sampling_parameters=LINES)
    assert datasets["kspace"].shape == (2, 4, 64, 56)
    assert np.ndim(attrs["image_scale"]) == 0
    ratio = np.linalg.norm(datasets["reference"][1]) / np.linalg.norm(datasets["reference"][0])
    assert ratio == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize("true_maps", [True, False])
def test_the_least_squares_fit_of_a_full_scan_has_a_chi_squared_of_one(scan, true_maps):
    """RSS / σ² over the real numbers measured less those fitted; a little more where maps are estimated."""
    maps = FileArray(scan.csm, "maps", None) if true_maps else None
    datasets, attrs = preprocess(replace(as_raw(scan), csm=maps), held_out=HELD_OUT)
    images = Fourier().adjoint(torch.from_numpy(datasets["kspace"])).numpy()
    power = (np.abs(datasets["csm"]) ** 2).sum(1)
    support = power > 0
    fitted = np.where(support, (datasets["csm"].conj() * images).sum(1) / np.where(support, power, 1), 0)
    residual = datasets["kspace"] - in_coils(datasets, fitted)
    n_free = 2 * (images.size - support.sum())
    chi2 = (np.abs(residual) ** 2).sum() / (attrs["sigma"] ** 2 * n_free)
    assert chi2 == pytest.approx(1, abs=0.03) if true_maps else 0.95 < chi2 < 1.15


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


def test_a_result_is_never_nan(scan):
    corner = np.zeros_like(scan.csm)
    corner[..., 0, 0] = 1
    raw = replace(as_raw(scan), csm=FileArray(corner, "maps", None))
    with pytest.raises(InputError, match=r"scan\.h5:kspace: kspace, .* came out NaN or infinite"):
        preprocess(raw, held_out=HELD_OUT, sampling_parameters=LINES)


@pytest.mark.parametrize("sampling", [None, LINES])
def test_a_reference_in_other_units_is_refused_with_the_factor(scan, result, sampling):
    kspace = np.where(result[0]["mask"], scan.kspace, 0) if sampling is None else scan.kspace
    raw = replace(as_raw(scan), kspace=kspace, noise_free=None)
    truth = np.abs(result[0]["reference"])
    for factor in (0.6, 1, 1.8):
        given = FileArray(factor * truth, "image.npy", None)
        preprocess(replace(raw, reference=given), held_out=HELD_OUT, sampling_parameters=sampling)
    given = FileArray(1000 * truth, "image.npy", None)
    with pytest.raises(
        InputError, match=r"image\.npy: the measured samples are (0\.0009\d*|0\.001\d*) times"
    ):
        preprocess(replace(raw, reference=given), held_out=HELD_OUT, sampling_parameters=sampling)


def test_where_the_images_lie_goes_with_them_as_far_as_it_is_known(scan, result):
    centres = np.array([[1.0, 2.0, 3.0]])
    geometry = Geometry(centres, np.array([0.0, 1, 0]), np.array([0.0, 0, -1]), (3.0, 4.0), 5.5)
    _, attrs = preprocess(
        replace(as_raw(scan), geometry=geometry), held_out=HELD_OUT, sampling_parameters=LINES
    )
    np.testing.assert_array_equal(attrs["pixel_spacing_mm"], [3, 4])
    np.testing.assert_array_equal(attrs["slice_centres_mm"], centres)
    np.testing.assert_array_equal(attrs["row_direction"], [0, 1, 0])
    np.testing.assert_array_equal(attrs["column_direction"], [0, 0, -1])
    assert attrs["slice_thickness_mm"] == 5.5
    np.testing.assert_array_equal(result[1]["pixel_spacing_mm"], [3, 4])
    assert not [name for name in result[1] if name.startswith("slice_")]


def test_every_number_that_is_stored_has_a_unit(scan, result):
    """But text, and what has none by its nature."""
    for datasets, attrs in (
        result,
        preprocess(as_raw(scan), held_out=HELD_OUT, added_noise={"level": 0.05, "seed": 6}),
    ):
        numbers = {name for name, value in attrs.items() if not isinstance(value, str)}
        assert numbers <= UNITS.keys()
        assert datasets.keys() - {"mask", "held_out_mask"} <= UNITS.keys()


def test_a_reference_holds_the_share_of_the_noise_that_was_measured(scan):
    """2 σ² Σ 1 / Σ|S|² over the object in units of the file, and of it what was not added."""
    maps = FileArray(scan.csm, "maps", None)
    raw = replace(as_raw(scan), noise_free=None, csm=maps)
    for added in (None, {"level": 0.05, "seed": 6}):
        datasets, attrs = preprocess(raw, held_out=HELD_OUT, added_noise=added)
        psi = datasets["noise_cov"]
        own = psi - 2 * attrs["added_noise_std"] ** 2 * np.eye(4)
        share = np.trace(np.linalg.solve(psi, own)).real / 4
        variance = share * (attrs["sigma"] * attrs["image_scale"]) ** 2
        assert attrs["reference_noise_variance"] == pytest.approx(variance, rel=1e-4)
        power = (np.abs(datasets["csm"]) ** 2).sum(1)[datasets["support"]]
        assert attrs["reference_noise_energy"] == pytest.approx(2 * variance * (1 / power).sum(), rel=1e-4)
        assert (share < 0.9) == bool(added)
