import numpy as np
import pytest
import sigpy.mri

from sharpfit.errors import InputError
from sharpfit.files.read_scan import read_scan
from sharpfit.physics.masks import calibration_block, make_mask
from sharpfit.preparing import coil_maps
from sharpfit.simulation.simulate import simulate
from sharpfit.study.jobs import readers_of

PHANTOM = {"object": "ellipses", "matrix": [64, 64], "n_coils": 6, "noise_correlation": 0.0, "seed": 0}

HEAD = {"object": "head", "matrix": [96, 96], "n_coils": 8, "noise_correlation": 0.2, "seed": 1}


def to_image(kspace):
    axes = (-2, -1)
    return np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace, axes=axes), norm="ortho"), axes=axes)


def by_sigpy(kspace, block):
    """The same maps by SigPy, and the eigenvalues; converged where they lie apart."""
    centre = np.zeros_like(kspace)
    centre[:, *block] = kspace[:, *block]
    app = sigpy.mri.app.EspiritCalib(
        centre, block[0].stop - block[0].start, 0.02, 6, 0.9, 100, show_pbar=False, output_eigenvalue=True
    )
    maps, eigenvalues = app.run()
    return maps, np.abs(eigenvalues[0])


def check_against_sigpy(kspace):
    shape = kspace.shape[1:]
    block = calibration_block(np.ones(shape, bool), coil_maps.MAX_CALIBRATION_WIDTH)
    ours = coil_maps.espirit(kspace[None], block, 0).csm[0]
    theirs, eigenvalues = by_sigpy(kspace, block)
    brightness = np.linalg.norm(to_image(kspace), axis=0)
    inside = (brightness > 0.1 * np.percentile(brightness, 99)) & (eigenvalues > 0.9)
    distance = np.linalg.norm(ours - theirs, axis=0)
    assert np.percentile(distance[inside], 95) < 1e-3
    decided = np.abs(eigenvalues - 0.9) > 1e-3
    assert (ours.any(axis=0) == theirs.any(axis=0))[decided].mean() > 0.999


@pytest.mark.parametrize(
    ("subject", "shape", "n_coils"),
    [("head", (96, 96), 8), ("head", (95, 81), 3), ("ellipses", (64, 80), 12)],
)
def test_the_maps_are_sigpys(subject, shape, n_coils):
    scan = simulate(
        object=subject, matrix=list(shape), n_coils=n_coils, noise_level=0.01, noise_correlation=0.2, seed=2
    )
    check_against_sigpy(scan.kspace[0])


@pytest.mark.real
def test_the_maps_of_a_measured_brain_are_sigpys(shared_data):
    file = str(shared_data / "brain_8ch" / "full.cfl")
    check_against_sigpy(read_scan({"file": file}, readers_of({"file": file})).kspace[0])


@pytest.mark.parametrize(("level", "limit"), [(0.001, 0.03), (0.03, 0.05)])
def test_espirit_finds_the_true_maps_up_to_a_phase(level, limit):
    scan = simulate(noise_level=level, **PHANTOM)
    mask = make_mask((64, 64), pattern="lines", acceleration=3, n_calibration=20, seed=0)
    block = calibration_block(mask, coil_maps.MAX_CALIBRATION_WIDTH)
    variance = 2 * np.var(scan.noise.real)
    found = coil_maps.espirit(np.where(mask, scan.kspace, 0), block, variance).csm[0]
    truth = scan.csm[0] / np.linalg.norm(scan.csm[0], axis=0)
    brightness = np.linalg.norm(to_image(scan.noise_free[0]), axis=0)
    inside = brightness > 0.1 * np.percentile(brightness, 99)
    overlap = np.abs((truth.conj() * found).sum(0))[inside]
    assert np.sqrt(np.mean(1 - overlap**2)) < limit
    support = np.linalg.norm(found, axis=0)
    np.testing.assert_allclose(support[support > 0], 1, atol=1e-5)
    assert (support[inside] > 0).mean() > 0.99
    assert found.dtype == np.complex64


def test_only_the_calibration_block_is_read():
    scan = simulate(noise_level=0.01, **PHANTOM)
    block = calibration_block(np.ones((64, 64), bool), coil_maps.MAX_CALIBRATION_WIDTH)
    elsewhere = scan.kspace.copy()
    elsewhere[...] = np.nan
    elsewhere[..., *block] = scan.kspace[..., *block]
    np.testing.assert_array_equal(
        coil_maps.espirit(elsewhere, block, 0).csm, coil_maps.espirit(scan.kspace, block, 0).csm
    )


def test_a_small_calibration_region_is_refused():
    kspace = np.ones((1, 2, 32, 32), np.complex64)
    with pytest.raises(
        InputError, match=r"no calibration region: .* is 8 × 8, ESPIRiT needs 12 × 12; give maps"
    ):
        coil_maps.espirit(kspace, (slice(12, 20), slice(12, 20)), 0.0)


def test_given_maps_are_normalised_and_the_change_is_said():
    given = np.zeros((1, 2, 4, 4), complex)
    given[0, :, 1:] = np.array([3, 4j])[:, None, None]
    normalised, said = coil_maps.normalised(given, "maps.npy")
    np.testing.assert_allclose(np.linalg.norm(normalised[0], axis=0)[1:], 1)
    assert not normalised[0, :, 0].any()
    assert "maps.npy" in said
    assert "5 to 5" in said


@pytest.mark.parametrize("air", [0, 1])
def test_a_slice_without_signal_gets_no_maps_and_spoils_no_other(air):
    scan = simulate(noise_level=0.01, **PHANTOM)
    block = calibration_block(np.ones((64, 64), bool), coil_maps.MAX_CALIBRATION_WIDTH)
    stack = np.concatenate([air * (scan.kspace - scan.noise_free), scan.kspace]).astype(np.complex64)
    variance = 2 * np.var(scan.noise.real)
    found = coil_maps.espirit(stack, block, variance).csm
    assert not found[0].any()
    np.testing.assert_array_equal(found[1:], coil_maps.espirit(scan.kspace, block, variance).csm)


def test_a_dead_first_coil_gives_no_nan():
    kspace = simulate(noise_level=0.01, **PHANTOM).kspace.copy()
    kspace[:, 0] = 0
    block = calibration_block(np.ones((64, 64), bool), coil_maps.MAX_CALIBRATION_WIDTH)
    assert np.isfinite(coil_maps.espirit(kspace, block, 0).csm).all()


def test_pixels_that_hold_two_places_of_the_object_get_a_second_map():
    """Every second line makes the field of view half as large, and the head folds onto itself."""
    scan = simulate(noise_level=0.01, **HEAD)
    variance = 2 * np.var(scan.noise.real)
    found = []
    for kspace in (scan.kspace, scan.kspace[:, :, ::2]):
        block = calibration_block(np.ones(kspace.shape[-2:], bool), coil_maps.MAX_CALIBRATION_WIDTH)
        found.append(coil_maps.espirit(kspace.astype(np.complex64), block, variance))
    assert not found[0].second.any()
    first, second = found[1].csm[0], found[1].second[0]
    doubled = second.any(axis=0)
    assert 0.1 < doubled.sum() / first.any(axis=0).sum() < 0.6
    sets = np.stack([first, second])[:, :, doubled]
    gram = np.einsum("icp,jcp->ijp", sets.conj(), sets)
    np.testing.assert_allclose(gram, np.broadcast_to(np.eye(2)[..., None], gram.shape), atol=1e-5)
    seen = to_image(scan.noise_free[:, :, ::2])[0]
    lost = [seen - sum(S * (S.conj() * seen).sum(0) for S in these) for these in ([first], [first, second])]
    one, two = (np.linalg.norm(part[:, doubled]) for part in lost)
    assert two < 0.2 * one


@pytest.mark.parametrize("side", [11, 12])
def test_a_calibration_region_holds_two_kernels(side):
    kspace = simulate(noise_level=0.01, **PHANTOM).kspace
    block = (slice(26, 26 + side), slice(26, 26 + side))
    if side == 12:
        assert coil_maps.espirit(kspace, block, 0).csm.any()
        return
    with pytest.raises(InputError) as caught:
        coil_maps.espirit(kspace, block, 0)
    assert str(caught.value) == (
        "no calibration region: the fully sampled centre of the mask is 11 × 11, ESPIRiT needs 12 × 12; "
        "give maps (csm:) or sample the centre"
    )


@pytest.mark.parametrize("factor", [1.0, 1e-20, 300.0])
def test_maps_are_divided_where_they_are_more_than_a_thousandth_of_their_largest(factor):
    """Of two slices together; the first and the 99th percentile of what they were divided by are said."""
    root = np.linspace(1, 2, 101).reshape(1, 101)
    given = np.zeros((2, 2, 1, 103), complex)
    given[0, :, :, :101] = np.array([0.6, 0.8j])[:, None, None] * root
    given[1, :, :, 101:] = np.array([1.0, 0.0])[:, None, None] * np.array([0.0019, 0.0021])
    maps, said = coil_maps.normalised(factor * given, "maps.npy")
    np.testing.assert_allclose(maps[0, :, 0, :101], np.array([0.6, 0.8j])[:, None] * np.ones(101), rtol=1e-6)
    np.testing.assert_allclose(maps[1, 0, 0], [0] * 102 + [1], atol=1e-6)
    seen = np.r_[0.0021, root.ravel()]
    low, high = np.percentile(factor * seen, [1, 99])
    assert said == (
        f"given (maps.npy), divided by its root sum of squares ({low:.3g} to {high:.3g}) so that Σ|S|² = 1"
    )
    assert maps.dtype == np.complex64
