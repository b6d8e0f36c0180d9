"""The scripts simulate and preprocess, called as jobs call them."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from sharpfit.errors import InputError
from sharpfit.fitting.surrogate import surrogate
from sharpfit.results import hdf5
from sharpfit.study.jobs import readers_of

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
SIMULATION = {
    "object": "head",
    "matrix": [48, 40],
    "n_coils": 4,
    "noise_level": 0.03,
    "noise_correlation": 0.2,
    "seed": 2,
}
SCAN = {
    "file": "data/simulated/head.h5",
    "sampling": {"pattern": "lines", "acceleration": 2, "n_calibration": 16, "seed": 0},
}
HELD_OUT = {"fraction": 0.08, "seed": 11}


def script(name):
    spec = importlib.util.spec_from_file_location(f"script_{name}", SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data/simulated").mkdir(parents=True)
    script("simulate")(simulation=SIMULATION, output=Path(SCAN["file"]))
    return tmp_path


def run_preprocess(output, **changes):
    arguments = {"name": "head_r2", "scan": SCAN, "held_out": HELD_OUT, "raw": []} | changes
    arguments["readers"] = readers_of(arguments["scan"])
    script("preprocess")(**arguments, output=Path(output))


@pytest.mark.usefixtures("study")
def test_simulate_then_preprocess_gives_a_documented_file():
    run_preprocess("a.h5")
    datasets, attrs = hdf5.read("a.h5")
    kept = {"kspace", "csm", "mask", "held_out_mask", "noise_cov", "reference", "support", "surrogate"}
    assert kept == datasets.keys()
    np.testing.assert_array_equal(datasets["surrogate"], surrogate(datasets, attrs["sigma"]))
    units = json.loads(attrs["units"])
    said = {"scan", "units", "noise_check", *(name for name in attrs if name.endswith("_source"))}
    assert set(attrs) - said <= units.keys()
    assert attrs["scan"] == "head_r2"
    np.testing.assert_allclose(attrs["pixel_spacing_mm"], [5, 6])


@pytest.mark.usefixtures("study")
def test_both_scripts_write_the_same_bytes_twice():
    script("simulate")(simulation=SIMULATION, output=Path("again.h5"))
    assert Path("again.h5").read_bytes() == Path(SCAN["file"]).read_bytes()
    run_preprocess("a.h5")
    run_preprocess("b.h5")
    assert Path("a.h5").read_bytes() == Path("b.h5").read_bytes()


@pytest.mark.usefixtures("study")
def test_what_a_user_can_get_wrong_is_an_input_error():
    with pytest.raises(InputError, match="does not fit the matrix"):
        run_preprocess("a.h5", scan=SCAN | {"sampling": SCAN["sampling"] | {"n_calibration": 60}})
    with pytest.raises(InputError, match="no such file"):
        run_preprocess("a.h5", scan={"file": "x.npy"})
    assert not Path("a.h5").exists()
