"""Copy the pictures of docs/verdicts.md out of two computed studies, this folder's and the default one."""

import shutil
from pathlib import Path

HERE = Path(__file__).parent
DEFAULT = HERE.parents[1]
SHOWN = {
    "frozen": (HERE, "lines_r4/frozen"),
    "starved": (HERE, "lines_r4/starved"),
    "over-fitting": (HERE, "lines_r4/adam_zero_filled"),
    "artefact": (HERE, "few_coils_r6/adam_large_steps"),
    "diverging": (HERE, "lines_r4/diverging"),
    "sharper": (DEFAULT, "head_r4/warmup_cosine"),
}

if __name__ == "__main__":
    for name, (study, fit) in SHOWN.items():
        picture = study / "results" / "evaluate" / fit / "figures" / "images.png"
        shutil.copy(picture, HERE.parent / "figures" / f"verdict-{name}.png")
