"""Judge one reconstruction: verdict, picked image, figures."""

from pathlib import Path
from typing import Any

import h5py

from sharpfit.judging.evaluate import evaluate
from sharpfit.reporting import figures as pictures
from sharpfit.results import evaluation_file
from sharpfit.results.reconstruction_file import read_record


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
    record = read_record(reconstruction, history)
    with h5py.File(scan) as scan_file, h5py.File(reconstruction) as file:
        reference = scan_file["reference"][()] if "reference" in scan_file else None
        images = file["images"]
        uncertainty = float(scan_file.attrs.get("sigma_uncertainty", "nan"))
        judged = evaluate(record, images.__getitem__, reference, uncertainty)
        best, last = images[judged.judgement.picked], images[judged.judgement.last]
    content = evaluation_file.as_json(judged, name, regime_name, regime)
    evaluation_file.write_json(evaluation, content)
    evaluation_file.write_image(picked, best, content["picked_iteration"])
    pictures.save_picture(picture, best)
    pictures.draw_fit(figures, judged, best, last, reference, f"{name}, {regime_name}: {content['verdict']}")
