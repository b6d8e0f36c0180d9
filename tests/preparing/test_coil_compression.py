"""Virtual coils: white noise, the same model and image, and as much of the signal as BART keeps."""

import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.files.cfl import write_cfl
from sharpfit.files.raw_scan import RawScan
from sharpfit.files.readers import bart
from sharpfit.physics.kspace import to_kspace
from sharpfit.preparing.coil_compression import Virtual, _kept, find
from sharpfit.preparing.noisy_data import NoisyData
from sharpfit.preparing.preprocess import preprocess
from sharpfit.preparing.samples import Sampling
from sharpfit.simulation.simulate import simulate

HELD_OUT = {"fraction": 0.08, "seed": 2}
LINES = {"pattern": "lines", "acceleration": 2, "n_calibration": 20, "seed": 0}
DISC = {"pattern": "poisson", "acceleration": 2, "n_calibration": 20, "seed": 0}
with_bart = pytest.mark.skipif(shutil.which("bart") is None, reason="BART is not installed")
by_either = pytest.mark.parametrize("sampling", [LINES, DISC], ids=["geometric", "SVD"])


@pytest.fixture(scope="module")
def made():
    return simulate(
        object="ellipses", matrix=[64, 56], n_coils=8, noise_level=0.01, noise_correlation=0.4, seed=1
    )


@pytest.fixture(scope="module")
def raw(made):
    return RawScan(made.kspace, "scan.h5:kspace", "as made", noise=FileArray(made.noise, "noise", None))


def mixing(n, seed=0):
    rng = np.random.default_rng(seed)
    return np.eye(n) + 0.4 * (rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n)))


def virtual_of(kspace, n_virtual, mask, phase_axis="ky", covariance=None, held_out=None):
    held_out = np.zeros_like(mask) if held_out is None else held_out
    cov = 1e-8 * np.eye(kspace.shape[1]) if covariance is None else covariance
    noisy = NoisyData(np.where(mask, kspace, 0), cov, None, None, 0.0, -1)
    scan = RawScan(kspace, "scan", "as made", phase_axis=phase_axis)
    return find(scan, noisy, Sampling(mask, mask, "made"), held_out, n_virtual)


def masks_of(shape):
    lines = np.zeros(shape, bool)
    lines[::2] = True
    points = np.random.default_rng(1).random(shape) < 0.6
    columns = np.zeros(shape, bool)
    columns[:, ::2] = True
    return {
        "ky lines": (lines, "ky", "kx"),
        "points": (points, "ky", ""),
        "ky lines said to be kx lines": (lines, "kx", ""),
        "kx lines": (columns, "kx", "ky"),
    }


KINDS = ["ky lines", "points", "ky lines said to be kx lines", "kx lines"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_compressed_model_is_the_models_matrix_times_a_matrix_that_keeps_noise_white(kind):
    """T A = A' and T (Ψ ⊗ 1) Tᴴ = 1, T, A and A' written out, for any maps, however much is lost."""
    n_coils, n_virtual, shape = 4, 2, (6, 5)
    rng = np.random.default_rng(3)
    mask, phase_axis, along = masks_of(shape)[kind]
    factor = mixing(n_coils)
    psi = factor @ factor.conj().T
    csm, kspace = (
        rng.standard_normal((2, n_coils, *shape)) + 1j * rng.standard_normal((2, n_coils, *shape))
        for _ in range(2)
    )
    virtual = virtual_of(10 * kspace, n_virtual, mask, phase_axis, psi)
    assert virtual.along == along
    maps = virtual.of_maps(csm)
    for i in range(2):
        one = Virtual(virtual.matrices[i : i + 1], virtual.back[i : i + 1], along, "")
        units = np.eye(n_coils * mask.size).reshape(-1, 1, n_coils, *shape)
        T = np.stack([one.of_kspace(unit).ravel() for unit in units], axis=1)
        images = np.eye(mask.size).reshape(-1, 1, *shape)
        A = np.stack([(mask * to_kspace(csm[i] * image)).ravel() for image in images], axis=1)
        A_virtual = np.stack([(mask * to_kspace(maps[i] * image)).ravel() for image in images], axis=1)
        np.testing.assert_allclose(T @ A, A_virtual, atol=1e-5)
        noise = np.kron(psi, np.eye(mask.size))
        np.testing.assert_allclose(T @ noise @ T.conj().T, np.eye(len(T)), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_virtual_maps_are_scaled_by_the_coils_that_they_stand_for(kind):
    """Σ|S|² = 1 over S = Ψ T⁺ S' of the coils, the first of them real and positive; 0 where no coil sees."""
    n_coils, n_virtual, shape = 4, 2, (6, 5)
    rng = np.random.default_rng(6)
    mask, phase_axis, along = masks_of(shape)[kind]
    factor = mixing(n_coils)
    psi = factor @ factor.conj().T
    kspace = rng.standard_normal((2, n_coils, *shape)) + 1j * rng.standard_normal((2, n_coils, *shape))
    maps = rng.standard_normal((2, n_virtual, *shape)) + 1j * rng.standard_normal((2, n_virtual, *shape))
    maps[1, :, 2, 3] = 0
    virtual = virtual_of(10 * kspace, n_virtual, mask, phase_axis, psi)
    scaled = virtual.scaled_maps(maps)
    for i, y, x in np.ndindex(2, *shape):
        T = virtual.matrices[i, {"ky": y, "kx": x, "": 0}[along]]
        coils = psi @ T.conj().T @ maps[i, :, y, x]
        length = np.linalg.norm(coils)
        expected = maps[i, :, y, x] * np.exp(-1j * np.angle(coils[0])) / (length if length else 1)
        np.testing.assert_allclose(scaled[i, :, y, x], expected, atol=1e-5)


@by_either
def test_sigma_is_unchanged(raw, made, sampling):
    """By number: the noise that was drawn has the same variance per whitened sample, and is still white."""
    known = replace(raw, csm=FileArray(made.csm, "maps", None))
    plain = preprocess(known, held_out=HELD_OUT, sampling_parameters=sampling)[1]
    datasets, attrs = preprocess(known, held_out=HELD_OUT, sampling_parameters=sampling, n_virtual_coils=5)
    for scales in (plain, attrs):
        assert scales["sigma"] / scales["data_scale"] == pytest.approx(np.sqrt(0.5))
    twin = replace(raw, kspace=made.noise_free.astype(np.complex64))
    virtual = virtual_of(twin.kspace, 5, datasets["mask"], covariance=datasets["noise_cov"])
    drawn = virtual.of_kspace(made.kspace - made.noise_free)[0]
    np.testing.assert_allclose(np.cov(drawn.reshape(5, -1)), np.eye(5), atol=0.06)
    beside = np.vdot(drawn[..., 1:], drawn[..., :-1]) / np.vdot(drawn, drawn)
    assert abs(beside) < 0.03
    assert attrs["noise_check"].startswith("agrees")


@by_either
def test_the_image_and_its_scale_stay_within_what_the_lost_energy_predicts(made, raw, sampling):
    """With all samples, x = (SᴴS)⁻¹Sᴴ Fᴴy; its error is at most √(lost energy)."""
    weak = FileArray(1e-4 * made.noise, "noise", None)
    twin = replace(raw, kspace=made.noise_free.astype(np.complex64), noise_free=made.noise_free, noise=weak)
    full, _ = preprocess(twin, held_out=HELD_OUT, sampling_parameters=sampling)
    fewer, attrs = preprocess(twin, held_out=HELD_OUT, sampling_parameters=sampling, n_virtual_coils=4)
    kept = float(attrs["coil_compression"].split(" keep ")[1].split(" %")[0]) / 100
    assert 0.98 < kept < 1
    inside = full["support"] & fewer["support"]
    wanted, found = (datasets["reference"][inside] for datasets in (full, fewer))
    difference = np.linalg.norm(found - wanted) / np.linalg.norm(wanted)
    assert difference < np.sqrt(1 - kept)
    assert np.vdot(wanted, found).real / np.vdot(wanted, wanted).real == pytest.approx(1, abs=1 - kept)


@by_either
def test_maps_of_the_users_are_compressed_by_the_matrix_of_the_data(made, raw, sampling):
    """Exact data of given maps are explained exactly by the same image, although two coils lose much."""
    unit_maps = made.csm / np.linalg.norm(made.csm, axis=1, keepdims=True)
    image = np.random.default_rng(0).standard_normal((1, 64, 56)) + 1j
    exact = to_kspace(unit_maps * image[:, None])
    given = replace(raw, kspace=exact, noise_free=exact, csm=FileArray(made.csm, "maps", None))
    datasets, attrs = preprocess(given, held_out=HELD_OUT, sampling_parameters=sampling, n_virtual_coils=2)
    np.testing.assert_allclose(datasets["reference"], image, atol=1e-4)
    predicted = to_kspace(datasets["csm"] * (image / attrs["image_scale"])[:, None])
    where = datasets["mask"]
    np.testing.assert_allclose(predicted[..., where], datasets["kspace"][..., where], atol=2e-5)


def by_bart(folder, kspace, flag):
    """Compress (1, coil, ky, kx) to three coils by `bart cc`."""
    write_cfl(folder / "in", kspace[0].transpose(2, 1, 0)[:, :, None])
    subprocess.run(["bart", "cc", "-A", "-p", "3", flag, "in", "out"], cwd=folder, check=True)
    return bart.read(folder / "out.cfl", None).values.squeeze().transpose(2, 1, 0)[None]


def energy(values):
    return float((np.abs(values) ** 2).sum())


@with_bart
def test_bart_keeps_the_same_directions(made, tmp_path):
    """Compared by the inner products of samples over coils, which no choice of V within its space changes."""
    mask = masks_of((64, 56))["points"][0]
    kspace = np.where(mask, made.noise_free, 0).astype(np.complex64)
    virtual = virtual_of(kspace, 3, mask)
    theirs, mine = by_bart(tmp_path, kspace, "-S"), virtual.of_kspace(kspace)
    inner = [one.reshape(3, -1).T[::7] @ one.reshape(3, -1)[:, ::7].conj() for one in (1e-4 * mine, theirs)]
    assert np.linalg.norm(inner[0] - inner[1]) < 1e-5 * np.linalg.norm(inner[1])
    assert f"keep {100 * energy(theirs) / energy(kspace):.2f} %" in virtual.source


@with_bart
def test_along_the_readout_nearly_as_much_is_kept_as_by_barts_unsmoothed_directions(made, tmp_path):
    kspace = made.noise_free.astype(np.complex64)
    virtual = virtual_of(kspace, 3, np.ones((64, 56), bool))
    lost = 1 - energy(1e-4 * virtual.of_kspace(kspace)) / energy(kspace)
    geometric, plain = (1 - energy(by_bart(tmp_path, kspace, flag)) / energy(kspace) for flag in ("-G", "-S"))
    assert geometric <= lost < 1.5 * geometric < 0.2 * plain


def test_neighbouring_positions_have_neighbouring_coils(made):
    """V_xᴴ V_next is Hermitian and positive: no turn within the space brings them nearer."""
    virtual = virtual_of(made.noise_free, 3, np.ones((64, 56), bool))
    V = 1e-4 * virtual.matrices[0].conj().swapaxes(1, 2)
    products = V[1:].conj().swapaxes(1, 2) @ V[:-1]
    np.testing.assert_allclose(products, products.conj().swapaxes(1, 2), atol=1e-5)
    assert np.linalg.eigvalsh(products).min() > 0


def test_strong_noise_is_not_taken_for_a_direction(made):
    """In air, positions keep the directions of the slice; the strongest noise would have twice the power."""
    rng = np.random.default_rng(8)
    noise = (rng.standard_normal(made.kspace.shape) + 1j * rng.standard_normal(made.kspace.shape)) / np.sqrt(
        2
    )
    virtual = virtual_of(50 * made.noise_free + noise, 4, np.ones((64, 56), bool), covariance=np.eye(8))
    power = np.mean(np.abs(virtual.of_kspace(noise)) ** 2)
    assert power == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("kind", ["ky lines", "points", "kx lines"])
def test_what_is_kept_is_the_share_of_the_signal_without_its_noise(made, kind):
    """Told of two noisy slices, it is that of their noise-free twin among the samples that choose."""
    rng = np.random.default_rng(8)
    mask, phase_axis, _ = masks_of((64, 56))[kind]
    stack = np.concatenate([made.noise_free, made.noise_free[:, ::-1]])
    stack *= 4 / np.sqrt(np.mean(np.abs(stack[..., mask]) ** 2))
    noise = (rng.standard_normal(stack.shape) + 1j * rng.standard_normal(stack.shape)) / np.sqrt(2)
    n = 2 if kind == "points" else 1
    virtual = virtual_of(stack + noise, n, mask, phase_axis, covariance=np.eye(8))
    told = float(virtual.source.split(" keep ")[1].split(" %")[0])
    signal = np.where(mask, stack, 0)
    kept = energy(virtual.of_kspace(signal)) / energy(signal)
    assert 0.7 < kept < 0.97
    assert told == pytest.approx(100 * kept, abs=1.0)


def test_what_is_held_out_chooses_no_coils(made):
    mask = np.ones((64, 56), bool)
    held_out = np.random.default_rng(4).random(mask.shape) < 0.1
    changed = np.where(held_out, np.nan, made.kspace)
    one, other = (virtual_of(k, 3, mask, held_out=held_out) for k in (made.kspace, changed))
    assert one.matrices.tobytes() == other.matrices.tobytes()


def test_every_slice_has_coils_of_its_own(made):
    stack = np.concatenate([made.noise_free, made.noise_free[:, ::-1]])
    virtual = virtual_of(stack, 3, np.ones((64, 56), bool))
    alone = virtual_of(stack[1:], 3, np.ones((64, 56), bool))
    np.testing.assert_allclose(
        np.abs(virtual.of_kspace(stack)[1]), np.abs(alone.of_kspace(stack[1:])[0]), rtol=1e-3, atol=1e-3
    )
    assert "for each position along the readout (kx) and for each slice" in virtual.source


@by_either
def test_averages_and_calibration_lines_are_compressed_too(made, sampling):
    rng = np.random.default_rng(5)
    shape = (2, *made.kspace.shape)
    noise = 0.05 * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape))
    averages = (made.noise_free + noise).astype(np.complex64)
    separate = np.where(np.abs(np.arange(64) - 32)[:, None] < 12, made.noise_free, 0).astype(np.complex64)
    scan = RawScan(averages.mean(axis=0), "s", "as made", averages=averages, calibration=separate)
    sparse = sampling | {"n_calibration": 0}
    datasets, attrs = preprocess(scan, held_out=HELD_OUT, sampling_parameters=sparse, n_virtual_coils=5)
    assert datasets["csm"].shape == datasets["measured_noise"].shape == (1, 5, 64, 56)
    assert "separate calibration lines" in attrs["csm_source"]
    seen = datasets["measured_noise"][..., datasets["mask"]]
    assert np.mean(np.abs(seen) ** 2) / (2 * attrs["sigma"] ** 2) == pytest.approx(1, abs=0.1)
    assert attrs["noise_check"].startswith("agrees")


@pytest.mark.parametrize("n", [8, 9])
def test_keeping_all_coils_is_refused(raw, n):
    with pytest.raises(
        InputError, match=rf"^scan\.h5:kspace: coil_compression: {n} of 8 coils .*; leave it out"
    ):
        preprocess(raw, held_out=HELD_OUT, sampling_parameters=LINES, n_virtual_coils=n)


def test_the_share_that_is_kept_is_that_of_signal_whatever_the_noise():
    """Powers (slice, position, coil, coil) of known signal and white noise of n samples each."""
    rng = np.random.default_rng(5)
    shape, n = (2, 2, 5, 5), 40
    mixed = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    signal = 30 * mixed @ mixed.conj().swapaxes(-1, -2)
    V = np.linalg.eigh(signal)[1][..., -2:]
    expected = np.einsum("spcv,spcd,spdv->", V.conj(), signal, V).real / np.einsum("spcc->", signal).real
    assert 0.5 < expected < 0.95
    for noise in (0, n):
        power = signal + noise * np.eye(5)
        assert _kept(power, V, np.array([noise, noise])) == pytest.approx(expected)
    assert _kept(n * np.eye(5) * np.ones(shape), V, np.array([2 * n])) == 0.0
    blind = np.eye(5)[:, 4:]  # where less is than noise
    power = 500 * np.diag([1.0, 0, 0, 0, 0]) * np.ones(shape)
    assert _kept(power, blind * np.ones((2, 2, 5, 1)), np.array([n])) == 0.0
