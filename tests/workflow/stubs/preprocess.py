from pathlib import Path

from sharpfit import job


def main(*, name: str, scan: dict, held_out: dict, raw: list[Path], output: Path) -> None:
    content = "+".join(path.read_text().strip() for path in raw)
    output.write_text(f"preprocessed {name} of ({content}) {scan['sampling']} {held_out}\n")


if __name__ == "__main__":
    job.run(main)
