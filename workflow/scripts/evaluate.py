"""Judge one reconstruction: verdict, picked image, figures."""

from pathlib import Path
from typing import Any

from sharpfit.judging.evaluate import evaluate
from sharpfit.reporting import figures as pictures
from sharpfit.results.evaluation import as_evaluation
from sharpfit.results.evaluation_file import write_evaluation
from sharpfit.results.picked_file import write_picked
from sharpfit.results.reconstruction_file import images_of, read_record
from sharpfit.results.scan_file import read_noise, read_reference, read_support


def main(
    *,
    name: str,
    regime_name: str,
    regime: dict[str, Any],
    scan: Path,
    reconstruction: Path,
    history: Path,
    evaluation: Path,
    picked: Path,
    picture: Path,
    figures: Path,
) -> None:
    """Read a reconstruction and its scan; write evaluation.json, picked.h5, picked.png and figures/."""
    reference, record = read_reference(scan), read_record(reconstruction, history)
    with images_of(reconstruction) as image_at:
        judged = evaluate(record, image_at, reference, read_noise(scan))
        best = image_at(judged.judgement.picked)
        found = as_evaluation(judged, name, regime_name, regime)
        write_evaluation(evaluation, found)
        write_picked(picked, best, found.picked_iteration, found.picked_at)
        pictures.save_picture(picture, best)
        image = None if reference is None else reference.image
        title = f"{name}, {regime_name}: {found.verdict}"
        pictures.draw_fit(figures, judged, image_at, image, read_support(scan), title)
