"""The house: rooms in the order in which data flow, and imports that never point back up."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "workflow" / "sharpfit"
ROOMS = (
    "errors",
    "files",
    "physics",
    "simulation",
    "preparing",
    "measuring",
    "fitting",
    "judging",
    "results",
    "reporting",
    "exporting",
    "study",
    "provenance",
    "comparing",
    "running",
    "commands",
    "cli",
    "api",
)
CORE = ROOMS[1:8]
OUTSIDE = {"yaml", "snakemake", "dvc", "typer", "rich", "tqdm", "argparse", "psutil"}


def modules(room: str) -> list[Path]:
    return sorted((PACKAGE / room).rglob("*.py")) or [PACKAGE / f"{room}.py"]


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield f"{node.module}"


def test_every_module_has_its_room():
    found = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")}
    assert found - {"__init__"} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_no_import_points_back_up(room: str):
    allowed = ROOMS[: ROOMS.index(room) + 1]
    for file in modules(room):
        for name in imported(file):
            if name.startswith("sharpfit."):
                assert name.split(".")[1] in allowed, f"{file.relative_to(PACKAGE)} imports {name}"


@pytest.mark.parametrize("room", CORE)
def test_the_core_knows_no_workflow_console_or_results_folder(room: str):
    for file in modules(room):
        assert not OUTSIDE & {name.split(".")[0] for name in imported(file)}, file
        constants = (
            node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)
        )
        texts = [
            value for value in constants if isinstance(value, str) and "\n" not in value and " " not in value
        ]
        assert not [text for text in texts if text.startswith(("results/", "params.yaml"))], file


@pytest.mark.parametrize(
    "script", sorted((PACKAGE.parent / "scripts").glob("*.py")), ids=lambda path: path.stem
)
def test_scripts_import_only_what_computes(script: Path):
    rooms = {name.split(".")[1] for name in imported(script) if name.startswith("sharpfit.")}
    assert rooms <= set(ROOMS[: ROOMS.index("exporting") + 1])


def test_inits_of_rooms_are_bare():
    for file in PACKAGE.rglob("*/__init__.py"):
        body = ast.parse(file.read_text()).body
        assert len(body) == 1, file
        assert isinstance(body[0], ast.Expr), file


def test_commands_say_what_they_say_in_one_place():
    for file in [*modules("commands"), *modules("comparing"), *modules("study"), *modules("provenance")]:
        calls = (node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
        assert not {"print", "typer.echo", "typer.secho"} & {ast.unparse(name) for name in calls}, file
