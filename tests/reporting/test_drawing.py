"""Lines of a page: what their names say of what cannot be drawn."""

import numpy as np
import pytest

from sharpfit.reporting.page.drawing import over_smallest


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ([2.0, 1.0, np.nan], "J / its minimum"),
        ([2.0, 0.0, 1.0], "J / its smallest above 0"),
        ([2.0, -1.0, 1.0], "J / its smallest above 0"),
    ],
)
def test_values_without_a_logarithm_are_left_out_and_the_name_says_so(values, name):
    assert over_smallest("J", np.array(values)) == name
