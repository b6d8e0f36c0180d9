"""Tikhonov's penalty: the image's energy."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from sharpfit.physics.norms import energy, item_axes


def make() -> Tikhonov:
    """R(x) = ½ ‖x‖²."""
    return Tikhonov()


class Tikhonov:
    """R(x) = ½ ‖x‖²; its proximal map shrinks the image as a whole."""

    def value(self, x: Tensor) -> Tensor:
        """R of every item, (item, slice, …) → float64 (item, slice)."""
        return energy(x, item_axes(x)) / 2

    def prox(self, x: Tensor, threshold: Tensor) -> Tensor:
        """Return x / (1 + t)."""
        return x / (1 + threshold)

    def state_dict(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up nothing."""
