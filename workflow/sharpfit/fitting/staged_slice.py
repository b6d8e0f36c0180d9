"""One slice of a problem: its operator, the data of every replica, and what the held-out one sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sharpfit.fitting.replicas import Perturbed, Replicas
from sharpfit.physics.acquisition import Acquisition, acquisition
from sharpfit.physics.operators import LinearOperator


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


def stage_slices(
    kspace: np.ndarray,
    csm: np.ndarray,
    measured_noise: np.ndarray | None,
    masks: tuple[Tensor, Tensor],
    Phi: LinearOperator | None,
    replicas: Replicas,
    sigma: float,
    seed: int,
    place: Callable[[Tensor], Tensor],
) -> list[StagedSlice]:
    """Stage every slice on the device of ``masks``, the sampled and the held-out, bool (slice, ky, kx).

    ``place`` says where samples and maps lie, see :func:`sharpfit.fitting.mapped.placing`; the others
    are as of :class:`sharpfit.fitting.objective.Problem`. One slice is read at a time.
    """
    sampling, held_out = masks
    device = sampling.device

    def on_device(values: np.ndarray) -> Tensor:
        return torch.from_numpy(values)[None].to(device)

    slices = []
    for i in range(csm.shape[0]):
        A, y = acquisition(on_device(csm[i]), sampling[i], Phi, sampling), on_device(kspace[i])
        A.encoding.keep(place)
        unseen = HeldOut(A, y, held_out[i], place) if replicas.has_held_out else None
        measured = None if measured_noise is None else on_device(measured_noise[i])
        data = Perturbed(A.encoding, y, sigma, replicas, (seed, i), measured, place)
        slices.append(StagedSlice(A, data, unseen))
    return slices
