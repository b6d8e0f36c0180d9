"""One slice of a problem: its operator, the data of every replica, and what the held-out one sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from sharpfit.fitting.replicas import Perturbed
from sharpfit.physics.acquisition import Acquisition


class HeldOut:
    """What the held-out item is fitted to, and what it never sees."""

    def __init__(
        self, A: Acquisition, kspace: Tensor, held_out: Tensor, place: Callable[[Tensor], Tensor]
    ) -> None:
        self.A, self.chosen, self.rest = A.split(held_out)
        self.data = place(self.A.encoding.stage(kspace))


@dataclass(frozen=True)
class StagedSlice:
    """One slice.

    Attributes
    ----------
    A
        its operator
    data
        the samples of every item but the held-out one
    held_out
        what the held-out item is fitted to, where there is one
    """

    A: Acquisition
    data: Perturbed
    held_out: HeldOut | None
