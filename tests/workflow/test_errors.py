"""Row 11: whatever is wrong with the study is said in one clear line, before any job starts."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from scratch import REPOSITORY, STUBS, Scratch, build

from sharpfit.errors import InputError
from sharpfit.study.params import validate

SCHEMA = REPOSITORY / "workflow" / "schemas" / "params.schema.yaml"
IN_PARAMS = {
    "misspelled key": (
        "regimes.fast.optimiser",
        {},
        "regimes.fast.optimiser is not known here; did you mean optimizer?",
    ),
    "unknown key": (
        "scans.measured.colour",
        "red",
        "scans.measured.colour is not known here; known here: file,",
    ),
    "missing key": ("regimes.fast.start", None, "regimes.fast.start is missing"),
    "wrong type": (
        "regimes.fast.n_iterations",
        "x",
        "regimes.fast.n_iterations = 'x' should be a whole number",
    ),
    "number as text": ("regimes.fast.optimizer.lr", "1e-3", "= '1e-3' is text; write 0.001 without quotes"),
    "not finite": (
        "regimes.fast.optimizer.lr",
        float("nan"),
        "fast.optimizer.lr = nan is not a finite number",
    ),
    "wrong word": ("regimes.fast.start", "random", "start = 'random' should be one of zero, zero_filled"),
    "wrong pattern": ("scans.measured.sampling.pattern", "spiral", "should be one of full, lines, poisson"),
    "pattern's key": (
        "scans.measured.sampling.acceleration",
        2,
        "measured.sampling.acceleration is not known",
    ),
    "bad name": ("regimes.a/b", {}, "'a/b' cannot be a name"),
    "no regimes": ("regimes", {}, "regimes is empty"),
    "out of range": ("held_out.fraction", 0.7, "held_out.fraction: 0.7 is greater than the maximum of 0.5"),
}
IN_A_RUN = {
    "misspelled key": IN_PARAMS["misspelled key"],
    "missing file": (
        "scans.measured.file",
        "data/raw/mesured.npy",
        "measured: data/raw/mesured.npy does not exist",
    ),
    "no simulation": (
        "scans.synthetic.file",
        "data/simulated/mad.h5",
        "mad.h5 is made by no entry of simulations",
    ),
    "device": ("device", "cuda", "device is no parameter; give it in a profile or by --config device="),
}


@pytest.mark.parametrize("name", IN_PARAMS)
def test_a_mistake_in_params_is_said_in_one_line(tmp_path: Path, name: str) -> None:
    shutil.copy(STUBS / "params.yaml", tmp_path)
    key, value, message = IN_PARAMS[name]
    study = Scratch(tmp_path)
    study.edit(key, value)
    with pytest.raises(InputError) as caught:
        validate(study.params(), SCHEMA)
    assert message in str(caught.value)
    assert str(caught.value).startswith("params.yaml: ")


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory, warm: Path) -> Scratch:
    return build(tmp_path_factory.mktemp("broken") / "study", warm)


@pytest.mark.workflow
@pytest.mark.parametrize("name", IN_A_RUN)
def test_a_mistake_ends_in_one_line_before_any_job(broken: Scratch, name: str) -> None:
    before = (broken.root / "params.yaml").read_text()
    key, value, message = IN_A_RUN[name]
    broken.edit(key, value)
    try:
        assert broken.snakemake(ok=False) == set()
    finally:
        (broken.root / "params.yaml").write_text(before)
    (line,) = [line for line in broken.output.splitlines() if line.startswith("error: ")]
    assert message in line
    assert "Traceback" not in broken.output
    assert len(broken.output.splitlines()) <= 4


@pytest.mark.workflow
def test_data_that_is_no_k_space_ends_in_one_line_at_its_job(broken: Scratch) -> None:
    raw = broken.root / "data/raw/measured.npy"
    raw.write_text("NaN")
    broken.snakemake("--keep-going", ok=False)
    raw.write_text("echoes")
    assert "error: data/raw/measured.npy: holds NaN; this is no k-space" in broken.output.splitlines()
    assert "Traceback" not in broken.output
    assert not (broken.root / "results/preprocess/measured.h5").exists()


def real_study(root: Path, commands: Path) -> Scratch:
    """A study with the real scripts, one k-space of NaN and one of zeros."""
    for name in ("profiles", "workflow"):
        shutil.copytree(REPOSITORY / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "Snakefile", root)
    (root / "data/raw").mkdir(parents=True)
    for name, value in (("nan", np.nan), ("zero", 0)):
        np.save(root / f"data/raw/{name}.npy", np.full((16, 16, 2), value, np.complex64))
    params = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
    params["simulations"] = {}
    params["scans"] = {
        name: {"file": f"data/raw/{name}.npy", "axes": ["ky", "kx", "coil"]} for name in ("nan", "zero")
    }
    params["regimes"] = {"fast": params["regimes"]["constant"]}
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    study = Scratch(root, commands=commands)
    study.git("init", "-q")
    return study


@pytest.mark.workflow
def test_the_real_scripts_say_what_is_wrong_in_one_line(tmp_path: Path, warm: Path) -> None:
    study = real_study(tmp_path / "study", warm)
    assert study.snakemake("--keep-going", ok=False) == {"preprocess nan", "preprocess zero"}
    assert "Traceback" not in study.output
    errors = sorted(line for line in study.output.splitlines() if line.startswith("error: "))
    assert errors == [
        "error: data/raw/nan.npy: 512 values are NaN or infinite, the first at ky 0, kx 0, coil 0",
        "error: data/raw/zero.npy: every value is zero",
    ]
    assert not list((study.root / "results").rglob("*.h5"))
    study.edit("regimes.fast.optimizer.momentun", 0.9)
    assert study.snakemake(ok=False) == set()
    assert "Traceback" not in study.output
    (line,) = [line for line in study.output.splitlines() if line.startswith("error: ")]
    assert "params.yaml: regimes.fast.optimizer" in line
    assert "momentun" in line


def test_the_default_study_is_valid(tmp_path: Path) -> None:
    params = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
    validate(params, SCHEMA)
    with pytest.raises(InputError, match="is missing"):
        validate({}, SCHEMA)
