"""Numbers as people read them: three digits, and those that an uncertainty leaves."""

import numpy as np


def three_digits(value: float) -> str:
    """Return a number with three significant digits, trailing zeros too, so that columns agree: 0.100."""
    if 999.5 <= abs(value) < 999_999.5:
        return f"{value:.0f}"
    return f"{value:#.3g}".rstrip(".")


def at_most(digits: int, value: float) -> str:
    """Return a number rounded to so many significant digits, without an exponent: 0.053, 2, 120."""
    return np.format_float_positional(float(f"{value:.{digits}g}"), trim="-")


def percent_with_interval(value: float, lower: float, upper: float) -> str:
    """Return per cent and their interval, all to the place that the interval leaves: 11 % (7 to 18).

    The place is that of the first digit of half the interval, or one further where that digit is 1, but never
    beyond three significant digits of the value: no interval here is known better.
    """
    half = (upper - lower) / 2
    digits = 0 if half <= 0 else -int(np.floor(np.log10(half / 2)))
    most = 2 - int(np.floor(np.log10(value))) if value > 0 else 0
    digits = max(0, min(digits, most))
    return f"{value:.{digits}f} % ({lower:.{digits}f} to {upper:.{digits}f})"
