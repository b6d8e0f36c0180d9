"""Every figure of a scan added up by loops over slices and draws, from records drawn at random."""

from dataclasses import replace

import numpy as np
import pytest
from made_records import made_record

from sharpfit.judging.curves import Curves
from sharpfit.judging.over_fitting import paired_error, standard_error

T, S, K, SIGMA, N_REAL, N_HELD_OUT = 5, 2, 3, 0.3, 50, 7
RNG = np.random.default_rng(3)
PER_SLICE = (
    "rss",
    "held_out_rss",
    "gradient_norm",
    "image_norm",
    "weak_mode_share",
    "filtered_rss",
    "surrogate_distance",
)
PER_DRAW = (
    *("df", "v_data", "v_image", "v_filtered", "filtered_trace", "filtered_trace_error", "shared_noise"),
    "cross_gradient",
)
VALUES = {
    "iterations": np.array([0, 1, 3, 9, 20]),
    **{name: 1 + RNG.random((T, S)) for name in PER_SLICE},
    **{name: 1 + RNG.random((T, S, K)) for name in (*PER_DRAW, "gradient_energy")},
    "filtered_sketch": RNG.standard_normal((T, S, 8)),
    "frc": RNG.uniform(0.2, 1, (T, S, K, 6)),
    "frc_counts": np.array([1, 6, 12, 20, 24, 30]),
}
RECORD = made_record(sigma=SIGMA, n_real=N_REAL, n_held_out=N_HELD_OUT, **VALUES)
CURVES = Curves(replace(RECORD, has_measured_draw=True))  # of K draws, the last is measured


def total(name, t):
    """Σ over slices of the mean over draws."""
    values = VALUES[name][t]
    return sum(np.mean(values[s]) for s in range(S))


def norm(name, t):
    return np.sqrt(sum(VALUES[name][t, s] ** 2 for s in range(S)))


def one_figure(name, t):
    """Each figure from its definition."""
    df, rss, n = total("df", t), total("rss", t), S * N_REAL
    bias = total("filtered_rss", t) + SIGMA**2 * total("filtered_trace", t) - total("v_filtered", t)
    noise = (total("gradient_energy", t) - total("cross_gradient", t)) / 2
    rings = [np.mean(VALUES["frc"][t, ..., r]) for r in range(6)]
    frc = sum(n_r * f for n_r, f in zip(VALUES["frc_counts"], rings, strict=True)) / 93
    weak = sum((VALUES["weak_mode_share"][t, s] * VALUES["image_norm"][t, s]) ** 2 for s in range(S))
    return {
        "chi2": rss / (n * SIGMA**2),
        "df": df,
        "chi2_df": rss / (SIGMA**2 * (n - df)),
        "sure": rss - n * SIGMA**2 + 2 * SIGMA**2 * df,
        "v_data": total("v_data", t),
        "v_image": total("v_image", t),
        "averages_over_made": sum(VALUES["v_image"][t, :, -1])
        / np.sum(VALUES["v_image"][t, :, :-1])
        * (K - 1),
        "risk": bias + total("v_image", t),
        "seen_risk": total("filtered_rss", t) + SIGMA**2 * total("filtered_trace", t),
        "surrogate_distance": sum(VALUES["surrogate_distance"][t]),
        "held_out": total("held_out_rss", t) / (S * N_HELD_OUT * SIGMA**2),
        "mean_frc": frc,
        "full_frc": 2 * frc / (1 + frc),
        "cross_gradient": total("cross_gradient", t),
        "gradient_energy": total("gradient_energy", t),
        "noise_energy": noise,
        "noise_share": noise / (noise + total("cross_gradient", t)),
        "image_norm": norm("image_norm", t),
        "weak_mode_share": np.sqrt(weak) / norm("image_norm", t),
        "gradient_norm": norm("gradient_norm", t) / norm("gradient_norm", 0),
        "shared_noise": total("shared_noise", t),
        "iteration": VALUES["iterations"][t],
    }[name]


@pytest.mark.parametrize(
    "name", [*Curves(RECORD).along().__dict__, "image_norm", "shared_noise", "seen_risk"]
)
def test_a_figure_sums_slices_and_averages_draws(name):
    if name in ("fwhm_y", "fwhm_x", "psf_peak", "resolution"):
        return
    np.testing.assert_allclose(getattr(CURVES, name), [one_figure(name, t) for t in range(T)])


def test_the_figures_at_a_checkpoint_are_those_along_the_fit():
    along = CURVES.along()
    for t in range(T):
        for name, value in CURVES.at(t).__dict__.items():
            np.testing.assert_equal(value, float(getattr(along, name)[t]))


def test_the_noise_of_a_risk_is_a_draw_for_every_sketch():
    """2σ Re⟨p(M) Aᴴb, p(M) g⟩, slices summed."""
    expected = 2 * SIGMA * (VALUES["filtered_sketch"][:, 0] + VALUES["filtered_sketch"][:, 1])
    np.testing.assert_allclose(CURVES.risk_noise, expected)


def test_the_error_of_a_difference_of_risks_is_that_of_its_parts():
    data, replicas = paired_error(CURVES, 1)
    draws = 2 * SIGMA * VALUES["filtered_sketch"].sum(1)
    shared = SIGMA**2 * VALUES["filtered_trace_error"].mean(-1)  # of each slice
    parts = [[np.mean((draws[t] - draws[1]) ** 2), *(shared[t] - shared[1]) ** 2] for t in range(T)]
    np.testing.assert_allclose(data, np.sqrt([sum(of_one) for of_one in parts]))
    draws = CURVES.slice_risk.sum(1)
    errors = [np.std(draws[t] - draws[1], ddof=1) / np.sqrt(K) for t in range(T)]
    np.testing.assert_allclose(replicas, errors, atol=1e-12)


def test_with_one_draw_the_replicas_error_is_that_of_normal_deviates():
    """Var of a trace ≤ 2 |Δdf|, of a sum of squares 2 v² / df; in quadrature."""
    alone = {name: VALUES[name][:, :1, :1] for name in (*PER_DRAW, "gradient_energy")}
    curves = Curves(replace(RECORD, **{**VALUES, **alone}))
    df, v = alone["df"][:, 0, 0], alone["v_image"][:, 0, 0]
    trace = 2 * SIGMA**2 * np.sqrt(2 * np.abs(df - df[1]))
    variance = np.abs(v - v[1]) * np.sqrt(2 / df)
    rest = Curves(replace(curves.record, **{name: VALUES[name][:, :1] for name in PER_SLICE}))
    np.testing.assert_allclose(paired_error(rest, 1)[1], np.hypot(trace, variance))


def test_the_error_of_a_risk_itself_is_that_of_its_difference_to_nothing():
    noise, draws = 2 * SIGMA * VALUES["filtered_sketch"].sum(1), CURVES.slice_risk.sum(1)
    of_mean = np.std(draws, axis=-1, ddof=1) / np.sqrt(K)

    def of_data(errors):
        shared = SIGMA**2 * errors.mean(-1)
        return np.mean(noise**2, -1) + (shared**2).sum(-1)

    expected = np.sqrt(of_data(VALUES["filtered_trace_error"]) + of_mean**2)
    np.testing.assert_allclose(standard_error(CURVES), expected)
    alone = {name: VALUES[name][:, :, :1] for name in (*PER_DRAW, "gradient_energy")}
    one = Curves(replace(RECORD, **{**VALUES, **alone}))
    df, v = alone["df"].sum(1)[:, 0], alone["v_image"].sum(1)[:, 0]
    of_draw = (2 * SIGMA**2) ** 2 * 2 * df + v**2 * 2 / df
    expected = np.sqrt(of_data(alone["filtered_trace_error"]) + of_draw)
    np.testing.assert_allclose(standard_error(one), expected)


def test_what_is_empty_or_not_counted_is_not_known():
    nothing = {name: np.zeros((T, S)) for name in ("gradient_norm", "image_norm")}
    draws = {name: np.zeros((T, S, K)) for name in ("cross_gradient", "gradient_energy")}
    curves = Curves(replace(RECORD, **nothing, **draws, n_held_out=0))
    for name in ("gradient_norm", "weak_mode_share", "noise_share", "held_out"):
        assert np.isnan(getattr(curves, name)).all()


def test_noise_is_all_of_the_sharpness_where_none_is_shared():
    curves = Curves(replace(RECORD, cross_gradient=-RECORD.gradient_energy / 2))
    np.testing.assert_allclose(curves.noise_share, 1)


def test_a_gradient_that_is_spent_after_one_step_is_no_unknown():
    spent = np.zeros((T, S))
    spent[0] = 2.0
    curves = Curves(replace(RECORD, gradient_norm=spent))
    np.testing.assert_array_equal(curves.gradient_norm, [1, *[0] * (T - 1)])


def test_the_local_psf_is_the_median_where_most_slices_have_a_width():
    """Points of width 1.21 px and two of 3; unit gain, and half of it along the last checkpoint."""
    window = np.zeros((T, S, 5, 17, 17), np.complex64)
    window[..., 8, 8] = 1
    window[:, 0, :2, 8, 7] = window[:, 0, :2, 8, 9] = 1
    window[-1] /= 2
    flat = window.copy()
    flat[1, 0] = 1
    curves = Curves(replace(RECORD, psf=flat))
    np.testing.assert_allclose(curves.fwhm_y, [1.207, np.nan, 1.207, 1.207, 1.207], atol=0.01)
    np.testing.assert_allclose(curves.psf_peak, [1, 1, 1, 1, 0.5])
    wide = window.copy()
    wide[:, :, :3] = window[:, :1, :1]
    curves = Curves(replace(RECORD, psf=wide))
    assert curves.fwhm_x[0] > 2.5 > 1.3 > curves.fwhm_y[0]


def test_slices_without_an_object_have_no_point_spread_to_count():
    window = np.full((T, S, 5, 17, 17), np.nan, np.complex64)
    window[:, 1, 3] = 0
    window[:, 1, 3, 8, 8] = 0.5
    curves = Curves(replace(RECORD, psf=window))
    np.testing.assert_allclose(curves.fwhm_y, [1.207] * T, atol=0.01)
    np.testing.assert_allclose(curves.psf_peak, 0.5)
    assert np.isnan(Curves(replace(RECORD, psf=window[:, :1])).psf_peak).all()


def test_another_noise_level_scales_what_the_replicas_showed():
    other = Curves(RECORD.at_noise(1.5))
    for name in ("v_data", "v_image", "noise_energy"):
        np.testing.assert_allclose(getattr(other, name), 1.5**2 * getattr(CURVES, name))
    image = CURVES.cross_gradient + CURVES.noise_energy  # ‖∇x‖² of the image itself, which stays
    np.testing.assert_allclose(other.cross_gradient + other.noise_energy, image)
    np.testing.assert_allclose(other.chi2, CURVES.chi2 / 1.5**2)
    bias = VALUES["filtered_rss"].sum(1) + 1.5**2 * SIGMA**2 * VALUES["filtered_trace"].sum(1).mean(-1)
    spread = (VALUES["v_image"] - VALUES["v_filtered"]).sum(1).mean(-1)
    np.testing.assert_allclose(other.risk, bias + 1.5**2 * spread)


def test_what_was_measured_between_averages_stays_at_another_noise_level():
    """The last draw's, where there is one; the others' were made at the noise level."""
    scale = np.array([1.5**2, 1.5**2, 1.0])
    other = CURVES.record.at_noise(1.5)
    for name in ("v_data", "v_image", "v_filtered"):
        np.testing.assert_allclose(getattr(other, name), VALUES[name] * scale)
    noise = VALUES["gradient_energy"] - VALUES["cross_gradient"]
    np.testing.assert_allclose(other.gradient_energy - other.cross_gradient, noise * scale)
    assert other.sigma == pytest.approx(1.5 * SIGMA)
    np.testing.assert_array_equal(other.filtered_trace, VALUES["filtered_trace"])
