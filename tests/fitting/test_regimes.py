from pathlib import Path

import pytest
import torch

from sharpfit.errors import InputError
from sharpfit.fitting import bases, optimizers, penalties, solvers
from sharpfit.fitting.by_name import LR_RANGE
from sharpfit.fitting.methods import EVERY_MODULE
from sharpfit.fitting.regimes import OPTIMIZERS, SCHEDULES, check_regime
from sharpfit.fitting.solvers.torch_optimizer import make_optimizer, make_schedule


def rates(optimizer, schedule, n):
    """The learning rates of the first n steps."""
    leaf = torch.zeros(1, dtype=torch.complex64, requires_grad=True)
    optimizer = make_optimizer([leaf], optimizer)
    schedule = make_schedule(optimizer, schedule)
    seen = []
    for _ in range(n):
        seen.append(optimizer.param_groups[0]["lr"])
        leaf.grad = torch.ones_like(leaf)
        optimizer.step()
        if schedule:
            schedule.step()
    return seen


def test_constant_is_no_schedule():
    assert rates({"name": "Adam", "lr": 0.01}, [], 3) == [0.01] * 3


def test_exponential_sums_to_its_geometric_series():
    seen = rates({"name": "Adam", "lr": 0.01}, [{"name": "ExponentialLR", "gamma": 0.9}], 200)
    assert sum(seen) == pytest.approx(0.01 / (1 - 0.9), rel=1e-6)


def test_warm_up_then_cosine():
    warm_up = {"name": "LinearLR", "start_factor": 0.02, "total_iters": 20, "until": 20}
    seen = rates({"name": "Adam", "lr": 0.02}, [warm_up, {"name": "CosineAnnealingLR", "T_max": 180}], 200)
    assert seen[0] == pytest.approx(0.02 * 0.02)
    assert seen[20] == pytest.approx(0.02)
    assert seen == sorted(seen[:21]) + sorted(seen[21:], reverse=True)
    assert seen[-1] < 0.001 * 0.02 * 10


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_moves_a_complex_leaf_elementwise(name):
    """Items together end where each ends alone: nothing in the optimizer reduces over the leaf."""
    gradients = torch.randn(5, 3, dtype=torch.complex64, generator=torch.Generator().manual_seed(1))
    together = torch.zeros(3, dtype=torch.complex64, requires_grad=True)
    alone = [torch.zeros(1, dtype=torch.complex64, requires_grad=True) for _ in range(3)]
    optimizer, *others = [make_optimizer([leaf], {"name": name, "lr": 0.1}) for leaf in (together, *alone)]
    for gradient in gradients:
        together.grad = gradient
        optimizer.step()
        for i, (leaf, other) in enumerate(zip(alone, others, strict=True)):
            leaf.grad = gradient[i : i + 1]
            other.step()
    assert torch.equal(together.detach(), torch.cat([leaf.detach() for leaf in alone]))
    assert together.detach().abs().min() > 0


def test_every_schedule_named_here_exists_in_torch():
    assert all(hasattr(torch.optim.lr_scheduler, name) for name in SCHEDULES)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"optimizer": {"name": "Adamm", "lr": 0.1}},
            r"regimes\.mine\.optimizer\.name: 'Adamm' .* did you mean Adam",
        ),
        (
            {"optimizer": {"name": "LBFGS", "lr": 0.1}},
            r"LBFGS computes .* replicas of the data would mix; call it",
        ),
        (
            {"optimizer": {"name": "Prodigy", "lr": 1.0}},
            r"Prodigy computes .* fails on complex numbers; call it",
        ),
        (
            {"optimizer": {"name": "Adam", "lr": 0.1, "beta": 1}},
            r"optimizer\.beta: Adam has no such argument; .*betas",
        ),
        (
            {"optimizer": {"name": "Adam", "lr": -1}},
            r"optimizer: Adam refused: .*Invalid learning rate",
        ),
        (
            {"schedule": [{"name": "ExponentialLR", "gama": 1}]},
            r"schedule\[0\]\.gama: ExponentialLR has no such",
        ),
        ({"schedule": [{"name": "LambdaLR"}]}, r"schedule\[0\]\.name: 'LambdaLR' cannot be used"),
        ({"schedule": [{"name": "ExponentialLR", "gamma": 1, "until": 5}]}, "nothing follows"),
        (
            {"optimizer": {"name": "Adam", "lr": 0.1, "betas": [0.9]}},
            r"optimizer: Adam refused: ",
        ),
        (
            {"schedule": [{"name": "ExponentialLR", "gamma": "1e-5"}]},
            r"gamma: YAML reads 1e-5 as text; write 1e-5 without quotes$",
        ),
        ({"schedule": [{"name": "CosineAnnealingLR", "T_max": 0}]}, r"regimes\.mine"),
        ({"schedule": [{"name": "StepLR", "step_size": 0}]}, r"regimes\.mine"),
        (
            {
                "optimizer": {"name": "Adam", "lr": 0.004},
                "schedule": [{"name": "OneCycleLR", "max_lr": 0.1, "total_steps": 100}],
                "n_iterations": 200,
            },
            r"regimes\.mine\.schedule: iteration 10\d refused: ValueError: Tried to step",
        ),
        (
            {"schedule": [{"name": "ExponentialLR", "gamma": 1}, {"name": "ExponentialLR", "gamma": 1}]},
            r"schedule\[0\]\.until: is None",
        ),
        (
            {"schedule": [{"name": "ReduceLROnPlateau", "until": 5}, {"name": "ExponentialLR", "gamma": 1}]},
            "must be the only schedule",
        ),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(change, message):
    regime = {"optimizer": {"name": "Adam", "lr": 0.1}, "n_iterations": 5, **change}
    with pytest.raises(InputError, match=message) as raised:
        check_regime("mine", regime)
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith("params.yaml: regimes.mine")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {
                "optimizer": {"name": "Adam", "lr": 0.004},
                "schedule": [{"name": "OneCycleLR", "max_lr": 0.1, "total_steps": 6000}],
                "n_iterations": 8000,
            },
            "iteration 6001 refused: ValueError: Tried to step",
        ),
        (
            {"optimizer": {"name": "Adam", "lr": 1e300}},
            r"optimizer\.lr: is 1e\+300 at iteration 1, more than",
        ),
        (
            {"schedule": [{"name": "ExponentialLR", "gamma": 10}], "n_iterations": 50},
            r"optimizer\.lr: is 1e\+39 at iteration 41, more than float32 holds",
        ),
        *(
            ({"optimizer": {"name": "Adam", "lr": 0.1, key: True}}, rf"optimizer\.{key}: says how torch")
            for key in ("fused", "differentiable", "capturable", "foreach")
        ),
    ],
)
def test_what_would_fail_late_or_on_another_device_fails_before_any_job(change, message):
    with pytest.raises(InputError, match=message):
        check_regime("mine", {"optimizer": {"name": "Adam", "lr": 0.1}, "n_iterations": 5, **change})


@pytest.mark.parametrize(
    ("solver", "message"),
    [
        ({"name": "cgg"}, r"regimes\.mine\.solver\.name: 'cgg' cannot be used here; did you mean cg\?"),
        ({"name": "cg", "lr": 0.1}, r"regimes\.mine\.solver\.lr: cg has no such argument; it takes none"),
    ],
)
def test_a_mistake_in_a_solver_is_one_line_that_names_the_key(solver, message):
    with pytest.raises(InputError, match=message):
        check_regime("mine", {"solver": solver, "n_iterations": 5})


def test_every_file_of_a_method_is_known_and_every_known_one_is_a_file():
    files = {
        f"{package.__name__}.{path.stem}"
        for package in (solvers, optimizers, penalties, bases)
        for path in Path(package.__path__[0]).glob("[a-z]*.py")
    }
    assert set(EVERY_MODULE) == files | {LR_RANGE}


TV = {"name": "total_variation", "weight": 0.3}


@pytest.mark.parametrize(
    ("regime", "message"),
    [
        ({"solver": {"name": "fista"}}, r"mine\.solver: fista is for penalised fits; name a penalty"),
        ({"solver": {"name": "cg"}, "penalty": TV}, r"mine\.penalty: cg knows none; take fista or pogm or "),
        (
            {"solver": {"name": "fista"}, "penalty": {**TV, "name": "tv"}},
            r"mine\.penalty\.name: 'tv' cannot be used here; choose one of",
        ),
        (
            {"solver": {"name": "fista"}, "penalty": {**TV, "name": "smooth_phase"}},
            r"mine\.penalty\.name: fista cannot take smooth_phase; primal_dual can",
        ),
        (
            {"solver": {"name": "fista"}, "penalty": {**TV, "levels": 3}},
            r"mine\.penalty\.levels: total_variation has no such argument; it takes none",
        ),
        ({"solver": {"name": "fista", "rate": 1}, "penalty": TV}, r"mine\.solver\.rate: fista has no such"),
        (
            {
                "solver": {"name": "fista"},
                "penalty": {**TV, "name": "wavelet", "family": "db3", "n_levels": 2},
            },
            r"mine\.penalty: .*family 'db3' is not known",
        ),
        (
            {"solver": {"name": "fista"}, "penalty": {**TV, "name": "wavelet"}},
            r"penalty: .*missing 2 required",
        ),
        (
            {"solver": {"name": "cg"}, "basis": {"name": "dst"}},
            r"mine\.basis\.name: 'dst' .*did you mean dct",
        ),
        ({"solver": {"name": "cg"}, "basis": {"name": "dct", "n": 2}}, r"mine\.basis\.n: dct has no such"),
        (
            {"solver": {"name": "fista"}, "penalty": TV, "basis": {"name": "dct"}},
            r"mine\.basis: the regime's solver or penalty works on images; remove one",
        ),
        (
            {"solver": {"name": "fista"}, "penalty": {**TV, "weight": "judged"}, "n_iterations": 17},
            r"mine\.n_iterations: is 17, but a judged weight takes 18 or more",
        ),
        (
            {
                "solver": {"name": "fista"},
                "penalty": {**TV, "weight": "judged"},
                "stop": {"rule": "judged", "rise": 0.1, "patience": 3},
            },
            r"mine\.stop: the path of a judged weight has its own end",
        ),
    ],
)
def test_a_mistake_in_a_penalised_regime_is_one_line_that_names_the_key(regime, message):
    with pytest.raises(InputError, match=message):
        check_regime("mine", {"n_iterations": 60, **regime})


@pytest.mark.parametrize(
    ("solver", "name"),
    [
        *(("fista", name) for name in ("tikhonov", "total_variation", "wavelet")),
        *(("pogm", name) for name in ("tikhonov", "total_variation", "wavelet")),
    ],
)
@pytest.mark.parametrize("weight", [0.3, "judged"])
def test_every_penalty_passes_with_its_proximal_solvers(solver, name, weight):
    arguments = {"family": "db4", "n_levels": 2} if name == "wavelet" else {}
    penalty = {"name": name, "weight": weight, **arguments}
    check_regime("mine", {"solver": {"name": solver}, "penalty": penalty, "n_iterations": 36})


@pytest.mark.parametrize("name", ["smooth_phase", "total_variation"])
@pytest.mark.parametrize("weight", [0.3, "judged"])
def test_penalties_of_differences_pass_with_the_primal_dual_solver(name, weight):
    penalty = {"name": name, "weight": weight}
    check_regime("mine", {"solver": {"name": "primal_dual"}, "penalty": penalty, "n_iterations": 36})


def joined(*ends):
    """Schedules that end there; None: the key is missing."""
    parts = [{"name": "ExponentialLR", "gamma": 0.99, "until": end} for end in ends]
    return [{key: value for key, value in part.items() if value is not None} for part in parts]


@pytest.mark.parametrize(
    "ends", [(), (None,), (1, None), (4, None), (9, None), (2, 3, None), (1, 2, 4, None)]
)
def test_schedules_that_take_over_one_after_the_other_pass(ends):
    check_regime(
        "mine", {"optimizer": {"name": "Adam", "lr": 0.1}, "n_iterations": 5, "schedule": joined(*ends)}
    )


@pytest.mark.parametrize(
    ("ends", "place"),
    [
        ((None, None), 0),
        ((0, None), 0),
        ((-1, None), 0),
        ((None, 3, None), 0),
        ((0, 3, None), 0),
        ((3, None, None), 1),
        ((3, 3, None), 1),
        ((3, 2, None), 1),
        ((2, 4, 3, None), 2),
        ((2, 4, 4, None), 2),
    ],
)
def test_a_schedule_that_does_not_take_over_later_is_named(ends, place):
    message = (
        rf"mine\.schedule\[{place}\]\.until: is {ends[place]}, but must be the iteration, later than the one "
        rf"before, at which schedule\[{place + 1}\] takes over"
    )
    with pytest.raises(InputError, match=message):
        check_regime(
            "mine", {"optimizer": {"name": "Adam", "lr": 0.1}, "n_iterations": 5, "schedule": joined(*ends)}
        )


ONE_CYCLE = {"name": "OneCycleLR", "max_lr": 0.1, "total_steps": 30}
CYCLIC = {"name": "CyclicLR", "base_lr": 0.01, "max_lr": 0.1, "cycle_momentum": False}
HALF = {"name": "LinearLR", "start_factor": 0.5, "total_iters": 2, "until": 2}
BEGINS = (((ONE_CYCLE,), 0.004), ((CYCLIC,), 0.01), ((HALF, ONE_CYCLE), 0.004), ((HALF, CYCLIC), 0.01))


@pytest.mark.parametrize("lr", [0.02, 1e-3, "auto"])
@pytest.mark.parametrize(("schedule", "begins"), BEGINS)
def test_a_schedule_that_overwrites_the_rate_is_refused_with_the_rate_it_begins_at(schedule, begins, lr):
    last = len(schedule) - 1
    message = (
        rf"mine\.schedule\[{last}\]: {schedule[last]['name']} begins at {begins} whatever optimizer\.lr "
        rf"says; write {begins} there$"
    )
    regime = {"optimizer": {"name": "Adam", "lr": lr}, "n_iterations": 20, "schedule": list(schedule)}
    with pytest.raises(InputError, match=message):
        check_regime("mine", regime)


@pytest.mark.parametrize(("schedule", "begins"), BEGINS)
def test_a_schedule_that_begins_at_the_rate_that_is_stated_passes(schedule, begins):
    regime = {"optimizer": {"name": "Adam", "lr": begins}, "n_iterations": 20, "schedule": list(schedule)}
    check_regime("mine", regime)


@pytest.mark.parametrize("lr", [0.02, "auto"])
def test_a_warm_up_or_decay_follows_whatever_rate_is_stated(lr):
    parts = [
        HALF,
        {"name": "ExponentialLR", "gamma": 0.9, "until": 5},
        {"name": "CosineAnnealingLR", "T_max": 15},
    ]
    check_regime("mine", {"optimizer": {"name": "Adam", "lr": lr}, "n_iterations": 20, "schedule": parts})


@pytest.mark.parametrize("ends", [(3,), (2, 3), (2, 3, 4)])
def test_what_ends_the_last_schedule_is_asked_for(ends):
    message = rf"mine\.schedule\[{len(ends) - 1}\]\.until: nothing follows this schedule"
    with pytest.raises(InputError, match=message):
        check_regime(
            "mine", {"optimizer": {"name": "Adam", "lr": 0.1}, "n_iterations": 5, "schedule": joined(*ends)}
        )


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_schedule_that_watches_the_loss_is_named_wherever_it_stands_among_others(place):
    schedule = joined(2, 3, None)
    schedule[place]["name"] = "ReduceLROnPlateau"
    del schedule[place]["gamma"]
    regime = {"optimizer": {"name": "Adam", "lr": 0.1}, "n_iterations": 5, "schedule": schedule}
    with pytest.raises(InputError, match=rf"mine\.schedule\[{place}\]: ReduceLROnPlateau watches the loss"):
        check_regime("mine", regime)


@pytest.mark.parametrize("basis", [{"name": "wavelet", "family": "db4", "n_levels": 2}, {"name": "dct"}])
@pytest.mark.parametrize("method", [{"solver": {"name": "cg"}}, {"optimizer": {"name": "Adam", "lr": 0.1}}])
def test_every_basis_passes_with_its_arguments(basis, method):
    check_regime("mine", {**method, "basis": basis, "n_iterations": 5})


@pytest.mark.parametrize(
    ("basis", "message"),
    [
        (
            {"name": "wavelet", "family": "db4", "levels": 2},
            "wavelet has no such argument; it takes family, n_levels",
        ),
        ({"name": "wavelet", "family": "db4"}, r"basis: its arguments refused: .*n_levels"),
        (
            {"name": "wavelet", "family": "db4", "n_levels": "2"},
            "basis.n_levels: YAML reads 2 as text; write 2 without quotes$",
        ),
        ({"name": "dct", "family": "db4"}, "basis.family: dct has no such argument; it takes none"),
    ],
)
def test_a_mistake_in_a_basis_is_one_line_that_names_the_key(basis, message):
    with pytest.raises(
        InputError, match=rf"^params\.yaml: regimes\.mine\.basis.*{message.removeprefix('basis')}"
    ):
        check_regime("mine", {"solver": {"name": "cg"}, "basis": basis, "n_iterations": 5})


@pytest.mark.parametrize("n", [1, 5])
def test_a_schedule_may_watch_the_loss_and_a_fit_may_be_short(n):
    schedule = [{"name": "ReduceLROnPlateau", "patience": 1}]
    check_regime("mine", {"optimizer": {"name": "Adam", "lr": 0.1}, "schedule": schedule, "n_iterations": n})
