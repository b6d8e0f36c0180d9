"""Times and counts as people say them."""

from collections.abc import Iterable


def span(seconds: float) -> str:
    """Return a length of time in words: 8 s, 2 min 5 s, 3 h 12 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def number(n: int, thing: str) -> str:
    """Return a count with its noun in the right number: 1 job, 3 jobs."""
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def some(names: Iterable[str], most: int = 3, between: str = ", ") -> str:
    """Return the first names, and how many more there are."""
    known = list(names)
    left = len(known) - most
    return between.join(known[:most]) + (f" and {left} more" if left > 0 else "")
