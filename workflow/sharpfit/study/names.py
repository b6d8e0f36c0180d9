"""What to say of a name that is not known."""

import difflib
from collections.abc import Iterable


def hint(name: str, known: Iterable[str]) -> str:
    """Return the nearest known name as a question, first one of the same letters, else all as a list.

    Parameters
    ----------
    name
        what was typed
    known
        what may stand there, in the order to list it
    """
    names = list(dict.fromkeys(known))
    if not names:
        return "there are none yet"
    close = difflib.get_close_matches(name, names)  # nearest first
    swapped = [one for one in close if sorted(one) == sorted(name)]
    return f"did you mean {(swapped or close)[0]}?" if close else f"known here: {', '.join(names)}"
