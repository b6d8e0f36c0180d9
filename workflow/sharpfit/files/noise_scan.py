"""From a scanner's noise scan to the noise of one imaging sample."""

import numpy as np

from sharpfit.files.axes import FileArray


def of_an_imaging_sample(
    samples: np.ndarray, where: str, dwell_us: tuple[float, float], bandwidth: float | None
) -> FileArray:
    """Scale a noise scan, and say by what.

    A sample's noise variance is proportional to the receiver's bandwidth, 1 / dwell time. The noise scan is
    sampled more slowly, and its filter passes only a share of its band (relativeReceiverNoiseBandwidth):
    Ψ = Ψ_noise · (dwell_noise / dwell) / share (Kellman & McVeigh 2005, doi:10.1002/mrm.20713).

    Parameters
    ----------
    samples
        complex64 (coil, sample)
    where
        the file, for what is said
    dwell_us
        of the noise scan and of the images, µs; not positive where it is not stated, then the same is taken
    bandwidth
        share of the band; 1 is taken where it is not stated
    """
    slow, fast = dwell_us
    known = slow > 0 and fast > 0
    factor = np.float32(np.sqrt((slow / fast if known else 1.0) / (bandwidth or 1.0)))
    dwell = (
        f"dwell {slow:g} µs against {fast:g} µs" if known else "dwell not stated, taken as that of the images"
    )
    band = f"{bandwidth:g}" if bandwidth else "not stated, taken as 1"
    return FileArray(
        samples * factor, f"{where} noise scan ({dwell}, receiver bandwidth {band})", ("coil", "sample")
    )
