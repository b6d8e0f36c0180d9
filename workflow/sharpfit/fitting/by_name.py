"""What regimes load by name: one package of files for each part. Planning and jobs read it."""

SOLVERS = "sharpfit.fitting.solvers"
PENALTIES = "sharpfit.fitting.penalties"
BASES = "sharpfit.fitting.bases"

TORCH = "torch_optimizer"
"""The solver of regimes that name an optimizer of torch."""

MATRIX = f"{BASES}.matrix"
"""The basis that a scan's own file gives."""

LR_RANGE = "sharpfit.fitting.lr_range"
AUTO = "auto"
"""What `lr` says where a range test is to find it."""

JUDGED = "judged"
"""What `weight` says where the judge is to choose it along a path of weights."""
