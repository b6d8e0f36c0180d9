from pathlib import Path

from sharpfit.stub_solver import solve


def main(*, scan: Path, regime: dict, measures: dict, reconstruction: Path, history: Path) -> None:
    image = solve(scan.read_text(), regime, measures)
    reconstruction.write_text(image)
    history.write_text(
        "iteration,chi2\n" + "".join(f"{t},{10 / (t + 1)}\n" for t in range(regime["n_iterations"]))
    )
