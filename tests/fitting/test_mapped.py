"""A scan too large for memory is fitted from files that the system maps, to the same bits."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from small_problem import CPU, small

from sharpfit.fitting import mapped
from sharpfit.fitting.reconstruct import reconstruct

REGIME = {"optimizer": {"name": "Adam", "lr": 0.01}, "start": "zero", "n_iterations": 6}
MEASURES = {"n_checkpoints": 4, "n_replicas": 1, "seed": 3}


@pytest.fixture
def nothing_fits(monkeypatch):
    monkeypatch.setattr(mapped, "MOST_IN_MEMORY", 0)


def fitted(case, state: Path | None):
    return reconstruct(case.scan, case.attrs, REGIME, MEASURES, device=CPU, state=state)


def test_a_mapped_scan_gives_the_same_bits_and_leaves_no_file(tmp_path, nothing_fits):
    case = small(n_slices=2)
    (datasets, attrs, _), (mapped_datasets, mapped_attrs, _) = (
        fitted(case, None),
        fitted(case, tmp_path / "s"),
    )
    assert datasets.keys() == mapped_datasets.keys()
    for name, values in datasets.items():
        np.testing.assert_array_equal(mapped_datasets[name], values, err_msg=name)
    assert attrs == mapped_attrs
    assert list(tmp_path.iterdir()) == []


def test_samples_and_maps_of_a_large_scan_lie_in_files(tmp_path, nothing_fits):
    problem = small(n_slices=2).problem(scratch=tmp_path)
    for part in problem._slices:
        encoding, held_out = part.A.encoding, part.held_out
        assert held_out is not None
        for tensor in (encoding._csm, encoding._conjugate, part.data.y, held_out.data):
            assert is_in_a_file(tensor, tmp_path)
        assert held_out.A.encoding._csm is encoding._csm


@pytest.mark.parametrize("spare", [0, -1])
def test_samples_and_maps_count_twice_each(tmp_path, monkeypatch, spare):
    """Maps with their conjugates, samples with the held-out item's: four times the maps' bytes."""
    case = small(n_slices=2)
    monkeypatch.setattr(mapped, "MOST_IN_MEMORY", 4 * case.scan["csm"].nbytes + spare)
    assert is_in_a_file(case.problem(scratch=tmp_path)._slices[0].data.y, tmp_path) == (spare < 0)


def is_in_a_file(tensor: torch.Tensor, folder: Path) -> bool:
    """Whether the kernel says that a file of the folder is mapped where the values lie."""
    at = tensor.data_ptr()
    for line in Path("/proc/self/maps").read_text().splitlines():
        first, last = (int(part, 16) for part in line.split()[0].split("-"))
        if first <= at < last:
            return str(folder) in line
    return False


def test_a_full_disk_keeps_the_scan_in_memory_and_says_so(tmp_path, nothing_fits, monkeypatch, caplog):
    def full(**_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(mapped.tempfile, "TemporaryFile", full)
    x = torch.ones(3, dtype=torch.complex64)
    assert mapped.placing(tmp_path, 1, CPU)(x) is x
    assert "No space left" in caplog.text
    assert str(tmp_path) in caplog.text


def test_small_scans_and_those_without_a_folder_stay_in_memory(tmp_path):
    x = torch.ones(3)
    assert mapped.placing(tmp_path, mapped.MOST_IN_MEMORY, CPU)(x) is x
    assert mapped.placing(None, 1 << 40, CPU)(x) is x
    assert mapped.placing(tmp_path, 1 << 40, torch.device("cuda"))(x) is x
