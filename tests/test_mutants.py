"""Which changes `tools/mutants.py` draws; skipped where what it needs (`make mutants`) is not installed."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("cosmic_ray")
pytest.importorskip("coverage")

ROOT = Path(__file__).parents[1]
CODE = """import zipfile


def read(path):
    try:
        return zipfile.ZipFile(path)
    except (KeyError, zipfile.BadZipFile):
        return None
"""


@pytest.fixture(scope="module")
def mutants():
    found = importlib.util.spec_from_file_location("mutants", ROOT / "tools" / "mutants.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("which", "drawn"), [(0, True), (1, False)])
def test_of_several_exceptions_one_of_another_module_is_no_change_to_draw(tmp_path, mutants, which, drawn):
    from cosmic_ray.work_item import MutationSpec

    module = tmp_path / "module.py"
    module.write_text(CODE, encoding="utf-8")
    change = MutationSpec(
        module_path=module,
        operator_name="core/ExceptionReplacer",
        occurrence=which,
        start_pos=(7, 12),
        end_pos=(7, 20),
    )
    assert mutants._changes_what_runs(change) == drawn
