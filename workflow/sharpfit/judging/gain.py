"""What a fit that neither lost nor left anything has gained: sharpness, contrast, less error, or nothing."""

import numpy as np

from sharpfit.judging import diagnosis, thresholds
from sharpfit.judging.curves import Curves
from sharpfit.judging.findings import Finding, percent, place
from sharpfit.judging.over_fitting import paired_error

ONE_STEP = "one step shows no trend"
_NOTHING = 1e-2  # of the sharpness at the end: a change from less is told as one from nothing


def gain(curves: Curves, end: int = -1) -> Finding:
    """Say what happened from the first checkpoint after the start to this end.

    Sharper is a gain of the sharpness that noise does not share, contrast restored such a gain while the
    point spread did not narrow. Either must stand out of the noise: that must not drown it, and the error
    must be seen to fall meanwhile, since halves of pure noise share a little sharpness too; else it is noisy.
    Cleaner is an error that fell while sharpness did not rise; unchanged is neither. A fit of one step has
    nothing to compare: it is unchanged where it converged, else not decided.
    """
    end %= len(curves.iterations)
    first = _first_seen(curves, end)
    if first == end and not curves.record.weights and not diagnosis.converged(curves.gradient_norm[end]):
        return _one_step(curves, end)
    cause = diagnosis.plateau_cause(curves.chi2_df[end], curves.gradient_norm[end])
    sharpness, share = curves.cross_gradient, curves.noise_share[end]
    gained = sharpness[end] - sharpness[first] > thresholds.SHARPNESS_GAIN * abs(sharpness[end])
    fall = curves.risk[first] - curves.risk[end]
    error_fell = fall > thresholds.RISE * max(curves.risk[end], curves.v_image[end])
    numbers = _numbers(curves, first, end)
    if gained and share > thresholds.NOISE_DROWNS:
        return Finding("noisy", cause, f"noisy: what was gained drowns in noise; {numbers}")
    if gained and fall <= thresholds.FALL_SEEN * np.hypot(*paired_error(curves, end))[first]:
        said = "the error is not seen to fall with what was gained"
        return Finding("noisy", cause, f"noisy: {said}; {numbers}")
    if gained and _is_no_narrower(curves, first, end):
        return Finding("contrast restored", cause, f"contrast restored: {numbers}")
    if gained:
        return Finding("sharper", cause, f"sharper: {numbers}")
    if error_fell:
        return Finding("cleaner", cause, f"cleaner: the error fell and sharpness did not rise; {numbers}")
    when = f"by {_place(curves, first)}"
    return Finding("unchanged", f"converged {when}", f"unchanged: the image was as good {when}; {numbers}")


def _one_step(curves: Curves, end: int) -> Finding:
    evidence = (
        f"{_place(curves, end)} is the first image after the start: χ² stands at {curves.chi2[end]:.3g} "
        f"(1 is the noise floor) with {percent(curves.gradient_norm[end])} of the gradient left"
    )
    return Finding("not decided", ONE_STEP, evidence, "iterate longer")


def _first_seen(curves: Curves, end: int) -> int:
    """First checkpoint before the end with a point spread to compare; the first after the start without."""
    seen = np.flatnonzero(np.isfinite(curves.fwhm_y[:end]) & np.isfinite(curves.fwhm_x[:end]))
    return int(seen[0]) if seen.size else min(1, end)


def _is_no_narrower(curves: Curves, first: int, end: int) -> bool:
    width = np.sqrt(curves.fwhm_y * curves.fwhm_x)
    return bool(width[end] > (1 - thresholds.FWHM_NARROWER) * width[first])


def _place(curves: Curves, checkpoint: int) -> str:
    weights = curves.record.weights
    return place(curves.iterations[checkpoint], weights[checkpoint] if weights else np.nan)


def _numbers(curves: Curves, first: int, end: int) -> str:
    sharpness = curves.cross_gradient
    change = "a rise from next to nothing" if sharpness[end] > 0 else "nothing: there is none"
    if sharpness[first] > _NOTHING * sharpness[end]:
        percent_more = 100 * (sharpness[end] / sharpness[first] - 1)
        change = f"{np.round(percent_more) + 0.0:+.0f} %"  # + 0.0 turns −0 into 0
    width = np.sqrt(curves.fwhm_y * curves.fwhm_x)
    text = (
        f"from {_place(curves, first)} to {_place(curves, end)} the sharpness that noise does not share "
        f"changed by {change}, noise share {percent(curves.noise_share[end])}"
    )
    if np.isfinite(width[[first, end]]).all():
        text += (
            f", PSF width {width[first]:.2f} → {width[end]:.2f} px, "
            f"peak {curves.psf_peak[first]:.2f} → {curves.psf_peak[end]:.2f}"
        )
    return text
