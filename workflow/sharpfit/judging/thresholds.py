"""Every threshold of the judge, in one place, with where it comes from.

"Prototype" figures were tuned on 41 runs (analytic phantom and a real 8-coil brain, R = 1–4);
`benchmarks/verdicts` reruns the study that checks them on seeds nobody tuned on.
"""

RISE = 1.05**2 - 1
"""Over-fitting: J rose by more than this share of itself, which is 5 % of error: the definition, not tuned.
Where J lies below the image's variance (σ or the replicas erred), the share is taken of the variance."""

STANDARD_ERRORS = 2.0
"""A difference counts when it exceeds this many of its standard errors (5 % two-sided)."""

CLEAR_RISE = 2.0
"""A rise of J and of the distance from the surrogate stands, whatever the held-out samples say, where J's is
this many times the least that counts: held-out samples alone pick with tens of times J's regret (study)."""

LOSS_RISE = 0.05
"""Diverging: the last loss exceeds the smallest by more than this share of it (prototype). Where the error
rose since the pick, a loss that rose by as much since then says that the fit left its data."""

LOSS_FLOOR = 1.0
"""Below this χ² the share is taken of this instead: a rise of a twentieth of the noise is none, and a loss
that ends below it has not diverged."""

BIAS_LEFT = 1 - 0.95**2
"""Under-fitted: squared bias above this share of J; removing less takes no 5 % off the error."""

LOOK_AHEAD = 2.0
"""The judge looks ahead to this many times the iterations again, at the largest learning rate."""

GAIN = 0.95
"""Under-fitted: going on would bring the error below this share of it: the definition, not tuned."""

NEARER = 0.06
"""Under-fitted: at most as many iterations again brought the image nearer to the surrogate by more than this
share of its squared error. The definition is 5 % of error, 9.75 % of its square, in twice as many (study)."""

GRADIENT_LEFT = 0.03
"""A fit has converged when its gradient norm lies below this share of its start (prototype)."""

ROUNDING = 1e-6
"""A gradient below this share of the image's norm is what float32 leaves of none, where ‖A‖ = 1."""

HARDLY_MOVED = 1e-3
"""Frozen: a fit that went less than this share of the way that its last gradient still asks for."""

GRADIENT_HARDLY_MOVED = 0.5
"""Above this share of its start a gradient is hardly touched: then any fall of J is only its beginning."""

RISK_AT_REST = -0.02
"""J that falls slower than iteration^this has come to rest at its learning rate (study)."""

LOSS_FALLS = -0.1
"""χ² that falls faster than iteration^this, 7 % as they double, is on its way whatever J does meanwhile."""

NOISE_FLOOR = 1.06
"""A loss below this χ² (corrected for degrees of freedom) has reached the noise (prototype)."""

DECAYED = 0.5
"""A schedule has decayed when its last learning rate lies below this share of its largest."""

FWHM_NARROWER = 0.05
"""The local PSF became narrower when it lost more than this share of its width: a sixteenth of a pixel."""

SHARPNESS_GAIN = 0.05
"""Sharper: the shared gradient energy rose by more than this share of itself, 2.5 % of its amplitude."""

NOISE_DROWNS = 0.9
"""Above this share of noise in the sharpness, nine parts in ten, what was gained is no sharper to look at."""

FALL_SEEN = 1.0
"""An error is seen to fall from this many standard errors on: a gain of sharpness speaks for it already."""

ENDS_EARLY = 1.5
"""A filter that ends above this many times the cutoff asked for leaves modes unseen that hold signal."""

SEEN = 0.95
"""Share of the object's modes that J must see for its standard error to be told: of simulated scans under
0.2 % of the signal lay in what was not seen where it did, up to 15 % elsewhere (study)."""

WORTH_UNSEEN = 0.63
"""Where J sees fewer, a verdict's log odds count by this much: of 110 such fits of three looked-at splits
82 % were named right, of 160 others 94 % (study)."""

SURE = 0.97
"""No verdict is stated with more than this probability."""

RISING = 0.82
"""How sure a loss that rises, but stays finite, is called diverging: 18 of 22 such fits of the study did; the
others had passed their best image within a few steps."""

SLIGHT_RISE = 0.1
"""Of what counts: below this the middle estimate's rise is none to the odds."""

OVER_LOGIT, UNDER_LOGIT = (-5.4, 1.95, 5.8), (-2.65, -1.3, 12.2)
"""Of stated probabilities: log odds of over-fitting and of under-fitted against fine, as weights of 1, of
log(1 + rise / `SLIGHT_RISE`) and of √(gain ahead) (`judging.confidence`): a multinomial logistic regression
on 270 fits of three of the study's splits. With a tenth left out in turn, verdicts stated with 46, 67, 83, 93
and 97 % were right in 60, 85, 83, 97 and 96 %."""

OVER_LOGIT_WENT_ON, UNDER_LOGIT_WENT_ON = (-3.85, 1.54, 0.0), (-1.95, -0.46, 7.8)
"""The same of fits that went on, the third figure being the root of how much nearer they came to the
surrogate, with its sign: on 267 fits of three of the study's splits."""

ARTEFACT = 2.0
"""What grew is artefact, where weakly determined modes gained this many times the energy that noise did."""

PSF_SLICES = 0.5
"""The point spread has a width, where it has one in more than this share of the slices with an object."""
