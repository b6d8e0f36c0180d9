"""What the polynomial filters leave of a mode, by another way than the product takes."""

import numpy as np
from scipy.special import eval_jacobi, roots_jacobi

TOP = 1.05


def left_of(s, degree):
    """r(s) of degree + 1 with r(0) = 1 and the least ∫ r² √(s / (TOP − s)) ds.

    Σ q(s) q(0) / Σ q(0)² over the polynomials q that are orthonormal under that weight.
    """
    nodes, weights = roots_jacobi(degree + 4, -0.5, 0.5)  # in 2 s / TOP − 1
    total, at_zero = 0.0, 0.0
    for k in range(degree + 2):
        norm = (weights * eval_jacobi(k, -0.5, 0.5, nodes) ** 2).sum()
        first = eval_jacobi(k, -0.5, 0.5, -1.0)
        total = total + eval_jacobi(k, -0.5, 0.5, 2 * np.asarray(s) / TOP - 1) * first / norm
        at_zero += first**2 / norm
    return total / at_zero
