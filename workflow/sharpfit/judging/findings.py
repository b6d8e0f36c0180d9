"""What a rule of the judge finds."""

from dataclasses import dataclass
from math import isnan


@dataclass(frozen=True)
class Finding:
    """The verdict's name, its cause, the numbers in one sentence, what to change.

    go_on: for how many iterations at its largest learning rate a fit should go on; 0 where that is no advice.
    """

    verdict: str
    cause: str
    evidence: str
    advice: str = ""
    go_on: int = 0


def percent(share: float) -> str:
    """Say a share in per cent."""
    return f"{100 * share:.0f} %"


def place(iteration: float, weight: float = float("nan")) -> str:
    """Name a checkpoint by what distinguishes it: its weight on a path of weights, its iteration else."""
    return f"iteration {iteration:.0f}" if isnan(weight) else f"weight {weight:.3g} σ"
