"""Every threshold of the judge, in one place, with where it comes from.

"Prototype" figures were tuned on 41 runs (analytic phantom and a real 8-coil brain, R = 1–4);
`benchmarks/verdicts` reruns the study that checks them on seeds nobody tuned on.
"""

RISE = 0.04
"""Over-fitting: J rose by more than this share of the picked image's variance (prototype)."""

STANDARD_ERRORS = 2.0
"""A difference counts when it exceeds this many of its standard errors (5 % two-sided)."""

HELD_OUT_BETTER = 0.01
"""Held-out residual counts as better when it fell by more than this share (its noise over 10⁴ samples)."""

LOSS_RISE = 0.05
"""Diverging: the last loss exceeds the smallest by more than this share of it (prototype)."""

LOSS_FLOOR = 0.1
"""Below this χ² the share is taken of this instead: a fit without redundancy drives χ² to nothing."""

CHI2_UNDER_FITTED = 1.06
"""Under-fitted: χ² corrected for degrees of freedom above this (prototype)."""

GRADIENT_LEFT = 0.03
"""Under-fitted: gradient norm above this share of its start (prototype)."""

GRADIENT_HARDLY_MOVED = 0.3
"""Above this share of its start, a fit that still runs at its full rate is slow, not ill-conditioned."""

DECAYED = 0.5
"""A schedule has decayed when its last learning rate lies below this share of its largest."""

FWHM_STAYED = 0.05
"""The local PSF kept its width when it changed by less than this share: a sixteenth of a pixel."""
