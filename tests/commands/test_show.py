"""`sharpfit show`: the judge in words."""

import json

import pytest
from made_study import make_study
from typer.testing import CliRunner

from sharpfit.cli import app


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(make_study(tmp_path, size=16))
    return tmp_path


def show(*words):
    return CliRunner().invoke(app, ["show", *words])


def test_one_fit_in_words(study):
    lines = show("phantom_r2/warmup").output.splitlines()
    assert lines[0] == "phantom_r2/warmup: over-fitting (noise)"
    assert "held-out 1.21 → 1.38" in lines[1]
    assert "stop at iteration 15 of 60" in lines[2]
    assert lines[3] == "  advice: stop at iteration 15"
    risk = next(line for line in lines if line.startswith("  risk"))
    assert risk.split()[1:5] == ["2", "±", "0.02", "4"]
    assert risk.endswith("± its standard error")


@pytest.mark.parametrize(
    ("picked", "error", "told"),
    [(-0.3, 0.2, "-0.3 ± 0.2"), (0.3, 0.2, "0.3 ± 0.2"), (-0.3, None, "-0.3")],
)
def test_an_error_too_small_to_be_seen_is_said_in_words(study, picked, error, told):
    edit_evaluation(study, picked_risk_error=error, picked={"risk": picked})
    output = show("head_r4/warmup").output
    said = "the picked image's error is smaller than the noise estimate resolves: J came out as"
    assert f"  {said} {told}\n" in output
    risk = next(line for line in output.splitlines() if line.startswith("  risk"))
    assert risk.split()[1:3] == ["unresolved", "4"]


def test_an_error_beyond_two_standard_errors_is_a_number(study):
    edit_evaluation(study, picked_risk_error=0.2, picked={"risk": 0.41})
    output = show("head_r4/warmup").output
    assert "0.41 ± 0.2" in output
    assert "resolves" not in output


def test_the_last_image_counts_as_resolved_by_no_smaller_error_than_the_picked_one(study):
    edit_evaluation(study, picked_risk_error=2.5, picked={"risk": 3.9})
    risk = next(line for line in show("head_r4/warmup").output.splitlines() if line.startswith("  risk"))
    assert risk.split()[1:3] == ["unresolved", "unresolved"]


def edit_evaluation(study, picked, **values):
    file = study / "results/evaluate/head_r4/warmup/evaluation.json"
    content = json.loads(file.read_text())
    content["picked"] |= picked
    file.write_text(json.dumps(content | values))


def test_one_scan_and_every_scan(study):
    assert show("phantom_r2").output.startswith("phantom_r2: Best is gradient_descent")
    assert "head_r4: Best is" in show().output


def test_a_figure_that_is_not_known_is_a_dash_or_left_out(study):
    file = study / "results/evaluate/head_r4/warmup/evaluation.json"
    content = json.loads(file.read_text())
    content["last"]["held_out"] = None
    file.write_text(json.dumps(content))
    output = show("head_r4/warmup").output
    assert "nrmse" not in output
    assert next(line for line in output.splitlines() if "held_out" in line).split()[2] == "–"


def test_a_wrong_name_lists_the_right_ones(study):
    result = show("phantom_r2/warmpu")
    assert result.exit_code == 1
    assert "phantom_r2/warmup" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_wrong_name_proposes_the_nearest(study):
    assert "did you mean phantom_r2/warmup?" in show("phantom_r2/warmpu").stderr
    assert "did you mean phantom_r2?" in show("phantomr2").stderr


def test_a_study_without_results_says_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = show()
    assert result.exit_code == 1
    assert "nothing was judged" in result.stderr
    assert "snakemake --cores all" in result.stderr
