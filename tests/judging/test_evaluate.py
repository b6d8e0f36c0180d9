"""From the files of reconstruct to the files of evaluate."""

import csv
from dataclasses import replace

import h5py
import numpy as np
import pytest
from made_records import made_record, with_history
from matplotlib.image import imread

from sharpfit.errors import InputError
from sharpfit.judging import evaluate
from sharpfit.judging.record import MEASURES
from sharpfit.reporting import figures
from sharpfit.results import hdf5, picked_file, reconstruction_file

LEVEL = evaluate.NoiseLevel(0.3, 0.3, np.nan, "not checked")


def write_reconstruction(folder, record, images):
    arrays = {name: getattr(record, name) for name in MEASURES}
    top = {name: arrays.pop(name) for name in ("iterations", "frc_counts")}
    attrs = {name: getattr(record, name) for name in reconstruction_file.ATTRIBUTES}
    datasets = {"images": images, **top, **{f"measures/{name}": array for name, array in arrays.items()}}
    hdf5.write(folder / "reconstruction.h5", datasets, attrs)
    with (folder / "history.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(record.history)
        writer.writerows(zip(*record.history.values(), strict=True))
    return folder / "reconstruction.h5", folder / "history.csv"


def images_of(record):
    images = np.zeros((len(record.iterations), 1, 24, 20), np.complex64)
    images[:, :, 6:18, 5:15] = (record.iterations / 100)[:, None, None, None]
    return images


def test_a_fit_that_left_the_finite_numbers_is_judged_from_its_files(tmp_path):
    record = made_record(sigma=0.3, conditioning=1e-3)
    rss = record.rss.copy()
    rss[-1] = np.inf
    record = replace(
        record, rss=rss, history=with_history(record, chi2=np.r_[record.history["chi2"][:-1], np.inf])
    )
    images = images_of(record)
    images[-1] = np.nan
    read = reconstruction_file.read_record(*write_reconstruction(tmp_path, record, images))
    judged = evaluate.evaluate(read, images.__getitem__, images[-2], LEVEL)
    assert judged.judgement.verdict == "diverging"
    assert judged.judgement.picked < judged.judgement.last == len(record.iterations) - 1
    assert np.isnan(judged.last_quality.nrmse)
    assert np.isfinite(judged.picked_quality.nrmse)


def test_pictures_and_the_picked_image(tmp_path):
    record = made_record(conditioning=0.9)
    images = images_of(record)
    judged = evaluate.evaluate(record, images.__getitem__, None, LEVEL)
    figures.draw_fit(tmp_path / "figures", judged, images[3], images[-1], None, "head, constant")
    for name in ("images", "curves", "sharpness"):
        assert imread(tmp_path / "figures" / f"{name}.png").ndim == 3
    picked_file.write_picked(tmp_path / "picked.h5", images[3], 3)
    with h5py.File(tmp_path / "picked.h5") as file:
        assert file["image"].dtype == np.complex64
        assert file["image"].shape == (1, 24, 20)
        assert file.attrs["iteration"] == 3


def test_a_reconstruction_without_a_measure_is_refused(tmp_path):
    record = made_record()
    reconstruction, history = write_reconstruction(tmp_path, record, images_of(record))
    with h5py.File(reconstruction, "a") as file:
        del file["measures/df"]
    with pytest.raises(InputError, match="df"):
        reconstruction_file.read_record(reconstruction, history)
