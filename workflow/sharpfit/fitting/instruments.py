"""What the images of a problem are measured with: the object, rings, noise to take traces along, a filter."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from sharpfit.fitting.replicas import Replicated
from sharpfit.fitting.staged_model import StagedModel
from sharpfit.measuring.filtered_risk import FilteredRisk
from sharpfit.measuring.measures import ring_index
from sharpfit.measuring.shared_noise import SharedNoise
from sharpfit.measuring.spectral_filter import Polynomials, cutoff, degree_for, reach
from sharpfit.physics.encoding import Encoding
from sharpfit.physics.line_gram import LineGram
from sharpfit.physics.norms import energy, inner


class Instruments:
    """They are made once, from the data of all replicas, and do not change along a fit.

    Parameters
    ----------
    model
        EᴴE of all slices
    made
        what the replicas' data are under Eᴴ
    csm, support
        maps and object, as of :class:`sharpfit.fitting.objective.Problem`
    sigma
        noise std per real and imaginary component
    n_real
        real numbers in all slices
    surrogate
        complex64 (slice, y, x), centred: what stands in for the truth, or None
    model_errs
        whether the model leaves more of the data than noise

    Attributes
    ----------
    inside, inside_staged
        the object, bool (slice, …), centred and in the layout of E
    rings
        members of the rings of spatial frequency, see :func:`sharpfit.measuring.measures.ring_index`
    noise_adjoint
        Eᴴw of the made noise, (draw, slice, y, x)
    cutoff
        eigenvalue of EᴴE from which on errors count, see :func:`sharpfit.measuring.spectral_filter.cutoff`
    filtered, shared_noise
        the risk that well-determined modes carry, and the noise that a reference shares with the fit
    seen_share
        share of the object's modes whose errors the risk sees
    surrogate
        the same in the layout of E, (slice, y, x); NaN without
    strong_data
        Eᴴy through the filter of well-determined modes, see `FilteredRisk.strong`
    """

    def __init__(
        self,
        model: StagedModel,
        made: Replicated,
        csm: np.ndarray,
        support: np.ndarray,
        sigma: float,
        n_real: float,
        *,
        surrogate: np.ndarray | None,
        model_errs: bool,
    ) -> None:
        self.noise_adjoint = made.noise_adjoint
        device = self.noise_adjoint.device
        self.inside = torch.from_numpy(np.array(support)).to(device)
        self.rings = ring_index(self.inside.shape[-2:], device)
        self.inside_staged = model.stage(self.inside)
        signs = _random_signs(self.inside_staged.shape).to(self.noise_adjoint)
        z = self.inside_staged * signs
        seen = model.gram(z)
        trace = float(inner(z, seen).sum())  # of EᴴE inside the object, estimated
        self.cutoff = cutoff(float(made.power[0].sum()), trace, sigma, n_real, model_errs=model_errs)
        self.filtered = FilteredRisk(
            model.gram,
            self.noise_adjoint,
            sigma,
            self.cutoff,
            made.sketch_adjoint,
            self.inside_staged,
            _line_grams(model.encodings, self.cutoff),
        )
        if surrogate is None:
            self.surrogate = torch.full_like(made.back_projection[0], torch.nan)
        else:
            self.surrogate = model.stage(torch.from_numpy(surrogate).to(device))
        self.seen_share = self.filtered.seen_share(z, seen)
        self.strong_data = self.filtered.strong(made.back_projection[0])
        weight = torch.stack([model.stage(_combination(of_slice, device)) for of_slice in csm])
        shares = [encoding.n_samples / csm[0].size for encoding in model.encodings]
        sampled = torch.tensor(shares, dtype=torch.float64, device=device)
        self.shared_noise = SharedNoise(self.noise_adjoint, weight * self.inside_staged, sampled, sigma)

    def surrogate_distance(self, x: Tensor) -> Tensor:
        """‖x − s‖² inside the object, s the surrogate and x (slice, y, x) staged: float64 (slice,)."""
        return energy((x - self.surrogate) * self.inside_staged)


def _random_signs(shape: torch.Size) -> Tensor:
    """±1 at random, the same numbers on every device."""
    return 2 * torch.randint(0, 2, shape, generator=torch.Generator().manual_seed(0)) - 1


def _combination(csm: np.ndarray, device: torch.device) -> Tensor:
    """D = 1 / Σ|S|² of one slice where S is, centred: D Eᴴ y of all samples is an image."""
    power = torch.from_numpy((np.abs(csm) ** 2).sum(0)).to(device)
    return torch.where(power > 0, 1 / power, 0.0)


def _line_grams(encodings: Sequence[Encoding], cutoff: float) -> list[LineGram]:
    """EᴴE of every slice as dense matrices, where the filters are made of them; else empty.

    They are wherever no polynomial reaches the cutoff, and else where that is faster. Two inverses lie beside
    them.
    """
    highest = degree_for(cutoff, Polynomials.HIGHEST_DEGREE)
    degree = highest if reach(highest) <= cutoff else math.inf
    n_matrices = 3 * len(encodings)
    found = [encoding.line_gram(n_matrices, degree) for encoding in encodings]
    return [one for one in found if one] if all(found) else []
