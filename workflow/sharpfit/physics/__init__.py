"""Operators, noise, sampling and norms: `A = M @ F @ S @ Phi`."""
