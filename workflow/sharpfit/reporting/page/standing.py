"""How good a fit's picked image is among the scan's regimes, apart from what the fit did afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sharpfit.reporting import ranking
from sharpfit.reporting.digits import at_most, percent_with_interval
from sharpfit.reporting.page.fits import ShownFit
from sharpfit.results.evaluation import Evaluation

BEST, TIED, BEHIND = "use this one", "as good", "behind"


@dataclass(frozen=True)
class Standing:
    """The place of one picked image.

    Attributes
    ----------
    rank
        1 for the best of the scan
    kind
        `BEST`, `TIED` (within the uncertainty of the best) or `BEHIND`
    text
        what its chip says
    error
        its estimated error, a share of the best picked image's norm; None where unknown
    error_told
        the same in words, per cent, with what two standard errors of J allow; a dash where unknown
    """

    rank: int
    kind: str
    text: str
    error: float | None
    error_told: str


def standings(fits: Sequence[ShownFit]) -> list[Standing]:
    """Return the standing of every fit of a scan, in the order given."""
    ranked = ranking.rank([fit.evaluation for fit in fits])
    norm = next(fit.image_norm for fit in fits if fit.evaluation is ranked[0])
    return [_standing(fit, ranked.index(fit.evaluation), ranked, norm) for fit in fits]


def _standing(fit: ShownFit, place: int, ranked: Sequence[Evaluation], norm: float) -> Standing:
    best = ranked[0]
    if place == 0:
        kind, text = BEST, BEST
    elif ranking.as_good(best, fit.evaluation):
        kind, text = TIED, TIED
    else:
        kind, text = BEHIND, _behind(ranking.error_ratio(fit.evaluation, best))
    known = np.isfinite(fit.estimated_error) and norm > 0
    error = fit.estimated_error / norm if known else None
    return Standing(place + 1, kind, text, error, error_in_words(fit, norm))


def _behind(ratio: float | None) -> str:
    if ratio is None or ratio <= 1:  # J alone would have it ahead
        return BEHIND
    if ratio >= 2:
        return f"{at_most(2, ratio)} times the error"
    return f"{at_most(2, 100 * (ratio - 1))} % more error"


def error_in_words(fit: ShownFit, norm: float) -> str:
    """Return the error over the norm of the scan's best image, per cent: 27.2 % (26.5 to 27.9).

    Without an interval where what J leaves out is not known, and in two digits then: 27 %.
    """
    if not np.isfinite(fit.estimated_error) or not norm > 0:
        return "–"
    error, (lower, upper) = fit.estimated_error, fit.error_interval
    if not np.isfinite(lower):
        return f"{at_most(2, 100 * error / norm)} %"
    return percent_with_interval(*(100 * one / norm for one in (error, lower, upper)))
