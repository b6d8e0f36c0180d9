"""Every threshold of the judge, in one place, with where it comes from.

"Prototype" figures were tuned on 41 runs (analytic phantom and a real 8-coil brain, R = 1–4);
`benchmarks/verdicts` reruns the study that checks them on seeds nobody tuned on.
"""

RISE = 1.05**2 - 1
"""Over-fitting: J rose by more than this share of itself, which is 5 % of error: the definition, not tuned.
Where J lies below the image's variance (σ or the probe erred), the share is taken of the variance."""

STANDARD_ERRORS = 2.0
"""A difference counts when it exceeds this many of its standard errors (5 % two-sided)."""

HELD_OUT_BETTER = 0.01
"""Held-out residual counts as better when it fell by more than this share (its noise over 10⁴ samples)."""

LOSS_RISE = 0.05
"""Diverging: the last loss exceeds the smallest by more than this share of it (prototype)."""

LOSS_FLOOR = 0.1
"""Below this χ² the share is taken of this instead: a fit without redundancy drives χ² to nothing."""

BIAS_LEFT = 0.3
"""Under-fitted: squared bias above this share of J (study); removing it all takes 16 % off the error."""

SLOPE = -0.13
"""Under-fitted: J falls at the end faster than iteration^this (study); kept up over three times the
iterations it takes 7 % off the error."""

GRADIENT_LEFT = 0.03
"""Under-fitted: gradient norm above this share of its start (prototype)."""

GRADIENT_HARDLY_MOVED = 0.3
"""Above this share of its start a gradient is hardly touched: then any fall of J is only its beginning."""

SLOPE_FLAT = -0.02
"""J that falls slower than this has come to rest at its learning rate."""

NOISE_FLOOR = 1.06
"""A loss below this χ² (corrected for degrees of freedom) has reached the noise (prototype)."""

DECAYED = 0.5
"""A schedule has decayed when its last learning rate lies below this share of its largest."""

FWHM_STAYED = 0.05
"""The local PSF kept its width when it changed by less than this share: a sixteenth of a pixel."""
