import warnings

import h5py
import made_mrd
import numpy as np
import pytest
from made_mrd import Line, header, lines_of, oversampled

from sharpfit.errors import InputError
from sharpfit.files.formats import reader_of
from sharpfit.files.read_scan import read_scan
from sharpfit.files.readers import ismrmrd, ismrmrd_header

N_COILS, N_Y, N_X = 3, 24, 20
RNG = np.random.default_rng(4)
KSPACE = (RNG.standard_normal((N_COILS, N_Y, N_X)) + 1j * RNG.standard_normal((N_COILS, N_Y, N_X))).astype(
    np.complex64
)
HEADER = {"encoded": (2 * N_X, N_Y, 1), "recon": (N_X, N_Y, 1)}


def read(path, **entries):
    return read_scan({"file": str(path), **entries}, {str(path): reader_of(str(path))})


def written(folder, lines, **changes):
    return made_mrd.write(folder / "scan.h5", header(**(HEADER | changes)), lines)


def close(found, wanted):
    np.testing.assert_allclose(found, wanted, atol=2e-6 * np.abs(wanted).max())


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


def test_the_noise_scan_is_scaled_by_dwell_time_bandwidth_and_averages(tmp_path):
    noise = RNG.standard_normal((N_COILS, 400)) + 1j * RNG.standard_normal((N_COILS, 400))
    scan = Line(noise, flags=(19,), dwell=8.0)
    raw = read(written(tmp_path, [scan, *lines_of(oversampled(KSPACE))]))
    close(raw.noise.values, noise * np.sqrt(8 / 2 / 0.8))
    twice = [line for n in (0, 1) for line in lines_of(oversampled(KSPACE), counters=(("average", n),))]
    halved = read(written(tmp_path, [scan, *twice]))
    close(halved.noise.values, noise * np.sqrt(8 / 2 / 0.8 / 2))


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


def test_a_header_without_an_encoding_is_told_in_one_line(tmp_path):
    head = header(**HEADER)
    head.encoding.clear()
    path = made_mrd.write(tmp_path / "scan.h5", head, lines_of(oversampled(KSPACE)))
    with pytest.raises(InputError, match=r"scan\.h5:dataset: the header lacks what a scan needs \(") as told:
        read(path)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("part", ["encodedSpace", "reconSpace", "encodingLimits"])
def test_a_header_whose_encoding_lacks_a_part_is_told_in_one_line(tmp_path, part):
    head = header(**HEADER)
    setattr(head.encoding[0], part, None)
    path = made_mrd.write(tmp_path / "scan.h5", head, lines_of(oversampled(KSPACE)))
    with pytest.raises(InputError, match=rf"scan\.h5: its ISMRMRD header cannot be read \(.*{part}"):
        read(path)


def test_a_header_without_system_measurement_and_limits_is_enough(tmp_path):
    head = header(**HEADER)
    head.acquisitionSystemInformation = head.measurementInformation = None
    limits = head.encoding[0].encodingLimits
    limits.kspace_encoding_step_1 = limits.kspace_encoding_step_2 = None
    noise = RNG.standard_normal((N_COILS, 400)) + 0j
    lines = [Line(noise, flags=(19,), dwell=8.0), *lines_of(oversampled(KSPACE))]
    raw = read(made_mrd.write(tmp_path / "scan.h5", head, lines))
    close(raw.kspace[0], KSPACE)
    close(raw.noise.values, 2 * noise)
    assert (raw.notes.scanner, raw.notes.protocol) == ("", "")


def test_personal_parts_never_reach_the_parser(tmp_path):
    path = written(tmp_path, lines_of(oversampled(KSPACE)))
    with h5py.File(path) as file:
        assert file["dataset/xml"][0].count(b"Doe") == 2
        parsed = ismrmrd_header.parse(path, file["dataset/xml"])
    assert parsed.subjectInformation is parsed.studyInformation is None
    assert parsed.measurementInformation.protocolName == "phantom"
    assert len(parsed.encoding) == 1


def test_a_file_of_two_scans_names_them(tmp_path):
    path = written(tmp_path, lines_of(oversampled(KSPACE)))
    with h5py.File(path, "r+") as file:
        file.copy("dataset", "second")
    with pytest.raises(InputError, match="with scans dataset, second; state one as dataset:"):
        read(path)
    close(read(path, dataset="second").kspace[0], KSPACE)


def test_a_group_without_acquisitions_is_no_scan(tmp_path):
    path = written(tmp_path, lines_of(oversampled(KSPACE)))
    with h5py.File(path, "r+") as file:
        file.create_group("images")
    close(read(path).kspace[0], KSPACE)


def test_heads_without_samples_are_no_acquisitions(tmp_path):
    path = written(tmp_path, lines_of(oversampled(KSPACE)))
    with h5py.File(path, "r+") as file:
        heads = file["dataset/data"].fields(["head"])[()]
        del file["dataset/data"]
        file["dataset/data"] = heads
    with pytest.raises(InputError, match="/dataset/data holds no ISMRMRD acquisitions"):
        ismrmrd.read_scan(path, None, {})


@pytest.mark.parametrize(("first", "last", "told"), [(1, 4, "1, 2, 3, 4"), (1, 5, "1 to 5")])
def test_what_may_be_chosen_is_told_one_by_one_or_from_first_to_last(tmp_path, first, last, told):
    lines = [
        line
        for n in range(first, last + 1)
        for line in lines_of(oversampled(KSPACE), counters=(("repetition", n),))
    ]
    path = written(tmp_path, lines)
    with pytest.raises(InputError, match=rf"holds {last} repetitions \({told}\); choose one"):
        read(path)


def test_a_header_that_is_no_xml_is_one_line(tmp_path):
    path = written(tmp_path, lines_of(oversampled(KSPACE)))
    with h5py.File(path, "r+") as file:
        file["dataset/xml"][0] = b"<ismrmrdHeader><encoding>"
    with pytest.raises(InputError, match="its ISMRMRD header cannot be read"):
        read(path)


def test_a_noise_scan_of_other_coils_is_refused(tmp_path):
    noise = RNG.standard_normal((N_COILS + 1, 400)) + 0j
    lines = [Line(noise, flags=(19,)), *lines_of(oversampled(KSPACE))]
    with pytest.raises(InputError, match="its noise scan has other coils than its images"):
        read(written(tmp_path, lines))


def test_one_of_several_images_must_be_chosen(tmp_path):
    lines = [
        line for n in (0, 1) for line in lines_of(oversampled(KSPACE * (n + 1)), counters=(("contrast", n),))
    ]
    path = written(tmp_path, lines)
    with pytest.raises(InputError, match=r"holds 2 contrasts \(0, 1\); choose one, select: \{contrast: 0\}"):
        read(path)
    close(read(path, select={"contrast": 1}).kspace[0], 2 * KSPACE)
    with pytest.raises(InputError, match="select: contrast 5 is not there; there are 0, 1"):
        read(path, select={"contrast": 5})


def test_repetitions_may_be_averaged(tmp_path):
    lines = [
        line
        for n in (0, 1)
        for line in lines_of(oversampled(KSPACE * (2 * n + 1)), counters=(("repetition", n),))
    ]
    path = written(tmp_path, lines)
    with pytest.raises(InputError, match=r"holds 2 repetitions .*repetition: mean"):
        read(path)
    raw = read(path, select={"repetition": "mean"})
    close(raw.kspace[0], 2 * KSPACE)
    assert len(raw.averages) == 2


def test_averages_of_repetitions_are_each_a_replica(tmp_path):
    lines = [
        line
        for n, factor in enumerate((1, 3, 5, 11))
        for line in lines_of(
            oversampled(factor * KSPACE), counters=(("average", n % 2), ("repetition", n // 2))
        )
    ]
    raw = read(written(tmp_path, lines), select={"repetition": "mean"})
    close(raw.averages, np.stack([factor * KSPACE for factor in (1, 3, 5, 11)])[:, None])
    close(raw.kspace[0], 5 * KSPACE)


def test_slices_are_in_order_and_can_be_chosen(tmp_path):
    lines = [
        line
        for n in (1, 0)
        for line in lines_of(
            oversampled(KSPACE * (n + 1)), counters=(("slice", n),), position=(0.0, 0.0, 5.0 * n)
        )
    ]
    path = written(tmp_path, lines)
    raw = read(path)
    close(raw.kspace, np.stack([KSPACE, 2 * KSPACE]))
    np.testing.assert_array_equal(raw.geometry.centres[:, 2], [0, 5])
    one = read(path, select={"slice": 1})
    close(one.kspace, 2 * KSPACE[None])
    np.testing.assert_array_equal(one.geometry.centres, [[0, 0, 5]])
    with pytest.raises(InputError, match="slice 2 is not there; there are 0 to 1"):
        read(path, select={"slice": [0, 2]})


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


def test_the_spacing_is_known_without_directions(tmp_path):
    path = made_mrd.write(
        tmp_path / "scan.h5", header(**HEADER), lines_of(oversampled(KSPACE)), directions=np.zeros((3, 3))
    )
    raw = read(path)
    assert raw.geometry is None
    assert raw.pixel_spacing_mm == (200 / N_Y, 200 / N_X)
    assert "not turned: no complete geometry" in raw.axes_source


def test_a_3d_scan_becomes_independent_slices_along_its_readout(tmp_path):
    n_z = 6
    volume = RNG.standard_normal((2, n_z, N_Y, N_X)) + 1j * RNG.standard_normal((2, n_z, N_Y, N_X))
    wide = oversampled(volume)
    lines = [Line(wide[:, kz, ky], ky, kz) for kz in range(n_z) for ky in range(N_Y) if (ky + kz) % 2]
    path = made_mrd.write(tmp_path / "volume.h5", header((2 * N_X, N_Y, n_z), (N_X, N_Y, n_z)), lines)
    raw = read(path)
    image = np.fft.fftshift(
        np.fft.ifft(np.fft.ifftshift(volume, axes=-1), axis=-1, norm="ortho"), axes=-1
    )  # (coil, kz, ky, x)
    assert raw.sampled.shape == raw.kspace[:, 0].shape
    assert raw.sampled.mean() == 0.5
    assert len(raw.kspace) == N_X
    # sagittal slices stand with the back to the right and the feet down: ky (back) is kx, kz (head) is −ky;
    # they are counted along their normal, from left to right
    turned = np.roll(image[:, ::-1], 1, axis=1).transpose(3, 0, 1, 2)[::-1]
    close(raw.kspace, np.where(raw.sampled[:, None], turned, 0))
    assert raw.phase_axis == "kx"
    assert raw.geometry.centres.shape == (N_X, 3)


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


def test_an_axial_image_stands_upright_whoever_the_vendor_is(tmp_path):
    """Directions of Siemens are those of a forward FFT; the phantom is the same after both are undone."""
    kspace = RNG.standard_normal((2, 32, 32)).astype(np.complex64)
    plain = read(written(tmp_path, lines_of(kspace), encoded=(32, 32, 1), recon=(32, 32, 1)))
    close(plain.kspace[0], kspace)
    siemens = read(
        written(tmp_path, lines_of(kspace), encoded=(32, 32, 1), recon=(32, 32, 1), vendor="SIEMENS")
    )
    mirrored = np.roll(kspace[:, ::-1, ::-1], (1, 1), axis=(1, 2))
    close(siemens.kspace[0], mirrored)
    for raw in (plain, siemens):
        np.testing.assert_allclose(raw.geometry.row, [1, 0, 0], atol=1e-6)
        np.testing.assert_allclose(raw.geometry.column, [0, 1, 0], atol=1e-6)


@pytest.mark.parametrize("birth_date", ["1970-01-31", "31.01.1970"])
def test_personal_fields_stay_in_the_file(tmp_path, capfd, birth_date):
    """A date that is none would be quoted in a warning."""
    path = written(tmp_path, lines_of(oversampled(KSPACE)))
    with h5py.File(path, "r+") as file:
        file["dataset/xml"][0] = file["dataset/xml"][0].replace(b"1970-01-31", birth_date.encode())
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        said = repr(read(path)) + repr([str(one.message) for one in warned]) + "".join(capfd.readouterr())
    assert not [word for word in ("Doe", "Jane", "4711", "1970") if word in said]


def changed(path, change):
    """Read all acquisitions, change them and write them back."""
    with h5py.File(path, "r+") as file:
        rows = file["dataset/data"][()]
        change(rows)
        file["dataset/data"][...] = rows
    return path


def told(path, **entries):
    with pytest.raises(InputError) as caught:
        read(path, **entries)
    return str(caught.value)


def test_lines_of_another_encoding_are_no_image(tmp_path):
    wide = oversampled(KSPACE)
    other = [Line(7 * wide[:, ky], ky, encoding=1) for ky in range(N_Y)]
    close(read(written(tmp_path, [*other, *lines_of(wide)])).kspace[0], KSPACE)
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
    close(read(written(tmp_path, lines)).noise.values, noise * np.sqrt(ratio / 0.8))


def test_every_slice_lies_where_its_first_line_says(tmp_path):
    """Later lines may have moved; the calibration lines' place does not matter."""
    wide = oversampled(KSPACE)
    lines = [Line(wide[:, ky], ky, flags=(20,), position=(9.0, 9.0, 9.0)) for ky in range(8, 16)]
    for ky in range(N_Y):
        lines += [
            Line(wide[:, ky], ky, counters=(("slice", n),), position=(1.0, 2.0, 10.0 * n + (ky > 0)))
            for n in (2, 0, 1)
        ]
    raw = read(written(tmp_path, lines, calibration="separate"))
    np.testing.assert_array_equal(raw.geometry.centres, [[1, 2, 0], [1, 2, 10], [1, 2, 20]])


def test_the_slices_of_the_contrast_that_is_chosen_lie_where_its_own_lines_say(tmp_path):
    """The second contrast holds the second slice alone, and moved."""
    wide = oversampled(KSPACE)
    placed = [(0, 0, 0.0), (0, 1, 5.0), (1, 1, 6.0)]
    lines = [
        Line(wide[:, ky], ky, counters=(("contrast", contrast), ("slice", n)), position=(0.0, 0.0, at))
        for contrast, n, at in placed
        for ky in range(N_Y)
    ]
    path = written(tmp_path, lines)
    for contrast, centres in ((0, [[0, 0, 0], [0, 0, 5]]), (1, [[0, 0, 6]])):
        raw = read(path, select={"contrast": contrast})
        np.testing.assert_array_equal(raw.geometry.centres, centres)
        assert len(raw.kspace) == len(centres)


@pytest.mark.parametrize(("tilt", "known"), [(0.0, True), (5e-4, True), (5e-3, False)])
def test_directions_that_are_not_at_right_angles_place_nothing(tmp_path, tilt, known):
    directions = np.eye(3)
    directions[0, 1] = tilt
    path = made_mrd.write(
        tmp_path / "scan.h5", header(**HEADER), lines_of(oversampled(KSPACE)), directions=directions
    )
    assert (read(path).geometry is not None) == known


def test_what_the_header_lacks_or_holds_too_often_is_told(tmp_path):
    path = written(tmp_path, lines_of(oversampled(KSPACE)))
    with h5py.File(path, "r+") as file:
        text = file["dataset/xml"][0]
        del file["dataset/xml"]
        file["dataset"].create_dataset("xml", data=[text] * 2)
    assert told(path) == f"{path}: /dataset/xml is not the one text that an ISMRMRD header is"
    with h5py.File(path, "r+") as file:
        del file["dataset/xml"]
    assert told(path) == (f"{path}: an ISMRMRD file without its header (xml); it cannot be understood")


def test_a_scan_that_is_asked_for_and_not_there_is_told_with_those_that_are(tmp_path):
    path = written(tmp_path, lines_of(oversampled(KSPACE)))
    assert told(path, dataset="other") == (
        f"{path}: an ISMRMRD file with scans dataset; state one as dataset:"
    )
    close(read(path, dataset="/dataset/").kspace[0], KSPACE)


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


@pytest.mark.parametrize(
    ("encoded", "recon", "kept"),
    [
        ((400.0, 200.0, 5.0), (200.0, 200.0, 5.0), 20),
        ((300.0, 150.0, 5.0), (200.0, 200.0, 5.0), 27),
        ((200.0, 200.0, 5.0), (400.0, 200.0, 5.0), 40),
        ((0.0, 200.0, 5.0), (200.0, 200.0, 5.0), 40),
        ((0.5, 200.0, 5.0), (0.25, 200.0, 5.0), 20),
    ],
)
def test_the_readout_keeps_the_share_of_its_field_of_view_that_is_reconstructed(encoded, recon, kept):
    head = header((40, 24, 6), (20, 24, 6))
    head.encoding[0].encodedSpace = made_mrd.space((40, 24, 6), encoded)
    head.encoding[0].reconSpace = made_mrd.space((20, 24, 6), recon)
    found = ismrmrd_header.encoding(head)
    assert found.n_x_kept == kept
    assert found.field_of_view_mm == encoded[::-1]
    grid = found.grid
    assert (grid.n_x, grid.n_y, grid.n_z, grid.centre_y, grid.centre_z) == (40, 24, 6, 12, 3)


def test_centres_are_the_headers_or_half_of_the_matrix():
    limits = [made_mrd.xsd.limitType(minimum=0, maximum=9, center=n) for n in (7, 2)]
    names = ["kspace_encoding_step_1", "kspace_encoding_step_2"]
    stated = header((40, 25, 7), (20, 25, 7), limits=dict(zip(names, limits, strict=True)))
    grid = ismrmrd_header.encoding(stated).grid
    assert (grid.centre_y, grid.centre_z) == (7, 2)
    for name in names:
        setattr(stated.encoding[0].encodingLimits, name, None)
    grid = ismrmrd_header.encoding(stated).grid
    assert (grid.centre_y, grid.centre_z) == (12, 3)


@pytest.mark.parametrize(
    ("vendor", "field", "told", "siemens"),
    [
        ("SIEMENS", 2.89362, "SIEMENS test 2.89 T", True),
        ("Siemens Healthineers", None, "Siemens Healthineers test", True),
        ("GE", 0.55, "GE test 0.55 T", False),
        (None, 1.5, "test 1.5 T", False),
    ],
)
def test_a_scanner_is_told_by_what_its_header_says(vendor, field, told, siemens):
    head = header(**HEADER, vendor=vendor)
    head.acquisitionSystemInformation.systemFieldStrength_T = field
    assert ismrmrd_header.notes(head).scanner == told
    assert ismrmrd_header.is_siemens(head) == siemens
    head.acquisitionSystemInformation = None
    assert ismrmrd_header.notes(head).scanner == ""
    assert not ismrmrd_header.is_siemens(head)


def test_calibration_lines_are_embedded_where_the_header_says_nothing_else():
    assert ismrmrd_header.calibration_mode(header(**HEADER)) == "embedded"
    for mode in ("embedded", "separate", "external"):
        assert ismrmrd_header.calibration_mode(header(**HEADER, calibration=mode)) == mode
    head = header(**HEADER, calibration="separate")
    head.encoding[0].parallelImaging.calibrationMode = None
    assert ismrmrd_header.calibration_mode(head) == "embedded"


def test_of_several_encodings_the_first_is_the_images(tmp_path):
    head = header(**HEADER)
    other = header((7, 5, 3), (7, 5, 3), trajectory="radial", calibration="separate")
    head.encoding.append(other.encoding[0])
    path = made_mrd.write(tmp_path / "scan.h5", head, lines_of(oversampled(KSPACE)))
    close(read(path).kspace[0], KSPACE)
    assert ismrmrd_header.calibration_mode(head) == "embedded"


@pytest.mark.parametrize(
    ("stated", "instead"),
    [
        ("<x>40<", "<x>4O<"),
        ("<x>40<", "<x>40.5<"),
        ("<x>400.0<", "<x>wide<"),
        ("<x>400.0<", "<x>NaN<"),
        ("<center>12<", "<center>mid<"),
        ("<x>400.0<", "<x>INF<"),
        ("<x>400.0<", "<x>1e9<"),
        ("<x>200.0<", "<x>-200<"),
        ("<y>200.0<", "<y>INF<"),
        ("<z>5.0<", "<z>NaN<"),
    ],
)
def test_a_header_whose_numbers_are_none_is_told_in_one_line(tmp_path, stated, instead):
    path = written(tmp_path, lines_of(oversampled(KSPACE)))
    with h5py.File(path, "r+") as file:
        text = file["dataset/xml"][0]
        assert stated.encode() in text
        file["dataset/xml"][0] = text.replace(stated.encode(), instead.encode(), 1)
    said = told(path)
    assert said.startswith(f"{path}:dataset: the header lacks what a scan needs (")
    assert "\n" not in said


def test_maps_of_a_scanners_file_are_read_with_y_before_x(tmp_path):
    """Of a square image, whose sides lengths cannot tell."""
    kspace = RNG.standard_normal((3, 20, 20)) + 1j
    path = written(tmp_path, lines_of(oversampled(kspace)), encoded=(40, 20, 1), recon=(20, 20, 1))
    maps = RNG.standard_normal((3, 20, 20)) + 1j
    np.save(tmp_path / "maps.npy", maps)
    scan = {"file": str(path), "csm": {"file": str(tmp_path / "maps.npy")}}
    raw = read_scan(scan, {str(path): "ismrmrd", str(tmp_path / "maps.npy"): "npy"})
    np.testing.assert_array_equal(raw.csm.values, maps[None])
    assert "read in the same order" not in raw.axes_source
    with pytest.raises(InputError, match=r"scan\.h5: its format names the axes itself; leave out axes:$"):
        read(path, axes=["coil", "ky", "kx"])
    with pytest.raises(InputError, match=r"gone\.h5: no such file$"):
        read_scan({"file": "gone.h5"}, {"gone.h5": "ismrmrd"})


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
