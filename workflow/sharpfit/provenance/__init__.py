"""Caching that never lies: fingerprints, sidecars and the stale set (sidecar.py first, then stale.py)."""
