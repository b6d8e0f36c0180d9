"""Numbers as people read them."""

import pytest

from sharpfit.reporting.digits import at_most, percent_with_interval, three_digits


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.1, "0.100"),
        (12, "12.0"),
        (123.4, "123"),
        (999.4, "999"),
        (999.5, "1000"),
        (999.6, "1000"),
        (-1000.4, "-1000"),
        (1234.5, "1234"),
        (999_999.4, "999999"),
        (999_999.6, "1.00e+06"),
        (1e6, "1.00e+06"),
        (-0.02, "-0.0200"),
        (0.0, "0.00"),
    ],
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
        (2, 1234567.0, "1200000"),
        (2, 1.26e-6, "0.0000013"),
    ],
)
def test_few_digits_need_no_exponent(digits, value, said):
    assert at_most(digits, value) == said


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((11.2, 7.1, 18.3), "11 % (7 to 18)"),
        ((11.24, 11.1, 11.5), "11.2 % (11.1 to 11.5)"),  # half of it: 0.2
        ((1.124, 1.11, 1.14), "1.12 % (1.11 to 1.14)"),
        ((11.24, 9.7, 12.8), "11.2 % (9.7 to 12.8)"),  # half of it: 1.55, whose first digit is 1
        ((9.59957853, 9.59957853, 9.59957877), "9.60 % (9.60 to 9.60)"),
        ((10.4941, 10.4940, 10.4948), "10.5 % (10.5 to 10.5)"),
        ((250, 100, 400), "250 % (100 to 400)"),
        ((1.5, 0.5, 4.4), "1.5 % (0.5 to 4.4)"),  # half of it: 1.95
        ((2.5, 0.5, 4.6), "2 % (0 to 5)"),  # and 2.05
        ((0.25, 0.2, 0.3), "0.25 % (0.20 to 0.30)"),
        ((0.0, 0.0, 0.03), "0 % (0 to 0)"),
        ((11.2, 11.2, 11.2), "11 % (11 to 11)"),
        ((11.2, 12, 11), "11 % (12 to 11)"),
    ],
)
def test_an_interval_says_how_many_digits_count(numbers, said):
    assert percent_with_interval(*numbers) == said
