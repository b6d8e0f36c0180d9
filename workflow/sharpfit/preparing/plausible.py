"""What a scan cannot be, though each of its numbers is one: refused here, where it can still be named."""

import numpy as np

from sharpfit.errors import InputError

NOISE_RANGE = (1e-12, 10.0)
"""Noise per component over the largest sample; beyond it float32 holds one of the two no more."""
_MIN_SAMPLES = 8  # exact zeros in fewer samples of a line may be chance


def check_lines(where: str, nonzero: np.ndarray) -> None:
    """Refuse lines that are missing in some coils only: a mask holds for all coils, so zeros would be fitted.

    Parameters
    ----------
    where
        file and dataset, for the message
    nonzero
        bool (slice, coil, ky, kx)

    Raises
    ------
    InputError
        naming the first such line
    """
    for name, along in (("ky", -1), ("kx", -2)):
        sampled = nonzero.any(axis=1).sum(axis=along) >= _MIN_SAMPLES
        missing = np.argwhere(sampled[:, None] & ~nonzero.any(axis=along))
        if missing.size:
            at, coil, line = missing[0]
            raise InputError(
                f"{where}: coil {coil} of slice {at} holds only zeros at {name} {line}, which other coils "
                "have sampled; leave the line out in all coils, or the coil"
            )


def check_noise_level(where: str, noise_cov: np.ndarray, largest: float) -> None:
    """Refuse a noise that cannot belong to the data.

    Parameters
    ----------
    where
        file and dataset, for the message
    noise_cov
        Ψ, complex (coil, coil)
    largest
        the k-space's largest modulus, in the same units

    Raises
    ------
    InputError
        if the noise per component is no share of the largest sample that numbers of the fit can hold
    """
    share = float(np.sqrt(np.trace(noise_cov).real / (2 * len(noise_cov)))) / largest
    if not NOISE_RANGE[0] <= share <= NOISE_RANGE[1]:
        raise InputError(
            f"{where}: its noise is {share:.1g} of its largest sample; are both in the units of the file?"
        )
