"""The model of a scan on a device: A = E Φ and its grams, every slice with an operator of its own."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import torch
from torch import Tensor

from sharpfit.fitting.staged_slice import StagedSlice
from sharpfit.physics.acquisition import Acquisition
from sharpfit.physics.encoding import Encoding

_LOG = logging.getLogger(__name__)


class StagedModel:
    """A and E of all slices, applied to coefficients c (item, slice, …) and images x (…, slice, y, x).

    Parameters
    ----------
    slices
        staged, in order
    n_full
        how many items are fitted to all samples; one more is to all but those held out
    at_once
        of how many items a gram is taken at a time; a CPU's cache holds one, a GPU all

    Attributes
    ----------
    encodings
        E of every slice
    """

    def __init__(self, slices: Sequence[StagedSlice], n_full: int, at_once: int) -> None:
        self._slices, self._n_full, self._at_once = slices, n_full, at_once
        self.encodings = [part.A.encoding for part in slices]

    def image(self, c: Tensor) -> Tensor:
        """Return Φ c in the layout of E, (…, y, x)."""
        return self._slices[0].A.Phi(c)

    def stage(self, x: Tensor) -> Tensor:
        """Bring centred images (…, y, x) into the layout of E."""
        return self.encodings[0].stage_image(x)

    def unstage(self, x: Tensor) -> Tensor:
        """Take images (…, y, x) out of the layout of E, to centred ones."""
        return self.encodings[0].unstage_image(x)

    def normal(self, c: Tensor) -> Tensor:
        """Return AᴴA c of every item, (item, slice, …), the held-out one over the samples it is fitted to."""
        result = torch.empty_like(c)
        result[: self._n_full] = self.full_normal(c[: self._n_full])
        for i, part in enumerate(self._slices):
            if part.held_out is not None:
                result[-1:, i] = (part.held_out.rest @ part.held_out.A).gram(c[-1:, i])
        return result

    def full_normal(self, c: Tensor) -> Tensor:
        """Return AᴴA c over all samples for any number of items, (item, slice, …)."""
        return self._normal(c, [part.A for part in self._slices])

    def gram(self, x: Tensor) -> Tensor:
        """Return EᴴE x over all samples for images (…, slice, y, x)."""
        flat = x.reshape(-1, *x.shape[-3:])
        return self._normal(flat, self.encodings).reshape(x.shape)

    def _normal(self, x: Tensor, operators: Sequence[Acquisition | Encoding]) -> Tensor:
        """Apply each slice's AᴴA or EᴴE to (item, slice, …), all items at once where that is faster."""
        result = torch.empty_like(x)
        for i, (encoding, operator) in enumerate(zip(self.encodings, operators, strict=True)):
            if encoding.batches(len(x), len(self._slices)):
                result[:, i] = operator.batched_normal(x[:, i : i + 1])[:, 0]
                continue
            self._gram_by_parts(operator, x[:, i], result[:, i])
        return result

    def _gram_by_parts(self, operator: Acquisition | Encoding, x: Tensor, result: Tensor) -> None:
        """Write the gram of every item of one slice: of as many at once as fit, half of them where none do.

        A CPU takes one at a time, which its cache then holds; a GPU all. No item sees the others, so the
        number changes none.
        """
        first = 0
        while first < len(x):
            items = slice(first, first + self._at_once)
            try:
                result[items] = operator.gram(x[items])
            except torch.OutOfMemoryError:
                if self._at_once == 1:
                    raise
                self._at_once = (self._at_once + 1) // 2
                _LOG.warning("the device is out of memory; from here on %d at a time", self._at_once)
                continue
            first = items.stop
