"""Adam by complex coefficient and by image, against torch's and against what it must keep to."""

import cmath

import pytest
import torch

from sharpfit.fitting.solvers.torch_optimizer import make_optimizer


def walk(spec, gradients):
    """The leaf after every step, given gradients."""
    leaf = torch.zeros_like(gradients[0]).requires_grad_()
    optimizer = make_optimizer([leaf], spec)
    seen = []
    for gradient in gradients:
        leaf.grad = gradient
        optimizer.step()
        seen.append(leaf.detach().clone())
    return torch.stack(seen)


def drawn(n=6, shape=(2, 3, 4, 5)):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n, *shape, dtype=torch.complex128, generator=generator)


@pytest.mark.parametrize("second_moment", ["coefficient", "image_first"])
def test_it_is_torchs_adam_where_gradients_are_real_and_an_image_is_one_pixel(second_moment):
    """With one pixel the image's mean is the pixel's, and torch's imaginary part never moves."""
    gradients = drawn(shape=(2, 3, 1, 1)).real.to(torch.complex128)
    gradients = gradients[:1].repeat(6, 1, 1, 1, 1)  # equal gradients: where v begins does not matter either
    ours = walk({"name": "ComplexAdam", "lr": 0.1, "second_moment": second_moment}, gradients)
    torch.testing.assert_close(ours, walk({"name": "Adam", "lr": 0.1}, gradients))


def test_turning_the_phase_turns_the_walk():
    gradients, turn = drawn(), cmath.exp(0.7j)
    spec = {"name": "ComplexAdam", "lr": 0.1}
    torch.testing.assert_close(walk(spec, gradients * turn), walk(spec, gradients) * turn)
    torchs = {"name": "Adam", "lr": 0.1}
    assert not torch.allclose(walk(torchs, gradients * turn), walk(torchs, gradients) * turn, rtol=0.01)


def test_by_image_every_first_step_lies_along_its_gradient():
    gradients = drawn()
    step = walk({"name": "ComplexAdam", "lr": 0.1, "second_moment": "image"}, gradients[:1])[0]
    ratio = step / gradients[0]
    for image in ratio.flatten(0, 1):
        torch.testing.assert_close(image, image[0, 0].expand_as(image))
    assert not torch.allclose(ratio[0, 0, 0, 0], ratio[1, 0, 0, 0])  # one number an image, not one for all


def test_begun_at_the_images_mean_the_first_step_is_near_that_by_image():
    """v = β₂ mean + (1 − β₂)|g|²: within (1 − β₂) of the mean wherever |g|² is not many times larger."""
    gradients = drawn()[:1]
    by_image, first = (
        walk({"name": "ComplexAdam", "lr": 0.1, "second_moment": kind}, gradients)[0]
        for kind in ("image", "image_first")
    )
    most = float(gradients.abs().square().max() / gradients.abs().square().mean((-2, -1)).min())
    torch.testing.assert_close(first, by_image, rtol=1e-3 * most, atol=0)


def test_the_mean_decides_less_from_step_to_step():
    """Gradients that stay the same bring v to |g|² at the rate β₂ᵗ, and the steps to lr g / |g|."""
    gradients = drawn()[:1].repeat(40, 1, 1, 1, 1)
    walked = walk(
        {"name": "ComplexAdam", "lr": 1.0, "betas": [0.0, 0.5], "second_moment": "image_first"}, gradients
    )
    last = walked[-1] - walked[-2]
    torch.testing.assert_close(last, -gradients[0] / gradients[0].abs(), rtol=1e-6, atol=0)
    mean = gradients[0].abs().square().mean((-2, -1), keepdim=True)
    root = (0.5 * mean + 0.5 * gradients[0].abs().square()).sqrt()
    torch.testing.assert_close(walked[0], -gradients[0] / root)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"second_moment": "pixel"}, "second_moment is 'pixel'; take coefficient, image or image_first"),
        ({"betas": [0.9, 1.0]}, "each must lie in"),
        ({"eps": -1.0}, "must not be negative"),
    ],
)
def test_arguments_out_of_range_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        make_optimizer([torch.zeros(1, dtype=torch.complex64)], {"name": "ComplexAdam", "lr": 0.1, **wrong})
