"""Numbers that no scan can have end in one line, wherever they come from."""

from dataclasses import replace

import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.preparing import coil_maps, plausible
from sharpfit.preparing.preprocess import preprocess
from sharpfit.simulation.simulate import simulate

HELD_OUT = {"fraction": 0.08, "seed": 2}


@pytest.fixture(scope="module")
def raw() -> RawScan:
    scan = simulate(
        object="ellipses", matrix=[32, 32], n_coils=3, noise_level=0.02, noise_correlation=0.2, seed=1
    )
    noise = FileArray(scan.noise, "scan.h5:noise", None)
    csm = FileArray(scan.csm, "maps.h5:csm", None)
    return RawScan(scan.kspace, "scan.h5:kspace", "axes given by the format", noise=noise, csm=csm)


@pytest.mark.parametrize("factor", [1e-30, 1e-20, 1e20, 1e30])
def test_maps_in_any_unit_are_the_same_maps(raw: RawScan, factor: float):
    csm = (raw.csm.values * np.float32(factor)).astype(np.complex64)
    maps, sentence = coil_maps.normalised(csm, "maps.h5:csm")
    np.testing.assert_allclose(maps, coil_maps.normalised(raw.csm.values, "")[0], atol=1e-6)
    assert "nan" not in sentence
    preprocess(replace(raw, csm=FileArray(csm, "maps.h5:csm", None)), held_out=HELD_OUT)


@pytest.mark.parametrize("factor", [1e-250, 1e-100, 1e-36, 1e36, 1e100, 1e250])
def test_k_space_in_units_that_no_image_can_hold_is_one_line(raw: RawScan, factor: float):
    kspace = raw.kspace.astype(np.complex128) * factor
    with pytest.raises(InputError, match=r"scan\.h5:kspace: its largest sample is .* multiply it"):
        preprocess(replace(raw, kspace=kspace), held_out=HELD_OUT)


@pytest.mark.parametrize("factor", [1e-28, 1e-9, 1e9, 1e28])
def test_k_space_in_any_other_unit_gives_the_same_fit(raw: RawScan, factor: float):
    def scaled(values: np.ndarray) -> np.ndarray:
        return values.astype(np.complex128) * factor

    noise = FileArray(scaled(raw.noise.values), "noise", None)
    datasets, attrs = preprocess(replace(raw, kspace=scaled(raw.kspace), noise=noise), held_out=HELD_OUT)
    wanted, of_one = preprocess(raw, held_out=HELD_OUT)
    np.testing.assert_allclose(datasets["kspace"], wanted["kspace"], atol=1e-4)
    np.testing.assert_allclose(datasets["reference"] / factor, wanted["reference"], atol=1e-4)
    assert attrs["image_scale"] == pytest.approx(of_one["image_scale"] * factor, rel=1e-4)


@pytest.mark.parametrize("std", [1e-300, 1e-30, 1e30, 1e300])
def test_a_noise_level_in_other_units_is_one_line(raw: RawScan, std: float):
    said = r"scan\.h5:kspace: its noise is .* units"
    with np.errstate(all="ignore"), pytest.raises(InputError, match=said):
        preprocess(replace(raw, noise=None), held_out=HELD_OUT, noise_std=std)


@pytest.mark.parametrize("factor", [1e-30, 1e-150, 1e30, 1e200])
def test_a_noise_scan_in_other_units_is_one_line(raw: RawScan, factor: float):
    noise = FileArray(raw.noise.values.astype(np.complex128) * factor, "noise.h5:noise", None)
    with pytest.raises(InputError, match="noise") as caught:
        preprocess(replace(raw, noise=noise), held_out=HELD_OUT)
    assert "\n" not in str(caught.value)


def test_coils_whose_noise_is_one_are_one_line(raw: RawScan):
    noise = np.repeat(raw.noise.values[:1], 3, axis=0)
    with pytest.raises(InputError, match="linearly dependent"):
        preprocess(replace(raw, noise=FileArray(noise, "noise.h5:noise", None)), held_out=HELD_OUT)


def zeros(line: np.ndarray) -> str:
    line[:] = 0
    return "only zeros"


def one_sample_of_all(line: np.ndarray) -> str:
    line[1:] = 0
    return "next to nothing"


def smallest_numbers(line: np.ndarray) -> str:
    line[:] = 1e-38
    return "next to nothing"


def rounding(line: np.ndarray) -> str:
    line *= 1e-7
    return "next to nothing"


@pytest.mark.parametrize("spoil", [zeros, one_sample_of_all, smallest_numbers, rounding])
@pytest.mark.parametrize(("axis", "name"), [(2, "ky"), (3, "kx")])
def test_a_line_missing_in_one_coil_is_one_line(raw: RawScan, axis: int, name: str, spoil):
    kspace = raw.kspace.copy()
    place: list = [0, 1, slice(None), slice(None)]
    place[axis] = 7
    what = spoil(kspace[tuple(place)])
    with pytest.raises(InputError, match=f"coil 1 of slice 0 holds {what} at {name} 7, which"):
        preprocess(replace(raw, kspace=kspace), held_out=HELD_OUT)


@pytest.mark.parametrize("spoil", [one_sample_of_all, smallest_numbers, rounding])
@pytest.mark.parametrize("share", [0.4, 0.7, 0.95])
def test_so_are_many_lines_missing_in_one_coil(raw: RawScan, share: float, spoil):
    kspace = raw.kspace.copy()
    for line in np.random.default_rng(5).permutation(32)[: int(share * 32)]:
        spoil(kspace[0, 1, line])
    with pytest.raises(InputError, match=r"coil 1 of slice 0 holds next to nothing at ky \d+, which other"):
        plausible.check_lines("scan.h5", kspace)


def far_away(kspace: np.ndarray) -> np.ndarray:
    """A coil that sees a millionth of the object's signal, and its own noise."""
    rng = np.random.default_rng(3)
    draws = 1e-6 * rng.standard_normal((*kspace[:, 1].shape, 2))
    kspace[:, 1] = 1e-6 * kspace[:, 1] + draws @ [1, 1j]
    return kspace


def in_integers(kspace: np.ndarray) -> np.ndarray:
    """A coil whose noise is below the converter's step, so that a quarter of its samples is zero."""
    steps = kspace * (20 / np.median(np.abs(kspace)))
    steps[:, 1] *= 0.05
    return np.round(steps.view(np.float32)).view(np.complex64)


def to_the_rim(kspace: np.ndarray) -> np.ndarray:
    """A window that lets go of the outermost lines nearly, in all coils."""
    weights = np.ones(32, np.float32)
    weights[[0, -1]] = 1e-9
    return kspace * weights[:, None] * weights


def rounding_of_all(kspace: np.ndarray) -> np.ndarray:
    """What transforms to and fro leave in lines that no coil sampled, beside coils more and less noisy."""
    rng = np.random.default_rng(3)
    draws = rng.standard_normal((*kspace.shape, 2)) @ [1, 1j]
    largest = np.abs(kspace).max(axis=(0, 2, 3), keepdims=True)
    noisy = kspace + largest * np.array([0, 1e-2, 1e-1])[:, None, None] * draws
    dust = np.float32(3e-7) * largest * draws
    return np.where(np.arange(32)[:, None] % 4, dust, noisy)


def without_noise(_: np.ndarray) -> np.ndarray:
    return simulate(
        object="ellipses", matrix=[64, 48], n_coils=3, noise_level=0.0, noise_correlation=0.0, seed=1
    ).kspace


def smooth(_: np.ndarray) -> np.ndarray:
    """A smooth spot without noise, whose lines fall beyond all bounds, differently in each coil."""
    k = np.arange(-32, 32)[:, None] ** 2 + np.arange(-32, 32) ** 2
    return np.stack([np.exp(-k / width) for width in (9.0, 40.0, 200.0)])[None].astype(complex)


@pytest.mark.parametrize(
    "weaken", [far_away, in_integers, to_the_rim, rounding_of_all, without_noise, smooth]
)
def test_lines_and_coils_that_are_weak_are_not_missing(raw: RawScan, weaken):
    plausible.check_lines("scan.h5", weaken(raw.kspace.copy()))


def test_a_line_missing_in_all_coils_is_a_line_that_was_not_sampled(raw: RawScan):
    kspace = raw.kspace.copy()
    kspace[:, :, 3] = 0
    datasets, _ = preprocess(replace(raw, kspace=kspace), held_out=HELD_OUT)
    assert not datasets["mask"][3].any()


@pytest.mark.parametrize(("axes", "named"), [((2, 3), "ky and kx"), ((2,), "ky"), ((3,), "kx")])
@pytest.mark.parametrize("step", [1, 3])
def test_k_space_in_the_order_of_the_fft_is_one_line(raw: RawScan, axes, named: str, step: int):
    """Whether fully sampled, or at every third line beside its centre."""
    kspace = raw.kspace.copy()
    kspace[:, :, [line for line in range(32) if line % step and abs(line - 16) > 6]] = 0
    plausible.check_centre("scan.h5:kspace", kspace)
    wrapped = np.fft.ifftshift(kspace, axes=axes)
    with pytest.raises(InputError, match=rf"scan\.h5:kspace: .* both ends of {named} and weak .*fftshift"):
        preprocess(replace(raw, kspace=wrapped), held_out=HELD_OUT)


@pytest.mark.parametrize("odd", ["noise alone", "spikes at both ends", "an echo off the centre", "a corner"])
def test_k_space_that_is_strange_otherwise_is_not_taken_for_uncentred(raw: RawScan, odd: str):
    kspace = raw.kspace.copy()
    if odd == "noise alone":
        kspace = np.random.default_rng(1).standard_normal((1, 1, 16, 16)) + 0j
    if odd == "spikes at both ends":
        kspace[:, :, [0, -1]] += 100 * np.abs(kspace).max() * (np.arange(32) == 5)
    if odd == "an echo off the centre":
        kspace = kspace[..., 12:]
    if odd == "a corner":
        kspace[:, :, :20, :20] = 0
    plausible.check_centre("scan.h5:kspace", kspace)
