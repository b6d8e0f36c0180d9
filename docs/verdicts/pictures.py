"""Copy the pictures of docs/verdicts.md out of the computed study: python docs/verdicts/pictures.py."""

import shutil
from pathlib import Path

HERE = Path(__file__).parent
SHOWN = {
    "frozen": "lines_r4/frozen",
    "starved": "lines_r4/starved",
    "over-fitting": "lines_r4/adam_zero_filled",
    "artefact": "few_coils_r6/adam_large_steps",
    "diverging": "lines_r4/diverging",
    "sharper": "lines_r4/descent",
}

if __name__ == "__main__":
    for name, fit in SHOWN.items():
        picture = HERE / "results" / "evaluate" / fit / "figures" / "images.png"
        shutil.copy(picture, HERE.parent / "figures" / f"verdict-{name}.png")
