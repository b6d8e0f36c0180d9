"""What an ISMRMRD file acquired becomes k-space: its lines are placed, cropped, averaged, or refused."""

import h5py
import made_mrd
import numpy as np
import pytest
from made_mrd import Line, header, lines_of, oversampled
from scanner_files import HEADER, KSPACE, N_COILS, N_X, N_Y, RNG, changed, close, read, told, written

from sharpfit.errors import InputError


def test_known_kspace_comes_back_without_its_oversampling(tmp_path):
    raw = read(written(tmp_path, lines_of(oversampled(KSPACE))))
    close(raw.kspace, KSPACE[None])
    assert raw.sampled.all()
    assert f"slice 1, coil {N_COILS}, ky {N_Y}, kx {N_X}" in raw.axes_source
    assert "readout oversampling removed (40 to 20)" in raw.axes_source
    assert "readouts placed by the header on 40 × 24 × 1" in raw.axes_source
    assert not [word for word in ("average", "more often", "3-D") if word in raw.axes_source]
    assert raw.averages is raw.noise is raw.calibration is None
    assert raw.pixel_spacing_mm == (200 / N_Y, 200 / N_X)
    assert raw.notes.protocol == "phantom"


@pytest.mark.parametrize("n_x", [21, 22, 23])
def test_odd_sizes_keep_their_centre(tmp_path, n_x):
    kspace = RNG.standard_normal((2, 15, n_x)) + 1j
    path = made_mrd.write(
        tmp_path / "odd.h5", header((2 * n_x, 15, 1), (n_x, 15, 1)), lines_of(oversampled(kspace))
    )
    close(read(path).kspace, kspace[None])


def test_partial_fourier_has_no_weight_and_the_centre_is_the_headers(tmp_path):
    kept = range(N_Y // 2 - 4, N_Y)
    centre = {"kspace_encoding_step_1": made_mrd.xsd.limitType(minimum=0, maximum=len(kept) - 1, center=4)}
    lines = [Line(oversampled(KSPACE)[:, ky], number) for number, ky in enumerate(kept)]
    raw = read(written(tmp_path, lines, limits=centre))
    assert raw.sampled[0].any(axis=1).tolist() == [ky in kept for ky in range(N_Y)]
    close(raw.kspace[0, :, kept.start :], KSPACE[:, kept.start :])
    assert not raw.kspace[0, :, : kept.start].any()


def test_an_asymmetric_echo_keeps_its_oversampling_and_has_no_weight_before_it(tmp_path):
    wide = oversampled(KSPACE)
    lines = [Line(wide[:, ky, 12:], ky, centre=N_X - 12) for ky in range(N_Y)]
    raw = read(written(tmp_path, lines))
    assert raw.kspace.shape == (1, N_COILS, N_Y, 2 * N_X)
    assert raw.sampled[0].any(axis=0).tolist() == [x >= 12 for x in range(2 * N_X)]
    close(raw.kspace[0, :, :, 12:], wide[..., 12:])
    assert "asymmetric" in raw.axes_source
    assert raw.pixel_spacing_mm == (200 / N_Y, 200 / N_X)


def test_reversed_readouts_are_turned_round(tmp_path):
    wide = oversampled(KSPACE)
    lines = [
        Line(wide[:, ky, ::-1] if ky % 2 else wide[:, ky], ky, flags=(22,) if ky % 2 else ())
        for ky in range(N_Y)
    ]
    close(read(written(tmp_path, lines)).kspace[0], KSPACE)


def test_averages_are_averaged_and_kept_as_replicas(tmp_path):
    other = KSPACE + 1
    lines = [
        line
        for n, values in enumerate((KSPACE, other))
        for line in lines_of(oversampled(values), counters=(("average", n),))
    ]
    lines += lines_of(oversampled(KSPACE)[:, :4], counters=(("average", 2),))
    raw = read(written(tmp_path, lines))
    close(raw.averages, np.stack([KSPACE, other])[:, None])
    close(raw.kspace[0], KSPACE + 0.5)
    assert "mean of 2 averages" in raw.axes_source
    assert "4 readouts of lines acquired more often" in raw.axes_source


@pytest.mark.parametrize("flag", [23, 24, 26, 27, 28, 29, 30, 31])
def test_lines_that_are_no_image_are_left_out(tmp_path, flag):
    """Phase correction, navigators, feedback, dummies, surface coil correction, phase stabilisation."""
    wide = oversampled(KSPACE)
    other = Line(100 * RNG.standard_normal(wide[:, 0].shape), 3, flags=(flag,))
    close(read(written(tmp_path, [other, *lines_of(wide)])).kspace[0], KSPACE)


def test_readouts_of_two_lengths_are_refused(tmp_path):
    wide = oversampled(KSPACE)
    lines = [*lines_of(wide)[:-1], Line(wide[:, -1, :-2], N_Y - 1)]
    with pytest.raises(InputError, match=r"its readouts differ in \(coils, samples, .*\): \("):
        read(written(tmp_path, lines))


@pytest.mark.parametrize("discarded", [(6, 0), (0, 4), (6, 4)])
@pytest.mark.parametrize("reverse", [False, True])
def test_samples_to_be_discarded_are_cut_off_at_their_ends(tmp_path, discarded, reverse):
    """The file counts its centre among all samples; a readout is turned round before it is cut."""
    before, after = discarded
    junk = np.pad(oversampled(KSPACE), ((0, 0), (0, 0), (before, after)), constant_values=1e3)
    settings = {"centre": N_X + before, "discarded": discarded, "flags": (22,) if reverse else ()}
    lines = lines_of(junk[..., ::-1] if reverse else junk, **settings)
    close(read(written(tmp_path, lines)).kspace[0], KSPACE)


@pytest.mark.parametrize("discarded", [(2 * N_X, 0), (0, 2 * N_X), (N_X, N_X), (N_X, N_X + 1)])
def test_a_readout_of_which_nothing_is_left_is_refused(tmp_path, discarded):
    with pytest.raises(InputError, match="it is damaged"):
        read(written(tmp_path, lines_of(oversampled(KSPACE), discarded=discarded)))


def test_a_readout_of_which_one_sample_is_left_is_placed(tmp_path):
    lines = lines_of(oversampled(KSPACE), discarded=(N_X, N_X - 1))
    raw = read(written(tmp_path, lines))
    assert np.flatnonzero(raw.sampled.any(axis=(0, 1))).tolist() == [N_X]


def test_readouts_that_discard_other_numbers_of_samples_are_refused(tmp_path):
    lines = [*lines_of(oversampled(KSPACE))[:-1], Line(oversampled(KSPACE)[:, -1], N_Y - 1, discarded=(1, 2))]
    with pytest.raises(InputError, match=r"differ in .*: \(3, 40, 0, 0\), \(3, 40, 1, 2\)$"):
        read(written(tmp_path, lines))


def test_separate_calibration_lines_are_kept_apart(tmp_path):
    lines = lines_of(oversampled(KSPACE))[::2]
    separate = [Line(10 * oversampled(KSPACE)[:, ky], ky, flags=(20,)) for ky in range(8, 16)]
    raw = read(written(tmp_path, lines + separate, calibration="separate"))
    close(raw.kspace[0, :, ::2], KSPACE[:, ::2])
    assert not raw.kspace[0, :, 1::2].any()
    close(raw.calibration[0, :, 8:16], 10 * KSPACE[:, 8:16])
    embedded = read(written(tmp_path, lines_of(oversampled(KSPACE))[::2], calibration="embedded"))
    assert embedded.calibration is None


def test_lines_that_calibrate_and_image_belong_to_the_calibration_lines(tmp_path):
    """The lines between them alone would leave holes in it."""
    wide = oversampled(KSPACE)
    lines = [Line(wide[:, ky], ky, flags=(21,) if 8 <= ky < 16 else ()) for ky in range(0, N_Y, 2)]
    between = [Line(wide[:, ky], ky, flags=(20,)) for ky in range(9, 16, 2)]
    raw = read(written(tmp_path, lines + between, calibration="interleaved"))
    close(raw.kspace[0, :, ::2], KSPACE[:, ::2])
    assert not raw.kspace[0, :, 1::2].any()
    close(raw.calibration[0, :, 8:16], KSPACE[:, 8:16])
    assert not raw.calibration[0, :, :8].any()


@pytest.mark.parametrize("trajectory", ["radial", "spiral", "epi", "goldenangle"])
def test_what_is_not_cartesian_is_refused_by_name(tmp_path, trajectory):
    path = written(tmp_path, lines_of(oversampled(KSPACE)), trajectory=trajectory)
    why = "its echoes need a correction of their phase" if trajectory == "epi" else "it is not Cartesian"
    with pytest.raises(InputError, match=f"trajectory of {trajectory}, which cannot be fitted yet: {why}"):
        read(path)


def test_an_embedded_trajectory_is_refused(tmp_path):
    lines = [Line(oversampled(KSPACE)[:, 0], 0, trajectory=np.zeros((2 * N_X, 2), np.float32))]
    with pytest.raises(InputError, match="carry a trajectory of their own"):
        read(written(tmp_path, lines))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encoded": (2 * N_X, 8, 1)}, "a line lies at .* of a matrix of 8"),
        (
            {"encoded": (60000, 60000, 1)},
            "declares a matrix of 60000 × 60000 × 1, but the file holds 24 readouts",
        ),
        ({"encoded": (8, N_Y, 1), "recon": (8, N_Y, 1)}, "a sample lies at .* of a matrix of 8"),
    ],
)
def test_a_header_that_its_data_contradict_is_refused(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        read(written(tmp_path, lines_of(oversampled(KSPACE)), **changes))


@pytest.mark.parametrize("shift", [1, -1])
def test_an_echo_one_sample_off_the_grid_is_refused(tmp_path, shift):
    line = Line(oversampled(KSPACE)[:, 0], 0, centre=N_X - shift)
    place = 2 * N_X if shift > 0 else -1
    with pytest.raises(InputError, match=f"a sample lies at {place} of a matrix of {2 * N_X}"):
        read(written(tmp_path, [line]))


def test_lines_of_another_encoding_are_no_image(tmp_path):
    wide = oversampled(KSPACE)
    other = [Line(7 * wide[:, ky], ky, encoding=1) for ky in range(N_Y)]
    scan = read(written(tmp_path, [*other, Line(wide[:, 0], flags=(23,), encoding=1), *lines_of(wide)]))
    close(scan.kspace[0], KSPACE)
    left_out = f"; {N_Y} readouts of other encodings than the header's first left out"
    assert scan.axes_source.endswith(left_out)
    assert "other encodings" not in read(written(tmp_path, lines_of(wide))).axes_source
    path = made_mrd.write(tmp_path / "other.h5", header(**HEADER), other)
    assert told(path) == f"{path}:dataset: holds no image data among {N_Y} acquisitions"


def test_acquisitions_that_declare_more_samples_than_the_file_has_bytes_are_refused(tmp_path):
    path = written(tmp_path, lines_of(oversampled(KSPACE)))

    def declare(rows):
        rows["head"]["number_of_samples"][0] = 65535

    size = changed(path, declare).stat().st_size
    declared = 8 * N_COILS * ((N_Y - 1) * 2 * N_X + 65535)
    assert told(path) == (
        f"{path}: its acquisitions declare {declared} bytes of samples, the file has {size}; "
        "it is cut off or damaged"
    )


def test_acquisitions_of_other_fields_are_told_by_what_they_lack(tmp_path):
    path = written(tmp_path, lines_of(oversampled(KSPACE)))
    with h5py.File(path, "r+") as file:
        rows = file["dataset/data"][()]
        heads = rows["head"]
        kept = [name for name in heads.dtype.names if name not in ("idx", "flags")]
        dtype = [(name, heads.dtype[name]) for name in kept]
        made = np.empty(
            len(rows), [("head", dtype), *((name, rows.dtype[name]) for name in ("traj", "data"))]
        )
        for name in kept:
            made["head"][name] = heads[name]
        made["traj"], made["data"] = rows["traj"], rows["data"]
        del file["dataset/data"]
        file["dataset/data"] = made
    assert told(path) == f"{path}: /dataset/data: its acquisitions lack flags, idx"
