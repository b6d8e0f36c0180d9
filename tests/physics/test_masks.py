import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.physics import masks
from sharpfit.physics.masks import calibration_block, hold_out, make_mask


@pytest.mark.parametrize(("n_calibration", "first"), [(0, 16), (1, 16), (6, 13), (7, 13), (32, 0)])
def test_lines_are_every_rth_one_and_the_centre_and_no_other(n_calibration, first):
    """The calibration lines are centred on line 33 // 2, and the others begin within the first R."""
    settings = {"pattern": "lines", "acceleration": 5, "n_calibration": n_calibration, "seed": 2}
    mask = make_mask((33, 40), **settings)
    lines = np.flatnonzero(mask.all(axis=1))
    assert mask.sum() == 40 * lines.size
    centre = range(first, first + n_calibration)
    others = [line for line in lines if line not in centre]
    offset = others[0] % 5 if others else 0
    assert set(lines) == set(range(offset, 33, 5)) | set(centre)


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
    assert mask.size / mask.sum() == pytest.approx(6, rel=0.021)
    assert mask[40:56, 32:48].all()
    assert not (
        mask[39, 32:48].all() or mask[56, 32:48].all() or mask[40:56, 31].all() or mask[40:56, 48].all()
    )
    np.testing.assert_array_equal(mask, make_mask((96, 80), **settings))
    assert not np.array_equal(mask, make_mask((96, 80), **settings | {"seed": 2}))


def test_the_variable_disc_is_denser_inside_and_the_uniform_one_is_not():
    radius = np.hypot(*np.meshgrid(np.linspace(-1, 1, 96), np.linspace(-1, 1, 96)))
    ring, rim = (radius > 0.3) & (radius < 0.5), (radius > 0.8) & (radius < 1)
    # Discs grow as 1 + 2 |k|: to 1.8 on average in the ring and to 2.8 at the rim; squared, that is 2.4.
    for pattern, low, high in (("poisson", 1.8, 3.2), ("poisson_uniform", 0.8, 1.25)):
        mask = make_mask((96, 96), pattern=pattern, acceleration=6, n_calibration=12, seed=0)
        assert low < mask[ring].mean() / mask[rim].mean() < high


@pytest.mark.parametrize("seed", range(3))
def test_a_disc_is_taken_unless_it_overlaps_one_taken_before(seed):
    """Held to the definition, all distances computed; discs from under a pixel to a third of the matrix."""
    rng = np.random.default_rng(seed)
    shape = (11, 16)
    points = np.indices(shape) + rng.uniform(-0.5, 0.5, (2, *shape))
    order, radius = rng.permutation(points[0].size), rng.uniform(0.3, 5, shape)
    at, reach = points.reshape(2, -1), radius.ravel()
    taken = []
    for i in order:
        if all(np.hypot(*(at[:, i] - at[:, j])) >= reach[j] for j in taken):
            taken.append(i)
    assert set(np.flatnonzero(masks._scattered(points, order, radius))) == set(taken)


def test_full_samples_everything():
    assert make_mask((5, 7), pattern="full").all()


def test_the_bounds_of_a_sampling_are_allowed():
    for pattern in ("lines", "poisson_uniform"):
        assert make_mask((8, 12), pattern=pattern, acceleration=1, n_calibration=8, seed=0).any()
        assert make_mask((8, 12), pattern=pattern, acceleration=8, n_calibration=0, seed=0).any()
    assert make_mask((8, 12), pattern="lines").all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        *(({"pattern": other}, "known are full, lines") for other in ("arcs", "full ", "mesh", "rings", "x")),
        ({"acceleration": 2.5}, "whole numbers"),
        ({"acceleration": 100}, "not between 1 and 32"),
        ({"acceleration": 0.9}, "not between 1 and 32"),
        ({"n_calibration": 33}, "n_calibration 33 does not fit"),
        ({"n_calibration": -1}, "n_calibration -1 does not fit"),
        (
            {"pattern": "poisson", "acceleration": 16, "n_calibration": 24},
            "no Poisson disc of acceleration 16",
        ),
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
    assert calibration_block(np.ones((5, 8), bool), 24) == (slice(0, 5), slice(2, 7))
    assert calibration_block(np.ones((8, 5), bool), 5) == (slice(2, 7), slice(0, 5))
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


def test_a_fraction_of_which_no_sample_is_left_is_refused():
    mask = np.ones((20, 20), bool)
    block = (slice(8, 12), slice(8, 12))
    with pytest.raises(InputError, match=r"^held_out: 0\.001 of 400 samples is none; raise the fraction"):
        hold_out(mask, block, fraction=0.001, seed=0)


def test_half_of_what_lies_outside_the_block_can_be_held_out_and_no_more():
    mask = np.zeros((32, 32), bool)
    mask[10:22, 10:22] = True
    block = calibration_block(mask, 24)
    with pytest.raises(InputError, match="held_out: 12 of 144 samples asked, only 0 lie outside"):
        hold_out(mask, block, fraction=0.08, seed=0)
    mask[0, :24] = True  # 168 samples, 24 of them outside
    assert hold_out(mask, block, fraction=12 / 168, seed=0).sum() == 12
    with pytest.raises(InputError, match="held_out: 13 of 168 samples asked, only 24 lie outside"):
        hold_out(mask, block, fraction=13 / 168, seed=0)
