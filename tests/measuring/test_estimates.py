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
