import pickle

import numpy as np
import pytest
import torch

from sharpfit.fitting.checkpoint_file import CheckpointFile, Seen
from sharpfit.fitting.regimes import OPTIMIZERS, SCHEDULES
from sharpfit.fitting.solving import Objective, make_solver

CPU = torch.device("cpu")
ARGUMENTS = {
    "CosineAnnealingLR": {"T_max": 9},
    "CosineAnnealingWarmRestarts": {"T_0": 4},
    "CyclicLR": {"base_lr": 0.01, "max_lr": 0.1, "cycle_momentum": False},
    "ExponentialLR": {"gamma": 0.9},
    "MultiStepLR": {"milestones": [2, 4]},
    "OneCycleLR": {"max_lr": 0.1, "total_steps": 30},
    "StepLR": {"step_size": 3},
}
REGIMES = {
    **{name: {"optimizer": {"name": name, "lr": 0.1}} for name in OPTIMIZERS},
    **{
        name: {
            "optimizer": {"name": "Adam", "lr": 0.1},
            "schedule": [{"name": name, **ARGUMENTS.get(name, {})}],
        }
        for name in SCHEDULES
    },
    "joined": {
        "optimizer": {"name": "Adam", "lr": 0.1},
        "schedule": [{"name": "LinearLR", "until": 5}, {"name": "MultiStepLR", "milestones": [2, 4]}],
    },
    "cg": {"solver": {"name": "cg"}},
}


def seen(n):
    """What n iterations leave, a checkpoint at each."""
    rng = np.random.default_rng(0)
    rows = [{"iteration": t, "chi2": float(x)} for t, x in enumerate(rng.random(n))]
    images = rng.standard_normal((n, 1, 4, 4)).astype(np.complex64)
    observations = [{"image": image, "rss": np.array([np.nan, t])} for t, image in enumerate(images)]
    return Seen(rows, list(range(n)), observations)


def same(found, wanted):
    assert found.history == wanted.history
    assert found.iterations == wanted.iterations
    for one, other in zip(found.observations, wanted.observations, strict=True):
        for name, values in other.items():
            np.testing.assert_array_equal(one[name], values)
            assert one[name].dtype == values.dtype


@pytest.mark.parametrize("name", REGIMES)
def test_the_state_of_every_solver_comes_back_bit_for_bit(tmp_path, name):
    start = torch.zeros(2, 1, 3, dtype=torch.complex64)

    def steps(solver, n):
        for _ in range(n):
            gradient = solver.c.detach() - 1
            solver.step(gradient, gradient.abs().square().sum(-1))
        return solver

    def fresh():
        return make_solver(REGIMES[name], Objective(lambda c: 0.5 * c, start), start)

    first = steps(fresh(), 6)
    CheckpointFile(tmp_path / "fit", CPU).save({"solver": first.state_dict()}, Seen())
    loaded = CheckpointFile(tmp_path / "fit", CPU).load()
    assert loaded is not None
    second = fresh()
    second.load_state_dict(loaded[0]["solver"])
    assert torch.equal(steps(second, 6).c, steps(first, 6).c)


def test_what_was_seen_is_appended_and_comes_back(tmp_path):
    file, whole = CheckpointFile(tmp_path / "fit", CPU), seen(5)
    contents = []
    for n in (2, 2, 5):
        file.save({"t": n}, Seen(whole.history[:n], whole.iterations[:n], whole.observations[:n]))
        contents.append((tmp_path / "fit" / "seen").read_bytes())
    assert contents[1].startswith(contents[0])
    assert contents[2].startswith(contents[1])
    state, found = CheckpointFile(tmp_path / "fit", CPU).load()
    assert state == {"t": 5}
    same(found, whole)


def test_a_save_killed_before_its_state_leaves_the_one_before(tmp_path):
    file, whole = CheckpointFile(tmp_path / "fit", CPU), seen(4)
    file.save({"t": 2}, Seen(whole.history[:2], whole.iterations[:2], whole.observations[:2]))
    before = (tmp_path / "fit" / "state").read_bytes()
    file.save({"t": 4}, whole)
    (tmp_path / "fit" / "state").write_bytes(before)
    resumed = CheckpointFile(tmp_path / "fit", CPU)
    state, found = resumed.load()
    assert (state["t"], len(found.history)) == (2, 2)
    resumed.save({"t": 4}, whole)
    same(CheckpointFile(tmp_path / "fit", CPU).load()[1], whole)


@pytest.mark.parametrize("name", ["state", "seen"])
@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "missing"])
def test_a_damaged_state_is_left_behind_and_said_once(tmp_path, caplog, name, damage):
    CheckpointFile(tmp_path / "fit", CPU).save({"t": 3, "c": torch.ones(4)}, seen(3))
    path = tmp_path / "fit" / name
    content = path.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    path.unlink() if damage == "missing" else path.write_bytes(
        {"empty": b"", "cut": content[:middle], "flipped": flipped}[damage]
    )
    file = CheckpointFile(tmp_path / "fit", CPU)
    assert file.load() is None
    assert file.load() is None
    assert caplog.text.count("starting from iteration 0") == 1
    file.save({"t": 1}, seen(1))
    assert CheckpointFile(tmp_path / "fit", CPU).load()[0] == {"t": 1}


class Attack:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return (open, (self.trace, "w"))


@pytest.mark.parametrize("planted", ["pickle", "archive", "file"])
def test_a_planted_state_executes_nothing(tmp_path, caplog, planted):
    """A study may bring its .cache folder along: neither a pickle nor torch's own archive of one may run."""
    import hashlib
    import io

    trace, folder = tmp_path / "trace", tmp_path / "fit"
    buffer = io.BytesIO()
    torch.save({"t": 3, "seen": Attack(str(trace))}, buffer)
    content = pickle.dumps(Attack(str(trace))) if planted == "pickle" else buffer.getvalue()
    content = hashlib.sha256(content).digest() + content
    if planted == "file":
        folder.write_bytes(content)
    else:
        folder.mkdir()
        (folder / "state").write_bytes(content)
    file = CheckpointFile(folder, CPU)
    assert file.load() is None
    assert not trace.exists()
    assert "starting from iteration 0" in caplog.text
    file.save({"t": 1}, seen(1))
    assert file.load()[0] == {"t": 1}
