"""Which of the scans and images of an ISMRMRD file is read."""

import h5py
import numpy as np
import pytest
from made_mrd import lines_of, oversampled
from scanner_files import KSPACE, close, read, told, written

from sharpfit.errors import InputError
from sharpfit.files.readers import ismrmrd


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


def test_a_scan_that_is_asked_for_and_not_there_is_told_with_those_that_are(tmp_path):
    path = written(tmp_path, lines_of(oversampled(KSPACE)))
    assert told(path, dataset="other") == (
        f"{path}: an ISMRMRD file with scans dataset; state one as dataset:"
    )
    close(read(path, dataset="/dataset/").kspace[0], KSPACE)
