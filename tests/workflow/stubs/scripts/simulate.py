from pathlib import Path

from sharpfit.stub_text import text

from sharpfit import job


def main(*, simulation: dict, output: Path) -> None:
    output.write_text(f"simulated {text(simulation)}")


if __name__ == "__main__":
    job.run(main)
