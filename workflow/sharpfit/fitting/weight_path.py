"""A penalty's weight chosen by the judge: a path of weights, the error of each, and the best of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from torch import Tensor

from sharpfit.fitting.solving import Solver
from sharpfit.measuring import quorum

LARGEST, SMALLEST = 3.0, 0.05
"""Ends of the path in units of σ; the best weights of ten paths lay between 0.15 and 1."""
N_COARSE, N_REFINED = 13, 4
N_WEIGHTS = N_COARSE + N_REFINED + 1
"""Checkpoints of a path after its start; the last is the chosen weight once more, to its end."""
_COARSE = np.geomspace(LARGEST, SMALLEST, N_COARSE)
_REFINED = np.linspace(0.6, -0.6, N_REFINED)  # exponents of the ratio of two coarse weights


class Proximal(Solver, Protocol):
    """A solver of a penalised objective whose weight may change on the way."""

    weight: float

    def restart(self) -> None:
        """Forget all momentum."""


def path_checkpoints(n_iterations: int) -> list[int]:
    """Return iterations at which a path has come to the end of a weight, and 0, the start."""
    return [round(k * n_iterations / N_WEIGHTS) for k in range(N_WEIGHTS + 1)]


class WeightPath:
    """Leads a proximal solver along weights from large to small, each from the solution of the one before.

    All replicas walk the same path, so that the judge's estimates of the error are known at every weight; the
    best is where the middle one of their rises is smallest (`sharpfit.measuring.quorum`). After `N_COARSE`
    log-spaced weights, `N_REFINED` are tried around the best, from the solution before it, or near there
    where smaller weights looked better for a while; the fit ends at the best of all.

    Parameters
    ----------
    solver
        at the start
    sigma
        what a weight is counted in, fitted units
    """

    def __init__(self, solver: Proximal, sigma: float) -> None:
        self._solver, self._sigma = solver, sigma
        self.weights: list[float] = []
        self._told: list[tuple[float, ...]] = []
        self._centre = 0.0  # the best of the coarse weights, once it is known
        self._last = self._before = solver.c.clone()  # before this weight, and before the best so far
        self._go_to(float(_COARSE[0]))

    @property
    def c(self) -> Tensor:
        """The iterate, (item, slice, …)."""
        return self._solver.c

    @property
    def lr(self) -> float:
        """The solver's."""
        return self._solver.lr

    @property
    def pace(self) -> float:
        """The solver's."""
        return self._solver.pace

    def step(self, gradient: Tensor, loss: Tensor) -> None:
        """Move every item one step at the present weight."""
        self._solver.step(gradient, loss)

    def weights_at(self, iterations: Sequence[int]) -> list[float]:
        """Return NaN for the start, and the weight that ended at each checkpoint after it."""
        return [np.nan, *self.weights][: len(iterations)]

    def told(self, estimates: tuple[float, ...]) -> None:
        """Take what is known of the error at the end of a weight, and go to the next.

        As `sharpfit.measuring.quorum.estimates_of` takes it.
        """
        self._told.append(estimates)
        n, best = len(self._told), quorum.agreed_minimum(quorum.estimates_of(*np.array(self._told).T))
        if best == n - 1:
            self._before = self._last
        self._last = self.c.clone()
        if n < N_COARSE:
            self._go_to(float(_COARSE[n]))
        elif n < N_COARSE + N_REFINED:
            if n == N_COARSE:
                self._centre = self.weights[best]
                self.c.copy_(self._before)
            exponent = _REFINED[n - N_COARSE]
            self._go_to(self._centre * float((_COARSE[0] / _COARSE[1]) ** exponent))
        elif n < N_WEIGHTS:
            self._go_to(self.weights[best])

    def _go_to(self, weight: float) -> None:
        self.weights.append(weight)
        self._solver.weight = weight * self._sigma
        self._solver.restart()

    def state_dict(self) -> dict[str, Any]:
        """Return the solver's state and the path so far."""
        return {
            "solver": self._solver.state_dict(),
            "weights": self.weights,
            "told": self._told,
            "last": self._last,
            "before": self._before,
            "centre": self._centre,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state of another instance."""
        self._solver.load_state_dict(state["solver"])
        self.weights, self._told = list(state["weights"]), [tuple(one) for one in state["told"]]
        self._last, self._before = state["last"], state["before"]
        self._centre = state["centre"]
