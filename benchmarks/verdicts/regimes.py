"""The regimes of the study: every family of optimizer and schedule that params.yaml admits."""

from typing import Any

import numpy as np

FAMILIES = {
    "descent": 4,
    "momentum": 3,
    "cg": 2,
    "adam": 3,
    "exponential": 4,
    "warmup_cosine": 2,
    "plateau": 1,
    "other": 6,
    "frozen": 1,
    "diverging": 2,
}
OTHERS = {
    "AdamW": {"weight_decay": 0.01},
    "NAdam": {},
    "RAdam": {},
    "Adamax": {},
    "RMSprop": {},
    "Adagrad": {},
    "Adadelta": {},
    "ASGD": {},
    "Rprop": {},
}
PATH = "path"
RATES = {"Adagrad": 0.1, "Adadelta": 1.0, "ASGD": 1.0, "Rprop": 0.003}


def draw_regime(rng: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """Return a family's name and a regime as params.yaml would hold it."""
    weights = np.array(list(FAMILIES.values())) / sum(FAMILIES.values())
    family = str(rng.choice(list(FAMILIES), p=weights))
    n = int(rng.choice([20, 50, 100, 200]))
    lr = float(rng.choice([0.003, 0.01, 0.03]))
    start = str(rng.choice(["zero", "zero", "zero_filled"]))
    optimizer: dict[str, Any] = {"name": "Adam", "lr": lr}
    schedule: list[dict[str, Any]] = []
    if family == "descent":
        n, start = int(rng.choice([3, 8, 20, 60, 200])), "zero"
        optimizer = {"name": "SGD", "lr": float(rng.choice([0.3, 1.0, 1.0, 1.5]))}
    elif family == "momentum":
        optimizer = {"name": "SGD", "lr": float(rng.choice([0.1, 0.3])), "momentum": 0.9}
        optimizer |= {"nesterov": True} if rng.random() < 0.3 else {}
    elif family == "cg":
        n = int(rng.choice([3, 8, 20, 40]))
        return family, {"solver": {"name": "cg"}, "start": "zero", "n_iterations": n}
    elif family == "exponential":
        schedule = [{"name": "ExponentialLR", "gamma": float(rng.choice([0.9, 0.95, 0.99]))}]
    elif family == "warmup_cosine":
        up = max(n // 10, 1)
        schedule = [
            {"name": "LinearLR", "start_factor": 0.02, "total_iters": up, "until": up},
            {"name": "CosineAnnealingLR", "T_max": n - up},
        ]
    elif family == "plateau":
        schedule = [{"name": "ReduceLROnPlateau", "factor": 0.5, "patience": 5, "threshold": 0.001}]
    elif family == "other":
        name = str(rng.choice(list(OTHERS)))
        optimizer = {"name": name, "lr": RATES.get(name, lr), **OTHERS[name]}
    elif family == "frozen":
        optimizer = {"name": str(rng.choice(["Adam", "SGD"])), "lr": float(rng.choice([0.0, 1e-30]))}
        start = "zero_filled"
    elif family == "diverging":
        optimizer, schedule = _diverging(rng)
    return family, {"optimizer": optimizer, "schedule": schedule, "start": start, "n_iterations": n}


def _diverging(rng: np.random.Generator) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    ways: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
        ({"name": "SGD", "lr": float(rng.choice([2.1, 2.5, 1e30]))}, []),
        ({"name": "SGD", "lr": 1.0}, [{"name": "ExponentialLR", "gamma": 1.1}]),
        ({"name": "Adam", "lr": 0.01}, [{"name": "ExponentialLR", "gamma": 1.2}]),
    ]
    return ways[rng.integers(len(ways))]


PENALTIES = {
    "tikhonov": (("fista", "pogm"), {}),
    "wavelet": (("fista", "pogm"), {"family": "haar", "n_levels": 3}),
    "total_variation": (("primal_dual", "fista"), {}),
    "smooth_phase": (("primal_dual",), {}),
}
N_ALONG_PATH = 216  # as params.yaml ships: 17 weights and the chosen one again, 12 steps each


def draw_regularised(rng: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """Return a regime with a penalty: of a given weight, as often as not, else with the weight judged."""
    name = str(rng.choice(list(PENALTIES)))
    solvers, arguments = PENALTIES[name]
    solver, start = str(rng.choice(solvers)), str(rng.choice(["zero", "zero_filled"]))
    weight = float(np.exp(rng.uniform(np.log(0.02), np.log(2.0))))
    n = int(rng.choice([5, 10, 30, 100]))
    is_path = rng.random() < 0.5
    penalty = {"name": name, **arguments, "weight": "judged" if is_path else weight}
    return PATH if is_path else "penalty", {
        "solver": {"name": solver},
        "penalty": penalty,
        "start": start,
        "n_iterations": N_ALONG_PATH if is_path else n,
    }


def going_on(regime: dict[str, Any], n: int) -> dict[str, Any]:
    """Return a regime that ended after n iterations for three times as many, the rest at its base rate.

    A schedule that watches the loss just goes on.
    """
    schedule = regime.get("schedule", [])
    longer = {**regime, "n_iterations": 3 * n}
    if not schedule or schedule[0]["name"] == "ReduceLROnPlateau":
        return longer
    held = {"name": "ConstantLR", "factor": 1.0, "total_iters": 0}
    return {**longer, "schedule": [*schedule[:-1], {**schedule[-1], "until": n}, held]}
