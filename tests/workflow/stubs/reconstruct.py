from pathlib import Path

from sharpfit.stub_solver import solve

from sharpfit import job


def main(*, scan: Path, regime: dict, measures: dict, reconstruction: Path, history: Path) -> None:
    lines = solve(scan.read_text().strip(), regime, measures)
    reconstruction.write_text(lines[-1] + "\n")
    history.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    job.run(main)
