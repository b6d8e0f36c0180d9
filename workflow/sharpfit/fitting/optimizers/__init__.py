"""Optimizers that torch lacks, one file each; a fit loads the one that its regime names."""
