import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.physics.masks import calibration_block, hold_out, make_mask


def test_lines_are_spaced_and_the_centre_is_full():
    mask = make_mask((64, 48), pattern="lines", acceleration=4, n_calibration=12, seed=0)
    assert (mask == mask[:, :1]).all()
    lines = mask[:, 0]
    assert lines[26:38].all()
    outside = np.flatnonzero(lines[:26])
    assert (np.diff(outside) == 4).all()
    offsets = {
        int(
            np.flatnonzero(
                make_mask((64, 48), pattern="lines", acceleration=4, n_calibration=0, seed=s)[:, 0]
            )[0]
        )
        for s in range(20)
    }
    assert offsets == {0, 1, 2, 3}


@pytest.mark.parametrize("pattern", ["poisson", "poisson_uniform"])
def test_discs_meet_their_acceleration_and_repeat(pattern):
    settings = {"pattern": pattern, "acceleration": 6, "n_calibration": 16, "seed": 1}
    mask = make_mask((96, 80), **settings)
    assert abs(mask.size / mask.sum() - 6) < 0.2
    assert mask[40:56, 32:48].all()
    np.testing.assert_array_equal(mask, make_mask((96, 80), **settings))
    assert not np.array_equal(mask, make_mask((96, 80), **settings | {"seed": 2}))


def test_the_variable_disc_is_denser_inside_and_the_uniform_one_is_not():
    radius = np.hypot(*np.meshgrid(np.linspace(-1, 1, 96), np.linspace(-1, 1, 96)))
    ring, rim = (radius > 0.3) & (radius < 0.5), (radius > 0.8) & (radius < 1)
    for pattern, low, high in (("poisson", 1.5, 50), ("poisson_uniform", 0.8, 1.25)):
        mask = make_mask((96, 96), pattern=pattern, acceleration=6, n_calibration=12, seed=0)
        assert low < mask[ring].mean() / mask[rim].mean() < high


def test_full_samples_everything():
    assert make_mask((5, 7), pattern="full").all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pattern": "spiral"}, "known are full, lines"),
        ({"acceleration": 2.5}, "whole numbers"),
        ({"acceleration": 100}, "not between 1 and 32"),
        ({"n_calibration": 40}, "n_calibration 40 does not fit"),
    ],
)
def test_masks_that_cannot_be_are_refused(change, message):
    settings = {"pattern": "lines", "acceleration": 2, "n_calibration": 8, "seed": 0} | change
    with pytest.raises(InputError, match=message):
        make_mask((32, 48), **settings)


@pytest.mark.parametrize("n_calibration", [11, 12])
def test_the_calibration_block_is_found_in_the_mask(n_calibration):
    mask = make_mask((64, 48), pattern="lines", acceleration=4, n_calibration=n_calibration, seed=1)
    rows, columns = calibration_block(mask, max_width=24)
    assert mask[rows, columns].all()
    assert rows.stop - rows.start == columns.stop - columns.start >= n_calibration
    assert rows.start <= 32 < rows.stop


def test_the_block_is_capped_and_empty_without_a_centre():
    full = np.ones((64, 48), bool)
    assert calibration_block(full, 24) == (slice(20, 44), slice(12, 36))
    full[32, 24] = False
    assert full[calibration_block(full, 24)].size == 0


def test_held_out_samples_are_sampled_outside_the_block_and_as_many_as_asked():
    mask = make_mask((96, 80), pattern="poisson", acceleration=4, n_calibration=20, seed=0)
    block = calibration_block(mask, 24)
    held_out = hold_out(mask, block, fraction=0.08, seed=3)
    assert not held_out[block].any()
    assert not (held_out & ~mask).any()
    assert held_out.sum() == round(0.08 * mask.sum())
    np.testing.assert_array_equal(held_out, hold_out(mask, block, fraction=0.08, seed=3))
    assert not np.array_equal(held_out, hold_out(mask, block, fraction=0.08, seed=4))


def test_holding_out_more_than_there_is_is_refused():
    mask = np.zeros((32, 32), bool)
    mask[10:22, 10:22] = True
    with pytest.raises(InputError, match="held_out"):
        hold_out(mask, calibration_block(mask, 24), fraction=0.08, seed=0)
