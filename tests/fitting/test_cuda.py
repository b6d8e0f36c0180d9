"""The seed story and the agreement with the CPU, on a real device; skipped where there is none."""

import numpy as np
import pytest
import torch
from small_problem import ADAM, CPU, MEASURES, SGD, small

from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.fitting.solvers.torch_optimizer import FrozenFitError, check_leaf
from sharpfit.running.compute import ENVIRONMENT, resolve

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")


@pytest.fixture(autouse=True)
def _as_in_production(monkeypatch):
    """What run_job and the script set: one thread, a fixed workspace, deterministic algorithms alone."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    torch.set_deterministic_debug_mode("error")
    yield
    torch.set_deterministic_debug_mode("default")


def run(case, regime, device):
    return reconstruct(case.scan, case.attrs, regime, MEASURES, device=torch.device(device))


def test_a_parameter_moved_to_the_device_is_no_leaf():
    created = torch.zeros(4, dtype=torch.complex64, requires_grad=True)
    moved = created.to("cuda")
    with pytest.raises(FrozenFitError, match="not a leaf"):
        check_leaf(moved, torch.optim.Adam([created]), torch.zeros(4, dtype=torch.complex64, device="cuda"))


def test_an_optimizer_that_holds_the_tensor_left_on_the_cpu():
    created = torch.zeros(4, dtype=torch.complex64, requires_grad=True)
    optimizer = torch.optim.Adam([created])
    moved = created.detach().to("cuda").requires_grad_()
    with pytest.raises(FrozenFitError, match="optimizer holds another tensor"):
        check_leaf(moved, optimizer, moved.detach())


def test_a_leaf_left_on_the_cpu():
    leaf = torch.zeros(4, dtype=torch.complex64, requires_grad=True)
    with pytest.raises(FrozenFitError, match="c is on cpu but the data and maps are on cuda"):
        check_leaf(leaf, torch.optim.Adam([leaf]), torch.zeros(4, dtype=torch.complex64, device="cuda"))


def test_auto_takes_the_gpu():
    assert resolve("auto") == "cuda"


@pytest.mark.parametrize(("regime", "tolerance"), [(SGD, 1e-5), (ADAM, 1e-3)])
def test_the_gpu_agrees_with_the_cpu(regime, tolerance):
    case = small(n_slices=2)
    on_cpu, on_gpu = run(case, regime, CPU)[0], run(case, regime, "cuda")[0]
    distance = np.linalg.norm(on_gpu["images"][-1] - on_cpu["images"][-1])
    assert distance < tolerance * np.linalg.norm(on_cpu["images"][-1])


def test_the_gpu_repeats_itself_bit_for_bit():
    case = small()
    first, second = run(case, ADAM, "cuda"), run(case, ADAM, "cuda")
    for name, values in first[0].items():
        np.testing.assert_array_equal(second[0][name], values)


def test_a_fit_paused_on_the_gpu_goes_on_there(tmp_path):
    case, state = small(), tmp_path / "fit"
    whole = run(case, ADAM, "cuda")
    asked = iter(range(100))
    with pytest.raises(RuntimeError, match="paused"):
        reconstruct(
            case.scan,
            case.attrs,
            ADAM,
            MEASURES,
            device=torch.device("cuda"),
            state=state,
            pause=lambda: next(asked) == 7,
        )
    resumed = reconstruct(case.scan, case.attrs, ADAM, MEASURES, device=torch.device("cuda"), state=state)
    np.testing.assert_array_equal(resumed[0]["images"], whole[0]["images"])
