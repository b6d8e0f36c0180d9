import h5py
import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.files.read_scan import read_scan
from sharpfit.results import hdf5
from sharpfit.simulation.simulate import as_datasets, simulate
from sharpfit.study.jobs import readers_of

RNG = np.random.default_rng(5)
KSPACE = RNG.standard_normal((3, 16, 12)) + 1j * RNG.standard_normal((3, 16, 12))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save(tmp_path / "k.npy", KSPACE)
    np.save(tmp_path / "noise.npy", RNG.standard_normal((200, 3)) + 0j)
    np.save(tmp_path / "maps.npy", np.ones((16, 12, 3), complex))
    np.save(tmp_path / "mask.npy", np.eye(16, 12))
    np.save(tmp_path / "image.npy", np.ones((16, 12)))
    return tmp_path


def read(**entries):
    """Read a scan whose files are given relative to the study, as params.yaml does."""
    scan = {"file": "k.npy", "axes": ["coil", "ky", "kx"]} | entries
    return read_scan(scan, readers_of(scan))


@pytest.mark.usefixtures("folder")
def test_kspace_alone():
    raw = read(pixel_spacing_mm=[1.5, 2])
    np.testing.assert_array_equal(raw.kspace, KSPACE[None])
    assert (raw.noise, raw.csm, raw.mask, raw.reference, raw.noise_free) == (None,) * 5
    assert raw.pixel_spacing_mm == (1.5, 2)


@pytest.mark.usefixtures("folder")
def test_what_belongs_to_a_scan_is_arranged():
    roles = {"noise": "noise.npy", "csm": "maps.npy", "mask": "mask.npy", "reference": "image.npy"}
    raw = read(**{role: {"file": name} for role, name in roles.items()})
    assert raw.noise.values.shape == (3, 200)
    assert raw.csm.values.shape == (1, 3, 16, 12)
    assert raw.mask.values.dtype == bool
    assert raw.reference.values.shape == (1, 16, 12)
    assert raw.csm.where == "maps.npy"


def test_parts_that_do_not_fit_are_refused(folder):
    with pytest.raises(InputError, match=r"image\.npy: shape \(16, 12\) does not fit slice 1, coil 3"):
        read(csm={"file": "image.npy"})
    with pytest.raises(InputError, match=r"image\.npy: float64 .* is no noise scan of 3 coils"):
        read(noise={"file": "image.npy"})
    with pytest.raises(InputError, match=r"lost\.npy: no such file"):
        read(mask={"file": "lost.npy"})
    np.save(folder / "mask.npy", np.zeros((16, 12)))
    with pytest.raises(InputError, match=r"mask\.npy: every value is zero"):
        read(mask={"file": "mask.npy"})


def test_a_simulation_brings_its_noise_scan_and_its_noise_free_twin(tmp_path):
    scan = simulate(
        object="ellipses", matrix=[16, 16], n_coils=2, noise_level=0.1, noise_correlation=0, seed=1
    )
    hdf5.write(tmp_path / "s.h5", *as_datasets(scan))
    raw = read_scan({"file": str(tmp_path / "s.h5")}, {str(tmp_path / "s.h5"): "simulation"})
    np.testing.assert_array_equal(raw.kspace, scan.kspace)
    np.testing.assert_array_equal(raw.noise.values, scan.noise)
    np.testing.assert_array_equal(raw.noise_free, scan.noise_free)
    assert raw.pixel_spacing_mm == (15, 15)
    assert raw.csm is None  # the true maps are not what a scanner gives


def test_a_file_is_the_one_of_that_very_path(folder):
    (folder / "a").mkdir()
    np.save(folder / "a" / "noise.npy", KSPACE)
    raw = read(file="a/noise.npy", noise={"file": "noise.npy"})
    assert raw.where == "a/noise.npy"
    assert raw.noise.where == "noise.npy"


@pytest.mark.parametrize(
    ("kept", "along"),
    [
        (np.s_[:, ::2, :], "ky"),
        (np.s_[:, :, ::2], "kx"),
        (np.s_[:, ::2, ::2], "ky"),
        (np.s_[:], "ky"),
    ],
)
@pytest.mark.parametrize("transposed", [False, True])
def test_lines_of_an_array_are_encoded_along_the_axis_that_has_gaps(folder, kept, along, transposed):
    values = np.zeros_like(KSPACE)
    values[kept] = KSPACE[kept]
    np.save(folder / "gaps.npy", values.transpose(0, 2, 1) if transposed else values)
    axes = ["coil", "kx", "ky"] if transposed else ["coil", "ky", "kx"]
    assert read(file="gaps.npy", axes=axes).phase_axis == along


@pytest.mark.parametrize("along", ["ky", "kx"])
def test_lines_that_are_interleaved_over_slices_are_encoded_along_the_axis_of_each_slice_s_gaps(
    folder, along
):
    """All slices together have no gap."""
    values = np.zeros((3, *KSPACE.shape), KSPACE.dtype)
    for i in range(3):
        kept = np.s_[:, i::3, :] if along == "ky" else np.s_[:, :, i::3]
        values[i][kept] = KSPACE[kept]
    np.save(folder / "slices.npy", values)
    assert read(file="slices.npy", axes=["slice", "coil", "ky", "kx"]).phase_axis == along


def test_the_dataset_that_was_taken_is_told(folder):
    with h5py.File(folder / "several.h5", "w") as file:
        file["kspace"] = file["other"] = KSPACE
    raw = read(file="several.h5", axes=["coil", "ky", "kx"])
    assert raw.axes_source.endswith("; dataset kspace")
    stated = read(file="several.h5", axes=["coil", "ky", "kx"], dataset="other")
    assert "dataset" not in stated.axes_source


@pytest.mark.usefixtures("folder")
def test_noise_is_measured_or_stated_not_both():
    with pytest.raises(InputError, match=r"k\.npy: a scan takes either noise: \(noise\.npy\) or noise_std:"):
        read(noise={"file": "noise.npy"}, noise_std=0.1)


@pytest.mark.usefixtures("folder")
def test_noise_axes_must_fit():
    with pytest.raises(
        InputError, match=r"noise\.npy: 3 axes are named, slice, sample, coil, but its shape is"
    ):
        read(noise={"file": "noise.npy", "axes": ["slice", "sample", "coil"]})


@pytest.mark.parametrize("n_x", [16, 12])
def test_what_belongs_to_a_transposed_scan_is_read_in_the_same_order(folder, n_x):
    kspace = RNG.standard_normal((n_x, 16, 3)) + 0j
    np.save(folder / "t.npy", kspace)
    np.save(folder / "maps.npy", kspace)
    np.save(folder / "image.npy", kspace[..., 0].real)
    np.save(folder / "mask.npy", kspace[..., 0].real > 0)
    parts = {"csm": "maps", "mask": "mask", "reference": "image"}
    raw = read(
        file="t.npy",
        axes=["kx", "ky", "coil"],
        **{role: {"file": f"{name}.npy"} for role, name in parts.items()},
    )
    np.testing.assert_array_equal(raw.csm.values, kspace.T[None])
    np.testing.assert_array_equal(raw.reference.values, kspace.T[None, 0].real)
    np.testing.assert_array_equal(raw.mask.values, kspace.T[0].real > 0)
    assert raw.axes_source.endswith("csm, mask, reference without axes: read in the same order, x before y")
    stated = {"file": "maps.npy", "axes": ["x", "y", "coil"]}
    raw = read(file="t.npy", axes=["kx", "ky", "coil"], csm=stated)
    np.testing.assert_array_equal(raw.csm.values, kspace.T[None])
    assert "without axes" not in raw.axes_source


def test_maps_of_another_order_than_a_transposed_scan_are_refused(folder):
    np.save(folder / "t.npy", KSPACE.T)
    with pytest.raises(
        InputError, match=r"maps\.npy: .* does not fit in the order of its k-space, kx before ky"
    ):
        read(file="t.npy", axes=["kx", "ky", "coil"], csm={"file": "maps.npy"})


@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_a_basis_is_brought_to_coefficient_y_x(folder, dtype):
    images = RNG.standard_normal((5, 16, 12)).astype(dtype)
    np.save(folder / "phi.npy", images)
    np.save(folder / "last.npy", np.moveaxis(images, 0, -1))
    for entry in (
        {"file": "phi.npy"},
        {"file": "last.npy"},
        {"file": "last.npy", "axes": ["y", "x", "coefficient"]},
    ):
        np.testing.assert_array_equal(read(basis=entry).basis.values, images)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((16, 12), r"is no basis of images of 16 × 12: \[coefficient, y, x\]"),
        ((5, 16, 13), "does not fit coefficient 5, y 16, x 12"),
        ((2, 5, 16, 12), "is no basis of images of 16 × 12"),
    ],
)
def test_what_is_no_basis_of_the_scan_is_refused(folder, shape, message):
    np.save(folder / "phi.npy", np.ones(shape))
    with pytest.raises(InputError, match=rf"phi\.npy: shape .* {message}"):
        read(basis={"file": "phi.npy"})


@pytest.mark.usefixtures("folder")
def test_arrays_know_no_counters_but_their_slices():
    with pytest.raises(InputError) as caught:
        read(select={"slice": 0, "repetition": 1, "average": 2})
    assert str(caught.value) == "k.npy: select: repetition is known of scanners' files only; here: slice"


@pytest.fixture
def stack(folder):
    """Three slices, each its number everywhere, with maps and images of their own."""
    values = np.ones((3, 2, 16, 12)) * np.arange(1, 4)[:, None, None, None] + 0j
    np.save(folder / "stack.npy", values)
    np.save(folder / "stack_maps.npy", values)
    return folder


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize(("wanted", "kept"), [(0, [0]), (2, [2]), ([2, 0], [2, 0]), ((1,), [1])])
def test_slices_are_kept_in_the_order_of_their_choice(wanted, kept):
    raw = read(file="stack.npy", axes=["slice", "coil", "ky", "kx"], select={"slice": wanted})
    assert raw.kspace[:, 0, 0, 0].tolist() == [n + 1 for n in kept]
    assert raw.axes_source.endswith(f"; of 3 slices: {', '.join(map(str, kept))}")


@pytest.mark.usefixtures("stack")
def test_the_first_slice_that_is_not_there_is_named():
    with pytest.raises(InputError) as caught:
        read(file="stack.npy", axes=["slice", "coil", "ky", "kx"], select={"slice": [1, 3, 7]})
    assert str(caught.value) == "stack.npy: select: slice 3 is not there; there are 0 to 2"


@pytest.mark.parametrize(
    ("shape", "axes", "coil_axis"),
    [
        ((3, 200), None, 0),
        ((200, 3), None, 1),
        ((3, 7, 5), None, 0),
        ((7, 5, 3), None, 2),
        ((3, 3), ["coil", "sample"], 0),
        ((3, 3), ["sample", "coil"], 1),
    ],
)
def test_the_coils_of_a_noise_scan_are_stated_or_known_by_their_number(folder, shape, axes, coil_axis):
    values = RNG.standard_normal(shape) + 1j
    np.save(folder / "noise.npy", values)
    entry = {"file": "noise.npy"} | ({"axes": axes} if axes else {})
    wanted = np.stack([values.take(coil, axis=coil_axis).ravel() for coil in range(3)])
    np.testing.assert_array_equal(read(noise=entry).noise.values, wanted)


@pytest.mark.parametrize(
    ("values", "axes"),
    [
        (np.ones((3, 3), complex), None),
        (np.ones((4, 200), complex), None),
        (np.ones((4, 3), complex), ["coil", "sample"]),
        (np.ones((3, 200)), None),
        (np.ones((3, 200)), ["coil", "sample"]),
    ],
)
def test_a_noise_scan_whose_coils_are_not_clear_is_refused(folder, values, axes):
    np.save(folder / "noise.npy", values)
    with pytest.raises(InputError) as caught:
        read(noise={"file": "noise.npy"} | ({"axes": axes} if axes else {}))
    assert str(caught.value) == (
        f"noise.npy: {values.dtype} of shape {values.shape} is no noise scan of 3 coils: complex, with one "
        "axis of that length (state axes: [coil, sample])"
    )


@pytest.mark.parametrize(
    ("shape", "transposed", "coefficient"),
    [
        ((16, 12, 5), False, 2),
        ((5, 16, 12), False, 0),
        ((12, 16, 12), False, 0),  # as many coefficients as columns: they come first, as rows must follow
        ((16, 12, 16), False, 2),
        ((12, 16, 5), True, 2),
        ((5, 12, 16), True, 0),
        ((12, 16, 12), True, 2),
    ],
)
def test_the_coefficients_of_a_basis_are_what_is_no_image(folder, shape, transposed, coefficient):
    values = RNG.standard_normal(shape)
    np.save(folder / "phi.npy", values)
    entries = {"basis": {"file": "phi.npy"}}
    if transposed:
        np.save(folder / "t.npy", KSPACE.T)
        entries |= {"file": "t.npy", "axes": ["kx", "ky", "coil"]}
    wanted = np.moveaxis(values, coefficient, 0)
    np.testing.assert_array_equal(
        read(**entries).basis.values, wanted.swapaxes(1, 2) if transposed else wanted
    )


def test_axes_of_a_basis_must_name_its_coefficients(folder):
    np.save(folder / "phi.npy", np.ones((5, 16, 12)))
    with pytest.raises(InputError) as caught:
        read(basis={"file": "phi.npy", "axes": ["slice", "y", "x"]})
    assert str(caught.value) == (
        "phi.npy: shape (5, 16, 12) is no basis of images of 16 × 12: [coefficient, y, x] (state axes:)"
    )


@pytest.mark.usefixtures("folder")
def test_parts_that_hold_no_numbers_are_refused(folder):
    maps = np.ones((16, 12, 3), complex)
    maps[1, 2, 0] = maps[3, 4, 1] = np.nan
    np.save(folder / "maps.npy", maps)
    with pytest.raises(InputError) as caught:
        read(csm={"file": "maps.npy"})
    assert str(caught.value) == "maps.npy: 2 values are NaN or infinite, the first at coil 0, y 1, x 2"


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, True),
        ({"noise": np.ones((3, 40), complex)}, False),
        ({"noise": np.ones((2, 4, 10), complex)}, False),
        ({"noise_free": np.ones((1, 2, 16, 15), complex)}, False),
        ({"kspace": np.ones((2, 16, 16), complex), "noise_free": np.ones((2, 16, 16), complex)}, False),
        ({"pixel_spacing_mm": np.ones(3)}, False),
    ],
)
def test_the_parts_of_a_simulation_fit_each_other(tmp_path, changes, fits):
    scan = simulate(
        object="ellipses", matrix=[16, 16], n_coils=2, noise_level=0.1, noise_correlation=0, seed=1
    )
    datasets, attrs = as_datasets(scan)
    datasets = {
        **datasets,
        **changes,
        "pixel_spacing_mm": changes.get("pixel_spacing_mm", np.array([2.0, 3.0])),
    }
    hdf5.write(tmp_path / "s.h5", datasets, attrs)
    entry = {"file": str(tmp_path / "s.h5")}, {str(tmp_path / "s.h5"): "simulation"}
    if fits:
        assert read_scan(*entry).pixel_spacing_mm == (2.0, 3.0)
        assert read_scan(*entry).axes_source == "axes given by the format: slice 1, coil 2, ky 16, kx 16"
        return
    with pytest.raises(InputError, match="says it is a simulation of this project, but its kspace"):
        read_scan(*entry)


def test_a_simulation_is_read_whole(tmp_path):
    scan = simulate(
        object="ellipses", matrix=[16, 16], n_coils=2, noise_level=0.1, noise_correlation=0, seed=1
    )
    path = str(tmp_path / "s.h5")
    hdf5.write(tmp_path / "s.h5", *as_datasets(scan))
    assert read_scan({"file": path, "dataset": "kspace"}, {path: "simulation"}).noise is not None
    with pytest.raises(InputError, match=r"a simulation is read whole; leave out dataset: noise_free$"):
        read_scan({"file": path, "dataset": "noise_free"}, {path: "simulation"})
    with pytest.raises(InputError, match=r"a simulation holds slices only; select: \{slice: …\}"):
        read_scan({"file": path, "select": {"slice": 0, "contrast": 1}}, {path: "simulation"})
