"""A function of the study's own as a solver: it yields iterates, one generator for each item and slice."""

from __future__ import annotations

import inspect
import random
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from sharpfit.errors import InputError
from sharpfit.fitting.acquired import same_numbers
from sharpfit.fitting.solving import Objective

Function = Callable[..., Iterator[Tensor]]

N_TWIN = 3
"""Iterates that are made twice of the same data."""


def make(
    objective: Objective, start: Tensor, /, *, file: str, function: str, **arguments: object
) -> Iterates:
    """Begin the function's fits of every item and slice of ``start``, (item, slice, y, x).

    ``function(A, y, start, **arguments)`` yields images (y, x), complex64: A = M F S as a linear operator
    with ``A(x)``, ``A.H(y)`` and ``A.gram(x)``, y the k-space (coil, ky, kx), centred and in fitted units.

    Raises
    ------
    InputError
        the file holds no such function
    """
    return Iterates(objective, start, Path(file), function, arguments)


class Iterates:
    """Step t takes the t-th iterate of every item.

    Each runs the study's file anew, so that no replica meets what another one left in it.
    """

    lr = float("nan")
    pace = 1.0

    def __init__(
        self, objective: Objective, start: Tensor, file: Path, name: str, arguments: Mapping[str, Any]
    ) -> None:
        assert objective.plain is not None
        self.c = start.detach().clone()
        self._plain, self._name = objective.plain, f"{file}: {name}"
        images = self._plain.unstage(start)

        def begin(item: int, i: int) -> _Running:
            function, data = _load(file, name), self._plain.acquired(item, i)
            return _Running(function(data.A, data.kspace, images[item, i].clone(), **arguments))

        n_items, n_slices = start.shape[:2]
        self._running = [[begin(item, i) for i in range(n_slices)] for item in range(n_items)]
        self._twin = begin(0, 0)  # of the main fit: both must begin alike
        self._done = 0

    def step(self, _gradient: Tensor, _loss: Tensor) -> None:
        """Take the next iterate of every item.

        Raises
        ------
        InputError
            there is none, it is no image, or the same data gave another one
        """
        images = torch.stack([torch.stack([self._next(one) for one in row]) for row in self._running])
        if self._done < N_TWIN and not same_numbers(images[0, 0], self._next(self._twin)):
            raise InputError(
                f"{self._name} makes two iterates of the same data, so replicas would differ by more than "
                "their noise; draw from the generators of torch, numpy.random or random, which every replica "
                "finds in the same state"
            )
        self.c.copy_(self._plain.stage(images))
        self._done += 1

    def _next(self, running: _Running) -> Tensor:
        image = running.next()
        wanted = tuple(self._plain.unstage(self.c[:1, :1]).shape[-2:])
        if image is None:
            raise InputError(f"{self._name} ended after {self._done} iterates; n_iterations asks for more")
        if not isinstance(image, Tensor) or image.dtype != self.c.dtype or tuple(image.shape) != wanted:
            got = f"{image.dtype} {tuple(image.shape)}" if isinstance(image, Tensor) else type(image).__name__
            raise InputError(f"{self._name} yielded {got}, but an iterate is {self.c.dtype} {wanted}")
        return image.detach().clone()

    def state_dict(self) -> dict[str, Any]:
        """How far it is: a generator cannot be stored, so another instance takes the same steps again."""
        return {"done": self._done}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the steps that another instance took."""
        while self._done < state["done"]:
            self.step(self.c, self.c)


class _Running:
    """A generator with its own stretch of random numbers, the same one for every item."""

    def __init__(self, iterates: Iterator[Tensor]) -> None:
        self._iterates = iterates
        self._random = _Random.of_seed(0)

    def next(self) -> Tensor | None:
        """Return the next iterate, None after the last."""
        outside = _Random.now()
        self._random.take_up()
        try:
            return next(self._iterates, None)
        finally:
            self._random = _Random.now()
            outside.take_up()


class _Random(NamedTuple):
    """State of the generators that code draws from unless it makes one of its own."""

    of_torch: Tensor
    of_numpy: dict[str, Any]
    of_python: Any

    @classmethod
    def of_seed(cls, seed: int) -> _Random:
        """Return the state after seeding."""
        numpy = np.random.RandomState(seed).get_state(legacy=False)
        return cls(torch.Generator().manual_seed(seed).get_state(), numpy, random.Random(seed).getstate())

    @classmethod
    def now(cls) -> _Random:
        """Return the present state."""
        numpy = np.random.get_state(legacy=False)  # noqa: NPY002 -- what a study's code may draw from
        return cls(torch.get_rng_state(), numpy, random.getstate())

    def take_up(self) -> None:
        """Go on from this state."""
        torch.set_rng_state(self.of_torch)
        np.random.set_state(self.of_numpy)  # noqa: NPY002 -- see `now`
        random.setstate(self.of_python)


def _load(file: Path, name: str) -> Function:
    """Run a study's file from its source; what lies compiled beside it is part of no fingerprint."""
    module = types.ModuleType(file.stem)
    module.__file__ = str(file)
    exec(compile(file.read_bytes(), str(file), "exec"), module.__dict__)
    function = getattr(module, name, None)
    if not inspect.isgeneratorfunction(function):
        raise InputError(f"{file}: {name} is no function that yields")
    return function
