from pathlib import Path

from sharpfit import job


def main(*, simulation: dict, output: Path) -> None:
    output.write_text(f"simulated {simulation['seed']}\n")


if __name__ == "__main__":
    job.run(main)
