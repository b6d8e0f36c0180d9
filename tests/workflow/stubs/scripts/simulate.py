from pathlib import Path

from sharpfit.stub_text import text


def main(*, simulation: dict, output: Path) -> None:
    output.write_text(f"simulated {text(simulation)}")
