"""Adam for complex images: what it divides by is one number for a coefficient, or for an image."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

COEFFICIENT, IMAGE, IMAGE_FIRST = "coefficient", "image", "image_first"


class ComplexAdam(Optimizer):
    """c ← c − lr m̂ / (√v̂ + ε), m̂ and v̂ the means of g and of |g|² (Kingma & Ba 2015, arXiv 1412.6980).

    ``torch.optim.Adam`` squares real and imaginary part apart, so its step turns with the phase of the image
    and leaves the line of the gradient. Here v is

    ``second_moment: coefficient``
        |g|² of every complex coefficient: turning the data's phase turns the step and nothing else.
    ``image``
        its mean over an image (item, slice): every step keeps to the gradients' span, as momentum does, and
        the learning rate is all that Adam leaves to choose.
    ``image_first``
        |g|² of every coefficient, begun at the first gradient's mean over the image instead of at nothing:
        the early steps, in which v̂ rests on few gradients, are those of ``image``. That is what a warm-up of
        the learning rate is said to protect from.

    Parameters
    ----------
    params
        one complex leaf (item, slice, …), or several
    lr
        learning rate
    betas
        of m and of v
    eps
        ε
    second_moment
        one of the above
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        second_moment: str = COEFFICIENT,
    ) -> None:
        if second_moment not in (COEFFICIENT, IMAGE, IMAGE_FIRST):
            raise ValueError(
                f"second_moment is {second_moment!r}; take {COEFFICIENT}, {IMAGE} or {IMAGE_FIRST}"
            )
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"betas are {tuple(betas)}; each must lie in [0, 1)")
        if eps < 0:
            raise ValueError(f"eps is {eps}; it must not be negative")
        self._second_moment = second_moment
        super().__init__(params, {"lr": lr, "betas": tuple(betas), "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Move every leaf one step along its ``grad``."""
        del closure  # the gradient is given
        for group in self.param_groups:
            for leaf in group["params"]:
                if leaf.grad is not None:
                    self._move(leaf, leaf.grad, group)

    def _move(self, leaf: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        (beta1, beta2), state = group["betas"], self.state[leaf]
        size = gradient.abs().square()
        mean = size.mean(tuple(range(2, size.ndim)), keepdim=True) if size.ndim > 2 else size
        if not state:
            state["step"] = 0
            state["m"] = torch.zeros_like(gradient)
            # Begun at the mean, v needs no correction: its weights add up to 1 from the start.
            begun = self._second_moment == IMAGE_FIRST
            state["v"] = mean.expand_as(size).clone() if begun else torch.zeros_like(size)
        state["step"] += 1
        state["m"].lerp_(gradient, 1 - beta1)
        state["v"].lerp_(mean.expand_as(size) if self._second_moment == IMAGE else size, 1 - beta2)
        correction = 1.0 if self._second_moment == IMAGE_FIRST else 1 - beta2 ** state["step"]
        root = state["v"].sqrt() / math.sqrt(correction) + group["eps"]
        leaf.sub_(state["m"] / root, alpha=group["lr"] / (1 - beta1 ** state["step"]))
