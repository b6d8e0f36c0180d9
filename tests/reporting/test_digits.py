"""Numbers as people read them."""

import pytest

from sharpfit.reporting.digits import at_most, percent_with_interval, three_digits


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.1, "0.100"), (12, "12.0"), (999.6, "1000"), (1234.5, "1234"), (1e6, "1.00e+06"), (-0.02, "-0.0200")],
)
def test_three_digits_keep_their_zeros(value, said):
    assert three_digits(value) == said


@pytest.mark.parametrize(
    ("digits", "value", "said"),
    [
        (2, 0.0526, "0.053"),
        (2, 2.0, "2"),
        (2, 99.6, "100"),
        (2, 123.0, "120"),
        (1, 17.7, "20"),
        (1, 0.14, "0.1"),
    ],
)
def test_few_digits_need_no_exponent(digits, value, said):
    assert at_most(digits, value) == said


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((11.2, 7.1, 18.3), "11 % (7 to 18)"),
        ((11.24, 11.1, 11.5), "11.2 % (11.1 to 11.5)"),  # half of it: 0.2
        ((11.24, 11.1, 11.4), "11.24 % (11.10 to 11.40)"),  # half of it: 0.15, whose first digit is 1
        ((250, 100, 400), "250 % (100 to 400)"),
        ((11.2, 11.2, 11.2), "11 % (11 to 11)"),
        ((11.2, 12, 11), "11 % (12 to 11)"),
    ],
)
def test_an_interval_says_how_many_digits_count(numbers, said):
    assert percent_with_interval(*numbers) == said
