"""Copy the pictures of docs/verdicts.md out of the computed study: python docs/verdicts/pictures.py."""

import json
import shutil
from pathlib import Path

HERE = Path(__file__).parent
#: Picture, fit, what the judge has to say of it to be the page's example, and which figure shows that.
SHOWN = (
    ("frozen", "lines_r4/frozen", "frozen", "images"),
    ("starved", "lines_r4/starved", "under-fitted", "images"),
    ("over-fitting", "lines_r4/adam_zero_filled", "over-fitting", "images"),
    ("artefact", "few_coils_r6/adam_large_steps", "diverging", "images"),
    ("diverging", "lines_r4/diverging", "diverging", "images"),
    ("sharper", "lines_r4/descent", "sharper", "sharpness"),
)


def copy_pictures() -> None:
    """Copy every picture whose fit is judged as the page says; end in one line at the first that is not."""
    for name, fit, verdict, figure in SHOWN:
        folder = HERE / "results" / "evaluate" / fit
        found = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))["verdict"]
        if found != verdict:
            raise SystemExit(f"error: {fit} is judged {found}; verdicts.md shows it as {verdict}")
        shutil.copy(folder / "figures" / f"{figure}.png", HERE.parent / "figures" / f"verdict-{name}.png")


if __name__ == "__main__":
    copy_pictures()
