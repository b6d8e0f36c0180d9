"""Iterative MRI reconstruction as a cached workflow that judges its own fits."""
