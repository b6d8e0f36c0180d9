"""Every measure that a result holds: its name, its unit and what it means, in one table.

The judge computes them, the files store them, the console and the page say them; all read them here.
"""

from dataclasses import dataclass, fields
from typing import Annotated, Generic, TypeVar, get_type_hints

import numpy as np

Value = TypeVar("Value", float, np.ndarray)

_NOISE_VARIANCES = "noise variances (1 = noise floor)"
_SQUARED = "squared fitted units"


@dataclass(frozen=True)
class Measure:
    """One row of the table."""

    unit: str
    meaning: str


@dataclass(frozen=True, eq=False)
class Figures(Generic[Value]):
    """What is known without a reference: at one checkpoint (floats) or along all of them (arrays).

    NaN stands where a measure is undefined.
    """

    iteration: Annotated[Value, Measure("1", "steps taken from the start")]
    chi2: Annotated[Value, Measure(_NOISE_VARIANCES, "loss over its noise floor (1)")]
    df: Annotated[Value, Measure("degrees of freedom", "how many of the samples' dimensions the fit follows")]
    chi2_df: Annotated[Value, Measure(_NOISE_VARIANCES, "the same with the degrees of freedom taken off")]
    sure: Annotated[Value, Measure(_SQUARED, "estimated squared error at the samples")]
    v_data: Annotated[Value, Measure(_SQUARED, "variance at the samples")]
    v_image: Annotated[Value, Measure(_SQUARED, "variance of the image")]
    averages_over_made: Annotated[
        Value, Measure("1", "variance of the image between averages over that between made replicas")
    ]
    risk: Annotated[Value, Measure(_SQUARED, "estimated squared error J")]
    surrogate_distance: Annotated[Value, Measure(_SQUARED, "squared distance from the surrogate")]
    held_out: Annotated[Value, Measure(_NOISE_VARIANCES, "loss over its floor (1) where the fit never saw")]
    mean_frc: Annotated[Value, Measure("1", "correlation of the fission halves, mean over rings")]
    full_frc: Annotated[Value, Measure("1", "correlation of the whole image with another like it")]
    cross_gradient: Annotated[Value, Measure(_SQUARED, "sharpness that the noise does not share")]
    gradient_energy: Annotated[Value, Measure(_SQUARED, "sharpness of the halves as it is seen")]
    noise_energy: Annotated[Value, Measure(_SQUARED, "sharpness of the image's noise")]
    noise_share: Annotated[Value, Measure("1", "share of the sharpness that is noise")]
    weak_mode_share: Annotated[Value, Measure("1", "share of the image that is weakly determined")]
    gradient_norm: Annotated[Value, Measure("share of its start", "gradient that is left")]
    fwhm_y: Annotated[Value, Measure("px", "width of the local PSF along y")]
    fwhm_x: Annotated[Value, Measure("px", "width of the local PSF along x")]
    psf_peak: Annotated[Value, Measure("1", "gain of the local PSF at its centre")]
    resolution: Annotated[Value, Measure("px", "half period where the halves stop agreeing")]


@dataclass(frozen=True)
class Quality:
    """What a reference says of an image; NaN without one."""

    nrmse: Annotated[float, Measure("1", "error against the reference")]
    ssim: Annotated[float, Measure("1", "similarity to the reference")]
    hfen: Annotated[float, Measure("1", "error of edges against the reference")]


UNKNOWN_QUALITY = Quality(np.nan, np.nan, np.nan)
_TABLE: dict[str, Measure] = {
    name: hint.__metadata__[0]
    for table in (Figures, Quality)
    for name, hint in get_type_hints(table, include_extras=True).items()
}
FIGURES = tuple(one.name for one in fields(Figures))
QUALITIES = tuple(one.name for one in fields(Quality))


def unit(name: str) -> str:
    """Return the unit of a measure."""
    return _TABLE[name].unit


def meaning(name: str) -> str:
    """Return what a measure says, in words."""
    return _TABLE[name].meaning


def units() -> dict[str, str]:
    """Name → unit of every measure."""
    return {name: measure.unit for name, measure in _TABLE.items()}
