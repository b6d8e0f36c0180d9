"""Tikhonov's penalty: the image's energy."""

from __future__ import annotations

from typing import Any

from torch import Tensor


def make() -> Tikhonov:
    """R(x) = ½ ‖x‖²."""
    return Tikhonov()


class Tikhonov:
    """R(x) = ½ ‖x‖²; its proximal map shrinks the image as a whole."""

    def prox(self, x: Tensor, threshold: Tensor) -> Tensor:
        """Return x / (1 + t)."""
        return x / (1 + threshold)

    def state_dict(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up nothing."""
