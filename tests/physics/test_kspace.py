import numpy as np
import torch

from sharpfit.physics import kspace
from sharpfit.physics.operators import Fourier


def test_numpy_and_torch_share_one_transform():
    image = np.random.default_rng(0).standard_normal((2, 6, 5)) + 1j
    transformed = kspace.to_kspace(image)
    np.testing.assert_allclose(transformed, Fourier()(torch.from_numpy(image)).numpy(), atol=1e-12)
    np.testing.assert_allclose(kspace.to_images(transformed), image, atol=1e-12)


def test_the_radius_is_one_in_the_middle_of_each_side():
    radius = kspace.radius((8, 6))
    assert radius[4, 3] == 0
    assert radius[0, 3] == radius[4, 0] == 1
    assert radius[6, 3] == 0.5
    np.testing.assert_allclose(kspace.radius((5, 1))[:, 0], [0.8, 0.4, 0, 0.4, 0.8])
    np.testing.assert_allclose(kspace.radius((4, 6))[0, 0], np.sqrt(2))
