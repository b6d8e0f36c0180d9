"""Slices that are sampled differently: each is prepared as if it were alone, at one scale and noise level."""

from dataclasses import replace

import numpy as np
import pytest

from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.physics import masks, noise
from sharpfit.physics.kspace import radius
from sharpfit.preparing import true_replicas
from sharpfit.preparing.inspection import inspect
from sharpfit.preparing.preprocess import preprocess
from sharpfit.simulation.simulate import simulate

HELD_OUT = {"fraction": 0.08, "seed": 2}
SHAPE = (64, 56)
MASKS = np.stack(
    [
        masks.make_mask(SHAPE, pattern="lines", acceleration=2, n_calibration=24, seed=0),
        masks.make_mask(SHAPE, pattern="poisson", acceleration=3, n_calibration=24, seed=1),
        np.ones(SHAPE, bool),
    ]
)


@pytest.fixture(scope="module")
def made():
    settings = {"object": "ellipses", "matrix": list(SHAPE), "n_coils": 4, "noise_correlation": 0.3}
    return [simulate(noise_level=0.02, seed=seed, **settings) for seed in (1, 3, 5)]


@pytest.fixture(scope="module")
def raw(made):
    kspace = np.concatenate([one.kspace for one in made])
    kspace = np.where(MASKS[:, None], kspace, 0).astype(np.complex64)
    return RawScan(kspace, "scan.h5:kspace", "as made", noise=FileArray(made[0].noise, "noise", None))


@pytest.fixture(scope="module")
def result(raw):
    return preprocess(raw, held_out=HELD_OUT)


def test_every_slice_has_its_own_masks(result):
    datasets, attrs = result
    np.testing.assert_array_equal(datasets["mask"], MASKS)
    assert not (datasets["held_out_mask"] & ~MASKS).any()
    counts = datasets["held_out_mask"].sum(axis=(1, 2))
    assert list(counts) == [round(0.08 * one.sum()) for one in MASKS]
    assert attrs["acceleration"] == pytest.approx(MASKS.size / MASKS.sum())
    assert attrs["mask_source"].startswith(
        f"slices are sampled differently: {MASKS[1].sum()} to 3584 of 3584 locations in each"
    )


def test_a_slice_is_prepared_as_if_it_were_alone_but_for_the_scale(raw, result):
    datasets, attrs = result
    norms = []
    for i in range(3):
        one = replace(raw, kspace=raw.kspace[i : i + 1])
        alone, scales = preprocess(one, held_out=HELD_OUT)
        for name, scale in (("kspace", "data_scale"), ("csm", "operator_norm")):
            power = -1 if name == "kspace" else 1
            found = datasets[name][i] * attrs[scale] ** power
            np.testing.assert_allclose(found, alone[name][0] * scales[scale] ** power, atol=1e-5)
        np.testing.assert_array_equal(datasets["mask"][i], alone["mask"])
        np.testing.assert_array_equal(datasets["held_out_mask"][i], alone["held_out_mask"])
        assert (datasets["support"][i] != alone["support"][0]).mean() < 0.01
        norms.append(scales["operator_norm"])
    assert attrs["operator_norm"] == pytest.approx(max(norms), rel=1e-6)


@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_the_noise_level_is_that_of_all_slices(raw, made, factor):
    """Stated right, it agrees with the residual; stated twice too high, it is corrected by a half."""
    true = np.sqrt(np.trace(noise.covariance(made[0].noise.astype(complex))).real / 8)
    white = replace(raw, noise=None, kspace=_with_white_noise(made, true), csm=_true_maps(made))
    attrs = preprocess(white, held_out=HELD_OUT, noise_std=factor * true)[1]
    assert attrs["sigma"] / attrs["sigma_given"] == pytest.approx(1 / factor, rel=0.03)


def _true_maps(made):
    return FileArray(np.concatenate([one.csm for one in made]), "maps", None)


def _with_white_noise(made, std):
    rng = np.random.default_rng(9)
    clean = np.concatenate([one.noise_free for one in made])
    drawn = std * (rng.standard_normal(clean.shape) + 1j * rng.standard_normal(clean.shape))
    return np.where(MASKS[:, None], clean + drawn, 0).astype(np.complex64)


def test_noise_is_taken_where_each_slice_was_sampled():
    rng = np.random.default_rng(2)
    factor = np.eye(3) + 0.3 * rng.standard_normal((3, 3))
    drawn = rng.standard_normal((3, 3, *SHAPE)) + 1j * rng.standard_normal((3, 3, *SHAPE))
    kspace = np.where(MASKS[:, None], np.einsum("ij,sjyx->siyx", factor, drawn), 0)
    psi = 2 * factor @ factor.T
    found = noise.from_edge(kspace, MASKS, "scan")
    edge = [int(sampled.sum()) for sampled in MASKS & (radius(SHAPE) > 1.25)]
    assert found.n_samples == sum(edge)
    np.testing.assert_allclose(found.covariance, psi, atol=6 * np.abs(psi).max() / np.sqrt(sum(edge)))
    averages = true_replicas.noise_of(kspace, MASKS, 2)
    np.testing.assert_allclose(averages.covariance, psi, atol=0.05 * np.abs(psi).max())
    assert "by 1.0" in true_replicas.check(drawn, MASKS, 1.0, 2)


def test_coils_are_compressed_by_each_slices_samples(raw, result):
    datasets, attrs = preprocess(raw, held_out=HELD_OUT, n_virtual_coils=3)
    assert datasets["kspace"].shape == (3, 3, *SHAPE)
    assert not datasets["kspace"][:, 0][~MASKS].any()
    assert "for each slice" in attrs["coil_compression"]
    assert "readout" not in attrs["coil_compression"]  # the second slice has none
    assert attrs["image_scale"] == pytest.approx(result[1]["image_scale"], rel=0.05)


def test_inspecting_says_so(raw):
    found = inspect(raw)
    assert "slices are sampled differently" in found.facts["sampling"]
    assert found.facts["calibration"] == "the central 24 × 24 are sampled fully"
    assert not found.fully_sampled


def test_a_given_mask_holds_for_all_slices(raw):
    common = MASKS.all(axis=0)
    datasets, _ = preprocess(replace(raw, mask=FileArray(common, "mask.npy", None)), held_out=HELD_OUT)
    np.testing.assert_array_equal(datasets["mask"], common)
    assert not datasets["kspace"][..., ~common].any()
