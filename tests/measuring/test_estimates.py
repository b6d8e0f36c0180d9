import numpy as np

from sharpfit.measuring import estimates


def test_formulas():
    sigma, n_real = 0.1, 1000
    df = np.array([0.0, 200.0, 950.0])
    rss = sigma**2 * (n_real - df)
    np.testing.assert_allclose(estimates.chi2(rss, sigma, n_real), 1 - df / n_real)
    np.testing.assert_allclose(estimates.chi2_df(rss, df, sigma, n_real), [1, 1, np.nan])
    np.testing.assert_allclose(estimates.sure(rss, df, sigma, n_real), sigma**2 * df)
    assert estimates.risk(3.0, 1.0, 5.0) == 7.0


def test_what_follows_nine_tenths_of_the_samples_has_no_noise_floor():
    df = np.array([0.0, 900.0, 901.0])
    found = estimates.chi2_df(np.full(3, 5.0), df, 0.1, 1000)
    np.testing.assert_allclose(found, [5 / (0.01 * 1000), 5 / (0.01 * 100), np.nan])
