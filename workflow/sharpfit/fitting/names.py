"""What to say about a name that is not known."""

import difflib
from collections.abc import Sequence


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Say that a name cannot be used, with the nearest known one, or with all of them."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(known)}"
    return f"{name!r} cannot be used here; {hint}"
