"""Bases Φ in which c is fitted, one file each; a fit loads the one that its regime or scan names."""
