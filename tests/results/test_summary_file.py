"""The study in one table."""

import csv
import json

import pytest
from made_evaluations import made_evaluation
from made_study import make_study

from sharpfit.judging.evaluate import NoiseLevel
from sharpfit.judging.weight_choice import ChosenWeight
from sharpfit.results import summary_file
from sharpfit.results.evaluation_file import read_evaluations


@pytest.fixture
def evaluations(tmp_path):
    root = make_study(tmp_path, size=16)
    return read_evaluations(sorted(root.glob("results/evaluate/*/*/evaluation.json"))[::-1])


def test_the_csv_has_one_row_per_scan_and_regime_and_blanks_without_reference(tmp_path, evaluations):
    file = tmp_path / "summary.csv"
    summary_file.write_csv(file, evaluations, range(1, 1 + len(evaluations)))
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert file.read_text().splitlines()[0] == ",".join(summary_file.COLUMNS)
    assert [(row["scan"], row["regime"]) for row in rows] == [(e.scan, e.regime) for e in evaluations]
    nrmse = {(row["scan"], row["regime"]): row["nrmse_picked"] for row in rows}
    assert nrmse["head_r4", "warmup"] == ""
    assert float(nrmse["phantom_r2", "warmup"]) == pytest.approx(0.2)


def test_the_json_nests_scan_regime_and_holds_no_nan(tmp_path, evaluations):
    file = tmp_path / "summary.json"
    summary_file.write_json(file, evaluations)
    nested = json.loads(file.read_text(), parse_constant=pytest.fail)
    assert nested["phantom_r2"]["gradient_descent"]["stop_at"] == 15
    assert "nrmse" not in nested["head_r4"]["warmup"]


def test_a_path_of_weights_has_a_weight_and_no_iteration_to_stop_at(tmp_path):
    make_study(tmp_path, ("phantom_r2",), ("plateau",), size=16, paths=("plateau",))
    files = [tmp_path / "results/evaluate/phantom_r2/plateau/evaluation.json"]
    summary_file.write_json(tmp_path / "summary.json", read_evaluations(files))
    fit = json.loads((tmp_path / "summary.json").read_text())["phantom_r2"]["plateau"]
    assert fit["weight"] == 0.4
    assert "stop_at" not in fit


def one(**changes):
    picked = {"iteration": 15, "chi2": 1.5, "held_out": 1.75, "noise_share": 0.25, "nrmse": 0.125}
    level = NoiseLevel(0.5, 0.4, 0.01, "corrected")
    made = {"picked": picked, "last": {"nrmse": 0.375}, "noise": level, "cause": "noise", "verdict": "noisy"}
    return made_evaluation(**made | changes)


def test_a_row_holds_the_figures_of_the_pick(tmp_path):
    summary_file.write_csv(tmp_path / "summary.csv", [one(), one(scan="über", picked={}, last={})], [3, 1])
    lines = (tmp_path / "summary.csv").read_text(encoding="utf-8").splitlines()
    assert lines == [
        "scan,regime,verdict,picked_iteration,last_iteration,chi2,held_out,noise_share,nrmse_picked,"
        "nrmse_last,noise_over_given,picked_weight,cause,rank",
        "head,constant,noisy,15,60,1.5,1.75,0.25,0.125,0.375,1.25,,noise,3",
        "über,constant,noisy,15,60,,,,,,1.25,,noise,1",
    ]


def test_numbers_to_compare_with_are_few_and_named_by_scan_and_regime_in_the_order_they_come(tmp_path):
    path = one(regime="path", weight=ChosenWeight(0.387, 0.3, 0.5, 18))
    fits = [
        one(scan="b"),
        path,
        one(regime="a"),
        one(scan="b", regime="a", picked={"held_out": float("inf")}),
    ]
    summary_file.write_json(tmp_path / "summary.json", fits)
    known = {"held_out": 1.75, "nrmse": 0.125}
    text = (tmp_path / "summary.json").read_text(encoding="utf-8")
    assert json.loads(text) == {
        "b": {
            "constant": {"verdict": "noisy", "stop_at": 15, **known},
            "a": {"verdict": "noisy", "stop_at": 15},
        },
        "head": {
            "path": {"verdict": "noisy", "weight": 0.387, **known},
            "a": {"verdict": "noisy", "stop_at": 15, **known},
        },
    }
    assert list(json.loads(text)) == ["b", "head"]
    assert text.endswith("}\n")
    assert text.splitlines()[1] == ' "b": {'
