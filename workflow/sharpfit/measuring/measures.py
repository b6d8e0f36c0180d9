"""What is measured along a fit, on the device where it runs.

Leading axes batch freely and never mix; images are centred complex tensors (..., y, x). Reductions are
done in float64 whatever the images are. d is one draw of the noise that the whole iterative reconstruction
x(·) passes on: σ (∂x/∂y) w, w of unit variance per real and imaginary component
(`sharpfit.fitting.replicas`).
"""

from collections.abc import Sequence

import torch

from sharpfit.physics.norms import IMAGE, energy, inner
from sharpfit.physics.operators import Fourier


def noise_variance(d: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """Sum an image's variance over the object: v = Σ|d|² where inside, bool (..., y, x).

    Exact for fits that are linear in the data; of others see `sharpfit.fitting.replicas`.
    """
    return energy(d * inside)


def data_noise_variance(d: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """Sum that variance over the samples: v_data = ‖A d‖² = Re⟨d, AᴴA d⟩, seen AᴴA d."""
    return inner(d, seen)


def noise_map(d: torch.Tensor) -> torch.Tensor:
    """Estimate the standard deviation of every complex pixel: √(mean over draws of |d|²).

    d: (draw, ..., y, x). Returns float64 (..., y, x) (Robson 2008).
    """
    return d.to(torch.complex128).abs().square().mean(0).sqrt()


def gradient_energies(
    x: torch.Tensor, d: torch.Tensor, inside: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sharpness that the noise does not share, and sharpness as two halves of the data show it.

    Of the halves x₊ = x + d and x₋ = x − d (data fission, Leiner 2023), whose noise is independent, they are
    G = Re⟨∇x₊, ∇x₋⟩ = ‖∇x‖² − ‖∇d‖² and P = (‖∇x₊‖² + ‖∇x₋‖²) / 2 = ‖∇x‖² + ‖∇d‖²: x holds as much noise
    as d, so it cancels from the mean of G. ∇ are periodic forward differences along y and x that begin in
    the pixels of inside, bool (..., y, x).
    """
    of_image, of_noise = _gradient_energy(x, inside), _gradient_energy(d, inside)
    return of_image - of_noise, of_image + of_noise


def _gradient_energy(x: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    along_y, along_x = (energy((torch.roll(x, -1, axis) - x) * inside) for axis in IMAGE)
    return along_y + along_x


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
    """Fourier ring correlation of two halves of the data.

    FRC(r) = Re Σ X₊ conj(X₋) / √(Σ|X₊|² Σ|X₋|²), the sums over ring r (van Heel & Schatz 2005,
    doi:10.1016/j.jsb.2005.05.009). plus, minus: (..., y, x); rings from `ring_index`.
    Returns float64 (..., ring), NaN where a ring holds no energy.
    """
    spectrum_plus, spectrum_minus = (Fourier().forward(half.to(torch.complex128)) for half in (plus, minus))
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
    noise: torch.Tensor, d: torch.Tensor, inside: torch.Tensor, sigma: float, half_width: int
) -> torch.Tensor:
    """Average local point spread function of a reconstruction over the object.

    The resolution matrix is R = (∂x/∂y) A, and E[(∂x/∂y) w (Aᴴw)ᴴ] = 2 R for noise w of unit variance per
    component. So the mean over the object's pixels p of R(p + Δ, p) is, within √(1 / pixels) of it,

        Σ_p d(p + Δ) conj(Aᴴw)(p) / (2 σ · pixels).

    Parameters
    ----------
    noise
        Aᴴw, centred complex images (..., y, x)
    d
        σ (∂x/∂y) w
    inside
        the object, bool (..., y, x)
    sigma
        σ
    half_width
        largest |Δ| along each axis; images wrap around, as their discrete Fourier transform does

    Returns
    -------
        complex (..., 2·half_width + 1, 2·half_width + 1), Δ = 0 at the centre; NaN without an object
    """
    window = torch.arange(-half_width, half_width + 1, device=noise.device)
    spectrum = torch.fft.fft2(d) * torch.fft.fft2(noise * inside).conj()
    rows, columns = (window % n for n in noise.shape[-2:])
    correlation = torch.fft.ifft2(spectrum)[..., rows[:, None], columns]
    pixels = inside.sum(IMAGE)[..., None, None]
    return correlation / (2 * sigma * pixels)


def degrees_of_freedom(
    noise: torch.Tensor, d: torch.Tensor, sigma: float, dims: Sequence[int] = IMAGE
) -> torch.Tensor:
    """Estimate the trace of ∂(A x)/∂y: df = Re⟨w, A d⟩ / σ (Ramani 2008, doi:10.1109/TIP.2008.2001404).

    noise: w at the samples and d: A d there, summed over `dims`; or, the same number for less work, Aᴴw and d
    as images.
    """
    return inner(noise, d, dims) / sigma
