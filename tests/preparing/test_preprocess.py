"""What preprocess makes of a scan: the problem in fitted units, its scales, and what goes with it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from simulated_scan import HELD_OUT, LINES, as_raw, in_coils

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.files.geometry import Geometry
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics.acquisition import acquisition
from sharpfit.physics.operators import Fourier, largest_singular_value
from sharpfit.preparing.preprocess import UNITS, preprocess


def model(datasets):
    return acquisition(torch.from_numpy(datasets["csm"]), torch.from_numpy(datasets["mask"])).encoding


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


def test_a_result_is_never_nan(scan):
    corner = np.zeros_like(scan.csm)
    corner[..., 0, 0] = 1
    raw = replace(as_raw(scan), csm=FileArray(corner, "maps", None))
    with pytest.raises(InputError, match=r"scan\.h5:kspace: kspace, .* came out NaN or infinite"):
        preprocess(raw, held_out=HELD_OUT, sampling_parameters=LINES)


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
