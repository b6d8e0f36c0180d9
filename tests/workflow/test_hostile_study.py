"""A study's folder is data: whatever it brings, nothing in it is executed."""

from pathlib import Path

import pytest
from scratch import Scratch, build

pytestmark = pytest.mark.workflow
PROOF = "import pathlib; pathlib.Path(__file__).with_name('executed').touch()\n"
MODULES = (
    "json",
    "numpy",
    "yaml",
    "sharpfit/__init__",
    "sitecustomize",
    "rfc3987",
    "cupy",
    "torch",
    "usercustomize",
)
LOOKS = (
    "show",
    "watch",
    "compare . .",
    "inspect data/raw/measured.npy",
    "lr-find synthetic",
    "pack handed.zip",
)


@pytest.fixture(scope="module")
def workflow(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    return build(tmp_path_factory.mktemp("code") / "workflow")


def received(workflow: Scratch, folder: Path) -> Scratch:
    """A study in a folder of its own, as a colleague sends it."""
    (folder / "data/raw").mkdir(parents=True)
    (folder / "data/raw/measured.npy").write_text("echoes")
    (folder / "params.yaml").write_bytes((workflow.root / "params.yaml").read_bytes())
    return Scratch(folder)


def executed(study: Scratch) -> list[Path]:
    return list(study.root.rglob("executed"))


def test_templates_in_params_are_not_executed(workflow: Scratch, tmp_path: Path) -> None:
    study = received(workflow, tmp_path / "study")
    proof = study.root / "executed"
    code = f"__use_yte__: true\n__definitions__:\n  - import pathlib\n  - pathlib.Path('{proof}').touch()\n"
    (study.root / "params.yaml").write_text(code + (study.root / "params.yaml").read_text())
    done = workflow.call("snakemake", "-n", "--directory", str(study.root), ok=False)
    assert done.returncode != 0
    assert "error: params.yaml: __use_yte__ is not known here" in done.stdout
    assert not executed(study)


def test_modules_in_a_study_are_not_imported(workflow: Scratch, tmp_path: Path) -> None:
    study = received(workflow, tmp_path / "study")
    for folder in (study.root, study.root / ".snakemake/pip-deployments", study.root / "data"):
        for module in MODULES:
            file = folder / f"{module}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(PROOF)
    workflow.call("snakemake", "--cores", "2", "--directory", str(study.root))
    study.check()
    assert not executed(study)
    again = study.call("sharpfit", "why", ok=False).stdout
    assert "params.yaml" not in again
    for command in LOOKS:
        study.call("sharpfit", *command.split(), ok=False)
    study.call("dvc", "repro", "--dry", ok=False)
    assert not executed(study)


def test_only_the_device_is_given_on_the_command_line(workflow: Scratch) -> None:
    workflow.call("snakemake", "-n", "--config", "device=cpu")
    done = workflow.call("snakemake", "-n", "--config", "devise=cpu", ok=False)
    assert (
        "error: --config devise: only device and allow_code are given so; parameters stand in params.yaml"
        in done.stdout
    )


@pytest.mark.parametrize("name", [".numba_config.yaml", "matplotlibrc"])
def test_settings_that_libraries_read_from_a_folder_are_refused(
    workflow: Scratch, tmp_path: Path, name: str
) -> None:
    study = received(workflow, tmp_path / "study")
    (study.root / name).write_text("cache_dir: /tmp\n")
    done = workflow.call("snakemake", "-n", "--directory", str(study.root), ok=False)
    assert f"error: {name} in a study's folder" in done.stdout
