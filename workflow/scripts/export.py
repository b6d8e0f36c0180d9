"""Write an image of a fit for other programs: results → results/export/<scan>/<regime>/."""

import json
from importlib import import_module
from pathlib import Path

from sharpfit.exporting.formats import ENDINGS, WRITERS
from sharpfit.exporting.picture import read_picture


def main(
    *,
    name: str,
    regime_name: str,
    image: str,
    formats: list[str],
    scan: Path,
    source: Path,
    account: Path,
    images: Path,
) -> None:
    """Read the image and its place; write it in each format, and say what was written."""
    picture = read_picture(scan, source, image, f"{name}, {regime_name}")
    images.mkdir()
    said: dict[str, object] = dict(picture.said())
    said["scale"] = {
        kind: import_module(f"{WRITERS}.{kind}").write(
            images / (f"{name}_{regime_name}{ENDINGS[kind]}" if ENDINGS[kind] else kind), picture
        )
        for kind in formats
    }
    account.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
