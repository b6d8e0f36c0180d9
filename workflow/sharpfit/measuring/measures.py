"""What is measured along a fit, on the device where it runs.

Leading axes batch freely and never mix; images are centred complex tensors (..., y, x). Reductions are
done in float64 whatever the images are. Replicas are the whole iterative reconstruction x(·) applied to
perturbed data: x± = x(y ± σ w), with w of unit variance per real and imaginary component.
"""

from collections.abc import Sequence

import torch

from sharpfit.physics.norms import IMAGE, energy, inner


def noise_variance(plus: torch.Tensor, minus: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """Sum an image's variance over the object: v = Σ|x₊ − x₋|² / 4 where inside (Leiner 2023).

    inside: bool (..., y, x).

    Exact for fits that are linear in the data; elementwise Adam divides by its own gradient, which
    couples the halves, and early iterations read low.
    """
    return energy((plus - minus) * inside) / 4


def data_noise_variance(difference: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """Sum that variance over the samples: v_data = ‖A d‖² / 4 = Re⟨d, AᴴA d⟩ / 4, d = x₊ − x₋, seen AᴴA d."""
    return inner(difference, seen) / 4


def noise_map(plus: torch.Tensor, minus: torch.Tensor) -> torch.Tensor:
    """Estimate the standard deviation of every complex pixel: √(mean over pairs of |x₊ − x₋|² / 4).

    plus, minus: (pair, ..., y, x). Returns float64 (..., y, x) (Robson 2008).
    """
    difference = (plus - minus).to(torch.complex128)
    return (difference.abs().square() / 4).mean(0).sqrt()


def gradient_energies(
    plus: torch.Tensor, minus: torch.Tensor, inside: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sharpness that the noise does not share, and sharpness as it is seen, inside the object.

    G = Re⟨∇x₊, ∇x₋⟩ and P = (‖∇x₊‖² + ‖∇x₋‖²) / 2, ∇ by periodic forward differences along y and x that begin
    in the pixels of inside, bool (..., y, x). The halves' noise is independent, so it cancels from the mean
    of G; P − G is twice the noise energy of the full-data image.
    """
    cross = torch.zeros((), dtype=torch.float64, device=plus.device)
    power = torch.zeros_like(cross)
    for axis in IMAGE:
        step_plus = (torch.roll(plus, -1, axis) - plus) * inside
        step_minus = (torch.roll(minus, -1, axis) - minus) * inside
        cross = cross + inner(step_plus, step_minus)
        power = power + (energy(step_plus) + energy(step_minus)) / 2
    return cross, power


def ring_index(shape: Sequence[int], device: torch.device | str) -> torch.Tensor:
    """Members of the rings of spatial frequency below Nyquist.

    Ring r holds the samples of the centred spectrum with r = round(|f| · n), f in cycles per pixel and n
    the smaller side, for r < n / 2. Returns int64 (ring, longest): flat positions in (y, x), −1 where a
    ring has fewer members.
    """
    rows, columns = shape
    n = min(rows, columns)
    fy = (torch.arange(rows, dtype=torch.float64) - rows // 2) / rows
    fx = (torch.arange(columns, dtype=torch.float64) - columns // 2) / columns
    ring = torch.round(torch.hypot(fy[:, None], fx[None, :]) * n).long().flatten()
    members = [torch.nonzero(ring == r).flatten() for r in range((n + 1) // 2)]
    return torch.nn.utils.rnn.pad_sequence(members, batch_first=True, padding_value=-1).to(device)


def ring_counts(rings: torch.Tensor) -> torch.Tensor:
    """How many samples each ring of `ring_index` holds: int64 (ring,)."""
    return (rings >= 0).sum(-1)


def _ring_sums(values: torch.Tensor, rings: torch.Tensor) -> torch.Tensor:
    """Σ over each ring: (..., y, x) → (..., ring)."""
    gathered = values.flatten(-2)[..., rings.clamp(min=0)]  # (..., ring, longest)
    return torch.where(rings >= 0, gathered, 0.0).sum(-1)


def frc(plus: torch.Tensor, minus: torch.Tensor, rings: torch.Tensor) -> torch.Tensor:
    """Fourier ring correlation of two halves.

    FRC(r) = Re Σ X₊ conj(X₋) / √(Σ|X₊|² Σ|X₋|²), the sums over ring r (van Heel & Schatz 2005,
    doi:10.1016/j.jsb.2005.05.009). plus, minus: (..., y, x); rings from `ring_index`.
    Returns float64 (..., ring), NaN where a ring holds no energy.
    """
    spectrum_plus, spectrum_minus = (
        torch.fft.fftshift(torch.fft.fft2(half.to(torch.complex128), norm="ortho"), dim=IMAGE)
        for half in (torch.fft.ifftshift(plus, dim=IMAGE), torch.fft.ifftshift(minus, dim=IMAGE))
    )
    cross = _ring_sums((spectrum_plus * spectrum_minus.conj()).real, rings)
    power_plus = _ring_sums(spectrum_plus.abs().square(), rings)
    power_minus = _ring_sums(spectrum_minus.abs().square(), rings)
    return cross / torch.sqrt(power_plus * power_minus)


def weak_mode_share(x: torch.Tensor, determined: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """ν = ‖P (x − R x)‖ / ‖P x‖, R the filter of the strong modes of AᴴA and P the object.

    The part of x (..., y, x) that lives in weakly determined modes, determined = R x
    (`sharpfit.measuring.filtered_risk.FilteredRisk.strong`); NaN where x = 0. It grows with
    iterations for every solver, so it is read against gradient descent at equal chi2. inside: P's diagonal,
    bool (..., y, x).
    """
    return torch.sqrt(energy((x - determined) * inside) / energy(x * inside))


def mean_response(
    noise: torch.Tensor, difference: torch.Tensor, inside: torch.Tensor, apart: float, half_width: int
) -> torch.Tensor:
    """Average local point spread function of a reconstruction over the object.

    The resolution matrix is R = (∂x/∂y) A, and E[(∂x/∂y) w (Aᴴw)ᴴ] = 2 R for noise w of unit variance per
    component. So the mean over the object's pixels p of R(p + Δ, p) is, within √(1 / pixels) of it,

        Σ_p (x₊ − x₋)(p + Δ) conj(Aᴴw)(p) / (2 · apart · pixels).

    Parameters
    ----------
    noise
        Aᴴw, centred complex images (..., y, x)
    difference
        x₊ − x₋
    inside
        the object, bool (..., y, x)
    apart
        2σ, how far the data of x₊ and x₋ lie apart along w
    half_width
        largest |Δ| along each axis; images wrap around, as their discrete Fourier transform does

    Returns
    -------
        complex (..., 2·half_width + 1, 2·half_width + 1), Δ = 0 at the centre; NaN without an object
    """
    window = torch.arange(-half_width, half_width + 1, device=noise.device)
    spectrum = torch.fft.fft2(difference) * torch.fft.fft2(noise * inside).conj()
    rows, columns = (window % n for n in noise.shape[-2:])
    correlation = torch.fft.ifft2(spectrum)[..., rows[:, None], columns]
    pixels = inside.sum(IMAGE)[..., None, None]
    return correlation / (2 * apart * pixels)


def degrees_of_freedom(
    probe: torch.Tensor, difference: torch.Tensor, eps: float, dims: Sequence[int] = IMAGE
) -> torch.Tensor:
    """Estimate the trace of ∂(A x)/∂y: df = Re⟨b, A[x(y + ε b) − x(y)]⟩ / ε.

    probe: b at the samples and difference: A[x(y + ε b) − x(y)] there, summed over `dims`; or, the same
    number for less work, Aᴴb and x(y + ε b) − x(y) as images (Ramani 2008,
    doi:10.1109/TIP.2008.2001404).
    """
    return inner(probe, difference, dims) / eps
