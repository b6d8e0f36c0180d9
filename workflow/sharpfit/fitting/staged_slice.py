"""One slice of a problem: its operator, the data of every replica, and what the held-out one sees."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sharpfit.physics.acquisition import Acquisition
from sharpfit.physics.encoding import SAMPLES, Encoding
from sharpfit.physics.norms import energy, inner


class HeldOut:
    """What the held-out item is fitted to, and what it never sees."""

    def __init__(self, A: Acquisition, kspace: Tensor, held_out: Tensor) -> None:
        self.A, self.chosen, self.rest = A.split(held_out)
        self.data = self.A.encoding.stage(kspace)


class Batch:
    """The replicas of one slice by their gram: EᴴE x − Eᴴy and ‖y‖² + Re⟨x, EᴴE x − 2 Eᴴy⟩.

    The main item keeps to its samples: its χ² is exact where it is a millionth of ‖y‖², and replicas' are
    read by schedules alone.
    """

    def __init__(self, encoding: Encoding, data: Tensor) -> None:
        self._encoding = encoding
        self._back_projection = torch.stack([encoding.adjoint(one[None]) for one in data])
        self._power = energy(data, SAMPLES)

    def evaluate(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return gradient (item, y, x) and RSS (item,) at images (item, 1, y, x)."""
        gradient = self._encoding.batched_normal(x).sub_(self._back_projection)
        rss = self._power + inner(x, gradient - self._back_projection)[:, 0]
        return gradient[:, 0], rss.clamp(min=0)


@dataclass(frozen=True)
class StagedSlice:
    """One slice.

    Attributes
    ----------
    A
        its operator
    data
        staged samples of every item but the held-out one, (item, coil, …)
    held_out
        what the held-out item is fitted to, where there is one
    batch
        the replicas fitted to every sample, where they are faster all at once
    """

    A: Acquisition
    data: Tensor
    held_out: HeldOut | None
    batch: Batch | None
