"""Parameters that passed are remembered, until the rules that they passed change."""

import shutil
from pathlib import Path

import pytest

from sharpfit.provenance.code import Code
from sharpfit.running import preflight
from sharpfit.study.params_file import read_params

ROOT = Path(__file__).parents[2]


def test_what_passed_is_asked_again_when_the_rules_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    workflow = Path(shutil.copytree(ROOT / "workflow", tmp_path / "workflow"))

    def passed() -> int:
        preflight.check(
            read_params(ROOT / "params.yaml"), Code(workflow, tmp_path / "code.json"), thorough=True
        )
        return len(list((tmp_path / "cache/sharpfit/checked").iterdir()))

    assert passed() == passed() == 1
    with (workflow / "sharpfit/study/params.py").open("a") as rules:
        rules.write("\nONE_RULE_MORE = 1\n")
    assert passed() == 2
