"""Judge one reconstruction: verdict, picked image, figures."""

from pathlib import Path
from typing import Any

import h5py

from sharpfit import evaluation as core
from sharpfit import figures as pictures
from sharpfit import job


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
    record = core.read_record(reconstruction, history)
    with h5py.File(scan) as scan_file, h5py.File(reconstruction) as file:
        reference = scan_file["reference"][()] if "reference" in scan_file else None
        images = file["images"]
        uncertainty = float(scan_file.attrs.get("sigma_uncertainty", "nan"))
        judged = core.evaluate(record, images.__getitem__, reference, uncertainty)
        best, last = images[judged.judgement.picked], images[judged.judgement.last]
    content = core.as_json(judged, name, regime_name, regime)
    core.write_json(evaluation, content)
    core.write_image(picked, best, content["picked_iteration"])
    pictures.save_picture(picture, best)
    core.draw(figures, judged, best, last, reference, f"{name}, {regime_name}: {content['verdict']}")


if __name__ == "__main__":
    job.run(main)
