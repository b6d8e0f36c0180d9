"""From the files of reconstruct to the files of evaluate."""

import csv
from dataclasses import replace

import h5py
import numpy as np
import pytest
import torch
from made_records import made_record, with_history
from matplotlib.image import imread

from sharpfit.errors import InputError
from sharpfit.files.axes import FileArray
from sharpfit.files.raw_scan import RawScan
from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.fitting.surrogate import with_surrogate
from sharpfit.judging import evaluate
from sharpfit.judging.record import MEASURES
from sharpfit.measuring import quality
from sharpfit.measuring.quality import Reference
from sharpfit.preparing.preprocess import preprocess
from sharpfit.reporting import figures
from sharpfit.results import hdf5, picked_file, reconstruction_file
from sharpfit.simulation.simulate import simulate

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
    judged = evaluate.evaluate(read, images.__getitem__, Reference(images[-2], abs(images[-2]) > 0), LEVEL)
    assert judged.judgement.verdict == "diverging"
    assert judged.judgement.picked < judged.judgement.last == len(record.iterations) - 1
    assert np.isnan(judged.last_quality.nrmse)
    assert np.isfinite(judged.picked_quality.nrmse)


def test_pictures_and_the_picked_image(tmp_path):
    record = made_record(conditioning=0.9)
    images = images_of(record)
    judged = evaluate.evaluate(record, images.__getitem__, None, LEVEL)
    figures.draw_fit(tmp_path / "figures", judged, images.__getitem__, None, abs(images[-1]) > 0, "head")
    for name in ("images", "curves", "sharpness"):
        assert imread(tmp_path / "figures" / f"{name}.png").ndim == 3
    picked_file.write_picked(tmp_path / "picked.h5", images[3], 3, "iteration 3")
    with h5py.File(tmp_path / "picked.h5") as file:
        assert file["image"].dtype == np.complex64
        assert file["image"].shape == (1, 24, 20)
        assert file.attrs["iteration"] == 3


def test_the_pictures_of_a_path_of_weights_show_the_picked_and_the_smallest(tmp_path, monkeypatch):
    drawn = {}
    monkeypatch.setattr(figures, "draw_images", lambda path, *images, **_: drawn.update(images=images))
    monkeypatch.setattr(figures, "draw_curves", lambda path, along, *_, **__: drawn.update(along=along))
    record = made_record(conditioning=0.9)
    weights = (np.nan, *np.geomspace(3, 0.05, len(record.iterations) - 1))
    images = images_of(record)
    judged = evaluate.evaluate(replace(record, weights=weights), images.__getitem__, None, LEVEL)
    figures.draw_fit(tmp_path, judged, images.__getitem__, None, abs(images[-1]) > 0, "head")
    picked, smallest = drawn["images"][:2]
    assert picked[0] == f"picked, weight {weights[judged.judgement.picked]:.3g} σ"
    assert smallest[0] == "smallest, weight 0.05 σ"
    assert np.array_equal(smallest[1], images[-1])
    assert drawn["along"].is_path
    assert (np.diff(drawn["along"].values) > 0).all()


def test_a_reconstruction_without_a_measure_is_refused(tmp_path):
    record = made_record()
    reconstruction, history = write_reconstruction(tmp_path, record, images_of(record))
    with h5py.File(reconstruction, "a") as file:
        del file["measures/df"]
    with pytest.raises(InputError, match="df"):
        reconstruction_file.read_record(reconstruction, history)


def test_an_error_against_noisy_samples_is_told_as_against_the_truth():
    """A fit of R = 1 data: their own combination says that the image gets better to the end; it does not."""
    made = simulate(object="head", matrix=[48, 40], n_coils=4, noise_level=0.1, noise_correlation=0.0, seed=1)
    noise = FileArray(made.noise, "noise", None)
    csm = FileArray(made.csm, "maps", ("slice", "coil", "y", "x"))
    errors = []
    for twin in (made.noise_free, None):
        raw = RawScan(made.kspace, "scan", "as known", noise=noise, noise_free=twin, csm=csm)
        datasets, attrs = with_surrogate(*preprocess(raw, held_out={"fraction": 0.08, "seed": 2}))
        regime = {"optimizer": {"name": "SGD", "lr": 0.5}, "start": "zero", "n_iterations": 40}
        measures = {"n_checkpoints": 8, "n_replicas": 1, "seed": 3}
        fit, _, _ = reconstruct(datasets, attrs, regime, measures, device=torch.device("cpu"))
        variance, energy = (attrs[f"reference_noise_{part}"] for part in ("variance", "energy"))
        told = Reference(datasets["reference"], datasets["support"], variance, energy)
        shared = fit["measures/shared_noise"].sum(1).mean(-1)
        errors.append([quality.nrmse(x, told, s) for x, s in zip(fit["images"], shared, strict=True)])
        naive = quality.nrmse(fit["images"][-1], Reference(datasets["reference"], datasets["support"]))
    assert naive < 0.5 * errors[0][-1]
    np.testing.assert_allclose(errors[1], errors[0], rtol=0.03)
