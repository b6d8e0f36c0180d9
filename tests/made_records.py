"""Fits whose measures are known in closed form: gradient descent on independent modes, in expectation."""

from dataclasses import replace

import numpy as np

from sharpfit.judging.record import Record

N_MODES, N_REAL, N_HELD_OUT = 400, 3000, 100
ITERATIONS = np.array([0, 1, 2, 3, 5, 8, 13, 22, 36, 60, 100])


def made_record(
    *, sigma=0.05, conditioning=1.0, iterations=ITERATIONS, n_slices=1, n_draws=1, step=1.0, **changes
) -> Record:
    """Mode i has eigenvalue conditioning^(i/n), unit signal and filter 1 − (1 − step · eigenvalue)^t."""
    eigenvalue = conditioning ** np.linspace(0, 1, N_MODES)
    miss = (1 - step * eigenvalue) ** iterations[:, None]
    kept = 1 - miss
    noise = 2 * sigma**2
    rss = (miss**2 * (eigenvalue + noise)).sum(1) + (N_REAL - 2 * N_MODES) * sigma**2
    v_image = (noise * kept**2 / eigenvalue).sum(1)
    gradient = np.sqrt((miss**2 * eigenvalue * (eigenvalue + noise)).sum(1))
    signal = (kept**2).sum(1)
    held_out = N_HELD_OUT * sigma**2 + 0.1 * ((miss**2 * eigenvalue).sum(1) + v_image)
    window = np.zeros((5, 17, 17), np.complex64)
    window[:, 8, 8] = 1
    every = np.arange(iterations[-1] + 1)
    lr = np.full(len(every), step)
    history = {
        "iteration": every.astype(float),
        "lr": lr,
        "pace": lr,
        "chi2": np.interp(every, iterations, rss / (N_REAL * sigma**2)),
        "held_out": np.interp(every, iterations, held_out / (N_HELD_OUT * sigma**2)),
        "gradient_norm": np.interp(every, iterations, gradient / gradient[0]),
        "step": np.r_[np.nan, np.full(len(every) - 1, 0.01)],
    }
    slices = np.ones((1, n_slices))
    draws = np.ones((1, n_slices, n_draws))
    known = {
        "iterations": iterations,
        "rss": rss[:, None] * slices,
        "gradient_norm": gradient[:, None] * slices,
        "image_norm": np.sqrt(signal + v_image)[:, None] * slices,
        "weak_mode_share": np.linspace(0, 0.1, len(iterations))[:, None] * slices,
        "held_out_rss": held_out[:, None] * slices,
        "surrogate_distance": ((miss**2).sum(1) + v_image)[:, None] * slices,  # from the truth
        "df": 2 * kept.sum(1)[:, None, None] * draws,
        "v_data": (noise * kept**2).sum(1)[:, None, None] * draws,
        "filtered_rss": (miss**2).sum(1)[:, None] * slices,  # Q = 1: bias and noise are told apart exactly
        "filtered_trace": np.zeros((len(iterations), n_slices, n_draws)),
        "filtered_trace_error": np.zeros((len(iterations), n_slices, n_draws)),
        "filtered_sketch": np.zeros((len(iterations), n_slices, 8)),
        "v_filtered": np.zeros((len(iterations), n_slices, n_draws)),
        "v_image": v_image[:, None, None] * draws,
        "shared_noise": np.zeros((len(iterations), n_slices, n_draws)),
        "cross_gradient": signal[:, None, None] * draws,
        "gradient_energy": (signal + 2 * v_image)[:, None, None] * draws,
        "frc": np.full((len(iterations), n_slices, n_draws, 8), 0.8),
        "frc_counts": np.arange(1, 9),
        "psf": np.multiply.outer(kept.mean(1), window)[:, None] * slices[..., None, None, None],
        "history": history,
        "side": 16,
        "sigma": sigma,
        "n_real": N_REAL,
        "n_held_out": N_HELD_OUT,
        "cutoff_asked": 0.01,
        "cutoff_used": 0.01,
        "seen_share": 1.0,
        "stopped_because": "",
        "is_finite": True,
        "last_step": 0.01,
        "travel_needed": 0.01,
    }
    return Record(**{**known, **changes})


def by_risk_alone(record: Record) -> Record:
    """The same fit with no estimate of its error but J: neither a residual nor a surrogate is known."""
    nothing = np.full_like(record.rss, np.nan)
    return replace(record, rss=nothing, held_out_rss=nothing, surrogate_distance=nothing)


def with_history(record: Record, **columns) -> dict:
    """The fit's history with some columns replaced."""
    return {**record.history, **columns}
