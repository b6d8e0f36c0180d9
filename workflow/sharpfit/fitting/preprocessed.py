"""What is fitted of results/preprocess/<scan>.h5, and the images of a fit as its files keep them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sharpfit.errors import InputError
from sharpfit.physics import map_sets


@dataclass(frozen=True, eq=False)
class Preprocessed:
    """The arrays of a scan as :class:`sharpfit.fitting.objective.Problem` takes them.

    Two sets of maps become one on twice the field of view, see :mod:`sharpfit.physics.map_sets`.

    Attributes
    ----------
    kspace, csm, mask, held_out_mask, support, measured_noise, surrogate
        as of `Problem`
    """

    kspace: Any
    csm: Any
    mask: np.ndarray
    held_out_mask: np.ndarray
    support: np.ndarray
    measured_noise: Any
    surrogate: np.ndarray | None

    def __post_init__(self) -> None:
        """Hold the surrogate against the frame of the fit."""
        if self.surrogate is not None and self.surrogate.shape != self.support.shape:
            raise InputError(
                f"surrogate has the shape {self.surrogate.shape}, but the fit {self.support.shape}; "
                "run preprocess again"
            )

    @classmethod
    def of(cls, scan: Mapping[str, Any], doubled: int | None = None) -> Preprocessed:
        """Take them from an open file, or from arrays of the same names.

        Two sets of maps double the frame along the axis `doubled`; None: as the mask says. That of one slice
        may say otherwise than that of all.

        Raises
        ------
        InputError
            samples, maps, basis or surrogate are not in complex64, or the surrogate is of another frame
        """
        for name in ("kspace", "csm", "csm_second", "basis", "surrogate"):
            if name in scan and scan[name].dtype != np.complex64:
                raise InputError(
                    f"{name} is {scan[name].dtype}, but preprocess writes complex64; run preprocess again"
                )
        mask, held_out_mask, support = (scan[name][()] for name in ("mask", "held_out_mask", "support"))
        kspace, csm, noise = scan["kspace"], scan["csm"], scan.get("measured_noise")
        surrogate = scan["surrogate"][()] if "surrogate" in scan else None
        if "csm_second" not in scan:
            return cls(kspace, csm, mask, held_out_mask, support, noise, surrogate)
        axis, second = map_sets.axis_of(mask) if doubled is None else doubled, scan["csm_second"][()]
        both = map_sets.stacked(support, support & second.any(axis=1), axis)
        return cls(
            map_sets.spread(kspace[()], axis),
            map_sets.stacked_maps(csm[()], second, axis),
            map_sets.spread(mask, axis),
            map_sets.spread(held_out_mask, axis),
            both,
            None if noise is None else map_sets.spread(noise[()], axis),
            surrogate,
        )


def shown(
    scan: Mapping[str, Any], images: np.ndarray, noise_map: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return fitted images (…, y, x) and their noise on the scan's field of view; of two sets, magnitudes."""
    if "csm_second" not in scan:
        return images, noise_map
    axis = map_sets.axis_of(scan["mask"][()])
    return map_sets.shown(images, axis), map_sets.shown_noise(images, noise_map, axis)
