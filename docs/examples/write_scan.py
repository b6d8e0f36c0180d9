"""Write a small fully sampled scan as (ky, kx, coil), a stand-in for a scanner's file: write_scan.py FILE."""

import sys

import numpy as np


def main(file: str, size: int = 64, n_coils: int = 6) -> None:
    """Simulate a disc with holes seen by coils on a circle, with noise, and save its k-space."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    image = 1.0 * (x**2 + (y / 0.8) ** 2 < 0.75)
    for place in (-0.45, 0.0, 0.45):
        image[(x - place) ** 2 + y**2 < 0.02] = 0.3
    angles = 2 * np.pi * np.arange(n_coils) / n_coils
    coils = [np.exp(-((x - np.cos(a)) ** 2 + (y - np.sin(a)) ** 2) / 1.5 + 1j * a) for a in angles]
    seen = np.stack([image * coil for coil in coils], axis=-1)
    kspace = np.fft.fftshift(
        np.fft.fft2(np.fft.ifftshift(seen, axes=(0, 1)), axes=(0, 1), norm="ortho"), axes=(0, 1)
    )
    noise = rng.standard_normal(kspace.shape) + 1j * rng.standard_normal(kspace.shape)
    np.save(file, (kspace + 0.02 * noise).astype(np.complex64))


if __name__ == "__main__":
    main(sys.argv[1])
