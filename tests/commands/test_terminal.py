"""What a received study holds reaches the terminal as letters: it moves no cursor and names no window."""

import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from made_study import make_study
from typer.testing import CliRunner

from sharpfit.cli import app

EVIL = "\x1b]0;evil\x07\x1b[2J\r\x9b2J\u202e"
ROOT = Path(__file__).parents[2]


def spoiled(value):
    """Return JSON with that in every text, but for those that readers hold to a list of words."""
    if isinstance(value, dict):
        return {key: item if key in ("verdict", "stop") else spoiled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [spoiled(item) for item in value]
    return value + EVIL if isinstance(value, str) else value


@pytest.fixture(scope="module")
def received(tmp_path_factory) -> Path:
    root = make_study(tmp_path_factory.mktemp("received"), ("phantom_r2",), size=16)
    for name in ("warmup", "gradient_descent"):
        folder = root / "results/evaluate/phantom_r2" / name
        shutil.copytree(folder, folder.with_name(name + EVIL))
    for file in root.rglob("*.json"):
        file.write_text(json.dumps(spoiled(json.loads(file.read_text()))))
    shutil.copy(ROOT / "params.yaml", root)
    (root / "logs/reconstruct/phantom_r2").mkdir(parents=True)
    (root / "logs/reconstruct/phantom_r2/constant.log").write_text(f"iteration 1/9  chi2 {EVIL}\n")
    with h5py.File(root / f"scan{EVIL}.h5", "w") as file:
        for name in ("one", "two"):
            file[f"{name}{EVIL}"] = np.ones((2, 8, 8), np.complex64)
    return root


COMMANDS = (
    ["show"],
    ["show", f"phantom_r2/warmup{EVIL}"],
    ["show", EVIL],
    ["compare", ".", "."],
    ["compare", ".", ".", "--json"],
    ["compare", f".::phantom_r2/warmup{EVIL}", ".::*/gradient_descent"],
    ["why", "reconstruct"],
    ["watch"],
    ["inspect", f"scan{EVIL}.h5"],
    ["inspect", f"scan{EVIL}.h5", "--dataset", f"one{EVIL}", "--axes", "slice,ky,kx"],
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:1]))
def test_no_command_sends_a_terminal_what_a_study_would_have_it_do(received, monkeypatch, words):
    monkeypatch.chdir(received)
    output = CliRunner().invoke(app, words).output
    assert not {c for c in output if not c.isprintable()} - {"\n"}
    assert words in (["why", "reconstruct"], ["watch"], ["show"]) or "evil" in output


def test_json_with_such_letters_is_json(received, monkeypatch):
    monkeypatch.chdir(received)
    named = f".::*/warmup{EVIL}"  # which no params.yaml can ask for
    content = json.loads(CliRunner().invoke(app, ["compare", named, named, "--json"]).stdout)
    assert f"warmup{EVIL}" in [fit["regime"] for fit in content["others"][0]["results"]]
