"""Why some optimizers cannot be named in a regime. Read while planning and never by a job."""

_WHOLE = "computes one number from the whole tensor, so replicas of the data would mix"

REFUSED = {
    "LBFGS": _WHOLE,
    "Adafactor": _WHOLE,
    "Muon": _WHOLE,
    "SparseAdam": "takes sparse gradients, and none is sparse here",
    "Prodigy": f"{_WHOLE}, and it fails on complex numbers",
    "AdamWScheduleFree": "goes astray on complex numbers, and averages its iterates beside c",
}
"""Class → what is wrong with it."""


def why_refused(name: str) -> str:
    """Say why an optimizer is refused and what to do instead; empty where no reason is known."""
    if name not in REFUSED:
        return ""
    own = "call it from a function of your own, on torch.view_as_real(c) (docs/your-solver.md)"
    return f"{name} {REFUSED[name]}; {own}"
