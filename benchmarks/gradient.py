"""Time one gradient Aᴴ(A c − y) of a Cartesian multi-coil problem against its peers, in one run.

python benchmarks/gradient.py [--device cuda] [--repeats 30]    prints a Markdown table
"""

import argparse
import platform
import time

import numpy as np
import torch

from sharpfit.physics.acquisition import acquisition
from sharpfit.physics.operators import Coils, Fourier, Sampling

SHAPES = [(8, 128, 128), (8, 230, 180), (16, 256, 256)]


def masks(shape):
    lines = np.zeros(shape, bool)
    lines[::4] = True
    lines[shape[0] // 2 - 8 : shape[0] // 2 + 8] = True
    points = np.random.default_rng(0).random(shape) < lines.mean()
    return {"lines R = 4": lines, "points": points, "full": np.ones(shape, bool)}


def best_ms(function, repeats, device):
    times = []
    for _ in range(repeats + 2):
        start = time.perf_counter()
        function()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times[2:])


def candidates(csm, mask, y, c, device):
    """One callable for every way to the same gradient; the first is ours."""
    fast = acquisition(csm[None], mask).encoding
    plain = Sampling(mask) @ Fourier() @ Coils(csm)
    staged_y, staged_c = fast.stage(y[None]), fast.stage_image(c[None])
    adjoint_y = fast.adjoint(staged_y)
    leaf = c.clone().requires_grad_()

    def autograd():
        leaf.grad = None
        (0.5 * (plain(leaf) - y).abs().square().sum()).backward()

    found = {
        "ours: Aᴴ(A c − y), staged": lambda: fast.adjoint(fast(staged_c) - staged_y),
        "AᴴA c − Aᴴy, staged": lambda: fast.gram(staged_c) - adjoint_y,
        "Aᴴ(A c − y), shifts in the loop": lambda: plain.H(plain(c) - y),
        "autograd, shifts in the loop": autograd,
    }
    if device.type == "cpu":
        import sigpy.mri

        sense = sigpy.mri.linop.Sense(csm.numpy(), weights=mask.numpy().astype(np.float32))
        y_numpy, c_numpy = y.numpy(), c.numpy()
        found["SigPy Sense"] = lambda: sense.H(sense(c_numpy) - y_numpy)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=30)
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    torch.set_num_threads(1)
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"{platform.machine()} CPU, 1 thread"
    print(f"{name}; torch {torch.__version__}; best of {arguments.repeats}, ms (ratio to ours)\n")
    rows = []
    for shape in SHAPES:
        generator = torch.Generator().manual_seed(0)
        csm, y = (torch.randn(shape, dtype=torch.complex64, generator=generator).to(device) for _ in range(2))
        c = torch.randn(shape[1:], dtype=torch.complex64, generator=generator).to(device)
        for kind, mask in masks(shape[1:]).items():
            found = candidates(csm, torch.from_numpy(mask).to(device), y, c, device)
            times = {name: best_ms(call, arguments.repeats, device) for name, call in found.items()}
            ours = next(iter(times.values()))
            rows.append(
                [
                    f"{' × '.join(map(str, shape))}, {kind}",
                    *(f"{t:.2f} ({t / ours:.1f})" for t in times.values()),
                ]
            )
    print("| coils × ky × kx | " + " | ".join(found) + " |\n|" + "---|" * (len(found) + 1))
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
