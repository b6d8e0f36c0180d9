import json
from pathlib import Path

from sharpfit import job


def main(
    *,
    name: str,
    regime_name: str,
    regime: dict,
    scan: Path,
    reconstruction: Path,
    history: Path,
    evaluation: Path,
    picked: Path,
    picture: Path,
    figures: Path,
) -> None:
    seen = [path.read_text().strip() for path in (scan, reconstruction, history)]
    evaluation.write_text(
        json.dumps({"scan": name, "regime": regime_name, "verdict": "sharper", "seen": seen}) + "\n"
    )
    picked.write_text(f"picked from {seen[1]}\n")
    picture.write_text(f"picture of {seen[1]}\n")
    figures.mkdir()
    for kind in ("images", "curves", "sharpness"):
        (figures / f"{kind}.png").write_text(f"{kind} of {seen[1]}\n")


if __name__ == "__main__":
    job.run(main)
