"""Time a judged fit against the plain torch loop on one item with the same operator, in one run.

python benchmarks/judged.py [--repeats 3]    prints a Markdown table
"""

import argparse
import datetime
import platform
import time

import torch

from sharpfit.files.raw_scan import FileArray, RawScan
from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.fitting.surrogate import with_surrogate
from sharpfit.physics.acquisition import acquisition
from sharpfit.preparing.preprocess import preprocess
from sharpfit.simulation.simulate import simulate

N_ITERATIONS = 200
REGIME = {"optimizer": {"name": "Adam", "lr": 0.01}, "start": "zero", "n_iterations": N_ITERATIONS}
MEASURES = {"n_checkpoints": 25, "n_replicas": 1, "seed": 7}
HELD_OUT = {"fraction": 0.08, "seed": 11}
LINES = {"pattern": "lines", "acceleration": 4, "n_calibration": 16, "seed": 0}
DISC = {"pattern": "poisson", "acceleration": 4, "n_calibration": 16, "seed": 0}
CASES = [
    (8, (128, 128), LINES, 0.03),
    (8, (128, 128), DISC, 0.03),
    (32, (128, 128), LINES, 0.03),
    (8, (256, 256), LINES, 0.005),
]


def scan_of(n_coils, shape, sampling, noise_level):
    made = simulate(
        object="ellipses",
        matrix=list(shape),
        n_coils=n_coils,
        noise_level=noise_level,
        noise_correlation=0.2,
        seed=1,
    )
    noise = FileArray(made.noise, "noise", ("coil", "sample"))
    maps = FileArray(made.csm, "maps", ("slice", "coil", "y", "x"))
    raw = RawScan(made.kspace, "simulated", "simulated", noise=noise, csm=maps)
    return with_surrogate(*preprocess(raw, held_out=HELD_OUT, sampling_parameters=sampling))


def plain(datasets):
    """Adam on ½‖A c − y‖²: what a person writes who knows the operator and asks nothing else."""
    A = acquisition(torch.from_numpy(datasets["csm"]), torch.from_numpy(datasets["mask"]))
    y = A.encoding.stage(torch.from_numpy(datasets["kspace"]))
    c = torch.zeros_like(A.adjoint(y)).requires_grad_()
    optimizer = torch.optim.Adam([c], lr=0.01)
    for _ in range(N_ITERATIONS):
        c.grad = A.adjoint(A(c.detach()) - y)
        optimizer.step()


def judged(datasets, attrs):
    reconstruct(datasets, attrs, REGIME, MEASURES, device=torch.device("cpu"))


def seconds(function, *arguments):
    begun = time.process_time()
    function(*arguments)
    return time.process_time() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    today = datetime.datetime.now(tz=datetime.UTC).date()
    print("# What judging costs: a fit with all that is known of it, against the plain torch loop\n")
    print("Asked: at most 3 for line masks, at most 6 for others.\n")
    print(
        f"{platform.machine()} CPU, one thread, torch {torch.__version__}, {today}; {N_ITERATIONS} steps "
        f"of Adam, {MEASURES['n_checkpoints']} checkpoints; CPU seconds, least of {repeats} taken in turns\n"
    )
    print("| coils × ky × kx | mask, R = 4 | noise | plain loop | judged fit | ratio |\n" + "|---" * 6 + "|")
    for n_coils, shape, sampling, noise_level in CASES:
        datasets, attrs = scan_of(n_coils, shape, sampling, noise_level)
        pairs = [(seconds(plain, datasets), seconds(judged, datasets, attrs)) for _ in range(repeats + 1)]
        alone, with_judge = (min(times) for times in zip(*pairs[1:], strict=True))
        print(
            f"| {n_coils} × {shape[0]} × {shape[1]} | {sampling['pattern']} | {noise_level} | {alone:.2f} "
            f"| {with_judge:.2f} | {with_judge / alone:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
