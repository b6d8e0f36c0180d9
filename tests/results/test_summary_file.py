"""The study in one table."""

import csv
import json

import pytest
from made_study import make_study

from sharpfit.results import summary_file
from sharpfit.results.evaluation_file import read_evaluations


@pytest.fixture
def evaluations(tmp_path):
    root = make_study(tmp_path, size=16)
    return read_evaluations(sorted(root.glob("results/evaluate/*/*/evaluation.json"))[::-1])


def test_the_csv_has_one_row_per_scan_and_regime_and_blanks_without_reference(tmp_path, evaluations):
    file = tmp_path / "summary.csv"
    summary_file.write_csv(file, evaluations)
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
