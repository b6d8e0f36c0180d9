from pathlib import Path

from sharpfit.stub_text import text


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
    seen = f"{scan.read_text()} {reconstruction.read_text()} {history.read_text()}"
    chi2 = regime.get("optimizer", {}).get("lr", 1.0)
    evaluation.write_text(
        text({"scan": name, "regime": regime_name, "verdict": "sharper", "chi2": chi2, "seen": seen})
    )
    picked.write_text(f"picked {reconstruction.read_text()}")
    picture.write_text(f"picture {reconstruction.read_text()}")
    figures.mkdir()
    for kind in ("images", "curves", "sharpness"):
        (figures / f"{kind}.png").write_text(f"{kind} {reconstruction.read_text()}")
